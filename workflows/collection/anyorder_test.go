package collection

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/collection"
	escalationsteps "github.com/quittance/quittance/activities/escalation"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
	"github.com/quittance/quittance/workflows/refunding"
)

// TestWhateverHappensInWhateverOrderNoMoneyIsLostOrTakenTwice plays one invoice with payers, strangers, bank receipts,
// cancellations, operators, lost answers and long histories in any order, against a Saferpay and books that keep account, and
// then holds the two against each other.
func TestWhateverHappensInWhateverOrderNoMoneyIsLostOrTakenTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{
			Surroundings: flowtest.Surroundings{T: t, Now: time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC), Faults: drawFaults(t)}, events: drawEvents(t),
		}
		w.pageLife = rapid.SampledFrom([]time.Duration{time.Hour, 24 * time.Hour}).Draw(t, "life of a page")
		w.Slow = time.Duration(rapid.IntRange(0, 20).Draw(t, "slow by minutes")) * time.Minute
		w.invoice = invoice.Invoice{
			ID: "inv_1", Number: "2026-1", Status: invoice.Draft, Amount: money.MustParse("108.00", money.CHF),
			AmountPaid: money.Zero(money.CHF), AmountRefunded: money.Zero(money.CHF),
		}
		w.play()
		w.check()
	})
}

// world is one invoice with everything outside its workflow: Saferpay, the books, and what happens when.
type world struct {
	flowtest.Surroundings
	events []flowtest.Happening

	invoice  invoice.Invoice
	pages    []*saferpayPage
	pageLife time.Duration
	receipts []contract.RecordReceipt // that count
	result   Collected
}

// saferpayPage is a payment page with its transaction at Saferpay, and what our books say of it.
type saferpayPage struct {
	id                       string
	amount                   money.Amount
	opened                   time.Time
	at                       string // open, aborted, pending, authorized, captured, cancelled
	captures, booked, parked int
	given                    bool // a payer has it
	byOthers                 bool // captured past Quittance
	ended                    bool // our record is final
	asked                    int
}

// payerStays is how long after a page's death somebody who opened it in time may still pay.
const payerStays = 30 * time.Minute

var faultySteps = []string{"open", "assert", "look back", "capture", "release"}

func drawFaults(t *rapid.T) map[string][]flowtest.Fault {
	all := map[string][]flowtest.Fault{}
	for _, step := range faultySteps {
		all[step] = rapid.SliceOfN(rapid.SampledFrom([]flowtest.Fault{flowtest.Fine, flowtest.Fine, flowtest.LostBefore, flowtest.LostAfter, flowtest.SaidNo}), 0, 25).Draw(t, "faults of "+step)
	}
	return all
}

var happenings = []string{
	"pay now", "pay now", "pay now by twint", "payer pays", "payer pays", "payer pays", "payer waits for the provider", "payer aborts", "provider decides",
	"hint", "hint", "stranger's hint", "receipt", "void", "cancel", "backoffice captures", "operator decides", "operator decides", "operator signals", "history is long",
}

func drawEvents(t *rapid.T) []flowtest.Happening {
	events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) flowtest.Happening {
		return flowtest.Happening{
			After: time.Duration(rapid.IntRange(1, 30*60).Draw(t, "minute")) * time.Minute,
			What:  rapid.SampledFrom(happenings).Draw(t, "what"),
			Which: rapid.IntRange(0, 11).Draw(t, "which"),
		}
	}), 1, 40).Draw(t, "events")
	// In the end somebody tidies up, so that every run ends.
	for i := range events {
		events[i].ID = fmt.Sprint(i + 1)
	}
	for day := 6; day < 14; day++ {
		events = append(events, flowtest.Happening{After: time.Duration(day) * 24 * time.Hour, What: "tidy up", ID: fmt.Sprint("day ", day)})
	}
	return events
}

