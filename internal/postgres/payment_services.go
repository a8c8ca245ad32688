package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

const selectPaymentServices = `
	select id, company_id, provider, name, environment, status, is_default, customer_id, terminal_id, api_username,
		sealed_password, methods, requested_currencies, submitted_at, earliest_at, due_at, last_checked_at, timeline, created_at
	from payment_services`

func scanPaymentService(row pgx.CollectableRow) (s merchant.PaymentService, err error) {
	err = row.Scan(&s.ID, &s.CompanyID, &s.Provider, &s.Name, &s.Environment, &s.Status, &s.IsDefault, &s.CustomerID,
		&s.TerminalID, &s.APIUsername, &s.SealedPassword, &s.Methods, &s.Requested, (*zeronull.Timestamptz)(&s.SubmittedAt),
		(*zeronull.Timestamptz)(&s.EarliestAt), (*zeronull.Timestamptz)(&s.DueAt), (*zeronull.Timestamptz)(&s.LastCheckedAt),
		&s.Timeline, &s.CreatedAt)
	return s, err
}

// PaymentService returns a payment service, or problem.NotFound.
func (tx *Tx) PaymentService(ctx context.Context, id string) (merchant.PaymentService, error) {
	return one(ctx, tx.tx, scanPaymentService, "payment service", id, selectPaymentServices+` where id = $1`, id)
}

// LockPaymentService is PaymentService, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockPaymentService(ctx context.Context, id string) (merchant.PaymentService, error) {
	return one(ctx, tx.tx, scanPaymentService, "payment service", id, selectPaymentServices+` where id = $1 for no key update`, id)
}

// PaymentServices returns all payment services of the company, oldest first.
func (tx *Tx) PaymentServices(ctx context.Context) ([]merchant.PaymentService, error) {
	return all(ctx, tx.tx, scanPaymentService, "list payment services", selectPaymentServices+` order by id`)
}

// DefaultPaymentService returns the payment service for new invoices; false when the company has chosen none.
func (tx *Tx) DefaultPaymentService(ctx context.Context) (merchant.PaymentService, bool, error) {
	return optional(ctx, tx.tx, scanPaymentService, "look up the default payment service", selectPaymentServices+` where is_default`)
}

// InsertPaymentService stores a new payment service, which is not the default one: see MakeDefault.
func (tx *Tx) InsertPaymentService(ctx context.Context, s merchant.PaymentService) error {
	_, err := tx.tx.Exec(ctx, `
		with service as (
			insert into payment_services (company_id, id, provider, name, environment, status, customer_id, terminal_id,
				api_username, sealed_password, methods, requested_currencies, submitted_at, earliest_at, due_at, last_checked_at, timeline, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
			on conflict (company_id, id) do nothing returning company_id, id
		)
		insert into payment_service_companies (company_id, payment_service_id) select company_id, id from service`,
		s.CompanyID, s.ID, s.Provider, s.Name, s.Environment, s.Status, s.CustomerID, s.TerminalID, s.APIUsername,
		s.SealedPassword, list(s.Methods), list(s.Requested), zeronull.Timestamptz(s.SubmittedAt), zeronull.Timestamptz(s.EarliestAt),
		zeronull.Timestamptz(s.DueAt), zeronull.Timestamptz(s.LastCheckedAt), list(s.Timeline), s.CreatedAt)
	return failed(err, "insert payment service %s", s.ID)
}

// SavePaymentService stores what can change about a payment service. It can take the default away from it, as
// merchant.PaymentService.Become does, but only MakeDefault gives it.
func (tx *Tx) SavePaymentService(ctx context.Context, s merchant.PaymentService) error {
	return tx.save(ctx, "payment service", s.ID, `
		update payment_services set name = $2, status = $3, is_default = is_default and $4,
			unswept_since = case when status <> 'active' and $3 = 'active' then now() else unswept_since end, customer_id = $5, terminal_id = $6,
			api_username = $7, sealed_password = $8, methods = $9, requested_currencies = $10, submitted_at = $11,
			earliest_at = $12, due_at = $13, last_checked_at = $14, timeline = $15
		where id = $1`,
		s.ID, s.Name, s.Status, s.IsDefault, s.CustomerID, s.TerminalID, s.APIUsername, s.SealedPassword, list(s.Methods),
		list(s.Requested), zeronull.Timestamptz(s.SubmittedAt), zeronull.Timestamptz(s.EarliestAt), zeronull.Timestamptz(s.DueAt),
		zeronull.Timestamptz(s.LastCheckedAt), list(s.Timeline))
}

// MakeDefault makes a payment service the company's default one instead of any other; problem.NotFound when there is no
// such payment service, problem.PaymentServiceNotActive when it isn't active.
func (tx *Tx) MakeDefault(ctx context.Context, id string) error {
	// The company's row is locked first, so that of two concurrent choices the later one stands.
	if _, err := tx.tx.Exec(ctx, `select from companies where id = $1 for no key update`, tx.companyID); err != nil {
		return failed(err, "lock the company")
	}
	chosen, err := tx.PaymentService(ctx, id)
	if err != nil {
		return err
	}
	if chosen.Status != merchant.Active {
		return problem.New(problem.PaymentServiceNotActive, "Payment service %s is %s. Only an active one can be the default.", id, chosen.Status)
	}
	_, err = tx.tx.Exec(ctx, `update payment_services set is_default = false where company_id = $1 and is_default and id <> $2`, tx.companyID, id)
	if err != nil {
		return failed(err, "take the default from the other payment service")
	}
	return tx.save(ctx, "payment service", id, `update payment_services set is_default = true where id = $1`, id)
}
