package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/reconciliation"
)

// swept is a merchant with a Saferpay account and a terminal of its own, whose report is compared when the test says so.
type swept struct {
	*company
	temporal client.Client // reads payloads
	service  string
	account  object
}

// terminals counts the accounts that were opened at the simulator.
var terminals atomic.Int32

// license is what an account can do unless it is changed.
var license = []string{"MANAGEMENT_API", "PAYMENT_API", "REFUND"}

// newAccount opens a Saferpay account and returns its credentials.
func newAccount(t *testing.T, s *stack.Stack) object {
	t.Helper()
	customer := fmt.Sprintf("8%05d", terminals.Add(1))
	account := object{
		"customer_id": customer, "terminal_id": customer + "00", "api_username": "API_" + customer + "_00000001", "api_password": "Demo-Password-1",
	}
	send(t, "PUT", s.SimulatorURL()+"/_sim/customers/"+customer, object{
		"user": account["api_username"], "password": account["api_password"], "features": license,
		"terminals": []object{{"terminal_id": account["terminal_id"], "payment_methods": []object{
			{"method": "VISA", "currencies": []string{"CHF"}}, {"method": "TWINT", "currencies": []string{"CHF"}},
		}}},
	}, nil).gives(201, nil)
	return account
}

// newSwept makes a merchant on the account, and keeps it from being swept by itself.
func newSwept(t *testing.T, s *stack.Stack, account object) swept {
	t.Helper()
	w := swept{company: newCompany(t, s), temporal: operator(t, s, decoding(t, s)), account: account}
	w.service = w.connect(account).ID
	w.call("POST", "/payment-services/"+w.service+"/default", nil).gives(200, nil)
	require.NoError(t, w.temporal.GetWorkflow(t.Context(), contract.OnboardingID(w.service), "").Get(t.Context(), nil))
	require.NoError(t, w.schedule().Pause(t.Context(), client.SchedulePauseOptions{Note: "The test sweeps."}))
	return w
}

func (w swept) schedule() client.ScheduleHandle {
	return w.temporal.ScheduleClient().GetHandle(w.t.Context(), contract.SweepID(w.service))
}

// sweep lets the report be compared now and returns what came of it.
func (w swept) sweep() (out reconciliation.Swept) {
	w.t.Helper()
	require.NoError(w.t, w.begin().Get(w.t.Context(), &out))
	return out
}

// begin lets the report be compared now.
func (w swept) begin() client.WorkflowRun {
	w.t.Helper()
	before := w.latest()
	require.NoError(w.t, w.schedule().Trigger(w.t.Context(), client.ScheduleTriggerOptions{Overlap: enums.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL}))
	run := await(w.t, patience, w.latest, func(now client.ScheduleWorkflowExecution) bool { return now != before })
	return w.temporal.GetWorkflow(w.t.Context(), run.WorkflowID, run.FirstExecutionRunID)
}

// latest is the sweep that was begun last.
func (w swept) latest() (run client.ScheduleWorkflowExecution) {
	w.t.Helper()
	described, err := w.schedule().Describe(w.t.Context())
	require.NoError(w.t, err)
	if actions := described.Info.RecentActions; len(actions) > 0 {
		run = *actions[len(actions)-1].StartWorkflowResult
	}
	return run
}

// sees sweeps until so many transactions are in the report, which has what is older than a second.
func (w swept) sees(transactions int) reconciliation.Swept {
	w.t.Helper()
	return await(w.t, patience, w.sweep, func(out reconciliation.Swept) bool { return out.Transactions == transactions })
}

// finds sweeps until something is found, which must be the only thing, and returns the exception.
func (w swept) finds(kind, subject string) exception {
	w.t.Helper()
	require.Equal(w.t, 1, await(w.t, patience, w.sweep, func(out reconciliation.Swept) bool { return out.Findings > 0 }).Findings)
	raised := w.exception(subject)
	assert.Equal(w.t, kind, raised.Kind)
	return raised
}

func (w swept) decides(e exception, choice string) {
	w.t.Helper()
	w.call("POST", "/exceptions/"+e.ID+"/resolve", object{"choice": choice, "note": "Looked it up."}).gives(200, &e)
	assert.Equal(w.t, []string{"resolved", choice}, []string{e.Status, e.Choice})
	keepHistory(w.t, w.stack, contract.FindingID(e.ID), "finding-"+e.Kind+"-"+choice)
}

// paid is an invoice of CHF 108.00 that was paid, and its payment.
func (w swept) paid(number string) (invoice, payment) {
	w.t.Helper()
	inv := w.issueNumbered(number, "108.00")
	inv.payNow("card").pay(visa)
	return inv, inv.becomes("paid").Payments[0]
}

// expired is an invoice of CHF 108.00 whose payment page died without anybody having paid, and its payment.
func (w swept) expired(number string) (invoice, payment) {
	w.t.Helper()
	inv := w.issueNumbered(number, "108.00")
	return inv, inv.paymentBecomes(inv.payNow("card").payment, "expired")
}

