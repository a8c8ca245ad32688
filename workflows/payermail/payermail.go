// Package payermail mails payers a receipt of what they paid online, and a notice of what goes back. Workflows call it once the money
// is booked; whatever becomes of the mail, the money stays as it is.
package payermail

import (
	"github.com/quittance/quittance/activities"
	steps "github.com/quittance/quittance/activities/payermail"

	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/workflows/internal/flow"
)

var do *steps.Activities

// Send sends a mail that is queued, and records what became of it. It returns once that is done, which takes three days at most.
func Send(ctx workflow.Context, mail steps.Ref) {
	var sent activities.Sent
	err := workflow.ExecuteActivity(flow.WithOptions(ctx, flow.Mail, "Mail the payer"), do.SendPayerMail, mail).Get(ctx, &sent)
	if err != nil {
		workflow.GetLogger(ctx).Warn("mail given up", "subject", mail.Subject(), "error", err)
		sent.Failed = flow.LateMail
	}
	ended := steps.Ended{Ref: mail, Sent: sent}
	if err := flow.LocalThenActivity(ctx, flow.Books, "Record what became of the mail", do.RecordPayerMail, ended, nil); err != nil {
		workflow.GetLogger(ctx).Error("outcome of a mail not recorded", "subject", mail.Subject(), "error", err)
	}
}
