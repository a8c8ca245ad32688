package refunding

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	escalationsteps "github.com/quittance/quittance/activities/escalation"
	steps "github.com/quittance/quittance/activities/refunding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

// TestWhateverHappensToARefundTheMoneyGoesBackOnceOrNotAtAll plays one refund with lost answers, refusals, slow providers, data
// that lag, a merchant who does it by hand, processes that are ended from outside and operators who decide at any moment, and
// then holds Saferpay's books against ours.
func TestWhateverHappensToARefundTheMoneyGoesBackOnceOrNotAtAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &refundWorld{
			Surroundings: flowtest.Surroundings{
				T: t, Now: time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC), Faults: map[string][]flowtest.Fault{},
				Slow: time.Duration(rapid.IntRange(0, 20).Draw(t, "slow by minutes")) * time.Minute,
			},
			lag:    time.Duration(rapid.IntRange(0, 40).Draw(t, "Saferpay's data lag by minutes")) * time.Minute,
			answer: rapid.SliceOfN(rapid.SampledFrom([]refund.State{refund.Authorized, refund.Authorized, refund.Pending}), 20, 20).Draw(t, "Saferpay answers"),
		}
		for _, step := range []string{"send", "find", "ask", "capture", "book"} {
			faults := []flowtest.Fault{flowtest.Fine, flowtest.LostBefore, flowtest.LostAfter, flowtest.SaidNo}
			if step == "send" { // often enough in a row for a person to be told
				faults = []flowtest.Fault{flowtest.LostBefore, flowtest.LostAfter, flowtest.SaidNo, noLicense, notNow, notNow, notNow, notNow, notNow, notNow, notNow, notNow}
			}
			w.Faults[step] = rapid.SliceOfN(rapid.SampledFrom(faults), 0, 12).Draw(t, "faults of "+step)
		}
		events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) flowtest.Happening {
			return flowtest.Happening{
				After: time.Duration(rapid.IntRange(1, 10*60).Draw(t, "minute")) * time.Minute,
				What:  rapid.SampledFrom([]string{"operator decides", "operator decides", "merchant records", "operator signals", "provider decides"}).Draw(t, "what"),
				Which: rapid.IntRange(0, 11).Draw(t, "which"),
			}
		}), 0, 30).Draw(t, "events")
		if rapid.Bool().Draw(t, "somebody decides whenever it can be decided") {
			which := rapid.IntRange(0, 2).Draw(t, "what")
			what := rapid.SampledFrom([]string{"operator decides", "merchant records"}).Draw(t, "who")
			for minute := rapid.IntRange(1, 400).Draw(t, "from minute"); minute < 700; minute += 7 {
				events = append(events, flowtest.Happening{After: time.Duration(minute) * time.Minute, What: what, Which: which})
			}
		}
		for hour := 12; hour < 12+24*8; hour += 4 { // in the end somebody tidies up, so that every run ends
			events = append(events, flowtest.Happening{After: time.Duration(hour) * time.Hour, What: "tidy up", Which: hour / 4})
		}
		if rapid.Bool().Draw(t, "ended from outside") {
			w.ends = time.Duration(rapid.IntRange(1, 10*60).Draw(t, "at minute")) * time.Minute
		}
		w.record = refund.New(refund.Refund{ID: "ref_1", OrderID: "Q0"}, w.Now)
		w.play(events)
		w.check()
	})
}

// How Saferpay can refuse a refund that it surely did not make.
const (
	notNow    flowtest.Fault = "not at the moment"
	noLicense flowtest.Fault = "the license has no refunds"
)

// refundWorld is one refund with everything outside its workflow.
type refundWorld struct {
	flowtest.Surroundings
	lag    time.Duration
	answer []refund.State // to each request
	ends   time.Duration  // when the process is ended from outside; never if 0

	record       refund.Refund
	transactions []*returning
	deciding     bool // a person is
	again        int  // how often a person had it asked for once more
	booked       int
	result       Returned
}

// returning is money that goes back, as Saferpay's books have it.
type returning struct {
	orderID string
	state   refund.State // Failed: cancelled
	since   time.Time
}

// play runs the workflow to its end. One that is ended from outside is taken up by another.
func (w *refundWorld) play(events []flowtest.Happening) {
	in, start := contract.RequestRefund{CompanyID: "cmp_1", RefundID: "ref_1", PaymentID: "pay_1", OrderID: "Q0"}, w.Now
	for {
		w.deciding = false
		w.Begin(start, events, w.happen, func(env *testsuite.TestWorkflowEnvironment) { register(env, 1) },
			flowtest.Stand{Step: do.RecordRefundRequest, Does: w.request},
			flowtest.Stand{Step: do.SendRefund, Does: w.send},
			flowtest.Stand{Step: do.DoubtRefund, Does: w.doubt},
			flowtest.Stand{Step: do.FindRefund, Does: w.find},
			flowtest.Stand{Step: do.AskRefund, Does: w.ask},
			flowtest.Stand{Step: do.CaptureRefund, Does: w.capture},
			flowtest.Stand{Step: do.BookRefund, Does: w.book},
			flowtest.Stand{Step: do.ReopenRefund, Does: w.reopen},
			flowtest.Stand{Step: flowtest.Escalation.ResolveException, Does: w.resolve},
		)
		if w.ends > 0 && !in.TakeUp {
			w.Env.SetWorkflowRunTimeout(w.ends)
		}
		w.Env.ExecuteWorkflow(contract.RefundType, in)
		require.True(w.T, w.Env.IsWorkflowCompleted())
		w.Now = w.Env.Now()
		err := w.Env.GetWorkflowError()
		if _, ended := errors.AsType[*temporal.TimeoutError](err); ended && !in.TakeUp {
			in.TakeUp = true
			continue
		}
		require.NoError(w.T, err)
		require.NoError(w.T, w.Env.GetWorkflowResult(&w.result))
		return
	}
}

