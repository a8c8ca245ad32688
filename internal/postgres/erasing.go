package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/idempotency"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/personal"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

// LockCustomer returns the customer and all their invoices, oldest first. Nobody can make another invoice for the customer until the
// transaction ends. Problems: not-found; customer-erased.
func (tx *Tx) LockCustomer(ctx context.Context, ref personal.Ref) (customerID string, invoices []invoice.Invoice, err error) {
	if tx.customers == nil {
		return "", nil, errLocked
	}
	condition, by, missing := `id = $1`, any(ref.CustomerID), notFound("customer", ref.CustomerID)
	switch {
	case ref.InvoiceID != "":
		condition, by, missing = `id = (select customer_id from invoice_customers where invoice_id = $1)`, ref.InvoiceID, notFound("invoice", ref.InvoiceID)
	case ref.Email != "":
		condition, by = `address_index = $1`, tx.customers.Address(tx.companyID, ref.Email)
		missing = problem.New(problem.NotFound, "No invoice has a customer with this mail address.")
	}
	found, err := all(ctx, tx.tx, pgx.RowToStructByPos[sealedCustomer], "look up a customer", `select id, sealed_key from customers where `+condition+` for update`, by)
	switch {
	case err != nil:
		return "", nil, err
	case len(found) == 0:
		return "", nil, missing
	case found[0].Key == nil:
		return "", nil, problem.New(problem.CustomerErased, "This customer was erased already.")
	}
	customerID = found[0].ID
	invoices, err = all(ctx, tx.tx, tx.scanInvoice, "read the invoices of a customer", selectInvoices+`
		where id in (select invoice_id from invoice_customers where customer_id = $1) order by id for no key update of i`, customerID)
	return customerID, invoices, err
}

// StillNeeded returns the numbers of those invoices whose customer is still needed: something is to be paid, in progress or contested.
func (tx *Tx) StillNeeded(ctx context.Context, invoiceIDs []string) ([]string, error) {
	var paying, refunding []string
	for _, state := range payment.States {
		if !state.Final() {
			paying = append(paying, string(state))
		}
	}
	for _, state := range refund.States {
		if !state.Final() {
			refunding = append(refunding, string(state))
		}
	}
	return all(ctx, tx.tx, pgx.RowTo[string], "look what is in progress of a customer", `
		select number from invoices i where id = any($1) and (
			status in ('open', 'partially_paid')
			or exists (select from payments p where p.invoice_id = i.id and p.state = any($2))
			or exists (select from refunds r where r.invoice_id = i.id and r.state = any($3))
			or exists (select from disputes d where d.invoice_id = i.id and d.state = 'open')
			or exists (select from bank_receipts b where b.invoice_id = i.id and b.state in ('waiting', 'asked'))
		) order by number`, invoiceIDs, paying, refunding)
}

// mentioning are the columns of texts that people and mail servers wrote about invoices, and what belongs to one of the invoices $1.
var mentioning = []struct {
	table, of string
	columns   []string
}{
	{"exceptions", `subject = any($1) or subject in (select id from payments where invoice_id = any($1) union select id from refunds where invoice_id = any($1)
		union select id from bank_receipts where invoice_id = any($1))`, []string{"detail", "note"}},
	{"payments", "invoice_id = any($1)", []string{"failure_payer_message", "mail_reason", "timeline"}},
	{"refunds", "invoice_id = any($1)", []string{"reason", "failure_payer_message", "mail_reason", "timeline"}},
	{"disputes", "invoice_id = any($1)", []string{"reason", "timeline"}},
}

