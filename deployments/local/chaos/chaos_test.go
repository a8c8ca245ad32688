package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/contract"
)

func TestMain(m *testing.M) {
	if settings := os.Getenv(temporalVariable); settings != "" {
		fmt.Fprintln(os.Stderr, runTemporal(settings))
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}

// built is the folder of the product.
var built string

// program builds the product, once for all tests.
var program = sync.OnceValues(func() (_ string, err error) {
	if built, err = os.MkdirTemp("", "quittance-chaos-test-"); err != nil {
		return "", err
	}
	binary := filepath.Join(built, "quittance")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/quittance/quittance/cmd/quittance").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return binary, nil
})

func TestTheSeedDecidesAllThatHappens(t *testing.T) {
	o := usual(command{Seed: 7, Payments: 300, Duration: 3 * time.Minute})
	plan := newPlan(o)
	assert.Equal(t, plan, newPlan(o))
	o.Seed = 8
	assert.NotEqual(t, plan, newPlan(o))
	happened := map[string]int{}
	for _, f := range plan.Faults {
		happened[f.counted()]++
	}
	assert.Empty(t, plan.never(o, happened))
	delete(happened, "workflow terminated: Refund")
	delete(happened, "Saferpay: hang")
	assert.ElementsMatch(t, []string{"workflow terminated: Refund", "Saferpay: hang"}, plan.never(o, happened), "a kind that never happens is a failure")

	met := map[string]bool{}
	for _, f := range plan.Faults {
		met[f.Kind+" "+f.Target] = true
	}
	for _, operation := range saferpayOperations {
		for _, kind := range saferpayKinds {
			assert.True(t, met[kind+" "+operation], "%s of %s", kind, operation)
		}
	}
	for _, link := range links {
		for kind := range toxics {
			assert.True(t, met[kind+" "+link], "%s of %s", kind, link)
		}
	}
	for _, part := range o.parts() {
		assert.True(t, met[faultKill+" "+part], part)
	}
	for _, workflows := range meddled {
		assert.True(t, met[faultReset+" "+workflows] && met[faultTerminate+" "+workflows], workflows)
	}
}

// A small run with every kind of fault; make chaos is the large one.
func TestTwoAPIsAndThreeWorkersShareTheLoadAndNothingIsLostWhateverGoesWrong(t *testing.T) {
	t.Parallel()
	report := requireNoDifferences(t, Options{
		Seed: 14, Payments: 60, Duration: 24 * time.Second, Companies: 2, Onboardings: 1, Settlements: 1, APIs: 2, Workers: 3, Kills: 1, Meddlings: 1, Deploys: 1,
		FaultEvery: 500 * time.Millisecond, TimeScale: 8640, SettleIn: 4 * time.Minute,
	})
	for part, kills := range map[string]int{"api": 2, "worker": 3, "temporal": 1, "postgres": 1} {
		assert.Equal(t, kills, report.Faults["kill -9 of "+part], part)
	}
	for _, kind := range []string{faultReset, faultTerminate} {
		assert.Positive(t, report.Faults[kind+": "+contract.InvoicePaymentType], kind)
	}
	for i, answers := range report.Served {
		assert.Greater(t, answers, int64(50), "api %d", i+1)
	}
	assert.Len(t, report.Steps, 3)
	for worker, steps := range report.Steps {
		assert.Greater(t, steps, 20, worker)
	}
}

func TestABackupThatIsRestoredUnderLoadLosesNoMoney(t *testing.T) {
	t.Parallel()
	report := requireNoDifferences(t, Options{
		Seed: 6, Payments: 40, Duration: 20 * time.Second, Companies: 2, APIs: 1, Workers: 1, Restore: true, TimeScale: 17280, SettleIn: 4 * time.Minute,
	})
	assert.Equal(t, map[string]int{faultBackup: 1, faultRestore: 1}, report.Faults)
}

func TestARegionThatIsLostUnderLoadLosesNoMoney(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: make drill moves to another region")
	}
	t.Parallel()
	report := requireNoDifferences(t, Options{
		Seed: 9, Payments: 60, Duration: 30 * time.Second, Companies: 2, APIs: 1, Workers: 1, Failover: true, TimeScale: 8640, SettleIn: 4 * time.Minute,
	})
	assert.Equal(t, map[string]int{faultCut: 1, faultFailover: 1}, report.Faults)
	assert.Positive(t, report.Lost, "the other region lagged behind")
	assert.Positive(t, report.Refunds["captured"])
}

func requireNoDifferences(t *testing.T, o Options) Report {
	t.Helper()
	var err error
	o.Binary, err = program()
	require.NoError(t, err)
	report, err := inFolder(t.Context(), o, t.Output())
	require.NoError(t, err, "data and logs are in %s", report.Folder)
	require.NoError(t, report.Print(t.Output()))
	require.Empty(t, report.Differences, "data and logs are in %s", report.Folder)
	return report
}
