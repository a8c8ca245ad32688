package console

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAnAPIElsewhereLearnsForWhomItIsAsked(t *testing.T) {
	t.Parallel()
	var asked []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path+" for "+r.Header.Get("X-Forwarded-For"))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"offered":true}`)
	}))
	defer api.Close()
	h := New(Options{APIURL: api.URL + "/v1", Transport: NewRemote(), SignIns: 10, Logger: slog.New(slog.DiscardHandler)})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/operator/sign-in", http.NoBody)
	r.RemoteAddr = "192.0.2.7:1234"
	r.Header.Set("X-Forwarded-For", "198.51.100.1") // said by the browser, so worth nothing
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, []string{"/v1/operator-sign-ins for 192.0.2.7"}, asked)
}

func TestAnAPIThatDoesNotAnswerIsAPageAndNoMistake(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.NotFoundHandler())
	api.Close()
	h := New(Options{APIURL: api.URL + "/v1", Transport: NewRemote(), SignIns: 10, Logger: slog.New(slog.DiscardHandler)})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/console", http.NoBody)
	r.Header.Set("Accept-Language", "en")
	r.AddCookie(&http.Cookie{Name: companyCookie, Value: "qcs_x"})
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	assert.Equal(t, http.StatusBadGateway, answer.Code)
	assert.Contains(t, answer.Body.String(), "Not available at the moment")
}
