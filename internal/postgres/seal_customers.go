package postgres

import (
	"context"

	"github.com/quittance/quittance/internal/invoice"
)

// sealedAtOnce is how many invoices one transaction of SealCustomers moves.
const sealedAtOnce = 100

// SealCustomers moves what is known of customers from the columns of before, where it stands in clear, to where it is sealed, while others
// read and write it. If it is interrupted, the next call goes on where it was. It returns how many invoices it moved.
func (s *Store) SealCustomers(ctx context.Context) (moved int, err error) {
	companies, err := s.Companies(ctx)
	if err != nil {
		return 0, err
	}
	for _, company := range companies {
		for last, found := "", sealedAtOnce; found == sealedAtOnce; moved += found {
			err := s.InCompany(ctx, company, func(tx *Tx) error {
				if err := tx.takeTime(ctx); err != nil {
					return err
				}
				left, err := all(ctx, tx.tx, tx.scanInvoice, "read invoices of before", selectInvoices+`
					where company_id = $1 and customer_id is null and id > $2 order by id limit $3 for no key update of i`, company, last, sealedAtOnce)
				if found = len(left); err != nil || found == 0 {
					return err
				}
				last = left[found-1].ID
				for _, i := range left {
					if err := tx.sealCustomer(ctx, i); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return moved, failed(err, "seal the customers of company %s", company)
			}
		}
	}
	return moved, nil
}

// sealCustomer moves the customer of one invoice. The link of before goes on; the one that is shown from now on is another.
func (tx *Tx) sealCustomer(ctx context.Context, i invoice.Invoice) error {
	delete(tx.whose, i.ID)
	if err := tx.keepCustomer(ctx, i); err != nil {
		return err
	}
	for _, r := range i.Reminders {
		if err := tx.SaveReminder(ctx, i.ID, r); err != nil {
			return err
		}
	}
	_, err := tx.tx.Exec(ctx, `
		with opened as (
			insert into online_documents (token_hash, company_id, invoice_id) values ($1, $2, $3) on conflict do nothing
		)
		update invoices set customer_name = '', customer_email = '', email_to = '', email_reason = '', token = '', content = $4 where id = $3`,
		digest(tx.customers.Token(i.ID, 1)), i.CompanyID, i.ID, withoutAddress(i.Content))
	return failed(err, "empty the columns of before of invoice %s", i.ID)
}
