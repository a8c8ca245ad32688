package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/oversight"
	"github.com/quittance/quittance/internal/personal"
)

// This file holds what operators read of all companies. It is read company by company, as each company sees its own rows: a policy
// that showed the rows of all would keep every query of the product from the indexes on company_id.

// companiesAtOnce is how many companies are asked for in one round trip.
const companiesAtOnce = 200

// eachCompany runs, for each of the companies, the queries that queue adds. They see the rows of that company only, and can't
// write.
func (s *Store) eachCompany(ctx context.Context, companies []string, queue func(*pgx.Batch)) error {
	for some := range slices.Chunk(companies, companiesAtOnce) {
		var batch pgx.Batch
		for _, company := range some {
			batch.Queue("select set_config('quittance.company_id', $1, true), set_config('transaction_read_only', 'on', true)", company)
			queue(&batch)
		}
		if err := s.pool.SendBatch(ctx, &batch).Close(); err != nil { // what is sent together is one transaction
			return failed(err, "read what all companies have")
		}
	}
	return nil
}

// across is page over all companies, in the order newestFirst or oldestFirst.
func across[T any](ctx context.Context, s *Store, q query, order string, limit int, scan pgx.RowToFunc[T], rowID func(T) string) ([]T, string, error) {
	companies, err := s.Companies(ctx)
	if err != nil {
		return nil, "", err
	}
	limit = pageSize(limit)
	sql := q.ordered(order, limit+1)
	found := []T{}
	err = s.eachCompany(ctx, companies, func(batch *pgx.Batch) {
		batch.Queue(sql, q.args...).Query(func(rows pgx.Rows) error {
			items, err := pgx.CollectRows(rows, scan)
			if err != nil || len(items) == 0 {
				return err
			}
			found = append(found, items...)
			slices.SortFunc(found, func(a, b T) int {
				if order == oldestFirst {
					a, b = b, a
				}
				return strings.Compare(rowID(b), rowID(a))
			})
			found = found[:min(len(found), limit+1)]
			return nil
		})
	})
	if err != nil {
		return nil, "", err
	}
	items, next := cut(found, limit, rowID)
	return items, next, nil
}

// ListCompanies returns the companies that the filter chooses, newest first, and the cursor for more, if there are. A cursor that
// didn't come from here is problem.Invalid.
func (s *Store) ListCompanies(ctx context.Context, f listing.Companies) ([]merchant.Company, string, error) {
	q := query{sql: selectCompanies}
	if f.Text != "" {
		q.where("("+contains("name")+" or id = ?)", f.Text, f.Text)
	}
	if err := q.before(f.Cursor, id.Company); err != nil {
		return nil, "", err
	}
	return across(ctx, s, q, newestFirst, f.Limit, scanCompany, func(c merchant.Company) string { return c.ID })
}

// CompaniesByID returns those companies, without those that don't exist.
func (s *Store) CompaniesByID(ctx context.Context, ids ...string) (map[string]merchant.Company, error) {
	companies := map[string]merchant.Company{}
	slices.Sort(ids)
	err := s.eachCompany(ctx, slices.Compact(ids), func(batch *pgx.Batch) {
		batch.Queue(selectCompanies).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, scanCompany)
			for _, c := range found {
				companies[c.ID] = c
			}
			return err
		})
	})
	return companies, err
}

// AllExceptions is Tx.Exceptions over all companies.
func (s *Store) AllExceptions(ctx context.Context, f listing.Exceptions) ([]exception.Exception, string, error) {
	q, order, err := exceptionsBy(f)
	if err != nil {
		return nil, "", err
	}
	return across(ctx, s, q, order, f.Limit, scanListedException, idOfException)
}

// ExceptionCompany returns whose exception it is, or problem.NotFound.
func (s *Store) ExceptionCompany(ctx context.Context, exceptionID string) (companyID string, err error) {
	q := query{sql: selectExceptions}
	q.where("id = ?", exceptionID)
	found, _, err := across(ctx, s, q, newestFirst, 1, scanException, idOfException)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", notFound("exception", exceptionID)
	}
	return found[0].CompanyID, nil
}