// play runs the workflow to its end, through as many continued runs as there are.
func (w *world) play() {
	in, start := Start{IssueInvoice: issued}, w.Now
	for {
		w.Begin(start, w.events, w.happen, func(env *testsuite.TestWorkflowEnvironment) { register(env, 1) },
			flowtest.Stand{Step: do.OpenPaymentPage, Does: w.openPage},
			flowtest.Stand{Step: do.AssertPayment, Does: w.assert},
			flowtest.Stand{Step: do.CloseExpired, Does: w.lookBack},
			flowtest.Stand{Step: do.CapturePayment, Does: w.capture},
			flowtest.Stand{Step: do.ReleasePayment, Does: w.release},
			flowtest.Stand{Step: do.LookOnceMore, Does: w.lookOnceMore},
			flowtest.Stand{Step: do.OpenInvoice, Does: w.openInvoice},
			flowtest.Stand{Step: do.CancelInvoice, Does: w.cancelInvoice},
			flowtest.Stand{Step: do.RecordReceipt, Does: w.recordReceipt},
			flowtest.Stand{Step: do.VoidReceipt, Does: w.voidReceipt},
			flowtest.Stand{Step: do.BookReceipt, Does: w.bookReceipt},
			flowtest.Stand{Step: do.GiveUpPayment, Does: w.giveUp},
			flowtest.Stand{Step: do.AbandonPage, Does: w.abandon},
			flowtest.Stand{Step: do.TakeUpInvoice, Does: w.leftBehind},
			flowtest.Stand{Step: flowtest.Escalation.ResolveException, Does: w.resolve},
		)
		w.Env.OnWorkflow(contract.RefundType, mock.Anything, mock.Anything).Return(refunding.Returned{State: refund.Captured}, nil).Maybe()
		w.Env.ExecuteWorkflow(contract.InvoicePaymentType, in)
		require.True(w.T, w.Env.IsWorkflowCompleted())
		err := w.Env.GetWorkflowError()
		w.Now = w.Env.Now()
		var again *workflow.ContinueAsNewError
		if !errors.As(err, &again) {
			require.NoError(w.T, err)
			require.NoError(w.T, w.Env.GetWorkflowResult(&w.result))
			return
		}
		in = Start{}
		require.NoError(w.T, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
	}
}

// happen lets it happen.
func (w *world) happen(e *flowtest.Happening) {
	w.Mu.Lock()
	var page *saferpayPage
	if len(w.pages) > 0 {
		page = w.pages[e.Which%len(w.pages)]
	}
	w.Mu.Unlock()
	answered := func(answer any, _ error) {
		if checkout, ok := answer.(contract.Checkout); ok && checkout.PaymentID != "" {
			w.page(checkout.PaymentID).given = true
		}
	}
	update := func(name string, in any) {
		w.Env.UpdateWorkflow(name, "", &testsuite.TestUpdateCallback{OnAccept: func() {}, OnReject: func(error) {}, OnComplete: answered}, in)
	}
	hint := func(signal, id string) { w.Env.SignalWorkflow(signal, contract.PaymentHint{PaymentID: id}) }
	switch e.What {
	case "pay now":
		update(contract.UpdatePayNow, contract.PayNow{PaymentID: "pay_" + e.ID, Method: payment.Card})
	case "pay now by twint":
		update(contract.UpdatePayNow, contract.PayNow{PaymentID: "pay_" + e.ID, Method: payment.TWINT})
	case "receipt":
		update(contract.UpdateReceipt, contract.RecordReceipt{ReceiptID: "rcp_" + e.ID, Amount: money.FromMinor(int64(e.Which+1)*1800, money.CHF), Account: "1020"})
	case "void":
		if receipt, ok := w.anyReceipt(e.Which); ok {
			update(contract.UpdateVoidReceipt, contract.VoidReceipt{ReceiptID: receipt.ReceiptID, Reason: "a mistake"})
		}
	case "cancel":
		update(contract.UpdateCancel, contract.CancelInvoice{})
	case "stranger's hint":
		hint(contract.SignalSaferpayNotified, "pay_unknown")
	case "history is long":
		w.Env.SetContinueAsNewSuggested(true)
		hint(contract.SignalSaferpayNotified, "pay_unknown") // wakes the workflow
	case "operator decides":
		w.decide(e.Which, update)
	case "tidy up":
		w.Mu.Lock()
		w.Faults = nil
		w.Mu.Unlock()
		for i := range 20 {
			w.decide(i, update)
		}
		update(contract.UpdateCancel, contract.CancelInvoice{})
		if due := w.due(); due.IsPositive() {
			update(contract.UpdateReceipt, contract.RecordReceipt{ReceiptID: "rcp_" + e.ID, Amount: due, Account: "1020"})
		}
	}
	if page == nil {
		return
	}
	switch e.What {
	case "payer pays":
		w.turn(page, "open", "authorized")
		if e.Which%3 > 0 { // else nobody tells
			hint(contract.SignalPayerReturned, page.id)
		}
	case "payer waits for the provider":
		w.turn(page, "open", "pending")
		hint(contract.SignalPayerReturned, page.id)
	case "provider decides":
		w.turn(page, "pending", "authorized")
		if e.Which%2 > 0 {
			hint(contract.SignalSaferpayNotified, page.id)
		}
	case "payer aborts":
		w.turn(page, "open", "aborted")
		hint(contract.SignalPayerReturned, page.id)
	case "hint":
		hint(contract.SignalSaferpayNotified, page.id)
	case "operator signals":
		hint(contract.SignalTryAgain, page.id)
	case "backoffice captures":
		w.turn(page, "authorized", "captured")
	}
}

func (w *world) due() money.Amount {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	return w.invoice.AmountDue()
}

// decide is an operator who decides on one of the open exceptions, and ends at Saferpay what is said to have ended; but overlooks
// money that was captured.
func (w *world) decide(which int, update func(string, any)) {
	w.Mu.Lock()
	open := slices.DeleteFunc(slices.Clone(w.Exceptions), func(e *exception.Exception) bool { return !e.Open() || e.WorkflowID == "" })
	if len(open) == 0 {
		w.Mu.Unlock()
		return
	}
	e := open[which%len(open)]
	choice := e.Choices[which%len(e.Choices)]
	w.Mu.Unlock()
	if page := w.page(e.Subject); choice == exception.DidNotHappen {
		w.turn(page, "open", "aborted")
		w.turn(page, "pending", "aborted")
		w.turn(page, "authorized", "cancelled")
	}
	update(contract.UpdateResolve, contract.ResolveException{ExceptionID: e.ID, Choice: choice, By: "anna"})
}

// turn moves a page at Saferpay from one state to another, if it is there.
func (w *world) turn(page *saferpayPage, from, to string) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	if page.at != from || (from == "open" && (!page.given || w.Env.Now().After(page.opened.Add(w.pageLife+payerStays)))) {
		return
	}
	if page.at = to; to == "captured" {
		page.byOthers = true
		page.captures++
	}
}

