package api_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/problem"
)

// problemCodes reads the closed set of problems from its source, so that none can be left out of the test.
func problemCodes(t *testing.T) (codes []problem.Code) {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), "../internal/problem/problem.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			codes = append(codes, problem.Code(code))
		}
		return true
	})
	require.Greater(t, len(codes), 20)
	return codes
}

func TestEveryProblemHasItsOwnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issue := "/invoices/" + w.newInvoice(invoice.Draft).ID + "/issue"
	specification, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	listed := specification.Components.Schemas["ProblemType"].Value.Enum
	titles := map[any]problem.Code{}
	for _, code := range problemCodes(t) {
		w.commands.err = problem.New(code, "It can't be done.")
		var told map[string]any
		a := w.call("POST", issue, w.key, nil)
		told = a.json(a.Code)
		a.problem(a.Code, string(code))
		assert.GreaterOrEqual(t, a.Code, http.StatusBadRequest, code)
		assert.Contains(t, listed, told["type"], "openapi.yaml lists it")
		assert.Empty(t, titles[told["title"]], "%s has a title of its own", code)
		titles[told["title"]] = code
	}
}