// EraseCustomer makes what is known of the customer unreadable for good: it deletes the key. The invoices are those of LockCustomer; what
// is a draft among them is cancelled. It doesn't count answers, see ReplaceAnswers.
func (tx *Tx) EraseCustomer(ctx context.Context, customerID string, invoices []invoice.Invoice, at time.Time) (personal.Erased, error) {
	done, mentions, ids := personal.Erased{}, invoice.Mentions(invoices), make([]string, 0, len(invoices))
	for _, i := range invoices {
		ids = append(ids, i.ID)
		done.Reminders += len(i.Reminders)
		changed := mentions.Erase(&i.Description)
		for n := range i.Content.Lines {
			changed = mentions.Erase(&i.Content.Lines[n].Description) || changed
		}
		for key, value := range i.Content.Metadata {
			if mentions.Erase(&value) {
				i.Content.Metadata[key], changed = value, true
			}
		}
		if changed {
			done.Texts++
		}
		if i.Status == invoice.Draft {
			done.Drafts++
			if err := i.Become(invoice.Cancelled); err != nil {
				return done, err
			}
			if err := tx.AppendEvent(ctx, event.New(event.InvoiceCancelled, i.CompanyID, i.ID, at, i.Facts())); err != nil {
				return done, err
			}
		} else if !changed {
			continue
		}
		if err := tx.SaveInvoice(ctx, i); err != nil {
			return done, err
		}
	}
	done.Invoices = len(invoices)
	if pattern := mentions.Pattern(); pattern != "" {
		for _, m := range mentioning {
			texts, err := tx.eraseTexts(ctx, m.table, m.of, m.columns, ids, pattern)
			if err != nil {
				return done, err
			}
			done.Texts += texts
		}
	}
	pdfs, err := tx.tx.Exec(ctx, `delete from invoice_pdfs where invoice_id = any($1)`, ids)
	if err != nil {
		return done, failed(err, "delete the PDFs of customer %s", customerID)
	}
	done.PDFs = int(pdfs.RowsAffected())
	var batch pgx.Batch
	batch.Queue(`update customers set sealed_key = null, address_index = null, erased_at = $2 where id = $1`, customerID, at)
	batch.Queue(`update invoice_customers set personal = null, mailable = false, name_index = '{}', email_index = '{}' where customer_id = $1`, customerID)
	batch.Queue(`update invoice_reminders set personal = null, email_to = '', email_reason = '' where invoice_id = any($1)`, ids)
	if err := tx.tx.SendBatch(ctx, &batch).Close(); err != nil {
		return done, failed(err, "erase customer %s", customerID)
	}
	for _, id := range ids {
		delete(tx.whose, id)
	}
	return done, nil
}

func (tx *Tx) eraseTexts(ctx context.Context, table, of string, columns, invoiceIDs []string, pattern string) (int, error) {
	var sets, finds []string
	for _, column := range columns {
		kind := "text"
		if column == "timeline" {
			kind = "jsonb"
		}
		sets = append(sets, fmt.Sprintf("%[1]s = regexp_replace(%[1]s::text, $2, $3, 'gi')::%[2]s", column, kind))
		finds = append(finds, column+"::text ~* $2")
	}
	tag, err := tx.tx.Exec(ctx, fmt.Sprintf(`update %s set %s where (%s) and (%s)`, table, strings.Join(sets, ", "), of, strings.Join(finds, " or ")),
		invoiceIDs, pattern, personal.Mark)
	return int(tag.RowsAffected()), failed(err, "erase a customer from the texts of %s", table)
}

// answersAtOnce is how many answers ReplaceAnswers reads at once.
const answersAtOnce = 100

// ReplaceAnswers calls replace with every answer of the company that is kept for repetitions, and stores the one that it returns, unless
// that is nil. It returns how many were replaced.
func (tx *Tx) ReplaceAnswers(ctx context.Context, replace func(idempotency.Request) (*idempotency.Answer, error)) (replaced int, err error) {
	for last, more := "", true; more; {
		found, err := all(ctx, tx.tx, scanRequest, "read the answers that are kept", `
			select company_id, key, fingerprint, seed, created_at, taken_at, status, content_type, sealed
			from idempotency_keys where status is not null and key > $1 order by key limit $2`, last, answersAtOnce)
		if err != nil {
			return replaced, err
		}
		for _, r := range found {
			last = r.Key
			answer, err := replace(r)
			if err != nil {
				return replaced, err
			}
			if answer == nil {
				continue
			}
			replaced++
			_, err = tx.tx.Exec(ctx, `update idempotency_keys set status = $2, content_type = $3, sealed = $4 where key = $1`, r.Key, answer.Status, answer.ContentType, answer.Sealed)
			if err != nil {
				return replaced, failed(err, "replace an answer that is kept")
			}
		}
		more = len(found) == answersAtOnce
	}
	return replaced, nil
}

// RenewLink ends the link of an invoice, and makes another.
func (tx *Tx) RenewLink(ctx context.Context, invoiceID string, at time.Time) error {
	if tx.customers == nil {
		return errLocked
	}
	versions, err := all(ctx, tx.tx, pgx.RowTo[int], "make another link", `
		with ended as (update online_documents set revoked_at = $2 where invoice_id = $1 and revoked_at is null)
		update invoices set link_version = link_version + 1 where id = $1 returning link_version`, invoiceID, at)
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		return notFound("invoice", invoiceID)
	}
	_, err = tx.tx.Exec(ctx, `insert into online_documents (token_hash, company_id, invoice_id) values ($1, $2, $3)`,
		digest(tx.customers.Token(invoiceID, versions[0])), tx.companyID, invoiceID)
	return failed(err, "open the new link of invoice %s", invoiceID)
}
