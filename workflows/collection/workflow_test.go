package collection

import (
	"errors"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestInvoiceIsPaidWhenThePayerReturns(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	var issue *flowtest.Answer[contract.Issued]
	var page *flowtest.Answer[contract.Checkout]
	c.at(0, func() { issue = update[contract.Issued](c, contract.UpdateIssue, "issue") })
	c.at(time.Hour, func() { page = c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	require.NoError(t, issue.Err)
	assert.True(t, issue.Answered)
	assert.Equal(t, "https://pay/pay_1", page.Value.RedirectURL)
	assert.Equal(t, map[string]int{"open pay_1": 1, "assert pay_1": 1, "capture pay_1": 1, "book pay_1": 1}, c.calls)
}

func TestReturnAndNotificationTwiceCaptureOnce(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(2*time.Hour, func() {
		for range 2 {
			c.hint(contract.SignalPayerReturned, "pay_1")
			c.hint(contract.SignalSaferpayNotified, "pay_1")
		}
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, map[string]int{"open pay_1": 1, "assert pay_1": 1, "capture pay_1": 1, "book pay_1": 1}, c.calls)
}

func TestClosedTabWithoutNotificationIsFoundByOneLookBeforeThePageDies(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	start := c.Now()
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["assert pay_1"])
	assert.WithinDuration(t, start.Add(25*time.Hour-5*time.Minute), c.Now(), time.Minute)
}

func TestUnusedPageExpiresAfterOneLookAndThePayerMayComeBack(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{notBegun}
	c.outcomes["pay_2"] = []steps.Outcome{authorized}
	var second *flowtest.Answer[contract.Checkout]
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(48*time.Hour, func() { second = c.payNow("pay_2", payment.Card) })
	c.at(49*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_2") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, "pay_2", second.Value.PaymentID)
	assert.Equal(t, 1, c.calls["assert pay_1"])
	assert.Equal(t, 1, c.calls["look back pay_1"])
}

// A page can be opened for an hour, and Assert answers for a day.
func TestUnusedPageIsLookedAtTwiceWhileAssertAnswers(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.pageLife = time.Hour
	c.outcomes["pay_1"] = []steps.Outcome{notBegun}
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	for _, moment := range []struct {
		at               time.Duration
		asserts, lookups int
	}{
		{54 * time.Minute, 0, 0},
		{56 * time.Minute, 1, 0},
		{time.Hour + pageGrace - time.Minute, 1, 0}, // who opened the page last may still be paying
		{time.Hour + pageGrace + time.Minute, 1, 1},
		{24 * time.Hour, 1, 1},
	} {
		c.at(moment.at, func() {
			assert.Equal(t, []int{moment.asserts, moment.lookups}, []int{c.calls["assert pay_1"], c.calls["look back pay_1"]}, moment.at)
		})
	}
	c.at(25*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
}

func TestPayerWhoOpenedThePageAtTheLastMinuteIsFoundByTheLookBack(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.pageLife = time.Hour
	c.outcomes["pay_1"] = []steps.Outcome{notBegun}
	start := c.Now()
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	c.at(90*time.Minute, func() { c.late["pay_1"] = true })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["assert pay_1"])
	assert.WithinDuration(t, start.Add(time.Hour+pageGrace), c.Now(), time.Minute)
}

func TestPayingInThePagesLastMinutesStillCounts(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{notBegun, authorized}
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	c.at(24*time.Hour-2*time.Minute, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 2, c.calls["assert pay_1"])
}

func TestSecondTabGetsTheSamePage(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{notBegun, authorized}
	var second *flowtest.Answer[contract.Checkout]
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { second = c.payNow("pay_2", payment.Card) })
	c.at(3*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, contract.Checkout{PaymentID: "pay_1", RedirectURL: "https://pay/pay_1"}, second.Value)
	assert.Zero(t, c.calls["open pay_2"])
}

func TestPayerWhoChangesTheLanguageGetsAPageInIt(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{notBegun, {State: payment.Aborted}}
	c.outcomes["pay_2"] = []steps.Outcome{authorized}
	var german, again *flowtest.Answer[contract.Checkout]
	inGerman := func(id string) *flowtest.Answer[contract.Checkout] {
		return update[contract.Checkout](c, contract.UpdatePayNow, id,
			contract.PayNow{PaymentID: id, OrderID: "Q2", NotificationSecret: "s", Method: payment.Card, Language: "de"})
	}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { german = inGerman("pay_2") })
	c.at(2*time.Hour+time.Second, func() { again = inGerman("pay_3") })
	c.at(4*time.Hour, func() {
		c.hint(contract.SignalPayerReturned, "pay_1")
		c.hint(contract.SignalPayerReturned, "pay_2")
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, contract.Checkout{PaymentID: "pay_2", RedirectURL: "https://pay/pay_2"}, german.Value)
	assert.Equal(t, german.Value, again.Value)
}

func TestSecondAuthorizationIsReleased(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{notBegun, authorized}
	c.outcomes["pay_2"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.payNow("pay_2", payment.TWINT) })
	c.at(3*time.Hour, func() {
		c.hint(contract.SignalSaferpayNotified, "pay_1")
		c.hint(contract.SignalSaferpayNotified, "pay_2")
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["capture pay_1"]+c.calls["capture pay_2"])
	assert.Equal(t, 1, c.calls["release pay_1 invoice_already_paid"]+c.calls["release pay_2 invoice_already_paid"])
}

func TestPageThatIsOpenWhenTheInvoiceIsPaidStaysWatchedUntilItDies(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{notBegun, authorized}
	c.outcomes["pay_2"] = []steps.Outcome{authorized}
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour, func() { c.payNow("pay_2", payment.TWINT) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_2") })
	c.at(9*time.Hour, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["release pay_1 invoice_already_paid"])
}

func TestCancelledInvoiceGivesLateMoneyBack(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	var cancelled *flowtest.Answer[contract.Acknowledged]
	var late *flowtest.Answer[contract.Checkout]
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { cancelled = c.cancel() })
	c.at(3*time.Hour, func() { late = c.payNow("pay_2", payment.Card) })
	c.at(4*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	require.NoError(t, cancelled.Err)
	assert.Equal(t, problem.InvoiceCancelled, problem.CodeOf(late.Err))
	assert.Equal(t, 1, c.calls["release pay_1 invoice_cancelled"])
	assert.Zero(t, c.calls["capture pay_1"])
}

func TestInvoiceCannotBeCancelledNorPaidAgainWhileMoneyIsCaptured(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	var cancel *flowtest.Answer[contract.Acknowledged]
	var pay *flowtest.Answer[contract.Checkout]
	c.OnActivity(do.CapturePayment, mock.Anything, mock.Anything).After(time.Minute).Return(steps.Captured{CaptureID: "c"}, nil)
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(2*time.Hour+30*time.Second, func() {
		cancel = c.cancel()
		pay = c.payNow("pay_2", payment.TWINT)
	})
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(cancel.Err))
	assert.Equal(t, problem.PaymentInProgress, problem.CodeOf(pay.Err))
}

func TestDeclinedPayerMayTryAgain(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{declined}
	c.outcomes["pay_2"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour, func() { c.payNow("pay_2", payment.Card) })
	c.at(4*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_2") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["open pay_2"])
}

func TestObjectionReleasesInsteadOfCapturing(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Authorized, Objection: payment.NoLiabilityShift}}
	c.outcomes["pay_2"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	c.at(3*time.Hour, func() { c.payNow("pay_2", payment.TWINT) })
	c.at(4*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_2") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["release pay_1 liability_shift_missing"])
	assert.Zero(t, c.calls["capture pay_1"])
}

func TestPaymentThatTheProviderCapturedIsOnlyBooked(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Captured, CaptureID: "c_1"}}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.TWINT) })
	c.at(2*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["book pay_1"])
}

