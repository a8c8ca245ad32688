package workflows

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

func TestInvoiceIsPaidWhenThePayerReturns(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{authorized}
	var issue *answer[Issued]
	var page *answer[Checkout]
	c.at(0, func() { issue = update[Issued](c, UpdateIssue, "issue") })
	c.at(time.Hour, func() { page = c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	require.NoError(t, issue.err)
	assert.True(t, issue.answered)
	assert.Equal(t, "https://pay/pay_1", page.value.RedirectURL)
	assert.Equal(t, map[string]int{"open pay_1": 1, "assert pay_1": 1, "capture pay_1": 1, "book pay_1": 1}, c.calls)
}

func TestReturnAndNotificationTwiceCaptureOnce(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(2*time.Hour, func() {
		for range 2 {
			c.hint(SignalPayerReturned, "pay_1")
			c.hint(SignalSaferpayNotified, "pay_1")
		}
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, map[string]int{"open pay_1": 1, "assert pay_1": 1, "capture pay_1": 1, "book pay_1": 1}, c.calls)
}

func TestClosedTabWithoutNotificationIsFoundByOneLookBeforeThePageDies(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{authorized}
	start := c.Now()
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["assert pay_1"])
	assert.WithinDuration(t, start.Add(25*time.Hour-5*time.Minute), c.Now(), time.Minute)
}

func TestUnusedPageExpiresAfterOneLookAndThePayerMayComeBack(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{notBegun}
	c.outcomes["pay_2"] = []activities.Outcome{authorized}
	var second *answer[Checkout]
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(48*time.Hour, func() { second = c.payNow("pay_2", payment.Card) })
	c.at(49*time.Hour, func() { c.hint(SignalPayerReturned, "pay_2") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, "pay_2", second.value.PaymentID)
	assert.Equal(t, 1, c.calls["assert pay_1"])
	assert.Equal(t, 1, c.calls["look back pay_1"])
}

func TestPayingInThePagesLastMinutesStillCounts(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{notBegun, authorized}
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	c.at(24*time.Hour-2*time.Minute, func() { c.hint(SignalSaferpayNotified, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 2, c.calls["assert pay_1"])
}

func TestSecondTabGetsTheSamePage(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{authorized}
	var second *answer[Checkout]
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { second = c.payNow("pay_2", payment.Card) })
	c.at(3*time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, Checkout{PaymentID: "pay_1", RedirectURL: "https://pay/pay_1"}, second.value)
	assert.Zero(t, c.calls["open pay_2"])
}

func TestPayerWhoChangesTheLanguageGetsAPageInIt(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{{State: payment.Aborted}}
	c.outcomes["pay_2"] = []activities.Outcome{authorized}
	var german, again *answer[Checkout]
	inGerman := func(id string) *answer[Checkout] {
		return update[Checkout](c, UpdatePayNow, id, PayNow{PaymentID: id, OrderID: "Q2", NotificationSecret: "s", Method: payment.Card, Language: "de"})
	}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { german = inGerman("pay_2") })
	c.at(3*time.Hour, func() { again = inGerman("pay_3") })
	c.at(4*time.Hour, func() {
		c.hint(SignalPayerReturned, "pay_1")
		c.hint(SignalPayerReturned, "pay_2")
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, Checkout{PaymentID: "pay_2", RedirectURL: "https://pay/pay_2"}, german.value)
	assert.Equal(t, german.value, again.value)
}

func TestSecondAuthorizationIsReleased(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{authorized}
	c.outcomes["pay_2"] = []activities.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.payNow("pay_2", payment.TWINT) })
	c.at(3*time.Hour, func() {
		c.hint(SignalSaferpayNotified, "pay_1")
		c.hint(SignalSaferpayNotified, "pay_2")
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["capture pay_1"]+c.calls["capture pay_2"])
	assert.Equal(t, 1, c.calls["release pay_1 invoice_already_paid"]+c.calls["release pay_2 invoice_already_paid"])
}

func TestPageThatIsOpenWhenTheInvoiceIsPaidStaysWatchedUntilItDies(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{authorized}
	c.outcomes["pay_2"] = []activities.Outcome{authorized}
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour, func() { c.payNow("pay_2", payment.TWINT) })
	c.at(2*time.Hour, func() { c.hint(SignalPayerReturned, "pay_2") })
	c.at(9*time.Hour, func() { c.hint(SignalSaferpayNotified, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["release pay_1 invoice_already_paid"])
}

func TestCancelledInvoiceGivesLateMoneyBack(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []activities.Outcome{authorized}
	var cancelled *answer[Acknowledged]
	var late *answer[Checkout]
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { cancelled = c.cancel() })
	c.at(3*time.Hour, func() { late = c.payNow("pay_2", payment.Card) })
	c.at(4*time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	require.NoError(t, cancelled.err)
	assert.Equal(t, problem.InvoiceCancelled, problem.CodeOf(late.err))
	assert.Equal(t, 1, c.calls["release pay_1 invoice_cancelled"])
	assert.Zero(t, c.calls["capture pay_1"])
}

func TestInvoiceCannotBeCancelledNorPaidAgainWhileMoneyIsCaptured(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []activities.Outcome{authorized}
	var cancel *answer[Acknowledged]
	var pay *answer[Checkout]
	c.OnActivity(saferpayStep.CapturePayment, mock.Anything, mock.Anything).After(time.Minute).Return(activities.Captured{CaptureID: "c"}, nil)
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+30*time.Second, func() {
		cancel = c.cancel()
		pay = c.payNow("pay_2", payment.TWINT)
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(cancel.err))
	assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(pay.err))
}

func TestDeclinedPayerMayTryAgain(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{declined}
	c.outcomes["pay_2"] = []activities.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour, func() { c.payNow("pay_2", payment.Card) })
	c.at(4*time.Hour, func() { c.hint(SignalPayerReturned, "pay_2") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["open pay_2"])
}

func TestObjectionReleasesInsteadOfCapturing(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{{State: payment.Authorized, Objection: payment.NoLiabilityShift}}
	c.outcomes["pay_2"] = []activities.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour, func() { c.payNow("pay_2", payment.TWINT) })
	c.at(4*time.Hour, func() { c.hint(SignalPayerReturned, "pay_2") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["release pay_1 liability_shift_missing"])
	assert.Zero(t, c.calls["capture pay_1"])
}

func TestPaymentThatTheProviderCapturedIsOnlyBooked(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []activities.Outcome{{State: payment.Captured, CaptureID: "c_1"}}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(2*time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["book pay_1"])
}

func TestPendingPaymentIsFollowedFor120Hours(t *testing.T) {
	t.Parallel()
	pending := activities.Outcome{State: payment.Pending}
	t.Run("a notification ends it", func(t *testing.T) {
		t.Parallel()
		c := collect(t).opens().captures()
		c.outcomes["pay_1"] = []activities.Outcome{pending, authorized}
		c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
		c.at(time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
		c.at(100*time.Hour, func() { c.hint(SignalSaferpayNotified, "pay_1") })
		assert.Equal(t, invoice.Paid, c.run().Status)
		assert.Equal(t, 2, c.calls["assert pay_1"])
	})
	t.Run("one look in case the notification was lost", func(t *testing.T) {
		t.Parallel()
		c := collect(t).opens().captures()
		c.outcomes["pay_1"] = []activities.Outcome{pending, authorized}
		start := c.Now()
		c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
		c.at(time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
		assert.Equal(t, invoice.Paid, c.run().Status)
		assert.Equal(t, 2, c.calls["assert pay_1"])
		assert.WithinDuration(t, start.Add(time.Hour+pendingLook), c.Now(), time.Minute)
	})
	t.Run("one look at the end", func(t *testing.T) {
		t.Parallel()
		c := collect(t).opens().captures()
		c.outcomes["pay_1"] = []activities.Outcome{pending, pending, authorized}
		start := c.Now()
		c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
		c.at(time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
		assert.Equal(t, invoice.Paid, c.run().Status)
		assert.Equal(t, 3, c.calls["assert pay_1"])
		assert.WithinDuration(t, start.Add(120*time.Hour), c.Now(), 2*time.Minute)
	})
	t.Run("then a person must look", func(t *testing.T) {
		t.Parallel()
		c := collect(t).opens().captures()
		c.outcomes["pay_1"] = []activities.Outcome{pending, pending, pending, authorized}
		c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
		c.at(time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
		c.at(200*time.Hour, func() { c.hint(SignalTryAgain, "pay_1") })
		assert.Equal(t, invoice.Paid, c.run().Status)
		assert.Equal(t, 4, c.calls["assert pay_1"])
		assert.Zero(t, c.calls["look back pay_1"])
		assert.Equal(t, exception.ClearedUp, c.decided["exc_pending_overdue"], "the invoice is not done before its exception is closed")
	})
}

func TestFailedCaptureNeedsAttentionAndIsTriedEverMoreSeldomButNeverGivenUp(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{authorized}
	for range 5 {
		c.failures = append(c.failures, errRefused)
	}
	start := c.Now()
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.WithinDuration(t, start.Add((1+1+2+4+6+6)*time.Hour), c.Now(), time.Minute)
	c.AssertCalled(t, "workflow.UpsertTypedSearchAttributes", temporal.NewSearchAttributes(NeedsAttention.ValueSet(true)))
	c.AssertCalled(t, "workflow.UpsertTypedSearchAttributes", temporal.NewSearchAttributes(NeedsAttention.ValueSet(false), PaymentState.ValueSet("paid")))
}

func TestHintsFromStrangersAreBounded(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []activities.Outcome{notBegun}
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	for i := range 50 {
		c.at(time.Duration(i+1)*time.Minute, func() {
			c.hint(SignalSaferpayNotified, "pay_1")
			c.hint(SignalSaferpayNotified, "pay_unknown")
		})
	}
	c.at(48*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.LessOrEqual(t, c.calls["assert pay_1"], maxTurns+1+int(time.Hour/calmFor))
}

func TestRefusedIssueIsTheAnswerAndTheEnd(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.OnActivity(booksStep.OpenInvoice, mock.Anything, mock.Anything).Return(activities.Standing{},
		temporal.NewNonRetryableApplicationError("not a draft", string(problem.InvoiceNotDraft), nil, []problem.Field{}))
	var issue *answer[Issued]
	c.at(0, func() { issue = update[Issued](c, UpdateIssue, "issue") })
	assert.Equal(t, invoice.Draft, c.run().Status)
	assert.Equal(t, problem.InvoiceNotDraft, problem.CodeOf(issue.err))
}

func TestPayNowExplainsItsRefusals(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	var unknown, refusedByActivity, down *answer[Checkout]
	c.refusals["pay_2"] = temporal.NewNonRetryableApplicationError("suspended", string(problem.PaymentServiceNotActive), nil, []problem.Field{})
	c.refusals["pay_3"] = errors.New("connection refused")
	for _, nobodyGotIt := range []string{"pay_2", "pay_3"} {
		c.OnActivity(booksStep.AbandonPage, mock.Anything, activities.PaymentRef{CompanyID: "cmp_1", PaymentID: nobodyGotIt}).Return(nil).Once()
	}
	c.at(time.Minute, func() { unknown = c.payNow("pay_1", "cash") })
	c.at(2*time.Minute, func() { refusedByActivity = c.payNow("pay_2", payment.Card) })
	c.at(3*time.Minute, func() { down = c.payNow("pay_3", payment.Card) })
	c.at(time.Hour, func() { c.cancel() })
	c.run()
	assert.Equal(t, problem.PaymentMethodNotOffered, problem.CodeOf(unknown.err))
	assert.Equal(t, problem.PaymentServiceNotActive, problem.CodeOf(refusedByActivity.err))
	assert.Equal(t, problem.SaferpayUnavailable, problem.CodeOf(down.err))
	c.AssertExpectations(t)
}

func TestCancellationRequestFromTemporalWebLeavesNoMoneyHanging(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []activities.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, c.CancelWorkflow)
	c.at(3*time.Hour, func() { c.hint(SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["book pay_1"])
}
