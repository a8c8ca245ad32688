// Package mutation finds the steps and waits of the workflows, and writes code in which each can be left out or done later. With it a
// test shows that the committed histories and the tests of the workflows notice a step that is lost or moved.
package mutation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const (
	module    = "github.com/quittance/quittance"
	workflows = module + "/workflows/"
	switches  = module + "/internal/testing/mutant"
)

// Mutant is one change of a workflow.
type Mutant struct {
	Number int    // from 1
	Room   string // the folder below workflows
	Name   string // such as "refunding send: without do.SendRefund"
}

// room is the source of one package.
type room struct {
	name  string
	files []*ast.File
	info  types.Info
}

// Source is the source of some rooms.
type Source struct {
	set     *token.FileSet
	texts   map[string][]byte // by file
	rooms   []room
	steps   map[string]bool // functions that take a step, by their full names
	mutants []Mutant
	known   map[string]int // how many mutants have a name
}

// Read reads the rooms of the module in a folder, such as "refunding" and "internal/flow", and finds their steps. Build are the flags
// with which the module is built.
func Read(ctx context.Context, folder string, build []string, rooms ...string) (*Source, error) {
	imports, err := exports(ctx, folder, build)
	if err != nil {
		return nil, fmt.Errorf("find what the workflows import: %w", err)
	}
	s := &Source{set: token.NewFileSet(), texts: map[string][]byte{}, steps: map[string]bool{}, known: map[string]int{}}
	compiled := importer.ForCompiler(s.set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(imports[path]) })
	for _, name := range rooms {
		r := room{name: name, info: types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{}}}
		files, err := filepath.Glob(filepath.Join(folder, "workflows", name, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range slices.DeleteFunc(files, func(file string) bool { return strings.HasSuffix(file, "_test.go") }) {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			parsed, err := parser.ParseFile(s.set, file, text, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			s.texts[file] = text
			r.files = append(r.files, parsed)
		}
		if _, err := (&types.Config{Importer: compiled}).Check(workflows+name, s.set, r.files, &r.info); err != nil {
			return nil, err
		}
		s.rooms = append(s.rooms, r)
	}
	s.findSteps()
	return s, nil
}

// exports returns the compiled form of every package that the workflows import, by path.
func exports(ctx context.Context, folder string, build []string) (map[string]string, error) {
	arguments := slices.Concat([]string{"list", "-export", "-deps", "-json=ImportPath,Export"}, build, []string{"./workflows/..."})
	list := exec.CommandContext(ctx, "go", arguments...)
	list.Dir = folder
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var of struct{ ImportPath, Export string }
		err := decoder.Decode(&of)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		found[of.ImportPath] = of.Export
	}
}

// sdk are the steps and waits that Temporal's SDK has: functions, and methods of its types.
var sdk = []string{
	"ExecuteActivity", "ExecuteLocalActivity", "ExecuteChildWorkflow", "SignalExternalWorkflow", "NewContinueAsNewError", "SideEffect", "GetVersion",
	"UpsertTypedSearchAttributes", "NewTimerWithOptions", "NewTimer", "Sleep", "Await", "AwaitWithOptions", "Go", "SetUpdateHandlerWithOptions",
	"Get", "Lock", "TryLock", "Receive", "Select", "AddReceive",
}

// findSteps finds the functions that take a step, or call one that does.
func (s *Source) findSteps() {
	for more := true; more; {
		more = false
		for _, r := range s.rooms {
			for _, file := range r.files {
				for _, d := range file.Decls {
					f, ok := d.(*ast.FuncDecl)
					if !ok || f.Body == nil {
						continue
					}
					of, _ := r.info.Defs[f.Name].(*types.Func)
					if !s.steps[of.FullName()] && s.first(r, f.Body) != nil {
						s.steps[of.FullName()], more = true, true
					}
				}
			}
		}
	}
}

// first returns the first step below a node, or nil.
func (s *Source) first(r room, in ast.Node) (found *ast.CallExpr) {
	ast.Inspect(in, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && found == nil && s.isStep(r, call) {
			found = call
		}
		return found == nil
	})
	return found
}

// isStep reports whether a call is a step: one of the SDK, of a function that takes one, or of a function that was passed on, such as the
// step that is retried.
func (s *Source) isStep(r room, call *ast.CallExpr) bool {
	name, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if selected, is := ast.Unparen(call.Fun).(*ast.SelectorExpr); is {
		name, ok = selected.Sel, true
	}
	if !ok {
		return false
	}
	switch of := r.info.Uses[name].(type) {
	case *types.Func:
		if of.Pkg() != nil && strings.HasPrefix(of.Pkg().Path(), "go.temporal.io/sdk/") {
			return slices.Contains(sdk, of.Name()) && !strings.Contains(of.FullName(), "EncodedValue")
		}
		return s.steps[of.FullName()]
	case *types.Var:
		signature, ok := of.Type().Underlying().(*types.Signature)
		return ok && (strings.HasSuffix(of.Type().String(), ".CancelFunc") || has(signature.Params(), "Context") || has(signature.Results(), "error"))
	default:
		return false
	}
}

// listens reports whether a step only says what is done with messages, so that its place among others of the same task does not matter.
func (s *Source) listens(step *ast.CallExpr) bool {
	selected, ok := step.Fun.(*ast.SelectorExpr)
	return ok && slices.Contains([]string{"SetUpdateHandlerWithOptions", "AddReceive", "Listen", "listen"}, selected.Sel.Name)
}

// has reports whether one of the values has a type of that name.
func has(values *types.Tuple, name string) bool {
	for v := range values.Variables() {
		if path.Ext("."+v.Type().String()) == "."+name {
			return true
		}
	}
	return false
}

// text returns the source between two places of a file.
func (s *Source) text(from, to token.Pos) string {
	file := s.set.File(from)
	return string(s.texts[file.Name()][file.Offset(from):file.Offset(to)])
}

// mutant makes a mutant with a name of its own.
func (s *Source) mutant(r room, function, change string) int {
	name := r.name + " " + function + ": " + change
	s.known[name]++
	if again := s.known[name]; again > 1 {
		name += fmt.Sprintf(" (%d)", again)
	}
	s.mutants = append(s.mutants, Mutant{Number: len(s.mutants) + 1, Room: r.name, Name: name})
	return len(s.mutants)
}

// label says what a step does: what it calls, or the activity that it runs.
func (s *Source) label(call *ast.CallExpr) string {
	called := s.text(call.Fun.Pos(), call.Fun.End())
	if selected, ok := call.Fun.(*ast.SelectorExpr); ok && selected.Sel.Name == "Get" {
		if inner, ok := selected.X.(*ast.CallExpr); ok {
			return "waiting for " + s.label(inner)
		}
	}
	for _, argument := range call.Args {
		if selected, ok := argument.(*ast.SelectorExpr); ok {
			if of, ok := selected.X.(*ast.Ident); ok && slices.Contains([]string{"do", "escalations", "schedules", "contract"}, of.Name) {
				return s.text(argument.Pos(), argument.End())
			}
		}
	}
	return strings.Join(strings.Fields(called), " ")
}