func TestPendingPaymentIsFollowedFor120Hours(t *testing.T) {
	t.Parallel()
	pending := steps.Outcome{State: payment.Pending}
	t.Run("a notification ends it", func(t *testing.T) {
		t.Parallel()
		c := collect(t).opens().captures()
		c.outcomes["pay_1"] = []steps.Outcome{pending, authorized}
		c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
		c.at(time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
		c.at(100*time.Hour, func() { c.hint(contract.SignalSaferpayNotified, "pay_1") })
		assert.Equal(t, invoice.Paid, c.run().Status)
		assert.Equal(t, 2, c.calls["assert pay_1"])
	})
	t.Run("one look in case the notification was lost", func(t *testing.T) {
		t.Parallel()
		c := collect(t).opens().captures()
		c.outcomes["pay_1"] = []steps.Outcome{pending, authorized}
		start := c.Now()
		c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
		c.at(time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
		assert.Equal(t, invoice.Paid, c.run().Status)
		assert.Equal(t, 2, c.calls["assert pay_1"])
		assert.WithinDuration(t, start.Add(time.Hour+pendingCheck), c.Now(), time.Minute)
	})
	t.Run("one look at the end", func(t *testing.T) {
		t.Parallel()
		c := collect(t).opens().captures()
		c.outcomes["pay_1"] = []steps.Outcome{pending, pending, authorized}
		start := c.Now()
		c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
		c.at(time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
		assert.Equal(t, invoice.Paid, c.run().Status)
		assert.Equal(t, 3, c.calls["assert pay_1"])
		assert.WithinDuration(t, start.Add(120*time.Hour), c.Now(), 2*time.Minute)
	})
	t.Run("then a person must look", func(t *testing.T) {
		t.Parallel()
		c := collect(t).opens().captures()
		c.outcomes["pay_1"] = []steps.Outcome{pending, pending, pending, authorized}
		c.at(time.Second, func() { c.payNow("pay_1", payment.TWINT) })
		c.at(time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
		c.at(200*time.Hour, func() { c.hint(contract.SignalTryAgain, "pay_1") })
		assert.Equal(t, invoice.Paid, c.run().Status)
		assert.Equal(t, 4, c.calls["assert pay_1"])
		assert.Zero(t, c.calls["look back pay_1"])
		assert.Equal(t, exception.ClearedUp, c.decided["exc_pending_overdue"], "the invoice is not done before its exception is closed")
	})
}

func TestFailedCaptureNeedsAttentionAndIsTriedEverMoreSeldomButNeverGivenUp(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	for range 5 {
		c.failures = append(c.failures, flowtest.ErrRefused)
	}
	start := c.Now()
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	c.at(time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.WithinDuration(t, start.Add((1+1+2+4+6+6)*time.Hour), c.Now(), time.Minute)
	c.AssertCalled(t, "workflow.UpsertTypedSearchAttributes", temporal.NewSearchAttributes(contract.NeedsAttention.ValueSet(true)))
	c.AssertCalled(t, "workflow.UpsertTypedSearchAttributes", temporal.NewSearchAttributes(contract.NeedsAttention.ValueSet(false), contract.PaymentState.ValueSet("paid")))
}

func TestHintsFromStrangersAreBounded(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	c.outcomes["pay_1"] = []steps.Outcome{notBegun}
	c.at(time.Second, func() { c.payNow("pay_1", payment.Card) })
	for i := range 50 {
		c.at(time.Duration(i+1)*time.Minute, func() {
			c.hint(contract.SignalSaferpayNotified, "pay_1")
			c.hint(contract.SignalSaferpayNotified, "pay_unknown")
		})
	}
	c.at(48*time.Hour, func() { c.cancel() })
	assert.Equal(t, invoice.Cancelled, c.run().Status)
	assert.LessOrEqual(t, c.calls["assert pay_1"], maxAsserts+1+int(time.Hour/hintPause))
}

func TestRefusedIssueIsTheAnswerAndTheEnd(t *testing.T) {
	t.Parallel()
	c := collect(t)
	c.OnActivity(do.OpenInvoice, mock.Anything, mock.Anything).Return(activities.Standing{},
		temporal.NewNonRetryableApplicationError("not a draft", string(problem.InvoiceNotDraft), nil, []problem.Field{}))
	var issue *flowtest.Answer[contract.Issued]
	c.at(0, func() { issue = update[contract.Issued](c, contract.UpdateIssue, "issue") })
	assert.Equal(t, invoice.Draft, c.run().Status)
	assert.Equal(t, problem.InvoiceNotDraft, problem.CodeOf(issue.Err))
}

func TestPayNowExplainsItsRefusals(t *testing.T) {
	t.Parallel()
	c := collect(t).opens()
	var unknown, refusedByActivity, down *flowtest.Answer[contract.Checkout]
	c.refusals["pay_2"] = temporal.NewNonRetryableApplicationError("suspended", string(problem.PaymentServiceNotActive), nil, []problem.Field{})
	c.refusals["pay_3"] = errors.New("connection refused")
	for _, nobodyGotIt := range []string{"pay_2", "pay_3"} {
		c.OnActivity(do.AbandonPage, mock.Anything, activities.PaymentRef{CompanyID: "cmp_1", PaymentID: nobodyGotIt}).Return(nil).Once()
	}
	c.at(time.Minute, func() { unknown = c.payNow("pay_1", "cash") })
	c.at(2*time.Minute, func() { refusedByActivity = c.payNow("pay_2", payment.Card) })
	c.at(3*time.Minute, func() { down = c.payNow("pay_3", payment.Card) })
	c.at(time.Hour, func() { c.cancel() })
	c.run()
	assert.Equal(t, problem.PaymentMethodNotOffered, problem.CodeOf(unknown.Err))
	assert.Equal(t, problem.PaymentServiceNotActive, problem.CodeOf(refusedByActivity.Err))
	assert.Equal(t, problem.SaferpayUnavailable, problem.CodeOf(down.Err))
	c.AssertExpectations(t)
}

func TestCancellationRequestFromTemporalWebLeavesNoMoneyHanging(t *testing.T) {
	t.Parallel()
	c := collect(t).opens().captures()
	c.outcomes["pay_1"] = []steps.Outcome{authorized}
	c.at(time.Hour, func() { c.payNow("pay_1", payment.Card) })
	c.at(2*time.Hour, c.CancelWorkflow)
	c.at(3*time.Hour, func() { c.hint(contract.SignalPayerReturned, "pay_1") })
	assert.Equal(t, invoice.Paid, c.run().Status)
	assert.Equal(t, 1, c.calls["book pay_1"])
}
