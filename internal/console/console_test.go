package console

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/quittance/quittance/internal/exception"
)

// said finds the words that a page or the code asks for.
var said = regexp.MustCompile(`(?:\bt |say\(|has\(|Key: |message\(w, r, [^,]+, )"([a-z_.]+)"`)

func TestEveryWordThatThePagesSayIsThereInEveryLanguage(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(files, "pages/*.html")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		require.NoError(t, err)
		for _, found := range said.FindAllStringSubmatch(string(content), -1) {
			if strings.HasSuffix(found[1], ".") {
				continue // the rest of the key is a value
			}
			for language, words := range dictionaries {
				assert.Contains(t, words, found[1], "%s, in %s", name, language)
			}
		}
	}
}

func TestWordsTakeTheSameValuesInEveryLanguage(t *testing.T) {
	t.Parallel()
	verbs := regexp.MustCompile(`%[a-z]`)
	for key, german := range dictionaries["de"] {
		for language, words := range dictionaries {
			assert.ElementsMatch(t, verbs.FindAllString(german, -1), verbs.FindAllString(words[key], -1), "%s in %s", key, language)
		}
	}
}

func TestAmountsAndDatesAreWrittenAsTheSwissDo(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "CHF\u00a01’234’567.50", money("CHF", "1234567.50"))
	assert.Equal(t, "−12.00", figure("-12.00"))
	assert.Equal(t, "0.00", figure("-0.00"))
	assert.Equal(t, "999.00", figure("999.00"))
}

func TestAnAddressThatLeadsElsewhereIsNoPageToComeBackTo(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"/console": true, "/console/invoices?q=a": true, "https://evil.example/console": false, "//evil.example/console": false,
		"/consolex": false, "/operator": false, `/console\evil`: false, "": false,
	} {
		assert.Equal(t, want, local(address, "/console"), address)
	}
}

func TestWithoutASessionEveryPageAsksWhoItIs(t *testing.T) {
	t.Parallel()
	h := New(Options{APIURL: "http://api.invalid/v1", Transport: InProcess{http.NotFoundHandler()}, SignIns: 10})
	for path, want := range map[string]string{
		"/console/invoices?q=1": "/console/sign-in?next=%2Fconsole%2Finvoices%3Fq%3D1", "/operator": "/operator/sign-in?next=%2Foperator",
	} {
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		assert.Equal(t, http.StatusSeeOther, answer.Code)
		assert.Equal(t, want, answer.Header().Get("Location"))
	}
	for _, path := range []string{"/console/sign-in", "/operator/sign-in"} {
		for _, language := range languages {
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path+"?lang="+language, http.NoBody))
			require.Equal(t, http.StatusOK, answer.Code, answer.Body)
			assert.Contains(t, answer.Body.String(), `<html lang="`+language+`">`)
		}
	}
}

func TestALongAnswerIsReadWhileItIsWritten(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	transport := InProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/csv")
		_, _ = io.WriteString(w, "first\n")
		<-next
		if r.URL.Path == "/broken" {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "second\n")
	})}
	for path, broken := range map[string]bool{"/whole": false, "/broken": true} {
		answer, err := transport.RoundTrip(httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		require.NoError(t, err)
		first := make([]byte, 6)
		_, err = io.ReadFull(answer.Body, first)
		require.NoError(t, err)
		assert.Equal(t, "first\n", string(first), "before the second was written")
		next <- struct{}{}
		rest, err := io.ReadAll(answer.Body)
		if broken {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "and an answer that broke off is not taken for a whole one")
		} else {
			require.NoError(t, err)
			assert.Equal(t, "second\n", string(rest))
		}
		require.NoError(t, answer.Body.Close())
	}
}

func TestEveryKindOfExceptionIsExplained(t *testing.T) {
	t.Parallel()
	for _, kind := range exception.Kinds {
		for language, words := range dictionaries {
			assert.Contains(t, words, "exception_kinds."+string(kind), language)
			assert.Contains(t, words, "exception_meanings."+string(kind), language)
		}
	}
}

// The audit log says what was done in words, not as the call of an API.
func TestEveryCallThatChangesSomethingHasWords(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../api/openapi.yaml")
	require.NoError(t, err)
	var document struct {
		Paths map[string]map[string]any
	}
	require.NoError(t, yaml.Unmarshal(content, &document))
	calls := 0
	for path, methods := range document.Paths {
		for _, method := range []string{"post", "put", "patch", "delete"} {
			if methods[method] == nil {
				continue
			}
			calls++
			assert.Contains(t, dictionaries["en"], "actions."+strings.ToUpper(method)+" "+path)
		}
	}
	assert.Greater(t, calls, 60)
}
