package api

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/share"
)

// While other companies are there too, calls of one take in the long run at most an eighth of the time of this process, which is that of
// its processors; callsAhead is how much more at once, such as for a page.
const callsAhead = 500 * time.Millisecond

func callsPart() float64 { return float64(runtime.GOMAXPROCS(0)) / 8 }

// What one company may take, so that others are not held up. What it may have is in package merchant, and all of it in docs/api.md.
const (
	callsAtOnce                    = 8    // of a company, in this process: its database connections are for all
	importsAtOnce, importsTogether = 1, 4 // files of a company, and of all companies in this process
	exportsAtOnce, exportsTogether = 2, 8
	mailsAnHour                    = 3000 // that calls of a company ask for, in this process
	consoleSessionsAnHour          = 3000 // that calls of a company open, in this process
)

// sharePatience is how long a call waits for its turn, and shareQueue how many of a company do.
const (
	sharePatience = 10 * time.Second
	shareQueue    = 20
	callsQueue    = 200
)

// anyCall is the kind of every call.
func anyCall(*http.Request) bool { return true }

// limitAtOnce answers with 429 the calls of a kind for which there is no share.
func (s *server) limitAtOnce(of *share.Share, kind func(*http.Request) bool, what string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			companyID := callerOf(r.Context()).companyID
			if companyID == "" || !kind(r) {
				next.ServeHTTP(w, r)
				return
			}
			end, ok := of.Take(r.Context(), companyID, s.SharePatience)
			if !ok {
				s.refuse(w, r, problem.New(problem.TooManyRequests, "A company may have %d %s at once. Try again in a few seconds.", of.Each, what))
				return
			}
			defer end()
			next.ServeHTTP(w, r)
		})
	}
}

// limitTime answers with 429 the calls of a company that has had more than its part of the time of this process for long.
func (s *server) limitTime(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		companyID := callerOf(r.Context()).companyID
		if companyID == "" {
			next.ServeHTTP(w, r)
			return
		}
		end, ok := s.time.Take(r.Context(), companyID, s.SharePatience)
		if !ok {
			s.refuse(w, r, problem.New(problem.TooManyRequests, "These calls take more time than one company may have while others are there. Try again in a few seconds."))
			return
		}
		defer end()
		next.ServeHTTP(w, r)
	})
}

// isExport reports whether the answer to a call is as long as the books are. It comes after noteAccept.
func isExport(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	path := r.URL.Path
	return strings.Contains(path, "/statements/") || strings.Contains(path, "/journal-exports/") && strings.HasSuffix(path, "/file") ||
		strings.HasSuffix(path, "/journal") && journalFormat(r.Context()) != "application/json"
}

// hourly counts things by company, or by key, for an hour.
type hourly struct {
	most int

	mu    sync.Mutex
	hour  time.Time
	count map[string]int
}

// take counts one more of a company at a time. It is problem.TooManyRequests when those of the hour are used up.
func (h *hourly) take(companyID string, now time.Time, what string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if hour := now.Truncate(time.Hour); !hour.Equal(h.hour) {
		h.hour, h.count = hour, map[string]int{}
	}
	if h.count[companyID] >= h.most {
		p := problem.New(problem.TooManyRequests, "A company may ask for %d %s an hour. Nothing is lost: send this again later.", h.most, what)
		return &laterError{p, h.hour.Add(time.Hour).Sub(now)}
	}
	h.count[companyID]++
	return nil
}

// laterError is a problem that passes after a known time.
type laterError struct {
	error // the problem
	after time.Duration
}

func (e *laterError) Unwrap() error { return e.error }

// mailAsked counts a mail that a call asks for, unless the same call was counted before.
func (s *server) mailAsked(ctx context.Context) error {
	if repeated(ctx) {
		return nil
	}
	return s.mails.take(callerOf(ctx).companyID, s.now(), "mails")
}
