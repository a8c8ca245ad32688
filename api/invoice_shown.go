package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
)

// invoice returns an invoice as the API shows it.
func (s *server) invoice(ctx context.Context, companyID, invoiceID string) (answer spec.Invoice, err error) {
	err = inCompany(ctx, s.Store, companyID, func(tx InvoicesTx) error {
		tx.Alone()
		inv, standing, err := tx.InvoiceStanding(ctx, invoiceID)
		if err == nil {
			answer = s.shownInvoice(inv, standing)
		}
		return err
	})
	return answer, err
}

// mostPayments is how many attempts to pay it an invoice is shown with.
const mostPayments = 50

func (s *server) shownInvoice(inv invoice.Invoice, standing listing.Standing) spec.Invoice {
	payments := standing.Payments[inv.ID]
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
		Receipts:          mapped(ledger.OtherReceipts(standing.Receipts[inv.ID], inv.Number), shownReceived),
		Refunded:          inv.AmountRefunded.Value(),
		PaymentReference:  optional(merchant.PaymentReference(inv, standing.BankAccounts)),
		NextReminder:      shownNextReminder(standing.Company, inv, standing.Undecided[inv.ID] || payment.AnyInProgress(payments)),
	}
	showContent(&answer, inv)
	if inv.Status != invoice.Draft && !inv.IssuedAt.IsZero() {
		answer.OnlineDocumentURL = optional(s.PublicURL + "/i/" + inv.Token)
	}
	return answer
}
