// Package internal_test keeps the import rules of the whole module.
package internal_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/quittance/quittance/"

// domain packages are pure: they know rules and no wires.
var domain = []string{
	"internal/audit", "internal/calendar", "internal/delivery", "internal/event", "internal/exception", "internal/iban", "internal/id", "internal/idempotency", "internal/invoice",
	"internal/ledger", "internal/letter", "internal/listing",
	"internal/merchant", "internal/money", "internal/payment", "internal/problem",
	"internal/refund", "internal/settlement", "internal/sweep", "internal/text",
}

// adapters each know one thing outside, and of ours at most what is named below.
var adapters = []string{
	"internal/codecserver", "internal/config", "internal/mail",
	"internal/secrets", "internal/telemetry", "internal/temporalkit", "internal/webhook",
}

// mayImport says which of our packages each package may import directly, tests aside. A package stands for its
// subpackages too, and may always import those.
var mayImport = func() map[string][]string {
	rules := map[string][]string{
		"workflows":         append(slices.Clone(domain), "activities"), // method references
		"activities":        append(slices.Clone(domain), "internal/saferpay"),
		"worker":            append(slices.Clone(domain), "workflows", "activities"),
		"api":               append(slices.Clone(domain), "workflows"), // the contract
		"internal/camt":     {"internal/iban", "internal/money"},
		"internal/saferpay": {"internal/money"},
		"internal/postgres": domain,
		"internal/testing":  {everything}, // what is not shipped
		"internal/app":      {everything}, // builds the adapters and hands them to the rest
		"cmd":               {everything},
	}
	for _, name := range domain {
		rules[name] = domain
	}
	rules["internal/settlement"] = append(slices.Clone(domain), "internal/camt") // pure too: it reads bytes that it is given
	for _, name := range adapters {
		rules[name] = []string{"internal/config", "internal/secrets"}
	}
	return rules
}()

const everything = "*"

// neverImports names packages of others that would bring I/O where none belongs; directly, tests aside.
var neverImports = map[string][]string{
	"workflows":         {"net", "net/http", "os", "os/exec", "database/sql", "math/rand", "math/rand/v2", "crypto/rand"},
	"internal/calendar": {"net", "net/http", "os", "database/sql"},
	"internal/invoice":  {"net", "net/http", "os", "database/sql"},
	"internal/ledger":   {"net", "net/http", "os", "database/sql"},
	"internal/money":    {"net", "net/http", "os", "database/sql"},
	"internal/payment":  {"net", "net/http", "os", "database/sql"},
}

// neverReaches names packages that must not be linked in at all, not even through others.
var neverReaches = map[string][]string{
	"workflows":  {"github.com/jackc/pgx"},
	"activities": {"github.com/jackc/pgx"},
	"api":        {"github.com/jackc/pgx"},
}

// wallClock are the functions of package time whose answer depends on when they are called.
var wallClock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}

// timeless packages run inside workflows, where only the workflow's own clock may be asked.
var timeless = []string{"workflows", "internal/calendar", "internal/invoice", "internal/ledger", "internal/money", "internal/payment"}

type listed struct {
	ImportPath, Dir        string
	GoFiles, Imports, Deps []string
}

func (p listed) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.GoFiles) == 0 {
			continue // only tests
		}
		rule, known := governing(p.name(), slices.Collect(maps.Keys(mayImport)))
		if !assert.True(t, known, "%s has no import rule: add it to the table", p.name()) {
			continue
		}
		for _, imported := range p.Imports {
			ours, isOurs := strings.CutPrefix(imported, module)
			if !isOurs || within(ours, rule) || slices.Contains(mayImport[rule], everything) {
				continue
			}
			target, _ := governing(ours, slices.Collect(maps.Keys(mayImport)))
			assert.Contains(t, mayImport[rule], target, "%s must not import %s", p.name(), ours)
		}
	}
}

func TestWorkflowsAndTheDomainDoNoInputOrOutput(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if rule, ok := governing(p.name(), slices.Collect(maps.Keys(neverImports))); ok {
			for _, imported := range p.Imports {
				assert.NotContains(t, neverImports[rule], imported, "%s must not import %s", p.name(), imported)
			}
		}
		if rule, ok := governing(p.name(), slices.Collect(maps.Keys(neverReaches))); ok {
			for _, dep := range p.Deps {
				_, reached := governing(dep, neverReaches[rule])
				assert.False(t, reached, "%s must not reach %s, not even through others", p.name(), dep)
			}
		}
	}
}

func TestWorkflowsAndTheDomainNeverAskTheWallClock(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if _, ok := governing(p.name(), timeless); !ok {
			continue
		}
		for _, name := range p.GoFiles {
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.Inspect(file, func(node ast.Node) bool {
				selector, ok := node.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if from, ok := selector.X.(*ast.Ident); ok && from.Name == "time" {
					assert.NotContains(t, wallClock, selector.Sel.Name, "%s: %s must not call time.%s: use the workflow's clock or a parameter",
						files.Position(selector.Pos()), p.name(), selector.Sel.Name)
				}
				return true
			})
		}
	}
}

// packages lists the packages of the module, without their tests.
func packages(t *testing.T) []listed {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Dir,GoFiles,Imports,Deps", "./...")
	list.Dir = ".."
	output, err := list.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatalf("go list fails: %s", failed.Stderr)
	}
	require.NoError(t, err)
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("the output of go list cannot be read: %v", err)
		}
		all = append(all, p)
		noticeChanges(t, p)
	}
}

// noticeChanges looks at the files of p, so that go test runs this test again when one of them changes: what a process
// like go list reads is unknown to its cache.
func noticeChanges(t *testing.T, p listed) {
	t.Helper()
	_, err := os.ReadDir(p.Dir)
	require.NoError(t, err)
	for _, name := range p.GoFiles {
		_, err := os.Stat(filepath.Join(p.Dir, name))
		require.NoError(t, err)
	}
}

// governing returns the entry of the table that name is or lies within, the longest when there are several.
func governing(name string, table []string) (string, bool) {
	longest, found := "", false
	for _, entry := range table {
		if within(name, entry) && len(entry) > len(longest) {
			longest, found = entry, true
		}
	}
	return longest, found
}

func within(name, entry string) bool { return name == entry || strings.HasPrefix(name, entry+"/") }
