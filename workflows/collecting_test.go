package workflows

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/activities"
	collectionacts "github.com/quittance/quittance/activities/collection"
	escalationacts "github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// collecting is one InvoicePayment under test, with a Saferpay that answers as told. Time skips.
type collecting struct {
	*testsuite.TestWorkflowEnvironment
	t            *testing.T
	mu           sync.Mutex // activities of two payments run at once
	due          money.Amount
	pageLife     time.Duration
	outcomes     map[string][]collectionacts.Outcome // what Assert answers, per payment, in turn; the last one stays
	booked       map[string]collectionacts.Booked    // what BookReceipt answers; by default the invoice is paid
	released     map[string]collectionacts.Released  // what ReleasePayment answers
	decided      map[string]exception.Choice         // what was recorded, by exception
	late         map[string]bool                     // paid in the last moment, and nobody told us
	overlooked   map[string]bool                     // captured, which the person who decides does not see
	refusals     map[string]error                    // what OpenPaymentPage answers instead of a page
	recorded     []collectionacts.Unfinished         // payments under way that stand in the record
	asking       error                               // what AssertPayment answers instead of an outcome
	slow         time.Duration                       // how long OpenPaymentPage takes
	slowDecision time.Duration                       // how long recording a decision takes
	unbookable   int                                 // how often BookReceipt fails
	attention    bool                                // it stands on the operators' list
	failures     []error                             // what CapturePayment answers before it works
	calls        map[string]int                      // per step and payment
}

var issued = IssueInvoice{CompanyID: "cmp_1", InvoiceID: "inv_1", AskInside: true}

func collect(t *testing.T) *collecting {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	c := &collecting{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, pageLife: 24 * time.Hour, due: money.MustParse("108.00", money.CHF),
		outcomes: map[string][]collectionacts.Outcome{}, booked: map[string]collectionacts.Booked{}, released: map[string]collectionacts.Released{},
		decided: map[string]exception.Choice{}, refusals: map[string]error{}, late: map[string]bool{}, overlooked: map[string]bool{}, calls: map[string]int{},
	}
	c.SetTestTimeout(20 * time.Second)
	Workflows{TimeScale: 1}.RegisterPayments(c)
	c.RegisterActivity(&collectionacts.Activities{})
	c.RegisterActivity(&escalationacts.Activities{})
	c.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		if needed, ok := args[0].(temporal.SearchAttributes).GetBool(NeedsAttention); ok {
			c.attention = needed
		}
	}).Return(nil).Maybe()
	c.OnActivity(collectionStep.CancelInvoice, mock.Anything, mock.Anything).Return(nil).Maybe()
	c.OnActivity(collectionStep.CloseExpired, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PaymentRef) (collectionacts.Outcome, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["look back "+in.PaymentID]++
		if c.late[in.PaymentID] {
			return authorized, nil
		}
		return collectionacts.Outcome{State: payment.Expired}, nil
	}).Maybe()
	c.OnActivity(collectionStep.LookOnceMore, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PaymentRef) (collectionacts.Outcome, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["look once more "+in.PaymentID]++
		if c.overlooked[in.PaymentID] {
			return collectionacts.Outcome{State: payment.Captured, CaptureID: in.PaymentID + "_c"}, nil
		}
		return collectionacts.Outcome{State: payment.Unknown}, nil
	}).Maybe()
	c.OnActivity(collectionStep.OpenPaymentPage, mock.Anything, mock.Anything).AfterFn(func() time.Duration { return c.slow }).Return(func(_ context.Context, in collectionacts.StartCheckout) (collectionacts.Checkout, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.refusals[in.PaymentID]; err != nil {
			return collectionacts.Checkout{}, err
		}
		c.calls["open "+in.PaymentID]++
		return collectionacts.Checkout{RedirectURL: "https://pay/" + in.PaymentID, Amount: c.due, ExpiresAt: c.Now().Add(c.pageLife)}, nil
	}).Maybe()
	c.OnActivity(collectionStep.AssertPayment, mock.Anything, mock.Anything).Return(func(_ context.Context, in collectionacts.AskOutcome) (collectionacts.Outcome, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["assert "+in.PaymentID]++
		if c.asking != nil {
			return collectionacts.Outcome{}, c.asking
		}
		answers := c.outcomes[in.PaymentID]
		require.NotEmpty(t, answers, "nobody should ask about %s", in.PaymentID)
		if len(answers) > 1 {
			c.outcomes[in.PaymentID] = answers[1:]
		}
		return answers[0], nil
	}).Maybe()
	c.OnActivity(collectionStep.ReleasePayment, mock.Anything, mock.Anything).Return(func(_ context.Context, in collectionacts.Release) (collectionacts.Released, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["release "+in.PaymentID+" "+string(in.Objection)]++
		return c.released[in.PaymentID], nil
	}).Maybe()
	c.OnActivity(escalationStep.RaiseException, mock.Anything, mock.Anything).Return(func(_ context.Context, in escalationacts.Raise) (escalationacts.Raised, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["raise "+in.Subject+" "+string(in.Kind)]++
		delete(c.decided, "exc_"+string(in.Kind)) // a new one of the same name
		return escalationacts.Raised{ExceptionID: "exc_" + string(in.Kind)}, nil
	}).Maybe()
	c.OnActivity(escalationStep.ResolveException, mock.Anything, mock.Anything).AfterFn(func() time.Duration { return c.slowDecision }).Return(func(_ context.Context, in escalationacts.Resolve) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if before := c.decided[in.ExceptionID]; before != "" && before != in.Choice {
			return temporal.NewNonRetryableApplicationError("decided before", string(problem.ExceptionResolved), nil, []problem.Field{})
		}
		c.decided[in.ExceptionID] = in.Choice
		c.calls["resolve "+in.ExceptionID+" "+string(in.Choice)]++
		return nil
	}).Maybe()
	c.OnActivity(collectionStep.GiveUpPayment, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PaymentRef) (collectionacts.Outcome, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["give up "+in.PaymentID]++
		return collectionacts.Outcome{State: payment.Cancelled}, nil
	}).Maybe()
	c.OnActivity(collectionStep.RecordReceipt, mock.Anything, mock.Anything).Return(func(_ context.Context, in collectionacts.OtherReceipt) (activities.Standing, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if in.Amount.Cmp(c.due) > 0 {
			return activities.Standing{}, temporal.NewNonRetryableApplicationError("too much", string(problem.ReceiptExceedsInvoice), nil, []problem.Field{})
		}
		c.calls["receipt "+in.ReceiptID]++
		c.due = c.due.Sub(in.Amount)
		status := invoice.PartiallyPaid
		if c.due.IsZero() {
			status = invoice.Paid
		}
		return activities.Standing{InvoiceStatus: status, Due: c.due}, nil
	}).Maybe()
	c.OnActivity(collectionStep.BookReceipt, mock.Anything, mock.Anything).Return(func(_ context.Context, in collectionacts.Receipt) (collectionacts.Booked, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.unbookable > 0 {
			c.unbookable--
			return collectionacts.Booked{}, errors.New("the database refuses it")
		}
		c.calls["book "+in.PaymentID]++
		assert.NotEmpty(t, in.CaptureID)
		if b, ok := c.booked[in.PaymentID]; ok {
			return b, nil
		}
		c.due = money.Zero(money.CHF)
		return collectionacts.Booked{Standing: activities.Standing{InvoiceStatus: invoice.Paid, Due: money.Zero(money.CHF)}, Account: "1029"}, nil
	}).Maybe()
	return c
}

