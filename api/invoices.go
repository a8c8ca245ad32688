package api

import (
	"context"
	"reflect"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

// InvoicesTx is what the calls for invoices need of a transaction.
type InvoicesTx interface {
	Invoices(ctx context.Context, f listing.Invoices) (invoices []invoice.Invoice, next string, err error)
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	LockInvoice(ctx context.Context, id string) (invoice.Invoice, error)
	InsertInvoice(ctx context.Context, i invoice.Invoice) error
	SaveInvoice(ctx context.Context, i invoice.Invoice) error
	AttachPaymentServices(ctx context.Context, i invoice.Invoice) error
	PaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
	DefaultPaymentService(ctx context.Context) (service merchant.PaymentService, ok bool, err error)
	InvoiceStanding(ctx context.Context, invoiceID string) (invoice.Invoice, listing.Standing, error)
	Standing(ctx context.Context, invoiceIDs ...string) (listing.Standing, error)
	Alone() // see postgres.Tx
	BankAccounts(ctx context.Context) ([]merchant.BankAccount, error)
	Company(ctx context.Context) (merchant.Company, error)
	AppendEvent(ctx context.Context, e event.Event) error
}

// CreateInvoice answers POST /invoices.
func (s *server) CreateInvoice(ctx context.Context, r spec.CreateInvoiceRequestObject) (spec.CreateInvoiceResponseObject, error) {
	companyID := callerOf(ctx).companyID
	inv, invalid := newInvoice(*r.Body)
	inv.ID, inv.CompanyID, inv.CreatedAt = newID(ctx, id.Invoice), companyID, s.now()
	var accounts []merchant.BankAccount
	err := inCompany(ctx, s.Store, companyID, func(tx InvoicesTx) (err error) {
		if accounts, err = tx.BankAccounts(ctx); err != nil {
			return err
		}
		inv.PaymentServiceIDs, err = choosePaymentServices(ctx, tx, r.Body.PaymentServiceIds)
		if err := problem.Together(invalid, err); err != nil {
			return err
		}
		if err := tx.InsertInvoice(ctx, inv); err != nil || !repeated(ctx) {
			return err
		}
		inv, err = tx.Invoice(ctx, inv.ID) // the first try may have left it here
		return err
	})
	if err != nil {
		return nil, err
	}
	return spec.CreateInvoice201JSONResponse(s.shownInvoice(inv, listing.Standing{BankAccounts: accounts})), nil
}

// newInvoice returns the draft that a body describes, and an Invalid problem that names every field at fault, or nil.
func newInvoice(body spec.NewInvoice) (invoice.Invoice, error) {
	var content invoice.Content
	changeContent(&content, body.IssueDate, body.Lines, body.PricesIncludeVat, body.RoundToFiveCentimes, body.Metadata)
	content.Address = addressOf(body.Customer.Address)
	amount, err := amountOr(body.Amount, string(body.Currency), content)
	inv := invoice.Invoice{
		Content:        content,
		Number:         body.Number,
		Status:         invoice.Draft,
		Amount:         amount,
		AmountPaid:     money.Zero(amount.Currency()),
		AmountRefunded: money.Zero(amount.Currency()),
		Customer: invoice.Customer{
			Name:     body.Customer.Name,
			Email:    deref(body.Customer.Email),
			Language: string(body.Customer.Language),
		},
		Description: deref(body.Description),
		DueDate:     body.DueDate.Time,
	}
	return inv, problem.Together(err, inv.Validate())
}

// UpdateInvoice answers PATCH /invoices/{invoice_id}.
func (s *server) UpdateInvoice(ctx context.Context, r spec.UpdateInvoiceRequestObject) (spec.UpdateInvoiceResponseObject, error) {
	var inv invoice.Invoice
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx InvoicesTx) (err error) {
		if inv, err = tx.LockInvoice(ctx, r.InvoiceID); err != nil {
			return err
		}
		if inv.Status != invoice.Draft {
			if err := changeOpen(&inv, *r.Body); err != nil {
				return err
			}
			return tx.SaveInvoice(ctx, inv)
		}
		invalid := change(&inv, *r.Body)
		if r.Body.PaymentServiceIds != nil {
			inv.PaymentServiceIDs, err = choosePaymentServices(ctx, tx, r.Body.PaymentServiceIds)
		}
		if err := problem.Together(invalid, err); err != nil {
			return err
		}
		if r.Body.PaymentServiceIds != nil {
			if err := tx.AttachPaymentServices(ctx, inv); err != nil {
				return err
			}
		}
		return tx.SaveInvoice(ctx, inv)
	})
	if err != nil {
		return nil, err
	}
	answer, err := s.invoice(ctx, inv.CompanyID, inv.ID)
	return spec.UpdateInvoice200JSONResponse(answer), err
}

