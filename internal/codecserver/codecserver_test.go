package codecserver_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
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
	proxy       = "10.0.0.1"
)

type office struct {
	testing.TB
	handler http.Handler
	sealed  string // a page of payloads as Temporal Web sends it
	key     string // the operators'
	from    string // the address of the next requests' peer
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
	o := &office{TB: t, key: operatorKey, from: "198.51.100.7", sealed: string(sealed), now: time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)}
	o.handler = codecserver.New(codecserver.Options{
		Codec: temporalkit.Codec(keyring), Sealer: keyring, OperatorKey: func() string { return o.key }, TrustedProxies: []string{proxy + "/32"}, TemporalWebURL: temporalWeb,
		Logger: slog.New(slog.NewTextHandler(&o.log, nil)), Now: func() time.Time { return o.now },
	})
	return o
}

func (o *office) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(o.Context(), method, "https://codec.example.ch"+path, strings.NewReader(body))
	r.RemoteAddr = o.from + ":4711"
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

func TestHeadIsAnsweredWhereverGetIs(t *testing.T) {
	t.Parallel()
	o := open(t)
	for _, path := range []string{"/", "/healthz", "/readyz"} {
		assert.Equal(t, http.StatusOK, o.send("HEAD", path, "").Code, path)
	}
	assert.Equal(t, http.StatusMethodNotAllowed, o.send("HEAD", "/decode", "").Code)
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
	for way, guess := range map[string]func(*office) int{
		"by form":    func(o *office) int { return o.signIn("guess").Code },
		"by command": func(o *office) int { return o.decode("Authorization", "Bearer guess").Code },
	} {
		o := open(t)
		for range 10 {
			require.Equal(t, http.StatusUnauthorized, guess(o), way)
		}
		assert.Equal(t, http.StatusTooManyRequests, guess(o), way)
		assert.Equal(t, http.StatusTooManyRequests, o.signIn(operatorKey).Code, "%s: the right key is not told from a wrong one any more", way)
		assert.Equal(t, 10, strings.Count(o.log.String(), `msg="wrong operator key" address=198.51.100.7`), way)
	}
}

func TestWhoGuessesLocksNobodyElseOut(t *testing.T) {
	t.Parallel()
	o := open(t)
	through := func(client, key string) int {
		return o.send("POST", "/", url.Values{"key": {key}}.Encode(), "Content-Type", "application/x-www-form-urlencoded", "X-Forwarded-For", client).Code
	}
	for range 20 {
		o.signIn("guess")
	}
	o.from = "198.51.100.8"
	assert.Equal(t, http.StatusSeeOther, o.signIn(operatorKey).Code)

	o.from = proxy
	for range 20 {
		through("203.0.113.1", "guess")
	}
	assert.Equal(t, http.StatusTooManyRequests, through("203.0.113.1", operatorKey))
	assert.Equal(t, http.StatusSeeOther, through("203.0.113.2", operatorKey), "behind the same proxy")
	o.from = "203.0.113.1"
	assert.Equal(t, http.StatusTooManyRequests, through("203.0.113.9", operatorKey), "nobody but the proxy says who somebody is")
}

func TestRightKeysAreNotCounted(t *testing.T) {
	t.Parallel()
	o := open(t)
	for range 30 {
		require.Equal(t, http.StatusSeeOther, o.signIn(operatorKey).Code)
		require.Equal(t, http.StatusOK, o.decode("Authorization", "Bearer "+operatorKey).Code)
	}
}

func TestEverySessionEndsWhenTheOperatorsKeyChanges(t *testing.T) {
	t.Parallel()
	o := open(t)
	c := o.signIn(operatorKey).Result().Cookies()[0]
	session := c.Name + "=" + c.Value
	require.Equal(t, http.StatusOK, o.decode("Cookie", session).Code)
	o.key = "qk_operator_next"
	assert.Equal(t, http.StatusUnauthorized, o.decode("Cookie", session).Code)
	assert.Equal(t, http.StatusUnauthorized, o.decode("Authorization", "Bearer "+operatorKey).Code)
	assert.Equal(t, http.StatusSeeOther, o.signIn("qk_operator_next").Code)
}

func TestTheLogSaysWhoReadWhichWorkflow(t *testing.T) {
	t.Parallel()
	o := open(t)
	in := o.send("POST", "/", url.Values{"key": {operatorKey}, "name": {" Nadia Muster "}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	c := in.Result().Cookies()[0]
	signedIn := regexp.MustCompile(`msg="operator signed in" who="Nadia Muster" session=(\w{26}) address=198\.51\.100\.7`).FindStringSubmatch(o.log.String())
	require.NotNil(t, signedIn, o.log.String())

	o.decode("Cookie", c.Name+"="+c.Value, "X-Namespace", "quittance")
	assert.Regexp(t, `time=\S+ level=INFO msg="payloads decoded" who="Nadia Muster" session=`+signedIn[1]+` address=198\.51\.100\.7 namespace=quittance .*payloads=1`, o.log.String())

	var page commonpb.Payloads
	require.NoError(t, protojson.Unmarshal([]byte(o.sealed), &page))
	page.Payloads[0].Metadata["workflow-id"] = []byte("refund/ref_1\nlevel=ERROR")
	bound, err := protojson.Marshal(&page)
	require.NoError(t, err)
	o.send("POST", "/decode", string(bound), "Authorization", "Bearer "+operatorKey)
	assert.Regexp(t, `msg="payloads decoded" who=key .*sealed_for=.*workflow-id=refund/ref_1\\+nlevel`, o.log.String(), "one line, whatever stands in it")
	assert.NotContains(t, o.log.String(), "Marie Favre")

	before := o.log.String()
	o.decode("Authorization", "Bearer guess")
	assert.NotContains(t, o.log.String()[len(before):], "payloads decoded")
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
	tries := 0
	f.Fuzz(func(t *testing.T, body, cookie, authorization, contentType string) {
		o := *o
		o.TB = t
		tries++
		o.from = fmt.Sprintf("[2001:db8:%x:%x::1]", tries>>16, tries&0xffff) // from where nobody tried before
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