// reported lets Saferpay have the money of the payment all the same.
func (w swept) reported(p payment, status string) {
	w.t.Helper()
	var made struct{ ID string }
	send(w.t, "POST", w.stack.SimulatorURL()+"/_sim/orphans", object{
		"customer_id": w.account["customer_id"], "terminal_id": w.account["terminal_id"], "amount": "108.00", "currency": "CHF", "order_id": p.Saferpay.OrderID,
	}, nil).gives(201, &made)
	rewrite(w.t, w.stack, made.ID, object{"status": status})
}

// orphan is captured money at Saferpay that nobody here knows of; its transaction's id.
func (w swept) orphan(amount string) string {
	w.t.Helper()
	var made struct{ ID string }
	send(w.t, "POST", w.stack.SimulatorURL()+"/_sim/orphans", object{
		"customer_id": w.account["customer_id"], "terminal_id": w.account["terminal_id"], "amount": amount, "currency": "CHF",
	}, nil).gives(201, &made)
	return made.ID
}

func (w swept) licensed(features ...string) {
	w.t.Helper()
	send(w.t, "PUT", w.stack.SimulatorURL()+"/_sim/customers/"+w.account["customer_id"].(string), object{"features": features}, nil).gives(200, nil)
}

// refundInTheBackoffice gives money of the payment back without us, and without an order id of ours.
func (w swept) refundInTheBackoffice(p payment, minor string) string {
	w.t.Helper()
	id := w.acceptedInTheBackoffice(p, minor)
	w.directly("Transaction/Capture", object{"TransactionReference": object{"TransactionId": id}}).gives(200, nil)
	return id
}

// acceptedInTheBackoffice is the same without the capture that moves the money.
func (w swept) acceptedInTheBackoffice(p payment, minor string) string {
	w.t.Helper()
	var made struct {
		Transaction struct {
			ID string `json:"Id"`
		}
	}
	w.directly("Transaction/Refund", object{
		"Refund": object{"Amount": object{"Value": minor, "CurrencyCode": "CHF"}}, "CaptureReference": object{"CaptureId": p.Saferpay.CaptureID},
	}).gives(200, &made)
	return made.Transaction.ID
}

// directly calls Saferpay past Quittance.
func (w swept) directly(operation string, body object) answer {
	w.t.Helper()
	body["RequestHeader"] = object{"SpecVersion": "1.53", "CustomerId": w.account["customer_id"], "RequestId": "backoffice", "RetryIndicator": 0}
	request, err := http.NewRequest(http.MethodPost, "/", nil)
	require.NoError(w.t, err)
	request.SetBasicAuth(w.account["api_username"].(string), w.account["api_password"].(string))
	request.Header.Set("Accept", "application/json")
	return send(w.t, "POST", w.stack.SimulatorURL()+"/api/Payment/v1/"+operation, body, request.Header)
}

// statusAtSaferpay is what Saferpay's books say of a transaction.
func (w swept) statusAtSaferpay(id string) string {
	w.t.Helper()
	all := saferpayTransactions(w.t, w.stack)
	return all[slices.IndexFunc(all, func(t transaction) bool { return t.ID == id })].Status
}

// balance is what stands on an account, in CHF.
func (w swept) balance(number string) string {
	w.t.Helper()
	var account struct {
		Balances []struct{ Currency, Amount string }
	}
	w.call("GET", "/accounts/"+number, nil).gives(200, &account)
	if len(account.Balances) == 0 {
		return "0.00"
	}
	return account.Balances[0].Amount
}

// reportsThatCantBeRead sweeps as many companies at once as there are faults of the report. A night that fails is made up for by
// the next one.
func reportsThatCantBeRead(t *testing.T, s *stack.Stack) {
	t.Helper()
	orphans, nights := map[string]swept{}, []client.WorkflowRun(nil)
	for range everyKind {
		w := newSwept(t, s, newAccount(t, s))
		orphans[w.orphan("50.00")] = w
	}
	before := saferpayCalls(t, s)["rest/transactions"]
	armEach(t, s, "rest/transactions", everyKind...)
	for _, w := range orphans {
		nights = append(nights, w.begin())
	}
	failed := 0
	for _, night := range nights {
		if night.Get(t.Context(), nil) != nil {
			failed++
		}
	}
	assert.Equal(t, 1, failed, "the one of which Saferpay says no for good")
	assert.GreaterOrEqual(t, saferpayCalls(t, s)["rest/transactions"]-before, 2*len(everyKind)-2, "each kind of fault is met, and all but the refusal and the late answer once more")
	for orphan, w := range orphans {
		await(t, patience, func() []exception {
			w.sweep()
			return all[exception](w.company, "/exceptions")
		}, func(raised []exception) bool {
			return len(raised) == 1 && raised[0].Kind == "orphan_transaction" && raised[0].Subject == orphan
		})
	}
}