// opens lets the draft be issued.
func (c *collecting) opens() *collecting {
	c.OnActivity(collectionStep.OpenInvoice, mock.Anything, mock.Anything).Return(activities.Standing{InvoiceStatus: invoice.Open, Due: c.due}, nil)
	c.OnActivity(collectionStep.TakeUpInvoice, mock.Anything, mock.Anything).Return(func(context.Context, activities.InvoiceRef) (collectionacts.LeftBehind, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["look up"]++
		return collectionacts.LeftBehind{Payments: c.recorded}, nil
	}).Maybe()
	return c
}

// captures lets Saferpay capture.
func (c *collecting) captures() *collecting {
	c.OnActivity(collectionStep.CapturePayment, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PaymentRef) (collectionacts.Captured, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["capture "+in.PaymentID]++
		if len(c.failures) > 0 {
			err := c.failures[0]
			c.failures = c.failures[1:]
			return collectionacts.Captured{}, err
		}
		return collectionacts.Captured{CaptureID: in.PaymentID + "_c"}, nil
	})
	return c
}

// parks has the provider take the money of pay_1 by itself, for an invoice that is paid by then.
func (c *collecting) parks() *collecting {
	c.outcomes["pay_1"] = []collectionacts.Outcome{{State: payment.Captured, CaptureID: "c_1"}}
	c.booked["pay_1"] = collectionacts.Booked{Standing: activities.Standing{InvoiceStatus: invoice.Paid, Due: money.Zero(money.CHF)}, Parked: true}
	return c
}

func (c *collecting) cancel() *answer[Acknowledged] {
	return update[Acknowledged](c, UpdateCancel, "cancel", CancelInvoice{})
}

// at runs fn after the workflow has been under way for d.
func (c *collecting) at(d time.Duration, fn func()) { c.RegisterDelayedCallback(fn, d) }

type answer[T any] struct {
	value    T
	err      error
	answered bool
}

// callback collects the answer of an update.
func callback[T any](a *answer[T]) *testsuite.TestUpdateCallback {
	return &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { a.err, a.answered = Problem(err), true },
		OnComplete: func(v any, err error) {
			a.err, a.answered = Problem(err), true
			if err == nil {
				a.value, _ = v.(T)
			}
		},
	}
}

func update[T any](c *collecting, name, id string, args ...any) *answer[T] {
	a := &answer[T]{}
	c.UpdateWorkflow(name, id, callback(a), args...)
	return a
}

func (c *collecting) payNow(id string, m payment.Method) *answer[Checkout] {
	return update[Checkout](c, UpdatePayNow, id, PayNow{PaymentID: id, OrderID: "Q1", NotificationSecret: "s", Method: m, Language: "fr"})
}

func (c *collecting) hint(signal, id string) { c.SignalWorkflow(signal, PaymentHint{PaymentID: id}) }

// run executes the workflow to its end and returns what it says.
func (c *collecting) run() Collected {
	c.t.Helper()
	c.ExecuteWorkflow(InvoicePaymentType, issued)
	require.True(c.t, c.IsWorkflowCompleted())
	require.NoError(c.t, c.GetWorkflowError())
	var out Collected
	require.NoError(c.t, c.GetWorkflowResult(&out))
	return out
}

var (
	authorized = collectionacts.Outcome{State: payment.Authorized}
	notBegun   = collectionacts.Outcome{State: payment.Redirected}
	declined   = collectionacts.Outcome{State: payment.Failed}

	errRefused = temporal.NewNonRetryableApplicationError("Saferpay said no", activities.SaferpayRefused, nil)
)
