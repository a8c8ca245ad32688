package api

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"golang.org/x/text/language"

	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/qrbill/paper"
)

//go:embed pages
var pageFiles embed.FS

var templates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// Assets carry a hash of their content in their name, so that they can be cached for ever.
var (
	stylesheet = loadAsset("style.css")
	icon       = loadAsset("icon.svg")
)

type asset struct {
	Path        string
	contentType string
	content     []byte
}

func loadAsset(name string) asset {
	content, err := pageFiles.ReadFile("pages/" + name)
	if err != nil {
		panic(err) // it is embedded above
	}
	return newAsset(name, content)
}

func newAsset(name string, content []byte) asset {
	sum := sha256.Sum256(content)
	base, extension, _ := strings.Cut(name, ".")
	return asset{
		Path:        "/assets/" + base + "-" + hex.EncodeToString(sum[:6]) + "." + extension,
		contentType: map[string]string{"css": "text/css; charset=utf-8", "svg": "image/svg+xml"}[extension],
		content:     content,
	}
}

func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	a.serve(w, r)
}

// serve answers with the content, without a word on how long it may be kept.
func (a asset) serve(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", a.contentType)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(a.content)
}

// pages routes what payers see in their browsers.
func (s *server) pages(r chi.Router) {
	r.Method(http.MethodGet, stylesheet.Path, stylesheet)
	r.Method(http.MethodGet, icon.Path, icon)

	message := func(status int, choose func(pageWords) phrase) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { s.showMessage(w, r, status, choose) }
	}
	sameOrigin := http.NewCrossOriginProtection()
	sameOrigin.SetDenyHandler(message(http.StatusForbidden, func(t pageWords) phrase { return t.ForeignForm }))

	r.Group(func(r chi.Router) {
		r.Use(s.protectPage, onBehalfOf(origin.Origin{Kind: origin.Payer, Who: "payer"}))
		r.Use(s.survive(message(http.StatusInternalServerError, func(t pageWords) phrase { return t.OurMistake })))
		r.Use(limit(s.Limits.Pages, message(http.StatusTooManyRequests, func(t pageWords) phrase { return t.TooMany })))
		r.Get("/i/{token}", s.showDocument)
		r.Get("/i/{token}/pay", s.backToDocument)
		r.Get("/i/{token}/pay/{method}", s.confirmPayment)
		r.With(sameOrigin.Handler).Post("/i/{token}/pay", s.payNow)
		r.Get("/i/{token}/return", s.payerReturned)
		r.Get("/i/{token}/invoice.pdf", s.showPDF)
		r.Get("/i/{token}/logo", s.showLogo)
		r.Get("/i/{token}/qr-bill.svg", s.showBill((*paper.Slip).SVG))
		r.Get("/i/{token}/qr-code.svg", s.showBill((*paper.Slip).CodeSVG))
	})
}

// protectPage sets the headers of a page that belongs to one payer and shows nothing of anybody else's.
func (s *server) protectPage(next http.Handler) http.Handler {
	// A browser holds the redirect to the payment page against form-action too. Payment pages are on https, except that of
	// a local stack, which is on http as a whole.
	paymentPages := "https:"
	if strings.HasPrefix(s.PublicURL, "http:") {
		paymentPages += " http:"
	}
	policy := "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' " + paymentPages + "; base-uri 'none'; frame-ancestors 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		// The address holds the token and never leaves for another site. "no-referrer" would hide the origin from us as
		// well, by which older browsers show that the form is ours.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		next.ServeHTTP(w, r)
	})
}

// frame is what every page has around its content.
type frame struct {
	Language  string
	Words     pageWords
	Languages []languageLink
	Style     string
	Icon      string
	Title     string
	Refresh   string // the address that the browser goes to after a second, if any; after more it would add to the history
}

type languageLink struct {
	Code, Name, URL string
	Current         bool
}

// newFrame returns the frame of a page in that language; query is what the addresses of its other languages keep.
func newFrame(code, path string, query url.Values) frame {
	f := frame{Language: code, Words: dictionary[code], Style: stylesheet.Path, Icon: icon.Path}
	for _, other := range languages {
		query.Set("lang", other)
		f.Languages = append(f.Languages, languageLink{other, dictionary[other].Name, path + "?" + query.Encode(), other == code})
	}
	return f
}

var browserLanguages = language.NewMatcher([]language.Tag{language.German, language.French, language.Italian, language.English})

// languageOf is the language that the payer asked for, else the one of the invoice, else the browser's.
func languageOf(r *http.Request, ofInvoice string) string {
	_, browser := language.MatchStrings(browserLanguages, r.Header.Get("Accept-Language"))
	return cmp.Or(languageAsked(r), ofInvoice, languages[browser])
}

// languageAsked returns the language that the address asks for; empty when it asks for none that we speak.
func languageAsked(r *http.Request) string {
	if asked := r.URL.Query().Get("lang"); slices.Contains(languages, asked) {
		return asked
	}
	return ""
}

// showMessage shows a page about something that has no invoice to show.
func (s *server) showMessage(w http.ResponseWriter, r *http.Request, status int, choose func(pageWords) phrase) {
	f := newFrame(languageOf(r, ""), r.URL.Path, url.Values{})
	message := choose(f.Words)
	f.Title = message.Title
	render(w, status, "message.html", struct {
		frame
		Message phrase
	}{f, message})
}

// showError shows why there is no document to show.
func (s *server) showError(w http.ResponseWriter, r *http.Request, err error) {
	if s.asProblem(r, err).Code == problem.NotFound {
		s.showMessage(w, r, http.StatusNotFound, func(t pageWords) phrase { return t.UnknownPage })
		return
	}
	w.Header().Set("Retry-After", retryAfter)
	s.showMessage(w, r, http.StatusServiceUnavailable, func(t pageWords) phrase { return t.SomethingDown })
}

// render writes a page once it is complete, so that a mistake in a template becomes an answer of its own.
func render(w http.ResponseWriter, status int, name string, page any) {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, page); err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w)
}
