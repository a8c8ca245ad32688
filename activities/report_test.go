package activities_test

import (
	"testing"
	"time"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/sweep"
)

func (s *shop) serviceRef() activities.PaymentServiceRef {
	return activities.PaymentServiceRef{CompanyID: s.company, PaymentServiceID: s.service}
}

// night lets time pass at Saferpay until everything is in the report, and compares it.
func (s *shop) night() activities.Compared {
	s.t.Helper()
	s.steer("/_sim/age", map[string]string{"by": "26h"})
	return s.compare()
}

func (s *shop) compare() activities.Compared {
	s.t.Helper()
	return do[activities.Compared](s, s.saferpay.CompareReport, s.report())
}

// report is its first page, with all that it can have.
func (s *shop) report() activities.ReportPage {
	year, month, day := time.Now().In(calendar.Zurich).Date()
	yesterday := time.Date(year, month, day, 0, 0, 0, 0, calendar.Zurich).Add(-time.Minute)
	return activities.ReportPage{PaymentServiceRef: s.serviceRef(), From: yesterday.AddDate(0, 0, -7), To: yesterday, Page: 1}
}

// orphan is a captured transaction that nobody here knows of.
func (s *shop) orphan(francs, orderID string) {
	s.t.Helper()
	s.steer("/_sim/orphans", map[string]string{
		"customer_id": "123123", "terminal_id": "12345678", "amount": francs, "currency": "CHF", "order_id": orderID,
	})
}

// rewrite changes what Saferpay says of the payment's transaction.
func (s *shop) rewrite(paymentID string, to map[string]string) {
	s.t.Helper()
	s.send("PATCH", "/_sim/transactions/"+s.payment(paymentID).TransactionID, to)
}

func (s *shop) paymentServiceNow() (service merchant.PaymentService) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) (err error) {
		service, err = tx.PaymentService(s.t.Context(), s.service)
		return err
	})
	return service
}

// kinds are the kinds of the findings by their subject.
func kinds(c activities.Compared) map[string]exception.Kind {
	out := map[string]exception.Kind{}
	for _, f := range c.Findings {
		out[f.Subject] = f.Kind
	}
	return out
}

// put is what the process of a finding does first.
func (s *shop) raised(f contract.Found) activities.Raised {
	s.t.Helper()
	return do[activities.Raised](s, s.books.RaiseException, activities.Raise{
		CompanyID: s.company, ExceptionID: f.ExceptionID, Kind: f.Kind, Subject: f.Subject, WorkflowID: "exception/" + f.ExceptionID, Detail: f.Detail, Choices: f.Choices,
	})
}

func TestANightWithoutDisagreementFindsNothing(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.paid(payment.Card)
	ref, err := s.wanted(paymentID, "8.00")
	require.NoError(t, err)
	do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref)
	do[activities.RefundOutcome](s, s.saferpay.CaptureRefund, ref)
	_, err = s.run(s.books.BookRefund, activities.GiveBack{RefundRef: ref, State: refund.Captured, Note: "Done."})
	require.NoError(t, err)
	assert.Equal(t, activities.Compared{Transactions: 2}, s.night())
}

func TestMoneyThatNobodyKnowsIsFoundOnceAndBookedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.orphan("50.00", "LOST1")
	found := s.night().Findings
	require.Len(t, found, 1)
	f := found[0]
	assert.Equal(t, exception.OrphanTransaction, f.Kind)
	assert.Equal(t, activities.Raised{ExceptionID: f.ExceptionID}, s.raised(f))
	twin := f
	twin.ExceptionID = id.New(id.Exception)
	assert.Equal(t, activities.Raised{ExceptionID: f.ExceptionID}, s.raised(twin), "the same thing is the same exception")
	again := s.compare().Findings
	require.Len(t, again, 1)
	assert.Equal(t, f.ExceptionID, again[0].ExceptionID, "as long as it is open its process is started again, should it be gone")
	_, err := s.run(s.books.ResolveException, activities.Resolve{CompanyID: s.company, ExceptionID: f.ExceptionID, Choice: exception.Book, By: "key_1"})
	require.NoError(t, err)
	assert.Empty(t, s.compare().Findings, "also once it is decided")
	assert.Equal(t, activities.Raised{ExceptionID: f.ExceptionID}, s.raised(twin))

	for range 2 { // as after a crash
		_, err := s.run(s.books.BookFound, activities.FoundMoney{
			PaymentRef: activities.PaymentRef{CompanyID: s.company}, TransactionID: f.TransactionID, Amount: f.ToBook,
		})
		require.NoError(t, err)
	}
	journal := s.journal()
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

