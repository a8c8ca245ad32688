package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// While Saferpay takes its time to open a page, the invoice's receipt and another payer's click are answered as always.
func TestASlowSaferpayHoldsUpNobodyElse(t *testing.T) { //nolint:paralleltest // the fault hits the next page
	c := newMerchant(t, shared)
	held, cancelled, other := c.issueNumbered("S-1", "108.00"), c.issueNumbered("S-2", "108.00"), c.issueNumbered("S-3", "108.00")
	calls := func() int { return saferpayCalls(t, shared)["PaymentPage/Initialize"] }
	before := calls()
	armFault(t, shared, object{"operation": "PaymentPage/Initialize", "kind": "slow", "times": 2, "delay_ms": 5000})
	answers := make(chan answer, 2)
	for _, inv := range []invoice{held, cancelled} {
		go func() { answers <- inv.pressPayNow("card") }()
	}
	await(t, patience, calls, func(now int) bool { return now == before+2 })

	c.call("POST", "/invoices/"+held.ID+"/receipts", object{"amount": "108.00", "date": "2026-11-20", "account": "1020", "reference": "Bank"}).gives(201, nil)
	assert.Equal(t, "paid", held.now().Status)
	cancelled.cancel()
	other.payNow("card").pay(visa)
	other.requireCollectedOnce("108.00")
	assert.Empty(t, answers, "Saferpay has not answered yet")
	for range cap(answers) {
		assert.NotEqual(t, http.StatusSeeOther, (<-answers).status, "nobody is sent to the page of an invoice that is paid or cancelled")
	}
}

// Whoever clicks many times, or many who click at once, get one page.
func TestTwentyFourClicksOpenOnePage(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	answers := make(chan answer, 24)
	for range cap(answers) {
		go func() { answers <- inv.pressPayNow("card") }()
	}
	pages := map[string]int{}
	for range cap(answers) {
		pressed := <-answers
		pressed.gives(http.StatusSeeOther, nil)
		pages[pressed.header.Get("Location")]++
	}
	assert.Len(t, pages, 1)
	require.Len(t, inv.now().Payments, 1)
	for url := range pages {
		paymentPage{t: t, stack: shared, url: url, payment: inv.now().Payments[0].ID}.pay(visa)
	}
	inv.requireCollectedOnce("108.00")
}
