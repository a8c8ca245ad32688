package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
)

// errorType is the type under which Temporal knows the error, and whether it would try again.
func errorType(t *testing.T, err error) (string, bool) {
	t.Helper()
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok, "%v", err)
	return app.Type(), !app.NonRetryable()
}

func TestPaymentIsTakenAndBookedOnce(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	captured := do[activities.Captured](s, s.saferpay.CapturePayment, s.ref(paymentID))
	for range 2 { // as after a crash
		booked := do[activities.Booked](s, s.books.BookReceipt, activities.Receipt{PaymentRef: s.ref(paymentID), CaptureID: captured.CaptureID})
		assert.Equal(t, activities.Booked{Standing: activities.Standing{InvoiceStatus: invoice.Paid, Due: booked.Due}, Account: "1029"}, booked)
		assert.True(t, booked.Due.IsZero())
	}
	p, inv := s.payment(paymentID), s.currentInvoice()
	assert.Equal(t, payment.Captured, p.State)
	assert.Equal(t, "1029", p.BookedAccount)
	assert.Equal(t, captured.CaptureID, p.CaptureID)
	assert.True(t, p.LiabilityShift)
	assert.NotContains(t, p.PaymentMeans, "9010003150000001", "no card number is kept")
	assert.Equal(t, invoice.Paid, inv.Status)
	assert.True(t, inv.AmountDue().IsZero())
	entries := s.journal()
	require.Len(t, entries, 1)
	assert.Equal(t, []string{"1029 debit CHF 108.00", "1100 credit CHF 108.00"}, lines(entries[0]))
	assert.Equal(t, []event.Type{event.InvoiceOpened, event.PaymentAuthorized, event.PaymentCaptured, event.InvoicePaid}, s.events())
	assert.Equal(t, 1, s.transactions()[p.OrderID].Captures)
}

func TestCaptureWhoseAnswerWasLostIsUnknownThenConfirmed(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"http_500_after", "reset_after", "http_500_before", "reset_before", "html_502"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := open(t).issued()
			paymentID := s.authorized()
			s.fault("Transaction/Capture", kind)
			_, err := s.run(s.saferpay.CapturePayment, s.ref(paymentID))
			name, again := errorType(t, err)
			assert.Equal(t, activities.SaferpayUnclear, name)
			assert.True(t, again)
			assert.Equal(t, payment.Unknown, s.payment(paymentID).State)

			s.captureAndBook(paymentID)
			p := s.payment(paymentID)
			assert.Equal(t, payment.Captured, p.State)
			assert.NotEmpty(t, p.CaptureID)
			assert.Equal(t, 1, s.transactions()[p.OrderID].Captures)
		})
	}
}

func TestLateMoneyIsParkedOnPrepayments(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	first, second := s.authorized(), s.authorized()
	for _, paymentID := range []string{first, second} {
		s.captureAndBook(paymentID)
	}
	assert.True(t, s.payment(second).Parked)
	assert.Equal(t, "108.00", s.currentInvoice().AmountPaid.Value())
	entries := s.journal()
	require.Len(t, entries, 2)
	assert.Equal(t, []string{"1029 debit CHF 108.00", "2030 credit CHF 108.00"}, lines(entries[1]))
}

// lines are the lines of an entry as people write them.
func lines(e ledger.Entry) (list []string) {
	for _, l := range e.Lines {
		if l.Debit.IsPositive() {
			list = append(list, l.Account+" debit "+l.Debit.String())
		} else {
			list = append(list, l.Account+" credit "+l.Credit.String())
		}
	}
	return list
}

func TestAuthorizationIsGivenBackWithItsReason(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	for range 2 {
		do[activities.Released](s, s.saferpay.ReleasePayment, activities.Release{PaymentRef: s.ref(paymentID), Objection: payment.InvoiceWithdrawn})
	}
	p := s.payment(paymentID)
	assert.Equal(t, payment.Cancelled, p.State)
	assert.Equal(t, "invoice_cancelled", p.Failure.Name)
	assert.Equal(t, "CANCELED", s.transactions()[p.OrderID].Status)
	assert.Equal(t, 1, count(s.events(), event.PaymentFailed))
}

func count(types []event.Type, t event.Type) (n int) {
	for _, one := range types {
		if one == t {
			n++
		}
	}
	return n
}

