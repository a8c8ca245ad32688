package collection_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/shoptest"
	"github.com/quittance/quittance/workflows/contract"
)

// queue queues a mail to that address, or to the one that is known.
func (s *shop) queue(to string) collection.EmailRef {
	s.T.Helper()
	in := collection.QueuedEmail{InvoiceRef: s.InvoiceRef(), SendInvoice: contract.SendInvoice{EmailID: id.New(id.Email), To: to}}
	assert.True(s.T, do[collection.EmailStanding](s, s.Collection.QueueEmail, in).Queued)
	return collection.EmailRef{InvoiceRef: in.InvoiceRef, EmailID: in.EmailID}
}

// post sends the mail and records what became of it, twice.
func (s *shop) post(email collection.EmailRef) {
	s.T.Helper()
	sent := do[activities.Sent](s, s.Collection.SendInvoice, email)
	for range 2 {
		_, err := s.Run(s.Collection.RecordEmail, collection.EndedEmail{EmailRef: email, Sent: sent})
		require.NoError(s.T, err)
	}
}

// undelivered returns the exceptions about mails of the invoice.
func (s *shop) undelivered() (found []exception.Exception) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) (err error) {
		found, err = tx.ExceptionsAbout(s.T.Context(), []string{s.Invoice})
		return err
	})
	return found
}

func TestCustomerGetsTheLinkOfTheInvoiceThatIsIssued(t *testing.T) {
	t.Parallel()
	s := open(t)
	email := collection.EmailRef{InvoiceRef: s.InvoiceRef(), EmailID: id.New(id.Email)}
	do[activities.Standing](s, s.Collection.OpenInvoice, collection.Opening(email))
	assert.Equal(t, invoice.EmailQueued, s.CurrentInvoice().Email.State)
	assert.Equal(t, email.EmailID, do[collection.LeftBehind](s, s.Collection.TakeUpInvoice, s.InvoiceRef()).EmailID, "a mail is not lost with its workflow")

	s.post(email)
	require.Len(t, s.Letters, 1)
	assert.Equal(t, "anna@example.ch", s.Letters[0].To)
	assert.Contains(t, s.Letters[0].Text, shoptest.PublicURL+"/i/"+s.CurrentInvoice().Token)
	assert.Equal(t, invoice.EmailDelivered, s.CurrentInvoice().Email.State)
	assert.Empty(t, do[collection.LeftBehind](s, s.Collection.TakeUpInvoice, s.InvoiceRef()).EmailID)
	s.post(email)
	assert.Len(t, s.Letters, 1, "what was delivered is not sent again")
}

func TestThePDFGoesWithTheMailIfTheCompanyWantsIt(t *testing.T) {
	t.Parallel()
	s := issued(t)
	s.post(s.queue(""))
	require.Len(t, s.Letters, 1)
	assert.Empty(t, s.Letters[0].Attachments, "nobody has asked for it")

	s.In(func(tx *postgres.Tx) error {
		company, err := tx.Company(t.Context())
		require.NoError(t, err)
		company.AttachPDF = true
		return tx.SaveCompany(t.Context(), company)
	})
	s.post(s.queue(""))
	require.Len(t, s.Letters, 2)
	require.Len(t, s.Letters[1].Attachments, 1)
	attached := s.Letters[1].Attachments[0]
	assert.Equal(t, []string{s.CurrentInvoice().FileName(), "application/pdf"}, []string{attached.Name, attached.ContentType})
	assert.Equal(t, "%PDF-", string(attached.Content[:5]))
}

func TestMailThatIsRefusedIsAnExceptionUntilALaterOneIsDelivered(t *testing.T) {
	t.Parallel()
	s := issued(t)
	s.SendError = &activities.UndeliverableError{Reason: "550 no such mailbox."}
	s.post(s.queue(""))
	failed := s.CurrentInvoice().Email
	assert.Equal(t, []any{invoice.EmailFailed, "anna@example.ch", "550 no such mailbox."}, []any{failed.State, failed.To, failed.Reason})
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.InvoiceEmailFailed))
	require.Len(t, s.undelivered(), 1)
	raised := s.undelivered()[0]
	assert.Equal(t, []any{exception.EmailFailed, []exception.Choice{exception.Acknowledge}, true}, []any{raised.Kind, raised.Choices, raised.Open()})
	assert.Contains(t, raised.Detail, "550 no such mailbox. Correct the customer's address")
	assert.NotContains(t, raised.Detail, "anna@")

	s.SendError = nil
	s.post(s.queue("anna.muster@example.ch"))
	assert.Equal(t, "anna.muster@example.ch", s.Letters[0].To)
	now := s.CurrentInvoice()
	assert.Equal(t, "anna.muster@example.ch", now.Customer.Email, "a corrected address is kept")
	assert.Equal(t, []any{invoice.EmailDelivered, ""}, []any{now.Email.State, now.Email.Reason})
	assert.Equal(t, exception.ClearedUp, s.undelivered()[0].Choice)
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.InvoiceEmailFailed))
}

func TestMailServerThatIsDownIsAskedAgainAndOnlyTheLastMailIsSent(t *testing.T) {
	t.Parallel()
	s := issued(t)
	first := s.queue("")
	s.SendError = errors.New("connection refused")
	_, err := s.Run(s.Collection.SendInvoice, first)
	_, again := shoptest.ErrorType(t, err)
	assert.True(t, again)

	second := s.queue("anna.muster@example.ch")
	s.SendError = nil
	s.post(first)
	assert.Empty(t, s.Letters, "another mail took its place")
	s.post(second)
	require.Len(t, s.Letters, 1)
	assert.Empty(t, s.undelivered())
}

func TestMailIsQueuedOnlyForWhatCanBePaidAndNotSentOnceItCannot(t *testing.T) {
	t.Parallel()
	s := issued(t)
	waiting := s.queue("")
	_, err := s.Run(s.Collection.CancelInvoice, s.InvoiceRef())
	require.NoError(t, err)
	s.post(waiting)
	assert.Empty(t, s.Letters)
	assert.Equal(t, invoice.EmailFailed, s.CurrentInvoice().Email.State)
	assert.Contains(t, s.CurrentInvoice().Email.Reason, "cancelled")
	assert.Empty(t, s.undelivered(), "nobody has to see to it")

	_, err = s.Run(s.Collection.QueueEmail, collection.QueuedEmail{InvoiceRef: s.InvoiceRef(), SendInvoice: contract.SendInvoice{EmailID: id.New(id.Email)}})
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, []any{string(problem.InvoiceCancelled), false}, []any{name, again})
}
