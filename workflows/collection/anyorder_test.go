package collection

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
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
	charged                  bool // back, for good
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
	"hint", "hint", "stranger's hint", "receipt", "void", "dispute is lost", "cancel", "backoffice captures", "operator decides", "operator decides", "operator signals", "history is long",
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
			flowtest.Stand{Step: do.LoseDispute, Does: w.loseDispute},
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
	case "dispute is lost":
		update(contract.UpdateLoseDispute, contract.LoseDispute{DisputeID: page.id})
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
