package postgres_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/exchange"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/session"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

// withoutPolicy says of each table that has no policy why it needs none. A new table has one, or fails the tests below.
var withoutPolicy = map[string]string{
	"company_ids":               "for what an operator has done for all companies; holds ids",
	"data_keys":                 "seal for all companies; wrapped by a key that the database doesn't know",
	"delivery_outbox":           "what is due in all companies; holds ids and types of events",
	"failing_endpoints":         "looked up for what is due in all companies; holds ids",
	"goose_db_version":          "of the migrations",
	"installation_keys":         "make hashes and links for all companies; sealed",
	"payment_service_companies": "looked up by the administrator, who names no company; holds ids",
	"saferpay_references":       "companies may share a terminal, and mustn't take each other's orders for unknown; holds hashes, and ids",
	"security_notice_queue":     "which companies are to be told of a change; holds ids",
	"signing_keys":              "sign for all companies; their private halves are sealed",
	"worker_processes":          "which workers live; holds nothing of anybody",
}

// businessTables are all tables but those, by the catalog.
func businessTables(t *testing.T, superuser *pgx.Conn) []string {
	t.Helper()
	all := tables(t, superuser)
	for table := range withoutPolicy {
		require.Contains(t, all, table, "a reason for a table that is gone")
	}
	business := slices.DeleteFunc(all, func(table string) bool { return withoutPolicy[table] != "" })
	require.Greater(t, len(business), 15)
	return business
}

// ownerColumn says whose a row is.
func ownerColumn(table string) string {
	if table == "companies" {
		return "id"
	}
	return "company_id"
}

// twoCompanies have rows in every business table.
func twoCompanies(t *testing.T, store *postgres.Store) (first, second books) {
	t.Helper()
	first, second = createBooks(t, store), createBooks(t, store)
	for _, b := range []books{first, second} {
		in(t, store, b.company.ID, func(tx *postgres.Tx) error {
			_, err := tx.Append(t.Context(), b.receipt())
			require.NoError(t, err)
			_, _, err = tx.RaiseException(t.Context(), b.exception(exception.CaptureUnclear))
			require.NoError(t, err)
			require.NoError(t, tx.InsertRefund(t.Context(), b.refund("1.00")))
			require.NoError(t, tx.SaveDispute(t.Context(), b.dispute("1.00")))
			require.NoError(t, tx.NoteWrite(t.Context(), write(b)))
			document, err := merchant.NewDocument(id.New(id.Document), b.service, "Pass.pdf", []byte("%PDF-1.7"), noon)
			require.NoError(t, err)
			document.SealedContent = []byte("sealed")
			_, err = tx.InsertDocument(t.Context(), document)
			require.NoError(t, err)
			require.NoError(t, tx.InsertWebhookEndpoint(t.Context(), newEndpoint(b.company.ID)))
			require.NoError(t, tx.InsertBankAccount(t.Context(), merchant.BankAccount{
				ID: id.New(id.BankAccount), CompanyID: b.company.ID, IBAN: "CH9300762011623852957", Account: ledger.Bank, Currency: money.CHF, CreatedAt: noon,
			}))
			require.NoError(t, tx.SaveColumns(t.Context(), newColumns(b.company.ID)))
			require.NoError(t, tx.SaveExchangeRate(t.Context(), exchange.Rate{
				CompanyID: b.company.ID, Month: noon.Truncate(24*time.Hour).AddDate(0, 0, 1-noon.Day()), Currency: money.EUR, Value: decimal.RequireFromString("0.9412"),
				Source: exchange.Manual, SavedAt: noon, SavedBy: "key_1",
			}))
			require.NoError(t, tx.SaveSignInProvider(t.Context(), newProvider(b.company.ID)))
			require.NoError(t, tx.SaveSettlementSource(t.Context(), newSource(b.company.ID)))
			require.NoError(t, tx.SaveSourceFile(t.Context(), newSourceFile(b.company.ID, "a.csv")))
			require.NoError(t, tx.SaveLogo(t.Context(), merchant.Logo{ContentType: "image/png", Content: []byte("seen")}))
			require.NoError(t, tx.SaveInvoicePDF(t.Context(), merchant.InvoicePDF{InvoiceID: b.invoice.ID, Size: 1, SealedContent: []byte("sealed"), ReceivedAt: noon}))
			require.NoError(t, tx.SaveReminder(t.Context(), b.invoice.ID, b.invoice.NewReminder(1, 10, noon)))
			s, p := b.settlement("file"), b.payout("105.70")
			require.NoError(t, tx.InsertSettlement(t.Context(), s))
			p.Items = []settlement.Item{b.item()}
			p.Seen = []settlement.Sighting{{SettlementID: s.ID, Format: s.Format, Line: 1, Date: day}}
			require.NoError(t, tx.SavePayout(t.Context(), p))
			require.NoError(t, tx.InsertBankReceipts(t.Context(), []settlement.Receipt{b.bankReceipt(s.ID)}))
			_, err = tx.InsertExport(t.Context(), newExport(b.company.ID))
			require.NoError(t, err)
			require.NoError(t, tx.NoteSecurity(t.Context(), merchant.SecurityNotice{
				ID: id.New(id.SecurityNotice), CompanyID: b.company.ID, At: noon, Change: merchant.KeyCreated, About: "qk_test_abcd",
			}))
			return tx.AppendEvent(t.Context(), event.New(event.InvoicePaid, b.company.ID, b.invoice.ID, noon, nil))
		})
		require.NoError(t, store.CreateAPIKey(t.Context(), merchant.APIKey{
			ID: id.New(id.APIKey), CompanyID: b.company.ID, Prefix: "qk_test_abcd", Hash: merchant.HashKey(b.company.ID), CreatedAt: noon,
		}))
		_, entering, err := session.New(session.Session{
			ID: id.New(id.ConsoleSession), CompanyID: b.company.ID, User: session.User{ID: "u", Name: "N"}, Role: session.Viewer, Language: "fr",
		}, noon)
		require.NoError(t, err)
		require.NoError(t, store.CreateConsoleSession(t.Context(), entering))
		_, err = store.TakeRequest(t.Context(), idempotency.Request{Owner: b.company.ID, Key: "k", Fingerprint: []byte("f"), CreatedAt: noon, TakenAt: noon})
		require.NoError(t, err)
	}
	return first, second
}

