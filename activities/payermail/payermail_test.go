package payermail_test

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/payermail"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/postgrestest"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

type shop struct{ *shoptest.Shop }

// mailing is a shop whose invoice is open and whose payers get receipts by mail.
func mailing(t *testing.T) *shop {
	t.Helper()
	s := &shop{shoptest.Open(t)}
	s.Issue()
	s.change(func(c *merchant.Company) { c.ReceiptsByEmail = true })
	return s
}

func (s *shop) change(how func(*merchant.Company)) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) error {
		c, err := tx.LockCompany(s.T.Context())
		require.NoError(s.T, err)
		how(&c)
		return tx.SaveCompany(s.T.Context(), c)
	})
}

// addressed gives the customer another address.
func (s *shop) addressed(email string) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(s.T.Context(), s.Invoice)
		require.NoError(s.T, err)
		inv.Customer.Email = email
		return tx.SaveInvoice(s.T.Context(), inv)
	})
}

func (s *shop) about(paymentID string) payermail.Ref {
	return payermail.Ref{CompanyID: s.Company, PaymentID: paymentID}
}

// mail sends the mail and records what became of it, two times, as after a crash.
func (s *shop) mail(ref payermail.Ref) {
	s.T.Helper()
	for range 2 {
		sent := shoptest.Do[activities.Sent](s.Shop, s.PayerMail.SendPayerMail, ref)
		_, err := s.Run(s.PayerMail.RecordPayerMail, payermail.Ended{Ref: ref, Sent: sent})
		require.NoError(s.T, err)
	}
}

// returned is money of the payment that goes back.
func (s *shop) returned(paymentID, amount string, state refund.State) (activities.RefundRef, activities.GivenBack) {
	s.T.Helper()
	ref, err := s.Wanted(paymentID, amount)
	require.NoError(s.T, err)
	return ref, shoptest.Do[activities.GivenBack](s.Shop, s.Refunding.BookRefund, refunding.GiveBack{RefundRef: ref, State: state, Note: "Done."})
}

func (s *shop) exceptionsAbout(subject string) (found []exception.Exception) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) (err error) {
		found, err = tx.ExceptionsAbout(s.T.Context(), []string{subject})
		return err
	})
	return found
}

func TestThePayerOfABookedPaymentGetsOneReceipt(t *testing.T) {
	t.Parallel()
	s := mailing(t)
	paymentID := s.Authorized()
	for range 2 {
		assert.True(t, s.CaptureAndBook(paymentID).MailQueued)
	}
	p := s.Payment(paymentID)
	assert.Equal(t, []string{"VISA", "901000xxxxxx0001", "012345", "de"}, []string{p.Brand, p.Card, p.AuthorizationCode, p.Language})
	left := shoptest.Do[collection.LeftBehind](s.Shop, s.Collection.TakeUpInvoice, s.InvoiceRef())
	assert.Equal(t, []string{paymentID}, left.Receipts, "a mail is not lost with its workflow")

	s.mail(s.about(paymentID))
	require.Len(t, s.Letters, 1)
	assert.Equal(t, []string{"anna@example.ch", "compta@demo.example"}, []string{s.Letters[0].To, s.Letters[0].ReplyTo})
	assert.Contains(t, s.Letters[0].Text, "Bezahlt mit: Visa xxxx 0001")
	assert.Contains(t, s.Letters[0].Text, "Die Rechnung ist vollständig bezahlt.")
	assert.Equal(t, payment.MailDelivered, s.Payment(paymentID).Mail.State)
	assert.False(t, s.CaptureAndBook(paymentID).MailQueued)
	assert.Empty(t, shoptest.Do[collection.LeftBehind](s.Shop, s.Collection.TakeUpInvoice, s.InvoiceRef()).Receipts)
}

func TestThePayerIsToldOnceWhatGoesBack(t *testing.T) {
	t.Parallel()
	s := mailing(t)
	paymentID := s.Paid(payment.TWINT)
	ref, back := s.returned(paymentID, "50.00", refund.Captured)
	assert.True(t, back.MailQueued)
	s.mail(payermail.Ref{CompanyID: s.Company, RefundID: ref.RefundID})
	require.Len(t, s.Letters, 1)
	assert.Contains(t, s.Letters[0].Text, "CHF 50.00 gehen zurück auf TWINT.")
	assert.Equal(t, payment.MailDelivered, s.Refund(ref).Mail.State)

	byHand, back := s.returned(paymentID, "", refund.Recorded)
	assert.False(t, back.MailQueued, "who gives money back by hand tells it too")
	assert.Zero(t, s.Refund(byHand).Mail)
}

func TestNoMailIsQueuedUnlessItIsWantedAndThereIsAnAddress(t *testing.T) {
	t.Parallel()
	for name, without := range map[string]func(s *shop){
		"the setting": func(s *shop) { s.change(func(c *merchant.Company) { c.ReceiptsByEmail = false }) },
		"an address":  func(s *shop) { s.addressed("") },
	} {
		s := mailing(t)
		without(s)
		paymentID := s.Authorized()
		assert.False(t, s.CaptureAndBook(paymentID).MailQueued, name)
		_, back := s.returned(paymentID, "8.00", refund.Captured)
		assert.False(t, back.MailQueued, name)
		s.mail(s.about(paymentID))
		assert.Empty(t, s.Letters, name)
		assert.Zero(t, s.Payment(paymentID).Mail, name)
	}
}

func TestAMailThatIsRefusedIsAnExceptionAndOneThatHasNowhereToGoIsNot(t *testing.T) {
	t.Parallel()
	s := mailing(t)
	paymentID := s.Paid(payment.Card)
	s.SendError = errors.New("connection refused")
	_, err := s.Run(s.PayerMail.SendPayerMail, s.about(paymentID))
	_, again := shoptest.ErrorType(t, err)
	assert.True(t, again, "a mail server that is down is asked again")

	s.SendError = &activities.UndeliverableError{Reason: "550 no such mailbox."}
	s.mail(s.about(paymentID))
	m := s.Payment(paymentID).Mail
	assert.Equal(t, []any{payment.MailFailed, "550 no such mailbox."}, []any{m.State, m.Reason})
	assert.Equal(t, payment.Captured, s.Payment(paymentID).State)
	raised := s.exceptionsAbout(paymentID)
	require.Len(t, raised, 1)
	assert.Equal(t, []any{exception.EmailFailed, []exception.Choice{exception.Acknowledge}, true}, []any{raised[0].Kind, raised[0].Choices, raised[0].Open()})
	assert.Contains(t, raised[0].Detail, "550 no such mailbox. The money is booked all the same.")
	assert.NotContains(t, raised[0].Detail, "anna@")

	ref, _ := s.returned(paymentID, "8.00", refund.Captured)
	s.addressed("")
	s.mail(payermail.Ref{CompanyID: s.Company, RefundID: ref.RefundID})
	assert.Equal(t, payment.MailFailed, s.Refund(ref).Mail.State)
	assert.Empty(t, s.exceptionsAbout(ref.RefundID), "nobody has to see to it")
	assert.Empty(t, s.Letters)
}

func TestMoneyThatCameTwiceIsSaidToBeTooMuch(t *testing.T) {
	t.Parallel()
	s := mailing(t)
	first, second := s.Authorized(), s.Authorized()
	s.CaptureAndBook(first)
	assert.True(t, s.CaptureAndBook(second).Parked)
	s.mail(s.about(second))
	require.Len(t, s.Letters, 1)
	assert.Contains(t, s.Letters[0].Text, "Demo SA weiss davon")
}
