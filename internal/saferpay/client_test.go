package saferpay_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
)

var (
	demo = saferpay.Credentials{CustomerID: "123123", TerminalID: "12345678", Username: "API_123123_00000001", Password: "Demo-Password-1"}
	call = saferpay.Call{RequestID: "33e8af17-35c1-4165-a343-c1c86a320f3b"}
)

func refuse(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refuseNamed(status int, name string) http.HandlerFunc {
	return refuse(status, "application/json; charset=utf-8",
		`{"ResponseHeader":{"SpecVersion":"1.53","RequestId":"r"},"Behavior":"DO_NOT_RETRY","ErrorName":"`+name+`","ErrorMessage":"No"}`)
}

func TestThePageExpiresByOurClockHoweverFarSaferpaysIsOff(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-3 * time.Hour, -10 * time.Second, 0, 10 * time.Second, 3 * time.Hour} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			theirs := time.Now().Add(off)
			w.Header().Set("Date", theirs.UTC().Format(http.TimeFormat))
			refuse(200, "application/json", fmt.Sprintf(`{"ResponseHeader":{"RequestId":"r"},"Token":"t","RedirectUrl":"https://pay/t","Expiration":%q}`,
				theirs.Add(time.Hour).Format(time.RFC3339Nano)))(w, r)
		}))
		page, err := saferpay.NewClient(server.URL).InitializePaymentPage(t.Context(), demo, call, saferpay.PaymentPageRequest{Amount: money.MustParse("1.00", money.CHF), OrderID: "o"})
		server.Close()
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now().Add(time.Hour), page.Expiration, time.Minute, "%s", off)
	}
}

func TestTheOutcomeOfAFailedCaptureIsNeverGuessed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		name    string
		outcome saferpay.Outcome
	}{
		"declined":                       {refuseNamed(402, "TRANSACTION_DECLINED"), "TRANSACTION_DECLINED", saferpay.NotDone},
		"invalid request":                {refuseNamed(400, "VALIDATION_FAILED"), "VALIDATION_FAILED", saferpay.NotDone},
		"wrong password":                 {refuseNamed(401, "AUTHENTICATION_FAILED"), "AUTHENTICATION_FAILED", saferpay.NotDone},
		"a 401 without a message":        {refuse(401, "text/html", "<h1>no</h1>"), "AUTHENTICATION_FAILED", saferpay.NotDone},
		"captured before":                {refuseNamed(402, "TRANSACTION_ALREADY_CAPTURED"), "TRANSACTION_ALREADY_CAPTURED", saferpay.Done},
		"no answer from the acquirer":    {refuseNamed(402, "COMMUNICATION_TIMEOUT"), "COMMUNICATION_TIMEOUT", saferpay.Unknown},
		"acquirer in trouble":            {refuseNamed(402, "UNEXPECTED_ERROR_BY_ACQUIRER"), "UNEXPECTED_ERROR_BY_ACQUIRER", saferpay.Unknown},
		"Saferpay in trouble":            {refuseNamed(500, "INTERNAL_ERROR"), "INTERNAL_ERROR", saferpay.Unknown},
		"an error name of the future":    {refuseNamed(402, "SOMETHING_NEW"), "SOMETHING_NEW", saferpay.NotDone},
		"a server error of the future":   {refuseNamed(503, "SOMETHING_NEW"), "SOMETHING_NEW", saferpay.Unknown},
		"500 as HTML":                    {refuse(500, "text/html", "<h1>oops</h1>"), "", saferpay.Unknown},
		"403 of a firewall":              {refuse(403, "text/html", "<h1>blocked</h1>"), "", saferpay.Unknown},
		"500 with JSON of somebody else": {refuse(500, "application/json", `{"message":"upstream"}`), "", saferpay.Unknown},
		"200 as HTML":                    {refuse(200, "text/html", "<h1>welcome</h1>"), "", saferpay.Unknown},
		"200 with half of the JSON":      {refuse(200, "application/json", `{"CaptureId":"abc","Sta`), "", saferpay.Unknown},
		"200 with an empty object":       {refuse(200, "application/json", `{}`), "", saferpay.Unknown},
		"200 with a wrong type":          {refuse(200, "application/json", `{"CaptureId":5,"Status":"CAPTURED","Date":"2026-01-30T12:45:22Z"}`), "", saferpay.Unknown},
		"200 with a list":                {refuse(200, "application/json", `["CAPTURED"]`), "", saferpay.Unknown},
		"200 with a date of nobody":      {refuse(200, "application/json", `{"Status":"CAPTURED","Date":"yesterday"}`), "", saferpay.Unknown},
		"an error name of a wrong type":  {refuse(402, "application/json", `{"Behavior":"RETRY","ErrorName":5}`), "", saferpay.Unknown},
		"half of an error":               {refuse(402, "application/json", `{"Behavior":"RETRY","ErrorName":"TRANSACT`), "", saferpay.Unknown},
		"200 with an unknown status":     {refuse(200, "application/json", `{"Status":"MAYBE"}`), "", saferpay.Unknown},
		"a body that breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"Status":"CAPTURED"}`)
		}, "", saferpay.Unknown},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "", saferpay.Unknown},
		"a reset": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "", saferpay.Unknown},
		"no answer in time": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, "", saferpay.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.answer)
			defer server.Close()
			_, err := saferpay.NewClient(server.URL+"/api", saferpay.WithTimeout(300*time.Millisecond)).Capture(t.Context(), demo, call, "abc")
			var refusal *saferpay.Error
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, c.outcome, refusal.Outcome, "%s", err)
			assert.Equal(t, c.name, refusal.Name)
			assert.Equal(t, saferpay.OperationCapture, refusal.Operation)
		})
	}
}

