package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"github.com/quittance/quittance/internal/problem"
)

type requestIDKey struct{}

// identify gives the request an id that log lines and answers share. A caller's own id is not taken over: it would be the
// caller who says what stands in our log.
func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// private keeps answers that are one company's out of caches, and browsers from taking them for something else.
func private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// secure makes browsers come by https only, once they have (RFC 6797). Where the public URL is http, as on a local stack, it does nothing.
func (s *server) secure(next http.Handler) http.Handler {
	if !strings.HasPrefix(s.PublicURL, "https:") {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		next.ServeHTTP(w, r)
	})
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// log writes one line per request. It names the route, never the path: paths hold the tokens of online documents and the
// secrets of notification addresses.
func (s *server) log(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		recorder := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(recorder, r)
		s.Logger.DebugContext(r.Context(), "request answered", "request_id", requestID(r.Context()), "method", r.Method,
			"route", routePattern(r), "status", recorder.Status(), "duration", time.Since(started))
	})
}

// headAsGet answers HEAD as GET wherever there is GET. The server itself leaves the content out.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// routePattern is the route that took the request, such as "/i/{token}"; it is known only after routing.
func routePattern(r *http.Request) string { return chi.RouteContext(r.Context()).RoutePattern() }

// survive turns a panic of a handler into a log line and the answer.
func (s *server) survive(answer http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer s.panicked(w, r, answer)
			next.ServeHTTP(w, r)
		})
	}
}

// panicked is deferred.
func (s *server) panicked(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
	fault := recover()
	if fault == nil {
		return
	}
	if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(fault) // a handler's way to break off an answer
	}
	s.Logger.ErrorContext(r.Context(), "request handler panicked", "request_id", requestID(r.Context()),
		"method", r.Method, "route", routePattern(r), "panic", fault, "stack", string(debug.Stack()))
	answer(w, r)
}

// Limits are how many requests are answered within a minute; zero is no limit.
type Limits struct {
	Calls         int // of one key
	Pages         int // to one address; generously, since it may be a whole office, and a return page refreshes itself
	Notifications int // to one address; Saferpay sends those of all payments from a few
	SignIns       int // that one address begins, and that it finishes
}

// limit answers with refuse, and a Retry-After, once a client address has sent so many requests within a minute.
func limit(perMinute int, refuse http.HandlerFunc) func(http.Handler) http.Handler {
	if perMinute == 0 {
		return func(next http.Handler) http.Handler { return next }
	}
	return httprate.LimitBy(perMinute, time.Minute, clientAddress, httprate.WithLimitHandler(refuse))
}

// limitKeys answers with 429, and a Retry-After, once a key has sent so many requests within a minute. Keys of a company count
// each on its own, so that one program that runs wild leaves the others alone.
func (s *server) limitKeys(next http.Handler) http.Handler {
	if s.Limits.Calls == 0 {
		return next
	}
	return httprate.LimitBy(s.Limits.Calls, time.Minute, func(r *http.Request) (string, error) {
		address, err := clientAddress(r) // of who needs no key
		return cmp.Or(callerOf(r.Context()).keyID, callerOf(r.Context()).actor(), address), err
	}, httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, problem.New(problem.TooManyRequests, "A key may make %d calls a minute.", s.Limits.Calls))
	}))(next)
}

// limitSignIns answers with 429, and a Retry-After, once an address has begun, or finished, so many sign-ins within a minute.
func (s *server) limitSignIns() func(http.Handler) http.Handler {
	refuse := func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, problem.New(problem.TooManyRequests, "An address may begin %d sign-ins a minute.", s.Limits.SignIns))
	}
	return func(next http.Handler) http.Handler {
		begins, finishes := limit(s.Limits.SignIns, refuse)(next), limit(s.Limits.SignIns, refuse)(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case !isSignIn(r) || r.Method != http.MethodPost:
				next.ServeHTTP(w, r)
			case strings.HasSuffix(r.URL.Path, "/finish"):
				finishes.ServeHTTP(w, r)
			default:
				begins.ServeHTTP(w, r)
			}
		})
	}
}

// wrongKeysPerMinute is how many requests without a valid key an address may send.
const wrongKeysPerMinute = 600

// wrongKeysLogged is how many of them, within a minute, each have a line in the log.
const wrongKeysLogged = 10

// newWrongKeys counts requests without a valid key by address.
func (s *server) newWrongKeys() *httprate.RateLimiter {
	return httprate.NewRateLimiter(wrongKeysPerMinute, time.Minute, httprate.WithLimitHandler(func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, problem.New(problem.TooManyRequests, "Too many requests without a valid key came from this address."))
	}))
}

// remoteAddress returns the client's address.
func remoteAddress(r *http.Request) string {
	address := middleware.GetClientIP(r.Context()) // set when a proxy stands in front, see Options.Middleware
	if address == "" {
		address, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	return address
}

// clientAddress returns what limits count a client by: its address, or its network of IPv6.
func clientAddress(r *http.Request) (string, error) {
	return httprate.CanonicalizeIP(remoteAddress(r)), nil
}
