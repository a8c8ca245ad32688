// Package flowtest is what tests of workflows share: answers of updates, and what every random run has around its workflow.
package flowtest

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/workflows/contract"
)

// ErrRefused is a definite no from Saferpay.
var ErrRefused = temporal.NewNonRetryableApplicationError("Saferpay said no", activities.SaferpayRefused, nil)

// Answer is what became of an update.
type Answer[T any] struct {
	Value    T
	Err      error // as contract.Problem reads it
	Answered bool
}

// Callback collects the answer of an update.
func Callback[T any](a *Answer[T]) *testsuite.TestUpdateCallback {
	return &testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { a.Err, a.Answered = contract.Problem(err), true },
		OnComplete: func(v any, err error) {
			a.Err, a.Answered = contract.Problem(err), true
			if err == nil {
				a.Value, _ = v.(T)
			}
		},
	}
}

// NoBareStrings fails when an argument or result of one of the functions, or of a method of one of the structs with steps, is a
// bare string: that would stay readable in Temporal Web, where only summaries may be, see internal/temporalkit.
func NoBareStrings(t *testing.T, functions map[string]any, steps ...any) {
	t.Helper()
	for _, s := range steps {
		typ := reflect.TypeOf(s)
		for m := range typ.Methods() {
			functions[typ.Elem().Name()+"."+m.Name] = reflect.ValueOf(s).MethodByName(m.Name).Interface()
		}
	}
	assert.NotEmpty(t, functions)
	for name, function := range functions {
		typ := reflect.TypeOf(function)
		for in := range typ.Ins() {
			assert.NotEqual(t, reflect.String, in.Kind(), "an argument of %s", name)
		}
		for out := range typ.Outs() {
			assert.NotEqual(t, reflect.String, out.Kind(), "a result of %s", name)
		}
	}
}
