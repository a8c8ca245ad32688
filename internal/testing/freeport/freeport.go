// Package freeport finds TCP ports on the loopback interface for servers that choose their port before they listen on it.
//
// A port that the kernel hands out for ":0" may be gone a moment later: every outgoing connection of the machine takes one
// from the same range. The ports of this package lie below that range, and no two processes that use it share any.
package freeport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
)

const (
	// The ranges from which kernels take ports by themselves start at 32768 (Linux, ip_local_port_range) or 49152 (IANA).
	first = 20000
	last  = 32767
	// blockSize leaves a process plenty of ports to go through before one is handed out again, so that a server that was
	// stopped can be started again on the port it had.
	blockSize = 400
)

// claim is the block of ports that belongs to this process: it listens on the first one for as long as it lives.
var claim struct {
	sync.Mutex
	listener net.Listener
	base     int
	used     int
}

// Take returns n different ports on 127.0.0.1 on which nothing listens. It fails when the machine has no such ports left.
func Take(ctx context.Context, n int) ([]int, error) {
	claim.Lock()
	defer claim.Unlock()
	if claim.listener == nil {
		if err := claimBlock(ctx); err != nil {
			return nil, err
		}
	}
	ports := make([]int, 0, n)
	for range blockSize - 1 {
		if len(ports) == n {
			return ports, nil
		}
		port := claim.base + 1 + claim.used
		claim.used = (claim.used + 1) % (blockSize - 1)
		if listener, err := listen(ctx, port); err == nil {
			ports = append(ports, port)
			_ = listener.Close()
		}
	}
	return nil, fmt.Errorf("find %d free ports between %d and %d", n, claim.base+1, claim.base+blockSize-1)
}

func claimBlock(ctx context.Context) error {
	var failures []error
	for base := first; base+blockSize-1 <= last; base += blockSize {
		listener, err := listen(ctx, base)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		claim.listener, claim.base = listener, base
		return nil
	}
	return fmt.Errorf("find a block of %d ports that no other process has claimed: %w", blockSize, errors.Join(failures...))
}

func listen(ctx context.Context, port int) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}
