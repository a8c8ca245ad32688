package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
)

func TestACompanyImportsOneFileAtATimeAndLeavesTheOthersTheirTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	options := w.options()
	options.SharePatience = 20 * time.Millisecond
	w.handler = api.New(options)
	_, otherKey := w.newCompany("Andere AG", "de")
	importBy := func(key string, body io.Reader) answer {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/settlements", body)
		r.Header.Set("Content-Type", "text/csv")
		r.Header.Set("Authorization", "Bearer "+key)
		return w.send(r)
	}
	file := csvHeader + "WL-1,2026-11-20,payment,UNKNOWN1,CHF,108.00,2.30,105.70\n"
	body, upload := io.Pipe()
	first := make(chan answer, 1)
	go func() { first <- importBy(w.key, body) }()
	_, err := io.WriteString(upload, csvHeader) // from now on it is being read
	require.NoError(t, err)
	refused := w.importFile("text/csv", file)
	refused.problem(http.StatusTooManyRequests, "too-many-requests")
	assert.Equal(t, "5", refused.Header().Get("Retry-After"))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/settlements", http.NoBody)
	r.Header.Set("Content-Type", "text/csv")
	r.Header.Set("Authorization", "Bearer "+otherKey)
	assert.NotEqual(t, http.StatusTooManyRequests, w.send(r).Code, "another company has its own share")
	_, err = io.WriteString(upload, file[len(csvHeader):])
	require.NoError(t, err)
	require.NoError(t, upload.Close())
	imported := <-first
	imported.json(http.StatusCreated)
	w.importFile("text/csv", file).json(http.StatusOK)
}

func TestMailsThatACompanyAsksForAreLimitedByTheHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	options := w.options()
	options.MailsAnHour = 2
	w.handler = api.New(options)
	open := w.newInvoice(invoice.Open)
	send := func() answer {
		return w.call("POST", "/invoices/"+open.ID+"/send", w.key, object{"email": "anna@example.ch"})
	}
	send().json(http.StatusAccepted)
	send().json(http.StatusAccepted)
	refused := send()
	refused.problem(http.StatusTooManyRequests, "too-many-requests")
	assert.Contains(t, refused.Body.String(), "2 mails an hour")
	wait, err := strconv.Atoi(refused.Header().Get("Retry-After"))
	require.NoError(t, err)
	assert.LessOrEqual(t, wait, 3600)
	w.call("GET", "/invoices/"+open.ID, w.key, nil).json(http.StatusOK)
}

func TestACompanyHasOnlySoManyPaymentServicesAndKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range merchant.MaxServices {
		w.newService(merchant.AwaitingCredentials)
	}
	refused := w.call("POST", "/payment-services", w.key, object{"provider": "worldline_saferpay", "environment": "test"})
	refused.problem(http.StatusConflict, "limit-reached")

	keys := "/companies/" + w.company.ID + "/api-keys"
	before := len(w.call("GET", keys, adminKey, nil).json(http.StatusOK)["data"].([]any))
	for range merchant.MaxAPIKeys - before {
		w.newKey(w.company.ID, merchant.ScopeRead)
	}
	w.call("POST", keys, adminKey, object{"scopes": []string{"read"}}).problem(http.StatusConflict, "limit-reached")
}

func TestACompanyHasSoManyCallsAtOnceAndTheOthersTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	options := w.options()
	options.SharePatience = 20 * time.Millisecond
	w.handler = api.New(options)
	_, otherKey := w.newCompany("Andere AG", "de")
	var bodies []*io.PipeWriter
	answers := make(chan answer, 8)
	for range cap(answers) {
		body, write := io.Pipe()
		bodies = append(bodies, write)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/invoices", body)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+w.key)
		go func() { answers <- w.send(r) }()
		_, err := io.WriteString(write, "{") // from now on it is being read
		require.NoError(t, err)
	}
	w.call("GET", "/invoices", w.key, nil).problem(http.StatusTooManyRequests, "too-many-requests")
	w.call("GET", "/invoices", otherKey, nil).json(http.StatusOK)
	for _, body := range bodies {
		require.NoError(t, body.Close())
		(<-answers).problem(http.StatusBadRequest, "malformed-request")
	}
	w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)
}

func TestCallsOfACompanyThatTakesMuchTimeWaitWhileOthersAreThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	options := w.options()
	options.SharePatience, options.CallsPart = 20*time.Millisecond, 1e-6
	w.handler = api.New(options)
	_, otherKey := w.newCompany("Andere AG", "de")
	refused := 0
	for end := time.Now().Add(time.Minute); refused == 0 && time.Now().Before(end); { // half a second ahead is what a company may be
		w.call("GET", "/invoices", otherKey, nil)
		if answer := w.call("GET", "/invoices?limit=200", w.key, nil); answer.Code == http.StatusTooManyRequests {
			answer.problem(http.StatusTooManyRequests, "too-many-requests")
			refused++
		}
	}
	assert.Equal(t, 1, refused)
	end := time.Now().Add(time.Minute)
	for w.call("GET", "/invoices", w.key, nil).Code == http.StatusTooManyRequests && time.Now().Before(end) { // nobody else is there any more
	}
	w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)
}
