package console

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// erase erases the customer of an invoice.
func (s *server) erase(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	if _, err := s.api.EraseCustomerWithResponse(r.Context(), client.CustomerToErase{InvoiceID: &id}, once(r)); err != nil {
		s.refusedOn(w, r, err, "invoice-erase", "", map[string]string{})
		return
	}
	s.tell(w, r, "/console/invoices/"+id, notice{Kind: "good", Key: "customer_erased"})
}

// newLink ends the link of an invoice and makes another.
func (s *server) newLink(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	if _, err := s.api.RevokeLinkWithResponse(r.Context(), id, once(r)); err != nil {
		s.refusedOn(w, r, err, "invoice-link", "", map[string]string{})
		return
	}
	s.tell(w, r, "/console/invoices/"+id, notice{Kind: "good", Key: "link_renewed"})
}

// changeRetention saves how long is kept what need not be kept for ever.
func (s *server) changeRetention(w http.ResponseWriter, r *http.Request) {
	typed := func(name string) int {
		number, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue("retention." + name)))
		if err != nil {
			return 0 // which the API refuses
		}
		return number
	}
	wanted := client.Retention{LinksDays: typed("links_days"), BooksYears: typed("books_years"), UnpaidDays: typed("unpaid_days"), LogsDays: typed("logs_days")}
	if _, err := s.saveSettings(r, client.SettingsChanges{Retention: &wanted}); err != nil {
		s.refusedSettings(w, r, err)
		return
	}
	s.tell(w, r, "/console/settings", notice{Kind: "good", Key: "saved"})
}
