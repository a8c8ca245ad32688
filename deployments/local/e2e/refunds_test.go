package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

// refund and exception are what tests look at in the API's answers.
type (
	refund struct {
		ID     string `json:"id"`
		State  string `json:"state"`
		Amount string `json:"amount"`
	}
	exception struct {
		ID      string   `json:"id"`
		Kind    string   `json:"kind"`
		Subject string   `json:"subject"`
		Status  string   `json:"status"`
		Choice  string   `json:"choice"`
		Choices []string `json:"choices"`
	}
)

// refund asks for money back.
func (c *company) refund(paymentID string, body object) refund {
	c.t.Helper()
	var r refund
	c.call("POST", "/payments/"+paymentID+"/refunds", body).gives(202, &r)
	return r
}

// becomes waits until the refund is in that state.
func (r refund) becomes(c *company, state string) refund {
	c.t.Helper()
	return await(c.t, patience, func() refund { return r.now(c) }, func(now refund) bool { return now.State == state })
}

func (r refund) now(c *company) (now refund) {
	c.t.Helper()
	c.call("GET", "/refunds/"+r.ID, nil).gives(200, &now)
	return now
}

// decideAny makes that choice for whatever is open about the subject, unless it has cleared up by then or is tried again.
func (c *company) decideAny(subject, choice string) {
	c.t.Helper()
	for _, e := range c.open(subject) {
		decided := c.call("POST", "/exceptions/"+e.ID+"/resolve", object{"choice": choice, "note": "Looked up in the Backoffice."})
		require.Contains(c.t, []int{http.StatusOK, http.StatusConflict}, decided.status, "%s", decided.body)
	}
}

// open lists what is to be decided about the subject.
func (c *company) open(subject string) []exception {
	c.t.Helper()
	var list struct{ Data []exception }
	c.call("GET", "/exceptions?open=true&subject="+subject, nil).gives(200, &list)
	return list.Data
}

// nothingOpen waits until nothing is to be decided about the subject any more: what has cleared up is closed after it is recorded.
func (c *company) nothingOpen(subject string) {
	c.t.Helper()
	await(c.t, patience, func() []exception { return c.open(subject) }, func(open []exception) bool { return len(open) == 0 })
}

// exceptionNow is how an exception stands.
func (c *company) exceptionNow(id string) (now exception) {
	c.t.Helper()
	c.call("GET", "/exceptions/"+id, nil).gives(200, &now)
	return now
}

// clearsUp waits until the exception has been closed without a person.
func (c *company) clearsUp(id string) {
	c.t.Helper()
	await(c.t, patience, func() exception { return c.exceptionNow(id) }, func(now exception) bool { return now.Choice == "cleared_up" })
}

// exception waits until something is to be decided about the subject.
func (c *company) exception(subject string) exception {
	c.t.Helper()
	return await(c.t, patience, func() (e exception) {
		if open := c.open(subject); len(open) > 0 {
			e = open[0]
		}
		return e
	}, func(e exception) bool { return e.ID != "" })
}

func TestRefundsGoBackFromTheAccountOfTheirReceipt(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	inv.payNow("card").pay(visa)
	paid := inv.requireCollectedOnce("108.00").Payments[0].ID
	c.call("PATCH", "/settings", object{"receipt_account": "1020"}).gives(200, nil)
	part := c.refund(paid, object{"amount": "8.00", "reason": "One loaf was stale."})
	part.becomes(c, "captured")
	rest := c.refund(paid, object{"reason": "All of it was."}).becomes(c, "captured")
	assert.Equal(t, "100.00", rest.Amount)
	c.call("POST", "/payments/"+paid+"/refunds", object{"amount": "0.01", "reason": "More."}).isProblem(422, "refund-exceeds-payment", "amount")
	now := inv.now()
	assert.Equal(t, "paid", now.Status)
	assert.Equal(t, "0.00", now.AmountPaid)
	entries := c.journal(inv)
	require.Len(t, entries, 3)
	assert.Equal(t, []journalLine{
		{Account: "1100", Debit: "8.00", Credit: "0.00", Currency: "CHF"}, {Account: "1029", Debit: "0.00", Credit: "8.00", Currency: "CHF"},
	}, entries[1].Lines)
	assert.Contains(t, c.eventTypes(), "refund.captured")
	keepHistory(t, shared, contract.RefundID(part.ID), "refund-captured")
}

func TestARefundAboveTheLimitLeavesOnceASecondPersonReleasesIt(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	inv.payNow("card").pay(visa)
	paid := inv.requireCollectedOnce("108.00").Payments[0].ID
	c.call("PATCH", "/settings", object{"refund_approval_above": "50.00"}).gives(200, nil)
	refused, released := c.refund(paid, object{"amount": "60.00", "reason": "Returned."}), c.refund(paid, object{"amount": "48.00", "reason": "Returned too."})
	for _, r := range []refund{refused, released} {
		assert.Equal(t, "awaiting_approval", r.now(c).State)
	}
	c.call("POST", "/refunds/"+released.ID+"/release", nil).isProblem(403, "forbidden")
	somebody := c.inConsole("manager")
	require.Equal(t, http.StatusSeeOther, somebody.post("/console/refunds/"+refused.ID+"/refuse", url.Values{}).status)
	assert.Equal(t, "failed", refused.now(c).State)
	require.Equal(t, http.StatusSeeOther, somebody.post("/console/refunds/"+released.ID+"/release", url.Values{}).status)
	released.becomes(c, "captured")
	keepHistory(t, shared, contract.RefundID(refused.ID), "refund-refused-by-a-second-person")
	keepHistory(t, shared, contract.RefundID(released.ID), "refund-released-by-a-second-person")
}

