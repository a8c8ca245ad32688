// Package mutant is how a test leaves out a step of a workflow, or does it later. Only code that internal/testing/mutation writes calls
// it, for tests.
package mutant

import (
	"os"
	"reflect"
	"strconv"

	"go.temporal.io/sdk/workflow"
)

// Variable names the mutant that is alive in a process. Without it there is none.
const Variable = "QUITTANCE_MUTANT"

var alive, _ = strconv.Atoi(os.Getenv(Variable))

// On reports whether the mutant of that number, from 1, is alive.
func On(number int) bool { return number == alive }

// Skip returns a step, or while the mutant of that number is alive, a function that does nothing in its place: it returns zero values,
// no error, and futures that are ready.
func Skip[F any](number int, step F) F {
	if !On(number) {
		return step
	}
	kind := reflect.TypeFor[F]()
	skipped, _ := reflect.MakeFunc(kind, func(arguments []reflect.Value) (results []reflect.Value) {
		for result := range kind.Outs() {
			value := reflect.New(result).Elem()
			if done := reflect.ValueOf(ready{arguments}); result.Kind() == reflect.Interface && result.NumMethod() > 1 && done.Type().Implements(result) {
				value.Set(done)
			}
			results = append(results, value)
		}
		return results
	}).Interface().(F)
	return skipped
}

// ready is the future of a step that was skipped.
type ready struct{ arguments []reflect.Value }

var _ workflow.ChildWorkflowFuture = ready{}

func (r ready) Get(workflow.Context, any) error                                   { return nil }
func (r ready) IsReady() bool                                                     { return true }
func (r ready) GetChildWorkflowExecution() workflow.Future                        { return r }
func (r ready) SignalChildWorkflow(workflow.Context, string, any) workflow.Future { return r }
