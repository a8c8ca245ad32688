package console

import (
	"net"
	"net/http"
	"time"
)

// Remote carries calls to an API elsewhere. It says in X-Forwarded-For for whom, which the API believes when it trusts the address
// of this process.
type Remote struct{ transport *http.Transport }

// NewRemote returns a transport with limits: 5 s until a connection stands, and 140 s until an answer begins, which is more than
// Saferpay may take and less than a page may.
func NewRemote() Remote {
	return Remote{&http.Transport{
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: 140 * time.Second,
		MaxIdleConnsPerHost:   100,
		IdleConnTimeout:       90 * time.Second,
		ForceAttemptHTTP2:     true,
	}}
}

// RoundTrip sends the request.
func (t Remote) RoundTrip(r *http.Request) (*http.Response, error) {
	if address, ok := r.Context().Value(addressKey{}).(string); ok {
		r = r.Clone(r.Context())
		r.Header.Set("X-Forwarded-For", address)
	}
	return t.transport.RoundTrip(r)
}
