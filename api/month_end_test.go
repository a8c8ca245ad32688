package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
)

func TestAMonthIsClosedOnTheEveningOfItsLastDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := time.Date(2026, 11, 30, 17, 59, 59, 0, calendar.Zurich)
	w.at(&now)
	const november = `{"books_closed_until":"2026-11-30"}`
	assert.Equal(t, []string{"books_closed_until"}, w.call("PATCH", "/settings", w.key, november).problem(422, "validation-failed"))
	assert.Equal(t, false, w.call("GET", "/month-end?until=2026-11-30", w.key, nil).json(http.StatusOK)["closable"])
	now = now.Add(time.Second)
	assert.Equal(t, true, w.call("GET", "/month-end?until=2026-11-30", w.key, nil).json(http.StatusOK)["closable"])
	w.call("PATCH", "/settings", w.key, november).json(http.StatusOK)
	assert.Equal(t, "2026-11-30", w.call("GET", "/month-end?until=2026-11-30", w.key, nil).json(http.StatusOK)["closed_until"])
	assert.Equal(t, []string{"books_closed_until"}, w.call("PATCH", "/settings", w.key, `{"books_closed_until":"2026-12-01"}`).problem(422, "validation-failed"))
}

func TestBeforeAMonthIsClosedABookkeeperSeesWhatIsOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	assert.Empty(t, w.call("GET", "/month-end?until=2026-11-30", w.key, nil).json(http.StatusOK)["open"])

	p := w.newPayment(w.newInvoice(invoice.Open, payableBy(service)), payment.Redirected, payment.Authorized)
	w.newPayment(w.newInvoice(invoice.Open, payableBy(service)), payment.Redirected) // the payer may never come back
	raised := w.raise(exception.CaptureUnclear, p.ID)
	imported := w.importFile("text/csv", csvHeader+"WL-1,2026-11-20,payment,QUNKNOWN0000000000,CHF,158.00,3.45,154.55\n").json(http.StatusCreated)
	payout := imported["unmatched"].([]any)[0].(object)["id"].(string)
	open := w.call("GET", "/month-end?until=2026-11-30", w.key, nil).json(http.StatusOK)["open"].([]any)
	require.Len(t, open, 3)
	found := map[string]object{}
	for _, item := range open {
		found[item.(object)["kind"].(string)] = item.(object)
	}
	assert.Equal(t, object{"kind": "payout", "id": payout, "date": "2026-11-20", "state": "unmatched", "amount": "154.55", "currency": "CHF"}, found["payout"])
	assert.Equal(t, object{"kind": "payment", "id": p.ID, "date": "2026-11-22", "state": "authorized", "amount": "1234.50", "currency": "CHF"}, found["payment"])
	assert.Equal(t, object{"kind": "exception", "id": raised.ID, "date": "2026-11-22", "state": "capture_unclear"}, found["exception"])

	w.call("POST", "/bank-accounts", w.key, forInvoices(object{"iban": bankIBAN, "account": "1010"})).json(http.StatusCreated)
	inv := w.newInvoice(invoice.Open)
	file := bankFile(notice, bankIBAN, toldCredit{amount: "1234.50", reference: w.reference(inv)})
	w.commands.err = assert.AnError // nothing can be booked now
	receipt := w.receive(file)[0]["id"]
	assert.Contains(t, w.call("GET", "/month-end?until=2026-11-30", w.key, nil).json(http.StatusOK)["open"],
		object{"kind": "receipt", "id": receipt, "date": "2026-11-20", "state": "waiting", "amount": "1234.50", "currency": "CHF"})
	w.commands.err = nil
	w.receive(file)
	assert.Len(t, w.call("GET", "/month-end?until=2026-11-30", w.key, nil).json(http.StatusOK)["open"], 3, "it is booked")

	assert.Empty(t, w.call("GET", "/month-end?until=2026-10-31", w.key, nil).json(http.StatusOK)["open"], "that was later")
	assert.Equal(t, []string{"until"}, w.call("GET", "/month-end", w.key, nil).problem(422, "validation-failed"))
}
