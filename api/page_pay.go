package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
)

// maxForm is the largest form of a page, in bytes; it holds one word.
const maxForm = 4 << 10

// payNow answers POST /i/{token}/pay: it sends the payer on to a payment page, or says on the document why not.
func (s *server) payNow(w http.ResponseWriter, r *http.Request) {
	token := chi.URLParam(r, "token")
	d, err := s.document(r.Context(), token, "")
	if err != nil {
		s.showError(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	language := languageOf(r, d.invoice.Customer.Language)
	page, err := s.paymentPage(r.Context(), d, payment.Method(r.PostFormValue("method")), language)
	if err == nil {
		http.Redirect(w, r, page, http.StatusSeeOther)
		return
	}
	p := s.asProblem(r, err)
	// What refused the payment may have changed the document as well.
	if d, err = s.document(r.Context(), token, ""); err != nil {
		s.showError(w, r, err)
		return
	}
	status := problemTypes[p.Code].status
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	render(w, status, "document.html", s.page(d, language, refusal(p.Code, d.invoice.Status, dictionary[language])))
}

// backToDocument answers GET /i/{token}/pay, which a browser asks for when the payer reloads or opens an address of before.
func (s *server) backToDocument(w http.ResponseWriter, r *http.Request) {
	to := "/i/" + url.PathEscape(chi.URLParam(r, "token"))
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // it begins with /i/ and stays on this site
}

// paymentPage returns the address of a payment page on which the payer can pay the invoice by that method.
func (s *server) paymentPage(ctx context.Context, d document, method payment.Method, language string) (string, error) {
	if err := mustBePayable(d.invoice); err != nil {
		return "", err
	}
	if d.running.ID != "" {
		return "", problem.New(problem.PaymentInProgress, "Payment %s of invoice %s is %s.", d.running.ID, d.invoice.Number, d.running.State)
	}
	if !slices.Contains(d.offers, method) {
		return "", problem.New(problem.PaymentMethodNotOffered, "Invoice %s can't be paid by that method.", d.invoice.Number)
	}
	var checkout contract.Checkout
	err := s.onInvoice(ctx, d.invoice.CompanyID, d.invoice.ID, mustBePayable, func(ctx context.Context) (err error) {
		checkout, err = s.Collection.PayNow(ctx, d.invoice.ID, contract.PayNow{
			PaymentID:          id.New(id.Payment),
			OrderID:            id.NewOrder(),
			NotificationSecret: id.NewSecret(),
			Method:             method,
			Language:           language,
		})
		return err
	})
	return checkout.RedirectURL, err
}

func mustBePayable(inv invoice.Invoice) error {
	if !inv.Status.Payable() {
		return problem.New(problem.InvoiceNotOpen, "Invoice %s is %s.", inv.Number, inv.Status)
	}
	return nil
}

// refusal says why there is no payment page, for an invoice that is in that status now.
func refusal(code problem.Code, status invoice.Status, t pageWords) *notice {
	switch {
	case status == invoice.Paid:
		return &notice{Tone: "success", phrase: t.AlreadyPaid}
	case status == invoice.Cancelled:
		return &notice{Tone: "info", phrase: t.NoLongerDue}
	case code == problem.PaymentInProgress:
		return &notice{Tone: "waiting", phrase: t.InProgress}
	case code == problem.PaymentMethodNotOffered, code == problem.PaymentServiceNotActive, code == problem.CurrencyNotActive:
		return &notice{Tone: "trouble", phrase: t.NotOffered}
	default:
		return &notice{Tone: "trouble", phrase: t.Unavailable}
	}
}