// page finds a page; nobody opens one twice.
func (w *world) page(id string) *saferpayPage {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	i := slices.IndexFunc(w.pages, func(p *saferpayPage) bool { return p.id == id })
	require.GreaterOrEqual(w.T, i, 0, id)
	return w.pages[i]
}

func (w *world) openPage(_ context.Context, in steps.StartCheckout) (out steps.PaymentPage, err error) {
	err = w.Call("open", func() error {
		if !w.invoice.Status.Payable() {
			return flow.Refuse(problem.New(problem.InvoiceNotOpen, "not open"))
		}
		page := &saferpayPage{id: in.PaymentID, amount: w.invoice.AmountDue(), opened: w.Env.Now(), at: "open"}
		if i := slices.IndexFunc(w.pages, func(p *saferpayPage) bool { return p.id == in.PaymentID }); i >= 0 {
			page = w.pages[i] // the step ran before, and its answer was lost
		} else {
			w.pages = append(w.pages, page)
		}
		out = steps.PaymentPage{RedirectURL: "https://pay/" + page.id, Amount: page.amount, ExpiresAt: page.opened.Add(w.pageLife)}
		return nil
	})
	return out, err
}

func (w *world) assert(_ context.Context, in steps.AskOutcome) (out steps.Outcome, err error) {
	page := w.page(in.PaymentID)
	err = w.Call("assert", func() error {
		page.asked++
		out = page.outcome(payment.Redirected)
		return nil
	})
	return out, err
}

