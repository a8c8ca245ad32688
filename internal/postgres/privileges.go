package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// privileges says what the processes may do with each table, in the words of GRANT. Whatever is not here they may not do: they
// never change the schema, and what is written in the books, in the audit log and in the events stays as it is. Every table of the
// schema has a line; a test compares them. A row can be locked by whoever may update one of its columns.
var privileges = []struct{ table, may string }{
	{"accounts", "select, insert, update, delete"},
	{"api_keys", "select, insert, update, delete"},
	{"audit_heads", "select, insert, update (sequence, hash)"},
	{"audit_log", "select, insert"},
	{"bank_accounts", "select, insert, update, delete"},
	{"bank_receipts", "select, insert, update"},
	{"companies", "select, insert, update"},
	{"company_ids", "select, insert"},
	{"company_logos", "select, insert, update, delete"},
	{"console_sessions", "select, insert, update, delete"},
	{"customers", "select, insert, update (address_index, sealed_key, erased_at), delete"},
	{"daily_turnovers", "select, insert, update (debit, credit, entries)"},
	{"data_keys", "select, insert, update"},
	{"delivery_outbox", "select, insert, update, delete"},
	{"disputes", "select, insert, update"},
	{"documents", "select, insert, update"},
	{"event_deliveries", "select, insert, update, delete"},
	{"events", "select, insert"},
	{"exceptions", "select, insert, update"},
	{"exchange_rates", "select, insert, update"},
	{"failing_endpoints", "select, insert, update, delete"},
	{"goose_db_version", "select"},
	{"idempotency_keys", "select, insert, update, delete"},
	{"installation_keys", "select, insert, update (sealed_key)"},
	{"invoice_customers", "select, insert, update, delete"},
	{"invoice_payment_services", "select, insert, delete"},
	{"invoice_pdfs", "select, insert, update, delete"},
	{"invoice_reminders", "select, insert, update, delete"},
	{"invoices", "select, insert, update"},
	{"journal_entries", "select, insert"},
	{"journal_exports", "select, insert"},
	{"journal_heads", "select, insert, update (sequence, hash, booked_at, closed_until)"},
	{"journal_lines", "select, insert"},
	{"notifications", "select, insert"},
	{"online_documents", "select, insert, update (revoked_at)"},
	{"payment_service_companies", "select, insert"},
	{"payment_services", "select, insert, update"},
	{"payments", "select, insert, update"},
	{"payout_items", "select, insert, delete"},
	{"payout_sightings", "select, insert"},
	{"payouts", "select, insert, update"},
	{"refunds", "select, insert, update"},
	{"saferpay_references", "select, insert"},
	{"security_notice_queue", "select, insert, update, delete"},
	{"security_notices", "select, insert, update, delete"},
	{"settlement_columns", "select, insert, update, delete"},
	{"settlement_sources", "select, insert, update, delete"},
	{"settlements", "select, insert, update"},
	{"sign_in_providers", "select, insert, update, delete"},
	{"signing_keys", "select, insert, update (sealed_private, retired_at)"},
	{"source_files", "select, insert, update"},
	{"webhook_endpoints", "select, insert, update, delete"},
	{"worker_processes", "select, insert, update, delete"},
}

// MayChangeSchema reports whether the store's role has the rights of the owner of any table, which no process needs.
func (s *Store) MayChangeSchema(ctx context.Context) (may bool, err error) {
	err = s.pool.QueryRow(ctx, `
		select exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and pg_has_role(relowner, 'usage'))`).Scan(&may)
	return may, failed(err, "look up the rights of the database role")
}

// grant gives the role its privileges and takes every other one away from it, in one transaction, so that processes that run never
// miss one. Nobody but the owner may make anything in the schema or the database, not even temporary tables.
func grant(ctx context.Context, owner *pgx.Conn, role string) error {
	name, database := pgx.Identifier{role}.Sanitize(), pgx.Identifier{owner.Config().Database}.Sanitize()
	statements := []string{
		"select pg_advisory_xact_lock(hashtext('quittance privileges'))", // two that grant at once would disturb each other
		"revoke create, temporary on database " + database + " from public, " + name,
		"grant connect on database " + database + " to " + name,
		"revoke create on schema public from public, " + name,
		"grant usage on schema public to " + name,
		"revoke all on all tables in schema public from public, " + name,
		"revoke all on all sequences in schema public from public, " + name,
	}
	for _, p := range privileges {
		statements = append(statements, fmt.Sprintf("grant %s on %s to %s", p.may, p.table, name))
	}
	for _, function := range monitoringFunctions {
		statements = append(statements, "grant execute on function "+function+" to "+name)
	}
	for _, table := range monitoredTables { // the owner may be another one than when the policy was made, after a restore
		statements = append(statements, "alter policy monitoring on "+table+" to current_user")
	}
	return pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
}
