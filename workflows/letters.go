package workflows

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	onboardingacts "github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/merchant"
)

// outbox holds the letters that the timeline of a payment service calls for, until the mail server has taken them.
type outbox struct {
	waiting []merchant.Letter
	taken   []merchant.Letter // all that were ever put in
	trouble string            // what a person has to look at
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

// reportSentMail is a change that histories may be older than, see README.md: that a mail is sent after all shows at once.
const reportSentMail = "report-sent-mail"

// deliver sends a letter, however long the mail server is down, and notes on the timeline what became of it.
func (o *onboarding) deliver(ctx workflow.Context, l merchant.Letter) error {
	tell := onboardingacts.MailRef{PaymentServiceRef: o.ref(), Letter: l}
	var told onboardingacts.MailOutcome
	for {
		err := workflow.ExecuteActivity(with(ctx, posting, fmt.Sprintf("Mail to the %s: %s", l.To, l.What)), onboardingStep.TellStep, tell).Get(ctx, &told)
		if err == nil {
			break
		}
		o.outbox.trouble = fmt.Sprintf("**A mail to the %s (%s) could not be sent:** %s. It is tried again every hour.\n\n", l.To, l.What, cause(err))
		o.report(ctx)
		if err := workflow.NewTimerWithOptions(ctx, o.clock.shorten(tryAgainAfter), workflow.TimerOptions{Summary: "The mail server rests"}).Get(ctx, nil); err != nil {
			return err
		}
	}
	if o.outbox.trouble != "" {
		o.outbox.trouble = ""
		if patched(ctx, reportSentMail) {
			o.report(ctx)
		}
	}
	if told.Note == "" {
		return nil
	}
	_, err := o.change(ctx, func() error {
		return o.step(with(ctx, books, "Note what became of the mail"), onboardingStep.NoteLetter, onboardingacts.MailResult{MailRef: tell, Outcome: told})
	})
	return err
}