func TestWhatIsUnderWayIsNotJudged(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	unnoticed, page := s.checkout(payment.Card)
	s.pay(page, "9010003150000001", "pay")
	night := s.night()
	assert.Empty(t, night.Findings)
	require.Len(t, night.Payments, 1)
	found := night.Payments[0]
	assert.Equal(t, []any{s.ref(unnoticed), s.invoice, "R-1001", invoice.Open, "CHF 108.00"},
		[]any{found.PaymentRef, found.InvoiceID, found.InvoiceNumber, found.InvoiceStatus, found.Amount.String()})

	left := do[activities.LeftBehind](s, s.books.TakeUpInvoice, s.invoiceRef())
	assert.Equal(t, invoice.Open, left.InvoiceStatus)
	require.Len(t, left.Payments, 1)
	assert.Equal(t, []any{unnoticed, payment.Redirected, page}, []any{left.Payments[0].PaymentID, left.Payments[0].State, left.Payments[0].RedirectURL})
}

func TestAPaymentThatEndedWithoutItsMoneyIsBegunAnewOnce(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID, page := s.checkout(payment.Card)
	s.pay(page, "9010003150000001", "pay")
	s.changePayment(paymentID, func(p *payment.Payment) error { return p.Become(payment.Expired, time.Now(), "Nobody told us.") })
	for range 2 { // as after a crash
		night := s.night()
		assert.Empty(t, night.Findings)
		require.Len(t, night.Payments, 1)
		assert.Equal(t, []any{paymentID, s.invoice}, []any{night.Payments[0].PaymentID, night.Payments[0].InvoiceID})
	}
	reopened := s.payment(paymentID)
	assert.Equal(t, payment.Unknown, reopened.State)
	assert.Contains(t, reopened.Timeline[len(reopened.Timeline)-1].Note, s.atSaferpay()[0].ID)

	left := do[activities.LeftBehind](s, s.books.TakeUpInvoice, s.invoiceRef())
	require.Len(t, left.Payments, 1)
	assert.True(t, left.Payments[0].Reopened)
	assert.Equal(t, payment.Authorized, do[activities.Outcome](s, s.saferpay.CloseExpired, s.ref(paymentID)).State)

	s.changePayment(paymentID, func(p *payment.Payment) error { return p.Become(payment.Unknown, time.Now(), "") })
	do[activities.Outcome](s, s.books.GiveUpPayment, s.ref(paymentID))
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
			s := open(t).issued()
			paymentID, page := s.checkout(payment.Card)
			s.pay(page, "9010003150000001", "pay")
			at := s.atSaferpay()[0]
			f := contract.Found{ExceptionID: id.New(id.Exception), Finding: raised(paymentID, at.ID)}
			f.Choices = []exception.Choice{exception.Accept}
			s.raised(f)
			s.changePayment(paymentID, func(p *payment.Payment) error { return p.Become(payment.Expired, time.Now(), "Nobody told us.") })
			assert.Equal(t, map[string]exception.Kind{at.ID: exception.MissingCapture}, kinds(s.night()))
			assert.Equal(t, payment.Expired, s.payment(paymentID).State)
		})
	}
}

func TestAnotherTransactionOfAPaymentThatIsBegunAnewWaitsForTheNextNight(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID, _ := s.checkout(payment.Card)
	s.changePayment(paymentID, func(p *payment.Payment) error { return p.Become(payment.Expired, time.Now(), "Nobody told us.") })
	for range 2 {
		s.orphan("108.00", s.payment(paymentID).OrderID)
	}
	night := s.night()
	assert.Empty(t, night.Findings)
	assert.Len(t, night.Payments, 1)
	s.changePayment(paymentID, func(p *payment.Payment) error {
		p.TransactionID = s.atSaferpay()[0].ID
		return p.Become(payment.Cancelled, time.Now(), "")
	})
	assert.Len(t, s.compare().Findings, 2, "one that was given back, and one that nobody knows")
}

// changePayment changes our record of a payment.
func (s *shop) changePayment(paymentID string, change func(*payment.Payment) error) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) error {
		p, err := tx.LockPayment(s.t.Context(), paymentID)
		require.NoError(s.t, err)
		require.NoError(s.t, change(&p))
		return tx.SavePayment(s.t.Context(), p)
	})
}

