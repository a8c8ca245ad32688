package reconciliation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/activities/reconciliation"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/sweep"
	"github.com/quittance/quittance/internal/testing/shoptest"
	"github.com/quittance/quittance/workflows/contract"
)

// night lets time pass at Saferpay until everything is in the report, and compares it.
func (s *shop) night() reconciliation.Compared {
	s.T.Helper()
	s.Steer("/_sim/age", map[string]string{"by": "26h"})
	return s.compare()
}

func (s *shop) compare() reconciliation.Compared {
	s.T.Helper()
	return do[reconciliation.Compared](s, s.Reconciliation.CompareReport, s.report())
}

// report is its first page, with all that it can have.
func (s *shop) report() reconciliation.ReportPage {
	year, month, day := time.Now().In(calendar.Zurich).Date()
	yesterday := time.Date(year, month, day, 0, 0, 0, 0, calendar.Zurich).Add(-time.Minute)
	return reconciliation.ReportPage{PaymentServiceRef: s.ServiceRef(), From: yesterday.AddDate(0, 0, -7), To: yesterday, Page: 1}
}

// orphan is a captured transaction that nobody here knows of.
func (s *shop) orphan(francs, orderID string) {
	s.T.Helper()
	s.Steer("/_sim/orphans", map[string]string{
		"customer_id": "123123", "terminal_id": "12345678", "amount": francs, "currency": "CHF", "order_id": orderID,
	})
}

// rewrite changes what Saferpay says of the payment's transaction.
func (s *shop) rewrite(paymentID string, to map[string]string) {
	s.T.Helper()
	s.Send("PATCH", "/_sim/transactions/"+s.Payment(paymentID).TransactionID, to)
}

// kinds are the kinds of the findings by their subject.
func kinds(c reconciliation.Compared) map[string]exception.Kind {
	out := map[string]exception.Kind{}
	for _, f := range c.Findings {
		out[f.Subject] = f.Kind
	}
	return out
}

// raised puts a finding before a person, as its workflow does first.
func (s *shop) raised(f contract.Found) escalation.Raised {
	s.T.Helper()
	return do[escalation.Raised](s, s.Escalation.RaiseException, escalation.Raise{
		CompanyID: s.Company, ExceptionID: f.ExceptionID, Kind: f.Kind, Subject: f.Subject, WorkflowID: "exception/" + f.ExceptionID, Detail: f.Detail, Choices: f.Choices,
	})
}

func TestANightWithoutDisagreementFindsNothing(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Paid(payment.Card)
	ref, err := s.Wanted(paymentID, "8.00")
	require.NoError(t, err)
	do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref)
	do[refunding.RefundOutcome](s, s.Refunding.CaptureRefund, ref)
	_, err = s.Run(s.Refunding.BookRefund, refunding.GiveBack{RefundRef: ref, State: refund.Captured, Note: "Done."})
	require.NoError(t, err)
	assert.Equal(t, reconciliation.Compared{Transactions: 2}, s.night())
}

func TestWhatIsInFlightIsNotJudged(t *testing.T) {
	t.Parallel()
	s := issued(t)
	unnoticed, page := s.Checkout(payment.Card)
	s.Pay(page, "9010003150000001", "pay")
	night := s.night()
	assert.Empty(t, night.Findings)
	require.Len(t, night.Payments, 1)
	found := night.Payments[0]
	assert.Equal(t, []any{s.Ref(unnoticed), s.Invoice, "R-1001", invoice.Open, "CHF 108.00"},
		[]any{found.PaymentRef, found.InvoiceID, found.InvoiceNumber, found.InvoiceStatus, found.Amount.String()})

	left := do[collection.LeftBehind](s, s.Collection.TakeUpInvoice, s.InvoiceRef())
	assert.Equal(t, invoice.Open, left.InvoiceStatus)
	require.Len(t, left.Payments, 1)
	assert.Equal(t, []any{unnoticed, payment.Redirected, page}, []any{left.Payments[0].PaymentID, left.Payments[0].State, left.Payments[0].RedirectURL})
}

