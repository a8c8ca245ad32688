package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/workflows/contract"
)

// Saferpay's licenses don't all include Inquire. A day passes in a second here, and a payment page lives for ten. No notification
// is ever sent.
func TestWithoutTheRightToInquireNobodyHasToLook(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 86400
	s := startStack(t, options)
	chooseNotifications(t, s, "none")
	w := newSwept(t, s, newAccount(t, s))
	w.licensed(append([]string{"NO_INQUIRE"}, license...)...)

	lost := w.issueNumbered("R-1", "108.00")
	armFault(t, s, object{"operation": "Transaction/Capture", "kind": "http_500_after", "times": 1})
	lost.payNow("card").pay(visa)
	lost.requireCollectedOnce("108.00")
	keepHistory(t, s, contract.InvoicePaymentID(lost.ID), "invoice-paid-after-a-lost-answer-without-inquire")

	send(t, "PUT", s.SimulatorURL()+"/_sim/settings", object{"early_assert_in_wrong_state": true}, nil).gives(200, nil)
	unused, left := w.issueNumbered("R-2", "108.00"), w.issueNumbered("R-3", "108.00")
	forgotten := unused.payNow("card")
	opened := left.payNow("twint")
	opened.act(object{"action": "close", "return": false})
	unused.paymentBecomes(forgotten.payment, "expired")
	left.paymentBecomes(opened.payment, "expired")
	for _, page := range []paymentPage{forgotten, opened} {
		assert.Equal(t, 2, page.asserts(), "shortly before the page died, and after")
	}
	left.payNow("card").pay(visa)
	left.requireCollectedOnce("108.00")
	unused.cancel()
	keepHistory(t, s, contract.InvoicePaymentID(unused.ID), "invoice-expired-without-inquire")
	assert.Empty(t, all[exception](w.company, "/exceptions"))
	w.requireBooksAgree()
}
