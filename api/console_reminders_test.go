package api_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/postgres"
)

func TestAManagerSetsInTheConsoleWhenCustomersAreReminded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	manager := w.inPages("manager")
	assert.Contains(t, manager.visit("/console/settings").Body.String(), `name="reminders.4.days_after_due"`)

	typed := url.Values{
		"reminders.0.days_after_due": {"10"}, "reminders.0.subject": {"Our invoice"}, "reminders.0.texts.fr": {"Merci de payer.\r\n\r\nÀ bientôt."}, "reminders.0.text": {""},
		"reminders.1.days_after_due": {" "}, "reminders.2.days_after_due": {"25"}, "reminders.2.text": {"Please pay."},
	}
	require.Equal(t, http.StatusSeeOther, manager.visit("/console/settings/reminders", typed).Code)
	assert.Equal(t, []any{
		object{"days_after_due": 10.0, "subject": "Our invoice", "texts": object{"fr": "Merci de payer.\n\nÀ bientôt."}},
		object{"days_after_due": 25.0, "text": "Please pay."},
	}, w.call("GET", "/settings", w.key, nil).json(http.StatusOK)["reminders"])
	page := manager.visit("/console/settings").Body.String()
	for _, shown := range []string{`name="reminders.1.days_after_due" type="text" value="25"`, "Merci de payer.\n\nÀ bientôt.</textarea>", `value="Our invoice"`} {
		assert.Contains(t, page, shown)
	}

	typed.Set("reminders.3.days_after_due", "soon")
	refused := manager.visit("/console/settings/reminders", typed)
	assert.Equal(t, http.StatusUnprocessableEntity, refused.Code)
	assert.Contains(t, refused.Body.String(), "Give 1 to 365 days, at each reminder more than at the one before.")
	assert.Contains(t, refused.Body.String(), `value="soon"`)
	assert.Contains(t, refused.Body.String(), `id="receipt_account" name="receipt_account" type="text" value="1029"`, "the other forms keep what they show")

	require.Equal(t, http.StatusSeeOther, manager.visit("/console/settings/reminders", url.Values{"reminders.0.days_after_due": {""}}).Code)
	assert.Empty(t, w.call("GET", "/settings", w.key, nil).json(http.StatusOK)["reminders"], "what is emptied is gone")
}

func TestTheInvoicesPageSaysWhenTheCustomerIsRemindedAndStopsThat(t *testing.T) {
	t.Parallel()
	w, inv := overdue(t)
	path := "/console/invoices/" + inv.ID
	manager, viewer := w.inPages("manager"), w.inPages("viewer")
	for _, p := range []pages{manager, viewer} {
		assert.Contains(t, p.text(path), "Reminder 1 goes on 23.11.2026 08:00.")
	}
	assert.NotContains(t, viewer.text(path), "Stop the reminders")
	assert.Contains(t, manager.text(path), "Stop the reminders")
	require.Equal(t, http.StatusSeeOther, manager.visit(path+"/reminders", url.Values{"reminders_stopped": {"true"}}).Code)
	assert.Contains(t, manager.text(path), "The reminders are stopped. Remind again")
	require.Equal(t, http.StatusSeeOther, manager.visit(path+"/reminders", url.Values{"reminders_stopped": {"false"}}).Code)

	failed := inv.NewReminder(1, 10, time.Date(2026, 11, 23, 7, 3, 0, 0, time.UTC))
	require.True(t, failed.End("552 mailbox full.", failed.At))
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SaveReminder(t.Context(), inv.ID, failed) })
	said := manager.text(path)
	assert.Contains(t, said, "Reminder 1: Email failed marie.favre@example.ch, 23.11.2026 08:03. 552 mailbox full. Reminder 2 goes on 08.12.2026 08:00.")
	assert.Contains(t, said, "Reminder failed", "the timeline says it as well")

	w.call("PATCH", "/invoices/"+inv.ID, w.key, `{"customer": {"email": ""}}`).json(http.StatusOK)
	assert.Contains(t, manager.text(path), "No reminder goes: the customer has no email address.")
	assert.NotContains(t, manager.text("/console/invoices/"+w.newInvoice(invoice.Paid).ID), "Reminder")
}
