package codecserver_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/quittance/quittance/internal/codecserver"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/temporalkit"
)

const (
	operatorKey = "qk_operator_test"
	temporalWeb = "https://temporal.example.ch"
)

type office struct {
	testing.TB
	handler http.Handler
	sealed  string // a page of payloads as Temporal Web sends it
	now     time.Time
	log     bytes.Buffer
}

func open(t testing.TB) *office {
	t.Helper()
	master, err := secrets.Generate()
	require.NoError(t, err)
	keyring, err := secrets.New(master)
	require.NoError(t, err)
	payload, err := temporalkit.DataConverter(keyring).ToPayload(struct{ Customer string }{"Marie Favre"})
	require.NoError(t, err)
	sealed, err := protojson.Marshal(&commonpb.Payloads{Payloads: []*commonpb.Payload{payload}})
	require.NoError(t, err)
	o := &office{TB: t, sealed: string(sealed), now: time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)}
	o.handler = codecserver.New(codecserver.Options{
		Codec: temporalkit.Codec(keyring), Sealer: keyring, OperatorKey: operatorKey, TemporalWebURL: temporalWeb,
		Logger: slog.New(slog.NewTextHandler(&o.log, nil)), Now: func() time.Time { return o.now },
	})
	return o
}

func (o *office) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(o.Context(), method, "https://codec.example.ch"+path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w
}

