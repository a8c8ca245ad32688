package api

import (
	"cmp"
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
	ctx, token := r.Context(), chi.URLParam(r, "token")
	companyID, invoiceID, err := s.opened(ctx, token)
	if err != nil {
		s.showError(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	wanted := contract.PayNow{
		Method: payment.Method(r.PostFormValue("method")), Language: languageAsked(r), ReturnURL: r.URL.Query().Get("return_url"),
	}
	if wanted.Language == "" || wanted.ReturnURL != "" { // else nothing is read: a payer waits
		err = inCompany(ctx, s.Store, companyID, func(tx PagesTx) error {
			tx.Alone()
			return fillIn(ctx, tx, invoiceID, &wanted)
		})
	}
	if err == nil {
		var page contract.Checkout
		if page, err = s.openPage(ctx, companyID, invoiceID, wanted); err == nil {
			http.Redirect(w, r, page.RedirectURL, http.StatusSeeOther)
			return
		}
	}
	p := s.asProblem(r, err)
	d, err := s.document(ctx, token) // what refused the payment may have changed it
	if err != nil {
		s.showError(w, r, err)
		return
	}
	status := problemTypes[p.Code].status
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	language := languageOf(r, d.invoice.Customer.Language)
	render(w, status, "document.html", s.page(d, language, refusal(p.Code, d.invoice.Status, dictionary[language])))
}

// confirmPayment answers GET /i/{token}/pay/{method}, which a product puts into its own mails: the online document with a single button.
// It opens no payment page, since mail scanners follow links.
func (s *server) confirmPayment(w http.ResponseWriter, r *http.Request) {
	d, err := s.document(r.Context(), chi.URLParam(r, "token"))
	if err != nil {
		s.showError(w, r, err)
		return
	}
	if method := payment.Method(chi.URLParam(r, "method")); slices.Contains(d.offers, method) {
		d.offers = []payment.Method{method}
	}
	d.returnURL = r.URL.Query().Get("return_url")
	render(w, http.StatusOK, "document.html", s.page(d, languageOf(r, d.invoice.Customer.Language), nil))
}

// backToDocument answers GET /i/{token}/pay, which a browser asks for when the payer reloads or opens an address of before.
func (s *server) backToDocument(w http.ResponseWriter, r *http.Request) {
	to := "/i/" + url.PathEscape(chi.URLParam(r, "token"))
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // it begins with /i/ and stays on this site
}

// fillIn gives what the payer asks for the language of the customer, unless it says one, and returns why it can't be asked for, or nil.
func fillIn(ctx context.Context, tx PagesTx, invoiceID string, wanted *contract.PayNow) error {
	inv, err := tx.Invoice(ctx, invoiceID)
	if err != nil {
		return err
	}
	wanted.Language = cmp.Or(wanted.Language, inv.Customer.Language)
	if err := mustBePayable(inv); err != nil || wanted.ReturnURL == "" {
		return err
	}
	company, err := tx.Company(ctx)
	if _, ok := company.ReturnAddress(wanted.ReturnURL, inv.ID); err == nil && !ok {
		err = problem.InvalidFields(problem.Field{Name: "return_url", Message: "must be an address of an origin in return_origins of the settings"})
	}
	return err
}

// openPage returns the payment page that the payer asks for. Whether the invoice can be paid now is for its workflow to say, or, when
// there is none, for the record.
func (s *server) openPage(ctx context.Context, companyID, invoiceID string, wanted contract.PayNow) (page contract.Checkout, err error) {
	if !wanted.Method.Known() { // the workflow would say so too, but what anybody sends is not to get that far
		return page, problem.New(problem.PaymentMethodNotOffered, "There is no payment method %q.", wanted.Method)
	}
	wanted.PaymentID, wanted.OrderID, wanted.NotificationSecret = newID(ctx, id.Payment), id.NewOrder(), id.NewSecret()
	err = s.onInvoice(ctx, companyID, invoiceID, mustBePayable, func(ctx context.Context) (err error) {
		page, err = s.Collection.PayNow(ctx, invoiceID, wanted)
		return err
	})
	return page, err
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