func TestMoneyThatWasTakenAlreadyIsNotGivenBackButBooked(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID := s.authorized()
	captured := do[activities.Captured](s, s.saferpay.CapturePayment, s.ref(paymentID))
	released := do[activities.Released](s, s.saferpay.ReleasePayment, activities.Release{PaymentRef: s.ref(paymentID), Objection: payment.InvoiceSettled})
	assert.Equal(t, captured.CaptureID, released.CaptureID)
}

func TestOutcomesOfAPaymentPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		means, action string
		state         payment.State
		objection     payment.Objection
		failure       string
	}{
		"not begun":          {"", "close", payment.Redirected, "", ""},
		"gone back":          {"9010003150000001", "abort", payment.Aborted, "", "TRANSACTION_ABORTED"},
		"declined":           {"9010403153150003", "pay", payment.Failed, "", "*"},
		"3-D Secure failed":  {"9010004350000007", "pay", payment.Failed, "", "3DS_AUTHENTICATION_FAILED"},
		"partial approval":   {"9010100000020013", "pay", payment.Failed, "", "TRANSACTION_DECLINED"},
		"good, by challenge": {"9010004950000001", "pay", payment.Authorized, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t).issued()
			paymentID, page := s.checkout(payment.Card)
			s.pay(page, c.means, c.action)
			for range 2 { // asking again gives the same answer and changes nothing
				outcome := s.ask(paymentID)
				assert.Equal(t, c.state, outcome.State)
				assert.Equal(t, c.objection, outcome.Objection)
			}
			p := s.payment(paymentID)
			assert.Equal(t, c.state, p.State)
			if c.failure == "*" {
				assert.NotEmpty(t, p.Failure.Name)
			} else {
				assert.Equal(t, c.failure, p.Failure.Name)
			}
		})
	}
}

func TestLiabilityShiftIsThePolicyOfTheCompany(t *testing.T) {
	t.Parallel()
	for policy, want := range map[merchant.LiabilityPolicy]payment.State{merchant.Require: payment.Failed, merchant.Prefer: payment.Authorized} {
		s := open(t).issued()
		s.in(func(tx *postgres.Tx) error {
			company, err := tx.Company(t.Context())
			company.Liability = policy
			return errors.Join(err, tx.SaveCompany(t.Context(), company))
		})
		paymentID, page := s.checkout(payment.Card)
		s.pay(page, "9010003750000005", "pay") // authorized without liability shift
		outcome := s.ask(paymentID)
		if policy == merchant.Require && outcome.State == payment.Authorized {
			assert.Equal(t, payment.NoLiabilityShift, outcome.Objection)
			continue
		}
		assert.Equal(t, want, outcome.State, policy)
		assert.Empty(t, outcome.Objection)
	}
}

func TestUnclearAssertLeavesThePaymentAsItWas(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID, page := s.checkout(payment.Card)
	s.pay(page, "9010003150000001", "pay")
	s.fault("PaymentPage/Assert", "http_500_after")
	_, err := s.run(s.saferpay.AssertPayment, activities.AskOutcome{PaymentRef: s.ref(paymentID), Turn: 1})
	name, again := errorType(t, err)
	assert.Equal(t, activities.SaferpayUnclear, name)
	assert.True(t, again)
	assert.Equal(t, payment.Redirected, s.payment(paymentID).State)
	assert.Equal(t, payment.Authorized, s.ask(paymentID).State)
}

func TestRevokedCredentialsSuspendThePaymentServiceOnce(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	paymentID, page := s.checkout(payment.Card)
	s.pay(page, "9010003150000001", "pay")
	s.steer("/_sim/faults", map[string]any{"operation": "PaymentPage/Assert", "kind": "error", "error": "AUTHENTICATION_FAILED", "times": 2})
	for range 2 {
		_, err := s.run(s.saferpay.AssertPayment, activities.AskOutcome{PaymentRef: s.ref(paymentID), Turn: 1})
		name, again := errorType(t, err)
		assert.Equal(t, activities.CredentialsRevoked, name)
		assert.False(t, again, "a wrong password is never tried in a loop")
	}
	assert.Equal(t, payment.Redirected, s.payment(paymentID).State)
	assert.Equal(t, 1, count(s.events(), event.PaymentServiceSuspended))
	_, err := s.run(s.saferpay.OpenPaymentPage, activities.StartCheckout{
		InvoiceRef: s.invoiceRef(), PaymentID: id.New(id.Payment), OrderID: id.NewOrder(), NotificationSecret: id.NewSecret(), Method: payment.Card, Language: "de",
	})
	name, _ := errorType(t, err)
	assert.Equal(t, string(problem.PaymentServiceNotActive), name)
}

