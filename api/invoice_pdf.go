package api

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/invoice/paper"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/pdf"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
)

// maxPDF is the largest PDF of an invoice, in bytes.
const maxPDF = 5 << 20

// PaperTx is what the PDF of an invoice needs of a transaction.
type PaperTx interface {
	Company(ctx context.Context) (merchant.Company, error)
	Logo(ctx context.Context) (logo merchant.Logo, found bool, err error)
	Invoice(ctx context.Context, id string) (invoice.Invoice, error)
	InvoicePDF(ctx context.Context, invoiceID string) (own merchant.InvoicePDF, found bool, err error)
	InvoiceAccount(ctx context.Context, currency money.Currency) (account merchant.BankAccount, found bool, err error)
}

// PDFTx is what the calls for the PDF of an invoice need of a transaction.
type PDFTx interface {
	LockInvoice(ctx context.Context, id string) (invoice.Invoice, error)
	SaveInvoicePDF(ctx context.Context, p merchant.InvoicePDF) error
	DeleteInvoicePDF(ctx context.Context, invoiceID string) error
}

// Papers makes the PDFs of invoices, for the API and for mails.
type Papers struct {
	Sealer    Sealer
	PublicURL string
}

// PDF returns the PDF of an invoice: the one of the company's own product, else one in that language, or in the customer's when that is
// empty. The problem is not-found when there is no such invoice, and
// customer-erased when it would name nobody any more.
func (p Papers) PDF(ctx context.Context, tx PaperTx, invoiceID, language string) (inv invoice.Invoice, file []byte, err error) {
	if inv, err = tx.Invoice(ctx, invoiceID); err != nil {
		return inv, nil, err
	}
	if !inv.Customer.ErasedAt.IsZero() {
		return inv, nil, problem.New(problem.CustomerErased, "The customer of invoice %s was erased, and its PDF with them.", inv.Number)
	}
	own, found, err := tx.InvoicePDF(ctx, invoiceID)
	if err != nil {
		return inv, nil, err
	}
	if found {
		file, err = p.Sealer.OpenAt(own.SealedContent, sealed.InvoicePDF.Of(inv.CompanyID, inv.ID))
		return inv, file, err
	}
	c := paper.Content{Invoice: inv, Language: language}
	if language == "" {
		c.Language = inv.Customer.Language
	}
	if c.Company, err = tx.Company(ctx); err != nil {
		return inv, nil, err
	}
	if logo, found, err := tx.Logo(ctx); err != nil {
		return inv, nil, err
	} else if found {
		c.Logo = &logo
	}
	if account, found, err := tx.InvoiceAccount(ctx, inv.Amount.Currency()); err != nil {
		return inv, nil, err
	} else if found {
		c.Account = &account
	}
	if len(inv.PaymentServiceIDs) > 0 && !inv.IssuedAt.IsZero() {
		c.PayURL = p.PublicURL + "/i/" + inv.Token
	}
	file, err = paper.PDF(c)
	return inv, file, err
}

// Attachment returns the PDF of an invoice in the customer's language as it goes with a mail, and how the file is called.
func (p Papers) Attachment(ctx context.Context, tx PaperTx, invoiceID string) (name string, file []byte, err error) {
	inv, file, err := p.PDF(ctx, tx, invoiceID, "")
	return inv.FileName(), file, err
}

func (s *server) papers() Papers { return Papers{s.Sealer, s.PublicURL} }

// pdfAnswer is a PDF that a browser shows, and keeps under the number of its invoice.
type pdfAnswer struct {
	invoice invoice.Invoice
	file    []byte
}

// VisitGetInvoicePdfResponse sends the PDF.
func (p pdfAnswer) VisitGetInvoicePdfResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", `inline; filename="`+p.invoice.FileName()+`"`)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, err := w.Write(p.file)
	return err
}

