package simulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/saferpay"
)

const fuzzedHeader = `{"RequestHeader":{"SpecVersion":"1.53","CustomerId":"123123","RequestId":"r","RetryIndicator":0}`

func FuzzARequestIsCheckedBeforeItIsUsed(f *testing.F) {
	f.Add([]byte(fuzzedHeader + `,"TerminalId":"12345678","Payment":{"Amount":{"Value":"100","CurrencyCode":"CHF"},"Description":"x"},"ReturnUrl":{"Url":"https://merchant.example/"}}`))
	f.Add([]byte(`{"RequestHeader":null}`))
	f.Add([]byte(`[`))
	f.Add([]byte(`{"TerminalId":"12345678","TerminalId":5}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var request initializeRequest
		if len(decodeRequest(body, initializeSchema, &request)) > 0 {
			return
		}
		require.True(t, json.Valid(body))
		require.Regexp(t, `^[1-9][0-9]{0,11}$`, request.Payment.Amount.Value)
		require.Regexp(t, `^[A-Z]{3}$`, request.Payment.Amount.CurrencyCode)
		require.Len(t, request.TerminalID, 8)
		require.NotEmpty(t, request.RequestHeader.RequestID)
		require.NotEmpty(t, request.Payment.Description)
		require.Regexp(t, `^https?://`, request.ReturnURL.URL)
	})
}

func FuzzEveryCallIsAnsweredWithinItsContract(f *testing.F) {
	sim := New(Options{PublicURL: "http://simulator"})
	f.Cleanup(func() { require.NoError(f, sim.Close()) })
	page := "/vt2/api/PaymentPage/123123/12345678/nothing"
	for path, body := range map[string]string{
		"/api/Payment/v1/PaymentPage/Initialize":    fuzzedHeader + `,"TerminalId":"12345678","Payment":{"Amount":{"Value":"100","CurrencyCode":"CHF"},"Description":"x"},"ReturnUrl":{"Url":"https://merchant.example/"}}`,
		"/api/Payment/v1/PaymentPage/Assert":        fuzzedHeader + `,"Token":"abc"}`,
		"/api/Payment/v1/Transaction/Capture":       fuzzedHeader + `,"TransactionReference":{"TransactionId":"abc"}}`,
		"/api/Payment/v1/Transaction/Cancel":        fuzzedHeader + `,"TransactionReference":{"OrderId":"abc"}}`,
		"/api/Payment/v1/Transaction/Inquire":       fuzzedHeader + `,"TransactionReference":{"OrderId":""}}`,
		"/api/Payment/v1/Transaction/Refund":        fuzzedHeader + `,"CaptureReference":{"CaptureId":"abc_c"},"Refund":{"Amount":{"Value":"1","CurrencyCode":"CHF"}}}`,
		"/api/Payment/v1/Transaction/AssertRefund":  fuzzedHeader + `,"TransactionReference":{"TransactionId":"abc"}}`,
		"/api/Payment/v1/Transaction/AssertCapture": fuzzedHeader + `,"CaptureReference":{"OrderId":"_c"}}`,
		"/api/Payment/v1/Batch/Close":               fuzzedHeader + `,"TerminalId":"12345678"}`,
		"/_sim/orphans":                             `{"customer_id":"123123","terminal_id":"12345678","amount":"1.00","currency":"CHF"}`,
		"/_sim/age":                                 `{"by":"1h"}`,
		page:                                        `do=pay&number=9010003150000001&expiry=12/30&cvc=123&holder=x`,
	} {
		f.Add(http.MethodPost, path, "", body)
	}
	f.Add(http.MethodGet, "/api/rest/customers/123123/transactions", "StartDate=2020-01-01&EndDate=2020-01-02&PageSize=1&PageNumber=99999999999", "")
	f.Add(http.MethodGet, "/api/rest/customers/123123/terminals/12345678", "", "")
	f.Add(http.MethodGet, "/", "", "")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Method, r.URL.Path, r.URL.RawQuery = method, path, query
		r.SetBasicAuth("API_123123_00000001", "Demo-Password-1")
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Saferpay-ApiVersion", managementVersions()[0])
		r.Header.Set("Saferpay-RequestId", "r")
		contentType := "application/json"
		if strings.HasPrefix(path, "/vt2/") {
			contentType = "application/x-www-form-urlencoded"
		}
		r.Header.Set("Content-Type", contentType)
		recorder := httptest.NewRecorder()
		sim.ServeHTTP(recorder, r)
		require.Less(t, recorder.Code, 500, "%s", recorder.Body)
		if strings.HasPrefix(recorder.Header().Get("Content-Type"), "application/json") {
			require.True(t, json.Valid(recorder.Body.Bytes()))
		}
		var refused struct{ ErrorName, Behavior string }
		if strings.HasPrefix(path, "/api/") && recorder.Code >= 400 && json.Unmarshal(recorder.Body.Bytes(), &refused) == nil {
			require.Contains(t, refusals, refused.ErrorName)
			require.Equal(t, refusals[refused.ErrorName].status, recorder.Code)
		}
		if recorder.Code == http.StatusOK && strings.HasSuffix(path, saferpay.OperationInitialize) {
			require.Contains(t, recorder.Body.String(), "RedirectUrl")
		}
	})
}
