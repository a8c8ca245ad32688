package postgres

import (
	"context"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/personal"
	"github.com/quittance/quittance/internal/problem"
)

// whoOf reads whose the invoice i is, and what is kept of them there.
const whoOf = ` left join lateral (
		select customer_id, personal, mailable, name_index, email_index, sealed_key, erased_at
		from invoice_customers ic join customers c on c.company_id = ic.company_id and c.id = ic.customer_id
		where ic.company_id = i.company_id and ic.invoice_id = i.id
	) who on true`

const selectInvoices = `
	select id, company_id, number, status, currency, amount, amount_paid, amount_refunded, customer_name, customer_email,
		customer_language, description, due_date, content, token, created_at, issued_at, paid_at, cancelled_at,
		email_id, email_state, email_to, email_at, email_reason,
		array(select payment_service_id from invoice_payment_services s where s.invoice_id = i.id order by position),
		reminders_stopped, ` + remindersOf + `, link_version, customer_id, personal, sealed_key, erased_at
	from invoices i` + whoOf

func (tx *Tx) scanInvoice(row pgx.CollectableRow) (invoice.Invoice, error) {
	i, w, err := tx.customers.scan(row)
	tx.whose[i.ID] = w
	return i, err
}

func (k *customerKeys) scan(row pgx.CollectableRow) (i invoice.Invoice, w who, err error) {
	var currency money.Currency
	var total, paid, refunded decimal.Decimal
	var of kept
	err = row.Scan(&i.ID, &i.CompanyID, &i.Number, &i.Status, &currency, &total, &paid, &refunded, &of.name, &of.email,
		&i.Customer.Language, &i.Description, &i.DueDate, &i.Content, &of.token, &i.CreatedAt, scanned(&i.IssuedAt), scanned(&i.PaidAt), scanned(&i.CancelledAt),
		&i.Email.ID, &i.Email.State, &of.emailTo, scanned(&i.Email.At), &of.emailReason,
		&i.PaymentServiceIDs, &i.RemindersStopped, &of.reminders, &of.linkVersion, &of.customerID, &of.personal, &of.key, scanned(&of.erasedAt))
	if err != nil {
		return i, w, err
	}
	i.Amount, i.AmountPaid, i.AmountRefunded = amount(total, currency), amount(paid, currency), amount(refunded, currency)
	w, err = k.fill(&i, of)
	return i, w, err
}

// Invoice returns an invoice, or problem.NotFound.
func (tx *Tx) Invoice(ctx context.Context, id string) (invoice.Invoice, error) {
	return one(ctx, tx.tx, tx.scanInvoice, "invoice", id, selectInvoices+` where id = $1`, id)
}

// LockInvoice is Invoice, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockInvoice(ctx context.Context, id string) (invoice.Invoice, error) {
	// Two statements: the second one sees what was committed while the first one waited, in both tables.
	var batch pgx.Batch
	batch.Queue(`select from invoices where id = $1 for no key update`, id)
	locked := queue(&batch, tx.scanInvoice, selectInvoices+` where id = $1`, id)
	if err := tx.tx.SendBatch(ctx, &batch).Close(); err != nil {
		return invoice.Invoice{}, failed(err, "lock invoice %s", id)
	}
	return single(*locked, "invoice", id)
}

// Checkout returns all that a payment page is made of, in one round trip: the company, the invoice, and the payment services attached to
// it, in its order; problem.NotFound when there is no such invoice.
func (tx *Tx) Checkout(ctx context.Context, invoiceID string) (merchant.Company, invoice.Invoice, []merchant.PaymentService, error) {
	d, err := tx.checkout(ctx, &pgx.Batch{}, invoiceID)
	return d.Company, d.Invoice, d.PaymentServices, err
}

// InvoiceDocument returns all that the pages of an invoice's payer are made of, in one round trip, or problem.NotFound.
func (tx *Tx) InvoiceDocument(ctx context.Context, invoiceID string) (listing.Document, error) {
	batch := &pgx.Batch{}
	payments := queue(batch, scanPayment, selectPayments+paymentsOf, []string{invoiceID})
	accounts := queue(batch, scanBankAccount, selectBankAccounts+`
		where use_for_invoices and currency = (select currency from invoices where id = $1)`, invoiceID)
	logos := queue(batch, pgx.RowTo[bool], `select true from company_logos`)
	d, err := tx.checkout(ctx, batch, invoiceID)
	d.Payments, d.Accounts, d.HasLogo = *payments, *accounts, len(*logos) > 0
	return d, err
}

