package postgres_test

import (
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// manual is an entry that a person dated.
func manual(companyID string, on time.Time) ledger.Entry {
	e := sale(companyID, id.New(id.ManualEntry))
	e.Source.Kind, e.Date, e.By = ledger.FromManual, on, id.New(id.APIKey)
	return e
}

func TestNothingIsEnteredByHandInAClosedPeriod(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		closedUntil, err := tx.BooksClosedUntil(t.Context())
		require.NoError(t, err)
		assert.Zero(t, closedUntil)
		require.NoError(t, tx.CloseBooks(t.Context(), day))
		closedUntil, err = tx.BooksClosedUntil(t.Context())
		assert.Equal(t, day, closedUntil)
		return err
	})
	err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error {
		_, err := tx.Append(t.Context(), manual(company.ID, day))
		return err
	})
	require.Equal(t, problem.PeriodClosed, problem.CodeOf(err))
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		e, err := tx.Append(t.Context(), manual(company.ID, day.AddDate(0, 0, 1)))
		assert.Zero(t, e.ValueDate)
		require.NoError(t, err)
		require.NoError(t, tx.CloseBooks(t.Context(), day.AddDate(0, 0, -1)))
		e, err = tx.Append(t.Context(), manual(company.ID, day))
		assert.Equal(t, day, e.Date, "the period was opened again")
		return err
	})
	require.NoError(t, verify(t, store, company.ID))
}

func TestMoneyThatMovedInAClosedPeriodIsBookedOnTheFirstOpenDay(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		require.NoError(t, tx.CloseBooks(t.Context(), day.AddDate(0, 0, 29)))
		booked, err := tx.Append(t.Context(), b.receipt())
		require.NoError(t, err)
		assert.Equal(t, day.AddDate(0, 0, 30), booked.Date)
		assert.Equal(t, day, booked.ValueDate)
		again, err := tx.Append(t.Context(), b.receipt())
		require.NoError(t, err)
		same(t, booked, again)
		return nil
	})
	require.NoError(t, verify(t, store, b.company.ID))
}

func TestThePeriodClosesAfterWhoeverIsBookingInIt(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	const n = 16
	concurrently(t, n, func(i int) error {
		err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error {
			if i == n/2 {
				return tx.CloseBooks(t.Context(), day)
			}
			_, err := tx.Append(t.Context(), manual(company.ID, day))
			return err
		})
		if problem.CodeOf(err) == problem.PeriodClosed {
			return nil
		}
		return err
	})
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		closed, _, err := tx.Journal(t.Context(), listing.Journal{To: day})
		require.NoError(t, err)
		_, err = tx.Append(t.Context(), sale(company.ID, "late"))
		require.NoError(t, err)
		still, _, err := tx.Journal(t.Context(), listing.Journal{To: day})
		assert.Len(t, still, len(closed))
		return err
	})
}

func TestTheDatabaseItselfKeepsAPeriodClosed(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	companyID := journalOfThree(t, store)
	in(t, store, companyID, func(tx *postgres.Tx) error { return tx.CloseBooks(t.Context(), day) })
	err := asCompany(t, connect(t, db.URL), companyID, fmt.Sprintf(
		`insert into journal_entries values ('%s', 4, '%s', '%s', '', 'test', 'x', null, null, null, 2, '', repeat('0', 64), now())`,
		companyID, id.New(id.JournalEntry), day.Format(time.DateOnly)))
	require.ErrorContains(t, err, "lies in a closed period")
}

func TestTheTimeOfAJournalNeverRunsBackwards(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	companyID := journalOfThree(t, store)
	ahead := time.Now().UTC().Add(time.Hour).Truncate(time.Microsecond)
	require.NoError(t, asCompany(t, connect(t, db.URL), companyID, fmt.Sprintf("update journal_heads set booked_at = '%s'", ahead.Format(time.RFC3339Nano))))
	in(t, store, companyID, func(tx *postgres.Tx) error {
		e, err := tx.Append(t.Context(), sale(companyID, "by a host whose clock is behind"))
		assert.Equal(t, ahead, e.CreatedAt)
		return err
	})
}

func TestACompanyFromBeforeGetsTheWholeChart(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewBareDatabase(t)
	conn, err := sql.Open("pgx", db.OwnerURL)
	require.NoError(t, err)
	defer conn.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, os.DirFS("migrations"))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), 6)
	require.NoError(t, err)
	companyID := id.New(id.Company)
	require.NoError(t, asCompany(t, connect(t, db.OwnerURL), companyID,
		fmt.Sprintf(`with company as (insert into companies values ('%s', 'Alt AG', 'de', 'ZH', '1029', '6940', 'require', now()) returning id)
			insert into accounts select id, number, '{"de": "eigener Name"}' from company, unnest(array['1020', '1029', '1100', '2030', '6940']) number`, companyID)))

	db.Migrate(t)
	in(t, postgrestest.Open(t, db), companyID, func(tx *postgres.Tx) error {
		accounts, err := tx.Accounts(t.Context())
		require.NoError(t, err)
		require.Len(t, accounts, len(ledger.Chart))
		for i, account := range accounts {
			want := ledger.Chart[i]
			if account.Names["de"] == "eigener Name" {
				want.Names = account.Names
			}
			assert.Equal(t, want, account)
		}
		return nil
	})
}