func TestBankTransferBeatsThePayer(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	page := inv.payNow("card")
	receipt := object{"amount": "108.00", "date": "2026-11-20", "account": "1020", "reference": "QR 21 00000"}
	c.call("POST", "/invoices/"+inv.ID+"/receipts", receipt).gives(201, nil)
	assert.Equal(t, "paid", inv.now().Status)
	page.pay(visa)
	inv.paymentBecomes(page.payment, "cancelled")
	for _, at := range inv.transactions() {
		assert.Equal(t, "CANCELED", at.Status)
		assert.Zero(t, at.Captures)
	}
	assert.Len(t, c.journal(inv), 1)
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-by-bank-then-late-money-released")
}

func TestPartlyPaidInvoiceAsksForTheRest(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	old := inv.payNow("card")
	receipt := object{"amount": "100.00", "date": "2026-11-20", "account": "1020", "reference": "QR 21 00000"}
	c.call("POST", "/invoices/"+inv.ID+"/receipts", receipt).gives(201, nil)
	assert.Equal(t, "8.00", inv.now().AmountDue)
	rest := inv.payNow("card")
	assert.NotEqual(t, old.url, rest.url)
	old.pay(visa)
	inv.paymentBecomes(old.payment, "cancelled")
	rest.pay(visa)
	assert.Equal(t, "8.00", inv.becomes("paid").Payments[0].Amount)
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-partly-paid-by-bank-then-by-card")
}

func TestDoubtsAreClearedUpOrDecidedByAPerson(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 3600 // an hour passes in a second
	s := startStack(t, options)
	c := newMerchant(t, s)
	paid := func(number string) (invoice, string) {
		body := newInvoice("108.00")
		body["number"] = number
		inv := invoice{company: c}
		c.call("POST", "/invoices", body).gives(201, &inv)
		c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
		inv.payNow("card").pay(visa)
		return inv, inv.becomes("paid").Payments[0].ID
	}

	_, payment := paid("R-1") // the answer was lost, and Saferpay did it: found by its order
	armFault(t, s, object{"operation": "Transaction/Refund", "kind": "http_500_after", "times": 1})
	found := c.refund(payment, object{"reason": "Lost and found."}).becomes(c, "captured")
	keepHistory(t, s, contract.RefundID(found.ID), "refund-found-after-a-lost-answer")

	_, payment = paid("R-2") // Saferpay never got it: a person makes sure, and it is asked for again
	armFault(t, s, object{"operation": "Transaction/Refund", "kind": "http_500_before", "times": 1})
	again := c.refund(payment, object{"reason": "Never arrived."})
	doubt := c.exception(again.ID)
	assert.Equal(t, "refund_unclear", doubt.Kind)
	again.becomes(c, "unknown")
	c.call("POST", "/exceptions/"+doubt.ID+"/resolve", object{"choice": "keep", "note": ""}).isProblem(422, "validation-failed", "choice")
	c.call("POST", "/exceptions/"+doubt.ID+"/resolve", object{"choice": "try_again", "note": "Not in the Backoffice."}).gives(200, &doubt)
	assert.Equal(t, "resolved", doubt.Status)
	again.becomes(c, "captured")
	keepHistory(t, s, contract.RefundID(again.ID), "refund-decided-and-asked-again")

	_, payment = paid("R-3") // the license has no refunds: the merchant does it in the Backoffice
	armFault(t, s, object{"operation": "Transaction/Refund", "kind": "error", "error": "PERMISSION_DENIED", "times": 1})
	byHand := c.refund(payment, object{"reason": "By hand."})
	assert.Equal(t, "refund_by_hand", c.exception(byHand.ID).Kind)
	c.call("POST", "/refunds/"+byHand.ID+"/record", nil).gives(200, nil)
	byHand.becomes(c, "recorded")
	keepHistory(t, s, contract.RefundID(byHand.ID), "refund-recorded-by-hand")

	body := newInvoice("108.00") // the capture is refused: a person says what is true, and the invoice can be paid again
	body["number"] = "R-4"
	inv := invoice{company: c}
	c.call("POST", "/invoices", body).gives(201, &inv)
	c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
	armFault(t, s, object{"operation": "Transaction/Capture", "kind": "error", "error": "ACTION_NOT_SUPPORTED", "times": 100})
	page := inv.payNow("card")
	page.payAndClose(visa)
	refused := c.exception(page.payment)
	assert.Equal(t, "capture_unclear", refused.Kind)
	decision := object{"choice": "try_again", "note": "Saferpay is well again."}

	// Somebody ends the workflow in Temporal Web: it is started again, finds the same trouble, and waits for the same decision.
	temporal, id := operator(t, s), contract.InvoicePaymentID(inv.ID)
	require.NoError(t, temporal.TerminateWorkflow(t.Context(), id, "", "by mistake"))
	c.call("POST", "/exceptions/"+refused.ID+"/resolve", decision).isProblem(409, "process-restarted")
	await(t, patience, func() string { return currentDetails(t, temporal, id) }, func(details string) bool {
		return strings.Contains(details, "could not be captured") && strings.Contains(details, refused.ID)
	})
	send(t, "DELETE", s.SimulatorURL()+"/_sim/faults", nil, nil).gives(204, nil)
	await(t, patience, func() int { return c.call("POST", "/exceptions/"+refused.ID+"/resolve", decision).status }, func(status int) bool { return status == 200 })
	inv.becomes("paid")
	keepHistory(t, s, contract.InvoicePaymentID(inv.ID), "invoice-paid-after-a-person-decided")
}
