package collection_test

import (
	"errors"
	"testing"
	"time"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestPaymentIsTakenAndBookedOnce(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	captured := do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(paymentID))
	for range 2 { // as after a crash
		booked := do[collection.Booked](s, s.Collection.BookReceipt, collection.Receipt{PaymentRef: s.Ref(paymentID), CaptureID: captured.CaptureID})
		assert.Equal(t, collection.Booked{Standing: activities.Standing{InvoiceStatus: invoice.Paid, Due: booked.Due}, Account: "1029"}, booked)
		assert.True(t, booked.Due.IsZero())
	}
	p, inv := s.Payment(paymentID), s.CurrentInvoice()
	assert.Equal(t, payment.Captured, p.State)
	assert.Equal(t, "1029", p.BookedAccount)
	assert.Equal(t, captured.CaptureID, p.CaptureID)
	assert.True(t, p.LiabilityShift)
	assert.NotContains(t, p.PaymentMeans, "9010003150000001", "no card number is kept")
	assert.Equal(t, invoice.Paid, inv.Status)
	assert.True(t, inv.AmountDue().IsZero())
	entries := s.Journal()
	require.Len(t, entries, 1)
	assert.Equal(t, []string{"1029 debit CHF 108.00", "1100 credit CHF 108.00"}, shoptest.Lines(entries[0]))
	assert.Equal(t, []event.Type{event.InvoiceOpened, event.PaymentAuthorized, event.PaymentCaptured, event.InvoicePaid}, s.Events())
	assert.Equal(t, 1, s.Transactions()[p.OrderID].Captures)
}

func TestCaptureWhoseAnswerWasLostIsUnknownThenConfirmed(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"http_500_after", "reset_after", "http_500_before", "reset_before", "html_502"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := issued(t)
			paymentID := s.Authorized()
			s.Fault("Transaction/Capture", kind)
			_, err := s.Run(s.Collection.CapturePayment, s.Ref(paymentID))
			name, again := shoptest.ErrorType(t, err)
			assert.Equal(t, activities.SaferpayUnclear, name)
			assert.True(t, again)
			assert.Equal(t, payment.Unknown, s.Payment(paymentID).State)

			s.CaptureAndBook(paymentID)
			p := s.Payment(paymentID)
			assert.Equal(t, payment.Captured, p.State)
			assert.NotEmpty(t, p.CaptureID)
			assert.Equal(t, 1, s.Transactions()[p.OrderID].Captures)
		})
	}
}

func TestLateMoneyIsParkedOnPrepayments(t *testing.T) {
	t.Parallel()
	s := issued(t)
	first, second := s.Authorized(), s.Authorized()
	for _, paymentID := range []string{first, second} {
		s.CaptureAndBook(paymentID)
	}
	assert.True(t, s.Payment(second).Parked)
	assert.Equal(t, "108.00", s.CurrentInvoice().AmountPaid.Value())
	entries := s.Journal()
	require.Len(t, entries, 2)
	assert.Equal(t, []string{"1029 debit CHF 108.00", "2030 credit CHF 108.00"}, shoptest.Lines(entries[1]))
}

func TestAuthorizationIsGivenBackWithItsReason(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	for range 2 {
		do[collection.Released](s, s.Collection.ReleasePayment, collection.Release{PaymentRef: s.Ref(paymentID), Objection: payment.InvoiceWithdrawn})
	}
	p := s.Payment(paymentID)
	assert.Equal(t, payment.Cancelled, p.State)
	assert.Equal(t, "invoice_cancelled", p.Failure.Name)
	assert.Equal(t, "CANCELED", s.Transactions()[p.OrderID].Status)
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.PaymentFailed))
}

func TestMoneyThatWasTakenAlreadyIsNotGivenBackButBooked(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Authorized()
	captured := do[collection.Captured](s, s.Collection.CapturePayment, s.Ref(paymentID))
	released := do[collection.Released](s, s.Collection.ReleasePayment, collection.Release{PaymentRef: s.Ref(paymentID), Objection: payment.InvoiceSettled})
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
			s := issued(t)
			paymentID, page := s.Checkout(payment.Card)
			s.Pay(page, c.means, c.action)
			for range 2 { // asking again gives the same answer and changes nothing
				outcome := s.Ask(paymentID)
				assert.Equal(t, c.state, outcome.State)
				assert.Equal(t, c.objection, outcome.Objection)
			}
			p := s.Payment(paymentID)
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
		s := issued(t)
		s.In(func(tx *postgres.Tx) error {
			company, err := tx.Company(t.Context())
			company.Liability = policy
			return errors.Join(err, tx.SaveCompany(t.Context(), company))
		})
		paymentID, page := s.Checkout(payment.Card)
		s.Pay(page, "9010003750000005", "pay") // authorized without liability shift
		outcome := s.Ask(paymentID)
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
	s := issued(t)
	paymentID, page := s.Checkout(payment.Card)
	s.Pay(page, "9010003150000001", "pay")
	s.Fault("PaymentPage/Assert", "http_500_after")
	_, err := s.Run(s.Collection.AssertPayment, collection.AskOutcome{PaymentRef: s.Ref(paymentID), Turn: 1})
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, activities.SaferpayUnclear, name)
	assert.True(t, again)
	assert.Equal(t, payment.Redirected, s.Payment(paymentID).State)
	assert.Equal(t, payment.Authorized, s.Ask(paymentID).State)
}

