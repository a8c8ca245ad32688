package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	invoicepaper "github.com/quittance/quittance/internal/invoice/paper"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/qrbill"
	"github.com/quittance/quittance/internal/qrbill/paper"
)

// bankPage is what the online document says of paying by bank: what stands on the QR-bill, and where its pictures are.
type bankPage struct {
	Account, Holder, Reference string
	CodeURL, SlipURL           string
}

// bill returns the QR-bill for what is due, with its message in that language.
func (d document) bill(code string) (qrbill.Bill, error) {
	if d.account == nil || !d.invoice.Customer.ErasedAt.IsZero() {
		return qrbill.Bill{}, problem.New(problem.NotFound, "Invoice %s has no QR-bill.", d.invoice.ID)
	}
	return invoicepaper.Bill(*d.account, d.invoice, code)
}

// byBank returns what the page says of paying by bank; nil when it can't be paid so.
func (d document) byBank(code string) *bankPage {
	bill, err := d.bill(code)
	if err != nil {
		return nil
	}
	return &bankPage{
		Account: qrbill.GroupedAccount(bill.Account), Holder: bill.Creditor.Name, Reference: bill.Reference.Grouped(),
		CodeURL: d.path() + "/qr-code.svg?lang=" + code, SlipURL: d.path() + "/qr-bill.svg?lang=" + code,
	}
}

// showBill answers GET /i/{token}/qr-bill.svg and /i/{token}/qr-code.svg: the whole slip, or its code alone.
func (s *server) showBill(draw func(*paper.Slip) []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		d, err := s.document(r.Context(), chi.URLParam(r, "token"))
		if err != nil {
			s.showError(w, r, err)
			return
		}
		code := languageOf(r, d.invoice.Customer.Language)
		bill, err := d.bill(code)
		if err != nil {
			s.showError(w, r, err)
			return
		}
		slip, err := paper.New(bill, code)
		if err != nil {
			s.showError(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = w.Write(draw(slip))
	}
}
