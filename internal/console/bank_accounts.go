package console

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

func (s *server) bankAccountRoutes(r chi.Router) {
	r.Get("/settings/bank-accounts", s.bankAccounts)
	r.Post("/settings/bank-accounts", s.addBankAccount)
	r.Post("/settings/bank-accounts/{account}/remove", s.removeBankAccount)
}

func (s *server) bankAccounts(w http.ResponseWriter, r *http.Request) {
	found, err := s.api.ListBankAccountsWithResponse(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "bank-accounts", found.JSON200.Data, nil)
}

func (s *server) addBankAccount(w http.ResponseWriter, r *http.Request) {
	typed := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	onInvoices := typed("use_for_invoices") == "true"
	account := client.NewBankAccount{Iban: typed("iban"), Account: typed("account"), Currency: client.Currency(typed("currency")), UseForInvoices: &onInvoices}
	if typed("holder.name") != "" || onInvoices {
		account.Holder = &client.AccountHolder{
			Name: typed("holder.name"), Street: optional[string](typed("holder.street")), HouseNumber: optional[string](typed("holder.house_number")),
			Postcode: typed("holder.postcode"), City: typed("holder.city"), Country: strings.ToUpper(typed("holder.country")),
		}
	}
	if _, err := s.api.CreateBankAccountWithResponse(r.Context(), account, once(r)); err != nil {
		found, lost := s.api.ListBankAccountsWithResponse(r.Context())
		if lost != nil {
			s.fail(w, r, lost)
			return
		}
		s.refused(w, r, err, "bank-accounts", found.JSON200.Data, map[string]string{"": "iban"})
		return
	}
	s.tell(w, r, "/console/settings/bank-accounts", notice{Kind: "good", Key: "saved"})
}

func (s *server) removeBankAccount(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.DeleteBankAccountWithResponse(r.Context(), chi.URLParam(r, "account")); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/settings/bank-accounts", notice{Kind: "good", Key: "bank_account_removed"})
}
