package e2e

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
)

// A payer has paid and closed the tab, and nobody tells us. Whatever they press then, they don't pay twice.
//
//nolint:paralleltest // the simulator notifies nobody
func TestPayerWhoPaidUntoldDoesNotPayTwice(t *testing.T) {
	b := newBrowser(t)
	chooseNotifications(t, shared, "none")
	c := newMerchant(t, shared)
	again, other, checked := c.issueNumbered("Again", "108.00"), c.issueNumbered("By another method", "108.00"), c.issueNumbered("Checked", "108.00")
	pages := map[string]paymentPage{}
	for _, inv := range []invoice{again, other, checked} {
		pages[inv.ID] = inv.payNow("card")
		pages[inv.ID].payAndClose(visa)
	}
	// A page that was opened a moment ago is handed out as it is: no payer is that fast.
	await(t, patience, func() int { return again.pressPayNow("card").status }, func(status int) bool { return status != http.StatusSeeOther })
	again.requireCollectedOnce("108.00")

	b.visit(other.OnlineDocumentURL, choose("twint"), chromedp.WaitVisible("main .status.paid", chromedp.ByQuery))
	other.requireCollectedOnce("108.00")

	var notice string
	b.visit(checked.OnlineDocumentURL+"/return?lang=en&wait=15&payment="+pages[checked.ID].payment,
		chromedp.Poll(`[...document.querySelectorAll("main a")].some(a => a.innerText.includes("Check again"))`, nil, chromedp.WithPollingTimeout(browserTimeout)),
		chromedp.Evaluate(`[...document.querySelectorAll("main a")].find(a => a.innerText.includes("Check again")).click()`, nil), seePaid(&notice))
	assert.Contains(t, notice, "108.00")
	checked.requireCollectedOnce("108.00")
	for _, inv := range []invoice{again, other, checked} {
		assert.Len(t, inv.now().Payments, 1, "no second page was opened")
		assert.LessOrEqual(t, pages[inv.ID].asserts(), 2)
	}
}

//nolint:paralleltest // the simulator answers everybody so
func TestAnAnswerThatAStepWasTakenTooEarlyMeansNotYet(t *testing.T) {
	early := func(answer bool) {
		send(t, "PUT", shared.SimulatorURL()+"/_sim/settings", object{"early_assert_in_wrong_state": answer}, nil).gives(200, nil)
	}
	early(true)
	t.Cleanup(func() { early(false) })
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	page := inv.payNow("card")
	inv.payerReturns(page)
	await(t, patience, page.asserts, func(n int) bool { return n == 1 })
	assert.Equal(t, page.url, inv.payNow("card").url, "the page stays the one to pay on")
	page.payAndClose(visa)
	inv.requireCollectedOnce("108.00") // the notification is not ignored
	assert.Empty(t, c.open(page.payment), "nobody has to decide anything")
}

// documentWords are what a document says of a payment that is pending, and of what was refunded.
var documentWords = map[string][3]string{
	"de": {"noch nicht entschieden", "Bezahlt", "Zurückerstattet"},
	"fr": {"n’a pas encore décidé", "Payé", "Remboursé"},
	"it": {"non ha ancora deciso", "Pagato", "Rimborsato"},
	"en": {"has not decided yet", "Paid", "Refunded"},
}

func TestTheDocumentInABrowserSaysWhatIsInFlightAndWhatWentBack(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	c := newMerchant(t, shared)
	pending, refunded := c.issueNumbered("Pending", "66.15"), c.issueNumbered("Refunded", "50.00") // the simulator decides on 66.15 after ten minutes
	page := pending.payNow("twint")
	page.pay(twint)
	pending.paymentBecomes(page.payment, "pending")
	refunded.payNow("card").pay(visa)
	c.refund(refunded.becomes("paid").Payments[0].ID, object{"reason": "Returned."}).becomes(c, "captured")
	do, leave := b.open(browserTimeout)
	defer leave()
	for language, words := range documentWords {
		var says string
		var buttons int
		do(chromedp.Navigate(pending.OnlineDocumentURL+"?lang="+language), see(&says), chromedp.Evaluate(`document.querySelectorAll("button[name=method]").length`, &buttons))
		assert.Contains(t, says, words[0])
		assert.Zero(t, buttons, language)
		do(chromedp.Navigate(refunded.OnlineDocumentURL+"?lang="+language), see(&says))
		assert.Regexp(t, words[1]+`\s+CHF.50\.00\s+`+words[2]+`\s+CHF.50\.00`, says)
	}
}