// changeOpen makes the changes to an issued invoice, or returns why they can't be made.
func changeOpen(inv *invoice.Invoice, to spec.InvoiceChanges) error {
	if !inv.Status.Payable() {
		return problem.New(problem.InvoiceNotDraft, "Invoice %s is %s; only a draft or an open invoice can be changed.", inv.Number, inv.Status)
	}
	kept := spec.InvoiceChanges{DueDate: to.DueDate, Metadata: to.Metadata, RemindersStopped: to.RemindersStopped}
	if to.Customer != nil {
		kept.Customer = &spec.CustomerChanges{Email: to.Customer.Email}
	}
	if !reflect.DeepEqual(kept, to) {
		return problem.New(problem.InvoiceNotDraft, "Invoice %s is %s: nothing but customer.email, due_date, metadata and reminders_stopped can be changed any more.", inv.Number, inv.Status)
	}
	return change(inv, to)
}

// change makes the changes, or returns which of them can't be made.
func change(inv *invoice.Invoice, to spec.InvoiceChanges) error {
	currency, value := string(inv.Amount.Currency()), to.Amount
	set(&currency, to.Currency)
	changeContent(&inv.Content, to.IssueDate, to.Lines, to.PricesIncludeVat, to.RoundToFiveCentimes, to.Metadata)
	if value == nil && len(inv.Content.Lines) == 0 {
		before := inv.Amount.Value()
		value = &before
	}
	amount, err := amountOr(value, currency, inv.Content)
	if inv.Status == invoice.Draft {
		inv.Amount, inv.AmountPaid, inv.AmountRefunded = amount, money.Zero(amount.Currency()), money.Zero(amount.Currency())
	}
	set(&inv.Number, to.Number)
	set(&inv.Description, to.Description)
	if to.RemindersStopped != nil {
		inv.RemindersStopped = *to.RemindersStopped
	}
	if to.DueDate != nil {
		inv.DueDate = to.DueDate.Time
	}
	if to.Customer != nil {
		set(&inv.Customer.Name, to.Customer.Name)
		set(&inv.Customer.Email, to.Customer.Email)
		set(&inv.Customer.Language, to.Customer.Language)
		if to.Customer.Address != nil {
			inv.Content.Address = addressOf(to.Customer.Address)
		}
	}
	return problem.Together(err, inv.Validate())
}

// set changes a value unless the change is absent.
func set[V, T ~string](value *V, to *T) {
	if to != nil {
		*value = V(*to)
	}
}

// parseAmount reads the two fields that make an amount.
func parseAmount(value, currency string) (money.Amount, error) {
	var fields []problem.Field
	c, err := money.ParseCurrency(currency)
	if err != nil {
		fields = append(fields, problem.Field{Name: "currency", Message: err.Error()})
		c = money.CHF // the amount is looked at all the same
	}
	amount, err := money.Parse(value, c)
	if err != nil {
		fields = append(fields, problem.Field{Name: "amount", Message: err.Error()})
	}
	return amount, problem.InvalidFields(fields...)
}

// choosePaymentServices returns which payment services an invoice gets: those asked for, or the default one when nothing
// is said.
func choosePaymentServices(ctx context.Context, tx InvoicesTx, wanted *spec.PaymentServiceIds) ([]string, error) {
	if wanted == nil {
		service, ok, err := tx.DefaultPaymentService(ctx)
		if err != nil || !ok {
			return nil, err
		}
		return []string{service.ID}, nil
	}
	for _, serviceID := range *wanted {
		known := id.Valid(id.PaymentService, serviceID)
		if known {
			_, err := tx.PaymentService(ctx, serviceID)
			if known = problem.CodeOf(err) != problem.NotFound; known && err != nil {
				return nil, err
			}
		}
		if !known {
			return nil, problem.InvalidFields(problem.Field{Name: "payment_service_ids", Message: "must name payment services of this company"})
		}
	}
	return *wanted, nil
}

