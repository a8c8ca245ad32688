package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/temporalkit"
	"github.com/quittance/quittance/workflows/contract"
)

// operator looks into Temporal without any key of Quittance, as Temporal Web does.
func operator(t *testing.T, s *stack.Stack, options ...grpc.DialOption) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort:          s.TemporalAddress(),
		Logger:            log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{DialOptions: options},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// commander talks to Temporal as a process of Quittance does, with the keys of the stack.
func commander(t *testing.T, s *stack.Stack) client.Client {
	t.Helper()
	return commanderAs(t, s, origin.Quittance)
}

// commanderAs is a commander on whose behalf is known.
func commanderAs(t *testing.T, s *stack.Stack, by origin.Origin) client.Client {
	t.Helper()
	keys := keyring(t, s)
	origins := &contract.Origins{Converter: temporalkit.DataConverter(keys), Namespace: "default", Default: by}
	c, err := temporalkit.New(config.Temporal{Address: s.TemporalAddress(), Namespace: "default"}, keys, slog.New(slog.DiscardHandler), nil, origins)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// historyOf returns the whole history of a workflow once it has ended.
func historyOf(t *testing.T, c client.Client, workflowID string) *history.History {
	t.Helper()
	require.NoError(t, c.GetWorkflow(t.Context(), workflowID, "").Get(t.Context(), nil))
	return eventsOf(t, c, workflowID, "")
}

// eventsOf returns the history of a run as far as it has come; of the last run if none is named.
func eventsOf(t *testing.T, c client.Client, workflowID, runID string) *history.History {
	t.Helper()
	events := c.GetWorkflowHistory(t.Context(), workflowID, runID, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	var h history.History
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		h.Events = append(h.Events, e)
	}
	return &h
}

func TestOperatorReadsTheStoryButNoPersonalData(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.draft("108.00")
	c.call("POST", "/invoices/"+inv.ID+"/issue", object{"send_email": true}).gives(200, &inv)
	inv.payNow("card").pay(visa)
	inv.requireCollectedOnce("108.00")

	id := contract.InvoicePaymentID(inv.ID)
	seen, known := historyOf(t, operator(t, shared), id), historyOf(t, operator(t, shared, decoding(t, shared)), id)
	raw, err := proto.Marshal(seen)
	require.NoError(t, err)
	decoded, err := proto.Marshal(known)
	require.NoError(t, err)
	// A look with the key shows that the secret of the notification URLs is there to be hidden.
	secret := regexp.MustCompile(`"notification_secret":"([^"]+)"`).FindSubmatch(decoded)
	require.NotNil(t, secret)
	for what, hidden := range map[string]string{
		"the notification secret": string(secret[1]),
		"the link's token":        token(inv),
		"the customer's name":     "Anna Muster",
		"the customer's address":  "anna.muster@example.ch",
		"the API password":        verifiedAccount["api_password"].(string),
	} {
		assert.NotContains(t, string(raw), hidden, what)
	}
	for _, readable := range []string{"Open the invoice", "Mail the link to the customer", "Ask Saferpay what became of it", "Capture the money", "Book the receipt"} {
		assert.Contains(t, string(raw), readable, "the summary of a step")
	}
}

// The budget of DESIGN §9, for a payer who pays by card and returns while Saferpay notifies. A hint that comes while Saferpay is asked
// already costs a workflow task more, which a busy machine decides: three payments are made, and the quickest one counts.
func TestHappyPaymentStaysWithinItsBudgetOfEventsAndActions(t *testing.T) {
	t.Parallel()
	var c *company
	var inv invoice
	events, actions := math.MaxInt, math.MaxInt
	for range 3 {
		c = newMerchant(t, shared)
		inv = c.issue("108.00")
		inv.payNow("card").pay(visa)
		inv.requireCollectedOnce("108.00")
		h := historyOf(t, operator(t, shared), contract.InvoicePaymentID(inv.ID))
		t.Logf("a card payment took %d history events (at most 40) and %d billable actions (at most 12)", len(h.GetEvents()), billableActions(h))
		events, actions = min(events, len(h.GetEvents())), min(actions, billableActions(h))
	}
	assert.LessOrEqual(t, events, 40)
	assert.LessOrEqual(t, actions, 12)

	back := c.refund(inv.now().Payments[0].ID, object{"reason": "All of it was stale."}).becomes(c, "captured")
	h := historyOf(t, operator(t, shared), contract.RefundID(back.ID))
	t.Logf("its refund took %d history events and %d billable actions", len(h.GetEvents()), billableActions(h))
}

// billableActions counts what Temporal Cloud bills of a workflow: its start, each update, signal, timer, attempt of an activity
// and change of search attributes, side effects, and all local activities of one workflow task together.
func billableActions(h *history.History) (actions int) {
	tasksWithLocalActivities := map[int64]bool{}
	for _, e := range h.GetEvents() {
		switch e.GetEventType() {
		case enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
			enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, enums.EVENT_TYPE_TIMER_STARTED, enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
			actions++
		case enums.EVENT_TYPE_ACTIVITY_TASK_STARTED:
			actions += int(e.GetActivityTaskStartedEventAttributes().GetAttempt())
		case enums.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
			actions += 2
		case enums.EVENT_TYPE_MARKER_RECORDED:
			marker := e.GetMarkerRecordedEventAttributes()
			if marker.GetMarkerName() != "LocalActivity" {
				actions++
				continue
			}
			tasksWithLocalActivities[marker.GetWorkflowTaskCompletedEventId()] = true
		}
	}
	return actions + len(tasksWithLocalActivities)
}

func TestOperatorFindsAnInvoiceAndReadsWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	page := inv.payNow("card")
	temporal, id := operator(t, shared), contract.InvoicePaymentID(inv.ID)

	described, err := temporal.DescribeWorkflow(t.Context(), id, "")
	require.NoError(t, err)
	summary, err := described.GetStaticSummary()
	require.NoError(t, err)
	assert.Equal(t, "Invoice 2026-0042 · CHF 108.00", summary)
	details, err := described.GetStaticDetails()
	require.NoError(t, err)
	assert.Contains(t, details, "due 2026-12-31")
	assert.Contains(t, details, "[In the console]("+shared.APIURL()+"/operator/search?q="+inv.ID+")")
	number, _ := described.TypedSearchAttributes.GetKeyword(contract.InvoiceNumber)
	assert.Equal(t, "2026-0042", number)
	state, _ := described.TypedSearchAttributes.GetKeyword(contract.PaymentState)
	assert.Equal(t, "open", state)
	assert.Contains(t, currentDetails(t, temporal, id), "waiting for the payer's return or Saferpay's notification")

	page.pay(visa)
	inv.becomes("paid")
	assert.Contains(t, currentDetails(t, temporal, id), "Invoice 2026-0042 is **paid**")
	listed := await(t, patience, func() []string {
		return listWorkflows(t, temporal, fmt.Sprintf("CompanyId = '%s' AND InvoiceNumber = '2026-0042' AND PaymentState = 'paid' AND NeedsAttention = false", c.id))
	}, func(ids []string) bool { return len(ids) > 0 })
	assert.Equal(t, []string{id}, listed)
}

// currentDetails is what Temporal Web shows as what the workflow is doing.
func currentDetails(t *testing.T, c client.Client, workflowID string) string {
	t.Helper()
	value, err := c.QueryWorkflow(t.Context(), workflowID, "", "__temporal_workflow_metadata")
	require.NoError(t, err)
	var metadata sdk.WorkflowMetadata
	require.NoError(t, value.Get(&metadata))
	return metadata.GetCurrentDetails()
}

func listWorkflows(t *testing.T, c client.Client, query string) []string {
	t.Helper()
	list, err := c.ListWorkflow(context.WithoutCancel(t.Context()), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
	require.NoError(t, err)
	var ids []string
	for _, execution := range list.GetExecutions() {
		ids = append(ids, execution.GetExecution().GetWorkflowId())
	}
	return ids
}
