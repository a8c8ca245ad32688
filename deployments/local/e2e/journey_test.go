package e2e

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

// token opens the online document of the invoice.
func token(inv invoice) string { return path.Base(inv.OnlineDocumentURL) }

func TestFromNothingToAPaidAndBookedInvoice(t *testing.T) {
	t.Parallel()
	c := newCompany(t, shared)
	service := c.connect(verifiedAccount)
	require.Equal(t, "active", service.Status)
	c.call("POST", "/payment-services/"+service.ID+"/default", nil).gives(200, &service)
	require.True(t, service.IsDefault)

	inv := invoice{company: c}
	order := newInvoice("108.00")
	order["customer"] = object{"name": "Marco Bernasconi", "email": "marco." + c.id + "@example.ch", "language": "it"}
	c.call("POST", "/invoices", order).gives(201, &inv)
	require.Equal(t, "draft", inv.Status)
	require.Empty(t, inv.OnlineDocumentURL)
	c.call("POST", "/invoices/"+inv.ID+"/issue", object{"send_email": true}).gives(200, &inv)
	require.Equal(t, "open", inv.Status)

	mail := await(t, patience, func() message { return c.mailTo("marco." + c.id + "@example.ch") }, func(m message) bool { return m.Subject != "" })
	assert.Equal(t, "Fattura 2026-0042 di Boulangerie Favre SA", mail.Subject)
	assert.Contains(t, mail.Text, "Buongiorno Marco Bernasconi")
	assert.Contains(t, mail.Text, inv.OnlineDocumentURL)

	page := inv.payNow("card")
	page.pay(visa)
	paid := inv.requireCollectedOnce("108.00")
	require.Len(t, paid.Payments, 1)
	captured := paid.Payments[0]
	assert.Equal(t, "captured", captured.State)
	assert.Equal(t, "108.00", captured.Amount)
	assert.Equal(t, "1029", captured.BookedAccount)
	assert.True(t, captured.LiabilityShift)
	assert.Equal(t, inv.transactions()[0].ID, captured.Saferpay.TransactionID)
	assert.NotEmpty(t, captured.Saferpay.CaptureID)
	var why struct {
		Reasons []struct {
			Amount, Account string
			Saferpay        struct {
				TransactionID string `json:"transaction_id"`
			}
		}
	}
	c.call("GET", "/invoices/"+inv.ID+"/timeline", nil).gives(200, &why)
	require.Len(t, why.Reasons, 1, "why it is paid")
	assert.Equal(t, "108.00", why.Reasons[0].Amount)
	assert.Equal(t, "1029", why.Reasons[0].Account)
	assert.Equal(t, captured.Saferpay.TransactionID, why.Reasons[0].Saferpay.TransactionID)
	assert.Equal(t, []string{"payment_service.active", "invoice.opened", "payment.authorized", "payment.captured", "invoice.paid"}, c.eventTypes())
	assert.Equal(t, 1, page.asserts())
	document := send(t, "GET", inv.OnlineDocumentURL, nil, nil)
	document.gives(200, nil)
	assert.NotContains(t, string(document.body), "/pay", "nothing is left to pay")

	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-mailed-and-paid-by-card")
	keepHistory(t, shared, contract.OnboardingID(service.ID), "onboarding-active-at-once")
}

// message is a mail in the mail sink.
type message struct {
	To            []string
	ReplyTo       string `json:"reply_to"`
	Subject, Text string
	Attachments   []struct {
		Name string
		Size int
	}
}

// mailTo returns the mail to that address, or an empty one.
func (c *company) mailTo(address string) message {
	c.t.Helper()
	for _, m := range c.mailsTo(address) {
		return m
	}
	return message{}
}

// mailsTo lists the mails to that address, oldest first, but for securityNotices.
func (c *company) mailsTo(address string) []message {
	c.t.Helper()
	return slices.DeleteFunc(c.allMailsTo(address), isSecurityNotice)
}

// securityNotices lists the mails to that address that tell of changes which could be thefts, oldest first.
func (c *company) securityNotices(address string) []message {
	c.t.Helper()
	return slices.DeleteFunc(c.allMailsTo(address), func(m message) bool { return !isSecurityNotice(m) })
}

