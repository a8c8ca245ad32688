package workflows

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
)

// trouble is what can go wrong so that a person must look: what it is called, and what the person can choose.
type trouble struct {
	kind    exception.Kind
	title   string
	advice  string
	choices []exception.Choice
	lostAt  time.Time // when it is too late; zero when it never is
	other   *trouble  // what it is when Saferpay has other money than was asked for; nil when that can't be
}

// explain says what went wrong, in the words of a step if there are any, and what a person can do.
func (t trouble) explain(what string) string {
	if what = strings.TrimSuffix(what, "."); what != "" {
		what = ": " + what
	}
	return t.title + what + ". " + t.advice
}

// about is what has gone wrong when a step ended with that error.
func (t trouble) about(ctx workflow.Context, err error) trouble {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); t.other != nil && ok && app.Type() == activities.SaferpayDisagrees && patched(ctx, nameMismatch) {
		return *t.other
	}
	return t
}

// is tells whether an exception of that kind is about it.
func (t trouble) is(kind exception.Kind) bool {
	return t.kind == kind || t.other != nil && t.other.kind == kind
}

var either = []exception.Choice{exception.TryAgain, exception.DidNotHappen}

// What can go wrong with a payment.
var (
	outcomeTrouble = trouble{
		kind: exception.OutcomeUnclear, choices: either,
		title:  "Saferpay could not be asked what became of the payment",
		advice: "Look for the order in the Saferpay Backoffice.",
		other:  &capturedOther,
	}
	releaseTrouble = trouble{
		kind: exception.ReleaseUnclear, choices: either,
		title:  "The money is authorized and could not be given back",
		advice: "Cancel the transaction in the Saferpay Backoffice, then choose it_did_not.",
		other:  &capturedOther,
	}
	bookingTrouble = trouble{
		kind: exception.BookingFailed, choices: []exception.Choice{exception.TryAgain},
		title:  "What happened could not be recorded",
		advice: "Look at the worker's log; nothing is lost, it is tried again.",
	}
	pendingOverdue = trouble{
		kind: exception.PendingOverdue, choices: either,
		title:  "The provider has not decided in its time",
		advice: "Look at the transaction in the Saferpay Backoffice.",
	}
	doublePayment = trouble{
		kind: exception.DoublePayment, choices: []exception.Choice{exception.GiveBack, exception.Keep},
		title:  "A payment came for an invoice of which less was due",
		advice: "Refund it, or keep it as a prepayment.",
	}
	refundNotStarted = trouble{
		kind: exception.BookingFailed, choices: []exception.Choice{exception.Acknowledge},
		title:  "The refund that was decided could not be started",
		advice: "Ask for it by POST /v1/payments/{payment_id}/refunds.",
	}
	mismatch = trouble{
		kind: exception.AnswerMismatch, choices: []exception.Choice{exception.Acknowledge},
		title:  "Saferpay authorized something else than was asked for",
		advice: "The money was given back. Find out why before it happens again.",
	}
	captureDeadline = trouble{
		kind: exception.CaptureDeadline, choices: []exception.Choice{exception.Acknowledge},
		title:  "Authorized money is about to be lost",
		advice: "Capture it in the Saferpay Backoffice today.",
	}
	waitingDeadline = trouble{
		kind: captureDeadline.kind, choices: captureDeadline.choices, title: captureDeadline.title,
		advice: "Decide on the exception about that payment first: if its money can't be captured, this one's is.",
	}
	// capturedOther is what a payment's trouble is when the answer itself is what is wrong.
	capturedOther = trouble{
		kind: exception.AnswerMismatch, choices: either,
		title:  "Saferpay captured something else than was asked for",
		advice: "Refund it in the Saferpay Backoffice, or book it by a manual entry; then choose it_did_not, which ends the payment here without a receipt.",
	}
)

// What can go wrong with a refund.
var (
	refundUnclear = trouble{
		kind: exception.RefundUnclear, choices: []exception.Choice{exception.Happened, exception.DidNotHappen, exception.TryAgain},
		title:  "Nobody knows whether the refund happened",
		advice: "Look for its order in the Saferpay Backoffice before you decide: asking again could give the money back twice.",
	}
	refundOverdue = trouble{
		kind: exception.PendingOverdue, choices: []exception.Choice{exception.Happened, exception.DidNotHappen, exception.TryAgain},
		title:  "The provider has not decided on the refund in its time",
		advice: "Look at the transaction in the Saferpay Backoffice; try_again asks Saferpay what became of it.",
	}
	refundByHand = trouble{
		kind: exception.RefundByHand, choices: []exception.Choice{exception.Happened, exception.DidNotHappen},
		title:  "Saferpay takes no refunds from here: the license has none, or the payment service is disconnected",
		advice: "Refund the payment in the Saferpay Backoffice, then record it here.",
	}
	refundNotTaken = trouble{
		kind: exception.RefundNotTaken, choices: []exception.Choice{exception.TryAgain, exception.Happened, exception.DidNotHappen},
		title:  "Saferpay does not take the refund at the moment",
		advice: "Nothing was refunded so far. It is asked for again by itself. To refund it in the Saferpay Backoffice instead, choose it_happened first, so that it does not go back twice.",
	}
	refundStuck = trouble{
		kind: exception.RefundStuck, choices: []exception.Choice{exception.TryAgain, exception.Happened, exception.DidNotHappen},
		title:  "The refund is accepted but could not be completed",
		advice: "Without its capture the payer gets no money. Capture it in the Saferpay Backoffice and choose it_happened, or cancel it there and choose it_did_not.",
	}
	refundNotAsked = trouble{
		kind: exception.OutcomeUnclear, choices: []exception.Choice{exception.TryAgain, exception.Happened, exception.DidNotHappen},
		title:  "Saferpay could not be asked what became of the refund",
		advice: "Look for its order in the Saferpay Backoffice.",
	}
)

// deadlineWarning is how long before the money is lost a person is told once more.
const deadlineWarning = 48 * time.Hour

// captureTrouble says until when the money that was authorized can be taken.
func (p *invoicePayment) captureTrouble(ctx workflow.Context, c *checkout) trouble {
	lostAt := p.lostAt(ctx, c)
	return trouble{
		kind: exception.CaptureUnclear, choices: either, lostAt: lostAt, other: &capturedOther,
		title: "The money is authorized but could not be captured",
		advice: fmt.Sprintf("It is lost on %s. Capture it in the Saferpay Backoffice and choose try_again; if it can't be captured, choose it_did_not.",
			minute(lostAt)),
	}
}

// minute is a time as operators read it.
func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// lostAt is until when the money that was authorized can be taken.
func (p *invoicePayment) lostAt(ctx workflow.Context, c *checkout) time.Time {
	authorizedAt := c.Outcome.AuthorizedAt
	if authorizedAt.IsZero() {
		authorizedAt = workflow.Now(ctx)
	}
	return authorizedAt.Add(p.clock.shorten(c.Method.CaptureWindow()))
}
