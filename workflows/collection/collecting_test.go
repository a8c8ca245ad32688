package collection

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"
	escalationsteps "github.com/quittance/quittance/activities/escalation"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

// collecting is one InvoicePayment under test, with a Saferpay that answers as told. Time skips.
type collecting struct {
	*testsuite.TestWorkflowEnvironment
	t                  *testing.T
	mu                 sync.Mutex // activities of two payments run at once
	due                money.Amount
	pageLife           time.Duration
	outcomes           map[string][]steps.Outcome  // what Assert answers, per payment, in turn; the last one stays
	booked             map[string]steps.Booked     // what BookReceipt answers; by default the invoice is paid
	released           map[string]steps.Released   // what ReleasePayment answers
	decided            map[string]exception.Choice // what was recorded, by exception
	late               map[string]bool             // paid in the last moment, and nobody told us
	authorizedAfterAll map[string]bool             // which the person who decides does not see
	overlooked         map[string]bool             // captured, which the person who decides does not see
	refusals           map[string]error            // what OpenPaymentPage answers instead of a page
	recorded           []steps.Unfinished          // payments in flight that stand in the record
	asking             error                       // what AssertPayment answers instead of an outcome
	slow               time.Duration               // how long OpenPaymentPage takes
	slowRelease        time.Duration               // how long ReleasePayment takes
	slowDecision       time.Duration               // how long recording a decision takes
	unbookable         int                         // how often BookReceipt fails
	attention          bool                        // it stands on the operators' list
	failures           []error                     // what CapturePayment answers before it works
	calls              map[string]int              // per step and payment
	notes              map[string]string           // what was recorded of an exception at its end
	closed             []string                    // the exceptions, in the order in which they ended
}

var issued = contract.IssueInvoice{CompanyID: "cmp_1", InvoiceID: "inv_1"}

// collect prepares the collection of an invoice. What first expects is expected before all else.
func collect(t *testing.T, first ...func(*collecting)) *collecting {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	c := &collecting{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, pageLife: 24 * time.Hour, due: money.MustParse("108.00", money.CHF),
		outcomes: map[string][]steps.Outcome{}, booked: map[string]steps.Booked{}, released: map[string]steps.Released{},
		decided: map[string]exception.Choice{}, refusals: map[string]error{}, late: map[string]bool{}, overlooked: map[string]bool{}, calls: map[string]int{}, notes: map[string]string{},
	}
	c.SetTestTimeout(20 * time.Second)
	register(c, 1)
	c.RegisterActivity(&steps.Activities{})
	c.RegisterActivity(&escalationsteps.Activities{})
	for _, expect := range first {
		expect(c)
	}
	c.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		if needed, ok := args[0].(temporal.SearchAttributes).GetBool(contract.NeedsAttention); ok {
			c.attention = needed
		}
	}).Return(nil).Maybe()
	c.OnActivity(do.CancelInvoice, mock.Anything, mock.Anything).Return(nil).Maybe()
	c.OnActivity(do.CloseExpired, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PaymentRef) (steps.Outcome, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["look back "+in.PaymentID]++
		if c.late[in.PaymentID] {
			return authorized, nil
		}
		return steps.Outcome{State: payment.Expired}, nil
	}).Maybe()
	c.OnActivity(do.LookOnceMore, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PaymentRef) (steps.Outcome, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["look once more "+in.PaymentID]++
		if c.authorizedAfterAll[in.PaymentID] {
			return steps.Outcome{State: payment.Authorized}, nil
		}
		if c.overlooked[in.PaymentID] {
			return steps.Outcome{State: payment.Captured, CaptureID: in.PaymentID + "_c"}, nil
		}
		return steps.Outcome{State: payment.Unknown}, nil
	}).Maybe()
	c.OnActivity(do.OpenPaymentPage, mock.Anything, mock.Anything).AfterFn(func() time.Duration { return c.slow }).Return(func(_ context.Context, in steps.StartCheckout) (steps.PaymentPage, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.refusals[in.PaymentID]; err != nil {
			return steps.PaymentPage{}, err
		}
		c.calls["open "+in.PaymentID]++
		return steps.PaymentPage{RedirectURL: "https://pay/" + in.PaymentID, Amount: c.due, ExpiresAt: c.Now().Add(c.pageLife)}, nil
	}).Maybe()
	c.OnActivity(do.AssertPayment, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.AskOutcome) (steps.Outcome, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["assert "+in.PaymentID]++
		if c.asking != nil {
			return steps.Outcome{}, c.asking
		}
		answers := c.outcomes[in.PaymentID]
		require.NotEmpty(t, answers, "nobody should ask about %s", in.PaymentID)
		if len(answers) > 1 {
			c.outcomes[in.PaymentID] = answers[1:]
		}
		return answers[0], nil
	}).Maybe()
	c.OnActivity(do.ReleasePayment, mock.Anything, mock.Anything).AfterFn(func() time.Duration { return c.slowRelease }).Return(func(_ context.Context, in steps.Release) (steps.Released, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["release "+in.PaymentID+" "+string(in.Objection)]++
		return c.released[in.PaymentID], nil
	}).Maybe()
	c.OnActivity(flowtest.Escalation.RaiseException, mock.Anything, mock.Anything).Return(func(_ context.Context, in escalationsteps.Raise) (escalationsteps.Raised, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["raise "+in.Subject+" "+string(in.Kind)]++
		delete(c.decided, "exc_"+string(in.Kind)) // a new one of the same name
		return escalationsteps.Raised{ExceptionID: "exc_" + string(in.Kind)}, nil
	}).Maybe()
	c.OnActivity(flowtest.Escalation.ResolveException, mock.Anything, mock.Anything).AfterFn(func() time.Duration { return c.slowDecision }).Return(func(_ context.Context, in escalationsteps.Resolve) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if before := c.decided[in.ExceptionID]; before != "" && before != in.Choice {
			return temporal.NewNonRetryableApplicationError("decided before", string(problem.ExceptionResolved), nil, []problem.Field{})
		}
		c.decided[in.ExceptionID], c.notes[in.ExceptionID] = in.Choice, in.Note
		c.closed = append(c.closed, in.ExceptionID)
		c.calls["resolve "+in.ExceptionID+" "+string(in.Choice)]++
		return nil
	}).Maybe()
	c.OnActivity(do.GiveUpPayment, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PaymentRef) (steps.Outcome, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["give up "+in.PaymentID]++
		return steps.Outcome{State: payment.Cancelled}, nil
	}).Maybe()
	c.OnActivity(do.RecordReceipt, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.OtherReceipt) (activities.Standing, error) {
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
	c.OnActivity(do.BookReceipt, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.Receipt) (steps.Booked, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.unbookable > 0 {
			c.unbookable--
			return steps.Booked{}, errors.New("the database refuses it")
		}
		c.calls["book "+in.PaymentID]++
		assert.NotEmpty(t, in.CaptureID)
		if b, ok := c.booked[in.PaymentID]; ok {
			return b, nil
		}
		c.due = money.Zero(money.CHF)
		return steps.Booked{Standing: activities.Standing{InvoiceStatus: invoice.Paid, Due: money.Zero(money.CHF)}, Account: "1029"}, nil
	}).Maybe()
	return c
}

