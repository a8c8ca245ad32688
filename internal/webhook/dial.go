package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// NewDial returns a way to connect to an address that a company chose, at any port: it reaches the public internet, with
// allowLoopback also this machine, and nothing else. Its error says in words for the company's people why there is no connection,
// without any address, as the end of a sentence that begins with "host".
func NewDial(allowLoopback bool) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: timeout, Control: guard{loopback: allowLoopback, anyPort: true}.control}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dialer.DialContext(ctx, network, address)
		var timedOut net.Error
		var name *net.DNSError
		switch {
		case err == nil:
			return conn, nil
		case errors.Is(err, errNotPublic), errors.As(err, &name):
			return nil, errors.New("leads to no address on the public internet")
		case errors.As(err, &timedOut) && timedOut.Timeout():
			return nil, fmt.Errorf("did not answer within %s", timeout)
		case errors.Is(err, syscall.ECONNREFUSED):
			return nil, errors.New("refused the connection")
		default:
			return nil, errors.New("can't be reached")
		}
	}
}
