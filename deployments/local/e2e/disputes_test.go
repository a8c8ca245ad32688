package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

func TestInvoiceWhoseDisputeIsLostIsPaidOnceMore(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	inv.payNow("card").pay(visa)
	paid := inv.becomes("paid")
	ended := operator(t, shared).GetWorkflow(t.Context(), contract.InvoicePaymentID(inv.ID), "")
	require.NoError(t, ended.Get(t.Context(), nil), "nothing waits for a paid invoice")

	var dispute struct{ ID, State, Amount string }
	c.call("POST", "/disputes", object{"payment_id": paid.Payments[0].ID, "reason": "Card was stolen", "reference": "CB-1", "fee": "25.00"}).gives(201, &dispute)
	assert.Equal(t, []string{"open", "108.00", "paid"}, []string{dispute.State, dispute.Amount, inv.now().Status})
	c.call("POST", "/payments/"+paid.Payments[0].ID+"/refunds", object{"reason": "Goodwill"}).gives(422, nil)

	answers := make(chan answer, 2)
	for range 2 {
		go func() { answers <- c.call("POST", "/disputes/"+dispute.ID+"/lose", object{"claim": "invoice"}) }()
	}
	for range 2 {
		(<-answers).gives(200, &dispute)
	}
	open := inv.now()
	assert.Equal(t, []string{"lost", "open", "0.00", "108.00"}, []string{dispute.State, open.Status, open.AmountPaid, open.AmountDue})
	var journal struct {
		Data []struct{ ID string }
	}
	c.call("GET", "/journal?source=dispute", nil).gives(200, &journal)
	assert.Len(t, journal.Data, 2, "it is opened once and lost once")

	inv.payNow("card").pay(visa)
	again := inv.becomes("paid")
	assert.Equal(t, []string{"108.00", "0.00"}, []string{again.AmountPaid, again.AmountDue})
	require.Len(t, again.Payments, 2)
	assert.Subset(t, c.eventTypes(), []string{"dispute.opened", "dispute.lost"})
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-whose-dispute-was-lost-then-paid")
}