// IssueInvoice answers POST /invoices/{invoice_id}/issue.
func (s *server) IssueInvoice(ctx context.Context, r spec.IssueInvoiceRequestObject) (spec.IssueInvoiceResponseObject, error) {
	sendEmail := r.Body != nil && deref(r.Body.SendEmail)
	companyID := callerOf(ctx).companyID
	var inv invoice.Invoice
	var issued bool // by an earlier try of the same request
	err := inCompany(ctx, s.Store, companyID, func(tx InvoicesTx) (err error) {
		tx.Alone() // the workflow looks once more
		if inv, err = tx.Invoice(ctx, r.InvoiceID); err != nil {
			return err
		}
		if issued = repeated(ctx) && !inv.IssuedAt.IsZero(); issued {
			return nil
		}
		if repeated(ctx) { // it may be under way, and its workflow answers
			return mailable(inv, sendEmail)
		}
		return readyToIssue(ctx, tx, inv, sendEmail)
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	if !issued {
		emailID := ""
		if sendEmail {
			if err := s.mailAsked(ctx); err != nil {
				return nil, err
			}
			emailID = newID(ctx, id.Email)
		}
		if err := s.Collection.Issue(ctx, inv, emailID); err != nil {
			return nil, err
		}
	}
	answer, err := s.invoice(ctx, companyID, r.InvoiceID)
	return spec.IssueInvoice200JSONResponse(answer), err
}

// readyToIssue returns why the invoice can't be issued, or nil.
func readyToIssue(ctx context.Context, tx InvoicesTx, inv invoice.Invoice, sendEmail bool) error {
	opened := inv
	if err := opened.Become(invoice.Open); err != nil {
		return err
	}
	if err := mailable(inv, sendEmail); err != nil {
		return err
	}
	return merchant.Collectable(ctx, inv, tx.PaymentService)
}

func mailable(inv invoice.Invoice, sendEmail bool) error {
	if sendEmail && inv.Customer.Email == "" {
		return problem.InvalidFields(problem.Field{Name: "customer.email", Message: "is needed to send the link by mail"})
	}
	return nil
}

// CancelInvoice answers POST /invoices/{invoice_id}/cancel. A draft has no workflow yet and is cancelled here; an open
// invoice is cancelled by its workflow, which knows whether money is on its way.
func (s *server) CancelInvoice(ctx context.Context, r spec.CancelInvoiceRequestObject) (spec.CancelInvoiceResponseObject, error) {
	companyID := callerOf(ctx).companyID
	var before invoice.Status
	err := inCompany(ctx, s.Store, companyID, func(tx InvoicesTx) error {
		inv, err := tx.LockInvoice(ctx, r.InvoiceID)
		if err != nil {
			return err
		}
		if before = inv.Status; before == invoice.Cancelled && repeated(ctx) { // the first try came through
			return nil
		}
		if err := inv.Become(invoice.Cancelled); err != nil || before != invoice.Draft {
			return err
		}
		if err := tx.SaveInvoice(ctx, inv); err != nil {
			return err
		}
		return tx.AppendEvent(ctx, event.New(event.InvoiceCancelled, companyID, inv.ID, s.now(), inv.Facts()))
	})
	if err != nil {
		return nil, err
	}
	if before != invoice.Draft && before != invoice.Cancelled {
		refusal := func(inv invoice.Invoice) error { return inv.Become(invoice.Cancelled) }
		if err := s.onInvoice(ctx, companyID, r.InvoiceID, refusal, func(ctx context.Context) error { return s.Collection.Cancel(ctx, r.InvoiceID) }); err != nil {
			return nil, err
		}
	}
	answer, err := s.invoice(ctx, companyID, r.InvoiceID)
	return spec.CancelInvoice200JSONResponse(answer), err
}

// GetInvoice answers GET /invoices/{invoice_id}.
func (s *server) GetInvoice(ctx context.Context, r spec.GetInvoiceRequestObject) (spec.GetInvoiceResponseObject, error) {
	answer, err := s.invoice(ctx, callerOf(ctx).companyID, r.InvoiceID)
	return spec.GetInvoice200JSONResponse(answer), err
}

// ListInvoices answers GET /invoices.
func (s *server) ListInvoices(ctx context.Context, r spec.ListInvoicesRequestObject) (spec.ListInvoicesResponseObject, error) {
	var answer spec.ListInvoices200JSONResponse
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx InvoicesTx) error {
		invoices, next, err := tx.Invoices(ctx, listing.Invoices{
			Status:   invoice.Status(deref(r.Params.Status)),
			Number:   text.Identifier(deref(r.Params.Number)),
			Customer: text.Identifier(deref(r.Params.Customer)),
			From:     deref(r.Params.From).Time,
			To:       deref(r.Params.To).Time,
			Overdue:  r.Params.Overdue,
			Today:    today(s.now()),
			Text:     text.Identifier(deref(r.Params.Q)),
			Sort:     listing.InvoiceOrder(deref(r.Params.Sort)),
			Cursor:   deref(r.Params.Cursor),
			Limit:    deref(r.Params.Limit),
		})
		if err != nil {
			return err
		}
		standing, err := tx.Standing(ctx, mapped(invoices, func(inv invoice.Invoice) string { return inv.ID })...)
		data := mapped(invoices, func(inv invoice.Invoice) spec.Invoice { return s.shownInvoice(inv, standing) })
		answer = spec.ListInvoices200JSONResponse{Data: data, NextCursor: optional(next)}
		return err
	})
	return answer, err
}
