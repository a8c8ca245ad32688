package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

// turnovers draws what was booked on a few accounts, each at most once per currency.
func turnovers(t *rapid.T, label string) []ledger.Turnover {
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) ledger.Turnover {
		c := rapid.SampledFrom([]money.Currency{money.CHF, money.EUR}).Draw(t, "currency")
		return ledger.Turnover{
			Account: rapid.SampledFrom([]string{"1020", "1029", "1100", "6940"}).Draw(t, "account"),
			Debit:   money.FromMinor(rapid.Int64Range(0, 3).Draw(t, "debit"), c), Credit: money.FromMinor(rapid.Int64Range(0, 3).Draw(t, "credit"), c),
		}
	}), 0, 8, func(t ledger.Turnover) string { return t.Account + string(t.Debit.Currency()) }).Draw(t, label)
}

func TestEverythingThatStoodOrMovedIsOnASheetAndNothingElse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, within := turnovers(t, "before"), turnovers(t, "within")
		sum := map[string]int64{}
		for _, turnover := range append(before, within...) {
			sum[turnover.Account+string(turnover.Debit.Currency())] += turnover.Balance().Minor()
		}
		sheets := ledger.Sheets(before, within)
		seen := map[string]bool{}
		for i, s := range sheets {
			name := s.Account + string(s.Opening.Currency())
			require.False(t, seen[name], "an account has one sheet per currency")
			seen[name] = true
			assert.Equal(t, sum[name], s.Closing().Minor(), name)
			if i > 0 {
				assert.Less(t, sheets[i-1].Account+string(sheets[i-1].Opening.Currency()), name, "by account and currency")
			}
		}
		for _, turnover := range before {
			assert.True(t, turnover.Balance().IsZero() || seen[turnover.Account+string(turnover.Debit.Currency())])
		}
		for _, turnover := range within {
			assert.True(t, seen[turnover.Account+string(turnover.Debit.Currency())])
		}
	})
}
