package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/workflows/contract"
)

// reminding is what an invoice says of its reminders.
type reminding struct {
	Reminders []struct {
		Step  int
		Email struct{ State, To string }
	}
	NextReminder *struct {
		Step   int
		HeldBy string `json:"held_by"`
	} `json:"next_reminder"`
}

// remindedOf waits until so many reminders of the invoice are delivered.
func (inv invoice) remindedOf(reminders int) reminding {
	return await(inv.company.t, patience, func() (now reminding) {
		inv.company.call("GET", "/invoices/"+inv.ID, nil).gives(200, &now)
		return now
	}, func(now reminding) bool {
		n := len(now.Reminders)
		return n == reminders && now.Reminders[n-1].Email.State == "delivered"
	})
}

// overdueThenPaid is an invoice of which the customer is reminded until the reminders are stopped.
func overdueThenPaid(t *testing.T, s *stack.Stack) {
	t.Helper()
	c := newMerchant(t, s)
	own := object{"days_after_due": 20, "texts": object{"fr": "Merci de payer encore cette semaine."}}
	c.call("PATCH", "/settings", object{"reminders": []object{{"days_after_due": 10}, own, {"days_after_due": 365}}}).gives(200, nil)
	address := "marie." + c.id + "@example.ch"
	inv := invoice{company: c}
	order := newInvoice("108.00")
	order["due_date"], order["customer"] = "2026-10-01", object{"name": "Marie Favre", "email": address, "language": "fr"}
	c.call("POST", "/invoices", order).gives(201, &inv)
	c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)

	next := inv.remindedOf(2).NextReminder
	require.NotNil(t, next)
	assert.Equal(t, 3, next.Step)
	mails := c.mailsTo(address)
	require.Len(t, mails, 2)
	assert.Equal(t, "Rappel : facture "+inv.Number+" de Boulangerie Favre SA", mails[0].Subject)
	for _, said := range []string{"CHF 108.00", "01.10.2026", inv.OnlineDocumentURL} {
		assert.Contains(t, mails[0].Text, said)
	}
	assert.Contains(t, mails[1].Text, "Merci de payer encore cette semaine.")

	var stopped reminding
	c.call("PATCH", "/invoices/"+inv.ID, object{"reminders_stopped": true}).gives(200, &stopped)
	assert.Equal(t, "stopped", stopped.NextReminder.HeldBy)
	inv.payNow("card").pay(visa)
	inv.requireCollectedOnce("108.00")
	assert.Len(t, c.mailsTo(address), 2)
	told := 0
	for _, what := range c.eventTypes() {
		if what == "invoice.reminded" {
			told++
		}
	}
	assert.Equal(t, 2, told)
	keepHistory(t, s, contract.InvoicePaymentID(inv.ID), "invoice-reminded-then-paid")
}
