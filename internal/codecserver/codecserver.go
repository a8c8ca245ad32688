// Package codecserver lets signed-in operators read encrypted payloads in Temporal Web. It is a remote codec as Temporal
// Web expects one (POST /decode, see https://docs.temporal.io/production-deployment/data-encryption), behind a sign-in
// with the operators' key. It decodes only: nobody can have it encrypt something.
//
// The session is a cookie, so the server has to be on the same site as Temporal Web: the same host on another port, or a
// sibling such as codec.example.ch beside temporal.example.ch.
package codecserver

import (
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/cors"
	"github.com/go-chi/httprate"
	"go.temporal.io/sdk/converter"
)

const (
	// session is how long a sign-in lasts: a shift.
	session = 8 * time.Hour
	cookie  = "quittance_operator"
	// associated is the associated data of sessions. No other sealed value can be taken for a session.
	associated = "operator-session"
	// signIns is how many times a minute a client address may try a key.
	signIns = 10
	maxBody = 16 << 20 // a whole page of history
)

// Sealer encrypts and authenticates: it opens only what it sealed itself.
type Sealer interface {
	Seal(plaintext []byte, associated string) ([]byte, error)
	Open(sealed []byte, associated string) ([]byte, error)
}

// Options is what the server is made of.
type Options struct {
	Codec       converter.PayloadCodec
	Sealer      Sealer
	OperatorKey string
	// TemporalWebURL is where operators read, such as https://temporal.example.ch: the only origin that may ask.
	TemporalWebURL string
	Logger         *slog.Logger
	Now            func() time.Time // time.Now when nil
}

type server struct{ Options }

// New returns the handler.
func New(o Options) http.Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := server{o}
	r := chi.NewRouter()
	r.Use(headers)
	up := func(http.ResponseWriter, *http.Request) {} // it depends on nothing
	r.Get("/healthz", up)
	r.Get("/readyz", up)
	r.Group(func(r chi.Router) {
		r.Use(http.NewCrossOriginProtection().Handler)
		r.Get("/", s.page)
		r.With(httprate.LimitBy(signIns, time.Minute, address)).Post("/", s.signIn)
	})
	r.Group(func(r chi.Router) {
		r.Use(cors.Handler(cors.Options{
			AllowedOrigins: []string{strings.TrimRight(o.TemporalWebURL, "/")}, AllowedMethods: []string{http.MethodPost},
			AllowedHeaders: []string{"*"}, AllowCredentials: true,
		}))
		r.Options("/decode", func(http.ResponseWriter, *http.Request) {}) // cors answers
		r.With(s.signedIn).Method(http.MethodPost, "/decode", converter.NewPayloadCodecHTTPHandler(o.Codec))
	})
	return r
}

// address returns the address by which sign-ins are counted. It is the peer's, since operators don't come through the proxies
// of the public pages.
func address(r *http.Request) (string, error) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	return httprate.CanonicalizeIP(host), err
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

// signedIn lets requests through that show a session, or the operators' key itself, as the temporal command does.
func (s server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !s.inSession(r) && (!strings.EqualFold(scheme, "Bearer") || !s.isKey(key)) {
			http.Error(w, "Sign in at this address to read payloads.", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s server) isKey(key string) bool {
	got, want := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(s.OperatorKey))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func (s server) inSession(r *http.Request) bool {
	c, err := r.Cookie(cookie)
	if err != nil {
		return false
	}
	sealed, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return false
	}
	text, err := s.Sealer.Open(sealed, associated)
	if err != nil {
		return false
	}
	ends, err := time.Parse(time.RFC3339, string(text))
	return err == nil && s.Now().Before(ends)
}

func (s server) signIn(w http.ResponseWriter, r *http.Request) {
	if !s.isKey(r.PostFormValue("key")) {
		s.Logger.WarnContext(r.Context(), "wrong operator key", "address", r.RemoteAddr)
		s.show(w, http.StatusUnauthorized, page{Wrong: true})
		return
	}
	sealed, err := s.Sealer.Seal([]byte(s.Now().Add(session).UTC().Format(time.RFC3339)), associated)
	if err != nil {
		s.Logger.ErrorContext(r.Context(), "session not sealed", "error", err)
		http.Error(w, "This is our mistake. We have logged it.", http.StatusInternalServerError)
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever Temporal Web is served over TLS
		Name: cookie, Value: base64.RawURLEncoding.EncodeToString(sealed), Path: "/", MaxAge: int(session.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: strings.HasPrefix(s.TemporalWebURL, "https:"),
	})
	http.Redirect(w, r, "/", http.StatusSeeOther)
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
	s.show(w, http.StatusOK, page{SignedIn: s.inSession(r)})
}

func (s server) show(w http.ResponseWriter, status int, p page) {
	p.TemporalWebURL, p.Style = s.TemporalWebURL, template.CSS(style) //nolint:gosec // our own file
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = signInPage.Execute(w, p) // it fails only when the caller has gone
}