// A day passes in a second here, so that what happens is in the report a second later. No notification is ever sent.
func TestEveryNightSaferpaysReportIsComparedWithOurRecords(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 86400
	s := startStack(t, options)
	chooseNotifications(t, s, "none")
	reportsThatCantBeRead(t, s)
	refundThatWasLeftBehind(t, s) // faults are everybody's: before the others

	t.Run("Money that nobody knows is put before a person once", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		keepHistory(t, s, contract.OnboardingID(w.service), "onboarding-active-and-swept")
		raised := w.finds("orphan_transaction", w.orphan("50.00"))
		keepHistory(t, s, w.latest().WorkflowID, "sweep-with-a-finding")
		assert.Contains(t, listWorkflows(t, w.temporal, "NeedsAttention = true AND CompanyId = '"+w.id+"'"), contract.FindingID(raised.ID))
		assert.Contains(t, currentDetails(t, w.temporal, contract.FindingID(raised.ID)), "Waiting for a decision on exception "+raised.ID)
		assert.Zero(t, w.sweep().Findings)
		w.call("POST", "/exceptions/"+raised.ID+"/resolve", object{"choice": "release"}).isProblem(422, "validation-failed", "choice")
		w.decides(raised, "book")
		assert.Equal(t, []string{"50.00", "-50.00"}, []string{w.balance("1029"), w.balance("2030")})
		assert.Zero(t, w.sweep().Findings)
		w.decides(w.finds("orphan_transaction", w.orphan("20.00")), "not_ours")
		assert.Equal(t, "50.00", w.balance("1029"))

		inv := w.issueNumbered("R-1", "50.00") // a receipt from 2030 settles an invoice with it
		w.call("POST", "/invoices/"+inv.ID+"/receipts", object{"amount": "50.00", "date": "2026-11-20", "account": "2030", "reference": "Found"}).gives(201, nil)
		assert.Equal(t, []string{"paid", "0.00"}, []string{inv.now().Status, w.balance("2030")})
	})

	t.Run("A payment that nobody told us of is taken at once", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		inv := w.issueNumbered("R-1", "108.00")
		page := inv.payNow("card")
		page.payAndClose(visa)
		assert.Zero(t, w.sees(1).Findings)
		keepHistory(t, s, w.latest().WorkflowID, "sweep-that-asks-a-workflow-to-look")
		inv.requireCollectedOnce("108.00")
		assert.Equal(t, 1, page.asserts())
		assert.Zero(t, w.sweep().Findings)
		keepHistory(t, s, w.latest().WorkflowID, "sweep-of-what-agrees")
	})

	t.Run("A payment whose workflow is gone is taken up again", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		inv := w.issueNumbered("R-1", "108.00")
		page := inv.payNow("card")
		require.NoError(t, w.temporal.TerminateWorkflow(t.Context(), contract.InvoicePaymentID(inv.ID), "", "Somebody slipped."))
		page.payAndClose(visa)
		assert.Equal(t, 1, w.sees(1).UnderWay)
		keepHistory(t, s, w.latest().WorkflowID, "sweep-that-takes-up-a-payment")
		inv.requireCollectedOnce("108.00")
		keepHistory(t, s, contract.InvoicePaymentID(inv.ID), "invoice-taken-up-and-paid")
	})

	t.Run("Money of a payment that had ended comes to its invoice", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		inv, over := w.expired("R-1")
		w.reported(over, "CAPTURED")
		assert.Zero(t, w.sees(1).Findings)
		keepHistory(t, s, w.latest().WorkflowID, "sweep-that-begins-a-payment-anew")
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
		keepHistory(t, s, w.latest().WorkflowID, "sweep-without-a-report")
		assert.Equal(t, 1, strings.Count(string(w.call("GET", "/payment-services/"+w.service, nil).body), "no transaction report"))
		assert.Equal(t, "active", w.paymentService(w.service).Status)
	})

	t.Run("Sweeps come by themselves", func(t *testing.T) {
		t.Parallel()
		w := newSwept(t, s, newAccount(t, s))
		lost := w.orphan("50.00")
		require.NoError(t, w.schedule().Unpause(t.Context(), client.ScheduleUnpauseOptions{}))
		assert.Equal(t, "orphan_transaction", w.exception(lost).Kind)
		require.NoError(t, w.schedule().Pause(t.Context(), client.SchedulePauseOptions{}))
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
	keepHistory(t, s, w.latest().WorkflowID, "sweep-that-takes-up-a-refund")
	lost.becomes(w.company, "captured")
	keepHistory(t, s, contract.RefundID(lost.ID), "refund-taken-up")
	assert.Equal(t, []string{"100.00", "0.00"}, []string{w.balance("1029"), w.balance("2030")})

	settings(3_600_000) // once more, while its workflow waits for a person
	armFault(t, s, object{"operation": "Transaction/Refund", "kind": "http_500_after", "times": 1})
	lost = w.refund(paid.ID, object{"amount": "8.00", "reason": "Lost again."})
	unclear := w.exception(lost.ID)
	settings(0)
	w.sees(3)
	keepHistory(t, s, w.latest().WorkflowID, "sweep-that-has-a-refund-look-again")
	lost.becomes(w.company, "captured")
	w.clearsUp(unclear.ID)
	keepHistory(t, s, contract.RefundID(lost.ID), "refund-found-after-a-sweep-saw-it")
}
