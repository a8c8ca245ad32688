package simulator_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

type object = map[string]any

func validHeader() object {
	return object{"SpecVersion": "1.53", "CustomerId": "123123", "RequestId": "r-1", "RetryIndicator": 0}
}

func validInitialize() object {
	return object{
		"RequestHeader": validHeader(), "TerminalId": "12345678",
		"Payment":        object{"Amount": object{"Value": "10800", "CurrencyCode": "CHF"}, "OrderId": "INV1", "Description": "Invoice"},
		"PaymentMethods": []any{"VISA", "TWINT"}, "ReturnUrl": object{"Url": "https://merchant.example/return"},
		"Notification": object{"SuccessNotifyUrl": "https://merchant.example/ok"}, "Payer": object{"LanguageCode": "de-CH"},
	}
}

// with returns a copy of the request in which the field at the path has another value; nil removes it. The number of an
// element leads into a list.
func with(request object, path []string, value any) object {
	changed := maps.Clone(request)
	inner, isObject := request[path[0]].(object)
	switch {
	case len(path) == 1 && value == nil:
		delete(changed, path[0])
	case len(path) == 1:
		changed[path[0]] = value
	case isObject:
		changed[path[0]] = with(inner, path[1:], value)
	default:
		first := request[path[0]].([]any)[0].(object)
		changed[path[0]] = []any{with(first, path[2:], value)}
	}
	return changed
}

func TestAmountsAreWholeMinorUnitsAndAddressesAbsolute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	valid := validInitialize()
	for path, values := range map[string][]any{
		"Payment.Amount.Value":          {"0", "-1", "1.00", "1,00", "", "007", "1e3", " 1", "9999999999999", 100},
		"Payment.Amount.CurrencyCode":   {"chf", "CH", "CHFR", ""},
		"ReturnUrl.Url":                 {"", "/return", "ftp://merchant.example/", "javascript:alert(1)", "https://merchant.example/" + strings.Repeat("x", 2000)},
		"Notification.SuccessNotifyUrl": {"merchant.example/ok", "https://"},
		"RequestHeader.RetryIndicator":  {-1, 10, 1.5},
		"PaymentMethods":                {[]any{"VISA", "CASH"}, []any{1}},
		"Paymnt":                        {1},
	} {
		for _, value := range values {
			body, err := json.Marshal(with(valid, strings.Split(path, "."), value))
			require.NoError(t, err)
			status, name, detail := w.api(saferpay.OperationInitialize, string(body), nil)
			assert.Equal(t, 400, status, "%s = %v", path, value)
			assert.Equal(t, saferpay.NameValidationFailed, name)
			assert.Contains(t, detail, path)
		}
	}
}

func TestACaptureOfMoreThanWasAuthorizedIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	id := w.authorized()
	for body, want := range map[string]string{
		`{"Value":"10801","CurrencyCode":"CHF"}`: saferpay.NameAmountInvalid,
		`{"Value":"10800","CurrencyCode":"EUR"}`: saferpay.NameCurrencyInvalid,
	} {
		_, name, _ := w.api(saferpay.OperationCapture, `{"RequestHeader":{"SpecVersion":"1.53","CustomerId":"123123","RequestId":"r","RetryIndicator":0},"TransactionReference":{"TransactionId":"`+id+`"},"Amount":`+body+`}`, nil)
		assert.Equal(t, want, name)
	}
	assert.EqualValues(t, 0, w.transactions()[0]["captures"])
}

func TestWrongEnvelopesAreTurnedAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	valid, err := json.Marshal(validInitialize())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		status int
		body   string
		change func(*http.Request)
	}{
		"form content":    {415, string(valid), func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }},
		"no content type": {415, string(valid), func(r *http.Request) { r.Header.Del("Content-Type") }},
		"HTML wanted":     {406, string(valid), func(r *http.Request) { r.Header.Set("Accept", "text/html") }},
		"nothing wanted":  {406, string(valid), func(r *http.Request) { r.Header.Del("Accept") }},
		"no user":         {401, string(valid), func(r *http.Request) { r.Header.Del("Authorization") }},
		"wrong password":  {401, string(valid), func(r *http.Request) { r.SetBasicAuth(demo.Username, "wrong") }},
		"broken JSON":     {400, string(valid[:len(valid)-1]), nil},
		"two objects":     {400, string(valid) + "{}", nil},
		"a list":          {400, "[]", nil},
		"nothing":         {400, "", nil},
		"far too much":    {413, strings.Repeat(" ", 2<<20), nil},
		"fine":            {200, string(valid), nil},
	} {
		status, _, _ := w.api(saferpay.OperationInitialize, c.body, c.change)
		assert.Equal(t, c.status, status, name)
	}
	status, _ := w.raw("POST", "/api/Payment/v1/Transaction/Nonsense", "{}")
	assert.Equal(t, 404, status)
}

func TestManagementCallsNeedTheirHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	for _, headers := range []map[string]string{
		{"Saferpay-RequestId": "r"}, {"Saferpay-ApiVersion": "1.14"}, {"Saferpay-RequestId": "r", "Saferpay-ApiVersion": "2.0"}, {"Saferpay-RequestId": "a b", "Saferpay-ApiVersion": "1.14"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/api/rest/customers/123123/license", nil)
		require.NoError(t, err)
		req.SetBasicAuth(demo.Username, demo.Password)
		req.Header.Set("Accept", "application/json")
		for name, value := range headers {
			req.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, 400, resp.StatusCode, "%v", headers)
	}
}
