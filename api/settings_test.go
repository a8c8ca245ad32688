package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/invoice"
)

func TestSettingsChangeOneByOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	settings := map[string]any{
		"receipt_account": "1029", "fee_account": "6940", "liability_shift": "require", "language": "fr", "payout_days": 2.0, "payment_tolerance": "0.00", "payout_ibans": []any{}, "return_origins": []any{}, "letterhead": map[string]any{}, "attach_pdf": false, "receipts_by_email": false, "reminders": []any{},
		"retention": map[string]any{"links_days": 365.0, "books_years": 10.0, "unpaid_days": 365.0, "logs_days": 90.0}, "warnings": []any{},
	}
	assert.Equal(t, settings, w.call("GET", "/settings", w.key, nil).json(http.StatusOK))

	for field, value := range map[string]string{"fee_account": "2000", "liability_shift": "prefer", "language": "it"} {
		settings[field] = value
		assert.Equal(t, settings, w.call("PATCH", "/settings", w.key, map[string]string{field: value}).json(http.StatusOK))
	}
	settings["receipts_by_email"] = true
	assert.Equal(t, settings, w.call("PATCH", "/settings", w.key, `{"receipts_by_email": true}`).json(http.StatusOK))
	assert.Equal(t, settings, w.call("PATCH", "/settings", w.key, `{}`).json(http.StatusOK))
	assert.Equal(t, settings, w.call("GET", "/settings", w.key, nil).json(http.StatusOK))
}

func TestContactAddressIsKeptChangedAndTakenAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.call("POST", "/companies", adminKey, map[string]string{"name": "Demo AG", "language": "de", "canton": "ZH", "contact_email": "buchhaltung@demo.example"})
	assert.Equal(t, "buchhaltung@demo.example", made.json(http.StatusCreated)["contact_email"])
	w.call("POST", "/companies", adminKey, map[string]string{"name": "Demo AG", "language": "de", "canton": "ZH", "contact_email": "buchhaltung"}).
		problem(http.StatusUnprocessableEntity, "validation-failed")

	changed := w.call("PATCH", "/settings", w.key, map[string]string{"contact_email": "compta@demo.example"}).json(http.StatusOK)
	assert.Equal(t, "compta@demo.example", changed["contact_email"])
	refused := w.call("PATCH", "/settings", w.key, map[string]string{"contact_email": "Compta <compta@demo.example>"})
	assert.Equal(t, []string{"contact_email"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
	assert.Equal(t, changed, w.call("GET", "/settings", w.key, nil).json(http.StatusOK))
	assert.NotContains(t, w.call("PATCH", "/settings", w.key, map[string]string{"contact_email": ""}).json(http.StatusOK), "contact_email")
}

func TestChangedReceiptAccountIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, change := range []struct {
		account  string
		warnings []any
	}{{"1029", []any{}}, {"1020", []any{"receipt-account-changed"}}, {"1020", []any{}}, {"1029", []any{"receipt-account-changed"}}} {
		changed := w.call("PATCH", "/settings", w.key, map[string]string{"receipt_account": change.account}).json(http.StatusOK)
		assert.Equal(t, change.account, changed["receipt_account"])
		assert.Equal(t, change.warnings, changed["warnings"])
	}
}

func TestBooksAreClosedAndOpenedAgainWithAWarning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.NotContains(t, w.call("GET", "/settings", w.key, nil).json(http.StatusOK), "books_closed_until")
	for _, change := range []struct {
		until    string
		warnings []any
	}{{"2026-09-30", []any{}}, {"2026-11-21", []any{}}, {"2026-10-31", []any{"books-reopened"}}, {"2026-10-31", []any{}}} {
		changed := w.call("PATCH", "/settings", w.key, map[string]string{"books_closed_until": change.until}).json(http.StatusOK)
		assert.Equal(t, change.until, changed["books_closed_until"])
		assert.Equal(t, change.warnings, changed["warnings"])
	}
	assert.Equal(t, "2026-10-31", w.call("PATCH", "/settings", w.key, `{"language":"de"}`).json(http.StatusOK)["books_closed_until"])
	assert.Equal(t, "2026-10-31", w.call("GET", "/settings", w.key, nil).json(http.StatusOK)["books_closed_until"])
}

func TestReceiptThatFallsIntoAClosedPeriodShowsWhenItReallyCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("PATCH", "/settings", w.key, `{"books_closed_until":"2026-11-21"}`).json(http.StatusOK)
	inv := w.newInvoice(invoice.Open)
	w.call("POST", "/invoices/"+inv.ID+"/receipts", w.key, newReceipt(`"date":"2026-11-20"`)).json(http.StatusCreated)
	entry := w.call("GET", "/journal?invoice_id="+inv.ID, w.key, nil).json(http.StatusOK)["data"].([]any)[0].(map[string]any)
	assert.Equal(t, "2026-11-22", entry["date"])
	assert.Equal(t, "2026-11-20", entry["value_date"])
	assert.Equal(t, w.keyID, entry["by"])
}

func TestSettingsThatCannotBeAreNotHalfChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.call("GET", "/settings", w.key, nil).json(http.StatusOK)
	refused := w.call("PATCH", "/settings", w.key, `{"language":"de","receipt_account":"1020","fee_account":"9999"}`)
	assert.Equal(t, []string{"fee_account"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
	assert.Equal(t, before, w.call("GET", "/settings", w.key, nil).json(http.StatusOK))
}

func TestReceiptsAreNotBookedOnTheAccountAgainstWhichTheyAreBooked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, account := range []string{"1100", "2030"} {
		refused := w.call("PATCH", "/settings", w.key, map[string]string{"receipt_account": account})
		assert.Equal(t, []string{"receipt_account"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
	}
	assert.Equal(t, "1029", w.call("GET", "/settings", w.key, nil).json(http.StatusOK)["receipt_account"])
}
