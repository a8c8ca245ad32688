package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/postgres/postgrestest"
	"github.com/quittance/quittance/internal/settlement"
)

// withoutPolicy lists the tables that are about no company or are read before it is known, and goose's own.
var withoutPolicy = []string{
	"api_keys", "delivery_outbox", "goose_db_version", "notifications", "online_documents", "payment_service_companies",
	"saferpay_references", "signing_keys",
}

func businessTables(t *testing.T, superuser *pgx.Conn) []string {
	t.Helper()
	rows, err := superuser.Query(t.Context(), `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> all($1)`, withoutPolicy)
	require.NoError(t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Greater(t, len(tables), 5)
	return tables
}

func TestACompanySeesNothingOfAnother(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	first, second := createBooks(t, store), createBooks(t, store)
	for _, b := range []books{first, second} {
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			_, err := tx.Append(t.Context(), b.receipt())
			require.NoError(t, err)
			_, _, err = tx.RaiseException(t.Context(), b.exception(exception.CaptureUnclear))
			require.NoError(t, err)
			require.NoError(t, tx.InsertRefund(t.Context(), b.refund("1.00")))
			require.NoError(t, tx.NoteWrite(t.Context(), write(b)))
			document, err := merchant.NewDocument(id.New(id.Document), b.service, "Pass.pdf", []byte("%PDF-1.7"), noon)
			require.NoError(t, err)
			document.SealedContent = []byte("sealed")
			_, err = tx.InsertDocument(t.Context(), document)
			require.NoError(t, err)
			require.NoError(t, tx.InsertWebhookEndpoint(t.Context(), newEndpoint(b.company.ID)))
			s, p := b.settlement("file"), b.payout("105.70")
			require.NoError(t, tx.InsertSettlement(t.Context(), s))
			p.Items = []settlement.Item{b.item()}
			p.Seen = []settlement.Sighting{{SettlementID: s.ID, Format: s.Format, Line: 1, Date: day}}
			require.NoError(t, tx.SavePayout(t.Context(), p))
			return tx.AppendEvent(t.Context(), event.New(event.InvoicePaid, b.company.ID, b.invoice.ID, noon, nil))
		})
	}
	for _, b := range []books{first, second} {
		_, err := store.TakeRequest(t.Context(), idempotency.Request{Owner: b.company.ID, Key: "k", Fingerprint: []byte("f"), CreatedAt: noon, TakenAt: noon})
		require.NoError(t, err)
	}
	superuser, application := connect(t, db.SuperuserURL), connect(t, db.URL)
	for _, table := range businessTables(t, superuser) {
		column := "company_id"
		if table == "companies" {
			column = "id"
		}
		count := func(conn *pgx.Conn, companyID string) (rows, foreign int) {
			_, err := conn.Exec(t.Context(), "select set_config('quittance.company_id', $1, false)", companyID)
			require.NoError(t, err)
			err = conn.QueryRow(t.Context(), "select count(*), count(*) filter (where "+column+" <> $1) from "+table, first.company.ID).Scan(&rows, &foreign)
			require.NoError(t, err)
			return rows, foreign
		}
		all, foreign := count(superuser, "")
		assert.Positive(t, foreign, "%s has rows of both", table)
		rows, foreign := count(application, first.company.ID)
		assert.Positive(t, rows, table)
		assert.Less(t, rows, all, table)
		assert.Zero(t, foreign, "%s hides the other company's", table)
		rows, _ = count(application, "")
		assert.Zero(t, rows, "%s shows nothing without a company", table)
	}
}

func TestEveryBusinessTableForcesItsPolicyOnTheOwner(t *testing.T) {
	t.Parallel()
	superuser := connect(t, postgrestest.NewDatabase(t).SuperuserURL)
	for _, table := range businessTables(t, superuser) {
		var forced bool
		err := superuser.QueryRow(t.Context(), `select relrowsecurity and relforcerowsecurity from pg_class where oid = $1::regclass`, table).Scan(&forced)
		require.NoError(t, err)
		assert.True(t, forced, table)
	}
}

func TestACompanyWritesNothingIntoAnother(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	first, second := createBooks(t, store), createBooks(t, store)
	foreignInvoice := newInvoice(second.company.ID, "2026-9", second.service.ID)
	pointingAway := newPayment(foreignInvoice)
	pointingAway.CompanyID, pointingAway.InvoiceID, pointingAway.PaymentServiceID = first.company.ID, second.invoice.ID, first.service.ID
	entryPointingAway := first.receipt()
	entryPointingAway.InvoiceID = second.invoice.ID
	for name, call := range map[string]func(*postgres.Tx) error{
		"an invoice": func(tx *postgres.Tx) error { return tx.InsertInvoice(t.Context(), foreignInvoice) },
		"a payment service": func(tx *postgres.Tx) error {
			return tx.InsertPaymentService(t.Context(), newPaymentService(second.company.ID))
		},
		"an event": func(tx *postgres.Tx) error {
			return tx.AppendEvent(t.Context(), event.New(event.InvoicePaid, second.company.ID, second.invoice.ID, noon, nil))
		},
		"a journal entry": func(tx *postgres.Tx) error { _, err := tx.Append(t.Context(), second.receipt()); return err },
		"a webhook endpoint": func(tx *postgres.Tx) error {
			return tx.InsertWebhookEndpoint(t.Context(), newEndpoint(second.company.ID))
		},
		"a refund": func(tx *postgres.Tx) error { return tx.InsertRefund(t.Context(), second.refund("1.00")) },
		"an exception": func(tx *postgres.Tx) error {
			_, _, err := tx.RaiseException(t.Context(), second.exception(exception.CaptureUnclear))
			return err
		},
		"a payment of its invoice": func(tx *postgres.Tx) error { return tx.InsertPayment(t.Context(), pointingAway) },
		"an entry for its invoice": func(tx *postgres.Tx) error { _, err := tx.Append(t.Context(), entryPointingAway); return err },
		"a change of its invoice":  func(tx *postgres.Tx) error { return tx.SaveInvoice(t.Context(), second.invoice) },
	} {
		require.Error(t, store.InCompany(t.Context(), first.company.ID, call), name)
	}
	in(t, store, second.company.ID, func(tx *postgres.Tx) error {
		stored, err := tx.Invoice(t.Context(), second.invoice.ID)
		same(t, second.invoice, stored)
		return err
	})
}
