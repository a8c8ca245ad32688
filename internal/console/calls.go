package console

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"github.com/quittance/quittance/api/client"
)

// InProcess carries calls to a handler of the same process.
type InProcess struct{ Handler http.Handler }

// RoundTrip answers the request by the handler.
func (p InProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	inner := r.Clone(context.WithValue(r.Context(), chi.RouteCtxKey, (*chi.Context)(nil))) // else it would be routed as the page is
	inner.RequestURI = r.URL.RequestURI()
	if inner.Body == nil {
		inner.Body = http.NoBody
	}
	if address, ok := r.Context().Value(addressKey{}).(string); ok {
		inner.RemoteAddr = net.JoinHostPort(address, "0") // wrong keys are counted by it
	}
	body, out := io.Pipe()
	answer := &stream{header: http.Header{}, out: out, begun: make(chan *http.Response, 1), request: r, body: body}
	go answer.from(p.Handler, inner)
	return <-answer.begun, nil
}

// stream is an answer that is read while it is written: a journal as CSV has many megabytes.
type stream struct {
	header  http.Header
	out     *io.PipeWriter
	begun   chan *http.Response // gets the answer once, with its status
	request *http.Request
	body    io.ReadCloser
	status  int // 0 until it has begun
}

// from has the handler answer. A handler that panics breaks its answer off.
func (a *stream) from(handler http.Handler, r *http.Request) {
	defer func() {
		broken := recover()
		if broken == nil {
			a.WriteHeader(http.StatusOK)
			_ = a.out.Close()
			return
		}
		a.WriteHeader(http.StatusInternalServerError)
		_ = a.out.CloseWithError(io.ErrUnexpectedEOF)
	}()
	handler.ServeHTTP(a, r)
}

func (a *stream) Header() http.Header { return a.header }

func (a *stream) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	a.begun <- &http.Response{
		StatusCode: status, Header: a.header.Clone(), Body: a.body, ContentLength: -1, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: a.request,
	}
}

func (a *stream) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.out.Write(p)
}

// Flush does nothing: what is written is read at once.
func (a *stream) Flush() {}

type (
	tokenKey   struct{}
	addressKey struct{}
)

// as returns a context whose calls carry that token.
func as(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// remoteAddress returns the address of the browser.
func remoteAddress(r *http.Request) string {
	address := middleware.GetClientIP(r.Context()) // set when a proxy stands in front
	if address == "" {
		address, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	return address
}

// clientAddress returns what limits count a browser by: its address, or its network of IPv6.
func clientAddress(r *http.Request) (string, error) {
	return httprate.CanonicalizeIP(remoteAddress(r)), nil
}

// refusal is an answer of the API that is no result.
type refusal struct {
	Status int     `json:"status"`
	Type   string  `json:"type"`
	Title  string  `json:"title"`
	Detail string  `json:"detail"`
	Errors []fault `json:"errors"`
	// Columns is what the columns of a list probably are, which nobody has confirmed yet.
	Columns *client.ColumnsProposal `json:"columns"`
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
