package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/payment"
)

// Standing returns where the invoices stand, in one round trip, or two when money came by other means than online payments.
func (tx *Tx) Standing(ctx context.Context, invoiceIDs ...string) (listing.Standing, error) {
	return tx.standing(ctx, &pgx.Batch{}, invoiceIDs)
}

// InvoiceStanding is Standing of one invoice, and the invoice, or problem.NotFound.
func (tx *Tx) InvoiceStanding(ctx context.Context, invoiceID string) (invoice.Invoice, listing.Standing, error) {
	batch := &pgx.Batch{}
	invoices := queue(batch, tx.scanInvoice, selectInvoices+` where id = $1`, invoiceID)
	s, err := tx.standing(ctx, batch, []string{invoiceID})
	if err != nil {
		return invoice.Invoice{}, s, err
	}
	inv, err := single(*invoices, "invoice", invoiceID)
	return inv, s, err
}

// standing sends what the batch holds, and what it takes to know where the invoices stand.
func (tx *Tx) standing(ctx context.Context, batch *pgx.Batch, invoiceIDs []string) (s listing.Standing, err error) {
	companies := queue(batch, scanCompany, selectCompany, tx.companyID)
	accounts := queue(batch, scanBankAccount, selectBankAccounts+` order by id`)
	payments := queue(batch, scanPayment, selectPayments+paymentsOf, invoiceIDs)
	undecided := queue(batch, pgx.RowTo[string], undecidedReceipts, invoiceIDs)
	entries := queue(batch, scanEntry, selectEntries+` where invoice_id = any($1) and source_kind in ('receipt', 'reversal') order by sequence`, invoiceIDs)
	if err := tx.tx.SendBatch(ctx, batch).Close(); err != nil {
		return s, failed(err, "read where invoices stand")
	}
	if s.Company, err = single(*companies, "company", tx.companyID); err != nil {
		return s, err
	}
	s.BankAccounts, s.Undecided = *accounts, setOf(*undecided)
	s.Payments = by(*payments, func(p payment.Payment) string { return p.InvoiceID })
	if len(*entries) == 0 {
		return s, nil
	}
	sequences := make([]int64, len(*entries))
	for i, e := range *entries {
		sequences[i] = e.Sequence
	}
	err = tx.addLines(ctx, *entries, `sequence = any($1)`, sequences)
	s.Receipts = by(*entries, func(e ledger.Entry) string { return e.InvoiceID })
	return s, err
}

func setOf(ids []string) map[string]bool {
	set := map[string]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// by groups items, and keeps their order.
func by[T any](items []T, key func(T) string) map[string][]T {
	groups := map[string][]T{}
	for _, item := range items {
		groups[key(item)] = append(groups[key(item)], item)
	}
	return groups
}
