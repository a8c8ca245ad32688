// Package saferpay speaks the Saferpay JSON API (specification 1.53) and its Management API (1.14) for the
// operations that collecting invoices, giving money back and reconciling need.
//
// Every method makes one HTTP request and never repeats it: whether a repetition is harmless is for the caller to decide,
// from the Outcome of the Error. (Only a GET of the Management API is repeated by net/http itself, when a connection that
// it reuses turns out to be broken.) Assert and Inquire must never be called in a loop; Saferpay may block the merchant's
// account.
package saferpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

const (
	specVersion       = "1.53"
	managementVersion = "1.14"

	// requestTimeout is Saferpay's own rule: wait this long for an answer, and ask nothing else about it before.
	requestTimeout = 100 * time.Second

	// maxRetryIndicator is the highest value of RequestHeader.RetryIndicator.
	maxRetryIndicator = 9

	// maxAnswer bounds what is read of an answer, in bytes; real ones have a few KiB.
	maxAnswer = 1 << 20
)

// Client calls Saferpay. It is safe for concurrent use, holds no credentials and should be shared, so that connections
// are reused.
type Client struct {
	baseURL   string
	http      *http.Client
	terminals *turnstiles
	timed     func(took time.Duration, labels ...string)
}

// Option changes a Client.
type Option func(*Client)

// WithTransport sends requests through another transport, such as one that traces them.
func WithTransport(transport http.RoundTripper) Option {
	return func(c *Client) { c.http.Transport = transport }
}

// WithTimeout waits less or more than the 100 s that Saferpay asks for.
func WithTimeout(timeout time.Duration) Option {
	return func(c *Client) { c.http.Timeout = timeout }
}

// WithTimings tells how long each call took, and two labels: its operation, and what came of it, which is "answered", "refused" (Saferpay
// said no, which may be right), "failed" (it answered 5xx, or something else than JSON) or "silent". The wait for a terminal's turn is not
// a part of it.
func WithTimings(timed func(took time.Duration, labels ...string)) Option {
	return func(c *Client) { c.timed = timed }
}

