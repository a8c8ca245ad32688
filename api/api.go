// Package api is the outside of Quittance: the REST calls of openapi.yaml, the public pages of an invoice, and the address
// that Saferpay notifies. It reads Postgres; whatever starts or steers a lifecycle goes to Temporal through a command.
package api

import (
	"cmp"
	_ "embed"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/session"
	"github.com/quittance/quittance/internal/share"
)

//go:embed openapi.yaml
var openAPI []byte

// specification is openapi.yaml, read once.
var specification = sync.OnceValue(func() *openapi3.T {
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		panic(fmt.Sprintf("api: openapi.yaml can't be read: %v", err))
	}
	return doc
})

// Options is what the API is made of.
type Options struct {
	Store      Store
	Sessions   Sessions
	Oversight  Oversight
	Collection Collection
	Refunding  Refunding
	Onboarding Onboarding
	Escalation Escalation
	Sealer     Sealer
	Signer     Signer
	Receivers  Receivers
	// FileServers are the servers from which settlement files are fetched.
	FileServers FileServers
	AdminKey    func() string // may create companies and keys
	// OperatorKey opens sessions of operators, who may do what AdminKey may, each by name; nil, or empty, for none.
	OperatorKey func() string
	PublicURL   string // where payers reach the pages, such as https://pay.example.ch
	ConsoleURL  string // where people reach the console; PublicURL when empty
	// Identities speaks with the providers that companies name, OperatorIdentities with that of the operators.
	Identities, OperatorIdentities Identities
	Operators                      func() session.Operators // nil for no provider
	Limits                         Limits
	Healthz                        http.Handler
	// Middleware wraps everything else, the first one outermost. Rate limits count per client address: behind a proxy, one of
	// these has to be chi's ClientIPFromXFF with the addresses of the proxy.
	Middleware []func(http.Handler) http.Handler
	Logger     *slog.Logger
	Now        func() time.Time // time.Now when nil
	// SecurityContact is where who finds a weakness reports it, https: or mailto:; empty when that is said elsewhere.
	SecurityContact string
	// ReturnPatience is how long a return page holds its answer back: returnPatience when 0.
	ReturnPatience time.Duration
	// SharePatience is how long an import or export waits for its turn: sharePatience when 0.
	SharePatience time.Duration
	// CallsPart is what calls of one company take of the time of this process while others are there, in seconds a second: callsPart when 0.
	CallsPart float64
	// MailsAnHour is how many mails calls of a company may ask for in an hour: mailsAnHour when 0.
	MailsAnHour int
}

// New returns the handler of the whole API. It panics when openapi.yaml is not valid, which no build with passing tests is.
func New(o Options) http.Handler {
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	o.ConsoleURL = cmp.Or(strings.TrimSuffix(o.ConsoleURL, "/"), o.PublicURL)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OperatorKey == nil {
		o.OperatorKey = func() string { return "" }
	}
	if o.Operators == nil {
		o.Operators = func() session.Operators { return session.Operators{} }
	}
	if o.ReturnPatience == 0 {
		o.ReturnPatience = returnPatience
	}
	o.SharePatience = cmp.Or(o.SharePatience, sharePatience)
	s := &server{
		Options: o, mails: hourly{most: cmp.Or(o.MailsAnHour, mailsAnHour)}, sessions: hourly{most: consoleSessionsAnHour}, strangers: hourly{most: strangersAnHour},
		time: share.Time{Part: cmp.Or(o.CallsPart, callsPart()), Ahead: callsAhead},
	}

	r := chi.NewRouter()
	r.Use(o.Middleware...)
	r.Use(s.secure, identify, s.log, s.survive(s.broken), headAsGet)
	r.NotFound(s.notFound)
	r.MethodNotAllowed(s.methodNotAllowed)

	r.Method(http.MethodGet, "/healthz", o.Healthz)
	r.Route("/v1", s.calls)
	if s.SecurityContact != "" {
		r.Get("/.well-known/security.txt", s.securityText)
	}
	r.Group(s.documentation)
	r.Group(s.pages)
	r.Group(s.notifications)
	return r
}

// server answers the requests; its methods are spread over the files of this package, one file per resource.
type server struct {
	Options
	heard           heard
	holds           holds
	mails, sessions hourly
	strangers       hourly // by key, see stranger
	time            share.Time
}

// now is the time to the microsecond, which is what Postgres keeps: what is answered now reads the same later.
func (s *server) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

func (s *server) notFound(w http.ResponseWriter, r *http.Request) {
	s.refuse(w, r, problem.New(problem.NotFound, "There is nothing at this address."))
}

func (s *server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	routes := chi.RouteContext(r.Context()).Routes
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if routes.Match(chi.NewRouteContext(), method, r.URL.Path) {
			w.Header().Add("Allow", method) // RFC 9110 wants it on every 405
			if method == http.MethodGet {
				w.Header().Add("Allow", http.MethodHead)
			}
		}
	}
	s.refuse(w, r, problem.New(problem.MethodNotAllowed, "This address doesn't take %s.", r.Method))
}
