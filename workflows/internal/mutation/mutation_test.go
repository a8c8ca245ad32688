package mutation

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/workflows/internal/mutant"
)

const root = "../../.."

// rooms are all that carry steps; those without tests of their own are tested by the others.
var rooms = []string{"collection", "refunding", "onboarding", "reconciliation", "fetching", "delivery", "retention", "escalation", "payermail", "internal/flow"}

// tester runs test programs with one mutant alive.
type tester struct {
	folder string
	units  []string // the rooms with tests of their own
}

func build(t *testing.T, overlay string, units []string) tester {
	t.Helper()
	b := tester{folder: t.TempDir(), units: units}
	arguments := []string{"test", "-c", "-overlay", overlay, "-o", b.folder + "/", "./worker"}
	for _, unit := range units {
		arguments = append(arguments, "./workflows/"+unit)
	}
	compile := exec.CommandContext(t.Context(), "go", arguments...) // #nosec G204 -- our own
	compile.Dir = root
	out, err := compile.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return b
}

// notices returns which test notices a mutant: the replay of the committed histories first, then the tests of its room.
func (b tester) notices(t *testing.T, m Mutant) string {
	t.Helper()
	if out, ok := b.run(t, m, "worker", "worker.test", "-test.run=^TestReleasedHistories"); !ok {
		return out
	}
	for _, unit := range b.units {
		if m.Room != unit && slices.Contains(b.units, m.Room) {
			continue
		}
		if out, ok := b.run(t, m, "workflows/"+unit, filepath.Base(unit)+".test"); !ok {
			return out
		}
	}
	return ""
}

func (b tester) run(t *testing.T, m Mutant, folder, program string, arguments ...string) (out string, passed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	test := exec.CommandContext(ctx, filepath.Join(b.folder, program), append(arguments, "-test.short", "-test.failfast", "-test.timeout=6s")...) // #nosec G204 -- built above
	test.Dir = filepath.Join(root, folder)
	test.Env = append(os.Environ(), fmt.Sprintf("%s=%d", mutant.Variable, m.Number))
	output, err := test.CombinedOutput()
	return string(output), err == nil
}

func TestEveryStepThatIsLostOrMovedIsNoticed(t *testing.T) {
	t.Parallel()
	source, err := Read(t.Context(), root, rooms...)
	require.NoError(t, err)
	mutants, overlay, err := source.Overlay(t.TempDir())
	require.NoError(t, err)
	units := rooms[:7]
	if testing.Short() {
		units = []string{"refunding"}
		mutants = slices.DeleteFunc(mutants, func(m Mutant) bool { return m.Room != "refunding" })
	}
	if only := os.Getenv("ONLY"); only != "" {
		mutants = slices.DeleteFunc(mutants, func(m Mutant) bool { return !slices.Contains(strings.Split(only, ","), m.Room) })
	}
	t.Log(len(mutants), time.Now())
	b := build(t, overlay, units)
	t.Log(time.Now())
	out, ok := b.run(t, Mutant{}, "worker", "worker.test", "-test.run=^TestReleasedHistories")
	require.True(t, ok, "%s", out)

	var unnoticed []string
	var mu sync.Mutex
	var all sync.WaitGroup
	next := make(chan Mutant)
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for m := range next {
				if b.notices(t, m) == "" {
					mu.Lock()
					unnoticed = append(unnoticed, m.Name)
					mu.Unlock()
				}
			}
		})
	}
	for _, m := range mutants {
		next <- m
	}
	close(next)
	all.Wait()
	t.Logf("%d steps were lost or moved, each by itself; %d of these changes change nothing", len(mutants), len(unnoticed))
	slices.Sort(unnoticed)
	assert.Empty(t, strings.Join(unnoticed, "\n"))
}