func (o *office) signIn(key string) *httptest.ResponseRecorder {
	return o.send("POST", "/", url.Values{"key": {key}}.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
}

func (o *office) decode(headers ...string) *httptest.ResponseRecorder {
	return o.send("POST", "/decode", o.sealed, append([]string{"Content-Type", "application/json", "Origin", temporalWeb}, headers...)...)
}

func read(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	var payloads commonpb.Payloads
	require.NoError(t, protojson.Unmarshal(w.Body.Bytes(), &payloads))
	return string(payloads.GetPayloads()[0].GetData())
}

func TestASignedInOperatorReadsPayloadsForAShift(t *testing.T) {
	t.Parallel()
	o := open(t)
	in := o.signIn(operatorKey)
	require.Equal(t, http.StatusSeeOther, in.Code)
	cookies := in.Result().Cookies()
	require.Len(t, cookies, 1)
	assert.True(t, cookies[0].HttpOnly && cookies[0].Secure && cookies[0].SameSite == http.SameSiteStrictMode, cookies[0].String())
	session := cookies[0].Name + "=" + cookies[0].Value

	o.now = o.now.Add(8*time.Hour - time.Second)
	answer := o.decode("Cookie", session)
	assert.JSONEq(t, `{"Customer":"Marie Favre"}`, read(t, answer))
	assert.Equal(t, temporalWeb, answer.Header().Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "true", answer.Header().Get("Access-Control-Allow-Credentials"))
	assert.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
	assert.Contains(t, o.send("GET", "/", "", "Cookie", session).Body.String(), "You are signed in")

	o.now = o.now.Add(time.Second)
	assert.Equal(t, http.StatusUnauthorized, o.decode("Cookie", session).Code)
	assert.Contains(t, o.send("GET", "/", "", "Cookie", session).Body.String(), "Sign in")
}

func TestTheKeyItselfOpensPayloadsForTheCommandLine(t *testing.T) {
	t.Parallel()
	o := open(t)
	assert.JSONEq(t, `{"Customer":"Marie Favre"}`, read(t, o.decode("Authorization", "Bearer "+operatorKey)))
}

func TestNobodyElseReadsPayloads(t *testing.T) {
	t.Parallel()
	o := open(t)
	wrong := o.signIn("guess")
	assert.Equal(t, http.StatusUnauthorized, wrong.Code)
	assert.Empty(t, wrong.Result().Cookies())
	assert.Contains(t, wrong.Body.String(), "This is not the operators' key.")
	assert.Contains(t, o.log.String(), "wrong operator key")
	assert.NotContains(t, o.log.String(), "guess")

	for name, headers := range map[string][]string{
		"nobody": nil, "a wrong key": {"Authorization", "Bearer guess"}, "no key": {"Authorization", "Bearer "}, "a made-up session": {"Cookie", "quittance_operator=AAAA"},
		"an empty session": {"Cookie", "quittance_operator="},
	} {
		answer := o.decode(headers...)
		assert.Equal(t, http.StatusUnauthorized, answer.Code, name)
		assert.NotContains(t, answer.Body.String(), "Favre", name)
	}
}

func TestNothingIsEncryptedOnDemand(t *testing.T) {
	t.Parallel()
	o := open(t)
	answer := o.send("POST", "/encode", o.sealed, "Authorization", "Bearer "+operatorKey)
	assert.Equal(t, http.StatusNotFound, answer.Code)
}

func TestOnlyTemporalWebMayAskFromABrowser(t *testing.T) {
	t.Parallel()
	o := open(t)
	ask := func(origin string) string {
		return o.send("OPTIONS", "/decode", "", "Origin", origin, "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", "content-type,x-namespace").Header().Get("Access-Control-Allow-Origin")
	}
	assert.Equal(t, temporalWeb, ask(temporalWeb))
	assert.Empty(t, ask("https://evil.example.com"))
	crossSite := o.send("POST", "/", "key="+operatorKey, "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "cross-site")
	assert.Equal(t, http.StatusForbidden, crossSite.Code)
}

func TestKeysCannotBeGuessedByTheThousand(t *testing.T) {
	t.Parallel()
	o := open(t)
	last := 0
	for range 12 {
		last = o.signIn("guess").Code
	}
	assert.Equal(t, http.StatusTooManyRequests, last)
}

func TestWhatIsNoPageOfPayloadsIsRefused(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, body := range []string{"", "{", `{"payloads":1}`, strings.Repeat("x", 1<<10)} {
		answer := o.send("POST", "/decode", body, "Authorization", "Bearer "+operatorKey)
		assert.Equal(t, http.StatusBadRequest, answer.Code, body)
	}
}

// FuzzStrangersReadNothing sends anything as body, cookie and key: without a session nothing is decoded, and with one nothing breaks.
func FuzzStrangersReadNothing(f *testing.F) {
	o := open(f)
	signed := o.signIn(operatorKey).Result()
	require.NoError(f, signed.Body.Close())
	session := signed.Cookies()[0].String()
	for _, body := range []string{o.sealed, "{}", "[]", `{"payloads":[{}]}`, `{"payloads":[null]}`, `{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA=="},"data":"AA=="}]}`, "\x00"} {
		f.Add(body, "quittance_operator=x", "Bearer x", "application/json")
	}
	f.Add("key="+operatorKey+"x", session[:len(session)/2], "Bearer "+operatorKey+" ", "application/x-www-form-urlencoded")
	f.Fuzz(func(t *testing.T, body, cookie, authorization, contentType string) {
		o := *o
		o.TB = t
		if strings.Contains(authorization, operatorKey) || strings.Contains(body, operatorKey) {
			return // it may guess the key of this test
		}
		stranger := o.send("POST", "/decode", body, "Cookie", cookie, "Authorization", authorization, "Content-Type", contentType, "Origin", temporalWeb)
		require.Equal(t, http.StatusUnauthorized, stranger.Code)
		require.NotContains(t, stranger.Body.String(), "Marie Favre")
		require.Less(t, o.send("POST", "/decode", body, "Cookie", session, "Content-Type", contentType, "Origin", temporalWeb).Code, 500)
		form := o.send("POST", "/", body, "Content-Type", contentType, "Sec-Fetch-Site", "same-origin")
		require.Less(t, form.Code, 500)
		require.Empty(t, form.Header().Get("Set-Cookie"))
	})
}
