package console

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestAnyAccentCanBeReadInLightAndInDark(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c colour
		for i := range c {
			c[i] = rapid.Uint8().Draw(t, "part")
		}
		back, ok := parseColour(c.String())
		if !ok || back != c {
			t.Fatalf("%s is read as %s", c, back)
		}
		if light := c.legible(white, black); light.contrast(white) < readable {
			t.Fatalf("%s becomes %s", c, light)
		}
		if dark := c.legible(darkPaper, white); dark.contrast(darkPaper) < readable {
			t.Fatalf("%s becomes %s in dark", c, dark)
		}
	})
	green, _ := parseColour("#0d5c4d")
	assert.Equal(t, green, green.legible(white, black), "what can be read stays as it is")
	assert.InDelta(t, 21, black.contrast(white), 0.001)
}

func TestAnAccentIsAStylesheetOfItsOwn(t *testing.T) {
	t.Parallel()
	h := New(Options{APIURL: "http://api.invalid/v1", Transport: InProcess{http.NotFoundHandler()}, SignIns: 10})
	for path, status := range map[string]int{
		accentPath("#0D5C4D"): http.StatusOK, "/console/accent-0d5c4.css": http.StatusNotFound, "/console/accent-0d5c4dd.css": http.StatusNotFound, "/console/accent-zzzzzz.css": http.StatusNotFound,
	} {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		require.Equal(t, status, answer.Code, path)
		if status == http.StatusOK {
			assert.Contains(t, answer.Body.String(), ":root{--accent:#0d5c4d;--on-accent:#ffffff;--accent-hover:#0a4a3e}")
		}
	}
}
