package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/activities"
	collectionacts "github.com/quittance/quittance/activities/collection"
	escalationacts "github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

// TestWhateverHappensInWhateverOrderNoMoneyIsLostOrTakenTwice plays one invoice with payers, strangers, bank receipts,
// cancellations, operators, lost answers and long histories in any order, against a Saferpay and books that keep account, and
// then holds the two against each other.
func TestWhateverHappensInWhateverOrderNoMoneyIsLostOrTakenTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{
			surroundings: surroundings{t: t, now: time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC), faults: drawFaults(t)}, events: drawEvents(t),
		}
		w.slow = time.Duration(rapid.IntRange(0, 20).Draw(t, "slow by minutes")) * time.Minute
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
	surroundings
	events []happening

	invoice  invoice.Invoice
	pages    []*saferpayPage
	receipts money.Amount
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

var faultySteps = []string{"open", "assert", "look back", "capture", "release"}

func drawFaults(t *rapid.T) map[string][]fault {
	all := map[string][]fault{}
	for _, step := range faultySteps {
		all[step] = rapid.SliceOfN(rapid.SampledFrom([]fault{fine, fine, lostBefore, lostAfter, saidNo}), 0, 25).Draw(t, "faults of "+step)
	}
	return all
}

var happenings = []string{
	"pay now", "pay now", "pay now by twint", "payer pays", "payer pays", "payer pays", "payer waits for the provider", "payer aborts", "provider decides",
	"hint", "hint", "stranger's hint", "receipt", "cancel", "backoffice captures", "operator decides", "operator decides", "operator signals", "history is long",
}

func drawEvents(t *rapid.T) []happening {
	events := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) happening {
		return happening{
			after: time.Duration(rapid.IntRange(1, 30*60).Draw(t, "minute")) * time.Minute,
			what:  rapid.SampledFrom(happenings).Draw(t, "what"),
			which: rapid.IntRange(0, 11).Draw(t, "which"),
		}
	}), 1, 40).Draw(t, "events")
	// In the end somebody tidies up, so that every run ends.
	for i := range events {
		events[i].id = fmt.Sprint(i + 1)
	}
	for day := 6; day < 14; day++ {
		events = append(events, happening{after: time.Duration(day) * 24 * time.Hour, what: "tidy up", id: fmt.Sprint("day ", day)})
	}
	return events
}