// opens lets the draft be issued.
func (c *collecting) opens() *collecting {
	c.OnActivity(do.OpenInvoice, mock.Anything, mock.Anything).Return(activities.Standing{InvoiceStatus: invoice.Open, Due: c.due}, nil)
	c.OnActivity(do.TakeUpInvoice, mock.Anything, mock.Anything).Return(func(context.Context, activities.InvoiceRef) (steps.LeftBehind, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["look up"]++
		return steps.LeftBehind{Payments: c.recorded}, nil
	}).Maybe()
	return c
}

// captures lets Saferpay capture.
func (c *collecting) captures() *collecting {
	c.OnActivity(do.CapturePayment, mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.PaymentRef) (steps.Captured, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.calls["capture "+in.PaymentID]++
		if len(c.failures) > 0 {
			err := c.failures[0]
			c.failures = c.failures[1:]
			return steps.Captured{}, err
		}
		return steps.Captured{CaptureID: in.PaymentID + "_c"}, nil
	})
	return c
}

// parks has the provider take the money of pay_1 by itself, for an invoice that is paid by then.
func (c *collecting) parks() *collecting {
	c.outcomes["pay_1"] = []steps.Outcome{{State: payment.Captured, CaptureID: "c_1"}}
	c.booked["pay_1"] = steps.Booked{Standing: activities.Standing{InvoiceStatus: invoice.Paid, Due: money.Zero(money.CHF)}, Parked: true}
	return c
}

func (c *collecting) cancel() *flowtest.Answer[contract.Acknowledged] {
	return update[contract.Acknowledged](c, contract.UpdateCancel, "cancel", contract.CancelInvoice{})
}

// at runs fn when the workflow has run for d.
func (c *collecting) at(d time.Duration, fn func()) { c.RegisterDelayedCallback(fn, d) }

func update[T any](c *collecting, name, id string, args ...any) *flowtest.Answer[T] {
	a := &flowtest.Answer[T]{}
	c.UpdateWorkflow(name, id, flowtest.Callback(a), args...)
	return a
}

func (c *collecting) payNow(id string, m payment.Method) *flowtest.Answer[contract.Checkout] {
	return update[contract.Checkout](c, contract.UpdatePayNow, id, contract.PayNow{PaymentID: id, OrderID: "Q1", NotificationSecret: "s", Method: m, Language: "fr"})
}

func (c *collecting) hint(signal, id string) {
	c.SignalWorkflow(signal, contract.PaymentHint{PaymentID: id})
}

// run executes the workflow to its end and returns what it says.
func (c *collecting) run() Collected {
	c.t.Helper()
	c.ExecuteWorkflow(contract.InvoicePaymentType, issued)
	require.True(c.t, c.IsWorkflowCompleted())
	require.NoError(c.t, c.GetWorkflowError())
	var out Collected
	require.NoError(c.t, c.GetWorkflowResult(&out))
	return out
}

var (
	authorized = steps.Outcome{State: payment.Authorized}
	notBegun   = steps.Outcome{State: payment.Redirected}
	declined   = steps.Outcome{State: payment.Failed}
)