// AllPaymentServices returns the payment services of all companies that the filter chooses, oldest first, and the cursor for more,
// if there are. A cursor that didn't come from here is problem.Invalid.
func (s *Store) AllPaymentServices(ctx context.Context, f listing.PaymentServices) ([]merchant.PaymentService, string, error) {
	q := query{sql: selectPaymentServices}
	whereSet(&q, "company_id = ?", f.CompanyID)
	whereSet(&q, "status = ?", f.Status)
	if err := q.inOrder(oldestFirst, f.Cursor, id.PaymentService); err != nil {
		return nil, "", err
	}
	return across(ctx, s, q, oldestFirst, f.Limit, scanPaymentService, func(p merchant.PaymentService) string { return p.ID })
}

// search finds things by exactly how they are called here or at Saferpay, with their invoice in the place of its customer.
const search = `
	select * from (
		select 'invoice' as kind, id, company_id, number, id as invoice, case when issued_at is null then '' else id end as collected, '' as workflow
		from invoices where number = $1 or id = $1
		union all
		select 'payment', p.id, p.company_id, number, i.id, i.id, ''
		from payments p join invoices i on i.id = p.invoice_id
		where p.id = $1 or order_id = $1 or transaction_id = $1 and transaction_id <> ''
		union all
		select 'refund', r.id, r.company_id, number, i.id, '', ''
		from refunds r join invoices i on i.id = r.invoice_id
		where r.id = $1 or order_id = $1 or transaction_id = $1 and transaction_id <> ''
		union all
		select 'payment_service', id, company_id, name, '', '', '' from payment_services where id = $1
		union all
		select 'exception', id, company_id, kind, '', '', workflow_id from exceptions where id = $1 or subject = $1
	) found`

// Search returns what is called that in the company, and then the newest invoices in whose number or customer's name it is a part:
// at most oversight.MostFound.
func (tx *Tx) Search(ctx context.Context, text string) ([]oversight.Found, error) {
	q := query{sql: search, args: []any{text}}
	rows, _ := tx.tx.Query(ctx, q.ordered(newestFirst, oversight.MostFound), q.args...) // its error comes out of CollectRows
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[oversight.Found])
	if err != nil {
		return nil, failed(err, "search")
	}
	q = query{sql: `select 'invoice' as kind, id, company_id, number, id as invoice, case when issued_at is null then '' else id end as collected, '' as workflow from invoices i` + whoOf}
	said, args := tx.sought(text, personal.Name)
	q.where("number <> ? and id <> ? and ("+contains("number")+" or "+said+")", append([]any{text, text, text}, args...)...)
	rows, _ = tx.tx.Query(ctx, q.ordered(newestFirst, oversight.MostFound), q.args...) // its error comes out of CollectRows
	invoices, err := pgx.CollectRows(rows, pgx.RowToStructByPos[oversight.Found])
	if err != nil {
		return nil, failed(err, "search invoices")
	}
	found = append(found, invoices...)
	found = found[:min(len(found), oversight.MostFound)]
	var ids []string
	for _, f := range found {
		ids = append(ids, f.Customer)
	}
	titles, err := tx.Titles(ctx, ids)
	for n := range found {
		found[n].Customer = titles[found[n].Customer].Customer
	}
	return found, err
}

// SearchAll returns what is called exactly that in any company: at most oversight.MostFound.
func (s *Store) SearchAll(ctx context.Context, text string) ([]oversight.Found, error) {
	q := query{sql: search, args: []any{text}}
	found, _, err := across(ctx, s, q, newestFirst, oversight.MostFound, pgx.RowToStructByPos[oversight.Found],
		func(f oversight.Found) string { return f.ID })
	for n := range found {
		found[n].Customer = "" // who runs the installation needs not know
	}
	return found, err
}
