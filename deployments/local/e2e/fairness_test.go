package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

// TestHangingReceiversOfOneCompanyDelayNobodyElse has one company with twenty receivers that never answer, and more events for them
// than a worker has places.
func TestHangingReceiversOfOneCompanyDelayNobodyElse(t *testing.T) {
	t.Parallel()
	noisy, quiet := newMerchant(t, shared), newMerchant(t, shared)
	over := make(chan struct{})
	for range 20 {
		noisy.listen(func(delivered) int {
			<-over
			return http.StatusNoContent
		}, "invoice.opened")
	}
	t.Cleanup(func() { close(over) }) // before their servers are closed
	quick := quiet.listen(nil, "invoice.opened")
	for i := range 60 {
		noisy.issueOf(fmt.Sprintf("N-%d", i))
	}
	var longest time.Duration
	for told := 1; told <= 5; told++ {
		began := time.Now()
		quiet.issueOf(fmt.Sprintf("Q-%d", told))
		quick.gets(told)
		longest = max(longest, time.Since(began))
	}
	t.Logf("the quiet company was told after %s at most", longest)
	assert.Less(t, longest, 15*time.Second, "for as long as a single receiver hangs")
}

// issueOf issues an invoice of that number.
func (c *company) issueOf(number string) {
	c.t.Helper()
	c.call("POST", "/invoices/"+c.draftOf(number).ID+"/issue", object{}).gives(200, nil)
}

// On every queue.
func TestPayersGoFirstAndCompaniesTakeTurns(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	temporal := operator(t, shared)
	c.listen(func(delivered) int { return http.StatusServiceUnavailable }, "invoice.opened")
	inv := c.issue("108.00")
	inv.payNow("card").pay(visa)
	paid := inv.requireCollectedOnce("108.00").Payments[0].ID
	c.refund(paid, object{"reason": "Stale."}).becomes(c, "captured")
	priorities := map[string]int{
		contract.InvoicePaymentType: contract.ForPayers, contract.RefundType: contract.ForMoney,
		contract.OnboardingType: contract.ForPeople, contract.EventDeliveryType: contract.ForPeople,
	}
	for workflowType, key := range priorities {
		found := await(t, patience, func() []string {
			return listWorkflows(t, temporal, "WorkflowType = '"+workflowType+"' AND CompanyId = '"+c.id+"'")
		}, func(ids []string) bool { return len(ids) > 0 })
		described, err := temporal.DescribeWorkflowExecution(t.Context(), found[0], "")
		require.NoError(t, err)
		priority := described.GetWorkflowExecutionInfo().GetPriority()
		assert.EqualValues(t, key, priority.GetPriorityKey(), workflowType)
		assert.Equal(t, c.id, priority.GetFairnessKey(), workflowType)
	}
}
