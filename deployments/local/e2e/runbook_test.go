package e2e

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/workflows/contract"
)

// Whoever is woken up does in Temporal Web what the runbook says, by the names that stand there.
func TestTheRunbookIsRightAboutTemporalWeb(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	inv := newMerchant(t, shared).issue("108.00")
	workflows := shared.TemporalWebURL() + "/namespaces/default/workflows"

	book, err := os.ReadFile("../../RUNBOOK.md")
	require.NoError(t, err)
	queries := regexp.MustCompile("(?s)`([A-Z][A-Za-z]+ (?:=|IS|IN) [^`]+)`|```\n([A-Z][A-Za-z]+ = [^`]+)\n```").FindAllStringSubmatch(string(book), -1)
	require.Len(t, queries, 8, "every query of the runbook")
	do, leave := b.open(browserTimeout)
	defer leave()
	for _, query := range queries {
		asked := strings.NewReplacer("cmp_…", inv.company.id).Replace(query[1] + query[2])
		var refused bool
		do(chromedp.Navigate(workflows+"?query="+url.QueryEscape(asked)), pageSays("Workflow ID"), chromedp.Evaluate(`/invalid|error/i.test(document.querySelector("main, #content")?.innerText ?? "")`, &refused))
		assert.False(t, refused, asked)
	}
	do(chromedp.Navigate(shared.TemporalWebURL()+"/namespaces/default/schedules"), pageSays("sweep/bucket-"))
	for _, name := range []string{"*User Metadata*", "*More Actions*", "*Send a Signal*", "*Signal name*"} {
		assert.Contains(t, string(book), name)
	}

	do(chromedp.Navigate(shared.CodecURL()), chromedp.SendKeys("#key", stack.OperatorKey, chromedp.ByQuery), chromedp.Click("button", chromedp.ByQuery), chromedp.WaitVisible("main p a", chromedp.ByQuery))
	w := temporalWeb{workflows, do}
	assert.Contains(t, w.details(t, contract.InvoicePaymentID(inv.ID), "Waiting for somebody to press"), "is open")
	w.signal(contract.InvoicePaymentID(inv.ID), contract.SignalTryAgain)

	temporal := operator(t, shared)
	await(t, patience, func() (signals int) {
		history := temporal.GetWorkflowHistory(t.Context(), contract.InvoicePaymentID(inv.ID), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			event, err := history.Next()
			require.NoError(t, err)
			if event.GetWorkflowExecutionSignaledEventAttributes().GetSignalName() == contract.SignalTryAgain {
				signals++
			}
		}
		return signals
	}, func(signals int) bool { return signals == 1 })
}