func TestPaymentPageIsOpenedOnce(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	in := activities.StartCheckout{
		InvoiceRef: s.invoiceRef(), PaymentID: id.New(id.Payment), OrderID: id.NewOrder(), NotificationSecret: id.NewSecret(), Method: payment.TWINT, Language: "it",
	}
	first := do[activities.Checkout](s, s.saferpay.OpenPaymentPage, in)
	second := do[activities.Checkout](s, s.saferpay.OpenPaymentPage, in)
	assert.Equal(t, first, second)
	assert.True(t, first.ExpiresAt.After(time.Now()))
	p := s.payment(in.PaymentID)
	assert.Equal(t, payment.Redirected, p.State)
	assert.Len(t, p.Timeline, 2)
}

func TestAPageThatNobodyWasSentToIsAtAnEnd(t *testing.T) {
	t.Parallel()
	s := open(t).issued()
	_, err := s.run(s.books.AbandonPage, s.ref(id.New(id.Payment)))
	require.NoError(t, err, "it was never recorded")
	paymentID, _ := s.checkout(payment.Card)
	for range 2 {
		_, err := s.run(s.books.AbandonPage, s.ref(paymentID))
		require.NoError(t, err)
		assert.Equal(t, payment.Expired, s.payment(paymentID).State)
	}
	paid := s.authorized()
	_, err = s.run(s.books.AbandonPage, s.ref(paid))
	require.NoError(t, err)
	assert.Equal(t, payment.Authorized, s.payment(paid).State, "what has gone further stays as it is")
}

func TestNobodyPaysADraftOrByAMethodThatIsNotOffered(t *testing.T) {
	t.Parallel()
	s := open(t)
	in := activities.StartCheckout{
		InvoiceRef: s.invoiceRef(), PaymentID: id.New(id.Payment), OrderID: id.NewOrder(), NotificationSecret: id.NewSecret(), Method: payment.Card, Language: "de",
	}
	_, err := s.run(s.saferpay.OpenPaymentPage, in)
	name, again := errorType(t, err)
	assert.Equal(t, string(problem.InvoiceNotOpen), name)
	assert.False(t, again)
	s.issued()
	s.in(func(tx *postgres.Tx) error {
		service, err := tx.LockPaymentService(t.Context(), s.service)
		service.Methods = service.Methods[:1] // TWINT is gone
		return errors.Join(err, tx.SavePaymentService(t.Context(), service))
	})
	in.Method = payment.TWINT
	_, err = s.run(s.saferpay.OpenPaymentPage, in)
	name, _ = errorType(t, err)
	assert.Equal(t, string(problem.PaymentMethodNotOffered), name)
}

func TestInvoiceIsOpenedAndCancelledOnce(t *testing.T) {
	t.Parallel()
	s := open(t).issued().issued()
	for range 2 {
		_, err := s.run(s.books.CancelInvoice, s.invoiceRef())
		require.NoError(t, err)
	}
	assert.Equal(t, invoice.Cancelled, s.currentInvoice().Status)
	assert.Equal(t, []event.Type{event.InvoiceOpened, event.InvoiceCancelled}, s.events())
	_, err := s.run(s.books.OpenInvoice, s.invoiceRef())
	name, again := errorType(t, err)
	assert.Equal(t, string(problem.InvoiceNotDraft), name)
	assert.False(t, again)
}

func TestInvoiceIsNotOpenedThroughAServiceThatCannotCollectIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.in(func(tx *postgres.Tx) error {
		service, err := tx.LockPaymentService(t.Context(), s.service)
		service.Methods = []merchant.ContractedMethod{{Method: "VISA", Currencies: []string{"EUR"}}}
		return errors.Join(err, tx.SavePaymentService(t.Context(), service))
	})
	_, err := s.run(s.books.OpenInvoice, s.invoiceRef())
	name, _ := errorType(t, err)
	assert.Equal(t, string(problem.CurrencyNotActive), name)
	assert.Equal(t, invoice.Draft, s.currentInvoice().Status)
	assert.Empty(t, s.events())
}
