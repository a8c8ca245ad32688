package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mostMethods is how many methods an interface may have, with those of the interfaces of ours that it embeds.
const mostMethods = 15

func TestNoInterfaceIsWide(t *testing.T) {
	t.Parallel()
	all := parseProduct(t)
	seen := 0
	for _, f := range all.files {
		ast.Inspect(f.syntax, func(node ast.Node) bool {
			if i, ok := node.(*ast.InterfaceType); ok {
				seen++
				methods := all.methods(f, i)
				assert.LessOrEqual(t, len(methods), mostMethods, "%s: split this interface by what each of its users needs",
					all.positions.Position(i.Pos()))
			}
			return true
		})
	}
	assert.Greater(t, seen, 20, "the interfaces of the product are found")
}

// The API asks for its part of a transaction at run time, see inCompany and answered. A part that internal/app checks can't be missing then.
func TestTransactionsOfTheAPIAreCheckedAtCompileTime(t *testing.T) {
	t.Parallel()
	all := parseProduct(t)
	asked, checked := map[string]bool{}, map[string]bool{}
	for _, f := range all.files {
		ast.Inspect(f.syntax, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CallExpr:
				if called, ok := node.Fun.(*ast.Ident); ok && f.pkg == "api" && (called.Name == "inCompany" || called.Name == "answered") {
					fn, ok := node.Args[len(node.Args)-1].(*ast.FuncLit)
					require.True(t, ok, "%s: %s is called with a function literal", all.positions.Position(node.Pos()), called.Name)
					asked[fn.Type.Params.List[0].Type.(*ast.Ident).Name] = true
				}
			case *ast.ValueSpec: // _ api.InvoicesTx = (*postgres.Tx)(nil)
				if from, ok := node.Type.(*ast.SelectorExpr); ok && f.pkg == "internal/app" && node.Names[0].Name == "_" {
					checked[from.Sel.Name] = true
				}
			}
			return true
		})
	}
	require.NotEmpty(t, asked)
	assert.Subset(t, slices.Collect(maps.Keys(checked)), slices.Sorted(maps.Keys(asked)), "add what is missing to the checks in internal/app/api.go")
}

// product is the source of the module without tests and generated files.
type product struct {
	positions *token.FileSet
	files     []source
	types     map[string]declared // by package and name, such as internal/booking.Tx
}

type source struct {
	pkg    string
	syntax *ast.File
}

type declared struct {
	in   source
	what ast.Expr
}

func parseProduct(t *testing.T) product {
	t.Helper()
	all := product{positions: token.NewFileSet(), types: map[string]declared{}}
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			syntax, err := parser.ParseFile(all.positions, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			require.NoError(t, err)
			if ast.IsGenerated(syntax) {
				continue
			}
			f := source{p.name(), syntax}
			all.files = append(all.files, f)
			ast.Inspect(syntax, func(node ast.Node) bool {
				if spec, ok := node.(*ast.TypeSpec); ok {
					all.types[f.pkg+"."+spec.Name.Name] = declared{f, spec.Type}
				}
				return true
			})
		}
	}
	return all
}

// methods returns the names of the methods of the interface that expr stands for in file f; none for one that isn't ours.
func (p product) methods(f source, expr ast.Expr) map[string]bool {
	names := map[string]bool{}
	switch expr := expr.(type) {
	case *ast.InterfaceType:
		for _, field := range expr.Methods.List {
			for _, name := range field.Names {
				names[name.Name] = true
			}
			if len(field.Names) == 0 {
				maps.Copy(names, p.methods(f, field.Type)) // embedded
			}
		}
	case *ast.Ident:
		if d, ok := p.types[f.pkg+"."+expr.Name]; ok {
			return p.methods(d.in, d.what)
		}
	case *ast.SelectorExpr:
		if d, ok := p.types[f.imported(expr.X)+"."+expr.Sel.Name]; ok {
			return p.methods(d.in, d.what)
		}
	case *ast.IndexExpr: // of a generic interface
		return p.methods(f, expr.X)
	}
	return names
}

// imported returns which package of ours the name stands for in the file, or "".
func (f source) imported(name ast.Expr) string {
	id, ok := name.(*ast.Ident)
	if !ok {
		return ""
	}
	for _, spec := range f.syntax.Imports {
		quoted, err := strconv.Unquote(spec.Path.Value)
		ours, isOurs := strings.CutPrefix(quoted, module)
		known := path.Base(quoted)
		if spec.Name != nil {
			known = spec.Name.Name
		}
		if err == nil && isOurs && known == id.Name {
			return ours
		}
	}
	return ""
}
