package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/problem"
)

// awaitedBy makes a workflow wait for the decision on a new exception.
func awaitedBy(workflowID string) func(*exception.Exception) {
	return func(e *exception.Exception) { e.WorkflowID = workflowID }
}

func TestDecisionGoesToTheWorkflowThatWaitsForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.raise(exception.CaptureUnclear, id.New(id.Payment), awaitedBy("invoice/inv_1"))
	shown := w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, map[string]any{
		"id": e.ID, "kind": "capture_unclear", "subject": e.Subject, "detail": e.Detail, "choices": []any{"try_again", "it_did_not"},
		"status": "open", "raised_at": "2026-11-22T11:00:00Z",
	}, shown)

	resolve := "/exceptions/" + e.ID + "/resolve"
	resolved := w.call("POST", resolve, w.key, `{"choice":"try_again","note":"It isn't in the Backoffice."}`).json(http.StatusOK)
	assert.Equal(t, []any{"resolved", "2026-11-22T11:00:00Z", "try_again", "It isn't in the Backoffice.", w.keyID},
		[]any{resolved["status"], resolved["resolved_at"], resolved["choice"], resolved["note"], resolved["resolved_by"]})
	assert.Equal(t, []string{"resolve invoice/inv_1"}, w.commands.seen())
	assert.Equal(t, resolved, w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK))

	again := w.call("POST", resolve, w.key, `{"choice":"try_again"}`).json(http.StatusOK)
	assert.Equal(t, resolved, again, "deciding the same again changes nothing")
	w.call("POST", resolve, w.key, `{"choice":"it_did_not"}`).problem(http.StatusConflict, "exception-resolved")
	assert.Len(t, w.commands.seen(), 1, "the workflow heard of it once")
}

func TestDecisionThatNobodyWaitsForIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.raise(exception.DoublePayment, id.New(id.Payment))
	resolved := w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"it_did_not"}`).json(http.StatusOK)
	assert.Equal(t, []any{"resolved", "it_did_not", w.keyID}, []any{resolved["status"], resolved["choice"], resolved["resolved_by"]})
	assert.NotContains(t, resolved, "note")
	w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"try_again"}`).problem(http.StatusConflict, "exception-resolved")
	assert.Empty(t, w.commands.seen())
}

func TestDecisionMustBeOneOfTheChoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.raise(exception.CaptureUnclear, id.New(id.Payment), awaitedBy("invoice/inv_1"))
	for body, field := range map[string]string{
		`{"choice":"keep"}`:                      "choice", // of another kind
		`{"choice":"cleared_up"}`:                "choice", // not a person's
		`{"note":"?"}`:                           "choice",
		`{"choice":"try_again","note":"\u0000"}`: "note",
		`{"choice":"try_again","by":"somebody"}`: "by",
	} {
		refused := w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, body)
		assert.Equal(t, []string{field}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"), body)
	}
	assert.Empty(t, w.commands.seen())
	assert.Equal(t, "open", w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK)["status"])
}

func TestDecisionThatTheWorkflowDidNotTakeIsNotRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.raise(exception.CaptureUnclear, id.New(id.Payment), awaitedBy("invoice/inv_1"))
	w.commands.err = problem.New(problem.Unavailable, "It was not answered in time and may still be done; look again in a moment.")
	w.call("POST", "/exceptions/"+e.ID+"/resolve", w.key, `{"choice":"try_again"}`).problem(http.StatusServiceUnavailable, "temporarily-unavailable")
	assert.Equal(t, "open", w.call("GET", "/exceptions/"+e.ID, w.key, nil).json(http.StatusOK)["status"])
}

func TestExceptionsAreListedByWhatIsToBeDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	payment := id.New(id.Payment)
	first, second, third := w.raise(exception.CaptureUnclear, payment), w.raise(exception.DoublePayment, payment), w.raise(exception.DoublePayment, id.New(id.Payment))
	w.call("POST", "/exceptions/"+second.ID+"/resolve", w.key, `{"choice":"try_again"}`).json(http.StatusOK)
	for query, want := range map[string][]string{
		"":                            {third.ID, second.ID, first.ID},
		"?open=true":                  {third.ID, first.ID},
		"?open=false":                 {second.ID},
		"?kind=double_payment":        {third.ID, second.ID},
		"?subject=" + payment:         {second.ID, first.ID},
		"?limit=1":                    {third.ID},
		"?limit=1&cursor=" + third.ID: {second.ID},
	} {
		var got []string
		for _, item := range w.call("GET", "/exceptions"+query, w.key, nil).json(http.StatusOK)["data"].([]any) {
			got = append(got, item.(map[string]any)["id"].(string))
		}
		assert.Equal(t, want, got, query)
	}
}
