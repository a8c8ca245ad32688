package e2e

import (
	"net/url"
	"os"
	"regexp"
	"strings"
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
	inv.payNow("card")
	workflows := shared.TemporalWebURL() + "/namespaces/default/workflows"
	page := workflows + "/" + url.PathEscape(contract.InvoicePaymentID(inv.ID))
	says := func(text string) chromedp.Action {
		return chromedp.Poll(`document.body.innerText.includes("`+text+`")`, nil, chromedp.WithPollingTimeout(browserTimeout))
	}
	press := func(selector, text string) chromedp.Action {
		find := `[...document.querySelectorAll("` + selector + `")].find(e => e.innerText.includes("` + text + `") && !e.disabled && e.checkVisibility())`
		return chromedp.Tasks{chromedp.Poll(find+" !== undefined", nil, chromedp.WithPollingTimeout(browserTimeout)), chromedp.Evaluate(find+".click()", nil)}
	}

	book, err := os.ReadFile("../../RUNBOOK.md")
	require.NoError(t, err)
	queries := regexp.MustCompile("(?m)^  \\| [^|]+ \\| `([A-Z][^`]+)` \\|$").FindAllStringSubmatch(string(book), -1)
	require.Len(t, queries, 4)
	for _, query := range queries {
		asked := strings.NewReplacer("cmp_…", inv.company.id).Replace(query[1])
		var refused bool
		b.visit(workflows+"?query="+url.QueryEscape(asked), says("Workflow ID"), chromedp.Evaluate(`/invalid|error/i.test(document.querySelector("main, #content")?.innerText ?? "")`, &refused))
		assert.False(t, refused, asked)
	}
	for _, name := range []string{"*User Metadata*", "*More Actions*", "*Send a Signal*", "*Signal name*"} {
		assert.Contains(t, string(book), name)
	}

	b.visit(shared.CodecURL(),
		chromedp.SendKeys("#key", stack.OperatorKey, chromedp.ByQuery), chromedp.Click("button", chromedp.ByQuery), chromedp.WaitVisible("main p a", chromedp.ByQuery),
		chromedp.Navigate(page), says("Event History"), chromedp.Poll(`location.pathname.split("/").length > 5`, nil, chromedp.WithPollingTimeout(browserTimeout)), // it goes on to the run
		press("[role=tab]", "User Metadata"), says("Current Details"), chromedp.WaitVisible("iframe", chromedp.ByQuery),
		press("button", "More Actions"), press("[role=menuitem]", "Send a Signal"), says("Signal name"),
		press("dialog[open] [data-testid=signal-select-button]", ""), press("dialog[open] [role=option]", contract.SignalTryAgain),
		press("dialog[open] button", "Submit"), says("Signal"))

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
