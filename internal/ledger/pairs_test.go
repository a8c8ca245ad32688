package ledger_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

func TestAPayoutIsWhatCameAndItsFeeAgainstTheSystemAccount(t *testing.T) {
	t.Parallel()
	chf := func(value string) money.Amount { return money.MustParse(value, money.CHF) }
	e := ledger.Entry{Lines: []ledger.Line{
		ledger.Debit("1020", chf("98.70")), ledger.Debit("6940", chf("1.30")), ledger.Credit("1029", chf("60.00")), ledger.Credit("1029", chf("40.00")),
	}}
	assert.Equal(t, []ledger.Pair{{"1020", "1029", chf("60.00")}, {"1020", "1029", chf("38.70")}, {"6940", "1029", chf("1.30")}}, e.Pairs())
}

func TestPairsMoveOnEveryAccountWhatTheEntryMoves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := balancedEntry(t)
		type key struct {
			account  string
			currency money.Currency
		}
		moved := map[key]int64{}
		for _, l := range e.Lines {
			moved[key{l.Account, l.Debit.Currency()}] += l.Debit.Minor() - l.Credit.Minor()
		}
		pairs := e.Pairs()
		for _, p := range pairs {
			assert.True(t, p.Amount.IsPositive(), p)
			moved[key{p.Debit, p.Amount.Currency()}] -= p.Amount.Minor()
			moved[key{p.Credit, p.Amount.Currency()}] += p.Amount.Minor()
		}
		for k, left := range moved {
			assert.Zero(t, left, k)
		}
		assert.Less(t, len(pairs), len(e.Lines))
	})
}

func TestValuesOfPairsAddUpToThatOfTheWholeEntry(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := balancedEntry(t)
		rates := ledger.Rates{money.EUR: decimal.New(rapid.Int64Range(1, 2_000_000).Draw(t, "rate"), -6)}
		pairs := e.Pairs()
		whole := map[money.Currency]money.Amount{money.CHF: money.Zero(money.CHF), money.EUR: money.Zero(money.EUR)}
		worth := map[money.Currency]money.Amount{money.CHF: money.Zero(money.CHF), money.EUR: money.Zero(money.CHF)}
		for i, value := range rates.Values(pairs) {
			assert.False(t, value.IsNegative())
			currency := pairs[i].Amount.Currency()
			whole[currency], worth[currency] = whole[currency].Add(pairs[i].Amount), worth[currency].Add(value)
		}
		assert.Equal(t, whole[money.CHF], worth[money.CHF])
		assert.True(t, whole[money.EUR].In(money.CHF, rates[money.EUR]).Equal(worth[money.EUR]))
		for _, value := range (ledger.Rates{}).Values(pairs) {
			assert.NotEqual(t, money.EUR, value.Currency())
		}
	})
}

// balancedEntry draws an entry of one or two currencies, in any order of its lines.
func balancedEntry(t *rapid.T) ledger.Entry {
	accounts := rapid.SampledFrom([]string{"1020", "1029", "1100", "2030", "6940"})
	var e ledger.Entry
	for _, currency := range []money.Currency{money.CHF, money.EUR}[:rapid.IntRange(1, 2).Draw(t, "currencies")] {
		var left int64
		for _, minor := range rapid.SliceOfN(rapid.Int64Range(1, 100_000), 1, 6).Draw(t, "lines") {
			line := ledger.Debit(accounts.Draw(t, "account"), money.FromMinor(minor, currency))
			if rapid.Bool().Draw(t, "credit") {
				line, minor = ledger.Credit(line.Account, line.Debit), -minor
			}
			e.Lines, left = append(e.Lines, line), left+minor
		}
		switch {
		case left > 0:
			e.Lines = append(e.Lines, ledger.Credit("1100", money.FromMinor(left, currency)))
		case left < 0:
			e.Lines = append(e.Lines, ledger.Debit("1100", money.FromMinor(-left, currency)))
		}
	}
	e.Lines = rapid.Permutation(e.Lines).Draw(t, "order")
	return e
}
