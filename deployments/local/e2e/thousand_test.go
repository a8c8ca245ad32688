package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/workflows/contract"
)

// Somebody presses "Pay now" a thousand times, then strangers call the notification address as often, while nobody pays; then
// somebody does.
func TestAThousandClicksAndAThousandNotificationsAreBoundedAndLoseNothing(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 300 // the pause of a quarter of an hour takes three seconds
	s := startStack(t, options)
	longLivedPages(t, s) // for five minutes
	inv := newMerchant(t, s).issue("108.00")
	page := inv.payNow("card")
	temporal, invoiceID := commanderAs(t, s, origin.Origin{Kind: origin.Payer, Who: "payer"}), contract.InvoicePaymentID(inv.ID)
	aThousandTimes(t, func(i int) error {
		clicked, err := temporal.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: invoiceID, UpdateName: contract.UpdatePayNow, WaitForStage: client.WorkflowUpdateStageCompleted,
			Args: []any{contract.PayNow{PaymentID: fmt.Sprint("pay_again_", i), Method: "card", Language: "de"}},
		})
		if err != nil {
			return err
		}
		return clicked.Get(t.Context(), nil)
	})
	assert.Len(t, inv.now().Payments, 1, "all of them lead to the same page")
	began := time.Now()
	aThousandTimes(t, func(int) error {
		return temporal.SignalWorkflow(t.Context(), invoiceID, "", contract.SignalSaferpayNotified, contract.PaymentHint{PaymentID: page.payment})
	})
	page.pay(visa)
	inv.requireCollectedOnce("108.00")
	asked, took := page.asserts(), time.Since(began)
	t.Logf("1,000 notifications in %.1f s led to %d Asserts", took.Seconds(), asked)
	assert.LessOrEqual(t, asked, 10+1+int(took/(3*time.Second)), "ten, and then one after each pause")
}

func aThousandTimes(t *testing.T, do func(i int) error) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(8) // Temporal takes ten updates of a workflow at a time
	for i := range 1000 {
		group.Go(func() error { return do(i) })
	}
	require.NoError(t, group.Wait())
}
