package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

const ladder = `{"reminders": [{"days_after_due": 10, "subject": "Une facture", "text": "Please pay.", "texts": {"fr": "Merci de payer.", "de": "Bitte zahlen Sie."}}, {"days_after_due": 25}]}`

func TestRemindersAreSetChangedAndTakenAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	set := []any{
		map[string]any{"days_after_due": 10.0, "subject": "Une facture", "text": "Please pay.", "texts": map[string]any{"fr": "Merci de payer.", "de": "Bitte zahlen Sie."}},
		map[string]any{"days_after_due": 25.0},
	}
	assert.Equal(t, set, w.call("PATCH", "/settings", w.key, ladder).json(http.StatusOK)["reminders"])
	assert.Equal(t, set, w.call("PATCH", "/settings", w.key, `{"language": "de"}`).json(http.StatusOK)["reminders"], "nothing was said of them")
	assert.Equal(t, set, w.call("GET", "/settings", w.key, nil).json(http.StatusOK)["reminders"])
	assert.Empty(t, w.call("PATCH", "/settings", w.key, `{"reminders": []}`).json(http.StatusOK)["reminders"])
}

func TestRemindersThatCannotBeAreRefusedByField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, wrong := range map[string]string{
		"reminders":                  `[{"days_after_due":1},{"days_after_due":2},{"days_after_due":3},{"days_after_due":4},{"days_after_due":5},{"days_after_due":6}]`,
		"reminders.0.days_after_due": `[{"days_after_due":0}]`,
		"reminders.1.days_after_due": `[{"days_after_due":10},{"days_after_due":10}]`,
		"reminders.0.text":           `[{"days_after_due":10,"text":"` + strings.Repeat("x", 2001) + `"}]`,
		"reminders.0.texts.rm":       `[{"days_after_due":10,"texts":{"rm":"Allegra"}}]`,
		"reminders.0.texts.fr":       `[{"days_after_due":10,"texts":{"fr":" "}}]`,
	} {
		fields := w.call("PATCH", "/settings", w.key, `{"reminders":`+wrong+`}`).problem(http.StatusUnprocessableEntity, "validation-failed")
		assert.Equal(t, []string{field}, fields)
	}
	assert.Empty(t, w.call("GET", "/settings", w.key, nil).json(http.StatusOK)["reminders"])
}

// overdue stores an invoice that was due on 1 October, of a company that set its reminders on 22 November, a Sunday.
func overdue(t *testing.T, changes ...func(*invoice.Invoice)) (*world, invoice.Invoice) {
	t.Helper()
	w := newWorld(t)
	w.call("PATCH", "/settings", w.key, ladder).json(http.StatusOK)
	due := func(inv *invoice.Invoice) { inv.DueDate = day("2026-10-01") }
	return w, w.newInvoice(invoice.Open, append(changes, due, payableBy(w.newService(merchant.Active)))...)
}

func (w *world) nextReminder(inv invoice.Invoice) any {
	w.Helper()
	return w.call("GET", "/invoices/"+inv.ID, w.key, nil).json(http.StatusOK)["next_reminder"]
}

func TestInvoiceShowsWhenItsNextReminderGoesAndWhichWent(t *testing.T) {
	t.Parallel()
	w, inv := overdue(t)
	assert.Equal(t, map[string]any{"step": 1.0, "at": "2026-11-23T07:00:00Z"}, w.nextReminder(inv), "not on the day on which they were set")

	sent := inv.NewReminder(1, 10, time.Date(2026, 11, 23, 7, 3, 0, 0, time.UTC))
	require.True(t, sent.End("", sent.At))
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SaveReminder(t.Context(), inv.ID, sent) })
	shown := w.call("GET", "/invoices/"+inv.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{map[string]any{
		"step": 1.0, "at": "2026-11-23T07:03:00Z", "email": map[string]any{"state": "delivered", "to": "marie.favre@example.ch", "at": "2026-11-23T07:03:00Z"},
	}}, shown["reminders"])
	assert.Equal(t, map[string]any{"step": 2.0, "at": "2026-12-08T07:00:00Z"}, shown["next_reminder"], "15 days after the first")
	assert.Equal(t, shown["next_reminder"], w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(map[string]any)["next_reminder"])
	_, _, steps := w.timeline(inv.ID)
	assert.Equal(t, "marie.favre@example.ch.", step(t, steps, "invoice.reminder_delivered")["text"])

	w.call("PATCH", "/settings", w.key, `{"reminders": []}`).json(http.StatusOK)
	assert.Nil(t, w.nextReminder(inv))
	assert.Nil(t, w.nextReminder(w.newInvoice(invoice.Paid)))
}

