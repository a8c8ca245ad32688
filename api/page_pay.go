package api

import (
	"context"
	"net/http"
	"net/url"

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
	inv, err := s.payableInvoice(r.Context(), token)
	language := languageOf(r, inv.Customer.Language)
	if err == nil {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		var page string
		if page, err = s.paymentPage(r.Context(), inv, payment.Method(r.PostFormValue("method")), language); err == nil {
			http.Redirect(w, r, page, http.StatusSeeOther)
			return
		}
	}
	p := s.asProblem(r, err)
	d, err := s.document(r.Context(), token, "") // what refused the payment may have changed it
	if err != nil {
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

// payableInvoice returns the invoice whose document the token opens, and why it can't be paid now. It reads no more than that, since a
// payer waits; what the document looks like doesn't matter to who leaves it.
func (s *server) payableInvoice(ctx context.Context, token string) (inv invoice.Invoice, err error) {
	companyID, invoiceID, err := s.Store.OnlineDocument(ctx, token)
	if err != nil {
		return inv, err
	}
	err = inCompany(ctx, s.Store, companyID, func(tx PagesTx) error {
		if inv, err = tx.Invoice(ctx, invoiceID); err != nil {
			return err
		}
		if err := mustBePayable(inv); err != nil {
			return err
		}
		p, err := running(ctx, tx, inv)
		if err == nil && p.ID != "" {
			err = problem.New(problem.PaymentInProgress, "Payment %s of invoice %s is %s.", p.ID, inv.Number, p.State)
		}
		return err
	})
	return inv, err
}

// paymentPage returns the address of a payment page on which the payer can pay the invoice by that method.
func (s *server) paymentPage(ctx context.Context, inv invoice.Invoice, method payment.Method, language string) (string, error) {
	if !method.Known() {
		return "", problem.New(problem.PaymentMethodNotOffered, "There is no payment method %q.", method)
	}
	var checkout contract.Checkout
	err := s.onInvoice(ctx, inv.CompanyID, inv.ID, mustBePayable, func(ctx context.Context) (err error) {
		checkout, err = s.Collection.PayNow(ctx, inv.ID, contract.PayNow{
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
