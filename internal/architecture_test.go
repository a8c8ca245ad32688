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
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/payment"
)

const module = "github.com/quittance/quittance/"

// domain packages are pure: they know rules and no wires.
var domain = []string{
	"internal/audit", "internal/calendar", "internal/csvlist", "internal/delivery", "internal/dispute", "internal/event", "internal/exception", "internal/exchange", "internal/iban", "internal/id", "internal/idempotency", "internal/invoice",
	"internal/ledger", "internal/letter", "internal/listing",
	"internal/merchant", "internal/money", "internal/origin", "internal/payment", "internal/oversight", "internal/pdf", "internal/personal", "internal/problem",
	"internal/qrbill", "internal/refund", "internal/sealed", "internal/session", "internal/settlement", "internal/share", "internal/strictxml", "internal/sweep", "internal/text", "internal/vat", "internal/words",
}

// adapters each know one thing outside, and of ours at most what is named below.
var adapters = []string{
	"internal/codecserver", "internal/config", "internal/mail",
	"internal/secrets", "internal/telemetry", "internal/temporalkit", "internal/webhook",
}

// rooms are the lifecycles that activities are cut by.
var rooms = []string{"activities/collection", "activities/refunding", "activities/onboarding", "activities/reconciliation", "activities/delivery", "activities/escalation", "activities/payermail", "activities/fetching", "activities/gate", "activities/retention"}

// mayImport says which of our packages each package may import, tests aside. A package stands for its subpackages too, and may
// always import those. Packages that are imported by these are linked in as well, and need a place in this table or in mayReach.
var mayImport = func() map[string][]string {
	steps := append(slices.Clone(rooms), "activities")
	rules := map[string][]string{
		"workflows/contract": domain,
		"activities":         append(slices.Clone(domain), "internal/saferpay"),
		"worker":             slices.Concat(domain, steps, []string{"workflows", "workflows/contract", "workflows/collection", "workflows/delivery", "workflows/fetching", "workflows/gate", "workflows/onboarding", "workflows/reconciliation", "workflows/refunding", "workflows/retention"}),
		"api":                append(slices.Clone(domain), "internal/booking", "internal/invoice/paper", "internal/qrbill/paper", "workflows/contract"),
		"api/client":         {}, // generated
		"internal/booking":   domain,
		"internal/console":   {"api/client"}, // a client of the API and of nothing else
		"internal/camt":      {"internal/iban", "internal/money", "internal/problem", "internal/strictxml", "internal/text"},
		"internal/mrx":       {"internal/problem", "internal/strictxml", "internal/text"},
		"internal/saferpay":  {"internal/money", "internal/share"},
		"internal/postgres":  domain,
		"internal/openid":    domain,
		"internal/sftp":      domain,
		"internal/testing":   {everything}, // what is not shipped
		"internal/app":       {everything}, // builds the adapters and hands them to the rest
		"cmd":                {everything},
	}
	for _, name := range domain {
		rules[name] = domain
	}
	rules["internal/qrbill/paper"] = domain // a library draws for it: not for workflows
	rules["internal/invoice/paper"] = append(slices.Clone(domain), "internal/qrbill/paper")
	rules["activities/account"] = append(slices.Clone(domain), "activities", "internal/saferpay")
	for _, name := range rooms { // what they share, and none another's steps
		rules[name] = append(slices.Clone(domain), "activities", "activities/account", "activities/escalation", "internal/booking", "internal/saferpay", "workflows/contract")
	}
	shared := append(slices.Clone(domain), "activities", "workflows/contract", "workflows/internal/flow")
	rules["workflows/internal/flow"] = append(slices.Clone(domain), "workflows/contract") // for the priorities
	rules["workflows/internal/patching"] = []string{"workflows/internal/flow"}
	for room, others := range map[string][]string{ // its own steps, and the rooms on which it builds
		"collection": {"escalation", "payermail"}, "refunding": {"escalation", "payermail"}, "reconciliation": {"escalation", "refunding"},
		"onboarding": {}, "delivery": {}, "fetching": {}, "gate": {}, "retention": {}, "escalation": {}, "payermail": {},
	} {
		rule := append(slices.Clone(shared), "activities/"+room)
		for _, other := range others {
			rule = append(rule, "activities/"+other, "workflows/"+other)
		}
		rules["workflows/"+room] = rule
	}
	rules["internal/settlement"] = append(slices.Clone(domain), "internal/camt", "internal/mrx") // pure too: it reads bytes that it is given
	for _, name := range adapters {
		rules[name] = []string{"internal/config", "internal/sealed", "internal/secrets"}
	}
	return rules
}()

const everything = "*"