// checkout sends what the batch holds, and what a payment page is made of.
func (tx *Tx) checkout(ctx context.Context, batch *pgx.Batch, invoiceID string) (d listing.Document, err error) {
	companies := queue(batch, scanCompany, selectCompany, tx.companyID)
	invoices := queue(batch, tx.scanInvoice, selectInvoices+` where id = $1`, invoiceID)
	services := queue(batch, scanPaymentService, selectPaymentServices+`
		join (select payment_service_id as id, position from invoice_payment_services where invoice_id = $1) attached using (id)
		order by position`, invoiceID)
	if err := tx.tx.SendBatch(ctx, batch).Close(); err != nil {
		return d, failed(err, "read invoice %s with its company and payment services", invoiceID)
	}
	if d.Company, err = single(*companies, "company", tx.companyID); err != nil {
		return d, err
	}
	d.PaymentServices = *services
	d.Invoice, err = single(*invoices, "invoice", invoiceID)
	return d, err
}

// InsertInvoice stores a new invoice and its customer, and opens its online document: the record makes the token. A number that another
// invoice of the company has is problem.InvoiceNumberTaken, a payment service that the company doesn't have is problem.Invalid.
func (tx *Tx) InsertInvoice(ctx context.Context, i invoice.Invoice) error {
	if tx.customers == nil {
		return errLocked
	}
	tag, err := tx.tx.Exec(ctx, `
		with invoice as (
			insert into invoices (company_id, id, number, status, currency, amount, amount_paid, customer_language, description, due_date,
				created_at, issued_at, paid_at, content, reminders_stopped)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
			on conflict (company_id, id) do nothing returning company_id, id
		)
		insert into online_documents (token_hash, company_id, invoice_id) select $16, company_id, id from invoice`,
		i.CompanyID, i.ID, i.Number, i.Status, i.Amount.Currency(), i.Amount.Decimal(), i.AmountPaid.Decimal(), i.Customer.Language,
		i.Description, i.DueDate, i.CreatedAt, zeronull.Timestamptz(i.IssuedAt), zeronull.Timestamptz(i.PaidAt), withoutAddress(i.Content),
		i.RemindersStopped, digest(tx.customers.Token(i.ID, 1)))
	if err != nil || tag.RowsAffected() == 0 {
		return numberTaken(failed(err, "insert invoice %s", i.ID), i)
	}
	if err := tx.keepCustomer(ctx, i); err != nil {
		return err
	}
	return tx.attach(ctx, &pgx.Batch{}, i)
}

// withoutAddress returns the content without the customer's address, which stands with the name.
func withoutAddress(c invoice.Content) invoice.Content {
	c.Address = invoice.Address{}
	return c
}

// SaveInvoice stores what can change about an invoice, except for its payment services. A number that another invoice of the
// company has is problem.InvoiceNumberTaken; what is said of a customer who was erased is problem.CustomerErased.
func (tx *Tx) SaveInvoice(ctx context.Context, i invoice.Invoice) error {
	err := tx.save(ctx, "invoice", i.ID, `
		update invoices set number = $2, status = $3, currency = $4, amount = $5, amount_paid = $6, customer_language = $7,
			description = $8, due_date = $9, issued_at = $10, paid_at = $11, amount_refunded = $12, email_id = $13, email_state = $14,
			email_at = $15, content = $16, reminders_stopped = $17,
			cancelled_at = case when $3 = 'cancelled' then coalesce(cancelled_at, now()) end
		where id = $1`,
		i.ID, i.Number, i.Status, i.Amount.Currency(), i.Amount.Decimal(), i.AmountPaid.Decimal(), i.Customer.Language,
		i.Description, i.DueDate, zeronull.Timestamptz(i.IssuedAt), zeronull.Timestamptz(i.PaidAt), i.AmountRefunded.Decimal(), i.Email.ID,
		i.Email.State, zeronull.Timestamptz(i.Email.At), withoutAddress(i.Content), i.RemindersStopped)
	if err != nil {
		return numberTaken(err, i)
	}
	return tx.keepCustomer(ctx, i)
}

func numberTaken(err error, i invoice.Invoice) error {
	if violates(err, uniqueViolation, "invoice_number") {
		return problem.New(problem.InvoiceNumberTaken, "There is already an invoice with the number %s.", i.Number)
	}
	return err
}

// AttachPaymentServices stores the invoice's list of payment services, if it has changed. A payment service that the company
// doesn't have, or that is in the list twice, is problem.Invalid.
func (tx *Tx) AttachPaymentServices(ctx context.Context, i invoice.Invoice) error {
	batch := &pgx.Batch{}
	batch.Queue(`
		delete from invoice_payment_services where invoice_id = $1
			and array(select payment_service_id from invoice_payment_services where invoice_id = $1 order by position) <> $2::text[]`,
		i.ID, list(i.PaymentServiceIDs))
	return tx.attach(ctx, batch, i)
}