// play runs the workflow to its end, through as many continued runs as there are.
func (w *world) play() {
	in, start := issued, w.now
	in.AskInside = rapid.Bool().Draw(w.t, "asks inside the workflow task")
	for {
		w.begin(start, w.events, w.happen,
			stand{collectionStep.OpenPaymentPage, w.openPage},
			stand{collectionStep.AssertPayment, w.assert},
			stand{collectionStep.CloseExpired, w.lookBack},
			stand{collectionStep.CapturePayment, w.capture},
			stand{collectionStep.ReleasePayment, w.release},
			stand{collectionStep.LookOnceMore, w.lookOnceMore},
			stand{collectionStep.OpenInvoice, w.openInvoice},
			stand{collectionStep.CancelInvoice, w.cancelInvoice},
			stand{collectionStep.RecordReceipt, w.recordReceipt},
			stand{collectionStep.BookReceipt, w.bookReceipt},
			stand{collectionStep.GiveUpPayment, w.giveUp},
			stand{collectionStep.AbandonPage, w.abandon},
			stand{collectionStep.TakeUpInvoice, w.leftBehind},
			stand{escalationStep.ResolveException, w.resolve},
		)
		w.env.OnWorkflow(RefundType, mock.Anything, mock.Anything).Return(Returned{State: refund.Captured}, nil).Maybe()
		w.env.ExecuteWorkflow(InvoicePaymentType, in)
		require.True(w.t, w.env.IsWorkflowCompleted())
		err := w.env.GetWorkflowError()
		w.now = w.env.Now()
		var again *workflow.ContinueAsNewError
		if !errors.As(err, &again) {
			require.NoError(w.t, err)
			require.NoError(w.t, w.env.GetWorkflowResult(&w.result))
			return
		}
		in = IssueInvoice{}
		require.NoError(w.t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
	}
}

// happen lets it happen.
func (w *world) happen(e *happening) {
	w.mu.Lock()
	var page *saferpayPage
	if len(w.pages) > 0 {
		page = w.pages[e.which%len(w.pages)]
	}
	w.mu.Unlock()
	answered := func(answer any, _ error) {
		if checkout, ok := answer.(Checkout); ok && checkout.PaymentID != "" {
			w.page(checkout.PaymentID).given = true
		}
	}
	update := func(name string, in any) {
		w.env.UpdateWorkflow(name, "", &testsuite.TestUpdateCallback{OnAccept: func() {}, OnReject: func(error) {}, OnComplete: answered}, in)
	}
	hint := func(signal, id string) { w.env.SignalWorkflow(signal, PaymentHint{PaymentID: id}) }
	switch e.what {
	case "pay now":
		update(UpdatePayNow, PayNow{PaymentID: "pay_" + e.id, Method: payment.Card})
	case "pay now by twint":
		update(UpdatePayNow, PayNow{PaymentID: "pay_" + e.id, Method: payment.TWINT})
	case "receipt":
		update(UpdateReceipt, RecordReceipt{ReceiptID: "rcp_" + e.id, Amount: money.FromMinor(int64(e.which+1)*1800, money.CHF), Account: "1020"})
	case "cancel":
		update(UpdateCancel, CancelInvoice{})
	case "stranger's hint":
		hint(SignalSaferpayNotified, "pay_unknown")
	case "history is long":
		w.env.SetContinueAsNewSuggested(true)
		hint(SignalSaferpayNotified, "pay_unknown") // wakes the workflow
	case "operator decides":
		w.decide(e.which, update)
	case "tidy up":
		w.mu.Lock()
		w.faults = nil
		w.mu.Unlock()
		for i := range 20 {
			w.decide(i, update)
		}
		update(UpdateCancel, CancelInvoice{})
		if due := w.due(); due.IsPositive() {
			update(UpdateReceipt, RecordReceipt{ReceiptID: "rcp_" + e.id, Amount: due, Account: "1020"})
		}
	}
	if page == nil {
		return
	}
	switch e.what {
	case "payer pays":
		w.turn(page, "open", "authorized")
		if e.which%3 > 0 { // else nobody tells
			hint(SignalPayerReturned, page.id)
		}
	case "payer waits for the provider":
		w.turn(page, "open", "pending")
		hint(SignalPayerReturned, page.id)
	case "provider decides":
		w.turn(page, "pending", "authorized")
		if e.which%2 > 0 {
			hint(SignalSaferpayNotified, page.id)
		}
	case "payer aborts":
		w.turn(page, "open", "aborted")
		hint(SignalPayerReturned, page.id)
	case "hint":
		hint(SignalSaferpayNotified, page.id)
	case "operator signals":
		hint(SignalTryAgain, page.id)
	case "backoffice captures":
		w.turn(page, "authorized", "captured")
	}
}

func (w *world) due() money.Amount {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.invoice.AmountDue()
}

// decide is an operator who decides on one of the open exceptions, and ends at Saferpay what is said to have ended; but overlooks
// money that was captured.
func (w *world) decide(which int, update func(string, any)) {
	w.mu.Lock()
	open := slices.DeleteFunc(slices.Clone(w.exceptions), func(e *exception.Exception) bool { return !e.Open() || e.WorkflowID == "" })
	if len(open) == 0 {
		w.mu.Unlock()
		return
	}
	e := open[which%len(open)]
	choice := e.Choices[which%len(e.Choices)]
	w.mu.Unlock()
	if page := w.page(e.Subject); choice == exception.DidNotHappen {
		w.turn(page, "open", "aborted")
		w.turn(page, "pending", "aborted")
		w.turn(page, "authorized", "cancelled")
	}
	update(UpdateResolve, ResolveException{ExceptionID: e.ID, Choice: choice, By: "anna"})
}

// turn moves a page at Saferpay from one state to another, if it is there.
func (w *world) turn(page *saferpayPage, from, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if page.at != from || (from == "open" && (!page.given || w.env.Now().After(page.opened.Add(24*time.Hour)))) {
		return
	}
	if page.at = to; to == "captured" {
		page.byOthers = true
		page.captures++
	}
}

// page finds a page; nobody opens one twice.
func (w *world) page(id string) *saferpayPage {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.pages, func(p *saferpayPage) bool { return p.id == id })
	require.GreaterOrEqual(w.t, i, 0, id)
	return w.pages[i]
}

