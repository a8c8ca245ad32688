package refunding

import (
	"context"
	"testing"

	payermailsteps "github.com/quittance/quittance/activities/payermail"
	steps "github.com/quittance/quittance/activities/refunding"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/refund"
)

func TestRefundIsBookedAndThePayerToldOnceIfTheCompanyWantsIt(t *testing.T) {
	t.Parallel()
	for _, wanted := range []bool{true, false} {
		var mails *payermailsteps.Activities
		g := giveBack(t).answers(steps.RefundOutcome{State: refund.Authorized}, nil)
		g.back = activities.GivenBack{InvoiceID: "inv_1", PaymentID: "pay_1", MailQueued: wanted}
		g.RegisterActivity(&payermailsteps.Activities{})
		var ended []payermailsteps.Ended
		g.OnActivity(mails.SendPayerMail, mock.Anything, payermailsteps.Ref{CompanyID: "cmp_1", RefundID: "ref_1"}).Return(activities.Sent{Failed: "550 no such mailbox."}, nil).Maybe()
		g.OnActivity(mails.RecordPayerMail, mock.Anything, mock.Anything).Return(func(_ context.Context, in payermailsteps.Ended) error {
			ended = append(ended, in)
			return nil
		}).Maybe()
		assert.Equal(t, refund.Captured, g.run())
		assert.Equal(t, 1, g.calls["book captured"])
		assert.Len(t, ended, map[bool]int{true: 1, false: 0}[wanted])
	}
}
