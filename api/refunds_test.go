package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

func TestPaymentIsRefundedPartByPartAndNeverMoreThanIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active)))
	p := w.bookPayment(inv)
	path := "/payments/" + p.ID + "/refunds"

	part := w.call("POST", path, w.key, `{"amount":"34.5","reason":"Returned goods"}`).json(http.StatusAccepted)
	assert.Regexp(t, `^ref_[0-9a-z]{26}$`, part["id"])
	assert.Equal(t, []any{"requested", "34.50", "CHF", p.ID, inv.ID, "Returned goods"},
		[]any{part["state"], part["amount"], part["currency"], part["payment_id"], part["invoice_id"], part["reason"]})
	assert.Regexp(t, `^Q[A-Z2-7]{17}$`, part["saferpay"].(map[string]any)["order_id"])
	assert.Equal(t, []string{"refund " + p.ID + " of " + inv.Number}, w.commands.seen())
	assert.Equal(t, part, w.call("GET", "/refunds/"+part["id"].(string), w.key, nil).json(http.StatusOK))

	refused := w.call("POST", path, w.key, `{"amount":"1200.01","reason":"Too much"}`)
	assert.Equal(t, []string{"amount"}, refused.problem(http.StatusUnprocessableEntity, "refund-exceeds-payment"))
	rest := w.call("POST", path, w.key, `{"reason":"The rest"}`).json(http.StatusAccepted)
	assert.Equal(t, "1200.00", rest["amount"])
	w.call("POST", path, w.key, `{"reason":"Once more"}`).problem(http.StatusUnprocessableEntity, "refund-exceeds-payment")
	w.call("POST", path, w.key, `{"amount":"0.01","reason":"Once more"}`).problem(http.StatusUnprocessableEntity, "refund-exceeds-payment")
	assert.Len(t, w.commands.seen(), 2)
	assert.Equal(t, []any{rest, part}, w.call("GET", "/refunds?payment_id="+p.ID, w.key, nil).json(http.StatusOK)["data"])
}

func TestRefundThatFailedLeavesItsMoneyToBeRefunded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active))))
	failed := w.newRefund(p, "1234.50", refund.Failed)
	assert.Equal(t, map[string]any{"name": "REFUND_DECLINED"}, w.call("GET", "/refunds/"+failed.ID, w.key, nil).json(http.StatusOK)["failure"])
	assert.Equal(t, "1234.50", w.call("POST", "/payments/"+p.ID+"/refunds", w.key, `{"reason":"Again"}`).json(http.StatusAccepted)["amount"])

	listed := w.call("GET", "/refunds?state=failed", w.key, nil).json(http.StatusOK)["data"].([]any)
	assert.Len(t, listed, 1)
	assert.Equal(t, failed.ID, listed[0].(map[string]any)["id"])
}

func TestOnlyACapturedPaymentIsRefunded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	for _, states := range [][]payment.State{
		nil, {payment.Redirected, payment.Authorized}, {payment.Redirected, payment.Authorized, payment.Unknown}, {payment.Redirected, payment.Failed},
	} {
		p := w.newPayment(inv, states...)
		w.call("POST", "/payments/"+p.ID+"/refunds", w.key, `{"reason":"x"}`).problem(http.StatusConflict, "payment-not-captured")
	}
	assert.Empty(t, w.commands.seen())
}

func TestRefundDoneInTheBackofficeIsRecordedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active)))
	r := w.newRefund(w.bookPayment(inv), "34.50")
	var recorded map[string]any
	for range 2 {
		recorded = w.call("POST", "/refunds/"+r.ID+"/record", w.key, nil).json(http.StatusOK)
		assert.Equal(t, []any{"recorded", "1029"}, []any{recorded["state"], recorded["booked_account"]})
	}
	assert.Equal(t, []string{"record refund " + r.ID}, w.commands.seen())
	shown := w.call("GET", "/invoices/"+inv.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{"paid", "1200.00", "34.50", "0.00"},
		[]any{shown["status"], shown["amount_paid"], shown["amount_refunded"], shown["amount_due"]})
	entry := w.call("GET", "/journal?source=refund", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(map[string]any)
	assert.Equal(t, map[string]any{"kind": "refund", "id": r.ID}, entry["source"])
}

func TestRefundThatWaitsForNobodyCannotBeRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active))))
	captured := w.newRefund(p, "1.00", refund.Authorized, refund.Captured)
	w.call("POST", "/refunds/"+captured.ID+"/record", w.key, nil).problem(http.StatusConflict, "refund-not-recordable")
	assert.Empty(t, w.commands.seen())

	w.commands.err = problem.New(problem.RefundNotRecordable, "The refund is requested; only one that waits for a person can be recorded.")
	w.call("POST", "/refunds/"+w.newRefund(p, "1.00").ID+"/record", w.key, nil).problem(http.StatusConflict, "refund-not-recordable")
}
