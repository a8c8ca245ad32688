package postgres_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestAnEntryIsReadBackAsItWasSealed(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		e := b.receipt()
		e.Date = day.Add(9 * time.Hour) // a time of day doesn't get in the way of the hash
		first, err := tx.Append(t.Context(), e)
		require.NoError(t, err)
		filled(t, first, "Reverses", "PreviousHash", "ValueDate", "By", "ReversedBy", "Rate")
		assert.EqualValues(t, 1, first.Sequence)

		back := ledger.Entry{
			CompanyID: b.company.ID, Date: day, Text: "Back", Source: ledger.Source{Kind: "test", ID: first.ID}, InvoiceID: b.invoice.ID,
			PaymentID: b.payment.ID, Reverses: first.ID, By: id.New(id.APIKey), Rate: decimal.RequireFromString("0.941"),
			Lines: []ledger.Line{
				ledger.Debit(ledger.Receivables, chf("108")), ledger.Credit(ledger.SystemBank, chf("100.5")), ledger.Credit(ledger.SystemBank, chf("7.50")),
				ledger.Debit(ledger.Bank, money.MustParse("0.01", money.EUR)), ledger.Credit(ledger.Prepayments, money.MustParse("0.01", money.EUR)),
			},
		}
		require.NoError(t, tx.CloseBooks(t.Context(), day))
		second, err := tx.Append(t.Context(), back)
		require.NoError(t, err)
		filled(t, second, "ReversedBy")
		assert.Equal(t, first.Hash, second.PreviousHash)
		first.ReversedBy = second.ID

		for _, appended := range []ledger.Entry{first, second} {
			stored, err := tx.Entry(t.Context(), appended.ID)
			require.NoError(t, err)
			same(t, appended, stored)
			stored, found, err := tx.EntryBySource(t.Context(), appended.Source)
			require.NoError(t, err)
			assert.True(t, found)
			same(t, appended, stored)
		}
		_, found, err := tx.EntryBySource(t.Context(), ledger.Source{Kind: ledger.FromPayment, ID: id.New(id.Payment)})
		assert.False(t, found)
		return err
	})
	require.NoError(t, verify(t, store, b.company.ID))
}

func TestASourceIsBookedOnce(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	booked := make([]ledger.Entry, 8)
	concurrently(t, len(booked), func(i int) error {
		return store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) (err error) {
			booked[i], err = tx.Append(t.Context(), b.receipt())
			return err
		})
	})
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		again, err := tx.Append(t.Context(), b.receipt())
		require.NoError(t, err)
		for _, e := range booked {
			same(t, again, e)
		}
		entries, _, err := tx.Journal(t.Context(), listing.Journal{})
		assert.Len(t, entries, 1)
		return err
	})
}

func TestConcurrentEntriesFormOneChainWithoutGaps(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company, other := createCompany(t, store), createCompany(t, store)
	givenUp := errors.New("every third sale is given up")
	const n = 24
	concurrently(t, n, func(i int) error {
		companyID := []string{company.ID, other.ID}[i%2]
		err := store.InCompany(t.Context(), companyID, func(tx *postgres.Tx) error {
			_, err := tx.Append(t.Context(), sale(companyID, fmt.Sprint(i)))
			if err != nil {
				return err
			}
			if i%3 == 0 {
				return givenUp
			}
			return nil
		})
		if errors.Is(err, givenUp) {
			return nil
		}
		return err
	})
	for _, companyID := range []string{company.ID, other.ID} {
		require.NoError(t, verify(t, store, companyID))
		in(t, store, companyID, func(tx *postgres.Tx) error {
			entries, _, err := tx.Journal(t.Context(), listing.Journal{})
			require.Len(t, entries, n/3)
			for i, e := range entries {
				assert.EqualValues(t, i+1, e.Sequence)
			}
			return err
		})
	}
}

