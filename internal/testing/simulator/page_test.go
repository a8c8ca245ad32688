package simulator_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

// submit presses a button of the payment page with the fields filled in, and follows no redirect.
func (w *world) submit(p saferpay.PaymentPage, button string, fields map[string]string) (status int, location, body string) {
	w.t.Helper()
	form := url.Values{"do": {button}}
	for name, value := range fields {
		form.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm(p.RedirectURL, form)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, resp.Header.Get("Location"), string(data)
}

func (w *world) show(p saferpay.PaymentPage) (int, string) {
	w.t.Helper()
	resp, err := http.Get(p.RedirectURL)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, string(data)
}

func card(number string) map[string]string {
	return map[string]string{"method": "card", "number": number, "expiry": "12/" + time.Now().AddDate(1, 0, 0).Format("06"), "cvc": "123", "holder": "Max Mustermann"}
}

func TestAPayerPaysByCardAndIsSentBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	status, body := w.show(p)
	assert.Equal(t, 200, status)
	for _, part := range []string{"CHF 108.00", "Invoice 2026-0001", `id="card-number"`, `id="card-expiry"`, `id="card-cvc"`, `id="card-holder"`, `id="method-twint"`, `id="pay"`, `id="abort"`} {
		assert.Contains(t, body, part)
	}
	assert.Equal(t, 1, strings.Count(body, "method-twint"), "browser tests search for ids as text, so styles must not name them")
	status, location, _ := w.submit(p, "pay", card("9010 0031 5000 0001"))
	assert.Equal(t, http.StatusSeeOther, status)
	assert.Equal(t, w.merchant.URL+"/return", location)
	paid, err := w.assertPage(p)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusAuthorized, paid.Transaction.Status)

	status, body = w.show(p)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, body, "This payment is finished")
	status, _, _ = w.submit(p, "pay", card(goodCard))
	assert.Equal(t, http.StatusConflict, status)
	assert.Len(t, w.transactions(), 1)
}

func TestAPayerPaysByTwintOrAborts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	w.submit(p, "pay", map[string]string{"method": "twint", "number": "", "holder": ""})
	paid, err := w.assertPage(p)
	require.NoError(t, err)
	assert.Equal(t, "TWINT", paid.Method)

	p = w.open(w.request("108.00"))
	status, location, _ := w.submit(p, "abort", nil)
	assert.Equal(t, http.StatusSeeOther, status)
	assert.Equal(t, w.merchant.URL+"/return", location)
	_, err = w.assertPage(p)
	assert.NotEmpty(t, requireRefusal(t, err, saferpay.NameTransactionAborted).PayerMessage)
}

func TestAChallengeIsConfirmedOrDeclinedOnAPageOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	status, _, body := w.submit(p, "pay", card(challengeCard))
	assert.Equal(t, 200, status)
	assert.Contains(t, body, `id="challenge-confirm"`)
	_, err := w.assertPage(p)
	requireRefusal(t, err, saferpay.NameTransactionNotStarted)
	w.submit(p, "confirm", map[string]string{"number": challengeCard})
	paid, err := w.assertPage(p)
	require.NoError(t, err)
	assert.True(t, paid.LiabilityShift)

	p = w.open(w.request("108.00"))
	w.submit(p, "decline", map[string]string{"number": challengeCard})
	_, err = w.assertPage(p)
	requireRefusal(t, err, saferpay.Name3DSAuthenticationFailed)
}

func TestARealCardIsNeitherAcceptedNorShownAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	for _, button := range []string{"pay", "confirm", ""} {
		status, _, body := w.submit(p, button, card("4111111111111111"))
		assert.Equal(t, http.StatusUnprocessableEntity, status)
		assert.Contains(t, body, "Only test cards")
		assert.NotContains(t, body, "4111")
	}
	for field, wrong := range map[string]string{"expiry": "01/20", "cvc": "12", "holder": " ", "number": ""} {
		entry := card(goodCard)
		entry[field] = wrong
		status, _, _ := w.submit(p, "pay", entry)
		assert.Equal(t, http.StatusUnprocessableEntity, status, field)
	}
	assert.Empty(t, w.transactions())
}

func TestThePageOffersWhatWasAskedForInThePayersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	for language, word := range map[string]string{"de": "Bezahlen", "fr": "Payer", "it": "Paga", "en": "Pay", "de-CH": "Bezahlen", "rm": "Pay"} {
		request := w.request("108.00")
		request.Language, request.Description = language, "<script>alert(1)</script>"
		_, body := w.show(w.open(request))
		assert.Contains(t, body, word+" CHF 108.00")
		assert.NotContains(t, body, "<script>")
	}
	request := w.request("108.00")
	request.PaymentMethods = []string{"MASTERCARD"}
	p := w.open(request)
	_, body := w.show(p)
	assert.NotContains(t, body, `id="method-twint"`)
	assert.NotContains(t, body, goodCard)
	status, _, body := w.submit(p, "pay", card(goodCard))
	assert.Equal(t, http.StatusUnprocessableEntity, status)
	assert.Contains(t, body, "not offered")
	request.PaymentMethods = []string{"TWINT"}
	_, body = w.show(w.open(request))
	assert.NotContains(t, body, `id="card-number"`)
}

