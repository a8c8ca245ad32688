package api

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/internal/docs"
	"github.com/quittance/quittance/internal/problem"
)

var docsStyle = newAsset("docs.css", docs.Style)

// documentationPage is openapi.yaml for people. It panics when there is something in openapi.yaml that the page can't show, which
// no build with passing tests has.
var documentationPage = sync.OnceValue(func() []byte {
	var problems []docs.Problem
	for code, p := range problemTypes {
		problems = append(problems, docs.Problem{Name: string(code), Status: p.status, Title: p.title})
	}
	page, err := docs.Page(specification(), problems, docsStyle.Path)
	if err != nil {
		panic(fmt.Sprintf("api: %v", err))
	}
	return page
})

// documentation routes openapi.yaml, and the page for people that is made of it.
func (s *server) documentation(r chi.Router) {
	page := documentationPage()
	r.Use(limit(s.Limits.Pages, func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, problem.New(problem.TooManyRequests, "Try again in a minute."))
	}))
	r.Get("/openapi.yaml", asset{contentType: "application/yaml", content: openAPI}.serve)
	r.Get("/docs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		asset{contentType: "text/html; charset=utf-8", content: page}.serve(w, r)
	})
	r.Method(http.MethodGet, docsStyle.Path, docsStyle)
}

// securityTextFor is for how long the answer of securityText may be relied on (RFC 9116, 2.5.5).
const securityTextFor = 90 * 24 * time.Hour

// securityText says where weaknesses are reported (RFC 9116).
func (s *server) securityText(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "Contact: %s\nExpires: %s\nPreferred-Languages: en, de, fr, it\nCanonical: %s/.well-known/security.txt\n",
		s.SecurityContact, s.now().Add(securityTextFor).Format(time.RFC3339), s.PublicURL)
}