func (w *world) lookBack(_ context.Context, in activities.PaymentRef) (out steps.Outcome, err error) {
	page := w.page(in.PaymentID)
	err = w.Call("look back", func() error {
		out = page.outcome(payment.Expired)
		return nil
	})
	return out, err
}

// lookOnceMore never fails: then the operator's word would count.
func (w *world) lookOnceMore(_ context.Context, in activities.PaymentRef) (steps.Outcome, error) {
	page := w.page(in.PaymentID)
	w.Mu.Lock()
	defer w.Mu.Unlock()
	if page.at == "captured" {
		return page.outcome(""), nil
	}
	return steps.Outcome{State: payment.Unknown}, nil
}

// outcome is what Saferpay says; unused is what it says of a page on which nobody paid.
func (p *saferpayPage) outcome(unused payment.State) steps.Outcome {
	switch p.at {
	case "aborted":
		p.ended = true
		return steps.Outcome{State: payment.Aborted}
	case "cancelled":
		p.ended = true
		return steps.Outcome{State: payment.Cancelled}
	case "pending":
		return steps.Outcome{State: payment.Pending}
	case "authorized":
		return authorized
	case "captured":
		return steps.Outcome{State: payment.Captured, CaptureID: p.id + "_c"}
	default:
		p.ended = unused.Final()
		return steps.Outcome{State: unused}
	}
}

func (w *world) capture(_ context.Context, in activities.PaymentRef) (out steps.Captured, err error) {
	page := w.page(in.PaymentID)
	err = w.Call("capture", func() error {
		switch page.at {
		case "authorized":
			page.at = "captured"
			page.captures++
		case "cancelled":
			page.ended, out.Gone = true, true
			return nil
		}
		out.CaptureID = page.id + "_c"
		return nil
	})
	return out, err
}

func (w *world) release(_ context.Context, in steps.Release) (out steps.Released, err error) {
	page := w.page(in.PaymentID)
	err = w.Call("release", func() error {
		if page.at == "captured" {
			out = steps.Released{Taken: true, CaptureID: page.id + "_c"}
			return nil
		}
		page.at, page.ended = "cancelled", true
		return nil
	})
	return out, err
}

func (w *world) standing() activities.Standing {
	return activities.Standing{InvoiceStatus: w.invoice.Status, Due: w.invoice.AmountDue()}
}

// booking is one transaction of our own books.
func (w *world) booking(do func() error) (activities.Standing, error) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	before := w.invoice
	err := do()
	if p, ok := errors.AsType[*problem.Error](err); ok {
		w.invoice = before
		return activities.Standing{}, flow.Refuse(p)
	}
	return w.standing(), err
}

func (w *world) openInvoice(context.Context, steps.Opening) (activities.Standing, error) {
	return w.booking(func() error { return w.invoice.Become(invoice.Open) })
}

func (w *world) cancelInvoice(context.Context, activities.InvoiceRef) error {
	_, err := w.booking(func() error { return w.invoice.Become(invoice.Cancelled) })
	return err
}

func (w *world) recordReceipt(_ context.Context, in steps.OtherReceipt) (activities.Standing, error) {
	return w.booking(func() error {
		if err := w.invoice.Receive(in.Amount, w.Now); err != nil {
			return err
		}
		w.receipts = append(w.receipts, in.RecordReceipt)
		return nil
	})
}

