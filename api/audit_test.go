package api_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
)

// audited returns the company's audit log, newest first.
func (w *world) audited(query string) []map[string]any {
	w.Helper()
	var entries []map[string]any
	for _, entry := range w.call("GET", "/audit-log"+query, w.key, nil).json(http.StatusOK)["data"].([]any) {
		entries = append(entries, entry.(map[string]any))
	}
	return entries
}

func TestTheAuditLogSaysWhoChangedWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.call("POST", "/invoices", w.key, newInvoice(`"amount":"1.00"`))
	invoiceID := created.json(http.StatusCreated)["id"].(string)
	w.call("PATCH", "/invoices/"+invoiceID, w.key, `{"amount":"2.00"}`).json(http.StatusOK)
	w.call("POST", "/invoices/"+invoiceID+"/issue", w.key, nil).json(http.StatusOK)
	w.call("PATCH", "/invoices/"+invoiceID, w.key, `{"amount":"3.00"}`).problem(http.StatusConflict, "invoice-not-draft")
	w.call("PATCH", "/settings", w.key, `{"receipt_account":"1020"}`).json(http.StatusOK)

	log := w.audited("")
	require.Len(t, log, 5)
	for _, entry := range log {
		assert.Equal(t, w.keyID, entry["actor"])
		assert.Equal(t, "2026-11-22T11:00:00Z", entry["at"])
	}
	settings, refused, issued, changed, made := log[0], log[1], log[2], log[3], log[4]

	assert.Equal(t, "POST /invoices", made["action"])
	assert.Equal(t, invoiceID, made["subject"])
	assert.Equal(t, created.Header().Get("X-Request-Id"), made["request_id"])
	assert.Equal(t, map[string]any{"after": "1.00"}, made["changes"].(map[string]any)["amount"])

	assert.Equal(t, "PATCH /invoices/{invoice_id}", changed["action"])
	assert.Equal(t, map[string]any{
		"amount": map[string]any{"before": "1.00", "after": "2.00"}, "amount_due": map[string]any{"before": "1.00", "after": "2.00"},
	}, changed["changes"])

	assert.Equal(t, "POST /invoices/{invoice_id}/issue", issued["action"])
	assert.Equal(t, map[string]any{"before": "draft", "after": "open"}, issued["changes"].(map[string]any)["status"])

	assert.EqualValues(t, http.StatusConflict, refused["status"])
	assert.Equal(t, "invoice-not-draft", refused["problem"])
	assert.NotContains(t, refused, "changes")

	assert.Equal(t, map[string]any{"receipt_account": map[string]any{"before": "1029", "after": "1020"}}, settings["changes"])

	assert.Len(t, w.audited("?subject="+invoiceID), 4)
	assert.Len(t, w.audited("?actor="+w.keyID), 5)
	assert.Empty(t, w.audited("?actor=administrator"))
	assert.Empty(t, w.audited("?from=2026-11-22T11:00:01Z"))
	assert.Empty(t, w.audited("?to=2026-11-22T11:00:00Z"))
}

func TestTheAuditLogNotesTheAdministratorAndNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	company := w.call("POST", "/companies", adminKey, `{"name":"Third Sagl","language":"it","canton":"TI"}`).json(http.StatusCreated)
	made := w.call("POST", "/companies/"+company["id"].(string)+"/api-keys", adminKey, `{"scopes":["read","write"]}`).json(http.StatusCreated)
	third := w.during(t)
	third.key = made["key"].(string)
	log := third.audited("")
	require.Len(t, log, 2)
	assert.Equal(t, company["id"], log[1]["subject"])
	assert.Equal(t, "POST /companies/{company_id}/api-keys", log[0]["action"])
	assert.Equal(t, made["id"], log[0]["subject"])
	for _, entry := range log {
		assert.Equal(t, "administrator", entry["actor"])
	}
	assert.NotContains(t, log[0]["changes"], "key")

	service := w.newService(merchant.AwaitingCredentials)
	w.call("PUT", "/payment-services/"+service.ID+"/credentials", w.key,
		`{"customer_id":"123123","terminal_id":"12345678","api_username":"API_123123_00000001","api_password":"Top-Secret-1"}`).json(http.StatusOK)
	answer := w.call("GET", "/audit-log", w.key, nil)
	assert.Contains(t, answer.Body.String(), "API_123123_00000001")
	assert.NotContains(t, answer.Body.String(), "Top-Secret-1")
}

func TestNothingIsDoneThatCannotBeNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	options := w.options()
	options.Store = brokenStore{w.store, func() error { return errors.New("disk full") }}
	w.handler = api.New(options)
	w.call("POST", "/invoices/"+inv.ID+"/cancel", w.key, nil).problem(http.StatusServiceUnavailable, "temporarily-unavailable")
	assert.Empty(t, w.commands.seen())
}

func TestAnInterruptedWriteStaysInTheAuditLogWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open)
	w.commands.meanwhile = func() { panic(http.ErrAbortHandler) }
	assert.Panics(t, func() { w.call("POST", "/invoices/"+inv.ID+"/cancel", w.key, nil) })
	log := w.audited("")
	require.Len(t, log, 1)
	assert.Equal(t, inv.ID, log[0]["subject"])
	assert.NotContains(t, log[0], "status")
}
