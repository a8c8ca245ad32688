package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
)

// remindersOf reads the reminders of the invoice i as keptReminder.
const remindersOf = `(select jsonb_agg(jsonb_build_object('Step', step, 'DaysAfterDue', days_after_due, 'At', at, 'Personal', encode(r.personal, 'base64'),
		'Email', jsonb_build_object('State', email_state, 'To', email_to, 'At', email_at, 'Reason', email_reason)) order by step)
		from invoice_reminders r where r.company_id = i.company_id and r.invoice_id = i.id)`

// SaveReminder stores a reminder of the invoice, in the place of what was known of the same step.
func (tx *Tx) SaveReminder(ctx context.Context, invoiceID string, r invoice.Reminder) error {
	value, err := tx.sealReached(ctx, invoiceID, r)
	if err != nil {
		return err
	}
	_, err = tx.tx.Exec(ctx, `
		insert into invoice_reminders (company_id, invoice_id, step, days_after_due, at, email_state, email_at, personal)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (company_id, invoice_id, step) do update
			set email_state = excluded.email_state, email_to = '', email_at = excluded.email_at, email_reason = '', personal = excluded.personal`,
		tx.companyID, invoiceID, r.Step, r.DaysAfterDue, r.At, r.Email.State, r.Email.At, value)
	return failed(err, "save reminder %d of invoice %s", r.Step, invoiceID)
}

// DeleteReminder takes a reminder back that was not sent.
func (tx *Tx) DeleteReminder(ctx context.Context, invoiceID string, step int) error {
	_, err := tx.tx.Exec(ctx, `delete from invoice_reminders where company_id = $1 and invoice_id = $2 and step = $3`, tx.companyID, invoiceID, step)
	return failed(err, "delete reminder %d of invoice %s", step, invoiceID)
}

// Remindable returns the invoices of all companies whose next reminder has so many days after the due date that it falls on that day or
// before, and the companies by id. An invoice is not among them while a payment or bank receipt of it is not decided.
func (s *Store) Remindable(ctx context.Context, day time.Time) (companies map[string]merchant.Company, invoices []invoice.Invoice, err error) {
	all, err := s.Companies(ctx)
	if err != nil {
		return nil, nil, err
	}
	var undecided []string
	for _, state := range payment.States {
		if state.InProgress() {
			undecided = append(undecided, string(state))
		}
	}
	var ids []string
	err = s.eachCompany(ctx, all, func(batch *pgx.Batch) {
		batch.Queue(selectInvoices+`
			where status in ('open', 'partially_paid') and coalesce(mailable, customer_email <> '') and not reminders_stopped
				and due_date + (select (c.reminders -> (select count(*)::integer from invoice_reminders r where r.company_id = i.company_id and r.invoice_id = i.id)
					->> 'days_after_due')::integer from companies c where c.id = i.company_id and not c.suspended) <= $1
				and not exists (select from payments p where p.company_id = i.company_id and p.invoice_id = i.id and p.state = any($2))
				and not exists (select from bank_receipts b where b.company_id = i.company_id and b.invoice_id = i.id and b.state in ('waiting', 'asked'))`,
			day, undecided).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, s.scanInvoice)
			if len(found) > 0 {
				ids, invoices = append(ids, found[0].CompanyID), append(invoices, found...)
			}
			return err
		})
	})
	if err != nil {
		return nil, nil, err
	}
	companies, err = s.CompaniesByID(ctx, ids...)
	return companies, invoices, err
}

func (s *Store) scanInvoice(row pgx.CollectableRow) (invoice.Invoice, error) {
	i, _, err := s.customers.scan(row)
	return i, err
}
