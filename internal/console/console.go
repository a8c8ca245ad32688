// Package console is the web console of companies (/console) and of operators (/operator): pages in Go's own templates that work
// without script. It is a client of the REST API and of nothing else, so every act has the checks, the idempotency and the audit
// entry that a call has. What it can't do by REST is missing in REST.
package console

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/httprate"

	"github.com/quittance/quittance/api/client"
)

// Options is what the console is made of.
type Options struct {
	// APIURL is the address of the REST API, such as https://pay.example.ch/v1. It is only a name when Transport answers in process.
	APIURL string
	// Transport carries the calls: http.DefaultTransport, or InProcess.
	Transport http.RoundTripper
	// PublicURL is where people reach the console. Over https, cookies are Secure.
	PublicURL string
	// TemporalWebURL is where operators read workflows, with the namespace: https://temporal.example.ch/namespaces/default; empty
	// for no links.
	TemporalWebURL string
	// SignIns is how many times a minute an address may try a key.
	SignIns int
	Logger  *slog.Logger
	Now     func() time.Time // time.Now when nil
}

// server answers the requests; its methods are spread over the files of this package, one file per subject.
type server struct {
	Options
	api    *client.ClientWithResponses
	looks  map[string]*look // by language
	secure bool
}

// New returns the handler of /console and /operator. It panics when a page or a word is missing, which no build with passing
// tests lacks.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &server{Options: o, looks: newLooks(o.TemporalWebURL), secure: strings.HasPrefix(o.PublicURL, "https:")}
	api, err := client.NewClientWithResponses(o.APIURL, client.WithHTTPClient(caller{o.Transport}), client.WithRequestEditorFn(
		func(ctx context.Context, r *http.Request) error {
			if token, ok := ctx.Value(tokenKey{}).(string); ok {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			return nil
		}))
	if err != nil {
		panic(err) // an address that can't be read
	}
	s.api = api

	r := chi.NewRouter()
	r.Use(headAsGet, s.protect, s.survive)
	r.NotFound(s.notFound)
	r.Method(http.MethodGet, stylesheet.path, stylesheet)
	r.Get("/console/accent-{accent}.css", accentStyle)
	signIns := httprate.LimitBy(o.SignIns, time.Minute, clientAddress, httprate.WithLimitHandler(s.tooManySignIns))
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(http.HandlerFunc(s.foreignForm))
	r.Group(func(r chi.Router) {
		r.Use(sameOrigin.Handler)
		r.Get("/console/enter", s.enter)
		r.Get("/console/sign-in", s.showSignIn)
		r.With(signIns).Post("/console/sign-in", s.signIn)
		r.Get("/console/sign-in/callback", s.comeFromProvider)
		r.Get("/console/sign-in/{company_id}", s.goToProvider)
		r.Get("/operator/sign-in", s.showOperatorSignIn)
		r.With(signIns).Post("/operator/sign-in", s.signOperatorIn)
		r.Get("/operator/sign-in/provider", s.operatorToProvider)
		r.Get("/operator/sign-in/callback", s.operatorFromProvider)
		r.Route("/console", s.companySide)
		r.Route("/operator", s.operatorSide)
	})
	return r
}

// companySide routes what people of a company see.
func (s *server) companySide(r chi.Router) {
	r.Use(s.signedIn)
	r.Post("/sign-out", s.signOut)
	r.Get("/", s.home)
	r.Get("/search", s.search)
	s.serviceRoutes(r)
	s.invoiceRoutes(r)
	s.paymentRoutes(r)
	s.disputeRoutes(r)
	s.exceptionRoutes(r)
	s.payoutRoutes(r)
	s.bookRoutes(r)
	s.settingRoutes(r)
	s.providerRoutes(r)
	s.accessRoutes(r)
}

// headAsGet answers HEAD as GET wherever there is GET. The server itself leaves the content out. The one of chi takes what is mounted below
// for a route of HEAD.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			chi.RouteContext(r.Context()).RouteMethod = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// protect sets the headers of pages that show one company's money.
func (s *server) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy("'none'"))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		if s.secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		address := remoteAddress(r)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), addressKey{}, address)))
	})
}

// maxForm is the largest form, in bytes: that with a file of 10 MiB, which is the most that the API takes.
const maxForm = 11 << 20

// policy returns the Content-Security-Policy of a page that those ancestors may frame.
func policy(ancestors string) string {
	return "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors " + ancestors
}

// survive turns a panic into a page, and a log line.
func (s *server) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.panicked(w, r)
		next.ServeHTTP(w, r)
	})
}

// panicked is deferred.
func (s *server) panicked(w http.ResponseWriter, r *http.Request) {
	fault := recover()
	if fault == http.ErrAbortHandler { //nolint:errorlint // the value that breaks off an answer
		panic(fault)
	}
	if fault != nil {
		s.Logger.ErrorContext(r.Context(), "console page panicked", "method", r.Method, "route", chi.RouteContext(r.Context()).RoutePattern(), "panic", fault)
		s.message(w, r, http.StatusInternalServerError, "mistake")
	}
}

func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	s.message(w, r, http.StatusNotFound, "nowhere")
}

func (s *server) foreignForm(w http.ResponseWriter, r *http.Request) {
	s.message(w, r, http.StatusForbidden, "foreign")
}

func (s *server) tooManySignIns(w http.ResponseWriter, r *http.Request) {
	s.message(w, r, http.StatusTooManyRequests, "too_many")
}