func TestTheOverviewShowsAccountsTransactionsAndFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	id := w.authorized()
	w.arm(map[string]any{"operation": "Transaction/Capture", "kind": "html_502"})
	status, body := w.raw("GET", "/", "")
	assert.Equal(t, 200, status)
	for _, part := range []string{"API_123123_00000001", "verification is under way", id, "CHF 108.00", "html_502"} {
		assert.Contains(t, string(body), part)
	}
	assert.NotContains(t, string(body), demo.Password)
	status, _ = w.raw("GET", "/healthz", "")
	assert.Equal(t, 200, status)
}

// press submits a form of the start page and returns where it leads, or the page with what is wrong.
func (w *world) press(button string, fields url.Values) (status int, body string) {
	w.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm(w.url+"/do/"+button, fields)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, string(data)
}

func TestThePageAtTheStartSteersWithoutJavaScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	start := func() string {
		_, body := w.raw("GET", "/", "")
		return string(body)
	}
	pressed := func(button string, fields url.Values) {
		t.Helper()
		status, body := w.press(button, fields)
		require.Equal(t, http.StatusSeeOther, status, body)
	}
	assert.Contains(t, start(), `href="/vt2/api/PaymentPage/123123/12345678/`+p.Token, "a person can pay from here")
	assert.NotContains(t, start(), "<script")

	pressed("arm", url.Values{"operation": {"Transaction/Capture"}, "kind": {"error"}, "error": {"RETRY_LATER"}, "times": {"2"}, "delay_ms": {""}})
	pressed("arm", url.Values{"operation": {"rest/license"}, "kind": {"html_502"}, "error": {"RETRY_LATER"}, "times": {"1"}})
	assert.Contains(t, start(), "error RETRY_LATER")
	_, err := w.Capture(t.Context(), demo, call, "x")
	requireRefusal(t, err, saferpay.NameRetryLater)
	pressed("disarm", url.Values{"fault": {"0"}})
	_, err = w.Capture(t.Context(), demo, call, "x")
	requireRefusal(t, err, saferpay.NameTransactionNotFound)
	pressed("disarm", url.Values{"fault": {"all"}})
	_, err = w.License(t.Context(), demo, "r")
	require.NoError(t, err)

	pressed("notifications", url.Values{"mode": {"none"}, "delay_ms": {""}})
	assert.Contains(t, start(), `<span class="badge">none</span>`)
	pressed("verify", url.Values{"customer_id": {"321321"}, "terminal_id": {"87654321"}})
	terminal, err := w.Terminal(t.Context(), unverified, "r")
	require.NoError(t, err)
	assert.Len(t, terminal.PaymentMethods, 3)
	pressed("orphan", url.Values{"terminal": {"123123/12345678"}, "amount": {"10.00"}, "currency": {"CHF"}, "order_id": {"LOST1"}})
	pressed("settings", url.Values{"inquire_lag_ms": {"60000"}, "page_life_ms": {"3600000"}, "early_assert_in_wrong_state": {"yes"}})
	assert.Contains(t, start(), `<option value="yes" selected>`)
	_, err = w.Inquire(t.Context(), demo, call, saferpay.InquireBy{OrderID: "LOST1"})
	requireRefusal(t, err, saferpay.NameTransactionNotFound)
	pressed("age", url.Values{"hours": {"24"}})
	_, err = w.Inquire(t.Context(), demo, call, saferpay.InquireBy{OrderID: "LOST1"})
	require.NoError(t, err)
	_, err = w.assertPage(p)
	requireRefusal(t, err, saferpay.NameTokenExpired)
	assert.Contains(t, start(), "Transaction/Inquire")
	pressed("reset", nil)
	assert.Empty(t, w.transactions())

	for button, fields := range map[string]url.Values{
		"arm": {"operation": {"Transaction/Capture"}, "kind": {"hang"}, "times": {"0"}}, "notifications": {"mode": {"sometimes"}},
		"age": {"hours": {"-1"}}, "settings": {"inquire_lag_ms": {"60000"}, "page_life_ms": {"1"}}, "orphan": {"terminal": {"x"}, "amount": {"1"}, "currency": {"CHF"}}, "verify": {},
	} {
		status, body := w.press(button, fields)
		assert.Equal(t, http.StatusUnprocessableEntity, status, button)
		assert.Contains(t, body, `role="alert"`)
	}
}

func TestOtherSitesCannotPressButtons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	w.authorized()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/do/reset", nil)
	require.NoError(t, err)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
	assert.Len(t, w.transactions(), 1)
}

func TestThePageSpeaksTheBrowsersLanguageUnlessTheMerchantChooses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	for chosen, word := range map[string]string{"": "Payer CHF", "it": "Paga CHF"} {
		request := w.request("1.00")
		request.Language = chosen
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.open(request).RedirectURL, nil)
		require.NoError(t, err)
		req.Header.Set("Accept-Language", "rm, fr-CH;q=0.9, de;q=0.5")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Contains(t, string(body), word)
		assert.Regexp(t, `id="code">[0-9]{5}<`, string(body), "the TWINT code")
	}
}
