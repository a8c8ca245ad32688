package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/sweep"
	"github.com/quittance/quittance/workflows/contract"
)

// awaitedBy makes a workflow wait for the decision on a new exception.
func awaitedBy(workflowID string) func(*exception.Exception) {
	return func(e *exception.Exception) { e.WorkflowID = workflowID }
}

func TestDecisionGoesToTheWorkflowThatWaitsForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.raise(exception.CaptureUnclear, id.New(id.Payment), awaitedBy("invoice/inv_1"))
	shown := w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, map[string]any{
		"id": e.ID, "kind": "capture_unclear", "subject": e.Subject, "detail": e.Detail, "choices": []any{"try_again", "it_did_not"},
		"meanings": map[string]any{
			"try_again": "The failed step runs again at once.", "it_did_not": "You made sure in the Saferpay Backoffice that no money moves. It ends here.",
		},
		"workflow_id": "invoice/inv_1", "status": "open", "raised_at": "2026-11-22T11:00:00Z",
	}, shown)

	resolve := "/exceptions/" + e.ID + "/resolve"
	resolved := w.call("POST", resolve, w.key, `{"choice":"try_again","note":"It isn't in the Backoffice."}`).json(http.StatusOK)
	assert.Equal(t, []any{"resolved", "2026-11-22T11:00:00Z", "try_again", "It isn't in the Backoffice.", w.keyID},
		[]any{resolved["status"], resolved["resolved_at"], resolved["choice"], resolved["note"], resolved["resolved_by"]})
	assert.Equal(t, []string{"resolve invoice/inv_1"}, w.commands.seen())
	assert.Equal(t, resolved, w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK))

	again := w.call("POST", resolve, w.key, `{"choice":"try_again"}`).json(http.StatusOK)
	assert.Equal(t, resolved, again, "deciding the same again changes nothing")
	w.call("POST", resolve, w.key, `{"choice":"it_did_not"}`).problem(http.StatusConflict, "exception-resolved")
	assert.Len(t, w.commands.seen(), 1, "the workflow heard of it once")
}

func TestDecisionThatNobodyWaitsForIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.raise(exception.DoublePayment, id.New(id.Payment))
	resolved := w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"it_did_not"}`).json(http.StatusOK)
	assert.Equal(t, []any{"resolved", "it_did_not", w.keyID}, []any{resolved["status"], resolved["choice"], resolved["resolved_by"]})
	assert.NotContains(t, resolved, "note")
	w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"try_again"}`).problem(http.StatusConflict, "exception-resolved")
	assert.Empty(t, w.commands.seen())
}

func TestDecisionMustBeOneOfTheChoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.raise(exception.CaptureUnclear, id.New(id.Payment), awaitedBy("invoice/inv_1"))
	for body, field := range map[string]string{
		`{"choice":"keep"}`:                      "choice", // of another kind
		`{"choice":"cleared_up"}`:                "choice", // not a person's
		`{"note":"?"}`:                           "choice",
		`{"choice":"try_again","note":"\u0000"}`: "note",
		`{"choice":"try_again","by":"somebody"}`: "by",
	} {
		refused := w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, body)
		assert.Equal(t, []string{field}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"), body)
	}
	assert.Empty(t, w.commands.seen())
	assert.Equal(t, "open", w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK)["status"])
}

