package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

var today = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func TestOnlyWhatAPersonEnteredIsReversedByHand(t *testing.T) {
	t.Parallel()
	for _, kind := range ledger.SourceKinds {
		e := ledger.Entry{ID: "jre_1", Date: today, Source: ledger.Source{Kind: kind, ID: "x"}}
		_, err := ledger.Reversal{Entry: e, Language: "de", Day: today}.Book()
		if kind == ledger.FromManual {
			require.NoError(t, err)
			continue
		}
		assert.Equal(t, problem.EntryNotReversible, problem.CodeOf(err), kind)
	}
}

func TestAReversalSaysWhatItTakesBack(t *testing.T) {
	t.Parallel()
	e := ledger.Entry{
		ID: "jre_1", Sequence: 42, Date: today, Text: "Frais", Source: ledger.Source{Kind: ledger.FromManual, ID: "man_1"},
		Lines: []ledger.Line{ledger.Debit("6940", money.MustParse("5.00", money.CHF)), ledger.Credit("1020", money.MustParse("5.00", money.CHF))},
	}
	back, err := ledger.Reversal{Entry: e, Language: "fr", Day: today.AddDate(0, 0, 1), By: "key_1"}.Book()
	require.NoError(t, err)
	assert.Equal(t, "Contre-passation de l’écriture 42: Frais", back.Text)
	assert.Equal(t, ledger.Source{Kind: ledger.FromReversal, ID: "jre_1"}, back.Source)
	assert.Equal(t, "jre_1", back.Reverses)
	assert.Equal(t, "key_1", back.By)

	back, err = ledger.Reversal{Entry: e, Language: "fr", Day: today, Text: "Saisie à double"}.Book()
	require.NoError(t, err)
	assert.Equal(t, "Saisie à double", back.Text)

	_, err = ledger.Reversal{Entry: e, Language: "fr", Day: today.AddDate(0, 0, -1)}.Book()
	assert.Equal(t, problem.Invalid, problem.CodeOf(err), "nothing is taken back before it was booked")
}

func TestAnEntryAndItsReversalCancelEachOtherOnEveryAccount(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := ledger.Entry{Source: ledger.Source{Kind: ledger.FromManual, ID: "man_1"}}
		total := money.Zero(money.EUR)
		for _, minor := range rapid.SliceOfN(rapid.Int64Range(1, 1_000_000), 1, 5).Draw(t, "debits") {
			amount := money.FromMinor(minor, money.EUR)
			total = total.Add(amount)
			e.Lines = append(e.Lines, ledger.Debit(rapid.SampledFrom([]string{"1020", "1029", "6940"}).Draw(t, "account"), amount))
		}
		e.Lines = append(e.Lines, ledger.Credit("1020", total))
		back, err := ledger.Reversal{Entry: e, Language: "it"}.Book()
		require.NoError(t, err)
		require.NoError(t, back.Check())
		sums := map[string]money.Amount{}
		for _, l := range append(e.Lines, back.Lines...) {
			if _, ok := sums[l.Account]; !ok {
				sums[l.Account] = money.Zero(money.EUR)
			}
			sums[l.Account] = sums[l.Account].Add(l.Debit).Sub(l.Credit)
		}
		for account, sum := range sums {
			assert.True(t, sum.IsZero(), account)
		}
	})
}

func TestTheBooksAreOpenFromTheDayAfterTheyAreClosed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		closedUntil := today.AddDate(0, 0, rapid.IntRange(-40, 40).Draw(t, "closed until"))
		e := ledger.Entry{Date: today, Source: ledger.Source{Kind: rapid.SampledFrom(ledger.SourceKinds).Draw(t, "kind"), ID: "x"}}
		booked, err := e.InOpenPeriod(closedUntil)
		byHand := e.Source.Kind == ledger.FromManual || e.Source.Kind == ledger.FromReversal
		switch {
		case closedUntil.Before(today):
			require.NoError(t, err)
			assert.Equal(t, e, booked)
		case byHand:
			assert.Equal(t, problem.PeriodClosed, problem.CodeOf(err))
		default:
			require.NoError(t, err)
			assert.Equal(t, closedUntil.AddDate(0, 0, 1), booked.Date)
			assert.Equal(t, today, booked.HappenedOn())
		}
	})
	booked, err := ledger.Entry{Date: today}.InOpenPeriod(time.Time{})
	require.NoError(t, err)
	assert.Equal(t, today, booked.Date, "books that were never closed")
}
