package reconciliation_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/activities/reconciliation"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/shoptest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestMoneyThatNobodyKnowsIsFoundOnceAndBookedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.orphan("50.00", "LOST1")
	found := s.night().Findings
	require.Len(t, found, 1)
	f := found[0]
	assert.Equal(t, exception.OrphanTransaction, f.Kind)
	assert.Equal(t, escalation.Raised{ExceptionID: f.ExceptionID}, s.raised(f))
	twin := f
	twin.ExceptionID = id.New(id.Exception)
	assert.Equal(t, escalation.Raised{ExceptionID: f.ExceptionID}, s.raised(twin), "the same thing is the same exception")
	again := s.compare().Findings
	require.Len(t, again, 1)
	assert.Equal(t, f.ExceptionID, again[0].ExceptionID, "as long as it is open its process is started again, should it be gone")
	_, err := s.Run(s.Escalation.ResolveException, escalation.Resolve{CompanyID: s.Company, ResolveException: contract.ResolveException{ExceptionID: f.ExceptionID, Choice: exception.Book, By: "key_1"}})
	require.NoError(t, err)
	assert.Empty(t, s.compare().Findings, "also once it is decided")
	assert.Equal(t, escalation.Raised{ExceptionID: f.ExceptionID}, s.raised(twin))

	for range 2 { // as after a crash
		_, err := s.Run(s.Reconciliation.BookFound, reconciliation.FoundMoney{
			PaymentRef: activities.PaymentRef{CompanyID: s.Company}, TransactionID: f.TransactionID, Amount: f.ToBook,
		})
		require.NoError(t, err)
	}
	journal := s.Journal()
	require.Len(t, journal, 1)
	fifty := money.MustParse("50.00", money.CHF)
	assert.Equal(t, []ledger.Line{ledger.Debit("1029", fifty), ledger.Credit(ledger.Prepayments, fifty)}, rendered(journal[0].Lines))
	assert.Equal(t, ledger.Source{Kind: ledger.FromTransaction, ID: f.TransactionID}, journal[0].Source)
}

// rendered gives amounts of a journal the form in which a test writes them.
func rendered(lines []ledger.Line) []ledger.Line {
	out := make([]ledger.Line, len(lines))
	for i, l := range lines {
		currency := l.Debit.Currency()
		out[i] = ledger.Line{Account: l.Account, Debit: money.MustParse(l.Debit.Value(), currency), Credit: money.MustParse(l.Credit.Value(), currency)}
		if l.Debit.IsZero() {
			out[i].Debit = money.Zero(currency)
		}
		if l.Credit.IsZero() {
			out[i].Credit = money.Zero(currency)
		}
	}
	return out
}

func TestARefundMadeInTheBackofficeIsRecordedOnceForThePaymentThatItFits(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Paid(payment.Card)
	s.refundInTheBackoffice(paymentID, "10800")
	found := s.night().Findings
	require.Len(t, found, 1)
	f := found[0]
	assert.Equal(t, []any{exception.RefundFound, paymentID, "-108.00"}, []any{f.Kind, f.PaymentID, f.ToBook.Value()})
	assert.True(t, f.Offers(exception.Record))
	record := reconciliation.FoundRefund{PaymentRef: s.Ref(paymentID), InvoiceID: f.InvoiceID, TransactionID: f.TransactionID, Amount: f.ToBook.Neg()}
	for range 2 { // as after a crash
		_, err := s.Run(s.Reconciliation.RecordFoundRefund, record)
		require.NoError(t, err)
	}
	assert.Equal(t, "0.00", s.CurrentInvoice().AmountPaid.Value())
	assert.Len(t, s.Journal(), 2)
	assert.Empty(t, s.compare().Findings, "it is known now")

	record.TransactionID = "another"
	_, err := s.Run(s.Reconciliation.RecordFoundRefund, record)
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.RefundExceedsPayment), name, "no more goes back than came")
}

func TestOtherAmountsAtSaferpayAreFoundAndTheDifferenceIsBookedWhereTheReceiptStands(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Paid(payment.Card)
	s.rewrite(paymentID, map[string]string{"amount": "100.00"})
	found := s.night().Findings
	require.Len(t, found, 1)
	f := found[0]
	assert.Equal(t, []any{exception.AmountDiffers, paymentID, "-8.00"}, []any{f.Kind, f.Subject, f.ToBook.Value()})
	s.In(func(tx *postgres.Tx) error {
		company, err := tx.LockCompany(t.Context())
		require.NoError(t, err)
		company.ReceiptAccount = "1020" // changed since
		return tx.SaveCompany(t.Context(), company)
	})
	_, err := s.Run(s.Reconciliation.BookFound, reconciliation.FoundMoney{PaymentRef: s.Ref(paymentID), InvoiceID: f.InvoiceID, TransactionID: f.TransactionID, Amount: f.ToBook})
	require.NoError(t, err)
	eight := money.MustParse("8.00", money.CHF)
	assert.Equal(t, []ledger.Line{ledger.Debit(ledger.Prepayments, eight), ledger.Credit("1029", eight)}, rendered(s.Journal()[1].Lines))
}

func TestAuthorizationsThatNobodyCapturesAreTakenOrReleased(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, order := range []string{"SHOP1", "SHOP2"} {
		s.orphan("20.00", order)
	}
	for _, at := range s.AtSaferpay() {
		s.Send("PATCH", "/_sim/transactions/"+at.ID, map[string]string{"status": "AUTHORIZED"})
	}
	found := s.night().Findings
	require.Len(t, found, 2)
	on := func(f contract.Found) reconciliation.FoundTransaction {
		assert.Equal(t, exception.MissingCapture, f.Kind)
		return reconciliation.FoundTransaction{PaymentServiceRef: s.ServiceRef(), ExceptionID: f.ExceptionID, TransactionID: f.TransactionID, Amount: f.Amount}
	}
	for range 2 { // as after a crash
		assert.Equal(t, "CHF 20.00", do[reconciliation.Taken](s, s.Reconciliation.CaptureFound, on(found[0])).Amount.String())
		_, err := s.Run(s.Reconciliation.ReleaseFound, on(found[1]))
		require.NoError(t, err)
	}
	assert.Equal(t, 1, s.Transactions()["SHOP1"].Captures, "money is moved once")
	assert.Equal(t, "CANCELED", s.Transactions()["SHOP2"].Status)

	_, err := s.Run(s.Reconciliation.BookFound, reconciliation.FoundMoney{PaymentRef: activities.PaymentRef{CompanyID: s.Company}, TransactionID: found[0].TransactionID, Amount: found[0].Amount})
	require.NoError(t, err)
	assert.Empty(t, s.compare().Findings, "both are cleared up")

	_, err = s.Run(s.Reconciliation.CaptureFound, on(found[1]))
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, activities.SaferpayRefused, name, "it has been given back")
	assert.False(t, again)
	_, err = s.Run(s.Reconciliation.ReleaseFound, on(found[0]))
	name, _ = shoptest.ErrorType(t, err)
	assert.Equal(t, activities.SaferpayRefused, name, "it has been taken")
}
