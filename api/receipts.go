package api

import (
	"context"
	"slices"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
)

// ReceiptsTx is what the calls for receipts need of a transaction.
type ReceiptsTx interface {
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	Payment(ctx context.Context, id string) (payment.Payment, error)
	Accounts(ctx context.Context) ([]ledger.Account, error)
	// EntryBySource returns the entry that was booked for the source; false when there is none.
	EntryBySource(ctx context.Context, source ledger.Source) (ledger.Entry, bool, error)
}

// RecordReceipt answers POST /invoices/{invoice_id}/receipts. The invoice's workflow books the receipt, since it knows
// whether an online payment is in flight; what can be refused without it is refused here.
func (s *server) RecordReceipt(ctx context.Context, r spec.RecordReceiptRequestObject) (spec.RecordReceiptResponseObject, error) {
	companyID := callerOf(ctx).companyID
	receipt := contract.RecordReceipt{
		ReceiptID: newID(ctx, id.Receipt), Day: r.Body.Date.Time, Account: r.Body.Account, Reference: deref(r.Body.Reference), By: callerOf(ctx).actor(),
	}
	var booked bool // by an earlier try of the same request
	err := inCompany(ctx, s.Store, companyID, func(tx ReceiptsTx) error {
		inv, err := tx.Invoice(ctx, r.InvoiceID)
		if err != nil {
			return err
		}
		receipt.Amount, err = parseAmount(r.Body.Amount, string(inv.Amount.Currency()))
		if err := problem.Together(err, s.checkReceipt(&receipt), checkReceiptAccount(ctx, tx, receipt.Account)); err != nil {
			return err
		}
		if _, booked, err = tx.EntryBySource(ctx, ledger.Source{Kind: ledger.FromReceipt, ID: receipt.ReceiptID}); err != nil || booked {
			return err
		}
		return inv.Receive(receipt.Amount, s.now()) // the workflow does it for good
	})
	if err != nil {
		return nil, err
	}
	if !booked {
		if err := s.recordReceipt(ctx, r.InvoiceID, receipt); err != nil {
			return nil, err
		}
	}
	inv, err := s.invoice(ctx, companyID, r.InvoiceID)
	return spec.RecordReceipt201JSONResponse{
		ID:        receipt.ReceiptID,
		InvoiceID: r.InvoiceID,
		Amount:    receipt.Amount.Value(),
		Currency:  spec.Currency(receipt.Amount.Currency()),
		Date:      date(receipt.Day),
		Account:   receipt.Account,
		Reference: receipt.Reference,
		Invoice:   inv,
	}, err
}

func (s *server) recordReceipt(ctx context.Context, invoiceID string, receipt contract.RecordReceipt) error {
	refusal := func(inv invoice.Invoice) error { return inv.Receive(receipt.Amount, s.now()) }
	return s.onInvoice(ctx, callerOf(ctx).companyID, invoiceID, refusal, func(ctx context.Context) error {
		return s.Collection.RecordReceipt(ctx, invoiceID, receipt)
	})
}

// checkReceipt brings the reference into the form in which it is kept. It returns an Invalid problem that names every field at
// fault, or nil.
func (s *server) checkReceipt(receipt *contract.RecordReceipt) error {
	fields := text.Line("reference", &receipt.Reference, 0, 140)
	if !receipt.Amount.IsPositive() {
		fields = append(fields, problem.Field{Name: "amount", Message: "must be more than 0"})
	}
	if receipt.Day.Year() < 2000 || receipt.Day.After(today(s.now())) {
		fields = append(fields, problem.Field{Name: "date", Message: "must be a day between 2000-01-01 and today in Switzerland"})
	}
	return problem.InvalidFields(fields...)
}

func checkReceiptAccount(ctx context.Context, tx ReceiptsTx, number string) error {
	chart, err := tx.Accounts(ctx)
	if err != nil {
		return err
	}
	known := slices.ContainsFunc(chart, func(a ledger.Account) bool { return a.Number == number })
	if known && number != ledger.Receivables { // which is what the receipt is booked against
		return nil
	}
	return problem.InvalidFields(problem.Field{Name: "account", Message: "must be an account of the chart other than 1100, see GET /v1/accounts"})
}

// VoidReceipt answers POST /receipts/{receipt_id}/void. The invoice's workflow takes the receipt back, as it booked it; a paid
// invoice has none any more and gets a new one.
func (s *server) VoidReceipt(ctx context.Context, r spec.VoidReceiptRequestObject) (spec.VoidReceiptResponseObject, error) {
	companyID := callerOf(ctx).companyID
	if err := problem.InvalidFields(text.Line("reason", &r.Body.Reason, 1, 200)...); err != nil {
		return nil, err
	}
	var inv invoice.Invoice
	var entry ledger.Entry
	err := inCompany(ctx, s.Store, companyID, func(tx ReceiptsTx) (err error) {
		if id.Valid(id.Payment, r.ReceiptID) {
			if _, err := tx.Payment(ctx, r.ReceiptID); err != nil {
				return err
			}
			return problem.New(problem.RefundInstead, "%s is an online payment: give it back by POST /v1/payments/%s/refunds.", r.ReceiptID, r.ReceiptID)
		}
		var booked bool
		if entry, booked, err = tx.EntryBySource(ctx, ledger.Source{Kind: ledger.FromReceipt, ID: r.ReceiptID}); err != nil {
			return err
		}
		if !booked {
			return problem.New(problem.NotFound, "There is no receipt %s.", r.ReceiptID)
		}
		inv, err = tx.Invoice(ctx, entry.InvoiceID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if entry.ReversedBy == "" {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		wish := contract.VoidReceipt{ReceiptID: r.ReceiptID, Reason: r.Body.Reason, By: callerOf(ctx).actor()}
		if err := s.Collection.VoidReceipt(ctx, inv, wish); err != nil {
			return nil, err
		}
	}
	shown, err := s.invoice(ctx, companyID, inv.ID)
	answer := spec.VoidReceipt200JSONResponse{InvoiceID: inv.ID, Currency: shown.Currency, Invoice: shown}
	for _, receipt := range shown.Receipts {
		if receipt.ID == r.ReceiptID {
			answer.ID, answer.Amount, answer.Date, answer.Account = receipt.ID, receipt.Amount, receipt.Date, receipt.Account
			answer.Reference, answer.VoidedAt = receipt.Reference, receipt.VoidedAt
		}
	}
	return answer, err
}

func shownReceived(r ledger.Received) spec.InvoiceReceipt {
	return spec.InvoiceReceipt{ID: r.ID, Amount: r.Amount.Value(), Date: date(r.Date), Account: r.Account, Reference: r.Reference, VoidedAt: optional(r.VoidedAt)}
}
