package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/quittance/quittance/deployments/local/process"
)

func listen(ctx context.Context, port int) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", local(port))
}

func awaitOK(ctx context.Context, address string) error {
	return await(ctx, address, func(ctx context.Context) error { return process.OK(ctx, address) })
}

func awaitListening(ctx context.Context, address string) error {
	return await(ctx, address, func(ctx context.Context) error {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	})
}

func await(ctx context.Context, what string, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s does not answer: %w", what, err)
		}
		pause(ctx, 100*time.Millisecond)
	}
}
