package api_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
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
