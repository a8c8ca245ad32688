// Package webhook sends signed messages (https://www.standardwebhooks.com) to addresses that companies choose, and never to an
// address inside a network of ours.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const (
	// timeout is how long a receiver has for its answer (Standard Webhooks, "Webhook delivery": 15 to 30 s).
	timeout = 15 * time.Second
	// lookup is how long the host name of a new endpoint may take to be resolved.
	lookup = 5 * time.Second
	// maxAnswer is how much of an answer is read before the connection is given up, in bytes; nothing of it is kept.
	maxAnswer = 64 << 10
)

// ErrNotSent means that the message was not even tried, because of something on our side.
var ErrNotSent = errors.New("the webhook was not sent")

// Message is one message to one receiver.
type Message struct {
	URL     string
	ID      string    // names what is told, the same for every attempt
	At      time.Time // of this attempt
	Body    []byte    // JSON
	Secrets []string  // in the form of NewSecret; it is signed with each of them
}

// Answer is what the receiver answered.
type Answer struct {
	Status int
	// RetryAfter is for how long the receiver asks not to be called again (RFC 9110, 10.2.3); zero when it doesn't.
	RetryAfter time.Duration
}

// Client sends messages. It is safe for concurrent use; get one from NewClient.
type Client struct {
	guard guard
	http  *http.Client
}

// NewClient returns a client that reaches https receivers on the public internet; with allowLoopback, which is for a local
// stack, also http ones on this machine.
func NewClient(allowLoopback bool) *Client {
	g := guard{loopback: allowLoopback}
	return &Client{guard: g, http: &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// No Proxy: through one, the dialer would see the proxy's address and not the receiver's.
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: timeout, Control: g.control}).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    timeout,
			MaxResponseHeaderBytes: maxAnswer,
			MaxIdleConnsPerHost:    10,
			IdleConnTimeout:        30 * time.Second,
			DisableCompression:     true,
		},
	}}
}

// Check returns nil when messages may be sent to the URL, else what is wrong with it as the end of a sentence that begins with
// "url". It resolves the host name. Where the name leads is looked at again whenever a message is sent.
func (c *Client) Check(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, lookup)
	defer cancel()
	return c.guard.check(ctx, url)
}

// HTTP returns the client that messages are sent with, for others who call an address that a company chose: it reaches the same
// addresses and no other, and follows no redirect.
func (c *Client) HTTP() *http.Client { return c.http }

// Post sends the message once and returns the answer. When there is none, the error is ErrNotSent or says in words for the
// receiver's people why, without any address.
func (c *Client) Post(ctx context.Context, m Message) (Answer, error) {
	signature, err := signatures(m.Secrets, m.ID, m.At, m.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("%w: its URL can't be read", ErrNotSent)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Quittance-Webhooks/1")
	request.Header.Set(standardwebhooks.HeaderWebhookID, m.ID)
	request.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(m.At.Unix(), 10))
	request.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	response, err := c.http.Do(request)
	if ctx.Err() != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrNotSent, ctx.Err())
	}
	if err != nil {
		return Answer{}, explain(err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer)) // read, the connection can be used again
	_ = response.Body.Close()
	return Answer{response.StatusCode, retryAfter(response.Header.Get("Retry-After"), time.Now())}, nil
}

// retryAfter reads the header: seconds, or a date. What can't be read asks for nothing.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// explain says why there was no answer.
func explain(err error) error {
	var network net.Error
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, errNotPublic), errors.As(err, &name):
		return errNotPublic
	case errors.As(err, &network) && network.Timeout():
		return fmt.Errorf("there was no answer within %s", timeout)
	case errors.As(err, &certificate):
		return errors.New("its TLS certificate is not valid")
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("the connection was refused")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return errors.New("the connection was closed before an answer came")
	default:
		return errors.New("there was no answer that is HTTP")
	}
}
