package collection

import (
	"cmp"

	steps "github.com/quittance/quittance/activities/collection"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// listen takes the messages of users and of Saferpay.
func (p *invoicePayment) listen(ctx workflow.Context) error {
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateIssue, p.issue, workflow.UpdateHandlerOptions{
		Description: "Answers once the invoice is open",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdatePayNow, p.payNow, workflow.UpdateHandlerOptions{
		Description: "Opens a payment page for the payer",
		Validator:   func(_ workflow.Context, in contract.PayNow) error { return p.mayPay(in) },
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateCancel, p.cancel, workflow.UpdateHandlerOptions{
		Description: "Cancels the invoice, unless money has been taken",
		Validator:   func(_ workflow.Context, _ contract.CancelInvoice) error { return p.mayCancel() },
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateSend, p.send, workflow.UpdateHandlerOptions{
		Description: "Mails the link to the customer once more",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateReceipt, p.recordReceipt, workflow.UpdateHandlerOptions{
		Description: "Books money that came by other means",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateVoidReceipt, p.voidReceipt, workflow.UpdateHandlerOptions{
		Description: "Takes back a receipt that was recorded by mistake",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateLoseDispute, p.loseDispute, workflow.UpdateHandlerOptions{
		Description: "Takes back what a payer's bank took back for good",
	}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateBankReceipt, p.bookBankReceipt, workflow.UpdateHandlerOptions{
		Description: "Books money that a bank's file tells",
	}); err != nil {
		return err
	}
	if err := p.escalations.Listen(ctx); err != nil {
		return err
	}
	hints := workflow.NewSelector(ctx)
	for _, name := range []string{contract.SignalPayerReturned, contract.SignalSaferpayNotified, contract.SignalTryAgain} {
		hints.AddReceive(workflow.GetSignalChannel(ctx, name), func(c workflow.ReceiveChannel, _ bool) {
			var hint contract.PaymentHint
			if c.ReceiveAsync(&hint) { // one that was not sealed for this workflow is dropped, and must not be waited after
				p.hint(hint, name)
			}
		})
	}
	hints.AddReceive(workflow.GetSignalChannel(ctx, contract.SignalMoneyReturned), func(c workflow.ReceiveChannel, _ bool) {
		var hint contract.PaymentHint
		if !c.ReceiveAsync(&hint) {
			return
		}
		if a := p.attempt(hint.PaymentID); a != nil {
			a.Returned = true
		}
	})
	hints.AddReceive(workflow.GetSignalChannel(ctx, contract.SignalRemind), func(c workflow.ReceiveChannel, _ bool) {
		var due contract.Remind
		if c.ReceiveAsync(&due) {
			p.remind(ctx, due)
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
// once. An operator who sends SignalTryAgain in Temporal Web names no payment and means all of them.
func (p *invoicePayment) hint(hint contract.PaymentHint, signal string) {
	again := signal == contract.SignalTryAgain
	if again && hint.PaymentID == "" && p.inFlight() != nil {
		for _, a := range p.Attempts {
			p.hint(contract.PaymentHint{PaymentID: a.PaymentID}, signal)
		}
		return
	}
	a := p.attempt(hint.PaymentID)
	switch {
	case a == nil && !p.checkedUnknown[hint.PaymentID]:
		p.checkedUnknown[hint.PaymentID], p.unknownPaymentHinted = true, true
	case a != nil && !a.State.Final():
		if !hint.OnlyFailed {
			a.PendingHints++
		}
		if signal == contract.SignalSaferpayNotified && a.Notifications < maxNotifications {
			a.Notifications++
			a.Notified, a.Again = true, true
		}
		a.Again = a.Again || again
	case again && !hint.OnlyFailed:
		p.unknownPaymentHinted, p.endedPaymentHinted = true, true
	}
}

func (p *invoicePayment) issue(ctx workflow.Context) (contract.Issued, error) {
	if err := workflow.Await(ctx, func() bool { return p.refusal != nil || p.InvoiceStatus != invoice.Draft }); err != nil {
		return contract.Issued{}, err
	}
	return contract.Issued{InvoiceID: p.in.InvoiceID}, p.refusal
}

func (p *invoicePayment) mayPay(in contract.PayNow) error {
	if !in.Method.Known() {
		return contract.Refuse(problem.New(problem.PaymentMethodNotOffered, "There is no payment method %q.", in.Method))
	}
	return p.mustBePayable()
}

// mustBePayable returns the problem that keeps a payer from paying now.
func (p *invoicePayment) mustBePayable() error {
	switch {
	case p.InvoiceStatus == invoice.Paid:
		return contract.Refuse(problem.New(problem.InvoicePaid, "The invoice is paid."))
	case p.InvoiceStatus == invoice.Cancelled:
		return contract.Refuse(problem.New(problem.InvoiceCancelled, "The invoice is cancelled."))
	case !p.InvoiceStatus.Payable():
		return contract.Refuse(problem.New(problem.InvoiceNotOpen, "The invoice is not open yet."))
	case p.capturing != nil:
		return contract.Refuse(problem.New(problem.PaymentInProgress, "A payment of the invoice is being booked."))
	case p.first(func(a *attempt) bool { return cmp.Or(a.Notice.End, a.State).InProgress() && a.Next != toSettle }) != nil:
		return contract.Refuse(problem.New(problem.PaymentInProgress, "A payment of the invoice is not decided yet."))
	default:
		return nil
	}
}

// payNow returns the page that waits for the same already, so that a second tab pays the same payment, or opens one.
func (p *invoicePayment) payNow(ctx workflow.Context, in contract.PayNow) (contract.Checkout, error) {
	if err := p.opening.Lock(ctx); err != nil {
		return contract.Checkout{}, err
	}
	defer p.opening.Unlock()
	if err := p.askAboutOpenPages(ctx); err != nil {
		return contract.Checkout{}, err
	}
	if err := p.mustBePayable(); err != nil { // it may have changed while another page was opened or asked about
		return contract.Checkout{}, err
	}
	if a := p.first(func(a *attempt) bool { return a.usable(ctx, in) && a.Amount.Equal(p.Due) }); a != nil {
		return contract.Checkout{PaymentID: a.PaymentID, RedirectURL: a.RedirectURL}, nil
	}
	var page steps.PaymentPage
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Interactive, "Open a payment page for "+string(in.Method)), do.OpenPaymentPage, steps.StartCheckout{InvoiceRef: p.ref(), PayNow: in}).Get(ctx, &page)
	if err != nil { // also after a refusal: an attempt before it may have opened one, and its answer was lost
		p.abandon(ctx, in.PaymentID)
		return contract.Checkout{}, cmp.Or(flow.Refusal(err),
			contract.Refuse(problem.New(problem.SaferpayUnavailable, "Saferpay could not open a payment page; try again in a moment.")))
	}
	p.Attempts = append(p.Attempts, &attempt{
		PaymentID: in.PaymentID, OrderID: in.OrderID, Method: in.Method, Language: in.Language, ReturnURL: in.ReturnURL, RedirectURL: page.RedirectURL, State: payment.Redirected,
		Amount: page.Amount, OpenedAt: workflow.Now(ctx), AskedAt: workflow.Now(ctx), ExpiresAt: page.ExpiresAt,
	})
	if err := p.mustBePayable(); err != nil { // paid or cancelled while Saferpay answered: the page is followed, but nobody gets it
		return contract.Checkout{}, err
	}
	return contract.Checkout{PaymentID: in.PaymentID, RedirectURL: page.RedirectURL}, nil
}

// askAboutOpenPages has Saferpay asked about the pages that are open, unless it was just now: the payer who presses Pay now again may
// have paid on one of them, and nobody told us. It waits for the answers, but not for long.
func (p *invoicePayment) askAboutOpenPages(ctx workflow.Context) error {
	asking := false
	for _, a := range p.Attempts {
		if a.idle() && a.Asserts < maxAsserts && workflow.Now(ctx).Sub(a.AskedAt) >= freshFor {
			a.PendingHints++
			asking = true
		}
	}
	if !asking {
		return nil
	}
	_, err := workflow.AwaitWithOptions(ctx, flow.AwaitAtMost(askPatience, "Was the open page paid on?"), func() bool {
		return p.first(func(a *attempt) bool {
			return !a.State.Final() && a.OperatorNote == "" && (!a.idle() || a.PendingHints > 0)
		}) == nil
	})
	return err
}

// abandon ends a payment whose page may have been opened and recorded, although all that came back was an error: nobody will
// ever be sent there, so that nobody follows it.
func (p *invoicePayment) abandon(ctx workflow.Context, paymentID string) {
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Record that nobody got the page"), do.AbandonPage,
		activities.PaymentRef{CompanyID: p.in.CompanyID, PaymentID: paymentID}).Get(ctx, nil)
	if err != nil {
		workflow.GetLogger(ctx).Error("The page could not be ended in the record.", "payment", paymentID, "error", err)
	}
}

func (p *invoicePayment) mayCancel() error {
	switch {
	case p.InvoiceStatus == invoice.Paid || p.InvoiceStatus == invoice.PartiallyPaid:
		return contract.Refuse(problem.New(problem.InvoicePaid, "The invoice is %s.", p.InvoiceStatus))
	case p.capturing != nil:
		return contract.Refuse(problem.New(problem.PaymentInProgress, "A payment of the invoice is being booked."))
	default:
		return nil
	}
}

// cancel withdraws the invoice at once. A payer who is on the payment page may still pay there: that is released.
func (p *invoicePayment) cancel(ctx workflow.Context, _ contract.CancelInvoice) (contract.Acknowledged, error) {
	return p.change(ctx, func() error {
		if err := p.mayCancel(); err != nil { // it may have been paid while this waited for its turn
			return err
		}
		if err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Cancel the invoice"), do.CancelInvoice, p.ref()).Get(ctx, nil); err != nil {
			return err
		}
		p.InvoiceStatus = invoice.Cancelled
		return nil
	})
}

// recordReceipt books money that came by other means. Money of a payer that is being taken at this moment comes first: then
// the receipt may be more than what is still due, and is refused. When nobody knows whether that money was taken, a person
// must say so before anything else is booked.
func (p *invoicePayment) recordReceipt(ctx workflow.Context, in contract.RecordReceipt) (contract.Acknowledged, error) {
	return p.change(ctx, func() error {
		return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Book the receipt of "+in.Amount.String()), do.RecordReceipt, steps.OtherReceipt{InvoiceRef: p.ref(), RecordReceipt: in}).Get(ctx, &p.Standing)
	})
}

// bookBankReceipt books money that a bank's file tells, as recordReceipt does. It is never refused for its amount: what is not due is
// parked, and a person decides about it.
func (p *invoicePayment) bookBankReceipt(ctx workflow.Context, in contract.BookBankReceipt) (contract.Acknowledged, error) {
	return p.change(ctx, func() error {
		return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Book a bank receipt"), do.BookBankReceipt, steps.BankReceipt{InvoiceRef: p.ref(), BookBankReceipt: in}).Get(ctx, &p.Standing)
	})
}

// voidReceipt takes back a receipt that was recorded by mistake. A paid invoice is collected again from then on.
func (p *invoicePayment) voidReceipt(ctx workflow.Context, in contract.VoidReceipt) (contract.Acknowledged, error) {
	return p.change(ctx, func() error {
		return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Void a receipt"), do.VoidReceipt, steps.VoidedReceipt{InvoiceRef: p.ref(), VoidReceipt: in}).Get(ctx, &p.Standing)
	})
}

// loseDispute takes what a payer's bank took back for good off what is paid. A paid invoice is collected again from then on.
func (p *invoicePayment) loseDispute(ctx workflow.Context, in contract.LoseDispute) (contract.Acknowledged, error) {
	return p.change(ctx, func() error {
		return workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Books, "Book a lost dispute"), do.LoseDispute, steps.LostDispute{InvoiceRef: p.ref(), LoseDispute: in}).Get(ctx, &p.Standing)
	})
}

// change runs a step that alters what is due, alone; its refusal is the answer.
func (p *invoicePayment) change(ctx workflow.Context, step func() error) (contract.Acknowledged, error) {
	if err := p.awaitBegun(ctx); err != nil {
		return contract.Acknowledged{}, err
	}
	if err := p.awaitTurn(ctx); err != nil {
		return contract.Acknowledged{}, err
	}
	defer p.changing.Unlock()
	err := step()
	if refused := flow.Refusal(err); refused != nil {
		return contract.Acknowledged{}, refused
	}
	p.report(ctx)
	return contract.Acknowledged{}, err
}

// awaitBegun waits until the invoice was issued or taken up, or that was refused.
func (p *invoicePayment) awaitBegun(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return p.InvoiceStatus != invoice.Draft || p.refusal != nil })
}

// awaitTurn locks what is due, unless its present holder is stuck.
func (p *invoicePayment) awaitTurn(ctx workflow.Context) error {
	for !p.changing.TryLock(ctx) {
		if err := workflow.Await(ctx, func() bool { return !p.changing.IsLocked() || p.stuck() != nil }); err != nil {
			return err
		}
		if a := p.stuck(); a != nil {
			return contract.Refuse(problem.New(problem.PaymentInProgress,
				"Nobody knows yet whether the payment %s was captured. Decide on the exception %s first.", a.PaymentID, a.Raised))
		}
	}
	return nil
}

// stuck returns the payment whose money is being taken, when a person has to help with that, or nil.
func (p *invoicePayment) stuck() *attempt {
	if p.capturing != nil && p.capturing.OperatorNote != "" {
		return p.capturing
	}
	return nil
}
