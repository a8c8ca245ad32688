package onboarding

import (
	"fmt"
	"slices"
	"time"

	steps "github.com/quittance/quittance/activities/onboarding"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// outbox holds the letters that the timeline of a payment service calls for, until the mail server has taken them.
type outbox struct {
	waiting      []merchant.Letter
	taken        []merchant.Letter // all that were ever put in
	operatorNote string            // what a person has to look at
}

func (o *outbox) empty() bool { return len(o.waiting) == 0 }

// take puts letters in, each once.
func (o *outbox) take(letters []merchant.Letter) {
	for _, l := range letters {
		if !slices.Contains(o.taken, l) {
			o.taken, o.waiting = append(o.taken, l), append(o.waiting, l)
		}
	}
}

// post sends the letters one after the other while the rest goes on.
func (o *onboarding) post(ctx workflow.Context) {
	for {
		if err := workflow.Await(ctx, func() bool { return !o.outbox.empty() }); err != nil {
			return
		}
		if err := o.deliver(ctx, o.outbox.waiting[0]); err != nil {
			workflow.GetLogger(ctx).Error("A letter could not be noted.", "error", err)
		}
		o.outbox.waiting = o.outbox.waiting[1:]
	}
}

// deliver sends a letter, however long the mail server is down, and notes on the timeline what became of it.
func (o *onboarding) deliver(ctx workflow.Context, l merchant.Letter) error {
	ref := steps.MailRef{PaymentServiceRef: o.ref(), Letter: l}
	var outcome steps.MailOutcome
	for {
		err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Posting, fmt.Sprintf("Mail to the %s: %s", l.To, l.What)), do.TellStep, ref).Get(ctx, &outcome)
		if err == nil {
			break
		}
		o.outbox.operatorNote = fmt.Sprintf("**A mail to the %s (%s) could not be sent:** %s. It is tried again every hour.\n\n", l.To, l.What, flow.Cause(err))
		o.report(ctx)
		flow.Sleep(ctx, o.clock.Shorten(time.Hour), "The mail server rests")
	}
	if o.outbox.operatorNote != "" {
		o.outbox.operatorNote = ""
		o.report(ctx)
	}
	if outcome.Note == "" {
		return nil
	}
	_, err := o.change(ctx, func() error {
		return o.step(flow.WithOptions(ctx, flow.Books, "Note what became of the mail"), do.NoteLetter, steps.MailResult{MailRef: ref, Outcome: outcome})
	})
	return err
}
