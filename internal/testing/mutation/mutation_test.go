package mutation

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/testing/mutant"
)

const root = "../../.."

// sample is of how many changes of refunds make test makes one. All changes of all rooms take minutes.
const sample = 12

// rooms returns all that take steps, and those of them that have tests of their own; the others are tested by these.
func rooms(t *testing.T) (all, tested []string) {
	t.Helper()
	folders, err := filepath.Glob(root + "/workflows/*")
	require.NoError(t, err)
	for _, folder := range append(folders, root+"/workflows/internal/flow") {
		name := strings.TrimPrefix(filepath.ToSlash(folder), root+"/workflows/")
		code, err := filepath.Glob(folder + "/*.go")
		require.NoError(t, err)
		if len(code) == 0 || name == "contract" { // which is for who talks to workflows
			continue
		}
		all = append(all, name)
		if slices.ContainsFunc(code, func(file string) bool { return strings.HasSuffix(file, "_test.go") }) {
			tested = append(tested, name)
		}
	}
	return all, tested
}

// tester runs test programs with one mutant alive.
type tester struct {
	folder string
	units  []string // the rooms with tests of their own
}

func build(t *testing.T, overlay string, units []string) tester {
	t.Helper()
	b := tester{folder: t.TempDir(), units: units}
	arguments := slices.Concat([]string{"test", "-c", "-overlay", overlay, "-o", b.folder + "/"}, flags, []string{"./worker"})
	for _, unit := range units {
		arguments = append(arguments, "./workflows/"+unit)
	}
	compile := exec.CommandContext(t.Context(), "go", arguments...)
	compile.Dir = root
	out, err := compile.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return b
}

// notices returns which test notices a mutant: the replay of the committed histories first, then the tests of its room, without those in
// which chance decides what happens.
func (b tester) notices(t *testing.T, m Mutant) string {
	t.Helper()
	if out, ok := b.run(t, m, filepath.Join(root, "worker"), "worker.test", "-test.run=^TestReleasedHistories"); !ok {
		return out
	}
	for _, unit := range b.units {
		if m.Room != unit && slices.Contains(b.units, m.Room) {
			continue
		}
		if out, ok := b.run(t, m, b.folder, unit+".test", "-test.skip=^TestWhatever"); !ok {
			return out
		}
	}
	return ""
}

func (b tester) run(t *testing.T, m Mutant, folder, program string, arguments ...string) (out string, passed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	test := exec.CommandContext(ctx, filepath.Join(b.folder, program), append(arguments, "-test.short", "-test.failfast", "-test.timeout=10s")...)
	test.Dir = folder // where tests write down what failed
	test.Env = append(os.Environ(), fmt.Sprintf("%s=%d", mutant.Variable, m.Number))
	output, err := test.CombinedOutput()
	return string(output), err == nil
}

func TestEveryStepThatIsLostOrMovedIsNoticed(t *testing.T) {
	t.Parallel()
	all, units := rooms(t)
	source, err := Read(t.Context(), root, flags, all...)
	require.NoError(t, err)
	mutants, overlay, err := source.Overlay(t.TempDir())
	require.NoError(t, err)
	for name := range same {
		assert.True(t, slices.ContainsFunc(mutants, func(m Mutant) bool { return m.Name == name }), "there is no %q any more", name)
	}
	if testing.Short() {
		units = []string{"refunding"}
		mutants = slices.DeleteFunc(mutants, func(m Mutant) bool { return m.Room != "refunding" || m.Number%sample > 0 })
	}
	mutants = slices.DeleteFunc(mutants, func(m Mutant) bool { return words.MatchString(m.Name) })
	b := build(t, overlay, units)
	require.Empty(t, b.notices(t, Mutant{}), "nothing is changed yet")

	var unnoticed, noticed []string
	var mu sync.Mutex
	var testers sync.WaitGroup
	next := make(chan Mutant)
	for range 2 * runtime.GOMAXPROCS(0) { // some wait for what never comes
		testers.Go(func() {
			for m := range next {
				out := b.notices(t, m)
				if same[m.Name] != "" && out != "" {
					out = b.notices(t, m) // a busy machine fails tests for other reasons
				}
				mu.Lock()
				switch {
				case same[m.Name] == "" && out == "":
					unnoticed = append(unnoticed, m.Name)
				case same[m.Name] != "" && out != "" && !strings.Contains(out, "test timed out"):
					noticed = append(noticed, m.Name)
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range mutants {
		next <- m
	}
	close(next)
	testers.Wait()
	t.Logf("%d steps were lost or moved, each by itself", len(mutants))
	slices.Sort(unnoticed)
	assert.Empty(t, strings.Join(unnoticed, "\n"), "add a history or a test that notices, or say in same why nothing changes")
	assert.Empty(t, noticed, "it is noticed: take it off the list")
}

// words are mutants of report, which tells operators where a workflow stands: current details, which no history holds, and the search
// attributes, if they have changed since the last report. Some report follows each step and each wait.
var words = regexp.MustCompile(`: (without \S*\.report( \(\d+\))?|\S*\.report only after .*|.* only after \S*\.report)$`)

// same are the mutants that change nothing, and why.
var same = map[string]string{
	"onboarding Onboarding: workflow.Go only after workflow.Go":                    "none of these coroutines does anything before there is a message or a letter",
	"onboarding change: o.awaitRecord only after o.changing.Lock":                  "nobody else can hold the lock before the record stands, and both are awaited",
	"onboarding decide: a.request only after a.changing.Lock":                      "nobody else can hold the lock before the request is noted, and both are awaited",
	"onboarding resume: workflow.Await only after waiting for do.ResumePayments":   "the loop begins with the other half, which does nothing until it is to resume",
	"collection awaitReason: p.awaitProvider only after workflow.AwaitWithOptions": "what has no time to be looked at has no pause before it",
	"collection change: p.awaitBegun only after p.awaitTurn":                       "nobody else can hold what is due before the invoice has begun, and both are awaited",
	"collection run: p.adopt only after workflow.Go":                               "the loop comes back for the other at once",
	"collection run: workflow.Go only after p.quiet":                               "it is not quiet while a payment is not followed",
	"collection run: workflow.Await only after p.adopt":                            "the loop begins with the other half, which does nothing until there is a hint",
	"collection settle: p.escalations.Close only after p.refund":                   "either the money has gone back, or it was decided that it shall",
}
