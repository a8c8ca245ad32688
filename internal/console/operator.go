package console

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// operatorPage is what operators see first.
type operatorPage struct {
	Overview   client.Overview
	Overdue    []client.PaymentService // whose verification takes too long, oldest first
	Exceptions []client.Exception      // open, oldest first
	NextCursor *string
}

// companyPage is a company with its keys and payment services.
type companyPage struct {
	client.Company
	Keys     []client.APIKey
	Services []client.PaymentService
	Key      string // that was just made; shown once
}

// operatorSide routes what operators see.
func (s *server) operatorSide(r chi.Router) {
	r.Use(s.operatorSignedIn)
	r.Post("/sign-out", func(w http.ResponseWriter, r *http.Request) {
		s.setCookie(w, operatorCookie, "", "/operator", -1)
		http.Redirect(w, r, "/operator/sign-in", http.StatusSeeOther)
	})
	r.Get("/", s.operatorHome)
	r.Get("/search", s.searchAll)
	r.Get("/exceptions/{id}", s.exception)
	r.Post("/exceptions/{id}/resolve", s.resolve)
	r.Get("/companies", s.companies)
	r.Get("/companies/new", func(w http.ResponseWriter, r *http.Request) {
		s.show(w, r, http.StatusOK, "operator-company-new", nil, nil)
	})
	r.Post("/companies", s.addCompany)
	r.Route("/companies/{id}", func(r chi.Router) {
		r.Get("/", func(w http.ResponseWriter, r *http.Request) { s.showCompany(w, r, "", nil) })
		r.Post("/", s.changeCompany)
		r.Post("/keys", s.addCompanyKey)
		r.Get("/keys/{key}/revoke", s.askRevokeCompanyKey)
		r.Post("/keys/{key}/revoke", s.revokeCompanyKey)
		r.Get("/payment-services/{service}", func(w http.ResponseWriter, r *http.Request) { s.showOperatorService(w, r, nil) })
		r.Post("/payment-services/{service}/decide", s.decideVerification)
	})
	r.Get("/payment-services", s.allServices)
}

// operatorSignedIn lets operators with a session through. The API says whether the token is still worth something.
func (s *server) operatorSignedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(operatorCookie)
		if err != nil {
			s.toSignIn(w, r)
			return
		}
		encoded, token, _ := strings.Cut(cookie.Value, ".")
		name, err := base64.RawURLEncoding.DecodeString(encoded)
		if err != nil || len(name) == 0 {
			s.toSignIn(w, r)
			return
		}
		w.Header().Set("X-Frame-Options", "DENY")
		v := &visitor{Operator: string(name)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(as(r.Context(), token), visitorKey{}, v)))
	})
}

func (s *server) showOperatorSignIn(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "operator-sign-in", s.haveProvider(r.Context()), nil)
}

// signOperatorIn opens a session by the operators' key; the name stands in the audit log.
func (s *server) signOperatorIn(w http.ResponseWriter, r *http.Request) {
	ctx := as(r.Context(), strings.TrimSpace(r.PostFormValue("key")))
	name := strings.TrimSpace(r.PostFormValue("name"))
	if name == "" {
		name = "operator"
	}
	opened, err := s.api.CreateOperatorSessionWithResponse(ctx, client.CreateOperatorSessionJSONRequestBody{Name: name})
	if err != nil {
		s.logRefusedSignIn(r, err)
		s.refused(w, r, err, "operator-sign-in", s.haveProvider(r.Context()), map[string]string{"": "key"})
		return
	}
	s.keepOperator(w, *opened.JSON201)
	next := r.PostFormValue("next")
	if !local(next, "/operator") {
		next = "/operator"
	}
	http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // it stays here, see local
}

func (s *server) operatorHome(w http.ResponseWriter, r *http.Request) {
	overview, err := s.api.GetOverviewWithResponse(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	open, oldest := true, client.Oldest
	exceptions, err := s.api.ListExceptionsWithResponse(r.Context(), &client.ListExceptionsParams{Open: &open, Sort: &oldest, Cursor: optional[client.Cursor](r.URL.Query().Get("cursor"))})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	status := client.PaymentServiceStatusInVerification
	waiting, err := s.api.ListPaymentServicesWithResponse(r.Context(), &client.ListPaymentServicesParams{Status: &status})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := operatorPage{Overview: *overview.JSON200, Exceptions: exceptions.JSON200.Data, NextCursor: exceptions.JSON200.NextCursor}
	p.Overdue = slices.DeleteFunc(waiting.JSON200.Data, func(service client.PaymentService) bool { return !overdue(service) })
	s.show(w, r, http.StatusOK, "operator-home", p, nil)
}

func (s *server) searchAll(w http.ResponseWriter, r *http.Request) {
	q := strings.TrimSpace(r.URL.Query().Get("q"))
	found := &client.FoundList{}
	if q != "" {
		answer, err := s.api.SearchWithResponse(r.Context(), &client.SearchParams{Q: q})
		if err != nil {
			s.fail(w, r, err)
			return
		}
		found = answer.JSON200
	}
	s.show(w, r, http.StatusOK, "operator-search", found.Data, nil)
}

func (s *server) companies(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	found, err := s.api.ListCompaniesWithResponse(r.Context(), &client.ListCompaniesParams{Q: optional[client.SearchText](strings.TrimSpace(q.Get("q"))), Cursor: optional[client.Cursor](q.Get("cursor"))})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "operator-companies", found.JSON200, nil)
}

