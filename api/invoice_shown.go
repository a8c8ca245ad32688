package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
)

// invoice returns an invoice as the API shows it.
func (s *server) invoice(ctx context.Context, companyID, invoiceID string) (answer spec.Invoice, err error) {
	err = inCompany(ctx, s.Store, companyID, func(tx InvoicesTx) error {
		inv, err := tx.Invoice(ctx, invoiceID)
		if err != nil {
			return err
		}
		shown, err := s.shownInvoices(ctx, tx, inv)
		if err == nil {
			answer = shown[0]
		}
		return err
	})
	return answer, err
}

// shownInvoices returns the invoices as the API shows them.
func (s *server) shownInvoices(ctx context.Context, tx InvoicesTx, invoices ...invoice.Invoice) ([]spec.Invoice, error) {
	ids := mapped(invoices, func(inv invoice.Invoice) string { return inv.ID })
	payments, err := tx.PaymentsOf(ctx, ids...)
	if err != nil {
		return nil, err
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return nil, err
	}
	undecided, err := tx.UndecidedReceipts(ctx, ids...)
	if err != nil {
		return nil, err
	}
	receipts, accounts, err := byBank(ctx, tx, ids...)
	return mapped(invoices, func(inv invoice.Invoice) spec.Invoice {
		shown := s.shownInvoice(inv, payments[inv.ID], ledger.OtherReceipts(receipts[inv.ID], inv.Number), accounts)
		shown.NextReminder = shownNextReminder(company, inv, undecided[inv.ID] || payment.AnyInProgress(payments[inv.ID]))
		return shown
	}), err
}

// mostPayments is how many attempts to pay it an invoice is shown with.
const mostPayments = 50

func (s *server) shownInvoice(inv invoice.Invoice, payments []payment.Payment, receipts []ledger.Received, accounts []merchant.BankAccount) spec.Invoice {
	answer := spec.Invoice{
		ID:             inv.ID,
		Number:         inv.Number,
		Status:         spec.InvoiceStatus(inv.Status),
		Currency:       spec.Currency(inv.Amount.Currency()),
		Amount:         inv.Amount.Value(),
		AmountPaid:     inv.AmountPaid.Value(),
		AmountRefunded: inv.AmountRefunded.Value(),
		AmountDue:      inv.AmountDue().Value(),
		Overdue:        inv.Overdue(today(s.now())),
		Customer: spec.Customer{
			Name:     optional(inv.Customer.Name), // nobody has an empty one, but who was erased
			Email:    optional(inv.Customer.Email),
			ErasedAt: optional(inv.Customer.ErasedAt),
			Language: spec.Language(inv.Customer.Language),
		},
		Description:       inv.Description,
		DueDate:           date(inv.DueDate),
		PaymentServiceIds: mapped(inv.PaymentServiceIDs, func(id string) string { return id }),
		Payments:          mapped(payments[:min(len(payments), mostPayments)], shownPayment),
		CreatedAt:         inv.CreatedAt,
		IssuedAt:          optional(inv.IssuedAt),
		PaidAt:            optional(inv.PaidAt),
		Email:             shownEmail(inv.Email),
		Reminders:         mapped(inv.Reminders, shownReminder),
		RemindersStopped:  inv.RemindersStopped,
		Receipts:          mapped(receipts, shownReceived),
		Refunded:          inv.AmountRefunded.Value(),
		PaymentReference:  optional(merchant.PaymentReference(inv, accounts)),
	}
	showContent(&answer, inv)
	if inv.Status != invoice.Draft && !inv.IssuedAt.IsZero() {
		answer.OnlineDocumentURL = optional(s.PublicURL + "/i/" + inv.Token)
	}
	return answer
}
