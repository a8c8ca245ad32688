package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

// A day passes in a second here, and a payment page lives for ten. No notification is ever sent.
func TestWhatTakesDaysHappensByItself(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 86400
	s := startStack(t, options)
	chooseNotifications(t, s, "none")

	t.Run("The acquirer takes nine business days", func(t *testing.T) { t.Parallel(); verifiedOnTheNinthDay(t, s) })
	t.Run("The acquirer takes more than three weeks", func(t *testing.T) { t.Parallel(); neverVerified(t, s) })
	t.Run("The acquirer contracts a further currency", func(t *testing.T) { t.Parallel(); furtherCurrency(t, s) })
	t.Run("The acquirer takes contracts away", func(t *testing.T) { t.Parallel(); contractsLost(t, s) })
	t.Run("The company leaves", func(t *testing.T) { t.Parallel(); disconnected(t, s) })
	t.Run("The credentials come after a reminder", func(t *testing.T) { t.Parallel(); reminded(t, s) })
	t.Run("A person does everything of the article in the console", func(t *testing.T) { t.Parallel(); theWholeArticle(t, s) })

	t.Run("An invoice is overdue", func(t *testing.T) { t.Parallel(); overdueThenPaid(t, s) })

	t.Run("A page that nobody uses expires after one look", func(t *testing.T) {
		t.Parallel()
		c := newMerchant(t, s)
		inv := c.issue("108.00")
		page := inv.payNow("card")
		inv.paymentBecomes(page.payment, "expired")
		assert.Equal(t, "open", inv.now().Status)
		assert.Empty(t, c.journal(inv))
		assert.Equal(t, 1, page.asserts())

		inv.cancel()
		keepHistory(t, s, contract.InvoicePaymentID(inv.ID), "invoice-expired-then-cancelled")
	})

	t.Run("A payer who closed the tab is found by one look before the page dies", func(t *testing.T) {
		t.Parallel()
		inv := newMerchant(t, s).issue("108.00")
		page := inv.payNow("card")
		page.payAndClose(visa)
		require.Equal(t, "open", inv.now().Status)
		inv.requireCollectedOnce("108.00")
		assert.Equal(t, 1, page.asserts())
		keepHistory(t, s, contract.InvoicePaymentID(inv.ID), "invoice-paid-found-by-the-last-look")
	})

	t.Run("A payment on which the provider decides later is followed without any notification", func(t *testing.T) {
		t.Parallel()
		inv := newMerchant(t, s).issue("66.15") // decided after ten minutes, which are a second here
		page := inv.payNow("twint")
		page.pay(twint)
		inv.requireCollectedOnce("66.15")
		assert.LessOrEqual(t, page.asserts(), 3, "when the payer returned, a quarter of an hour later, and at the provider's last moment")
		keepHistory(t, s, contract.InvoicePaymentID(inv.ID), "invoice-paid-by-twint-without-any-notification")
	})

	t.Run("A refund on which the acquirer decides later is asked about after a day", func(t *testing.T) {
		t.Parallel()
		c := newMerchant(t, s)
		inv := c.issue("108.00")
		inv.payNow("twint").pay(twint)
		paid := inv.becomes("paid").Payments[0].ID
		later := c.refund(paid, object{"amount": "66.15", "reason": "Decided later."}) // after ten minutes, which are a second here
		await(t, patience, func() refund {
			c.decideAny(later.ID, "try_again") // a day is as short as the acquirer's ten minutes here
			return later.now(c)
		}, func(now refund) bool { return now.State == "captured" })
		c.requireBooksAgree()
		keepHistory(t, s, contract.RefundID(later.ID), "refund-decided-later")
	})
}