// An operator reads in Temporal Web what is being tried, and with which order to look in the Backoffice. Once Saferpay answers, the signal
// of the runbook has it tried again at once: the payment, its refund, and the webhook that tells of that.
func TestAnOperatorReadsInTemporalWebWhatIsTriedAndHasItTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	s := startStack(t, ownOptions(t))
	d := decisions{newMerchant(t, s)}
	do, leave := b.open(3 * browserTimeout)
	defer leave()
	do(chromedp.Navigate(s.CodecURL()), chromedp.SendKeys("#key", stack.OperatorKey, chromedp.ByQuery), chromedp.Click("button", chromedp.ByQuery), chromedp.WaitVisible("main p a", chromedp.ByQuery))
	w := temporalWeb{s.TemporalWebURL() + "/namespaces/default/workflows", do}

	armFault(t, s, object{"operation": "PaymentPage/Assert", "kind": "http_500_before", "times": 1_000_000})
	inv := d.issue("108.00")
	page := inv.payNow("card")
	page.pay(visa)
	temporal := operator(t, s)
	await(t, patience, func() string { return currentDetails(t, temporal, contract.InvoicePaymentID(inv.ID)) }, func(now string) bool { return strings.Contains(now, "of 9 failed") })
	details := w.details(t, contract.InvoicePaymentID(inv.ID), "of 9 failed")
	assert.Regexp(t, `asking Saferpay: attempt [1-9] of 9 failed, the next one is at .+ UTC\. Last answer: .*500`, details)
	assert.Contains(t, details, inv.paymentNow(page.payment).Saferpay.OrderID, "what to look for in the Backoffice")
	send(t, "DELETE", s.SimulatorURL()+"/_sim/faults", nil, nil).gives(204, nil)
	w.signal(contract.InvoicePaymentID(inv.ID), contract.SignalTryAgain)
	paid := inv.requireCollectedOnce("108.00").Payments[0].ID

	var mended atomic.Bool
	r := d.listen(func(delivered) int {
		if mended.Load() {
			return http.StatusOK
		}
		return http.StatusInternalServerError
	}, "refund.captured")
	again := d.refuse("Transaction/Capture", "ACTION_NOT_SUPPORTED")
	back := d.refund(paid, object{"reason": "Returned."})
	d.exceptionOf(back.ID, "refund_stuck")
	assert.Contains(t, w.details(t, contract.RefundID(back.ID), "tried again every few hours"), contract.SignalTryAgain)
	again()
	w.signal(contract.RefundID(back.ID), contract.SignalTryAgain)
	back.becomes(d.company, "captured")

	told := r.gets(2)[0] // after five seconds; the next attempt would be after thirty more
	mended.Store(true)
	w.signal(contract.EventDeliveryID(told.ID, r.id), contract.SignalTryAgain)
	r.becomes("delivered", 1)
}

// temporalWeb is a browser in which an operator has signed in at the codec server.
type temporalWeb struct {
	workflows string
	do        func(...chromedp.Action)
}

// details are the current details of a workflow on its tab User Metadata, once they say that.
func (w temporalWeb) details(t *testing.T, workflowID, says string) string {
	t.Helper()
	const read = `[...document.querySelectorAll("iframe")].map(f => f.contentDocument?.body?.innerText ?? "").join("\n")`
	return await(t, browserTimeout, func() (details string) {
		w.open(workflowID)
		w.do(pressIn("[role=tab]", "User Metadata"), chromedp.WaitVisible("iframe", chromedp.ByQuery),
			chromedp.Poll(read+`.includes(".")`, nil, chromedp.WithPollingTimeout(browserTimeout)), chromedp.Evaluate(read, &details))
		return details
	}, func(details string) bool { return strings.Contains(details, says) })
}

// signal sends a signal without input, as the runbook says.
func (w temporalWeb) signal(workflowID, name string) {
	w.open(workflowID)
	w.do(pressIn("button", "More Actions"), pressIn("[role=menuitem]", "Send a Signal"), pageSays("Signal name"),
		pressIn("dialog[open] [data-testid=signal-select-button]", ""), pressIn("dialog[open] [role=option]", name), pressIn("dialog[open] button", "Submit"), pageSays("Signal"))
}

func (w temporalWeb) open(workflowID string) {
	w.do(chromedp.Navigate(w.workflows+"/"+url.PathEscape(workflowID)), pageSays("Event History"),
		chromedp.Poll(`location.pathname.split("/").length > 5`, nil, chromedp.WithPollingTimeout(browserTimeout))) // it goes on to the run
}

func pageSays(text string) chromedp.Action {
	return chromedp.Poll(`document.body.innerText.includes("`+text+`")`, nil, chromedp.WithPollingTimeout(browserTimeout))
}

func pressIn(selector, text string) chromedp.Action {
	find := `[...document.querySelectorAll("` + selector + `")].find(e => e.innerText.includes("` + text + `") && !e.disabled && e.checkVisibility())`
	return chromedp.Tasks{chromedp.Poll(find+" !== undefined", nil, chromedp.WithPollingTimeout(browserTimeout)), chromedp.Evaluate(find+".click()", nil)}
}
