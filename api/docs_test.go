package api_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/api"
)

func TestDocumentationShowsEverythingThatIsSpecified(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	served := w.get("/docs")
	page := served.page(http.StatusOK)
	assert.Contains(t, served.Header().Get("Content-Security-Policy"), "default-src 'none'")
	assert.NotContains(t, page, "<script")
	assert.NotContains(t, page, "raw HTML omitted", "the Markdown of the specification holds HTML")

	places := map[string]bool{}
	for _, found := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		assert.False(t, places[found[1]], "%s is there twice", found[1])
		places[found[1]] = true
	}
	for _, found := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		assert.True(t, places[found[1]], "a link leads to %s, which is nowhere", found[1])
	}
	for _, o := range operations(t) {
		assert.True(t, places[o.OperationID], o.OperationID)
		assert.Contains(t, page, "/v1"+o.path)
	}
	for _, style := range regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)"`).FindStringSubmatch(page)[1:] {
		assert.Equal(t, "text/css; charset=utf-8", w.get(style).Header().Get("Content-Type"))
	}
}

func TestWhoFindsAWeaknessReadsWhereToReportIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Equal(t, http.StatusNotFound, w.get("/.well-known/security.txt").Code, "those who run it have said nothing")
	options := w.options()
	options.SecurityContact = "mailto:security@example.ch"
	w.handler = api.New(options)
	said := w.get("/.well-known/security.txt")
	assert.Equal(t, "text/plain; charset=utf-8", said.Header().Get("Content-Type"))
	assert.Equal(t, "Contact: mailto:security@example.ch\nExpires: 2027-02-20T11:00:00Z\nPreferred-Languages: en, de, fr, it\nCanonical: https://pay.example.ch/.well-known/security.txt\n",
		said.Body.String())
}