func TestRemindersOfAnInvoiceAreStoppedAndGoOn(t *testing.T) {
	t.Parallel()
	w, inv := overdue(t)
	path := "/invoices/" + inv.ID
	stopped := w.call("PATCH", path, w.key, `{"reminders_stopped": true}`).json(http.StatusOK)
	assert.Equal(t, []any{true, map[string]any{"step": 1.0, "at": "2026-11-23T07:00:00Z", "held_by": "stopped"}}, []any{stopped["reminders_stopped"], stopped["next_reminder"]})
	w.call("PATCH", path, w.key, `{"due_date": "2026-10-02"}`).json(http.StatusOK)
	assert.Equal(t, true, w.call("GET", path, w.key, nil).json(http.StatusOK)["reminders_stopped"], "another change leaves them stopped")
	for _, role := range []string{"viewer", "bookkeeper"} {
		w.call("PATCH", path, w.inConsole(role), `{"reminders_stopped": false}`).problem(http.StatusForbidden, "forbidden")
	}
	goesOn := w.call("PATCH", path, w.inConsole("manager"), `{"reminders_stopped": false}`).json(http.StatusOK)
	assert.Equal(t, map[string]any{"step": 1.0, "at": "2026-11-23T07:00:00Z"}, goesOn["next_reminder"])

	paid := w.newInvoice(invoice.Paid)
	w.call("PATCH", "/invoices/"+paid.ID, w.key, `{"reminders_stopped": true}`).problem(http.StatusConflict, "invoice-not-draft")
}

func TestInvoiceSaysWhatHoldsItsReminders(t *testing.T) {
	t.Parallel()
	for held, change := range map[string]func(*invoice.Invoice){
		"no_email":            func(inv *invoice.Invoice) { inv.Customer.Email = "" },
		"payment_in_progress": func(*invoice.Invoice) {},
	} {
		w, inv := overdue(t, change)
		if held == "payment_in_progress" {
			w.newPayment(inv, payment.Redirected, payment.Unknown)
		}
		assert.Equal(t, held, w.nextReminder(inv).(map[string]any)["held_by"])
	}
	w, inv := overdue(t)
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		inv.Email = invoice.Email{ID: "eml_1", State: invoice.EmailFailed, To: inv.Customer.Email, At: noon, Reason: "550 no such mailbox."}
		return tx.SaveInvoice(t.Context(), inv)
	})
	assert.Equal(t, "undeliverable", w.nextReminder(inv).(map[string]any)["held_by"])
	w.call("PATCH", "/invoices/"+inv.ID, w.key, `{"customer": {"email": "compta@favre.example.ch"}}`).json(http.StatusOK)
	assert.NotContains(t, w.nextReminder(inv), "held_by", "the address was corrected")
}

func TestNobodyIsRemindedWhileAPersonDecidesWhetherTheBanksMoneyIsTheirs(t *testing.T) {
	t.Parallel()
	w := payee(t)
	w.call("PATCH", "/settings", w.key, ladder).json(http.StatusOK)
	inv := w.newInvoice(invoice.Open, func(inv *invoice.Invoice) { inv.DueDate = day("2026-10-01") })
	r := w.receive(bankFile(notice, bankIBAN, toldCredit{amount: "1234.50", reference: mistyped(w.reference(inv))}))[0]
	assert.Equal(t, "payment_in_progress", w.nextReminder(inv).(map[string]any)["held_by"])
	w.decides(r, "not_ours")
	assert.NotContains(t, w.nextReminder(inv), "held_by")
}
