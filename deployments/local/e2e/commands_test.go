package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/workflows/contract"
)

// Whoever can write to the namespace, and has no key, moves no money and books nothing.
func TestWhoCanWriteToTemporalCommandsNothing(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	issue := func(number string) invoice {
		inv := c.draftOf(number)
		c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
		return inv
	}
	paid, open, other := issue("2026-1"), issue("2026-2"), issue("2026-3")
	paid.payNow("card").pay(visa)
	paid.requireCollectedOnce("108.00")
	c.call("POST", "/invoices/"+other.ID+"/receipts", object{"amount": "20.00", "date": "2026-11-20", "account": "1020", "reference": "Bank"}).gives(201, nil)
	stranger := operator(t, shared)

	refund := contract.RequestRefund{CompanyID: c.id, RefundID: id.New(id.Refund), PaymentID: paid.now().Payments[0].ID, OrderID: id.NewOrder(), Amount: money.MustParse("108.00", money.CHF), Reason: "Stolen"}
	run, err := stranger.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: contract.RefundID(refund.RefundID), TaskQueue: contract.PaymentsQueue}, contract.RefundType, refund)
	require.NoError(t, err)
	require.ErrorContains(t, run.Get(t.Context(), nil), "was not sealed by Quittance", "a refund in plain JSON")

	tell := func(invoiceID, update string, argument any) error {
		told, err := stranger.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: contract.InvoicePaymentID(invoiceID), UpdateName: update, Args: []any{argument}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err != nil {
			return err
		}
		return told.Get(t.Context(), nil)
	}
	receipt := contract.RecordReceipt{ReceiptID: id.New(id.Receipt), Amount: money.MustParse("50.00", money.CHF), Account: "1020", By: "key_of_somebody"}
	require.ErrorContains(t, tell(open.ID, contract.UpdateReceipt, receipt), "was not sealed by Quittance", "a receipt in plain JSON")

	sealed := sealedReceipt(t, stranger, other.ID)
	require.ErrorContains(t, tell(open.ID, contract.UpdateReceipt, converter.NewRawValue(sealed)), "was not sealed by Quittance", "of another invoice")
	require.ErrorContains(t, tell(other.ID, contract.UpdateVoidReceipt, converter.NewRawValue(sealed)), "was not sealed by Quittance", "as another message")
	require.NoError(t, stranger.SignalWorkflow(t.Context(), contract.InvoicePaymentID(open.ID), "", contract.SignalSaferpayNotified, contract.PaymentHint{PaymentID: "pay_x"}))

	assert.Equal(t, []string{"0.00", "20.00"}, []string{open.now().AmountPaid, other.now().AmountPaid})
	paid.requireCollectedOnce("108.00")
	open.payNow("card").pay(visa)
	open.requireCollectedOnce("108.00")
}

// sealedReceipt returns what the workflow of an invoice was told of its receipt.
func sealedReceipt(t *testing.T, c client.Client, invoiceID string) *common.Payload {
	t.Helper()
	for _, e := range eventsOf(t, c, contract.InvoicePaymentID(invoiceID), "").GetEvents() {
		request := e.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest()
		if request.GetInput().GetName() == contract.UpdateReceipt {
			return request.GetInput().GetArgs().GetPayloads()[0]
		}
	}
	require.Fail(t, "the history has no receipt")
	return nil
}

// What is sealed is obeyed only if it says on whose behalf it comes, and if they may give that command there.
func TestAWorkflowObeysOnlyWhoMayCommandIt(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.draft("108.00")
	c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
	cancel := func(by origin.Origin) error {
		return contract.Commands{Temporal: commanderAs(t, shared, by)}.Cancel(t.Context(), inv.ID)
	}
	own := origin.Origin{Kind: origin.Merchant, Who: "key_x", CompanyID: c.id}
	another := own
	another.CompanyID = "com_another"

	require.ErrorContains(t, cancel(origin.Origin{}), "on whose behalf")
	require.ErrorContains(t, cancel(origin.Origin{Kind: origin.Payer, Who: "payer"}), "A payer may not")
	require.ErrorContains(t, cancel(another), "another company")
	assert.Equal(t, "open", inv.now().Status)
	require.NoError(t, cancel(own))
	assert.Equal(t, "cancelled", inv.now().Status)

	events := eventsOf(t, operator(t, shared), contract.InvoicePaymentID(inv.ID), "").GetEvents()
	var said []string
	for _, e := range events {
		if request := e.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest(); request != nil {
			said = append(said, request.GetInput().GetName())
			assert.Contains(t, request.GetInput().GetHeader().GetFields(), "origin", "on whose behalf it came stands in the history")
		}
	}
	assert.Equal(t, []string{"issue", "cancel"}, said)
}