// happen lets it happen.
func (w *refundWorld) happen(e *flowtest.Happening) {
	switch e.What {
	case "operator decides":
		w.decide(e.Which, contract.UpdateResolve)
	case "merchant records":
		w.decide(e.Which, contract.UpdateRecorded)
	case "operator signals":
		w.Env.SignalWorkflow(contract.SignalTryAgain, contract.PaymentHint{})
	case "provider decides":
		w.provider(e.Which%3 > 0)
	case "tidy up":
		w.Mu.Lock()
		w.Faults = nil
		w.Mu.Unlock()
		w.provider(true)
		w.decide(e.Which, contract.UpdateResolve)
	}
}

// provider decides on what is pending.
func (w *refundWorld) provider(gives bool) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	for _, t := range w.transactions {
		if t.state != refund.Pending {
			continue
		}
		if t.state = refund.Failed; gives {
			t.state = refund.Captured
		}
	}
}

// decide is a person who looks into the Saferpay Backoffice, does there what the exception says, and decides what is true then.
func (w *refundWorld) decide(which int, update string) {
	w.Mu.Lock()
	i := slices.IndexFunc(w.Exceptions, func(e *exception.Exception) bool { return e.Open() })
	if i < 0 || w.deciding {
		w.Mu.Unlock()
		return
	}
	e := w.Exceptions[i]
	choice := e.Choices[which%len(e.Choices)]
	if update == contract.UpdateRecorded {
		choice = exception.Happened
	}
	if !slices.Contains(e.Choices, choice) {
		w.Mu.Unlock()
		return
	}
	ours := w.ours(0)
	switch made := w.madeByHand(); { // what is there at Saferpay can't be wished away, nor what is not
	case made:
		choice = exception.Happened
	case ours == nil:
	case ours.state == refund.Failed && choice != exception.TryAgain, ours.state == refund.Failed && e.Kind != exception.RefundUnclear:
		choice = exception.DidNotHappen
	case ours.state == refund.Captured && choice == exception.DidNotHappen, ours.state != refund.Failed && e.Kind == exception.RefundUnclear:
		choice = exception.Happened
	}
	switch {
	case choice == exception.Happened && ours != nil:
		ours.state = refund.Captured
	case choice == exception.Happened && e.Kind != exception.RefundNotTaken:
		w.makeByHand()
	case choice == exception.DidNotHappen && ours != nil:
		ours.state = refund.Failed
	}
	w.deciding = update == contract.UpdateResolve || choice == exception.Happened
	w.Mu.Unlock()
	if !w.deciding {
		return
	}
	decided := func(any, error) { w.deciding = false }
	decision := any(contract.ResolveException{ExceptionID: e.ID, Choice: choice, By: "anna"})
	if update == contract.UpdateRecorded {
		decision = contract.RefundRecorded{By: "anna"}
	}
	w.Env.UpdateWorkflow(update, "", &testsuite.TestUpdateCallback{OnAccept: func() {}, OnReject: func(err error) { decided(nil, err) }, OnComplete: decided}, decision)
}

// makeByHand is a merchant who refunds in the Saferpay Backoffice, and not twice.
func (w *refundWorld) makeByHand() {
	if !w.madeByHand() {
		w.transactions = append(w.transactions, &returning{orderID: byHand, state: refund.Captured, since: w.Env.Now()})
	}
}

func (w *refundWorld) madeByHand() bool {
	return slices.ContainsFunc(w.transactions, func(t *returning) bool { return t.orderID == byHand })
}

const byHand = "by hand"

// ours is the transaction of the order that stands in our record, as far as it is older than that.
func (w *refundWorld) ours(age time.Duration) *returning {
	for _, t := range w.transactions {
		if t.orderID == w.record.OrderID && !t.since.Add(age).After(w.Env.Now()) {
			return t
		}
	}
	return nil
}

func (w *refundWorld) become(next refund.State) {
	require.NoError(w.T, w.record.Become(next, w.Env.Now(), ""))
}

func (w *refundWorld) request(context.Context, contract.RequestRefund) (steps.RefundTerms, error) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	terms := steps.RefundTerms{State: w.record.State}
	for _, e := range w.Exceptions {
		if e.Open() {
			terms.Awaited = escalationsteps.Awaited{ExceptionID: e.ID, Kind: e.Kind}
		}
	}
	return terms, nil
}