func TestOnlyBalancedEntriesOnKnownAccountsAreBooked(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	unbalanced := sale(company.ID, "1")
	unbalanced.Lines[0] = ledger.Debit(ledger.Bank, chf("49.99"))
	err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error { _, err := tx.Append(t.Context(), unbalanced); return err })
	require.ErrorContains(t, err, "Debits and credits in CHF differ")

	unknown := sale(company.ID, "2")
	unknown.Lines[0].Account = "9999"
	err = store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error { _, err := tx.Append(t.Context(), unknown); return err })
	assert.Equal(t, problem.Invalid, problem.CodeOf(err))
	require.ErrorContains(t, err, "accounts of the chart")
}

func TestTheJournalIsListedInTheOrderOfBooking(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	early := sale(b.company.ID, "early")
	early.Date = day.AddDate(0, 0, -1)
	late := sale(b.company.ID, "late")
	late.Date = day.AddDate(0, 0, 1)
	late.Lines = []ledger.Line{ledger.Debit(ledger.ChargesOnBank, chf("1.00")), ledger.Credit(ledger.Bank, chf("1.00"))}
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		for _, e := range []ledger.Entry{late, early, b.receipt()} {
			_, err := tx.Append(t.Context(), e)
			require.NoError(t, err)
		}
		for name, c := range map[string]struct {
			filter listing.Journal
			want   []int64
		}{
			"all":           {listing.Journal{}, []int64{1, 2, 3}},
			"on an account": {listing.Journal{Account: ledger.Bank}, []int64{1, 2}},
			"from a day":    {listing.Journal{From: day}, []int64{1, 3}},
			"until a day":   {listing.Journal{To: day}, []int64{2, 3}},
			"on one day":    {listing.Journal{From: day, To: day}, []int64{3}},
			"of an invoice": {listing.Journal{InvoiceID: b.invoice.ID}, []int64{3}},
			"of a payment":  {listing.Journal{PaymentID: b.payment.ID}, []int64{3}},
			"of a kind":     {listing.Journal{SourceKind: "test"}, []int64{1, 2}},
			"all at once":   {listing.Journal{Account: ledger.Bank, From: day, SourceKind: "test"}, []int64{1}},
		} {
			entries, next, err := tx.Journal(t.Context(), c.filter)
			require.NoError(t, err)
			assert.Empty(t, next)
			var sequences []int64
			for _, e := range entries {
				sequences = append(sequences, e.Sequence)
			}
			assert.Equal(t, c.want, sequences, name)
		}

		first, next, err := tx.Journal(t.Context(), listing.Journal{Account: ledger.Bank, Limit: 1})
		require.NoError(t, err)
		assert.EqualValues(t, 1, first[0].Sequence)
		second, next, err := tx.Journal(t.Context(), listing.Journal{Account: ledger.Bank, Limit: 1, Cursor: next})
		require.NoError(t, err)
		assert.EqualValues(t, 2, second[0].Sequence)
		assert.Empty(t, next)
		_, _, err = tx.Journal(t.Context(), listing.Journal{Cursor: "x"})
		assert.Equal(t, problem.Invalid, problem.CodeOf(err))
		return nil
	})
}

func TestBalancesMayGrowBeyondAnySingleAmount(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		for i := range 3 {
			e := sale(company.ID, fmt.Sprint(i))
			e.Lines = []ledger.Line{ledger.Debit(ledger.Bank, chf("999999999.99")), ledger.Credit(ledger.Receivables, chf("999999999.99"))}
			_, err := tx.Append(t.Context(), e)
			require.NoError(t, err)
		}
		turnovers, err := tx.Turnovers(t.Context(), time.Time{}, time.Time{})
		require.NoError(t, err)
		require.Len(t, turnovers, 2)
		assert.Equal(t, ledger.Bank, turnovers[0].Account)
		assert.Equal(t, "CHF 2999999999.97", turnovers[0].Balance().String())
		assert.Equal(t, "CHF -2999999999.97", turnovers[1].Balance().String())
		return nil
	})
}