// attach sends what the batch holds, and attaches the payment services to an invoice that has none.
func (tx *Tx) attach(ctx context.Context, batch *pgx.Batch, i invoice.Invoice) error {
	batch.Queue(`
		insert into invoice_payment_services (company_id, invoice_id, payment_service_id, position)
		select $1, $2, id, position from unnest($3::text[]) with ordinality as attached (id, position)
		where not exists (select from invoice_payment_services where invoice_id = $2)`,
		i.CompanyID, i.ID, list(i.PaymentServiceIDs))
	err := tx.tx.SendBatch(ctx, batch).Close()
	switch {
	case violates(err, foreignKeyViolation, "known_payment_service"):
		return problem.InvalidFields(problem.Field{Name: "payment_service_ids", Message: "must name payment services of this company"})
	case violates(err, uniqueViolation, "attached_once"):
		return problem.InvalidFields(problem.Field{Name: "payment_service_ids", Message: "must name each payment service once"})
	default:
		return failed(err, "attach payment services to invoice %s", i.ID)
	}
}

// Invoices returns the invoices that the filter chooses, and the cursor for more, if there are. A cursor that didn't come from here
// is problem.Invalid.
func (tx *Tx) Invoices(ctx context.Context, f listing.Invoices) (invoices []invoice.Invoice, next string, err error) {
	q := query{sql: selectInvoices}
	whereSet(&q, "status = ?", f.Status)
	whereSet(&q, "number = ?", f.Number)
	if f.Customer != "" {
		said, args := tx.sought(f.Customer, personal.Name, personal.Email)
		q.where("("+said+")", args...)
	}
	q.onDays("coalesce(issued_at, created_at)", f.From, f.To)
	if f.Overdue != nil {
		q.where("(status in ('open', 'partially_paid') and due_date < ?) = ?", f.Today, *f.Overdue)
	}
	if f.Text != "" {
		said, args := tx.sought(f.Text, personal.Name, personal.Email)
		said, args = contains("number")+" or "+said, append([]any{f.Text}, args...)
		if amount := written.Replace(f.Text); amounts.MatchString(amount) {
			said, args = said+" or amount = ?::numeric", append(args, amount)
		}
		q.where("("+said+")", args...)
	}
	order, beyond := invoiceOrder(f.Sort)
	if err := q.beyond(f.Cursor, id.Invoice, beyond); err != nil {
		return nil, "", err
	}
	invoices, next, err = page(ctx, tx, q, order, f.Limit, tx.scanInvoice, func(i invoice.Invoice) string { return i.ID })
	return invoices, next, failed(err, "list invoices")
}

// sought is the condition that one of the fields of the customer holds a text, whatever its case, see personal.Sought; and what it takes.
func (tx *Tx) sought(text string, among ...personal.Field) (condition string, args []any) {
	if tx.customers == nil {
		return "false", nil
	}
	var conditions []string
	for _, field := range among {
		conditions, args = append(conditions, string(field)+"_index @> ?"), append(args, tx.customers.Sought(tx.companyID, field, text))
	}
	return strings.Join(conditions, " or "), args
}

// contains is the condition that the column holds a text, whatever its case.
func contains(column string) string { return "strpos(lower(" + column + "), lower(?)) > 0" }

var (
	// written brings an amount as people write it, such as 1'234,50, into the form of amounts.
	written = strings.NewReplacer("'", "", "’", "", " ", "", ",", ".")
	amounts = regexp.MustCompile(`^[0-9]{1,9}([.][0-9]{1,2})?$`)
)

// invoiceOrder returns the order of a list, and the condition that continues it after the invoice whose id is the cursor.
func invoiceOrder(sort listing.InvoiceOrder) (order, beyond string) {
	switch sort {
	case listing.InvoicesOldest:
		return oldestFirst, "id > ?"
	case listing.InvoicesByDueDate:
		return "due_date, id", "(due_date, id) > (select due_date, id from invoices where id = ?)"
	case listing.InvoicesByLatestDue:
		return "due_date desc, id desc", "(due_date, id) < (select due_date, id from invoices where id = ?)"
	case listing.InvoicesByNumber:
		return "number", "number > (select number from invoices where id = ?)"
	case listing.InvoicesByLastNumber:
		return "number desc", "number < (select number from invoices where id = ?)"
	default:
		return newestFirst, "id < ?"
	}
}

// InvoiceNumbers returns the numbers of those invoices, by id.
func (tx *Tx) InvoiceNumbers(ctx context.Context, ids ...string) (map[string]string, error) {
	numbers := map[string]string{}
	rows, _ := tx.tx.Query(ctx, `select id, number from invoices where id = any($1)`, ids) // its error comes out of ForEachRow
	var id, number string
	_, err := pgx.ForEachRow(rows, []any{&id, &number}, func() error {
		numbers[id] = number
		return nil
	})
	return numbers, failed(err, "look for the numbers of invoices")
}
