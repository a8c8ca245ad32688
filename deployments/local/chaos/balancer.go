package main

import (
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
)

// balancer spreads requests over the instances of the API. One that doesn't listen is passed over, since nothing was sent to
// it; one that dies with a request in its hands leaves the caller without an answer, as any load balancer does.
type balancer struct {
	instances []string // host and port
	next      atomic.Uint64
	served    []atomic.Int64 // answers, by instance
}

func newBalancer(instances []string) *balancer {
	return &balancer{instances: instances, served: make([]atomic.Int64, len(instances))}
}

// handler is what callers meet.
func (b *balancer) handler() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: b.instances[0]})
			r.Out.Host = r.In.Host
		},
		Transport:    b,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
}

// RoundTrip implements http.RoundTripper.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	first := int(b.next.Add(1)) // #nosec G115 -- a count of requests
	var failure error
	for i := range b.instances {
		n := (first + i) % len(b.instances)
		r.URL.Host = b.instances[n]
		response, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			b.served[n].Add(1)
			return response, nil
		}
		failure = err
		if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "dial" {
			return nil, err
		}
	}
	return nil, failure
}