func TestARequestThatWasNeverSentIsNotDone(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refusing := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)

	for name, url := range map[string]string{"connection refused": refusing, "untrusted certificate": untrusted.URL, "no such host": "http://saferpay.invalid:1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := saferpay.NewClient(url+"/api").Capture(t.Context(), demo, call, "abc")
			var refusal *saferpay.Error
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, saferpay.NotDone, refusal.Outcome, "%s", err)
			assert.Error(t, refusal.Unwrap())
		})
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = saferpay.NewClient(untrusted.URL+"/api").Capture(ctx, demo, call, "abc")
	require.ErrorIs(t, err, context.Canceled)
}

type brokenTransport struct{}

func (brokenTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, io.ErrUnexpectedEOF
}

func TestATransportThatDoesNotTellWhatItSentLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	client := saferpay.NewClient("http://saferpay.invalid/api", saferpay.WithTransport(brokenTransport{}))
	_, err := client.Capture(t.Context(), demo, call, "abc")
	var refusal *saferpay.Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, saferpay.Unknown, refusal.Outcome)
}

func TestACaptureBeforeACancelIsNoSuccessOfTheCancel(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(refuseNamed(402, "TRANSACTION_ALREADY_CAPTURED"))
	defer server.Close()
	err := saferpay.NewClient(server.URL+"/api").Cancel(t.Context(), demo, call, "abc")
	var refusal *saferpay.Error
	require.ErrorAs(t, err, &refusal)
	assert.Equal(t, saferpay.NotDone, refusal.Outcome)
}

func TestACallIsSentExactlyOnceEvenWhenAReusedConnectionDies(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if calls.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		refuse(200, "application/json", `{"Status":"CAPTURED","CaptureId":"abc_c","Date":"2026-01-30T12:45:22.258+01:00"}`)(w, r)
	}))
	defer server.Close()
	client := saferpay.NewClient(server.URL + "/api")
	capture, err := client.Capture(t.Context(), demo, call, "abc")
	require.NoError(t, err)
	assert.Equal(t, "abc_c", capture.ID)
	_, err = client.Capture(t.Context(), demo, call, "abc")
	require.Error(t, err)
	assert.EqualValues(t, 2, calls.Load())
}

