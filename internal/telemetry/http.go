package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// otherRoute is the label of requests that no route takes. Made-up paths must not become labels.
const otherRoute = "none"

// Middleware counts and times the requests of a chi router by route pattern ("/v1/invoices/{id}"), never by path. It
// belongs outside of the middleware that recovers from panics, so that a panic counts as the 500 that the caller sees.
func (m *Metrics) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		recorder := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() {
			status := recorder.Status()
			if status == 0 {
				// The handler wrote nothing, which net/http answers with 200.
				status = http.StatusOK
			}
			m.requests.WithLabelValues(method(r), route(r), strconv.Itoa(status)).Observe(time.Since(started).Seconds())
		}()
		next.ServeHTTP(recorder, r)
	})
}

// route is the pattern that took the request; chi knows it only after routing.
func route(r *http.Request) string {
	if pattern := chi.RouteContext(r.Context()).RoutePattern(); pattern != "" {
		return pattern
	}
	return otherRoute
}

// method keeps invented methods from becoming labels.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	default:
		return "other"
	}
}