func (s *server) addCompany(w http.ResponseWriter, r *http.Request) {
	made, err := s.api.CreateCompanyWithResponse(r.Context(), client.NewCompany{
		Name: r.PostFormValue("name"), Language: client.Language(r.PostFormValue("language")), Canton: client.Canton(strings.ToUpper(strings.TrimSpace(r.PostFormValue("canton")))),
		ContactEmail: optional[string](strings.TrimSpace(r.PostFormValue("contact_email"))),
	}, once(r))
	if err != nil {
		s.refused(w, r, err, "operator-company-new", nil, nil)
		return
	}
	s.tell(w, r, "/operator/companies/"+made.JSON201.ID, notice{Kind: "good", Key: "saved"})
}

// showCompany shows the company that the path names, with a key that was just made, or the form that was refused.
func (s *server) showCompany(w http.ResponseWriter, r *http.Request, key string, refusal error) {
	id := chi.URLParam(r, "id")
	found, err := s.api.GetCompanyWithResponse(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	keys, err := s.api.ListAPIKeysWithResponse(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	services, err := s.api.ListPaymentServicesWithResponse(r.Context(), &client.ListPaymentServicesParams{CompanyID: &id})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := companyPage{*found.JSON200, keys.JSON200.Data, services.JSON200.Data, key}
	if refusal != nil {
		s.refused(w, r, refusal, "operator-company", p, nil)
		return
	}
	s.show(w, r, http.StatusOK, "operator-company", p, nil)
}

func (s *server) changeCompany(w http.ResponseWriter, r *http.Request) {
	id, body := chi.URLParam(r, "id"), client.CompanyChanges{Status: optional[client.CompanyStatus](r.PostFormValue("status"))}
	if r.PostForm.Has("name") {
		name, email := r.PostFormValue("name"), strings.TrimSpace(r.PostFormValue("contact_email"))
		body.Name, body.Language, body.Canton = &name, optional[client.Language](r.PostFormValue("language")), optional[client.Canton](strings.ToUpper(strings.TrimSpace(r.PostFormValue("canton"))))
		body.ContactEmail = optional[string](email)
	}
	if _, err := s.api.UpdateCompanyWithResponse(r.Context(), id, body); err != nil {
		s.showCompany(w, r, "", err)
		return
	}
	s.tell(w, r, "/operator/companies/"+id, notice{Kind: "good", Key: "saved"})
}

func (s *server) addCompanyKey(w http.ResponseWriter, r *http.Request) {
	made, err := s.api.CreateAPIKeyWithResponse(r.Context(), chi.URLParam(r, "id"), client.NewAPIKey{Scopes: client.Scopes{client.Read, client.Write}}, once(r))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showCompany(w, r, made.JSON201.Key, nil)
}

func (s *server) askRevokeCompanyKey(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	key, err := s.keyOf(r, id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	l, page := s.lookOf(r), "/operator/companies/"+id
	s.show(w, r, http.StatusOK, "sure", surePage{
		l.words.say("access.revoke_question", key.Prefix+"…"), l.words.say("access.revoke_text"), l.words.say("access.revoke_key"), page + "/keys/" + key.ID + "/revoke", page, l.words.say("operator.company"),
	}, nil)
}

func (s *server) revokeCompanyKey(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	if _, err := s.api.DeleteAPIKeyWithResponse(r.Context(), id, chi.URLParam(r, "key")); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/operator/companies/"+id, notice{Kind: "good", Key: "key_revoked"})
}

func (s *server) allServices(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	found, err := s.api.ListPaymentServicesWithResponse(r.Context(), &client.ListPaymentServicesParams{
		Status: optional[client.PaymentServiceStatus](q.Get("status")), Cursor: optional[client.Cursor](q.Get("cursor")),
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "operator-services", found.JSON200, nil)
}
