package postgres_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// before puts an invoice back to how a program of before the sealing kept it, and returns its link.
func before(t *testing.T, superuser *pgx.Conn, i invoice.Invoice) (token string) {
	t.Helper()
	token = "an old token of " + i.ID
	hash := sha256.Sum256([]byte(token))
	for _, statement := range []struct {
		sql  string
		args []any
	}{
		{`delete from invoice_customers where invoice_id = $1`, []any{i.ID}},
		{`delete from online_documents where invoice_id = $1`, []any{i.ID}},
		{`insert into online_documents (token_hash, company_id, invoice_id) values ($1, $2, $3)`, []any{hash[:], i.CompanyID, i.ID}},
		{
			`update invoices set customer_name = $2, customer_email = $3, email_id = 'eml_1', email_state = 'failed', email_at = now(), email_to = $3,
			email_reason = '550 ' || $3, token = $4, content = '{"address": {"street": "Rue du Lac", "postcode": "1003", "city": "Lausanne", "country": "CH"}}' where id = $1`,
			[]any{i.ID, i.Customer.Name, i.Customer.Email, token},
		},
		{`insert into invoice_reminders (company_id, invoice_id, step, days_after_due, at, email_state, email_to, email_at, email_reason)
			values ($2, $1, 1, 10, now(), 'failed', $3, now(), 'bounced')`, []any{i.ID, i.CompanyID, i.Customer.Email}},
	} {
		_, err := superuser.Exec(t.Context(), statement.sql, statement.args...)
		require.NoError(t, err, statement.sql)
	}
	return token
}

func TestCustomersOfBeforeAreSealedAndStayAsTheyAre(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	all := map[string]string{}
	var of []invoice.Invoice
	for range 2 {
		b := createBooks(t, store)
		of = append(of, b.invoice)
		for range 120 { // more than one transaction
			next := newInvoice(b.company.ID, fmt.Sprintf("2026-%d", len(of)+1))
			in(t, store, b.company.ID, func(tx *postgres.Tx) error { return tx.InsertInvoice(t.Context(), next) })
			of = append(of, next)
		}
	}
	superuser := connect(t, db.SuperuserURL)
	for _, i := range of {
		all[i.ID] = before(t, superuser, i)
	}
	stands := func(i invoice.Invoice) invoice.Invoice {
		t.Helper()
		var read invoice.Invoice
		in(t, store, i.CompanyID, func(tx *postgres.Tx) (err error) { read, err = tx.Invoice(t.Context(), i.ID); return err })
		assert.Equal(t, "Zoë Müller", read.Customer.Name)
		assert.Equal(t, "zoe@example.com", read.Customer.Email)
		assert.Equal(t, "Lausanne", read.Content.Address.City)
		assert.Equal(t, "550 zoe@example.com", read.Email.Reason)
		assert.Equal(t, "bounced", read.Reminders[0].Email.Reason)
		assert.Equal(t, "zoe@example.com", read.Reminders[0].Email.To)
		for _, token := range []string{all[i.ID], read.Token} {
			_, invoiceID, err := store.OnlineDocument(t.Context(), token)
			require.NoError(t, err)
			assert.Equal(t, i.ID, invoiceID)
		}
		return read
	}
	assert.Equal(t, all[of[0].ID], stands(of[0]).Token, "a program that is not migrated yet goes on")
	moved, err := store.SealCustomers(t.Context())
	require.NoError(t, err)
	assert.Equal(t, len(of), moved)
	for _, i := range of {
		assert.NotEqual(t, all[i.ID], stands(i).Token)
	}
	for _, planted := range []string{"Müller", "zoe@example.com", all[of[0].ID]} {
		assert.Empty(t, whereFound(t, db, planted), planted)
	}
	moved, err = store.SealCustomers(t.Context())
	require.NoError(t, err)
	assert.Zero(t, moved)
}