func TestDecisionThatTheWorkflowDidNotTakeIsNotRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.raise(exception.CaptureUnclear, id.New(id.Payment), awaitedBy("invoice/inv_1"))
	w.commands.err = problem.New(problem.Unavailable, "It was not answered in time and may still be done; look again in a moment.")
	w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"try_again"}`).problem(http.StatusServiceUnavailable, "temporarily-unavailable")
	assert.Equal(t, "open", w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK)["status"])
}

func TestExceptionsAreListedByWhatIsToBeDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payment := id.New(id.Payment)
	first, second, third := w.raise(exception.CaptureUnclear, payment), w.raise(exception.DoublePayment, payment), w.raise(exception.DoublePayment, id.New(id.Payment))
	w.call("POST", "/exceptions/"+second.ID+"/resolve", w.key, `{"choice":"try_again"}`).json(http.StatusOK)
	for query, want := range map[string][]string{
		"":                            {third.ID, second.ID, first.ID},
		"?open=true":                  {third.ID, first.ID},
		"?open=false":                 {second.ID},
		"?kind=double_payment":        {third.ID, second.ID},
		"?subject=" + payment:         {second.ID, first.ID},
		"?limit=1":                    {third.ID},
		"?limit=1&cursor=" + third.ID: {second.ID},
	} {
		var got []string
		for _, item := range w.call("GET", "/exceptions"+query, w.key, nil).json(http.StatusOK)["data"].([]any) {
			got = append(got, item.(map[string]any)["id"].(string))
		}
		assert.Equal(t, want, got, query)
	}
}

func TestExceptionSaysWhatIsNeededToDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	p := w.newPayment(inv, payment.Redirected, payment.Authorized)
	p.TransactionID = "723n4MAjMdhjSAhAKEUdA8jtl9jb"
	w.move(&p, payment.Unknown)
	about := map[string]any{
		"invoice_id": inv.ID, "invoice_number": inv.Number, "payment_id": p.ID, "payment_state": "unknown", "method": "card",
		"amount": "1234.50", "currency": "CHF", "customer_id": "123123", "terminal_id": "12345678", "environment": "test",
		"saferpay": map[string]any{"order_id": p.OrderID, "transaction_id": p.TransactionID}, "since": "2026-11-22T11:00:00Z",
	}
	e := w.raise(exception.CaptureUnclear, p.ID, awaitedBy("invoice/"+inv.ID))
	assert.Equal(t, about, w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK)["about"])

	paid := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active))))
	r := w.newRefund(paid, "8.00", refund.Unknown)
	e = w.raise(exception.RefundUnclear, r.ID, awaitedBy("refund/"+r.ID))
	shown := w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK)["about"].(map[string]any)
	assert.Equal(t, []any{r.ID, "unknown", "8.00", paid.ID, "captured", map[string]any{"order_id": r.OrderID}},
		[]any{shown["refund_id"], shown["refund_state"], shown["amount"], shown["payment_id"], shown["payment_state"], shown["saferpay"]})
}

func TestDecisionForAProcessThatWasEndedFromOutsideStartsItAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	inv := w.newInvoice(invoice.Open, payableBy(service))
	stuck := w.newPayment(inv, payment.Redirected, payment.Authorized, payment.Unknown)
	e := w.raise(exception.CaptureUnclear, stuck.ID, awaitedBy("invoice/"+inv.ID))
	w.commands.ended = true
	w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"it_did_not"}`).problem(http.StatusConflict, "process-restarted")
	assert.Equal(t, []string{"resolve invoice/" + inv.ID, "take up " + inv.ID}, w.commands.seen())
	assert.Equal(t, "open", w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK)["status"], "it may clear up by itself now")
	assert.Equal(t, "resolved", w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"it_did_not"}`).json(http.StatusOK)["status"])

	settled := w.newInvoice(invoice.Paid, payableBy(service))
	r := w.newRefund(w.bookPayment(settled), "8.00", refund.Unknown)
	e = w.raise(exception.RefundUnclear, r.ID, awaitedBy("refund/"+r.ID))
	w.commands.ended = true
	w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"try_again"}`).problem(http.StatusConflict, "process-restarted")
	assert.Contains(t, w.commands.seen(), "take up "+r.ID+" of "+settled.Number)
	w.commands.ended = true
	w.call("POST", "/refunds/"+r.ID+"/record", w.key, nil).problem(http.StatusConflict, "process-restarted")
	recorded := w.call("POST", "/refunds/"+r.ID+"/record", w.key, nil).json(http.StatusOK)
	assert.Equal(t, "recorded", recorded["state"])
	assert.Equal(t, w.keyID, w.commands.recordedBy)
}

func TestDecisionOnAFindingWhoseProcessWasEndedIsCarriedOutByANewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	found := contract.OpenFinding{CompanyID: w.company.ID, PaymentServiceID: w.newService(merchant.Active).ID, Found: contract.Found{
		ExceptionID: id.New(id.Exception), Finding: sweep.Finding{Kind: exception.OrphanTransaction, TransactionID: "T1", Amount: chf("50.00"), ToBook: chf("50.00")},
	}}
	stored, err := found.Stored()
	require.NoError(t, err)
	process := contract.FindingID(found.Found.ExceptionID)
	e := w.raise(exception.OrphanTransaction, "T1", awaitedBy(process), func(e *exception.Exception) {
		e.ID, e.Choices, e.Finding = found.Found.ExceptionID, []exception.Choice{exception.Book, exception.NotOurs}, stored
	})
	w.commands.ended = true
	assert.Equal(t, "resolved", w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"book"}`).json(http.StatusOK)["status"])
	assert.Equal(t, []string{"resolve " + process, "resolve " + process}, w.commands.seen())
}

func TestDecisionOnAFindingThatAnEarlierVersionRaisedIsNotRecordedWithoutBeingCarriedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active))))
	for subject, kind := range map[string]exception.Kind{p.ID: exception.MissingCapture, "T1": exception.OrphanTransaction} {
		e := w.raise(kind, subject, awaitedBy("exception/exc_1"), func(e *exception.Exception) {
			e.Choices = []exception.Choice{exception.CaptureNow, exception.Book}
		})
		w.commands.ended = true
		w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"book"}`).problem(http.StatusConflict, "decision-impossible")
		assert.Equal(t, "open", w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK)["status"])
	}
}

func TestDecisionAboutMoneyThatIsSettledNeedsNoProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active)))
	twice := w.bookPayment(inv)
	e := w.raise(exception.DoublePayment, twice.ID, awaitedBy("invoice/"+twice.InvoiceID), func(e *exception.Exception) {
		e.Choices = []exception.Choice{exception.GiveBack, exception.Keep}
	})
	w.commands.settled = true
	resolved := w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"refund","note":"Paid by bank as well."}`).json(http.StatusOK)
	assert.Equal(t, []any{"resolved", "refund", w.keyID}, []any{resolved["status"], resolved["choice"], resolved["resolved_by"]})
	assert.Contains(t, w.commands.seen(), "refund "+twice.ID+" of "+inv.Number)
}