func TestRevokedCredentialsSuspendThePaymentServiceOnce(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID, page := s.Checkout(payment.Card)
	s.Pay(page, "9010003150000001", "pay")
	s.Steer("/_sim/faults", map[string]any{"operation": "PaymentPage/Assert", "kind": "error", "error": "AUTHENTICATION_FAILED", "times": 2})
	for range 2 {
		_, err := s.Run(s.Collection.AssertPayment, collection.AskOutcome{PaymentRef: s.Ref(paymentID), Turn: 1})
		name, again := shoptest.ErrorType(t, err)
		assert.Equal(t, activities.CredentialsRevoked, name)
		assert.False(t, again, "a wrong password is never tried in a loop")
	}
	assert.Equal(t, payment.Redirected, s.Payment(paymentID).State)
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.PaymentServiceSuspended))
	_, err := s.Run(s.Collection.OpenPaymentPage, collection.StartCheckout{
		InvoiceRef: s.InvoiceRef(),
		PayNow:     contract.PayNow{PaymentID: id.New(id.Payment), OrderID: id.NewOrder(), NotificationSecret: id.NewSecret(), Method: payment.Card, Language: "de"},
	})
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.PaymentServiceNotActive), name)
}

func TestPaymentPageIsOpenedOnce(t *testing.T) {
	t.Parallel()
	s := issued(t)
	in := collection.StartCheckout{
		InvoiceRef: s.InvoiceRef(),
		PayNow:     contract.PayNow{PaymentID: id.New(id.Payment), OrderID: id.NewOrder(), NotificationSecret: id.NewSecret(), Method: payment.TWINT, Language: "it"},
	}
	first := do[collection.PaymentPage](s, s.Collection.OpenPaymentPage, in)
	second := do[collection.PaymentPage](s, s.Collection.OpenPaymentPage, in)
	assert.Equal(t, first, second)
	assert.True(t, first.ExpiresAt.After(time.Now()))
	p := s.Payment(in.PaymentID)
	assert.Equal(t, payment.Redirected, p.State)
	assert.Len(t, p.Timeline, 2)
}

func TestAPageThatNobodyWasSentToIsAtAnEnd(t *testing.T) {
	t.Parallel()
	s := issued(t)
	_, err := s.Run(s.Collection.AbandonPage, s.Ref(id.New(id.Payment)))
	require.NoError(t, err, "it was never recorded")
	paymentID, _ := s.Checkout(payment.Card)
	for range 2 {
		_, err := s.Run(s.Collection.AbandonPage, s.Ref(paymentID))
		require.NoError(t, err)
		assert.Equal(t, payment.Expired, s.Payment(paymentID).State)
	}
	paid := s.Authorized()
	_, err = s.Run(s.Collection.AbandonPage, s.Ref(paid))
	require.NoError(t, err)
	assert.Equal(t, payment.Authorized, s.Payment(paid).State, "what has gone further stays as it is")
}

func TestNobodyPaysADraftOrByAMethodThatIsNotOffered(t *testing.T) {
	t.Parallel()
	s := open(t)
	in := collection.StartCheckout{
		InvoiceRef: s.InvoiceRef(),
		PayNow:     contract.PayNow{PaymentID: id.New(id.Payment), OrderID: id.NewOrder(), NotificationSecret: id.NewSecret(), Method: payment.Card, Language: "de"},
	}
	_, err := s.Run(s.Collection.OpenPaymentPage, in)
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.InvoiceNotOpen), name)
	assert.False(t, again)
	s.Issue()
	s.In(func(tx *postgres.Tx) error {
		service, err := tx.LockPaymentService(t.Context(), s.Service)
		service.Methods = service.Methods[:1] // TWINT is gone
		return errors.Join(err, tx.SavePaymentService(t.Context(), service))
	})
	in.Method = payment.TWINT
	_, err = s.Run(s.Collection.OpenPaymentPage, in)
	name, _ = shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.PaymentMethodNotOffered), name)
}

func TestInvoiceIsOpenedAndCancelledOnce(t *testing.T) {
	t.Parallel()
	s := issued(t)
	s.Issue()
	for range 2 {
		_, err := s.Run(s.Collection.CancelInvoice, s.InvoiceRef())
		require.NoError(t, err)
	}
	assert.Equal(t, invoice.Cancelled, s.CurrentInvoice().Status)
	assert.Equal(t, []event.Type{event.InvoiceOpened, event.InvoiceCancelled}, s.Events())
	_, err := s.Run(s.Collection.OpenInvoice, collection.Opening{InvoiceRef: s.InvoiceRef()})
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.InvoiceNotDraft), name)
	assert.False(t, again)
}

func TestInvoiceIsNotOpenedThroughAServiceThatCannotCollectIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.In(func(tx *postgres.Tx) error {
		service, err := tx.LockPaymentService(t.Context(), s.Service)
		service.Methods = []merchant.ContractedMethod{{Method: "VISA", Currencies: []string{"EUR"}}}
		return errors.Join(err, tx.SavePaymentService(t.Context(), service))
	})
	_, err := s.Run(s.Collection.OpenInvoice, collection.Opening{InvoiceRef: s.InvoiceRef()})
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.CurrencyNotActive), name)
	assert.Equal(t, invoice.Draft, s.CurrentInvoice().Status)
	assert.Empty(t, s.Events())
}
