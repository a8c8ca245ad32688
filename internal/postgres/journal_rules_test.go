package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// journalOfThree books three sales.
func journalOfThree(t *testing.T, store *postgres.Store) (companyID string) {
	t.Helper()
	company := createCompany(t, store)
	in(t, store, company.ID, func(tx *postgres.Tx) error {
		for i := range 3 {
			_, err := tx.Append(t.Context(), sale(company.ID, fmt.Sprint(i)))
			require.NoError(t, err)
		}
		return nil
	})
	return company.ID
}

func TestTheDatabaseRefusesToChangeTheJournal(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	companyID := journalOfThree(t, postgrestest.Open(t, db))
	for _, url := range []string{db.OwnerURL, db.SuperuserURL} {
		conn := connect(t, url)
		for _, statement := range []string{
			"update journal_entries set text = 'another'", "update journal_lines set account = '1020'", "delete from journal_entries",
			"delete from journal_lines", "truncate journal_lines", "truncate journal_entries cascade", "truncate companies cascade",
		} {
			err := asCompany(t, conn, companyID, statement)
			require.ErrorContains(t, err, "the journal can't be changed", statement)
		}
	}
}

func TestTheDatabaseRefusesAnEntryThatIsNotWhole(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	companyID := journalOfThree(t, postgrestest.Open(t, db))
	conn := connect(t, db.URL)
	entry := func(lines int) string {
		return fmt.Sprintf(`insert into journal_entries values ('%s', 4, '%s', '2026-07-01', '', 'test', 'x', null, null, null, %d, '', '%s', now())`,
			companyID, id.New(id.JournalEntry), lines, strings.Repeat("0", 64))
	}
	line := func(sequence, position int, currency, debit, credit string) string {
		return fmt.Sprintf(`('%s', %d, %d, '1020', '%s', '%s', '%s')`, companyID, sequence, position, currency, debit, credit)
	}
	insert := func(lines ...string) string { return "insert into journal_lines values " + strings.Join(lines, ", ") }
	foreign := strings.Replace(entry(2), companyID, id.New(id.Company), 1)
	for _, c := range []struct {
		why        string
		statements []string
	}{
		{"must have 2 lines, not 0", []string{entry(2)}},
		{"must have 2 lines, not 1", []string{entry(2), insert(line(4, 1, "CHF", "1", "0"))}},
		{"must have 2 lines, not 4", []string{insert(line(3, 3, "CHF", "1", "0"), line(3, 4, "CHF", "0", "1"))}},
		{"must have 2 lines, not 1", []string{entry(2), insert(line(4, 1, "CHF", "1", "0")), insert(line(4, 2, "CHF", "0", "1"))}},
		{"not balanced in CHF", []string{entry(2), insert(line(4, 1, "CHF", "1", "0"), line(4, 2, "CHF", "0", "1.01"))}},
		{"not balanced in CHF, EUR", []string{entry(2), insert(line(4, 1, "CHF", "1", "0"), line(4, 2, "EUR", "0", "1"))}},
		{"journal_entries_line_count_check", []string{entry(1), insert(line(4, 1, "CHF", "1", "0"))}},
		{"one_side_per_line", []string{entry(2), insert(line(4, 1, "CHF", "1", "1"), line(4, 2, "CHF", "1", "1"))}},
		{"one_side_per_line", []string{entry(2), insert(line(4, 1, "CHF", "0", "0"), line(4, 2, "CHF", "0", "0"))}},
		{"journal_lines_debit_check", []string{entry(2), insert(line(4, 1, "CHF", "-1", "0"), line(4, 2, "CHF", "0", "-1"))}},
		{"journal_lines_credit_check", []string{entry(2), insert(line(4, 1, "CHF", "1", "0"), line(4, 2, "CHF", "0", "NaN"))}},
		{"journal_entries_pkey", []string{strings.Replace(entry(2), ", 4, ", ", 3, ", 1)}},
		{"one_entry_per_source", []string{strings.Replace(entry(2), "'x'", "'1'", 1)}},
		{"journal_entries_source_id_check", []string{strings.Replace(entry(2), "'x'", "''", 1)}},
		{"violates row-level security policy", []string{foreign}},
	} {
		require.ErrorContains(t, asCompany(t, conn, companyID, c.statements...), c.why)
	}
	whole := []string{entry(4), insert(line(4, 1, "CHF", "1", "0"), line(4, 2, "CHF", "0", "1"), line(4, 3, "EUR", "0", "2"), line(4, 4, "EUR", "2", "0"))}
	require.NoError(t, asCompany(t, conn, companyID, whole...))
}