func TestBalancesAreThoseOfAnyDay(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		for i := range 5 {
			e := sale(company.ID, fmt.Sprint(i))
			e.Date = day.AddDate(0, 0, i)
			_, err := tx.Append(t.Context(), e)
			require.NoError(t, err)
		}
		for _, c := range []struct {
			from, to int // -1 for no bound
			want     string
		}{{-1, -1, "250.00"}, {-1, 0, "50.00"}, {-1, 2, "150.00"}, {1, 2, "100.00"}, {3, -1, "100.00"}, {9, -1, ""}} {
			bound := func(n int) time.Time {
				if n < 0 {
					return time.Time{}
				}
				return day.AddDate(0, 0, n)
			}
			turnovers, err := tx.Turnovers(t.Context(), bound(c.from), bound(c.to))
			require.NoError(t, err)
			if c.want == "" {
				assert.Empty(t, turnovers)
				continue
			}
			require.Len(t, turnovers, 2)
			assert.Equal(t, ledger.Turnover{Account: ledger.Bank, Debit: chf(c.want), Credit: money.Zero(money.CHF)}.Balance().Value(), turnovers[0].Balance().Value())
			assert.Equal(t, c.want, turnovers[1].Credit.Value())
		}
		return nil
	})
}

func TestAnEntryIsReversedOnce(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	var e ledger.Entry
	in(t, store, company.ID, func(tx *postgres.Tx) (err error) {
		e, err = tx.Append(t.Context(), manual(company.ID, day))
		return err
	})
	reversed := errors.New("somebody else was faster")
	var done atomic.Int32
	concurrently(t, 8, func(int) error {
		err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error {
			locked, err := tx.LockEntry(t.Context(), e.ID)
			if err != nil {
				return err
			}
			if locked.ReversedBy != "" {
				return reversed
			}
			back, err := ledger.Reversal{Entry: locked, Language: "fr", Day: day, By: e.By}.Book()
			require.NoError(t, err)
			_, err = tx.Append(t.Context(), back)
			return err
		})
		if errors.Is(err, reversed) {
			return nil
		}
		done.Add(1)
		return err
	})
	assert.EqualValues(t, 1, done.Load())
	err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error {
		twice := sale(company.ID, "twice")
		twice.Reverses = e.ID
		_, err := tx.Append(t.Context(), twice)
		return err
	})
	require.ErrorContains(t, err, "one_reversal_per_entry", "whoever tries it in whatever way")
}

// balancedLines draws up to three currencies, each with one to four debits that one credit makes up for.
func balancedLines(t *rapid.T) []ledger.Line {
	var lines []ledger.Line
	accounts := rapid.SampledFrom([]string{ledger.Bank, ledger.SystemBank, ledger.Receivables, ledger.Prepayments, ledger.ChargesOnBank})
	currencies := rapid.SliceOfNDistinct(rapid.SampledFrom([]money.Currency{money.CHF, money.EUR, money.USD, money.GBP}), 1, 3, rapid.ID)
	for _, currency := range currencies.Draw(t, "currencies") {
		sum := money.Zero(currency)
		for _, minor := range rapid.SliceOfN(rapid.Int64Range(1, 24_999_999_999), 1, 4).Draw(t, "debits") {
			debit := money.FromMinor(minor, currency)
			sum = sum.Add(debit)
			lines = append(lines, ledger.Debit(accounts.Draw(t, "debited"), debit))
		}
		lines = append(lines, ledger.Credit(accounts.Draw(t, "credited"), sum))
	}
	return lines
}

func TestWhateverIsBookedTheJournalBalancesAndItsChainHolds(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	rapid.Check(t, func(r *rapid.T) {
		company := createCompany(t, store)
		n := rapid.IntRange(1, 5).Draw(r, "entries")
		in(t, store, company.ID, func(tx *postgres.Tx) error {
			for i := range n {
				e := sale(company.ID, fmt.Sprint(i))
				e.Text, e.Lines = rapid.StringMatching(`[ -~äéß€]{0,40}`).Draw(r, "text"), balancedLines(r)
				_, err := tx.Append(t.Context(), e)
				require.NoError(r, err)
			}
			return nil
		})
		in(t, store, company.ID, func(tx *postgres.Tx) error {
			turnovers, err := tx.Turnovers(t.Context(), time.Time{}, time.Time{})
			require.NoError(r, err)
			for _, total := range ledger.Totals(turnovers) {
				assert.True(r, total.Balance().IsZero(), "%s", total.Balance())
			}
			return nil
		})
		require.NoError(r, verify(t, store, company.ID))
	})
}
