// Package codecserver lets signed-in operators read encrypted payloads in Temporal Web. It is a remote codec as Temporal
// Web expects one (POST /decode, see https://docs.temporal.io/production-deployment/data-encryption), behind a sign-in
// with the operators' key. It decodes only: nobody can have it encrypt something. The log says who read what.
//
// The session is a cookie, so the server has to be on the same site as Temporal Web: the same host on another port, or a
// sibling such as codec.example.ch beside temporal.example.ch.
package codecserver

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/cors"
	"github.com/go-chi/httprate"
	"go.temporal.io/sdk/converter"
)

const maxBody = 16 << 20 // a whole page of history

// Sealer encrypts and authenticates: it opens only what it sealed itself.
type Sealer interface {
	Seal(plaintext []byte, associated string) ([]byte, error)
	Open(sealed []byte, associated string) ([]byte, error)
}

// Options is what the server is made of.
type Options struct {
	Codec  converter.PayloadCodec
	Sealer Sealer
	// OperatorKey returns the key with which operators sign in. When it changes, every session ends.
	OperatorKey func() string
	// TemporalWebURL is where operators read, such as https://temporal.example.ch: the only origin that may ask.
	TemporalWebURL string
	// TrustedProxies are the CIDR prefixes of the proxies in front, whose X-Forwarded-For names the client.
	TrustedProxies []string
	Logger         *slog.Logger
	Now            func() time.Time // time.Now when nil
}

type server struct {
	Options
	wrongKeys *httprate.RateLimiter // by address
}

// New returns the handler.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := server{o, httprate.NewRateLimiter(wrongKeys, time.Minute)}
	r := chi.NewRouter()
	if len(o.TrustedProxies) > 0 {
		r.Use(middleware.ClientIPFromXFF(o.TrustedProxies...))
	}
	r.Use(middleware.GetHead, headers)
	up := func(http.ResponseWriter, *http.Request) {} // it depends on nothing
	r.Get("/healthz", up)
	r.Get("/readyz", up)
	r.Group(func(r chi.Router) {
		r.Use(http.NewCrossOriginProtection().Handler)
		r.Get("/", s.page)
		r.Post("/", s.signIn)
	})
	r.Group(func(r chi.Router) {
		r.Use(cors.Handler(cors.Options{
			AllowedOrigins: []string{strings.TrimRight(o.TemporalWebURL, "/")}, AllowedMethods: []string{http.MethodPost},
			AllowedHeaders: []string{"*"}, AllowCredentials: true,
		}))
		r.Options("/decode", func(http.ResponseWriter, *http.Request) {}) // cors answers
		r.With(s.signedIn, s.audited).Method(http.MethodPost, "/decode", converter.NewPayloadCodecHTTPHandler(o.Codec))
	})
	return r
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+styleHash+"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

//go:embed signin.html
var source string

//go:embed signin.css
var style string

var (
	signInPage = template.Must(template.New("").Parse(source))
	styleHash  = func() string {
		sum := sha256.Sum256([]byte(style))
		return base64.StdEncoding.EncodeToString(sum[:])
	}()
)

type page struct {
	SignedIn, Wrong bool
	TemporalWebURL  string
	Style           template.CSS
}

func (s server) page(w http.ResponseWriter, r *http.Request) {
	_, signedIn := s.sessionOf(r)
	s.show(w, http.StatusOK, page{SignedIn: signedIn})
}

func (s server) show(w http.ResponseWriter, status int, p page) {
	p.TemporalWebURL, p.Style = s.TemporalWebURL, template.CSS(style) //nolint:gosec // our own file
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = signInPage.Execute(w, p) // it fails only when the caller has gone
}