// mayReach says which of our packages each package may have linked in through others, beyond those that it may import.
var mayReach = func() map[string][]string {
	throughSteps := []string{"activities/account", "activities/escalation", "activities/payermail", "internal/booking", "internal/camt", "internal/mrx", "internal/saferpay"}
	rules := map[string][]string{
		"worker":                      append(slices.Clone(throughSteps), "workflows/escalation", "workflows/internal/flow", "workflows/payermail"),
		"workflows/internal/patching": append(slices.Clone(domain), "workflows/contract"),
	}
	for _, room := range rooms {
		rules[room] = []string{"internal/camt", "internal/mrx"}
		rules["workflows/"+strings.TrimPrefix(room, "activities/")] = throughSteps
	}
	rules["workflows/reconciliation"] = append(slices.Clone(throughSteps), "workflows/payermail") // through refunds
	for _, name := range slices.Concat(domain, []string{"workflows/contract", "activities", "api", "internal/postgres", "internal/booking"}) {
		rules[name] = []string{"internal/camt", "internal/mrx"} // through internal/settlement
	}
	return rules
}()

// neverImports names packages of others that would bring I/O where none belongs; directly, tests aside.
var neverImports = map[string][]string{
	"workflows":         {"net", "net/http", "os", "os/exec", "database/sql", "math/rand", "math/rand/v2", "crypto/rand"},
	"internal/calendar": {"net", "net/http", "os", "database/sql"},
	"internal/invoice":  {"net", "net/http", "os", "database/sql"},
	"internal/ledger":   {"net", "net/http", "os", "database/sql"},
	"internal/money":    {"net", "net/http", "os", "database/sql"},
	"internal/payment":  {"net", "net/http", "os", "database/sql"},
	"internal/qrbill":   {"net", "net/http", "os", "database/sql"},
	"internal/vat":      {"net", "net/http", "os", "database/sql"},
}

// neverReaches names packages that must not be linked in at all, not even through others.
var neverReaches = func() map[string][]string {
	rules := map[string][]string{
		"workflows":  {"github.com/jackc/pgx"},
		"activities": {"github.com/jackc/pgx"},
		"api":        {"github.com/jackc/pgx", module + "activities", module + "internal/saferpay"},
	}
	for _, name := range domain {
		rules[name] = []string{"github.com/jackc/pgx", "go.temporal.io"}
	}
	return rules
}()

// wallClock are the functions of package time whose answer depends on when they are called.
var wallClock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}

// timeless packages run inside workflows, where only the workflow's own clock may be asked.
var timeless = []string{"workflows", "internal/calendar", "internal/invoice", "internal/ledger", "internal/money", "internal/payment", "internal/qrbill", "internal/vat"}

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
		for _, dep := range p.Deps {
			ours, isOurs := strings.CutPrefix(dep, module)
			if !isOurs || within(ours, rule) || slices.Contains(mayImport[rule], everything) {
				continue
			}
			target, _ := governing(ours, slices.Collect(maps.Keys(mayImport)))
			if slices.Contains(p.Imports, dep) {
				assert.Contains(t, mayImport[rule], target, "%s must not import %s", p.name(), ours)
			} else {
				assert.Contains(t, slices.Concat(mayImport[rule], mayReach[rule]), target, "%s must not reach %s, not even through others", p.name(), ours)
			}
		}
	}
}

func TestNothingThatIsShippedReachesWhatIsNot(t *testing.T) {
	t.Parallel()
	all := packages(t)
	shipped := slices.IndexFunc(all, func(p listed) bool { return p.name() == "cmd/quittance" })
	require.GreaterOrEqual(t, shipped, 0)
	for _, dep := range all[shipped].Deps {
		assert.False(t, within(dep, module+"internal/testing"), "the product must not reach %s, not even through others", dep)
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

func TestOnlyTheTableOfMethodsKnowsThemByName(t *testing.T) {
	t.Parallel()
	var names []string
	for _, m := range payment.Methods {
		names = append(append(names, string(m)), m.SaferpayNames()...)
	}
	for _, p := range packages(t) {
		if within(p.name(), "internal/payment") || within(p.name(), "internal/testing") { // the simulator plays Saferpay
			continue
		}
		for _, name := range p.GoFiles {
			if strings.HasSuffix(name, ".gen.go") {
				continue // from openapi.yaml, which a test of its own compares with the table
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.Inspect(file, func(node ast.Node) bool {
				switch n := node.(type) {
				case *ast.BasicLit:
					text, err := strconv.Unquote(n.Value)
					assert.False(t, err == nil && slices.Contains(names, text), "%s: ask internal/payment about a method, don't compare it with %s", files.Position(n.Pos()), n.Value)
				case *ast.SelectorExpr:
					from, ok := n.X.(*ast.Ident)
					named := ok && from.Name == "payment" && slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, n.Sel.Name) })
					assert.False(t, named, "%s: ask internal/payment about a method, don't compare it with payment.%s", files.Position(n.Pos()), n.Sel.Name)
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
