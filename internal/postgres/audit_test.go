package postgres_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/audit"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func write(b books) audit.Entry {
	return audit.Entry{
		ID: id.New(id.AuditEntry), CompanyID: b.company.ID, At: noon, Actor: audit.Administrator, Action: "POST /invoices/{invoice_id}/issue",
		Subject: b.invoice.ID, RequestID: "R1",
	}
}

func TestAnAuditEntryIsCompletedOnceAndNeverChangesAfterwards(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	b := createBooks(t, store)
	e := write(b)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.NoteWrite(t.Context(), e) })
	e.Status, e.Problem = 409, "invoice-not-draft"
	e.Changes = map[string]audit.Change{"status": {Before: json.RawMessage(`"draft"`), After: json.RawMessage(`"open"`)}}
	filled(t, e)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.CompleteWrite(t.Context(), e) })
	in(t, store, b.company.ID, func(tx *postgres.Tx) error {
		entries, _, err := tx.AuditLog(t.Context(), listing.AuditLog{})
		same(t, []audit.Entry{e}, entries)
		return err
	})

	for _, statement := range []string{"update audit_log set status = 200", "update audit_log set actor = 'me'", "delete from audit_log", "truncate audit_log"} {
		require.ErrorContains(t, asCompany(t, connect(t, db.OwnerURL), b.company.ID, statement), "can only be added to", statement)
	}
	err := store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error { return tx.CompleteWrite(t.Context(), e) })
	assert.ErrorContains(t, err, "noted_once_and_answered_once")
}

// auditLogOfThree has a write that was answered, and one that was not.
func auditLogOfThree(t *testing.T, store *postgres.Store) books {
	t.Helper()
	b := createBooks(t, store)
	e := write(b)
	in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.NoteWrite(t.Context(), e) })
	e.Status, e.Changes = 200, map[string]audit.Change{"name": {Before: json.RawMessage(`{"z":1.50,"a":"<é>"}`)}}
	in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.CompleteWrite(t.Context(), e) })
	in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.NoteWrite(t.Context(), write(b)) })
	return b
}

func TestTamperingWithTheAuditLogIsFound(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	superuser := connect(t, db.SuperuserURL)
	_, err := superuser.Exec(t.Context(), "set session_replication_role = replica") // no triggers
	require.NoError(t, err)
	for _, c := range [][2]string{
		{"update audit_log set actor = 'somebody else' where sequence = 2 and company_id = $1", "audit entry 2 (aud_"},
		{"update audit_log set at = at + interval '1 microsecond' where sequence = 1 and company_id = $1", "audit entry 1 (aud_"},
		{"update audit_log set action = '' where sequence = 1 and company_id = $1", "audit entry 1 (aud_"},
		{"update audit_log set subject = subject || actor, actor = '' where sequence = 3 and company_id = $1", "audit entry 3 (aud_"},
		{"update audit_log set request_id = '' where sequence = 3 and company_id = $1", "audit entry 3 (aud_"},
		{"update audit_log set status = 500 where sequence = 3 and company_id = $1", "audit entry 3 (aud_"},
		{"update audit_log set problem = 'x' where sequence = 2 and company_id = $1", "audit entry 2 (aud_"},
		{"update audit_log set changes = '{}' where sequence = 2 and company_id = $1", "audit entry 2 (aud_"},
		{"update audit_log a set hash = audit_hash(a), changes = '{}' where sequence = 2 and company_id = $1", "audit entry 2 (aud_"},
		{"delete from audit_log where sequence = 1 and company_id = $1", "audit entry 1 is missing"},
		{"delete from audit_log where sequence = 2 and company_id = $1", "audit entry 2 is missing"},
		{"delete from audit_log where sequence = 3 and company_id = $1", "audit entry 3 is missing: the last one noted was entry 3"},
		{"delete from audit_log where company_id = $1", "audit entry 1 is missing: the last one noted was entry 3"},
		{"insert into audit_log select company_id, 'aud_x', at, actor, action, subject, request_id, status, problem, changes, 4, hash, hash from audit_log where sequence = 3 and company_id = $1", "audit entry 4 (aud_x)"},
		{"with gone as (delete from audit_log where sequence = 3 and company_id = $1) update audit_heads set sequence = 2 where company_id = $1", "audit entry 2 was never noted like this"},
	} {
		change, why := c[0], c[1]
		b := auditLogOfThree(t, store)
		chain, err := store.VerifyAudit(t.Context(), b.company.ID)
		require.NoError(t, err)
		assert.EqualValues(t, 3, chain.Sequence)
		tag, err := superuser.Exec(t.Context(), change, b.company.ID)
		require.NoError(t, err, change)
		require.EqualValues(t, 1, min(tag.RowsAffected(), 1), change)
		_, err = store.VerifyAudit(t.Context(), b.company.ID)
		var broken *audit.BreakError
		require.ErrorAs(t, err, &broken, change)
		assert.ErrorContains(t, err, why, change)
	}
}

func TestALongAuditLogIsWalkedToItsEnd(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	b := createBooks(t, store)
	concurrently(t, 4, func(int) error {
		for range 300 {
			if err := store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error { return tx.NoteWrite(t.Context(), write(b)) }); err != nil {
				return err
			}
		}
		return nil
	})
	chain, err := store.VerifyAudit(t.Context(), b.company.ID)
	require.NoError(t, err)
	assert.EqualValues(t, 1200, chain.Sequence)
}

func TestWritesOfBeforeAreChainedByTheMigration(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewBareDatabase(t)
	conn, err := sql.Open("pgx", db.OwnerURL)
	require.NoError(t, err)
	defer conn.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, os.DirFS("migrations"))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), 73)
	require.NoError(t, err)
	owner := connect(t, db.OwnerURL)
	companies := []string{id.New(id.Company), id.New(id.Company), id.New(id.Company)}
	for i, companyID := range companies {
		require.NoError(t, asCompany(t, owner, companyID, fmt.Sprintf(`
			with company as (
				insert into companies (id, name, language, canton, contact_email, receipt_account, fee_account, liability, created_at)
				values ('%[1]s', 'Alt AG', 'de', 'ZH', '', '1029', '6940', 'require', now()) returning id
			)
			insert into accounts (company_id, number, names) select id, number, '{"de": "Konto"}' from company, unnest(array['1029', '6940']) number`, companyID),
			fmt.Sprintf(`
			insert into audit_log (company_id, id, at, actor, action, subject, request_id, status, problem, changes)
			select '%[1]s', 'aud_' || n, now(), 'administrator', 'POST /x', '', 'R' || n, nullif(n %% 3, 0), 'é', '{"b": {"after": 1.50}, "a": {"before": "x"}}'
			from generate_series(1, %[2]d) n`, companyID, i*7)))
	}
	db.Migrate(t)
	store := postgrestest.Open(t, db)
	for i, companyID := range companies {
		chain, err := store.VerifyAudit(t.Context(), companyID)
		require.NoError(t, err)
		assert.EqualValues(t, i*7, chain.Sequence)
		in(t, store, companyID, func(tx *postgres.Tx) error {
			return tx.NoteWrite(t.Context(), audit.Entry{ID: id.New(id.AuditEntry), CompanyID: companyID, At: noon})
		})
		chain, err = store.VerifyAudit(t.Context(), companyID)
		require.NoError(t, err)
		assert.EqualValues(t, i*7+1, chain.Sequence)
	}
}
