package postgres_test

import (
	"encoding/json"
	"testing"

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
		require.ErrorContains(t, asCompany(t, connect(t, db.URL), b.company.ID, statement), "can only be added to", statement)
	}
	err := store.InCompany(t.Context(), b.company.ID, func(tx *postgres.Tx) error { return tx.CompleteWrite(t.Context(), e) })
	assert.ErrorContains(t, err, "can only be added to")
}