func TestRefundsUnderWayAreNotJudged(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.paid(payment.Card)
	lost, err := s.wanted(paymentID, "8.00") // the answer is lost
	require.NoError(t, err)
	s.fault("Transaction/Refund", "http_500_after")
	assert.Equal(t, refund.Unknown, do[activities.RefundOutcome](s, s.saferpay.SendRefund, lost).State)
	byHand, err := s.wanted(paymentID, "5.00") // the merchant makes it in the Backoffice
	require.NoError(t, err)
	s.refundInTheBackoffice(paymentID, "500")

	night := s.night()
	assert.Empty(t, night.Findings)
	require.Len(t, night.Refunds, 1)
	assert.Equal(t, []any{lost, paymentID}, []any{night.Refunds[0].RefundRef, night.Refunds[0].PaymentID})
	assert.Empty(t, s.refund(byHand).TransactionID)

	_, err = s.run(s.books.BookRefund, activities.GiveBack{RefundRef: byHand, State: refund.Recorded, Note: "Done."})
	require.NoError(t, err)
	assert.Empty(t, s.compare().Findings, "it explains the refund in the Backoffice")
	assert.NotEmpty(t, s.refund(byHand).TransactionID)
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
	s.t.Helper()
	before := len(s.atSaferpay())
	s.directly("Transaction/Refund", map[string]any{
		"Refund":           map[string]any{"Amount": map[string]string{"Value": minor, "CurrencyCode": "CHF"}},
		"CaptureReference": map[string]string{"CaptureId": s.payment(paymentID).CaptureID},
	})
	s.directly("Transaction/Capture", map[string]any{"TransactionReference": map[string]string{"TransactionId": s.atSaferpay()[before].ID}})
}

func TestARefundMadeInTheBackofficeIsRecordedOnceForThePaymentThatItFits(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.paid(payment.Card)
	s.refundInTheBackoffice(paymentID, "10800")
	found := s.night().Findings
	require.Len(t, found, 1)
	f := found[0]
	assert.Equal(t, []any{exception.RefundFound, paymentID, "-108.00"}, []any{f.Kind, f.PaymentID, f.ToBook.Value()})
	assert.True(t, f.Offers(exception.Record))
	record := activities.FoundRefund{PaymentRef: s.ref(paymentID), InvoiceID: f.InvoiceID, TransactionID: f.TransactionID, Amount: f.ToBook.Neg()}
	for range 2 { // as after a crash
		_, err := s.run(s.books.RecordFoundRefund, record)
		require.NoError(t, err)
	}
	assert.Equal(t, "0.00", s.currentInvoice().AmountPaid.Value())
	assert.Len(t, s.journal(), 2)
	assert.Empty(t, s.compare().Findings, "it is known now")

	record.TransactionID = "another"
	_, err := s.run(s.books.RecordFoundRefund, record)
	name, _ := errorType(t, err)
	assert.Equal(t, string(problem.RefundExceedsPayment), name, "no more goes back than came")
}

func TestOtherAmountsAtSaferpayAreFoundAndTheDifferenceIsBookedWhereTheReceiptStands(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.paid(payment.Card)
	s.rewrite(paymentID, map[string]string{"amount": "100.00"})
	found := s.night().Findings
	require.Len(t, found, 1)
	f := found[0]
	assert.Equal(t, []any{exception.AmountDiffers, paymentID, "-8.00"}, []any{f.Kind, f.Subject, f.ToBook.Value()})
	s.in(func(tx *postgres.Tx) error {
		company, err := tx.LockCompany(t.Context())
		require.NoError(t, err)
		company.ReceiptAccount = "1020" // changed since
		return tx.SaveCompany(t.Context(), company)
	})
	_, err := s.run(s.books.BookFound, activities.FoundMoney{PaymentRef: s.ref(paymentID), InvoiceID: f.InvoiceID, TransactionID: f.TransactionID, Amount: f.ToBook})
	require.NoError(t, err)
	eight := money.MustParse("8.00", money.CHF)
	assert.Equal(t, []ledger.Line{ledger.Debit(ledger.Prepayments, eight), ledger.Credit("1029", eight)}, rendered(s.journal()[1].Lines))
}

