package exception_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/problem"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func newException() exception.Exception {
	return exception.New(exception.Exception{
		Kind: exception.CaptureUnclear, Subject: "pay_1", Choices: []exception.Choice{exception.TryAgain, exception.DidNotHappen},
	}, noon.In(time.FixedZone("CEST", 7200)))
}

func TestNewExceptionIsOpen(t *testing.T) {
	t.Parallel()
	e := newException()
	assert.True(t, id.Valid(id.Exception, e.ID))
	assert.Equal(t, noon, e.RaisedAt, "in UTC")
	assert.True(t, e.Open())
	assert.Equal(t, "exc_1", exception.New(exception.Exception{ID: "exc_1"}, noon).ID, "an id that it has is kept")
}

func TestDecisionSaysWhatWhyWhoAndWhen(t *testing.T) {
	t.Parallel()
	e := newException()
	require.NoError(t, e.Resolve(exception.DidNotHappen, "Nothing in the Backoffice", "key_1", noon.Add(time.Hour)))
	assert.False(t, e.Open())
	assert.Equal(t, exception.DidNotHappen, e.Choice)
	assert.Equal(t, []string{"Nothing in the Backoffice", "key_1"}, []string{e.Note, e.ResolvedBy})
	assert.Equal(t, noon.Add(time.Hour), e.ResolvedAt)
}

func TestOnlyAnOfferedChoiceDecides(t *testing.T) {
	t.Parallel()
	for _, choice := range []exception.Choice{exception.Keep, exception.Acknowledge, "", "nonsense"} {
		e := newException()
		before := e
		var p *problem.Error
		require.ErrorAs(t, e.Resolve(choice, "", "key_1", noon), &p, choice)
		assert.Equal(t, problem.Invalid, p.Code)
		assert.Equal(t, "choice", p.Fields[0].Name)
		assert.Equal(t, before, e)
	}
}

func TestWhatClearsUpByItselfNeedsNoOfferedChoice(t *testing.T) {
	t.Parallel()
	e := newException()
	require.NoError(t, e.Resolve(exception.ClearedUp, "The step worked in the end.", "quittance", noon))
	assert.Equal(t, exception.ClearedUp, e.Choice)
}

func TestFirstDecisionStands(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := newException()
		choices := rapid.SliceOf(rapid.SampledFrom([]exception.Choice{
			exception.TryAgain, exception.DidNotHappen, exception.ClearedUp, exception.Keep,
		})).Draw(t, "choices")
		for i, choice := range choices {
			before := e
			err := e.Resolve(choice, rapid.String().Draw(t, "note"), rapid.String().Draw(t, "by"), noon.Add(time.Duration(i)*time.Minute))
			if before.Open() {
				assert.Equal(t, choice == exception.Keep, problem.CodeOf(err) == problem.Invalid)
				assert.Equal(t, err == nil, !e.Open())
				continue
			}
			assert.Equal(t, before, e)
			assert.Equal(t, before.Choice != choice, problem.CodeOf(err) == problem.ExceptionResolved)
		}
	})
}

func TestEveryChoiceSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	for _, kind := range exception.Kinds {
		for _, choice := range exception.Choices {
			assert.NotEmpty(t, exception.Exception{Kind: kind}.Meaning(choice), "%s of %s", choice, kind)
		}
	}
}