func TestTheBalanceIsCheckedAlsoWhenTheCompanyIsForgottenBeforeTheCommit(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	companyID := journalOfThree(t, postgrestest.Open(t, db))
	err := asCompany(t, connect(t, db.URL), companyID,
		fmt.Sprintf(`insert into journal_lines values ('%s', 3, 3, '1020', 'CHF', 1, 0)`, companyID), "set local quittance.company_id = ''")
	require.ErrorContains(t, err, "journal entry 3")
}

func TestTamperingWithTheJournalIsFound(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	superuser := connect(t, db.SuperuserURL)
	_, err := superuser.Exec(t.Context(), "set session_replication_role = replica") // no triggers, no foreign keys
	require.NoError(t, err)

	for _, c := range []struct {
		change string
		why    string
	}{
		{"update journal_entries set text = 'another' where sequence = 2 and company_id = $1", "entry 2 (jre_"},
		{"update journal_entries set date = date + 1 where sequence = 1 and company_id = $1", "entry 1 (jre_"},
		{"update journal_entries set created_at = created_at + interval '1 microsecond' where sequence = 3 and company_id = $1", "entry 3 (jre_"},
		{"update journal_entries set hash = previous_hash where sequence = 2 and company_id = $1", "entry 2 (jre_"},
		{"update journal_lines set debit = debit * 2, credit = credit * 2 where sequence = 3 and company_id = $1", "doesn't say any more what its hash was made of"},
		{"delete from journal_lines where sequence = 2 and position = 1 and company_id = $1", "entry 2 (jre_"},
		{"update journal_entries set previous_hash = hash where sequence = 2 and company_id = $1", "doesn't carry the hash of the entry before it"},
		{"delete from journal_entries where sequence = 1 and company_id = $1", "entry 1 is missing"},
		{"delete from journal_entries where sequence = 2 and company_id = $1", "entry 2 is missing"},
		{"delete from journal_entries where sequence = 3 and company_id = $1", "entry 3 is missing: the last one booked was entry 3"},
		{"delete from journal_entries where company_id = $1", "entry 1 is missing: the last one booked was entry 3"},
		{"update journal_heads set hash = '' where company_id = $1", "entry 3 was never booked like this"},
		{"update journal_heads set sequence = 2 where company_id = $1", "entry 3 was never booked like this: the last one booked was entry 2"},
		{"insert into journal_lines select company_id, 9, position, account, currency, debit, credit from journal_lines where sequence = 3 and company_id = $1", "entry 9 has lines, but was never booked"},
		{"insert into journal_lines select company_id, 0, position, account, currency, debit, credit from journal_lines where sequence = 3 and company_id = $1", "entry 0 has lines, but was never booked"},
		{"insert into journal_lines select company_id, 3, 2 + position, account, currency, debit, credit from journal_lines where sequence = 3 and company_id = $1", "entry 3 (jre_"},
		{`insert into journal_entries select company_id, 4, id || 'x', date, text, 'test', 'added', null, null, null, 2, hash, hash, now()
			from journal_entries where sequence = 3 and company_id = $1`, "entry 4 (jre_"},
		{"update daily_turnovers set debit = debit + 1 where account = '1020' and company_id = $1", "other turnovers of account 1020"},
		{"delete from daily_turnovers where account = '1020' and company_id = $1", "other turnovers of account 1020"},
		{"insert into daily_turnovers select company_id, '1000', currency, date, source_kind, debit, credit, entries from daily_turnovers where account = '1020' and company_id = $1", "other turnovers of account 1000"},
	} {
		companyID := journalOfThree(t, store)
		require.NoError(t, verify(t, store, companyID))
		tag, err := superuser.Exec(t.Context(), c.change, companyID)
		require.NoError(t, err, c.change)
		require.Positive(t, tag.RowsAffected(), c.change)
		require.ErrorContains(t, verify(t, store, companyID), c.why, c.change)
	}
}

func TestTheJournalOfACompanyThatDoesNotExistIsNotFound(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	for _, companyID := range []string{"", id.New(id.Company)} {
		require.Equal(t, problem.NotFound, problem.CodeOf(verify(t, store, companyID)))
	}
	require.NoError(t, verify(t, store, createCompany(t, store).ID), "an empty journal is whole")
}

func TestAnEntryOverMoreThanCanBeBookedIsTheCallersMistake(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	company := createCompany(t, store)
	e := sale(company.ID, "1")
	most := money.FromMinor(60_000_000_000, money.CHF) // 600,000,000.00, of which two can't be added up
	e.Lines = []ledger.Line{ledger.Debit(ledger.Bank, most.Add(most)), ledger.Credit(ledger.Receivables, most.Add(most))}
	err := store.InCompany(t.Context(), company.ID, func(tx *postgres.Tx) error {
		_, err := tx.Append(t.Context(), e)
		return err
	})
	assert.Equal(t, problem.Invalid, problem.CodeOf(err))
}