func TestAuthorizationsThatNobodyCapturesAreTakenOrReleased(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, order := range []string{"SHOP1", "SHOP2"} {
		s.orphan("20.00", order)
	}
	for _, at := range s.atSaferpay() {
		s.send("PATCH", "/_sim/transactions/"+at.ID, map[string]string{"status": "AUTHORIZED"})
	}
	found := s.night().Findings
	require.Len(t, found, 2)
	on := func(f contract.Found) activities.FoundTransaction {
		assert.Equal(t, exception.MissingCapture, f.Kind)
		return activities.FoundTransaction{PaymentServiceRef: s.serviceRef(), ExceptionID: f.ExceptionID, TransactionID: f.TransactionID, Amount: f.Amount}
	}
	for range 2 { // as after a crash
		assert.Equal(t, "CHF 20.00", do[activities.Taken](s, s.saferpay.CaptureFound, on(found[0])).Amount.String())
		_, err := s.run(s.saferpay.ReleaseFound, on(found[1]))
		require.NoError(t, err)
	}
	assert.Equal(t, 1, s.transactions()["SHOP1"].Captures, "money is moved once")
	assert.Equal(t, "CANCELED", s.transactions()["SHOP2"].Status)

	_, err := s.run(s.books.BookFound, activities.FoundMoney{PaymentRef: activities.PaymentRef{CompanyID: s.company}, TransactionID: found[0].TransactionID, Amount: found[0].Amount})
	require.NoError(t, err)
	assert.Empty(t, s.compare().Findings, "both are cleared up")

	_, err = s.run(s.saferpay.CaptureFound, on(found[1]))
	name, again := errorType(t, err)
	assert.Equal(t, activities.SaferpayRefused, name, "it has been given back")
	assert.False(t, again)
	_, err = s.run(s.saferpay.ReleaseFound, on(found[0]))
	name, _ = errorType(t, err)
	assert.Equal(t, activities.SaferpayRefused, name, "it has been taken")
}

func TestAnotherCompanyOnTheSameTerminalHasNoOrphans(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.paid(payment.Card)
	ref, err := s.wanted(paymentID, "8.00")
	require.NoError(t, err)
	do[activities.RefundOutcome](s, s.saferpay.SendRefund, ref)
	do[activities.RefundOutcome](s, s.saferpay.CaptureRefund, ref)
	byHand, err := s.wanted(paymentID, "5.00")
	require.NoError(t, err)
	_, err = s.run(s.books.BookRefund, activities.GiveBack{RefundRef: byHand, State: refund.Recorded, Note: "Done."})
	require.NoError(t, err)
	s.refundInTheBackoffice(paymentID, "500")
	s.night() // the refund by hand gets its transaction

	other := *s
	other.company, other.service, other.invoice = id.New(id.Company), id.New(id.PaymentService), id.New(id.Invoice)
	other.seed()
	night := other.compare()
	assert.Equal(t, 3, night.Transactions, "the report shows it all")
	assert.Empty(t, night.Findings)
	other.orphan("50.00", "")
	assert.Len(t, other.night().Findings, 1)
}

func TestALicenseWithoutTheReportIsNotedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.put("/_sim/customers/123123", map[string]any{"features": []string{"PAYMENT_API"}})
	for range 2 {
		night := s.night()
		assert.Contains(t, night.Skipped, "no transaction report")
		assert.Empty(t, night.Findings)
	}
	notes := 0
	for _, step := range s.paymentServiceNow().Timeline {
		if step.Note != "" && step.Status == merchant.Active {
			assert.Contains(t, step.Note, "no transaction report")
			notes++
		}
	}
	assert.Equal(t, 1, notes)
	assert.Equal(t, merchant.Active, s.paymentServiceNow().Status)
}

func TestAPasswordThatIsRefusedSuspendsThePaymentServiceAndIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.put("/_sim/customers/123123", map[string]any{"password": "Changed-Password-1"})
	_, err := s.run(s.saferpay.CompareReport, s.report())
	name, again := errorType(t, err)
	assert.Equal(t, activities.CredentialsRevoked, name)
	assert.False(t, again)
	assert.Equal(t, merchant.Suspended, s.paymentServiceNow().Status)
	assert.Equal(t, "The payment service is suspended.", s.compare().Skipped)
	_, err = s.run(s.saferpay.CaptureFound, activities.FoundTransaction{PaymentServiceRef: s.serviceRef(), ExceptionID: "exc_1", TransactionID: "T1"})
	name, _ = errorType(t, err)
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
	first := do[activities.Compared](s, s.saferpay.CompareReport, page)
	page.Page++
	second := do[activities.Compared](s, s.saferpay.CompareReport, page)
	assert.Equal(t, []any{500, true, 500}, []any{first.Transactions, first.More, len(first.Findings)})
	assert.Equal(t, []any{1, false, 1}, []any{second.Transactions, second.More, len(second.Findings)})
}
