package workflows

import (
	"cmp"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// listen takes the messages of users and of Saferpay.
func (p *invoicePayment) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateIssue, p.issue, workflow.UpdateHandlerOptions{
		Description: "Answers once the invoice is open",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdatePayNow, p.payNow, workflow.UpdateHandlerOptions{
		Description: "Opens a payment page for the payer",
		Validator:   func(_ workflow.Context, in PayNow) error { return p.mayPay(in) },
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateCancel, p.cancel, workflow.UpdateHandlerOptions{
		Description: "Cancels the invoice, unless money has been taken",
		Validator:   func(_ workflow.Context, _ CancelInvoice) error { return p.mayCancel() },
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateReceipt, p.recordReceipt, workflow.UpdateHandlerOptions{
		Description: "Books money that came by other means",
	}); err != nil {
		return err
	}
	if err := p.desk.listen(ctx); err != nil {
		return err
	}
	hints := workflow.NewSelector(ctx)
	for _, name := range []string{SignalPayerReturned, SignalSaferpayNotified, SignalTryAgain} {
		hints.AddReceive(workflow.GetSignalChannel(ctx, name), func(c workflow.ReceiveChannel, _ bool) {
			var hint PaymentHint
			c.Receive(ctx, &hint)
			p.hint(ctx, hint, name == SignalTryAgain)
		})
	}
	hints.AddReceive(workflow.GetSignalChannel(ctx, SignalMoneyReturned), func(c workflow.ReceiveChannel, _ bool) {
		var hint PaymentHint
		c.Receive(ctx, &hint)
		if c := p.checkout(hint.PaymentID); c != nil {
			c.Returned = true
		}
	})
	workflow.Go(ctx, func(ctx workflow.Context) {
		for ctx.Err() == nil {
			hints.Select(ctx)
		}
	})
	return nil
}

// hint notes that there is a reason to ask Saferpay about the payment, or to try again what failed. Of a payment that has ended
// only a nightly sweep or an operator may know better: then the record is looked at. One that is not known here is looked up,
// once.
func (p *invoicePayment) hint(ctx workflow.Context, hint PaymentHint, again bool) {
	c := p.checkout(hint.PaymentID)
	switch {
	case c == nil && !p.lookedUp[hint.PaymentID]:
		p.lookedUp[hint.PaymentID], p.strange = true, true
	case c != nil && !c.State.Final():
		if !hint.OnlyFailed {
			c.Hints++
		}
		c.again = c.again || again
	case again && !hint.OnlyFailed && patched(ctx, reopenPayments):
		p.strange, p.reopened = true, true
	}
}

func (p *invoicePayment) issue(ctx workflow.Context) (Issued, error) {
	if err := workflow.Await(ctx, func() bool { return p.refusal != nil || p.InvoiceStatus != invoice.Draft }); err != nil {
		return Issued{}, err
	}
	return Issued{InvoiceID: p.in.InvoiceID}, p.refusal
}

func (p *invoicePayment) mayPay(in PayNow) error {
	if len(in.Method.SaferpayNames()) == 0 {
		return refuse(problem.New(problem.PaymentMethodNotOffered, "There is no payment method %q.", in.Method))
	}
	return p.mustBePayable()
}

// payNow returns the page that waits for the same method in the same language already, so that a second tab pays the same payment, or opens one.
func (p *invoicePayment) payNow(ctx workflow.Context, in PayNow) (Checkout, error) {
	if err := p.opening.Lock(ctx); err != nil {
		return Checkout{}, err
	}
	defer p.opening.Unlock()
	if err := p.mustBePayable(); err != nil { // it may have changed while another page was opened
		return Checkout{}, err
	}
	for _, c := range p.Checkouts {
		if c.usable(ctx, in.Method) && c.Amount.Equal(p.Due) && c.speaks(ctx, in.Language) {
			return Checkout{PaymentID: c.PaymentID, RedirectURL: c.RedirectURL}, nil
		}
	}
	var page activities.Checkout
	err := inside(ctx, pageInside, interactive, "Open a payment page for "+string(in.Method), "OpenPaymentPage", activities.StartCheckout{
		InvoiceRef: p.ref(), PaymentID: in.PaymentID, OrderID: in.OrderID, NotificationSecret: in.NotificationSecret,
		Method: in.Method, Language: in.Language,
	}, &page)
	if err != nil { // also after a refusal: an attempt before it may have opened one, and its answer was lost
		p.abandon(ctx, in.PaymentID)
		return Checkout{}, cmp.Or(refusal(err),
			refuse(problem.New(problem.SaferpayUnavailable, "Saferpay could not open a payment page; try again in a moment.")))
	}
	p.Checkouts = append(p.Checkouts, &checkout{
		PaymentID: in.PaymentID, Method: in.Method, Language: in.Language, RedirectURL: page.RedirectURL, State: payment.Redirected,
		Amount: page.Amount, OpenedAt: workflow.Now(ctx), ExpiresAt: page.ExpiresAt,
	})
	if err := p.mustBePayable(); err != nil { // paid or cancelled meanwhile: the page is followed, but nobody gets it
		return Checkout{}, err
	}
	return Checkout{PaymentID: in.PaymentID, RedirectURL: page.RedirectURL}, nil
}

// The changes of this workflow that histories may be older than, see README.md, which has the first as its worked example.
const (
	abandonPage    = "abandon-page"
	adoptPayments  = "adopt-payments"
	awaitNotice    = "await-notice"     // what a person only has to take note of keeps NeedsAttention, too
	calmOverdue    = "calm-overdue"     // hints about a payment that is overdue are bounded
	calmWhenClosed = "calm-when-closed" // NeedsAttention ends with the exception
	closeWarnings  = "close-warnings"   // the warning of a deadline is closed with what it warns of
	releaseAtOnce  = "release-at-once"  // what must be given back doesn't wait for another one's capture

	lookBeforeGivingUp = "look-before-giving-up" // Saferpay is asked before a payment ends by a person's word
	languageOfPage     = "language-of-page"      // a page in another language is not handed out again
	nameMismatch       = "name-mismatch"         // other money than was asked for is an exception of its own kind
	reopenPayments     = "reopen-payments"       // a payment that ended is followed again when Saferpay reports its money
	warnOfWaiting      = "warn-of-waiting"       // a person hears of money that is about to be lost behind another one's capture
)

// abandon ends a payment whose page may have been opened and recorded, although all that came back was an error: nobody will
// ever be sent there, so that nobody follows it.
func (p *invoicePayment) abandon(ctx workflow.Context, paymentID string) {
	if !patched(ctx, abandonPage) {
		return
	}
	err := workflow.ExecuteActivity(with(ctx, books, "Record that nobody got the page"), booksStep.AbandonPage,
		activities.PaymentRef{CompanyID: p.in.CompanyID, PaymentID: paymentID}).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Error("The page could not be ended in the record.", "payment", paymentID, "error", err)
	}
}

func (p *invoicePayment) mayCancel() error {
	switch {
	case p.InvoiceStatus == invoice.Paid || p.InvoiceStatus == invoice.PartiallyPaid:
		return refuse(problem.New(problem.InvoicePaid, "The invoice is %s.", p.InvoiceStatus))
	case p.capturing != nil:
		return refuse(problem.New(problem.PaymentInProgress, "A payment of the invoice is being booked."))
	default:
		return nil
	}
}

// cancel withdraws the invoice at once. A payer who is on the payment page may still pay there: that is released.
func (p *invoicePayment) cancel(ctx workflow.Context, _ CancelInvoice) (Acknowledged, error) {
	return p.change(ctx, func() error {
		if err := p.mayCancel(); err != nil { // it may have been paid while this waited for its turn
			return err
		}
		if err := workflow.ExecuteActivity(with(ctx, books, "Cancel the invoice"), booksStep.CancelInvoice, p.ref()).Get(ctx, nil); err != nil {
			return err
		}
		p.InvoiceStatus = invoice.Cancelled
		return nil
	})
}

// recordReceipt books money that came by other means. Money of a payer that is being taken at this moment comes first: then
// the receipt may be more than what is still due, and is refused. When nobody knows whether that money was taken, a person
// must say so before anything else is booked.
func (p *invoicePayment) recordReceipt(ctx workflow.Context, in RecordReceipt) (Acknowledged, error) {
	return p.change(ctx, func() error {
		return workflow.ExecuteActivity(with(ctx, books, "Book the receipt of "+in.Amount.String()), booksStep.RecordReceipt, activities.OtherReceipt{
			InvoiceRef: p.ref(), ReceiptID: in.ReceiptID, Amount: in.Amount, Day: in.Day, Account: in.Account, Reference: in.Reference, By: in.By,
		}).Get(ctx, &p.Standing)
	})
}

// change runs a step that alters what is due, alone; its refusal is the answer.
func (p *invoicePayment) change(ctx workflow.Context, step func() error) (Acknowledged, error) {
	if err := workflow.Await(ctx, func() bool { return p.InvoiceStatus != invoice.Draft || p.refusal != nil }); err != nil {
		return Acknowledged{}, err
	}
	if err := p.awaitTurn(ctx); err != nil {
		return Acknowledged{}, err
	}
	defer p.changing.Unlock()
	err := step()
	if refused := refusal(err); refused != nil {
		return Acknowledged{}, refused
	}
	p.report(ctx)
	return Acknowledged{}, err
}

// awaitTurn locks what is due, unless its present holder is stuck.
func (p *invoicePayment) awaitTurn(ctx workflow.Context) error {
	for !p.changing.TryLock(ctx) {
		if err := workflow.Await(ctx, func() bool { return !p.changing.IsLocked() || p.stuck() != nil }); err != nil {
			return err
		}
		if c := p.stuck(); c != nil {
			return refuse(problem.New(problem.PaymentInProgress,
				"Nobody knows yet whether the payment %s was captured. Decide on the exception %s first.", c.PaymentID, c.Raised))
		}
	}
	return nil
}

// stuck returns the payment whose money is being taken, when a person has to help with that, or nil.
func (p *invoicePayment) stuck() *checkout {
	if p.capturing != nil && p.capturing.trouble != "" {
		return p.capturing
	}
	return nil
}
