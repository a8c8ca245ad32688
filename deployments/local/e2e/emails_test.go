package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

// email is what an invoice says of the mail with its link, and exceptionList what GET /exceptions answers.
type (
	email struct {
		Email struct {
			State, To, Reason string
			At                time.Time
		}
	}
	exceptionList struct {
		Data []struct{ Kind, Detail, Status, Choice string }
	}
)

func TestMailThatIsRefusedIsAnExceptionUntilACorrectedAddressGetsTheLink(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	c.call("PATCH", "/settings", object{"contact_email": "kontakt@bücher.example"}).gives(200, nil)
	inv := invoice{company: c}
	order := newInvoice("108.00")
	order["customer"] = object{"name": "Marie Favre", "email": "refused@" + c.id + ".example.ch", "language": "fr"}
	c.call("POST", "/invoices", order).gives(201, &inv)
	c.call("POST", "/invoices/"+inv.ID+"/issue", object{"send_email": true}).gives(200, &inv)

	becomes := func(state string) email {
		return await(t, patience, func() (now email) {
			c.call("GET", "/invoices/"+inv.ID, nil).gives(200, &now)
			return now
		}, func(now email) bool { return now.Email.State == state })
	}
	failed := becomes("failed")
	assert.Contains(t, failed.Email.Reason, "550 5.1.1 no such mailbox")
	assert.Equal(t, "refused@"+c.id+".example.ch", failed.Email.To)
	assert.Contains(t, c.eventTypes(), "invoice.email_failed")
	var raised exceptionList
	c.call("GET", "/exceptions?subject="+inv.ID, nil).gives(200, &raised)
	require.Len(t, raised.Data, 1)
	assert.Equal(t, []string{"email_failed", "open"}, []string{raised.Data[0].Kind, raised.Data[0].Status})
	assert.Contains(t, raised.Data[0].Detail, "550 5.1.1 no such mailbox")

	// The workflow is lost; the link goes out all the same.
	require.NoError(t, operator(t, shared).TerminateWorkflow(t.Context(), contract.InvoicePaymentID(inv.ID), "", "Temporal's database was lost."))
	corrected := "marie." + c.id + "@example.ch"
	c.call("POST", "/invoices/"+inv.ID+"/send", object{"email": corrected}).gives(202, nil)
	becomes("delivered")
	assert.Contains(t, c.mailTo(corrected).Text, inv.OnlineDocumentURL)
	c.call("GET", "/exceptions?subject="+inv.ID, nil).gives(200, &raised)
	require.Len(t, raised.Data, 1)
	assert.Equal(t, []string{"resolved", "cleared_up"}, []string{raised.Data[0].Status, raised.Data[0].Choice})

	// The same by changing the invoice. Mail servers see a domain with umlauts in the form that all of them take.
	c.call("PATCH", "/invoices/"+inv.ID, object{"customer": object{"email": "marie." + c.id + "@bücher.example"}}).gives(200, nil)
	c.call("POST", "/invoices/"+inv.ID+"/send", nil).gives(202, nil)
	mail := await(t, patience, func() message { return c.mailTo("marie." + c.id + "@xn--bcher-kva.example") }, func(m message) bool { return m.Subject != "" })
	assert.Equal(t, "<kontakt@xn--bcher-kva.example>", mail.ReplyTo, "the customer's answer is for the company")
	for _, address := range []string{"zoë@example.ch", strings.Repeat("a", 65) + "@example.ch"} {
		c.call("PATCH", "/invoices/"+inv.ID, object{"customer": object{"email": address}}).isProblem(422, "validation-failed", "customer.email")
	}

	inv.payNow("card").pay(visa)
	inv.requireCollectedOnce("108.00")
	c.call("POST", "/invoices/"+inv.ID+"/send", nil).gives(409, nil)
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-mailed-again-then-paid")
}
