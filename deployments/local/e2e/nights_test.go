package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/workflows/contract"
)

// A day passes in a second here, so that what happens is in the report a second later. No notification is ever sent.
func TestEveryNightSaferpaysReportIsComparedWithOurRecords(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 86400
	s := startStack(t, options)
	chooseNotifications(t, s, "none")
	reportsThatCantBeRead(t, s)
	refundThatWasLeftBehind(t, s) // faults are everybody's: before the others

	t.Run("Sweeps come by themselves", func(t *testing.T) {
		w := newSwept(t, s, newAccount(t, s))
		lost := w.orphan("50.00")
		for _, schedule := range sweptBuckets(t, w.temporal) {
			require.NoError(t, schedule.Unpause(t.Context(), client.ScheduleUnpauseOptions{}))
		}
		assert.Equal(t, "orphan_transaction", w.exception(lost).Kind)
		pauseSweeps(t, w.temporal)
		nights := listWorkflows(t, w.temporal, "WorkflowType = '"+contract.SweepBucketType+"' AND ExecutionStatus = 'Completed'")
		keepHistory(t, s, nights[0], "sweep-of-a-bucket")
	})

	t.Run("Money that nobody knows is put before a person once", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		keepHistory(t, s, contract.OnboardingID(w.service), "onboarding-active-and-swept")
		raised := w.finds("orphan_transaction", w.orphan("50.00"))
		keepHistory(t, s, contract.SweepID(w.service), "sweep-with-a-finding")
		assert.Contains(t, listWorkflows(t, w.temporal, "NeedsAttention = true AND CompanyId = '"+w.id+"'"), contract.FindingID(raised.ID))
		assert.Contains(t, currentDetails(t, w.temporal, contract.FindingID(raised.ID)), "Waiting for a decision on exception "+raised.ID)
		assert.Zero(t, w.sweep().Findings)
		w.call("POST", "/exceptions/"+raised.ID+"/resolve", object{"choice": "release"}).isProblem(422, "validation-failed", "choice")
		w.decides(raised, "book")
		assert.Equal(t, []string{"50.00", "-50.00"}, []string{w.balance("1029"), w.balance("2030")})
		assert.Zero(t, w.sweep().Findings)
		raised = w.finds("orphan_transaction", w.orphan("20.00"))
		require.NoError(t, w.temporal.TerminateWorkflow(t.Context(), contract.FindingID(raised.ID), "", "Somebody slipped."))
		w.decides(raised, "not_ours") // a new process carries it out
		assert.Equal(t, "50.00", w.balance("1029"))

		inv := w.issueNumbered("R-1", "50.00") // a receipt from 2030 settles an invoice with it
		w.call("POST", "/invoices/"+inv.ID+"/receipts", object{"amount": "50.00", "date": "2026-11-20", "account": "2030", "reference": "Found"}).gives(201, nil)
		assert.Equal(t, []string{"paid", "0.00"}, []string{inv.now().Status, w.balance("2030")})
	})

	t.Run("What somebody ended in Temporal Web goes on by itself", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		raised := w.finds("orphan_transaction", w.orphan("50.00"))
		var waiting paymentService
		w.call("POST", "/payment-services", object{"provider": "worldline_saferpay", "environment": "test"}).gives(201, &waiting)
		inv := w.issueNumbered("R-1", "108.00")
		inv.payNow("card")
		ended := []string{contract.FindingID(raised.ID), contract.OnboardingID(waiting.ID), contract.InvoicePaymentID(inv.ID)}
		for _, id := range ended {
			require.NoError(t, w.temporal.TerminateWorkflow(t.Context(), id, "", "Somebody slipped."))
		}
		for _, id := range ended {
			await(t, 3*time.Minute, func() enums.WorkflowExecutionStatus {
				described, err := w.temporal.DescribeWorkflowExecution(t.Context(), id, "")
				require.NoError(t, err)
				return described.GetWorkflowExecutionInfo().GetStatus()
			}, func(now enums.WorkflowExecutionStatus) bool { return now == enums.WORKFLOW_EXECUTION_STATUS_RUNNING })
		}
		w.decides(raised, "not_ours")
	})

	t.Run("A payment that nobody told us of is taken at once", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		inv := w.issueNumbered("R-1", "108.00")
		page := inv.payNow("card")
		page.payAndClose(visa)
		assert.Zero(t, w.sees(1).Findings)
		keepHistory(t, s, contract.SweepID(w.service), "sweep-that-asks-a-workflow-to-look")
		inv.requireCollectedOnce("108.00")
		assert.Equal(t, 1, page.asserts())
		assert.Zero(t, w.sweep().Findings)
		keepHistory(t, s, contract.SweepID(w.service), "sweep-of-what-agrees")
	})

	t.Run("A payment whose workflow is gone is taken up again", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		inv := w.issueNumbered("R-1", "108.00")
		page := inv.payNow("card")
		require.NoError(t, w.temporal.TerminateWorkflow(t.Context(), contract.InvoicePaymentID(inv.ID), "", "Somebody slipped."))
		page.payAndClose(visa)
		assert.Equal(t, 1, w.sees(1).UnderWay)
		keepHistory(t, s, contract.SweepID(w.service), "sweep-that-takes-up-a-payment")
		inv.requireCollectedOnce("108.00")
		keepHistory(t, s, contract.InvoicePaymentID(inv.ID), "invoice-taken-up-and-paid")
	})

	t.Run("Money of a payment that had ended comes to its invoice", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		inv, over := w.expired("R-1")
		w.reported(over, "CAPTURED")
		assert.Zero(t, w.sees(1).Findings)
		keepHistory(t, s, contract.SweepID(w.service), "sweep-that-begins-a-payment-anew")
		inv.requireCollectedOnce("108.00")
		assert.Equal(t, []paymentStep{{"created"}, {"redirected"}, {"expired"}, {"unknown"}, {"captured"}}, inv.paymentNow(over.ID).Timeline)
		keepHistory(t, s, contract.InvoicePaymentID(inv.ID), "invoice-paid-after-it-had-expired")

		inv, over = w.expired("R-2")
		w.reported(over, "AUTHORIZED")
		assert.Zero(t, w.sees(2).Findings)
		assert.Equal(t, "liability_shift_missing", inv.paymentBecomes(over.ID, "cancelled").Failure.Name, "it is decided on like any other authorization")

		inv, over = w.expired("R-3") // paid in another way meanwhile, so that its workflow has ended
		w.call("POST", "/invoices/"+inv.ID+"/receipts", object{"amount": "108.00", "date": "2026-11-20", "account": "1020", "reference": "Bank"}).gives(201, nil)
		require.NoError(t, w.temporal.GetWorkflow(t.Context(), contract.InvoicePaymentID(inv.ID), "").Get(t.Context(), nil))
		w.reported(over, "CAPTURED")
		assert.Zero(t, w.sees(3).Findings)
		twice := w.exception(over.ID)
		assert.Equal(t, "double_payment", twice.Kind)
		w.call("POST", "/exceptions/"+twice.ID+"/resolve", object{"choice": "keep", "note": "They will order again."}).gives(200, nil)
		inv.paymentBecomes(over.ID, "captured")
		assert.Equal(t, []string{"216.00", "-108.00"}, []string{w.balance("1029"), w.balance("2030")})
		assert.Zero(t, w.sweep().Findings)
		w.requireBooksAgree()
	})

	t.Run("Another amount than was booked is found and corrected", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		_, paid := w.paid("R-1")
		rewrite(w.t, w.stack, paid.Saferpay.TransactionID, object{"amount": "100.00"})
		w.decides(w.finds("amount_differs", paid.ID), "book")
		assert.Equal(t, []string{"100.00", "8.00"}, []string{w.balance("1029"), w.balance("2030")})
		_, paid = w.paid("R-2")
		rewrite(w.t, w.stack, paid.Saferpay.TransactionID, object{"status": "CANCELED"})
		w.decides(w.finds("amount_differs", paid.ID), "accept")
		assert.Equal(t, "208.00", w.balance("1029"))
	})

	t.Run("Money that nobody captures is taken or given back", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		authorized := func(amount string) string {
			id := w.orphan(amount)
			rewrite(w.t, w.stack, id, object{"status": "AUTHORIZED"})
			return id
		}
		taken := authorized("30.00")
		w.decides(w.finds("missing_capture", taken), "capture_now")
		assert.Equal(t, []string{"CAPTURED", "30.00", "-30.00"}, []string{w.statusAtSaferpay(taken), w.balance("1029"), w.balance("2030")})
		released := authorized("40.00")
		w.decides(w.finds("missing_capture", released), "release")
		assert.Equal(t, []string{"CANCELED", "30.00"}, []string{w.statusAtSaferpay(released), w.balance("1029")})

		lapsed := authorized("60.00") // too late: the decision can't be carried out, and another one can
		raised := w.finds("missing_capture", lapsed)
		rewrite(w.t, w.stack, lapsed, object{"status": "CANCELED"})
		w.call("POST", "/exceptions/"+raised.ID+"/resolve", object{"choice": "capture_now"}).isProblem(409, "decision-impossible")
		assert.Equal(t, "open", w.exception(lapsed).Status)
		w.decides(raised, "not_ours")
		assert.Equal(t, "30.00", w.balance("1029"))

		_, paid := w.paid("R-1") // booked, but Saferpay has not captured it
		rewrite(w.t, w.stack, paid.Saferpay.TransactionID, object{"status": "AUTHORIZED"})
		w.decides(w.finds("missing_capture", paid.ID), "capture_now")
		assert.Equal(t, []string{"CAPTURED", "138.00"}, []string{w.statusAtSaferpay(paid.Saferpay.TransactionID), w.balance("1029")})
	})

	t.Run("What another company does on the same terminal is none of ours", func(t *testing.T) {
		t.Parallel()
		account := newAccount(t, s)
		one, other := newSwept(t, s, account), newSwept(t, s, account)
		_, paid := one.paid("R-1")
		one.refund(paid.ID, object{"amount": "8.00", "reason": "One loaf was stale."}).becomes(one.company, "captured")
		other.paid("R-1")
		for _, w := range []swept{one, other} {
			assert.Zero(t, w.sees(3).Findings)
			assert.Empty(t, all[exception](w.company, "/exceptions"))
		}
	})

	t.Run("Refunds in the Backoffice are told from those that are missing here", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		inv, paid := w.paid("R-1")
		w.licensed("MANAGEMENT_API", "PAYMENT_API")
		byHand := w.refund(paid.ID, object{"amount": "8.00", "reason": "By hand."})
		assert.Equal(t, "refund_by_hand", w.exception(byHand.ID).Kind)
		w.licensed(license...)
		w.refundInTheBackoffice(paid, "800")
		assert.Zero(t, w.sees(2).Findings, "it waits to be recorded")
		w.call("POST", "/refunds/"+byHand.ID+"/record", nil).gives(200, nil)
		assert.Zero(t, w.sweep().Findings, "it is recorded")

		unexplained := w.refundInTheBackoffice(paid, "800")
		w.decides(w.finds("refund_found", unexplained), "book")
		assert.Equal(t, []string{"92.00", "8.00"}, []string{w.balance("1029"), w.balance("2030")})
		rest := w.refundInTheBackoffice(paid, "5000") // 50.00 of the 100.00 that are left here
		raised := w.finds("refund_found", rest)
		assert.Equal(t, []string{"book", "not_ours"}, raised.Choices)
		w.decides(raised, "not_ours")

		forgotten := w.acceptedInTheBackoffice(paid, "500") // and not captured: the payer has nothing yet
		raised = w.finds("missing_capture", forgotten)
		assert.Equal(t, []string{"capture_now", "release", "not_ours"}, raised.Choices)
		w.decides(raised, "release")
		assert.Equal(t, "CANCELED", w.statusAtSaferpay(forgotten))
		third, paidLast := w.paid("R-3")
		forgotten = w.acceptedInTheBackoffice(paidLast, "10800")
		w.decides(w.finds("missing_capture", forgotten), "record")
		assert.Equal(t, []string{"CAPTURED", "0.00"}, []string{w.statusAtSaferpay(forgotten), third.now().AmountPaid})

		other, paidToo := w.paid("R-2")
		raised = w.finds("refund_found", w.refundInTheBackoffice(paidToo, "10800"))
		assert.Equal(t, []string{"record", "book", "accept"}, raised.Choices)
		w.decides(raised, "record")
		assert.Equal(t, []string{"0.00", "100.00"}, []string{other.now().AmountPaid, inv.now().AmountPaid})
		assert.Zero(t, w.sweep().Findings)
	})

	t.Run("A license without the report is noted once", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		w.licensed("PAYMENT_API", "REFUND")
		for range 2 {
			assert.Contains(t, w.sweep().Skipped, "no transaction report")
		}
		keepHistory(t, s, contract.SweepID(w.service), "sweep-without-a-report")
		assert.Equal(t, 1, strings.Count(string(w.call("GET", "/payment-services/"+w.service, nil).body), "no transaction report"))
		assert.Equal(t, "active", w.paymentService(w.service).Status)
	})
}