func (w *refundWorld) send(context.Context, activities.RefundRef) (out steps.RefundOutcome, err error) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	if w.record.State != refund.Requested {
		return steps.RefundOutcome{State: w.record.State}, nil
	}
	next := w.Next("send")
	switch next {
	case notNow:
		return steps.RefundOutcome{State: refund.Requested, Why: "not now"}, nil
	case noLicense:
		return steps.RefundOutcome{State: refund.Requested, ByHand: true}, nil
	case flowtest.SaidNo:
		w.become(refund.Failed)
		return steps.RefundOutcome{State: refund.Failed}, nil
	case flowtest.LostBefore:
		return out, errors.New("the connection broke")
	}
	answer := w.answer[min(len(w.transactions), len(w.answer)-1)]
	w.transactions = append(w.transactions, &returning{orderID: w.record.OrderID, state: answer, since: w.Env.Now()})
	if next == flowtest.LostAfter {
		return out, errors.New("the connection broke")
	}
	w.become(answer)
	return steps.RefundOutcome{State: answer}, nil
}

func (w *refundWorld) doubt(context.Context, activities.RefundRef) error {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	if w.record.State.CanBecome(refund.Unknown) {
		w.become(refund.Unknown)
	}
	return nil
}

func (w *refundWorld) find(context.Context, activities.RefundRef) (out steps.RefundOutcome, err error) {
	err = w.Call("find", func() error {
		ours := w.ours(w.lag)
		if out.State = refund.Unknown; ours != nil {
			out.State = w.learn(ours.state)
		}
		return nil
	})
	return out, err
}

// learn records what Saferpay says; that it is captured is recorded together with its booking.
func (w *refundWorld) learn(state refund.State) refund.State {
	if state == refund.Captured {
		w.become(refund.Authorized)
	} else {
		w.become(state)
	}
	return state
}

func (w *refundWorld) ask(context.Context, activities.RefundRef) (out steps.RefundOutcome, err error) {
	err = w.Call("ask", func() error {
		switch ours := w.ours(0); ours.state {
		case refund.Captured, refund.Pending:
			out.State = ours.state
		case refund.Failed:
			w.become(refund.Failed)
			out.State = refund.Failed
		}
		return nil
	})
	return out, err
}

func (w *refundWorld) capture(context.Context, activities.RefundRef) (out steps.RefundOutcome, err error) {
	err = w.Call("capture", func() error {
		ours := w.ours(0)
		if ours.state == refund.Failed {
			return flowtest.ErrRefused
		}
		ours.state, out.State = refund.Captured, refund.Captured
		return nil
	})
	return out, err
}

func (w *refundWorld) book(_ context.Context, in steps.GiveBack) (activities.GivenBack, error) {
	return activities.GivenBack{InvoiceID: "inv_1", PaymentID: "pay_1"}, w.Call("book", func() error {
		if w.record.State == refund.Captured || w.record.State == refund.Recorded {
			return nil
		}
		w.booked++
		w.become(in.State)
		return nil
	})
}

func (w *refundWorld) reopen(_ context.Context, in steps.Reopen) error {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	switch {
	case w.record.State.Final() || in.Again && w.record.State == refund.Requested:
	case in.Again:
		w.record.OrderID = fmt.Sprint("Q", len(w.record.Timeline))
		w.become(refund.Requested)
	default:
		w.become(refund.Failed)
	}
	return nil
}

func (w *refundWorld) resolve(_ context.Context, in escalationsteps.Resolve) error {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	e, err := w.Decided(in)
	switch {
	case e == nil:
	case e.Kind == exception.RefundNotTaken && in.Choice == exception.Happened:
		w.makeByHand() // once it is sure that it is not asked for from here any more
	case e.Kind == exception.RefundUnclear && in.Choice == exception.TryAgain:
		w.again++
	}
	return err
}

// check holds Saferpay's books against ours.
func (w *refundWorld) check() {
	gone, byUs := 0, 0
	for _, t := range w.transactions {
		assert.Contains(w.T, []refund.State{refund.Captured, refund.Failed}, t.state, "nothing is left hanging: %+v", t)
		if t.state == refund.Captured {
			gone++
		}
		if t.orderID != byHand {
			byUs++
		}
	}
	assert.LessOrEqual(w.T, gone, 1, "the money goes back once")
	assert.Equal(w.T, gone, w.booked, "what goes back is booked, and nothing else")
	assert.LessOrEqual(w.T, byUs, 1+w.again, "it is asked for once, unless a person says otherwise")
	assert.True(w.T, w.record.State.Final())
	assert.Equal(w.T, w.record.State, w.result.State, "the workflow knows")
	assert.Equal(w.T, gone == 1, w.record.State != refund.Failed)
	for _, e := range w.Exceptions {
		assert.False(w.T, e.Open(), "nobody waits for a decision on %s any more", e.Kind)
	}
}