// anyReceipt returns a receipt that counts, if there is one.
func (w *world) anyReceipt(which int) (contract.RecordReceipt, bool) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	if len(w.receipts) == 0 {
		return contract.RecordReceipt{}, false
	}
	return w.receipts[which%len(w.receipts)], true
}

func (w *world) voidReceipt(_ context.Context, in steps.VoidedReceipt) (activities.Standing, error) {
	return w.booking(func() error {
		i := slices.IndexFunc(w.receipts, func(r contract.RecordReceipt) bool { return r.ReceiptID == in.ReceiptID })
		if i < 0 { // it is voided already
			return nil
		}
		if err := w.invoice.Void(w.receipts[i].Amount); err != nil {
			return err
		}
		w.receipts = slices.Delete(w.receipts, i, i+1)
		return nil
	})
}

func (w *world) bookReceipt(_ context.Context, in steps.Receipt) (steps.Booked, error) {
	page := w.page(in.PaymentID)
	assert.NotEmpty(w.T, in.CaptureID, "refunds need it")
	var booked steps.Booked
	_, err := w.booking(func() error {
		if page.booked == 0 && w.invoice.Receive(page.amount, w.Now) != nil {
			page.parked++
		}
		page.booked++
		page.ended = true
		booked = steps.Booked{Standing: w.standing(), Parked: page.parked > 0}
		return nil
	})
	return booked, err
}

func (w *world) giveUp(_ context.Context, in activities.PaymentRef) (steps.Outcome, error) {
	page := w.page(in.PaymentID)
	w.Mu.Lock()
	defer w.Mu.Unlock()
	page.ended = true
	return steps.Outcome{State: payment.Failed}, nil
}

func (w *world) abandon(_ context.Context, in activities.PaymentRef) error {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	for _, page := range w.pages {
		page.ended = page.ended || page.id == in.PaymentID
	}
	return nil
}

func (w *world) leftBehind(context.Context, activities.InvoiceRef) (left steps.LeftBehind, err error) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	for _, p := range w.pages {
		if !p.ended {
			left.Payments = append(left.Payments, steps.Unfinished{
				PaymentID: p.id, Method: payment.Card, Amount: p.amount, State: payment.Redirected, OpenedAt: p.opened, ExpiresAt: p.opened.Add(w.pageLife),
			})
		}
	}
	return left, nil
}

func (w *world) resolve(_ context.Context, in escalationsteps.Resolve) error {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	_, err := w.Decided(in)
	return err
}

// check holds Saferpay's books against ours once nothing is under way any more.
func (w *world) check() {
	var paid int64
	for _, r := range w.receipts {
		paid += r.Amount.Minor()
	}
	for _, p := range w.pages {
		assert.NotContains(w.T, []string{"authorized", "pending"}, p.at, "%s: nothing is left hanging", p.id)
		assert.LessOrEqual(w.T, p.captures, 1, "%s: nothing is taken twice", p.id)
		assert.Equal(w.T, p.captures, min(p.booked, 1), "%s: what is taken is booked, and nothing else", p.id)
		assert.LessOrEqual(w.T, p.asked, 2*maxAsserts+40, "%s: Saferpay is not polled", p.id)
		assert.False(w.T, p.parked > 0 && !p.byOthers, "%s: we don't take what isn't due", p.id)
		if p.booked > 0 && p.parked == 0 {
			paid += p.amount.Minor()
		}
		assert.True(w.T, p.ended, "%s is at an end", p.id)
	}
	assert.Equal(w.T, paid, w.invoice.AmountPaid.Minor(), "the receipts make up what is paid")
	assert.Equal(w.T, paid >= w.invoice.Amount.Minor(), w.invoice.Status == invoice.Paid)
	assert.Equal(w.T, w.invoice.Status, w.result.Status, "the workflow knows")
	for _, e := range w.Exceptions {
		assert.False(w.T, e.Open() && e.WorkflowID != "", "nobody waits for a decision on %s any more", e.Kind)
	}
}
