package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/merchant"
)

// InvoicePDF returns the PDF that the company's own product made of an invoice, if there is one.
func (tx *Tx) InvoicePDF(ctx context.Context, invoiceID string) (p merchant.InvoicePDF, found bool, err error) {
	scan := func(row pgx.CollectableRow) (p merchant.InvoicePDF, err error) {
		err = row.Scan(&p.InvoiceID, &p.Size, &p.SealedContent, &p.ReceivedAt)
		return p, err
	}
	return optional(ctx, tx.tx, scan, "look up the PDF of invoice "+invoiceID,
		`select invoice_id, size, sealed_content, received_at from invoice_pdfs where invoice_id = $1`, invoiceID)
}

// SaveInvoicePDF stores a PDF in the place of the one before.
func (tx *Tx) SaveInvoicePDF(ctx context.Context, p merchant.InvoicePDF) error {
	_, err := tx.tx.Exec(ctx, `
		insert into invoice_pdfs (company_id, invoice_id, size, sealed_content, received_at) values ($1, $2, $3, $4, $5)
		on conflict (company_id, invoice_id) do update
			set size = excluded.size, sealed_content = excluded.sealed_content, received_at = excluded.received_at`,
		tx.companyID, p.InvoiceID, p.Size, p.SealedContent, p.ReceivedAt)
	return failed(err, "save the PDF of invoice %s", p.InvoiceID)
}

// DeleteInvoicePDF removes the PDF of an invoice, or returns problem.NotFound.
func (tx *Tx) DeleteInvoicePDF(ctx context.Context, invoiceID string) error {
	return tx.save(ctx, "PDF of invoice", invoiceID, `delete from invoice_pdfs where invoice_id = $1`, invoiceID)
}

// InvoicePDFs counts the PDFs of the company's product among those of the invoices.
func (tx *Tx) InvoicePDFs(ctx context.Context, invoiceIDs []string) (int, error) {
	counts, err := all(ctx, tx.tx, pgx.RowTo[int], "count PDFs", `select count(*) from invoice_pdfs where invoice_id = any($1)`, invoiceIDs)
	if err != nil {
		return 0, err
	}
	return counts[0], nil
}