func TestTheRequestCarriesTheRetryAndTheHeadersOfTheSpecification(t *testing.T) {
	t.Parallel()
	type seen struct{ path, body, contentType, accept, user, version, requestID string }
	requests := make(chan seen, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, _, _ := r.BasicAuth()
		requests <- seen{
			r.URL.Path, string(body), r.Header.Get("Content-Type"), r.Header.Get("Accept"), user,
			r.Header.Get("Saferpay-ApiVersion"), r.Header.Get("Saferpay-RequestId"),
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	client := saferpay.NewClient(server.URL + "/api/")

	_, err := client.Capture(t.Context(), demo, saferpay.Call{RequestID: "r-1", RetryIndicator: 12}, "abc")
	require.Error(t, err)
	got := <-requests
	assert.Equal(t, "/api/Payment/v1/Transaction/Capture", got.path)
	assert.JSONEq(t, `{"RequestHeader":{"SpecVersion":"1.53","CustomerId":"123123","RequestId":"r-1","RetryIndicator":9},"TransactionReference":{"TransactionId":"abc"}}`, got.body)
	assert.Equal(t, "application/json; charset=utf-8", got.contentType)
	assert.Equal(t, "application/json", got.accept)
	assert.Equal(t, demo.Username, got.user)

	_, err = client.Terminal(t.Context(), saferpay.Credentials{CustomerID: "12/3", TerminalID: "4"}, "r-2")
	require.Error(t, err)
	got = <-requests
	assert.Equal(t, "/api/rest/customers/12/3/terminals/4", got.path, "escaped on the wire, so no other resource is reached")
	assert.Equal(t, "1.14", got.version)
	assert.Equal(t, "r-2", got.requestID)
}

func TestAnAmountInAnotherCurrencyOrUnitIsNotMisread(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`"1.50","CurrencyCode":"CHF"`, `"150","CurrencyCode":"JPY"`, `"-150","CurrencyCode":"CHF"`, `"0","CurrencyCode":"CHF"`, `"99999999999999999999","CurrencyCode":"CHF"`} {
		server := httptest.NewServer(refuse(200, "application/json", `{"Transaction":{"Id":"abc","Status":"AUTHORIZED","Amount":{"Value":`+value+`}}}`))
		_, err := saferpay.NewClient(server.URL+"/api").Inquire(t.Context(), demo, call, saferpay.InquireBy{TransactionID: "abc"})
		server.Close()
		var refusal *saferpay.Error
		require.ErrorAs(t, err, &refusal, value)
		assert.Equal(t, saferpay.Unknown, refusal.Outcome)
	}
}

func TestPasswordsAndTokensAppearInNoErrorOrLog(t *testing.T) {
	t.Parallel()
	const token = "234uhfh78234hlasdfh8234e1234"
	// A server that quotes everything it got, as a careless proxy would.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, password, _ := r.BasicAuth()
		quote := strings.ReplaceAll(string(body)+" "+password, `"`, `'`)
		refuse(400, "application/json", fmt.Sprintf(`{"ErrorName":"VALIDATION_FAILED","ErrorMessage":"%[1]s","ErrorDetail":["%[1]s"],"PayerMessage":"%[1]s"}`, quote))(w, r)
	}))
	defer server.Close()
	_, err := saferpay.NewClient(server.URL+"/api").AssertPaymentPage(t.Context(), demo, call, token)
	require.Error(t, err)

	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("Connected.", "credentials", demo, "error", err)
	for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), demo.String(), fmt.Sprintf("%v %+v %#v %s", demo, demo, demo, demo), fmt.Sprintf("%+v", &demo), log.String()} {
		assert.NotContains(t, text, demo.Password)
		assert.NotContains(t, text, token)
	}
	assert.Contains(t, log.String(), demo.Username)
}

func TestErrorsReadAsSentences(t *testing.T) {
	t.Parallel()
	refusal := saferpay.Error{Operation: saferpay.OperationCapture, Name: "TRANSACTION_DECLINED", Message: "Declined", ProcessorResult: "51", HTTPStatus: 402, Outcome: saferpay.NotDone}
	assert.Equal(t, "Saferpay Transaction/Capture answered TRANSACTION_DECLINED: Declined (processor result 51) [HTTP 402]", refusal.Error())
	refusal = saferpay.Error{Operation: saferpay.OperationCapture, Name: "COMMUNICATION_TIMEOUT"}
	assert.Equal(t, "Saferpay Transaction/Capture answered COMMUNICATION_TIMEOUT; whether it was carried out is not known", refusal.Error())
}

func TestEachCallIsTimedByWhatCameOfIt(t *testing.T) {
	t.Parallel()
	for came, answers := range map[string]http.HandlerFunc{
		"answered": refuse(200, "application/json", `{"Status":"CAPTURED","CaptureId":"abc_c","Date":"2026-01-30T12:45:22.258+01:00"}`),
		"refused":  refuseNamed(402, "TRANSACTION_DECLINED"),
		"failed":   refuse(502, "text/html", "<html>"),
		"silent":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		server := httptest.NewServer(answers)
		var timed [][]string
		client := saferpay.NewClient(server.URL+"/api", saferpay.WithTimings(func(_ time.Duration, labels ...string) { timed = append(timed, labels) }))
		_, _ = client.Capture(t.Context(), demo, call, "abc")
		assert.Equal(t, [][]string{{saferpay.OperationCapture, came}}, timed)
		server.Close()
	}
}