// NewClient returns a client for the Saferpay at baseURL, which ends in /api, such as https://test.saferpay.com/api.
func NewClient(baseURL string, opts ...Option) *Client {
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64,
		// Shorter than the usual idle timeout of servers, so that a request seldom meets a connection that is being
		// closed: its outcome would be unknown.
		IdleConnTimeout: 30 * time.Second,
	}
	c := &Client{
		baseURL: strings.TrimRight(baseURL, "/"),
		http: &http.Client{
			Transport: transport,
			Timeout:   requestTimeout,
			// A redirect is never Saferpay's answer, and following it would repeat the request elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		terminals: newTurnstiles(defaultConcurrency, defaultPerSecond),
		timed:     func(time.Duration, ...string) {},
	}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

// Call identifies one call across its repetitions. It is for Saferpay's debugging only: repeating a RequestID does not
// make a repeated call harmless.
type Call struct {
	RequestID      string // 1–50 characters of A-Za-z0-9.:-_, the same on each repetition
	RetryIndicator int    // 0 on the first try, rising with each repetition; sent as 9 at most
}

type requestHeader struct {
	SpecVersion    string
	CustomerID     string `json:"CustomerId"`
	RequestID      string `json:"RequestId"`
	RetryIndicator int
}

func header(credentials Credentials, call Call) requestHeader {
	return requestHeader{specVersion, credentials.CustomerID, call.RequestID, min(call.RetryIndicator, maxRetryIndicator)}
}

// answer is a successful response that knows when it is incomplete: a 200 without the fields that we live on says
// nothing about what was done.
type answer interface{ validate() error }

// post calls an operation of the JSON API and decodes its answer. The secrets are kept out of the error.
func (c *Client) post(ctx context.Context, operation string, credentials Credentials, request any, into answer, secrets ...string) error {
	body, err := json.Marshal(request)
	if err != nil {
		return &Error{Operation: operation, Outcome: NotDone, cause: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.baseURL+"/Payment/v1/"+operation, bytes.NewReader(body))
	if err != nil {
		return &Error{Operation: operation, Outcome: NotDone, cause: err}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	return c.do(req, operation, credentials, into, secrets...)
}

// get calls an operation of the Management API for the customer of the credentials. The parameters may be nil.
func (c *Client) get(ctx context.Context, operation string, credentials Credentials, requestID string, into answer, parameters url.Values, path ...string) error {
	target := []string{c.baseURL + "/rest/customers", url.PathEscape(credentials.CustomerID)}
	for _, segment := range path {
		target = append(target, url.PathEscape(segment))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Join(target, "/"), nil)
	if err != nil {
		return &Error{Operation: operation, Outcome: NotDone, cause: err}
	}
	req.URL.RawQuery = parameters.Encode()
	req.Header.Set("Saferpay-ApiVersion", managementVersion)
	req.Header.Set("Saferpay-RequestId", requestID)
	return c.do(req, operation, credentials, into)
}

// do sends the request and decodes its answer, as one span of the trace if there is one.
func (c *Client) do(req *http.Request, operation string, credentials Credentials, into answer, secrets ...string) error {
	ctx, span := otel.Tracer("github.com/quittance/quittance/internal/saferpay").Start(req.Context(), "Saferpay "+operation, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	err := c.send(req.WithContext(ctx), operation, credentials, into, secrets...)
	if refusal, ok := errors.AsType[*Error](err); ok {
		span.SetAttributes(attribute.String("saferpay.error_name", refusal.Name), attribute.Int("http.response.status_code", refusal.HTTPStatus))
		span.SetStatus(codes.Error, refusal.Name)
	}
	return err
}

func (c *Client) send(req *http.Request, operation string, credentials Credentials, into answer, secrets ...string) (err error) {
	req.SetBasicAuth(credentials.Username, credentials.Password)
	req.Header.Set("Accept", "application/json")
	leave, err := c.terminals.enter(req.Context(), credentials.TerminalID)
	if err != nil {
		return &Error{Operation: operation, Outcome: NotDone, cause: err}
	}
	defer leave()
	started := time.Now()
	defer func() { c.timed(time.Since(started), operation, came(err)) }()

	// While the transport is still looking for a connection (no address, refused, no TLS) nothing was sent. From the moment
	// there is one, nobody can tell how much of the request arrived. The transport may try several connections, so each try
	// starts over; a transport that doesn't tell leaves it unknown.
	var connecting atomic.Bool
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { connecting.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connecting.Store(false) },
	}))
	resp, err := c.http.Do(req)
	if err != nil {
		outcome := Unknown
		if connecting.Load() {
			outcome = NotDone
		}
		return &Error{Operation: operation, Outcome: outcome, cause: err}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return &Error{Operation: operation, HTTPStatus: resp.StatusCode, cause: fmt.Errorf("the answer broke off: %w", err)}
	}
	if into, ok := into.(clocked); ok {
		into.readClock(ahead(resp.Header.Get("Date"), time.Now()))
	}
	return decode(operation, resp.StatusCode, resp.Header.Get("Content-Type"), body, into, append(secrets, credentials.Password)...)
}

// came is the label of what came of a call, see WithTimings.
func came(err error) string {
	failure, ok := errors.AsType[*Error](err)
	switch {
	case err == nil:
		return "answered"
	case !ok || failure.HTTPStatus == 0:
		return "silent"
	case failure.HTTPStatus >= http.StatusInternalServerError || failure.Name == "":
		return "failed"
	default:
		return "refused"
	}
}

// clocked is an answer with a time by Saferpay's clock that is compared with ours.
type clocked interface{ readClock(ahead time.Duration) }

// tolerated is how far two clocks are apart that are both right: the header has whole seconds, and the answer takes its time.
const tolerated = time.Minute

// ahead returns how much later it is by the Date header of an answer (RFC 9110, 6.6.1) than now; nothing when both are right.
func ahead(header string, now time.Time) time.Duration {
	date, err := http.ParseTime(header)
	if difference := date.Sub(now); err == nil && difference.Abs() > tolerated {
		return difference
	}
	return 0
}

// decode reads an answer of Saferpay into the given value, or returns the *Error that it amounts to.
func decode(operation string, status int, contentType string, body []byte, into answer, secrets ...string) error {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	isJSON := mediaType == "application/json"
	if status == http.StatusOK && isJSON {
		if err := json.Unmarshal(body, into); err != nil {
			return &Error{Operation: operation, HTTPStatus: status, cause: fmt.Errorf("the answer is not readable: %w", err)}
		}
		if err := into.validate(); err != nil {
			return &Error{Operation: operation, HTTPStatus: status, cause: fmt.Errorf("the answer is incomplete: %w", err)}
		}
		return nil
	}
	if status >= 400 && isJSON {
		if refusal := decodeRefusal(operation, status, body, secrets); refusal != nil {
			return refusal
		}
	}
	if status == http.StatusUnauthorized {
		return &Error{Operation: operation, Name: NameAuthenticationFailed, Behavior: BehaviorDoNotRetry, Outcome: NotDone, HTTPStatus: status}
	}
	if status >= 300 && status < 400 {
		return &Error{Operation: operation, HTTPStatus: status, cause: errRedirect}
	}
	return &Error{Operation: operation, HTTPStatus: status, cause: errNotSaferpay}
}

var (
	errNotSaferpay = errors.New("the answer is not one of Saferpay, but probably of a server or firewall in front of it")
	errRedirect    = errors.New("the answer is a redirect, which Saferpay never sends: check the address in the settings")
)

// decodeRefusal reads Saferpay's error message, or returns nil when it is none.
func decodeRefusal(operation string, status int, body []byte, secrets []string) *Error {
	var message errorMessage
	_ = json.Unmarshal(body, &message) // what is not readable has no ErrorName
	if message.ErrorName == "" {
		return nil
	}
	conceal := concealer(secrets)
	details := make([]string, len(message.ErrorDetail))
	for i, detail := range message.ErrorDetail {
		details[i] = conceal(detail)
	}
	return &Error{
		Operation: operation, Name: conceal(message.ErrorName), Behavior: message.Behavior,
		Outcome: outcomeOf(operation, message.ErrorName, status), HTTPStatus: status,
		Message: conceal(message.ErrorMessage), Details: details, PayerMessage: conceal(message.PayerMessage),
		ProcessorName: message.ProcessorName, ProcessorResult: conceal(message.ProcessorResult), ProcessorMessage: message.ProcessorMessage,
		TransactionID: message.TransactionID, OrderID: message.OrderID,
	}
}

// concealer returns a function that blots the secrets out of a text, in case an answer ever quotes the request.
func concealer(secrets []string) func(string) string {
	var pairs []string
	for _, secret := range secrets {
		if secret != "" {
			pairs = append(pairs, secret, "***")
		}
	}
	return strings.NewReplacer(pairs...).Replace
}
