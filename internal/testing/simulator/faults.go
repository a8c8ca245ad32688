package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

// fault makes the next calls of an operation go wrong.
type fault struct {
	Operation string `json:"operation"`
	Kind      string `json:"kind"`
	Times     int    `json:"times"`              // how many calls are still to be hit
	DelayMS   int    `json:"delay_ms,omitempty"` // for slow and pending (5000 when 0) and hang (0 hangs until the caller gives up)
	Error     string `json:"error,omitempty"`    // the ErrorName, for the kind "error"
}

// The kinds of faults. "before" means that the call is lost and nothing is done, "after" that all is done and the
// answer is lost.
const (
	faultError     = "error"
	fault500Before = "http_500_before"
	fault500After  = "http_500_after"
	faultRSTBefore = "reset_before"
	faultRSTAfter  = "reset_after"
	faultHTML      = "html_502" // from a web server in front; nothing is done
	faultSlow      = "slow"     // done at once, answered late
	faultHang      = "hang"     // nothing is done and no answer comes
	faultPending   = "pending"  // a capture or refund that the acquirer decides after the delay; no fault, but as seldom as one
)

const defaultSlowness = 5 * time.Second

var (
	faultKinds = []string{faultError, fault500Before, fault500After, faultRSTBefore, faultRSTAfter, faultHTML, faultSlow, faultHang, faultPending}

	faultOperations = []string{
		saferpay.OperationInitialize, saferpay.OperationAssert, saferpay.OperationCapture, saferpay.OperationAssertCapture,
		saferpay.OperationCancel, saferpay.OperationRefund, saferpay.OperationAssertRefund, saferpay.OperationInquire,
		saferpay.OperationBatchClose, saferpay.OperationLicense, saferpay.OperationTerminals, saferpay.OperationTransactions,
	}
)

// problem says what is wrong with a fault, or nothing.
func (f *fault) problem() string {
	_, knownError := refusals[f.Error]
	switch {
	case !slices.Contains(faultOperations, f.Operation):
		return fmt.Sprintf("operation must be one of %q", faultOperations)
	case !slices.Contains(faultKinds, f.Kind):
		return fmt.Sprintf("kind must be one of %q", faultKinds)
	case f.Kind == faultError && !knownError:
		return "error must be an ErrorName of Saferpay"
	case f.Kind == faultPending && f.Operation != saferpay.OperationCapture && f.Operation != saferpay.OperationRefund:
		return "only Transaction/Capture and Transaction/Refund can be pending"
	case f.Times < 1:
		return "times must be 1 or more"
	case f.DelayMS < 0:
		return "delay_ms must not be negative"
	}
	return ""
}

// faulty counts the calls of an operation and lets the armed faults happen to them.
func (s *Simulator) faulty(operation string, serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			http.Error(w, "the request is too large or broke off", http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		f, armed := s.arrive(operation, subject(r, body))
		if !armed {
			serve(w, r)
			return
		}
		s.log.Debug("simulator fault fired", "operation", operation, "kind", f.Kind)
		delay := time.Duration(f.DelayMS) * time.Millisecond
		done := httptest.NewRecorder()
		switch f.Kind {
		case faultError:
			refused := refuse(f.Error)
			answer := refused.reply()
			answer["ResponseHeader"] = headerOf(r, body).reply()
			writeJSON(w, refused.status(), answer)
		case fault500Before:
			writeServerError(w, http.StatusInternalServerError)
		case fault500After:
			serve(done, r)
			writeServerError(w, http.StatusInternalServerError)
		case faultRSTBefore:
			reset(w)
		case faultRSTAfter:
			serve(done, r)
			reset(w)
		case faultHTML:
			writeServerError(w, http.StatusBadGateway)
		case faultSlow:
			serve(done, r)
			if delay == 0 {
				delay = defaultSlowness
			}
			if s.wait(r.Context(), delay) {
				w.Header().Set("Content-Type", done.Header().Get("Content-Type"))
				w.WriteHeader(done.Code)
				_, _ = w.Write(done.Body.Bytes())
			}
		case faultHang:
			if delay == 0 {
				delay = time.Hour
			}
			s.wait(r.Context(), delay)
			reset(w)
		case faultPending:
			if delay == 0 {
				delay = defaultSlowness
			}
			serve(w, r.WithContext(context.WithValue(r.Context(), leftOpenKey{}, delay)))
		}
	}
}

type leftOpenKey struct{}

// leftOpen is how long the acquirer leaves the answer to the call open; nothing unless a fault says so.
func leftOpen(r *http.Request) time.Duration {
	delay, _ := r.Context().Value(leftOpenKey{}).(time.Duration)
	return delay
}

// arrive counts a call, and takes the first fault that is armed for its operation.
func (s *Simulator) arrive(operation, subject string) (fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[operation]++
	if subject != "" {
		s.calls[operation+"/"+subject]++
	}
	i := slices.IndexFunc(s.faults, func(f *fault) bool { return f.Operation == operation })
	if i < 0 {
		return fault{}, false
	}
	f := s.faults[i]
	if f.Times--; f.Times == 0 {
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	return *f, true
}

// subject is what an Assert asks about, or at which terminal somebody looks, so that asking again and again shows in the counts.
func subject(r *http.Request, body []byte) string {
	if terminalID := r.PathValue("terminalId"); terminalID != "" {
		return terminalID
	}
	var request struct{ Token string }
	if json.Unmarshal(body, &request) != nil {
		return ""
	}
	return request.Token
}

func writeServerError(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<html><head><title>%d %s</title></head><body><h1>%s</h1></body></html>\n", status, http.StatusText(status), http.StatusText(status))
}

// reset ends the connection with a TCP RST in place of an answer.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // not a plain HTTP/1 connection: net/http then aborts it for us
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
