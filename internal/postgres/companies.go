package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// CreateCompany stores a new company with ledger.Chart as its accounts. A company of that id that exists already stays as
// it is. A receipt or fee account that the chart doesn't have is problem.Invalid.
func (s *Store) CreateCompany(ctx context.Context, c merchant.Company) error {
	numbers := make([]string, len(ledger.Chart))
	names := make([]map[string]string, len(ledger.Chart))
	for i, account := range ledger.Chart {
		numbers[i], names[i] = account.Number, account.Names
	}
	return s.InCompany(ctx, c.ID, func(tx *Tx) error {
		// One statement, because companies and accounts point at each other.
		_, err := tx.tx.Exec(ctx, `
			with company as (
				insert into companies (id, name, language, canton, contact_email, receipt_account, fee_account, payout_days, payout_ibans,
					payment_tolerance, liability, return_origins, letterhead, attach_pdf, receipts_by_email, created_at,
					reminders, reminders_since, refund_approval_above, retention)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $19, $20, $21, $22)
				on conflict (id) do nothing returning id
			), head as (
				insert into journal_heads (company_id, sequence, hash) select id, 0, '' from company
			)
			insert into accounts (company_id, number, names)
			select company.id, chart.number, chart.names from company, unnest($17::text[], $18::jsonb[]) as chart (number, names)`,
			c.ID, c.Name, c.Language, c.Canton, c.ContactEmail, c.ReceiptAccount, c.FeeAccount, c.PayoutDays, list(c.PayoutIBANs),
			c.PaymentTolerance, c.Liability, list(c.ReturnOrigins), c.Letterhead, c.AttachPDF, c.ReceiptsByEmail, c.CreatedAt, numbers, names,
			list(c.Reminders), zeronull.Timestamptz(c.RemindersSince), c.RefundApprovalAbove, c.Retention.Effective())
		return outsideChart(failed(err, "create company %s", c.ID))
	})
}

const (
	selectCompanies = `
	select id, name, language, canton, contact_email, receipt_account, fee_account, payout_days, payout_ibans, payment_tolerance, liability,
		return_origins, letterhead, attach_pdf, receipts_by_email, suspended, created_at, reminders, reminders_since,
		refund_approval_above, retention, erasure_told_at
	from companies`
	selectCompany = selectCompanies + ` where id = $1`
)

// Company returns the company; problem.NotFound when it doesn't exist.
func (tx *Tx) Company(ctx context.Context) (merchant.Company, error) {
	return one(ctx, tx.tx, scanCompany, "company", tx.companyID, selectCompany, tx.companyID)
}

// LockCompany is Company, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockCompany(ctx context.Context) (merchant.Company, error) {
	return one(ctx, tx.tx, scanCompany, "company", tx.companyID, selectCompany+` for no key update`, tx.companyID)
}

func scanCompany(row pgx.CollectableRow) (c merchant.Company, err error) {
	err = row.Scan(&c.ID, &c.Name, &c.Language, &c.Canton, &c.ContactEmail, &c.ReceiptAccount, &c.FeeAccount, &c.PayoutDays, &c.PayoutIBANs,
		&c.PaymentTolerance, &c.Liability, &c.ReturnOrigins, &c.Letterhead, &c.AttachPDF, &c.ReceiptsByEmail, &c.Suspended, &c.CreatedAt,
		&c.Reminders, (*zeronull.Timestamptz)(&c.RemindersSince), &c.RefundApprovalAbove, &c.Retention, scanned(&c.ErasureTold))
	return c, err
}

// SaveCompany stores what can change about the company. A receipt or fee account that the chart doesn't have is
// problem.Invalid.
func (tx *Tx) SaveCompany(ctx context.Context, c merchant.Company) error {
	return outsideChart(tx.save(ctx, "company", c.ID, `
		update companies set name = $2, language = $3, canton = $4, contact_email = $5, receipt_account = $6, fee_account = $7,
			payout_days = $8, payout_ibans = $9, payment_tolerance = $10, liability = $11, return_origins = $12, letterhead = $13,
			attach_pdf = $14, receipts_by_email = $15, suspended = $16, reminders = $17, reminders_since = $18, refund_approval_above = $19,
			retention = $20, erasure_told_at = $21
		where id = $1`,
		c.ID, c.Name, c.Language, c.Canton, c.ContactEmail, c.ReceiptAccount, c.FeeAccount, c.PayoutDays, list(c.PayoutIBANs),
		c.PaymentTolerance, c.Liability, list(c.ReturnOrigins), c.Letterhead, c.AttachPDF, c.ReceiptsByEmail, c.Suspended,
		list(c.Reminders), zeronull.Timestamptz(c.RemindersSince), c.RefundApprovalAbove,
		c.Retention.Effective(), zeronull.Timestamptz(c.ErasureTold)))
}

// outsideChart turns the database's refusal of an account into a problem that names the field.
func outsideChart(err error) error {
	for _, field := range []string{"receipt_account", "fee_account"} {
		if violates(err, foreignKeyViolation, field+"_in_chart") {
			return problem.InvalidFields(problem.Field{Name: field, Message: "must be an account of the chart, see GET /v1/accounts"})
		}
	}
	return err
}

// Logo returns the company's logo, if it has one.
func (tx *Tx) Logo(ctx context.Context) (l merchant.Logo, found bool, err error) {
	scan := func(row pgx.CollectableRow) (l merchant.Logo, err error) {
		err = row.Scan(&l.ContentType, &l.Content)
		return l, err
	}
	return optional(ctx, tx.tx, scan, "look up the logo", `select content_type, content from company_logos`)
}

// SaveLogo stores the company's logo in the place of the one before.
func (tx *Tx) SaveLogo(ctx context.Context, l merchant.Logo) error {
	_, err := tx.tx.Exec(ctx, `
		insert into company_logos (company_id, content_type, content) values ($1, $2, $3)
		on conflict (company_id) do update set content_type = excluded.content_type, content = excluded.content`, tx.companyID, l.ContentType, l.Content)
	return failed(err, "save the logo")
}

// DeleteLogo removes the company's logo, or returns problem.NotFound.
func (tx *Tx) DeleteLogo(ctx context.Context) error {
	return tx.save(ctx, "logo", tx.companyID, `delete from company_logos where company_id = $1`, tx.companyID)
}