func isSecurityNotice(m message) bool {
	return slices.ContainsFunc([]string{"Wichtige Änderung bei ", "Modification importante chez ", "Modifica importante presso ", "An important change at "}, func(begins string) bool {
		return strings.HasPrefix(m.Subject, begins)
	})
}

func (c *company) allMailsTo(address string) []message {
	c.t.Helper()
	var all []message
	send(c.t, "GET", c.stack.MailURL()+"/messages", nil, nil).gives(200, &all)
	return slices.DeleteFunc(all, func(m message) bool { return !slices.Contains(m.To, address) })
}

func TestPaymentByTwint(t *testing.T) {
	t.Parallel()
	inv := newMerchant(t, shared).issue("25.50")
	page := inv.payNow("twint")
	page.pay(twint)
	assert.Equal(t, "twint", inv.requireCollectedOnce("25.50").Payments[0].Method)
	assert.Equal(t, 1, page.asserts())
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-by-twint")
}

func TestTwintPaymentThatIsDecidedLater(t *testing.T) {
	t.Parallel()
	inv := newMerchant(t, shared).issue("66.11") // the simulator keeps this one pending for a second
	page := inv.payNow("twint")
	page.pay(twint)
	inv.requireCollectedOnce("66.11")
	assert.LessOrEqual(t, page.asserts(), 3, "when the payer returned, when the page was notified, and when the decision was")
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-by-twint-that-was-pending")
}

func TestDeclinedCardThenAGoodOne(t *testing.T) {
	t.Parallel()
	inv := newMerchant(t, shared).issue("108.00")
	first := inv.payNow("card")
	first.pay(declinedCard)
	declined := inv.paymentBecomes(first.payment, "failed")
	assert.Equal(t, "GENERAL_DECLINED", declined.Failure.Name)
	require.Equal(t, "open", inv.now().Status)

	second := inv.payNow("card")
	assert.NotEqual(t, first.url, second.url)
	second.pay(visa)
	inv.requireCollectedOnce("108.00")
	assert.Equal(t, "captured", inv.paymentBecomes(second.payment, "captured").State)
	assert.Equal(t, []int{1, 1}, []int{first.asserts(), second.asserts()})
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-declined-then-paid")
}

func TestPayerWhoAbortsLeavesTheInvoiceOpen(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	page := inv.payNow("card")
	page.abort()
	inv.paymentBecomes(page.payment, "aborted")
	assert.Equal(t, "open", inv.now().Status)
	assert.Empty(t, c.journal(inv))
	assert.Equal(t, 1, page.asserts())

	inv.cancel()
	inv.becomes("cancelled")
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-aborted-then-cancelled")
}

func TestSecondTabGetsTheSamePage(t *testing.T) {
	t.Parallel()
	inv := newMerchant(t, shared).issue("108.00")
	first, second := inv.payNow("card"), inv.payNow("card")
	assert.Equal(t, first.url, second.url)
	second.pay(visa)
	assert.Len(t, inv.requireCollectedOnce("108.00").Payments, 1)
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-paid-in-a-second-tab")
}

func TestMoneyThatComesAfterTheCancellationIsReleased(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	page := inv.payNow("card")
	inv.cancel()
	page.pay(visa)
	inv.paymentBecomes(page.payment, "cancelled")
	assert.Equal(t, "cancelled", inv.now().Status)
	require.Len(t, inv.transactions(), 1)
	assert.Equal(t, "CANCELED", inv.transactions()[0].Status)
	assert.Empty(t, c.journal(inv))
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-cancelled-then-late-money-released")
}

func TestSecondAuthorizationIsReleased(t *testing.T) {
	t.Parallel()
	inv := newMerchant(t, shared).issue("108.00")
	byCard, byTwint := inv.payNow("card"), inv.payNow("twint")
	byCard.pay(visa)
	inv.becomes("paid")
	byTwint.pay(twint)
	inv.paymentBecomes(byTwint.payment, "cancelled")
	inv.requireCollectedOnce("108.00")
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-second-authorization-released")
}

func TestWaitingCopyOfAPaidInvoiceCannotBePaidAgain(t *testing.T) {
	t.Parallel()
	inv := newMerchant(t, shared).issue("108.00")
	inv.payNow("card").pay(visa)
	inv.requireCollectedOnce("108.00")
	again := inv.pressPayNow("card")
	assert.Equal(t, 409, again.status)
	assert.Len(t, inv.now().Payments, 1)
}
