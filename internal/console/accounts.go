package console

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

func (s *server) accountRoutes(r chi.Router) {
	r.Get("/accounts", func(w http.ResponseWriter, r *http.Request) { s.showAccounts(w, r, nil) })
	r.Post("/accounts", s.addAccount)
	r.Get("/accounts/{number}", func(w http.ResponseWriter, r *http.Request) { s.showAccount(w, r, nil) })
	r.Post("/accounts/{number}", s.renameAccount)
	r.Post("/accounts/{number}/remove", s.removeAccount)
}

// showAccounts shows the chart of accounts, with the form that was refused, if any.
func (s *server) showAccounts(w http.ResponseWriter, r *http.Request, refused error) {
	accounts, err := s.accounts(r.Context())
	switch {
	case err != nil:
		s.fail(w, r, err)
	case refused != nil:
		s.refused(w, r, refused, "accounts", accounts, map[string]string{"account-number-taken": "number"})
	default:
		s.show(w, r, http.StatusOK, "accounts", accounts, nil)
	}
}

// showAccount shows the account that the path names, with the form that was refused, if any.
func (s *server) showAccount(w http.ResponseWriter, r *http.Request, refused error) {
	found, err := s.api.GetAccountWithResponse(r.Context(), chi.URLParam(r, "number"), &client.GetAccountParams{})
	switch {
	case err != nil:
		s.fail(w, r, err)
	case refused != nil:
		s.refused(w, r, refused, "account", *found.JSON200, map[string]string{})
	default:
		s.show(w, r, http.StatusOK, "account", *found.JSON200, nil)
	}
}

func (s *server) addAccount(w http.ResponseWriter, r *http.Request) {
	_, err := s.api.CreateAccountWithResponse(r.Context(), client.NewAccount{
		Number: strings.TrimSpace(r.PostFormValue("number")), Name: strings.TrimSpace(r.PostFormValue("name")),
	}, once(r))
	if err != nil {
		s.showAccounts(w, r, err)
		return
	}
	s.tell(w, r, "/console/accounts", notice{Kind: "good", Key: "saved"})
}

// renameAccount takes the names in the languages of the form.
func (s *server) renameAccount(w http.ResponseWriter, r *http.Request) {
	typed := func(language string) *string {
		return optional[string](strings.TrimSpace(r.PostFormValue("names." + language)))
	}
	names := client.AccountNames{De: typed("de"), Fr: typed("fr"), It: typed("it"), En: typed("en")}
	if _, err := s.api.UpdateAccountWithResponse(r.Context(), chi.URLParam(r, "number"), client.AccountChanges{Names: &names}); err != nil {
		s.showAccount(w, r, err)
		return
	}
	s.tell(w, r, "/console/accounts", notice{Kind: "good", Key: "saved"})
}

func (s *server) removeAccount(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.DeleteAccountWithResponse(r.Context(), chi.URLParam(r, "number")); err != nil {
		s.showAccount(w, r, err)
		return
	}
	s.tell(w, r, "/console/accounts", notice{Kind: "good", Key: "account_removed"})
}