func (w *world) openPage(_ context.Context, in collectionacts.StartCheckout) (out collectionacts.Checkout, err error) {
	err = w.call("open", func() error {
		if !w.invoice.Status.Payable() {
			return refuse(problem.New(problem.InvoiceNotOpen, "not open"))
		}
		page := &saferpayPage{id: in.PaymentID, amount: w.invoice.AmountDue(), opened: w.env.Now(), at: "open"}
		if i := slices.IndexFunc(w.pages, func(p *saferpayPage) bool { return p.id == in.PaymentID }); i >= 0 {
			page = w.pages[i] // the step ran before, and its answer was lost
		} else {
			w.pages = append(w.pages, page)
		}
		out = collectionacts.Checkout{RedirectURL: "https://pay/" + page.id, Amount: page.amount, ExpiresAt: page.opened.Add(24 * time.Hour)}
		return nil
	})
	return out, err
}

func (w *world) assert(_ context.Context, in collectionacts.AskOutcome) (out collectionacts.Outcome, err error) {
	page := w.page(in.PaymentID)
	err = w.call("assert", func() error {
		page.asked++
		out = page.outcome(payment.Redirected)
		return nil
	})
	return out, err
}

func (w *world) lookBack(_ context.Context, in activities.PaymentRef) (out collectionacts.Outcome, err error) {
	page := w.page(in.PaymentID)
	err = w.call("look back", func() error {
		out = page.outcome(payment.Expired)
		return nil
	})
	return out, err
}

// lookOnceMore never fails: then the operator's word would count.
func (w *world) lookOnceMore(_ context.Context, in activities.PaymentRef) (collectionacts.Outcome, error) {
	page := w.page(in.PaymentID)
	w.mu.Lock()
	defer w.mu.Unlock()
	if page.at == "captured" {
		return page.outcome(""), nil
	}
	return collectionacts.Outcome{State: payment.Unknown}, nil
}

// outcome is what Saferpay says; unused is what it says of a page on which nobody paid.
func (p *saferpayPage) outcome(unused payment.State) collectionacts.Outcome {
	switch p.at {
	case "aborted":
		p.ended = true
		return collectionacts.Outcome{State: payment.Aborted}
	case "cancelled":
		p.ended = true
		return collectionacts.Outcome{State: payment.Cancelled}
	case "pending":
		return collectionacts.Outcome{State: payment.Pending}
	case "authorized":
		return authorized
	case "captured":
		return collectionacts.Outcome{State: payment.Captured, CaptureID: p.id + "_c"}
	default:
		p.ended = unused.Final()
		return collectionacts.Outcome{State: unused}
	}
}