// GetInvoicePdf answers GET /invoices/{invoice_id}/pdf.
func (s *server) GetInvoicePdf(ctx context.Context, r spec.GetInvoicePdfRequestObject) (spec.GetInvoicePdfResponseObject, error) {
	return answered(ctx, s, func(tx PaperTx) (spec.GetInvoicePdfResponseObject, error) {
		inv, file, err := s.papers().PDF(ctx, tx, r.InvoiceID, "")
		return pdfAnswer{inv, file}, err
	})
}

// showPDF answers GET /i/{token}/invoice.pdf.
func (s *server) showPDF(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	var answer pdfAnswer
	companyID, invoiceID, err := s.opened(ctx, chi.URLParam(r, "token"))
	if err == nil {
		err = inCompany(ctx, s.Store, companyID, func(tx PaperTx) (err error) {
			if answer.invoice, answer.file, err = s.papers().PDF(ctx, tx, invoiceID, languageAsked(r)); err != nil {
				return err
			}
			company, err := tx.Company(ctx)
			if err != nil {
				return err
			}
			return s.mustBeShown(company, answer.invoice)
		})
	}
	if err != nil {
		s.showError(w, r, err)
		return
	}
	w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'") // that of the pages keeps the browser's own viewer from working
	_ = answer.VisitGetInvoicePdfResponse(w)
}

// PutInvoicePdf answers PUT /invoices/{invoice_id}/pdf.
func (s *server) PutInvoicePdf(ctx context.Context, r spec.PutInvoicePdfRequestObject) (spec.PutInvoicePdfResponseObject, error) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if len(content) > maxPDF {
		return nil, problem.New(problem.TooLarge, "The PDF may have at most %d MiB.", maxPDF>>20)
	}
	companyID := callerOf(ctx).companyID
	own := merchant.InvoicePDF{InvoiceID: r.InvoiceID, Size: int64(len(content)), ReceivedAt: s.now()}
	if own.SealedContent, err = s.Sealer.SealAt(content, sealed.InvoicePDF.Of(companyID, r.InvoiceID)); err != nil {
		return nil, err
	}
	fault := pdf.Check(content)
	err = inCompany(ctx, s.Store, companyID, func(tx PDFTx) error {
		inv, err := tx.LockInvoice(ctx, r.InvoiceID)
		if err != nil {
			return err
		}
		if fault != nil { // an invoice that isn't there says nothing of the file
			return problem.InvalidFields(problem.Field{Name: "body", Message: fault.Error()})
		}
		if err := mayChangePDF(inv); err != nil {
			return err
		}
		return tx.SaveInvoicePDF(ctx, own)
	})
	return spec.PutInvoicePdf200JSONResponse{Size: own.Size, ReceivedAt: own.ReceivedAt}, err
}

// DeleteInvoicePdf answers DELETE /invoices/{invoice_id}/pdf.
func (s *server) DeleteInvoicePdf(ctx context.Context, r spec.DeleteInvoicePdfRequestObject) (spec.DeleteInvoicePdfResponseObject, error) {
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx PDFTx) error {
		inv, err := tx.LockInvoice(ctx, r.InvoiceID)
		if err != nil {
			return err
		}
		if err := mayChangePDF(inv); err != nil {
			return err
		}
		return tx.DeleteInvoicePDF(ctx, r.InvoiceID)
	})
	return spec.DeleteInvoicePdf204Response{}, err
}

// mayChangePDF returns the problem that keeps the PDF of an invoice as it is: somebody has paid by it.
func mayChangePDF(inv invoice.Invoice) error {
	if inv.Status == invoice.Draft || inv.Status == invoice.Open {
		return nil
	}
	return problem.New(problem.InvoiceNotOpen, "Invoice %s is %s. Only the PDF of a draft or an open invoice can be changed.", inv.Number, inv.Status)
}

// isPDF reports whether the body of a call is the PDF of an invoice.
func isPDF(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/pdf")
}