// A query that forgot its WHERE, for each table: neither triggers nor foreign keys hold it up here, only the policies do.
func TestAQueryWithoutAConditionTouchesOneCompanyOnly(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	first, second := twoCompanies(t, postgrestest.Open(t, db))
	application, err := pgx.ParseConfig(db.OwnerURL) // it may write to every table
	require.NoError(t, err)
	superuser, conn := connect(t, db.SuperuserURL), connect(t, db.SuperuserURL)
	_, err = conn.Exec(t.Context(), "set session_replication_role = replica; set role "+application.User)
	require.NoError(t, err)
	as := func(companyID string) {
		_, err := conn.Exec(t.Context(), "select set_config('quittance.company_id', $1, false)", companyID)
		require.NoError(t, err)
	}
	touched := func(sql string) []string {
		t.Helper()
		tx, err := conn.Begin(t.Context())
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
		rows, _ := tx.Query(t.Context(), sql)
		owners, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err, sql)
		slices.Sort(owners)
		return slices.Compact(owners)
	}
	for _, table := range businessTables(t, superuser) {
		owner := ownerColumn(table)
		var owners int
		require.NoError(t, superuser.QueryRow(t.Context(), "select count(distinct "+owner+") from "+table).Scan(&owners))
		require.Equal(t, 2, owners, "%s needs rows of both companies in this test", table)
		for _, sql := range []string{
			"select " + owner + " from " + table,
			"select " + owner + " from " + table + " for update",
			"update " + table + " set " + owner + " = " + owner + " returning " + owner,
			"delete from " + table + " returning " + owner,
		} {
			as(first.company.ID)
			assert.Equal(t, []string{first.company.ID}, touched(sql), sql)
			as("")
			assert.Empty(t, touched(sql), sql)
			as("administrator")
			assert.Empty(t, touched(sql), sql)
		}
		as(first.company.ID)
		_, err := conn.Exec(t.Context(), "update "+table+" set "+owner+" = '"+second.company.ID+"'")
		require.ErrorContains(t, err, "row-level security", "%s: no row can be given away", table)
	}
}

func TestWhoShowsASecretSeesItsRowAndNoOther(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	first, _ := twoCompanies(t, postgrestest.Open(t, db))
	application, superuser := connect(t, db.OwnerURL), connect(t, db.SuperuserURL)
	for table, column := range map[string]string{"api_keys": "hash", "console_sessions": "hash", "online_documents": "token_hash", "notifications": "secret_hash"} {
		var shown string
		require.NoError(t, superuser.QueryRow(t.Context(), "select encode("+column+", 'hex') from "+table+" where company_id = $1", first.company.ID).Scan(&shown))
		for setting, want := range map[string]int{shown: 1, strings.Repeat("00", 32): 0, "": 0} {
			_, err := application.Exec(t.Context(), "select set_config('quittance.shown', $1, false)", setting)
			require.NoError(t, err)
			var rows int
			require.NoError(t, application.QueryRow(t.Context(), "select count(*) from "+table).Scan(&rows))
			assert.Equal(t, want, rows, "%s, of which %q was shown", table, setting)
			tag, err := application.Exec(t.Context(), "update "+table+" set company_id = company_id")
			require.NoError(t, err)
			assert.Zero(t, tag.RowsAffected(), "%s: who shows a secret changes nothing", table)
		}
	}
}

