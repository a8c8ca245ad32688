package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/workflows/contract"
	"github.com/quittance/quittance/workflows/reconciliation"
)

// swept is a merchant with a Saferpay account and a terminal of its own, whose report is compared when the test says so.
type swept struct {
	*company
	temporal client.Client // reads payloads
	commands contract.Commands
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

// newSwept makes a merchant on the account, and keeps everybody on the stack from being swept but by the test.
func newSwept(t *testing.T, s *stack.Stack, account object) swept {
	t.Helper()
	w := swept{
		company: newCompany(t, s), temporal: operator(t, s, decoding(t, s)), account: account,
		commands: contract.Commands{Temporal: commander(t, s), TimeScale: 86400},
	}
	pauseSweeps(t, w.temporal)
	w.service = w.connect(account).ID
	w.call("POST", "/payment-services/"+w.service+"/default", nil).gives(200, nil)
	require.NoError(t, w.temporal.GetWorkflow(t.Context(), contract.OnboardingID(w.service), "").Get(t.Context(), nil))
	return w
}

// sweptBuckets are the schedules of the nightly sweeps where days are short, as soon as a worker has planned them.
func sweptBuckets(t *testing.T, temporal client.Client) (schedules []client.ScheduleHandle) {
	t.Helper()
	for bucket := range contract.Buckets(86400) {
		schedule := temporal.ScheduleClient().GetHandle(t.Context(), contract.SweepBucketID(bucket))
		await(t, patience, func() bool {
			_, err := schedule.Describe(t.Context())
			return err == nil
		}, func(planned bool) bool { return planned })
		schedules = append(schedules, schedule)
	}
	return schedules
}

func pauseSweeps(t *testing.T, temporal client.Client) {
	t.Helper()
	for _, schedule := range sweptBuckets(t, temporal) {
		require.NoError(t, schedule.Pause(t.Context(), client.SchedulePauseOptions{Note: "The test sweeps."}))
	}
	await(t, patience, func() []string {
		return listWorkflows(t, temporal, "WorkflowType = '"+contract.SweepBucketType+"' AND ExecutionStatus = 'Running'")
	}, func(running []string) bool { return len(running) == 0 })
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
	require.NoError(w.t, w.commands.Sweep(w.t.Context(), contract.SweepPaymentService{CompanyID: w.id, PaymentServiceID: w.service}))
	return w.temporal.GetWorkflow(w.t.Context(), contract.SweepID(w.service), "")
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

// reportsThatCantBeRead sweeps as many companies at once as there are faults of the report. One that fails is swept again alone.
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
	for _, night := range nights {
		require.NoError(t, night.Get(t.Context(), nil))
	}
	temporal := operator(t, s)
	failed := func() []string {
		return listWorkflows(t, temporal, "WorkflowType = '"+contract.NightlySweepType+"' AND ExecutionStatus = 'Failed'")
	}
	assert.Len(t, await(t, patience, failed, func(ids []string) bool { return len(ids) > 0 }), 1, "the one of which Saferpay said no for good; it counts, although it ended well at the second time")
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
