package collection

import (
	"context"
	"errors"
	"slices"

	steps "github.com/quittance/quittance/activities/collection"
	escalationsteps "github.com/quittance/quittance/activities/escalation"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
)

func (w *world) openPage(_ context.Context, in steps.StartCheckout) (out steps.PaymentPage, err error) {
	err = w.Call("open", func() error {
		if !w.invoice.Status.Payable() {
			return contract.Refuse(problem.New(problem.InvoiceNotOpen, "not open"))
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
		return activities.Standing{}, contract.Refuse(p)
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

// loseDispute has a payer's bank take back all of a payment, which names the dispute.
func (w *world) loseDispute(_ context.Context, in steps.LostDispute) (activities.Standing, error) {
	page := w.page(in.DisputeID)
	return w.booking(func() error {
		if page.charged {
			return nil
		}
		if page.booked == 0 || page.parked > 0 {
			return problem.New(problem.PaymentNotCaptured, "There is nothing to take back.")
		}
		if err := w.invoice.ChargeBack(page.amount); err != nil {
			return err
		}
		page.charged = true
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

// check holds Saferpay's books against ours once nothing is in flight any more.
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
		if p.booked > 0 && p.parked == 0 && !p.charged {
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