func TestNothingInTheSchemaStepsAroundThePolicies(t *testing.T) {
	t.Parallel()
	superuser := connect(t, postgrestest.NewDatabase(t).SuperuserURL)
	for what, query := range map[string]string{
		"views, which show what their owner sees": `select relname from pg_class where relkind in ('v', 'm', 'f') and relnamespace = 'public'::regnamespace`,
		"functions that run with the rights of another, but those that add up over all companies, and the one that lists ids of payment services": `
			select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef and (proname not in
				('monitored_payments', 'monitored_exceptions', 'monitored_payment_services', 'monitored_endpoints', 'monitored_unsettled', 'monitored_sweeps', 'payment_services_of_bucket')
				or proconfig <> '{"search_path=public, pg_temp"}' or has_function_privilege('public', oid, 'execute'))`,
		"what those functions return of anybody": `
			select proname from pg_proc, unnest(proargnames, proargmodes) a (name, mode) where proname like 'monitored\_%' and mode = 't' and name not in
				('state', 'kind', 'status', 'currency', 'canton', 'payout_days', 'booked', 'day', 'number', 'total', 'oldest', 'overdue', 'disabled', 'parked')`,
		"what is returned of payment services, beyond ids that the processes read anyway": `
			select proname from pg_proc, unnest(proargnames, proargmodes) a (name, mode) where proname = 'payment_services_of_bucket' and mode = 't' and name not in
				('company_id', 'id', 'swept_until', 'busy')`,
		"tables whose policy doesn't bind their owner": `select relname from pg_class where relrowsecurity and not relforcerowsecurity and relnamespace = 'public'::regnamespace`,
		"tables with two policies, which Postgres combines by or, so that no index on company_id is used": `
			select tablename from pg_policies where tablename not in ('api_keys', 'console_sessions', 'online_documents', 'notifications') and policyname <> 'monitoring' group by tablename having count(*) > 1`,
		"policies for those functions that are for anybody else than the owner of the table": `
			select p.tablename from pg_policies p join pg_tables t using (schemaname, tablename) where policyname = 'monitoring'
				and (roles <> array[tableowner] or cmd <> 'SELECT' or qual <> '(current_setting(''quittance.monitoring''::text, true) = ''on''::text)')`,
		"tables with two policies for one thing": `select tablename from pg_policies group by tablename, cmd having count(*) <> 1`,
		"policies that show anything else than the rows of the company, and the one of which a secret is shown": `
			select tablename from pg_policies where policyname <> 'monitoring' and (with_check is not null or (cmd, qual) not in (
				('ALL', '(company_id = current_setting(''quittance.company_id''::text, true))'),
				('ALL', '(id = current_setting(''quittance.company_id''::text, true))'),
				('SELECT', '(hash = decode(current_setting(''quittance.shown''::text, true), ''hex''::text))'),
				('SELECT', '(token_hash = decode(current_setting(''quittance.shown''::text, true), ''hex''::text))'),
				('SELECT', '(secret_hash = decode(current_setting(''quittance.shown''::text, true), ''hex''::text))')))`,
	} {
		rows, err := superuser.Query(t.Context(), query)
		require.NoError(t, err, what)
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err, what)
		assert.Empty(t, found, what)
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
		"a sign-in provider": func(tx *postgres.Tx) error {
			return tx.SaveSignInProvider(t.Context(), newProvider(second.company.ID))
		},
		"a settlement source": func(tx *postgres.Tx) error {
			return tx.SaveSettlementSource(t.Context(), newSource(second.company.ID))
		},
		"a file of its settlement source": func(tx *postgres.Tx) error {
			return tx.SaveSourceFile(t.Context(), newSourceFile(second.company.ID, "a.csv"))
		},
		"the PDF of its invoice": func(tx *postgres.Tx) error {
			return tx.SaveInvoicePDF(t.Context(), merchant.InvoicePDF{InvoiceID: second.invoice.ID, Size: 1, SealedContent: []byte("sealed"), ReceivedAt: noon})
		},
		"a reminder of its invoice": func(tx *postgres.Tx) error {
			return tx.SaveReminder(t.Context(), second.invoice.ID, second.invoice.NewReminder(1, 10, noon))
		},
		"a refund":  func(tx *postgres.Tx) error { return tx.InsertRefund(t.Context(), second.refund("1.00")) },
		"a dispute": func(tx *postgres.Tx) error { return tx.SaveDispute(t.Context(), second.dispute("1.00")) },
		"an exception": func(tx *postgres.Tx) error {
			_, _, err := tx.RaiseException(t.Context(), second.exception(exception.CaptureUnclear))
			return err
		},
		"a payment of its invoice": func(tx *postgres.Tx) error { return insertPayment(t, tx, pointingAway) },
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
