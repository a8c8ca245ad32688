package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
)

// InProcess carries calls to a handler of the same process.
type InProcess struct{ Handler http.Handler }

// RoundTrip answers the request by the handler.
func (p InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	inner := r.Clone(r.Context())
	inner.RequestURI = r.URL.RequestURI()
	if inner.Body == nil {
		inner.Body = http.NoBody
	}
	if address, ok := r.Context().Value(addressKey{}).(string); ok {
		inner.RemoteAddr = net.JoinHostPort(address, "0") // wrong keys are counted by it
	}
	answer := &recorder{header: http.Header{}, status: http.StatusOK}
	p.Handler.ServeHTTP(answer, inner)
	return &http.Response{
		StatusCode: answer.status, Header: answer.header, Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
	}, nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *recorder) Header() http.Header         { return a.header }
func (a *recorder) WriteHeader(status int)      { a.status = status }
func (a *recorder) Write(p []byte) (int, error) { return a.body.Write(p) }

type (
	tokenKey   struct{}
	addressKey struct{}
)

// as returns a context whose calls carry that token.
func as(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// clientAddress returns the address of the browser.
func clientAddress(r *http.Request) (string, error) {
	address := middleware.GetClientIP(r.Context()) // set when a proxy stands in front
	if address == "" {
		address, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	return httprate.CanonicalizeIP(address), nil
}

// refusal is an answer of the API that is no result.
type refusal struct {
	Status int     `json:"status"`
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Detail string  `json:"detail"`
	Errors []fault `json:"errors"`
}

// fault is what is wrong with a field.
type fault struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (p *refusal) Error() string { return p.Title + ": " + p.Detail }

// asRefusal returns the refusal in an error, or nil.
func asRefusal(err error) *refusal {
	p, _ := errors.AsType[*refusal](err)
	return p
}

// caller makes an error of every answer that is no result.
type caller struct{ transport http.RoundTripper }

func (c caller) Do(r *http.Request) (*http.Response, error) {
	answer, err := c.transport.RoundTrip(r)
	if err != nil || answer.StatusCode < http.StatusBadRequest {
		return answer, err
	}
	defer func() { _ = answer.Body.Close() }()
	p := &refusal{Status: answer.StatusCode}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	_ = json.Unmarshal(body, p) // what is no problem has its status
	return nil, p
}
