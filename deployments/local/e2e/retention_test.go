package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

// A day passes in a second here, and the schedule is looked at every five.
func TestEveryNightTheRetentionOfCompaniesIsKept(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 86400
	s := startStack(t, options)
	temporal := operator(t, s, decoding(t, s))
	nights := await(t, 30*time.Second, func() []string {
		return listWorkflows(t, temporal, "WorkflowType = '"+contract.RetentionType+"' AND ExecutionStatus = 'Completed'")
	}, func(done []string) bool { return len(done) > 1 })
	require.Contains(t, currentDetails(t, temporal, nights[0]), "customers were erased")
	keepHistory(t, s, nights[0], "retention-of-a-night")
}