func (w *world) capture(_ context.Context, in activities.PaymentRef) (out collectionacts.Captured, err error) {
	page := w.page(in.PaymentID)
	err = w.call("capture", func() error {
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

func (w *world) release(_ context.Context, in collectionacts.Release) (out collectionacts.Released, err error) {
	page := w.page(in.PaymentID)
	err = w.call("release", func() error {
		if page.at == "captured" {
			out = collectionacts.Released{Taken: true, CaptureID: page.id + "_c"}
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
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.invoice
	err := do()
	if p, ok := errors.AsType[*problem.Error](err); ok {
		w.invoice = before
		return activities.Standing{}, refuse(p)
	}
	return w.standing(), err
}

func (w *world) openInvoice(context.Context, activities.InvoiceRef) (activities.Standing, error) {
	return w.booking(func() error { return w.invoice.Become(invoice.Open) })
}

func (w *world) cancelInvoice(context.Context, activities.InvoiceRef) error {
	_, err := w.booking(func() error { return w.invoice.Become(invoice.Cancelled) })
	return err
}

func (w *world) recordReceipt(_ context.Context, in collectionacts.OtherReceipt) (activities.Standing, error) {
	return w.booking(func() error {
		if err := w.invoice.Receive(in.Amount, w.now); err != nil {
			return err
		}
		w.receipts = money.FromMinor(w.receipts.Minor()+in.Amount.Minor(), money.CHF)
		return nil
	})
}

func (w *world) bookReceipt(_ context.Context, in collectionacts.Receipt) (collectionacts.Booked, error) {
	page := w.page(in.PaymentID)
	assert.NotEmpty(w.t, in.CaptureID, "refunds need it")
	var booked collectionacts.Booked
	_, err := w.booking(func() error {
		if page.booked == 0 && w.invoice.Receive(page.amount, w.now) != nil {
			page.parked++
		}
		page.booked++
		page.ended = true
		booked = collectionacts.Booked{Standing: w.standing(), Parked: page.parked > 0}
		return nil
	})
	return booked, err
}

func (w *world) giveUp(_ context.Context, in activities.PaymentRef) (collectionacts.Outcome, error) {
	page := w.page(in.PaymentID)
	w.mu.Lock()
	defer w.mu.Unlock()
	page.ended = true
	return collectionacts.Outcome{State: payment.Failed}, nil
}

func (w *world) abandon(_ context.Context, in activities.PaymentRef) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, page := range w.pages {
		page.ended = page.ended || page.id == in.PaymentID
	}
	return nil
}

func (w *world) leftBehind(context.Context, activities.InvoiceRef) (left collectionacts.LeftBehind, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.pages {
		if !p.ended {
			left.Payments = append(left.Payments, collectionacts.Unfinished{
				PaymentID: p.id, Method: payment.Card, Amount: p.amount, State: payment.Redirected, OpenedAt: p.opened, ExpiresAt: p.opened.Add(24 * time.Hour),
			})
		}
	}
	return left, nil
}

func (w *world) resolve(_ context.Context, in escalationacts.Resolve) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.decided(in)
	return err
}

// check holds Saferpay's books against ours once nothing is under way any more.
func (w *world) check() {
	paid := w.receipts.Minor()
	for _, p := range w.pages {
		assert.NotContains(w.t, []string{"authorized", "pending"}, p.at, "%s: nothing is left hanging", p.id)
		assert.LessOrEqual(w.t, p.captures, 1, "%s: nothing is taken twice", p.id)
		assert.Equal(w.t, p.captures, min(p.booked, 1), "%s: what is taken is booked, and nothing else", p.id)
		assert.LessOrEqual(w.t, p.asked, 2*maxTurns+40, "%s: Saferpay is not polled", p.id)
		assert.False(w.t, p.parked > 0 && !p.byOthers, "%s: we don't take what isn't due", p.id)
		if p.booked > 0 && p.parked == 0 {
			paid += p.amount.Minor()
		}
		assert.True(w.t, p.ended, "%s is at an end", p.id)
	}
	assert.Equal(w.t, paid, w.invoice.AmountPaid.Minor(), "the receipts make up what is paid")
	assert.Equal(w.t, paid >= w.invoice.Amount.Minor(), w.invoice.Status == invoice.Paid)
	assert.Equal(w.t, w.invoice.Status, w.result.Status, "the workflow knows")
	for _, e := range w.exceptions {
		assert.False(w.t, e.Open() && e.WorkflowID != "", "nobody waits for a decision on %s any more", e.Kind)
	}
}
