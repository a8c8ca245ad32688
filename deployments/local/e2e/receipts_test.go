package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

// paidWith is what a payment says of the payer's means and of the receipt.
type paidWith struct {
	Brand, Card       string
	AuthorizationCode string `json:"authorization_code"`
	Email             struct{ State, Reason string }
}

// issueTo issues an invoice to a customer with that address.
func (c *company) issueTo(address, amount string) invoice {
	c.t.Helper()
	inv := invoice{company: c}
	order := newInvoice(amount)
	order["customer"] = object{"name": "Marie Favre", "email": address, "language": "fr"}
	c.call("POST", "/invoices", order).gives(201, &inv)
	c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
	return inv
}

// newMailingMerchant is a merchant whose payers get receipts by mail.
func newMailingMerchant(t *testing.T) *company {
	t.Helper()
	c := newMerchant(t, shared)
	c.call("PATCH", "/settings", object{"receipts_by_email": true, "contact_email": "compta@favre.example.ch"}).gives(200, nil)
	return c
}

// mailed waits for the mail that the payment or refund of that path tells of, and returns what it says of itself.
func (c *company) mailed(path, state string) paidWith {
	c.t.Helper()
	return await(c.t, patience, func() (now paidWith) {
		c.call("GET", path, nil).gives(200, &now)
		return now
	}, func(now paidWith) bool { return now.Email.State == state })
}

func TestPayersGetOneReceiptOfEachPaymentAndOneNoticeOfEachRefund(t *testing.T) {
	t.Parallel()
	c := newMailingMerchant(t)
	address := "marie." + c.id + "@example.ch"
	inv := c.issueTo(address, "108.00")
	inv.payNow("card").pay(visa)
	paid := inv.requireCollectedOnce("108.00").Payments[0]
	means := c.mailed("/payments/"+paid.ID, "delivered")
	assert.Equal(t, []string{"VISA", "901000xxxxxx0001", "012345"}, []string{means.Brand, means.Card, means.AuthorizationCode})
	receipt := c.mailTo(address)
	assert.Equal(t, "Reçu pour la facture "+inv.Number+" de Boulangerie Favre SA", receipt.Subject)
	for _, said := range []string{"CHF 108.00", "Visa xxxx 0001", paid.ID + " / " + paid.Saferpay.OrderID, "La facture est entièrement payée.", inv.OnlineDocumentURL} {
		assert.Contains(t, receipt.Text, said)
	}
	assert.NotContains(t, receipt.Text, "901000")
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-by-card-with-a-receipt-by-mail")

	back := c.refund(paid.ID, object{"amount": "8.00", "reason": "One loaf was stale."})
	back.becomes(c, "captured")
	c.mailed("/refunds/"+back.ID, "delivered")
	mails := c.mailsTo(address)
	require.Len(t, mails, 2)
	assert.Contains(t, mails[1].Text, "CHF 8.00 vous sont remboursés sur Visa xxxx 0001.")
	keepHistory(t, shared, contract.RefundID(back.ID), "refund-captured-with-a-notice-by-mail")
}

func TestReceiptOfTheRestSaysThatTheInvoiceIsPaid(t *testing.T) {
	t.Parallel()
	c := newMailingMerchant(t)
	address := "marie." + c.id + "@example.ch"
	inv := c.issueTo(address, "108.00")
	byBank := object{"amount": "100.00", "date": "2026-11-20", "account": "1020", "reference": "QR 21 00000"}
	c.call("POST", "/invoices/"+inv.ID+"/receipts", byBank).gives(201, nil)
	inv.payNow("twint").pay(twint)
	paid := inv.becomes("paid").Payments[0]
	means := c.mailed("/payments/"+paid.ID, "delivered")
	assert.Equal(t, []string{"TWINT", ""}, []string{means.Brand, means.Card})
	mails := c.mailsTo(address)
	require.Len(t, mails, 1, "nothing is mailed about money that came by bank")
	for _, said := range []string{"CHF 8.00", "Payé avec: TWINT", "La facture est entièrement payée."} {
		assert.Contains(t, mails[0].Text, said)
	}
}

func TestReceiptThatIsRefusedChangesNothingAboutTheMoney(t *testing.T) {
	t.Parallel()
	c := newMailingMerchant(t)
	inv := c.issueTo("refused@"+c.id+".example.ch", "108.00")
	inv.payNow("card").pay(visa)
	paid := inv.requireCollectedOnce("108.00").Payments[0]
	assert.Contains(t, c.mailed("/payments/"+paid.ID, "failed").Email.Reason, "550 5.1.1 no such mailbox")
	assert.Equal(t, "email_failed", c.exception(paid.ID).Kind)
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-although-its-receipt-was-refused")
}
