package fetching

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	steps "github.com/quittance/quittance/activities/fetching"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/settlement/source"
	"github.com/quittance/quittance/internal/testing/flowtest"
	"github.com/quittance/quittance/workflows/contract"
)

var monday = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// fetching is one SettlementFetch under test. Time skips.
type fetching struct {
	*testsuite.TestWorkflowEnvironment
	t        *testing.T
	folder   []steps.Found // what each look shows; the last one again and again
	outcomes map[string]steps.Fetched
	fetched  []string
	recorded []steps.Look
	looked   steps.Looked
	alarm    bool
	faults   map[string]error // by step
}

func fetches(t *testing.T, folder ...steps.Found) *fetching {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	f := &fetching{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, folder: folder, outcomes: map[string]steps.Fetched{}, faults: map[string]error{}}
	f.SetTestTimeout(20 * time.Second)
	f.SetStartTime(monday)
	f.RegisterWorkflowWithOptions(Workflow{}.SettlementFetch, workflow.RegisterOptions{Name: contract.SettlementFetchType})
	f.RegisterActivity(&steps.Activities{})
	f.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		f.alarm, _ = args[0].(temporal.SearchAttributes).GetBool(contract.NeedsAttention)
	}).Return(nil).Maybe()
	f.OnActivity(do.LookIntoFolder, mock.Anything, mock.Anything).Return(func(context.Context, contract.FetchSettlements) (steps.Found, error) {
		found := f.folder[0]
		if len(f.folder) > 1 {
			f.folder = f.folder[1:]
		}
		found.At = f.Now().UTC()
		return found, f.faults["look"]
	}).Maybe()
	f.OnActivity(do.FetchSettlementFile, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.FetchFile) (steps.Fetched, error) {
		if err := f.faults["fetch"]; err != nil {
			return steps.Fetched{}, err
		}
		f.fetched = append(f.fetched, in.Name)
		if out, ok := f.outcomes[in.Name]; ok {
			return out, nil
		}
		return steps.Fetched{State: source.Imported, SettlementID: "set_1"}, nil
	}).Maybe()
	f.OnActivity(do.RecordLook, mock.Anything, mock.Anything).Return(func(_ context.Context, in steps.Look) (steps.Looked, error) {
		if err := f.faults["record"]; err != nil {
			return steps.Looked{}, err
		}
		f.recorded = append(f.recorded, in)
		return f.looked, nil
	}).Maybe()
	return f
}

func (f *fetching) run() (done Fetched) {
	f.t.Helper()
	f.ExecuteWorkflow(contract.SettlementFetchType, contract.FetchSettlements{CompanyID: "cmp_1"})
	require.NoError(f.t, f.GetWorkflowError())
	require.NoError(f.t, f.GetWorkflowResult(&done))
	return done
}

func there(files ...steps.NewFile) steps.Found { return steps.Found{Files: files} }

func file(name string, size int64) steps.NewFile {
	return steps.NewFile{ID: "sfl_" + name, Listed: source.Listed{Name: name, Size: size, ModifiedAt: monday}, Try: 1}
}

func TestNothingNewIsOneLookAndNoWait(t *testing.T) {
	t.Parallel()
	f := fetches(t, there())
	assert.Zero(t, f.run())
	assert.Equal(t, monday, f.Now().UTC())
	assert.Equal(t, []steps.Look{{CompanyID: "cmp_1", Begun: monday}}, f.recorded)
}

func TestNewFilesAreImportedOnceTheyStayedAsTheyWere(t *testing.T) {
	t.Parallel()
	f := fetches(t, there(file("a", 1), file("b", 2)), there(file("a", 1), file("b", 3), file("c", 4)))
	f.outcomes["a"] = steps.Fetched{State: source.Known}
	assert.Equal(t, Fetched{Known: 1, Left: 2}, f.run())
	assert.Equal(t, []string{"a"}, f.fetched, "b grew, and c has only come")
	assert.GreaterOrEqual(t, f.Now().Sub(monday), settle)
	assert.True(t, f.recorded[0].Left, "the next look follows soon")
}

func TestABrokenFileKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	f := fetches(t, there(file("a", 1), file("b", 2), file("c", 3)))
	f.outcomes["a"] = steps.Fetched{State: source.SetAside, Reason: "It is broken."}
	f.outcomes["b"] = steps.Fetched{} // it changed at the last moment
	assert.Equal(t, Fetched{Imported: 1, SetAside: 1, Left: 1}, f.run())
	assert.Equal(t, []string{"a", "b", "c"}, f.fetched)
	assert.True(t, f.recorded[0].Left)
}

func TestALostServerEndsTheLook(t *testing.T) {
	t.Parallel()
	lost := &source.Failure{Field: "host", Reason: "was lost", Passing: true}
	f := fetches(t, there(file("a", 1), file("b", 2), file("c", 3)))
	f.outcomes["b"] = steps.Fetched{Failure: lost}
	f.looked.Alarming = true
	assert.Equal(t, Fetched{Imported: 1, Left: 1}, f.run())
	assert.Equal(t, []string{"a", "b"}, f.fetched)
	assert.Equal(t, lost, f.recorded[0].Failure)
	assert.True(t, f.alarm, "operators see it, too")

	f = fetches(t, steps.Found{Failure: lost})
	assert.Zero(t, f.run())
	assert.Equal(t, lost, f.recorded[0].Failure)

	f = fetches(t, there(file("a", 1)), steps.Found{Failure: lost})
	assert.Zero(t, f.run())
	assert.Empty(t, f.fetched)
}

func TestAHundredFilesAreFetchedAndMoreAreLeft(t *testing.T) {
	t.Parallel()
	var many steps.Found
	for i := range source.MaxFiles {
		many.Files = append(many.Files, file(fmt.Sprint(i), 1))
	}
	many.More = true
	f := fetches(t, many)
	assert.Equal(t, Fetched{Imported: source.MaxFiles}, f.run())
	assert.True(t, f.recorded[0].Left)
}

func TestASourceThatIsRemovedEndsTheLook(t *testing.T) {
	t.Parallel()
	gone := temporal.NewNonRetryableApplicationError("There is no settlement source.", string(problem.NotFound), nil)
	for _, step := range []string{"look", "fetch", "record"} {
		f := fetches(t, there(file("a", 1)))
		f.faults[step] = gone
		f.run()
		assert.Empty(t, f.recorded)
	}
}

func TestAFaultOfOursEndsTheLookAndTheNextBeginsAgain(t *testing.T) {
	t.Parallel()
	f := fetches(t, there(file("a", 1)))
	f.faults["fetch"] = errors.New("the database is gone")
	f.ExecuteWorkflow(contract.SettlementFetchType, contract.FetchSettlements{CompanyID: "cmp_1"})
	require.ErrorContains(t, f.GetWorkflowError(), "the database is gone")
	assert.Empty(t, f.recorded, "so it is still due")
}

func TestNoArgumentOrResultIsABareString(t *testing.T) {
	t.Parallel()
	flowtest.NoBareStrings(t, map[string]any{contract.SettlementFetchType: Workflow{}.SettlementFetch}, &steps.Activities{})
}
