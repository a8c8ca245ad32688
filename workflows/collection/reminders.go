package collection

import (
	"fmt"
	"slices"

	"github.com/quittance/quittance/activities"
	steps "github.com/quittance/quittance/activities/collection"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/internal/flow"
)

// remind sends a reminder whose time has come, while the rest goes on. The record says whether it is still right.
func (p *invoicePayment) remind(ctx workflow.Context, in contract.Remind) {
	p.whileReminding(ctx, in.Step, func(ctx workflow.Context) {
		if err := p.awaitBegun(ctx); err != nil || p.mustBePayable() != nil {
			return
		}
		var reminder steps.EmailStanding
		err := flow.LocalThenActivity(ctx, flow.Books, "Queue a reminder", do.QueueReminder, steps.DueReminder{InvoiceRef: p.ref(), Remind: in}, &reminder)
		switch {
		case err != nil:
			workflow.GetLogger(ctx).Error("reminder not queued", "step", in.Step, "error", err)
		case reminder.Queued:
			p.postReminder(ctx, in.Step)
		}
	})
}

// whileReminding does what is to be done about one reminder while the rest goes on. It does nothing while that is being done already.
func (p *invoicePayment) whileReminding(ctx workflow.Context, step int, do func(workflow.Context)) {
	name := fmt.Sprintf("reminder %d", step)
	if slices.Contains(p.posting, name) {
		return
	}
	p.posting = append(p.posting, name)
	workflow.Go(ctx, func(ctx workflow.Context) {
		do(ctx)
		p.posting = slices.DeleteFunc(p.posting, func(other string) bool { return other == name })
	})
}

// postReminder mails a reminder that is recorded, and records what became of it.
func (p *invoicePayment) postReminder(ctx workflow.Context, step int) {
	reminder := steps.ReminderRef{InvoiceRef: p.ref(), Step: step}
	p.mailing = "A reminder is on its way to the customer."
	p.report(ctx)
	var sent activities.Sent
	if err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Mail, "Remind the customer"), do.SendReminder, reminder).Get(ctx, &sent); err != nil {
		workflow.GetLogger(ctx).Warn("reminder given up", "step", step, "error", err)
		sent.Failed = flow.LateMail
	}
	ended := steps.EndedReminder{ReminderRef: reminder, Sent: sent}
	if err := flow.LocalThenActivity(ctx, flow.Books, "Record what became of the reminder", do.RecordReminder, ended, nil); err != nil {
		workflow.GetLogger(ctx).Error("outcome of a reminder not recorded", "step", step, "error", err)
	}
	switch {
	case sent.Failed != "":
		p.mailing = "**The reminder was not sent**; the invoice says why."
	case sent.Needless:
		p.mailing = "A reminder was not needed any more, or was sent before; the invoice says which."
	default:
		p.mailing = "The customer was reminded."
	}
	p.report(ctx)
}