// refundThatWasLeftBehind is a refund that Saferpay made and about which nobody knows; its workflow is ended from outside.
func refundThatWasLeftBehind(t *testing.T, s *stack.Stack) {
	t.Helper()
	w := newSwept(t, s, newAccount(t, s))
	_, paid := w.paid("R-1")
	settings := func(lag int) {
		send(t, "PUT", s.SimulatorURL()+"/_sim/settings", object{"inquire_lag_ms": lag}, nil).gives(200, nil)
	}
	settings(3_600_000)
	armFault(t, s, object{"operation": "Transaction/Refund", "kind": "http_500_after", "times": 1})
	lost := w.refund(paid.ID, object{"amount": "8.00", "reason": "Lost."})
	assert.Equal(t, "refund_unclear", w.exception(lost.ID).Kind)
	require.NoError(t, w.temporal.TerminateWorkflow(t.Context(), contract.RefundID(lost.ID), "", "Somebody slipped."))
	settings(0)
	left := w.sees(2)
	assert.Equal(t, []int{1, 0}, []int{left.UnderWay, left.Findings})
	keepHistory(t, s, contract.SweepID(w.service), "sweep-that-takes-up-a-refund")
	lost.becomes(w.company, "captured")
	keepHistory(t, s, contract.RefundID(lost.ID), "refund-taken-up")
	assert.Equal(t, []string{"100.00", "0.00"}, []string{w.balance("1029"), w.balance("2030")})

	settings(3_600_000) // once more, while its workflow waits for a person
	armFault(t, s, object{"operation": "Transaction/Refund", "kind": "http_500_after", "times": 1})
	lost = w.refund(paid.ID, object{"amount": "8.00", "reason": "Lost again."})
	unclear := w.exception(lost.ID)
	settings(0)
	w.sees(3)
	keepHistory(t, s, contract.SweepID(w.service), "sweep-that-has-a-refund-look-again")
	lost.becomes(w.company, "captured")
	w.clearsUp(unclear.ID)
	keepHistory(t, s, contract.RefundID(lost.ID), "refund-found-after-a-sweep-saw-it")
}
