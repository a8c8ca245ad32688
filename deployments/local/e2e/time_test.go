package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows"
)

// A day passes in a second here, and a payment page lives for ten. No notification is ever sent.
func TestWhatTakesDaysHappensByItself(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 86400
	s := startStack(t, options)
	chooseNotifications(t, s, "none")

	t.Run("A verified account becomes active without a person", func(t *testing.T) {
		t.Parallel()
		c := newCompany(t, s)
		service := c.connect(unverifiedAccount)
		require.Equal(t, "in_verification", service.Status)
		send(t, "PUT", s.SimulatorURL()+"/_sim/customers/321321", object{"terminals": []object{{
			"terminal_id": "87654321", "payment_methods": []object{{"method": "VISA", "currencies": []string{"CHF"}}},
		}}}, nil).gives(200, nil)
		await(t, patience, func() paymentService { return c.paymentService(service.ID) },
			func(now paymentService) bool { return now.Status == "active" })
		keepHistory(t, s, workflows.OnboardingID(service.ID), "onboarding-in-verification-then-active")
	})

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
		keepHistory(t, s, workflows.InvoicePaymentID(inv.ID), "invoice-expired-then-cancelled")
	})

	t.Run("A payer who closed the tab is found by one look before the page dies", func(t *testing.T) {
		t.Parallel()
		inv := newMerchant(t, s).issue("108.00")
		page := inv.payNow("card")
		page.payAndClose(visa)
		require.Equal(t, "open", inv.now().Status)
		inv.requireCollectedOnce("108.00")
		assert.Equal(t, 1, page.asserts())
		keepHistory(t, s, workflows.InvoicePaymentID(inv.ID), "invoice-paid-found-by-the-last-look")
	})
}