func TestAPaymentThatEndedWithoutItsMoneyIsBegunAnewOnce(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID, page := s.Checkout(payment.Card)
	s.Pay(page, "9010003150000001", "pay")
	s.changePayment(paymentID, func(p *payment.Payment) error { return p.Become(payment.Expired, time.Now(), "Nobody told us.") })
	for range 2 { // as after a crash
		night := s.night()
		assert.Empty(t, night.Findings)
		require.Len(t, night.Payments, 1)
		assert.Equal(t, []any{paymentID, s.Invoice}, []any{night.Payments[0].PaymentID, night.Payments[0].InvoiceID})
	}
	reopened := s.Payment(paymentID)
	assert.Equal(t, payment.Unknown, reopened.State)
	assert.Contains(t, reopened.Timeline[len(reopened.Timeline)-1].Note, s.AtSaferpay()[0].ID)

	left := do[collection.LeftBehind](s, s.Collection.TakeUpInvoice, s.InvoiceRef())
	require.Len(t, left.Payments, 1)
	assert.True(t, left.Payments[0].Reopened)
	assert.Equal(t, payment.Authorized, do[collection.Outcome](s, s.Collection.CloseExpired, s.Ref(paymentID)).State)

	s.changePayment(paymentID, func(p *payment.Payment) error { return p.Become(payment.Unknown, time.Now(), "") })
	do[collection.Outcome](s, s.Collection.GiveUpPayment, s.Ref(paymentID))
	night := s.night()
	assert.Empty(t, night.Payments)
	assert.Equal(t, map[string]exception.Kind{paymentID: exception.MissingCapture}, kinds(night), "a second time is for a person")
}

func TestAPaymentAboutWhichAPersonWasAskedIsNotBegunAnew(t *testing.T) {
	t.Parallel()
	for name, raised := range map[string]func(paymentID, transactionID string) sweep.Finding{
		"the same question": func(_, transactionID string) sweep.Finding {
			return sweep.Finding{Kind: exception.MissingCapture, Subject: transactionID}
		},
		"another about the transaction": func(_, transactionID string) sweep.Finding {
			return sweep.Finding{Kind: exception.OrphanTransaction, Subject: transactionID}
		},
		"one about the payment": func(paymentID, _ string) sweep.Finding {
			return sweep.Finding{Kind: exception.OutcomeUnclear, Subject: paymentID}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := issued(t)
			paymentID, page := s.Checkout(payment.Card)
			s.Pay(page, "9010003150000001", "pay")
			at := s.AtSaferpay()[0]
			f := contract.Found{ExceptionID: id.New(id.Exception), Finding: raised(paymentID, at.ID)}
			f.Choices = []exception.Choice{exception.Accept}
			s.raised(f)
			s.changePayment(paymentID, func(p *payment.Payment) error { return p.Become(payment.Expired, time.Now(), "Nobody told us.") })
			assert.Equal(t, map[string]exception.Kind{at.ID: exception.MissingCapture}, kinds(s.night()))
			assert.Equal(t, payment.Expired, s.Payment(paymentID).State)
		})
	}
}

func TestAnotherTransactionOfAPaymentThatIsBegunAnewWaitsForTheNextNight(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID, _ := s.Checkout(payment.Card)
	s.changePayment(paymentID, func(p *payment.Payment) error { return p.Become(payment.Expired, time.Now(), "Nobody told us.") })
	for range 2 {
		s.orphan("108.00", s.Payment(paymentID).OrderID)
	}
	night := s.night()
	assert.Empty(t, night.Findings)
	assert.Len(t, night.Payments, 1)
	s.changePayment(paymentID, func(p *payment.Payment) error {
		p.TransactionID = s.AtSaferpay()[0].ID
		return p.Become(payment.Cancelled, time.Now(), "")
	})
	assert.Len(t, s.compare().Findings, 2, "one that was given back, and one that nobody knows")
}

// changePayment changes our record of a payment.
func (s *shop) changePayment(paymentID string, change func(*payment.Payment) error) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) error {
		p, err := tx.LockPayment(s.T.Context(), paymentID)
		require.NoError(s.T, err)
		require.NoError(s.T, change(&p))
		return tx.SavePayment(s.T.Context(), p)
	})
}

func TestRefundsInFlightAreNotJudged(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Paid(payment.Card)
	lost, err := s.Wanted(paymentID, "8.00") // the answer is lost
	require.NoError(t, err)
	s.Fault("Transaction/Refund", "http_500_after")
	assert.Equal(t, refund.Unknown, do[refunding.RefundOutcome](s, s.Refunding.SendRefund, lost).State)
	byHand, err := s.Wanted(paymentID, "5.00") // the merchant makes it in the Backoffice
	require.NoError(t, err)
	s.refundInTheBackoffice(paymentID, "500")

	night := s.night()
	assert.Empty(t, night.Findings)
	require.Len(t, night.Refunds, 1)
	assert.Equal(t, []any{lost, paymentID}, []any{night.Refunds[0].RefundRef, night.Refunds[0].PaymentID})
	assert.Empty(t, s.Refund(byHand).TransactionID)

	_, err = s.Run(s.Refunding.BookRefund, refunding.GiveBack{RefundRef: byHand, State: refund.Recorded, Note: "Done."})
	require.NoError(t, err)
	assert.Empty(t, s.compare().Findings, "it explains the refund in the Backoffice")
	assert.NotEmpty(t, s.Refund(byHand).TransactionID)
	assert.Empty(t, s.compare().Findings)
	s.refundInTheBackoffice(paymentID, "500") // and no second one
	assert.Equal(t, []exception.Kind{exception.RefundFound}, valuesOf(kinds(s.night())))
}

