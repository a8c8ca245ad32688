package shoptest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/ledger"
)

// ErrorType returns the type under which Temporal knows the error, and whether it would try again.
func ErrorType(t *testing.T, err error) (string, bool) {
	t.Helper()
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	require.True(t, ok, "%v", err)
	return app.Type(), !app.NonRetryable()
}

// Lines returns the lines of an entry as people write them.
func Lines(e ledger.Entry) (list []string) {
	for _, l := range e.Lines {
		if l.Debit.IsPositive() {
			list = append(list, l.Account+" debit "+l.Debit.String())
		} else {
			list = append(list, l.Account+" credit "+l.Credit.String())
		}
	}
	return list
}

// Count returns how often an event of the type was written.
func Count(types []event.Type, t event.Type) (n int) {
	for _, one := range types {
		if one == t {
			n++
		}
	}
	return n
}
