package e2e

import (
	"encoding/base64"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

// The tests of this file change how the shared simulator behaves for everybody, or measure time; so none is parallel.

func TestClosedTabIsPaidWithinTwoSecondsOfTheNotification(t *testing.T) {
	inv := newMerchant(t, shared).issue("108.00")
	page := inv.payNow("card")
	page.payAndClose(visa) // the notification is sent at this moment
	await(t, 2*time.Second, inv.now, func(now invoice) bool { return now.Status == "paid" })
	inv.requireCollectedOnce("108.00")
	assert.Equal(t, 1, page.asserts())
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-by-card-after-a-notification")
}

func TestWithoutNotificationThePayersReturnIsEnough(t *testing.T) {
	chooseNotifications(t, shared, "none")
	inv := newMerchant(t, shared).issue("108.00")
	page := inv.payNow("card")
	page.pay(visa)
	inv.requireCollectedOnce("108.00")
	assert.Equal(t, 1, page.asserts())
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-by-card-after-the-return")
}

func TestReturnAndTwoNotificationsTakeTheMoneyOnce(t *testing.T) {
	chooseNotifications(t, shared, "twice")
	inv := newMerchant(t, shared).issue("108.00")
	page := inv.payNow("card")
	page.pay(visa)
	inv.requireCollectedOnce("108.00")
	assert.Equal(t, 1, page.asserts())
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-by-card-with-every-hint-at-once")
}

func TestMoneyCapturedInTheBackofficeIsBookedAndNotTakenAgain(t *testing.T) {
	chooseNotifications(t, shared, "none")
	inv := newMerchant(t, shared).issue("108.00")
	page := inv.payNow("card")
	page.payAndClose(visa)
	inv.captureInTheBackoffice()
	require.Equal(t, "open", inv.now().Status, "nobody has told us yet")

	returned := send(t, "GET", inv.OnlineDocumentURL+"/return?payment="+page.payment, nil, nil)
	returned.gives(200, nil)
	inv.requireCollectedOnce("108.00")
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-captured-by-somebody-else")
}

// captureInTheBackoffice takes the money that is authorized for the invoice, past Quittance.
func (inv invoice) captureInTheBackoffice() {
	c := inv.company
	c.t.Helper()
	login := verifiedAccount["api_username"].(string) + ":" + verifiedAccount["api_password"].(string)
	send(c.t, "POST", c.stack.SimulatorURL()+"/api/Payment/v1/Transaction/Capture", object{
		"RequestHeader":        object{"SpecVersion": "1.53", "CustomerId": "123123", "RequestId": "backoffice", "RetryIndicator": 0},
		"TransactionReference": object{"TransactionId": inv.transactions()[0].ID},
	}, http.Header{
		"Accept":        {"application/json"},
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(login))},
	}).gives(200, nil)
}

// cameTwice is an invoice that was paid by bank while its payer's money was captured, and the payment of that.
func cameTwice(t *testing.T, c *company) (inv invoice, paymentID string) {
	t.Helper()
	chooseNotifications(t, shared, "none")
	inv = c.issue("108.00")
	page := inv.payNow("card")
	page.payAndClose(visa)
	inv.captureInTheBackoffice()
	c.call("POST", "/invoices/"+inv.ID+"/receipts", object{"amount": "108.00", "date": "2026-11-20", "account": "1020"}).gives(201, nil)
	send(t, "GET", inv.OnlineDocumentURL+"/return?payment="+page.payment, nil, nil).gives(200, nil)
	assert.Equal(t, "double_payment", c.exception(page.payment).Kind)
	return inv, page.payment
}

func TestMoneyThatCameTwiceAndIsRefundedNeedsNoDecision(t *testing.T) {
	c := newMerchant(t, shared)
	inv, paymentID := cameTwice(t, c)
	exceptionID := c.exception(paymentID).ID
	c.refund(paymentID, object{"amount": "8.00", "reason": "Paid by bank as well."}).becomes(c, "captured")
	last := c.refund(paymentID, object{"reason": "Paid by bank as well."})
	last.becomes(c, "captured")
	c.clearsUp(exceptionID)
	assert.Equal(t, "paid", inv.now().Status)
	c.requireBooksAgree()
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-twice-then-refunded")
	keepHistory(t, shared, contract.RefundID(last.ID), "refund-of-money-that-came-twice")
}

func TestMoneyThatCameTwiceGoesBackWithOneDecision(t *testing.T) {
	c := newMerchant(t, shared)
	inv, paymentID := cameTwice(t, c)
	twice := c.exception(paymentID)
	assert.Equal(t, []journalLine{
		{Account: "1029", Debit: "108.00", Credit: "0.00", Currency: "CHF"}, {Account: "2030", Debit: "0.00", Credit: "108.00", Currency: "CHF"},
	}, c.journal(inv)[1].Lines, "parked on prepayments")
	c.call("POST", "/exceptions/"+twice.ID+"/resolve", object{"choice": "refund", "note": "Paid by bank as well."}).gives(200, nil)
	await(t, patience, func() []string { return c.eventTypes() }, func(types []string) bool { return slices.Contains(types, "refund.captured") })
	assert.Equal(t, []journalLine{
		{Account: "2030", Debit: "108.00", Credit: "0.00", Currency: "CHF"}, {Account: "1029", Debit: "0.00", Credit: "108.00", Currency: "CHF"},
	}, c.journal(inv)[2].Lines)
	assert.Equal(t, "108.00", inv.now().AmountPaid, "the bank's receipt stands")
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-twice-then-given-back")
}

func TestLostAnswerToCaptureIsClearedUpWithoutTakingTheMoneyTwice(t *testing.T) {
	for _, kind := range []string{"http_500_after", "reset_after"} {
		t.Run(kind, func(t *testing.T) {
			c := newMerchant(t, shared)
			inv := c.issue("108.00")
			page := inv.payNow("card")
			armFault(t, shared, object{"operation": "Transaction/Capture", "kind": kind, "times": 1})
			lostAnswers++
			before := saferpayCalls(t, shared)["Transaction/Inquire"]
			page.payAndClose(visa)
			inv.requireCollectedOnce("108.00")
			assert.Equal(t, 1, saferpayCalls(t, shared)["Transaction/Inquire"]-before)
			assert.Equal(t, 1, page.asserts())
			keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-after-a-lost-answer-to-capture")
		})
	}
}

func TestPageThatSaferpayRefusedToOpenLeavesNothingAndIsOpenedLater(t *testing.T) {
	inv := newMerchant(t, shared).issue("108.00")
	armFault(t, shared, object{"operation": "PaymentPage/Initialize", "kind": "error", "error": "ACTION_NOT_SUPPORTED", "times": 1})
	assert.Equal(t, http.StatusServiceUnavailable, inv.pressPayNow("card").status)
	assert.Empty(t, inv.now().Payments)
	inv.payNow("card").pay(visa)
	inv.requireCollectedOnce("108.00")
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-abandoned-a-page-then-paid")
}