func valuesOf(kinds map[string]exception.Kind) (values []exception.Kind) {
	for _, kind := range kinds {
		values = append(values, kind)
	}
	return values
}

// refundInTheBackoffice gives a part of the payment back, without any order id.
func (s *shop) refundInTheBackoffice(paymentID, minor string) {
	s.T.Helper()
	before := len(s.AtSaferpay())
	s.Directly("Transaction/Refund", map[string]any{
		"Refund":           map[string]any{"Amount": map[string]string{"Value": minor, "CurrencyCode": "CHF"}},
		"CaptureReference": map[string]string{"CaptureId": s.Payment(paymentID).CaptureID},
	})
	s.Directly("Transaction/Capture", map[string]any{"TransactionReference": map[string]string{"TransactionId": s.AtSaferpay()[before].ID}})
}

func TestAnotherCompanyOnTheSameTerminalHasNoOrphans(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Paid(payment.Card)
	ref, err := s.Wanted(paymentID, "8.00")
	require.NoError(t, err)
	do[refunding.RefundOutcome](s, s.Refunding.SendRefund, ref)
	do[refunding.RefundOutcome](s, s.Refunding.CaptureRefund, ref)
	byHand, err := s.Wanted(paymentID, "5.00")
	require.NoError(t, err)
	_, err = s.Run(s.Refunding.BookRefund, refunding.GiveBack{RefundRef: byHand, State: refund.Recorded, Note: "Done."})
	require.NoError(t, err)
	s.refundInTheBackoffice(paymentID, "500")
	s.night() // the refund by hand gets its transaction

	twin := *s.Shop
	other := &shop{&twin}
	other.Company, other.Service, other.Invoice = id.New(id.Company), id.New(id.PaymentService), id.New(id.Invoice)
	other.Seed()
	night := other.compare()
	assert.Equal(t, 3, night.Transactions, "the report shows it all")
	assert.Empty(t, night.Findings)
	other.orphan("50.00", "")
	assert.Len(t, other.night().Findings, 1)
}

func TestALicenseWithoutTheReportIsNotedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Put("/_sim/customers/123123", map[string]any{"features": []string{"PAYMENT_API"}})
	for range 2 {
		night := s.night()
		assert.Contains(t, night.Skipped, "no transaction report")
		assert.Empty(t, night.Findings)
	}
	notes := 0
	for _, step := range s.PaymentService(s.ServiceRef()).Timeline {
		if step.Note != "" && step.Status == merchant.Active {
			assert.Contains(t, step.Note, "no transaction report")
			notes++
		}
	}
	assert.Equal(t, 1, notes)
	assert.Equal(t, merchant.Active, s.PaymentService(s.ServiceRef()).Status)
}

func TestAPasswordThatIsRefusedSuspendsThePaymentServiceAndIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.Put("/_sim/customers/123123", map[string]any{"password": "Changed-Password-1"})
	_, err := s.Run(s.Reconciliation.CompareReport, s.report())
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, activities.CredentialsRevoked, name)
	assert.False(t, again)
	assert.Equal(t, merchant.Suspended, s.PaymentService(s.ServiceRef()).Status)
	assert.Equal(t, "The payment service is suspended.", s.compare().Skipped)
	_, err = s.Run(s.Reconciliation.CaptureFound, reconciliation.FoundTransaction{PaymentServiceRef: s.ServiceRef(), ExceptionID: "exc_1", TransactionID: "T1"})
	name, _ = shoptest.ErrorType(t, err)
	assert.Equal(t, activities.CredentialsRevoked, name)
}

func TestALongReportIsComparedPageByPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	for range 501 {
		s.orphan("1.00", "")
	}
	s.night()
	page := s.report()
	first := do[reconciliation.Compared](s, s.Reconciliation.CompareReport, page)
	page.Page++
	second := do[reconciliation.Compared](s, s.Reconciliation.CompareReport, page)
	assert.Equal(t, []any{500, true, 500}, []any{first.Transactions, first.More, len(first.Findings)})
	assert.Equal(t, []any{1, false, 1}, []any{second.Transactions, second.More, len(second.Findings)})
}
