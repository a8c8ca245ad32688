package console

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// accessPage is who and what may call, and what is called.
type accessPage struct {
	Keys      []client.APIKey // for managers
	Endpoints []endpointRow
	Secret    string // of what was just made; shown once
}

// Scopes are what a key may be for.
func (accessPage) Scopes() []client.Scope {
	return []client.Scope{client.Read, client.Write, client.Invoices, client.Refunds, client.Books, client.Services, client.Webhooks}
}

// endpointRow is a webhook endpoint with its state.
type endpointRow struct {
	client.WebhookEndpoint
	State string
}

// endpointPage is a webhook endpoint with what was sent to it.
type endpointPage struct {
	endpointRow
	Deliveries []client.EventDelivery
	Cursor     *string
	Secret     string
}

func (s *server) accessRoutes(r chi.Router) {
	r.Get("/access", s.access)
	r.Post("/access/keys", s.addKey)
	r.Post("/access/keys/{key}/addresses", s.bindKey)
	r.Post("/access/keys/{key}/revoke", s.revokeKey)
	r.Post("/access/endpoints", s.addEndpoint)
	r.Route("/access/endpoints/{id}", func(r chi.Router) {
		r.Get("/", func(w http.ResponseWriter, r *http.Request) { s.showEndpoint(w, r, "") })
		r.Post("/enable", func(w http.ResponseWriter, r *http.Request) { s.enable(w, r, true) })
		r.Post("/disable", func(w http.ResponseWriter, r *http.Request) { s.enable(w, r, false) })
		r.Post("/rotate", s.rotateSecret)
		r.Post("/test", s.testEndpoint)
		r.Post("/redeliver", s.redeliverParked)
		r.Post("/remove", s.removeEndpoint)
		r.Post("/events/{event}/redeliver", s.redeliver)
	})
}

func rowOf(e client.WebhookEndpoint) endpointRow {
	state := "enabled"
	if !e.Enabled {
		state = "disabled"
	} else if e.FailingSince != nil {
		state = "failing"
	}
	return endpointRow{e, state}
}

func (s *server) accessPage(r *http.Request) (p accessPage, err error) {
	v := visitorOf(r.Context())
	if v.Manages() {
		keys, err := s.api.ListAPIKeysWithResponse(r.Context(), v.Company.ID)
		if err != nil {
			return p, err
		}
		p.Keys = keys.JSON200.Data
	}
	endpoints, err := s.api.ListWebhookEndpointsWithResponse(r.Context())
	if err != nil {
		return p, err
	}
	for _, endpoint := range endpoints.JSON200.Data {
		p.Endpoints = append(p.Endpoints, rowOf(endpoint))
	}
	return p, nil
}

func (s *server) access(w http.ResponseWriter, r *http.Request) { s.showAccess(w, r, "", nil) }

// showAccess shows the page with a secret that was just made, or the form that was refused.
func (s *server) showAccess(w http.ResponseWriter, r *http.Request, secret string, refusal error) {
	p, err := s.accessPage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if refusal != nil {
		s.refused(w, r, refusal, "access", p, map[string]string{"too-many-webhook-endpoints": "url"})
		return
	}
	p.Secret = secret
	s.show(w, r, http.StatusOK, "access", p, nil)
}

func (s *server) addKey(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	scopes := client.Scopes{}
	for _, scope := range r.PostForm["scopes"] {
		scopes = append(scopes, client.Scope(scope))
	}
	if slices.Contains(scopes, client.Write) && !slices.Contains(scopes, client.Read) { // who changes things looks at them too
		scopes = append(scopes, client.Read)
	}
	addresses := addressesOf(r)
	made, err := s.api.CreateAPIKeyWithResponse(r.Context(), visitorOf(r.Context()).Company.ID, client.NewAPIKey{Scopes: scopes, AllowedAddresses: &addresses}, once(r))
	if err != nil {
		s.showAccess(w, r, "", err)
		return
	}
	s.showAccess(w, r, made.JSON201.Key, nil)
}

// addressesOf returns the addresses that the form binds a key to.
func addressesOf(r *http.Request) []string {
	return strings.FieldsFunc(r.PostFormValue("allowed_addresses"), func(c rune) bool { return unicode.IsSpace(c) || c == ',' || c == ';' })
}

func (s *server) bindKey(w http.ResponseWriter, r *http.Request) {
	_, err := s.api.UpdateAPIKeyWithResponse(r.Context(), visitorOf(r.Context()).Company.ID, chi.URLParam(r, "key"), client.APIKeyChanges{AllowedAddresses: addressesOf(r)})
	if err != nil {
		s.showAccess(w, r, "", err)
		return
	}
	s.tell(w, r, "/console/access", notice{Kind: "good", Key: "saved"})
}

func (s *server) revokeKey(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.DeleteAPIKeyWithResponse(r.Context(), visitorOf(r.Context()).Company.ID, chi.URLParam(r, "key")); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/access", notice{Kind: "good", Key: "key_revoked"})
}

func (s *server) addEndpoint(w http.ResponseWriter, r *http.Request) {
	made, err := s.api.CreateWebhookEndpointWithResponse(r.Context(), client.NewWebhookEndpoint{URL: r.PostFormValue("url")}, once(r))
	if err != nil {
		s.showAccess(w, r, "", err)
		return
	}
	secret, _ := deref(made.JSON201.Secret).(string)
	s.showAccess(w, r, secret, nil)
}

func (s *server) showEndpoint(w http.ResponseWriter, r *http.Request, secret string) {
	id := chi.URLParam(r, "id")
	found, err := s.api.GetWebhookEndpointWithResponse(r.Context(), id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	deliveries, err := s.api.ListDeliveriesWithResponse(r.Context(), id, &client.ListDeliveriesParams{Cursor: optional[client.Cursor](r.URL.Query().Get("cursor"))})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "endpoint", endpointPage{rowOf(*found.JSON200), deliveries.JSON200.Data, deliveries.JSON200.NextCursor, secret}, nil)
}

func (s *server) enable(w http.ResponseWriter, r *http.Request, enabled bool) {
	id := chi.URLParam(r, "id")
	if _, err := s.api.UpdateWebhookEndpointWithResponse(r.Context(), id, client.WebhookEndpointChanges{Enabled: &enabled}); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/access/endpoints/"+id, notice{Kind: "good", Key: "saved"})
}

func (s *server) rotateSecret(w http.ResponseWriter, r *http.Request) {
	rotated, err := s.api.RotateWebhookSecretWithResponse(r.Context(), chi.URLParam(r, "id"), client.SecretRotation{}, once(r))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	secret, _ := deref(rotated.JSON200.Secret).(string)
	s.showEndpoint(w, r, secret)
}

func (s *server) testEndpoint(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	if _, err := s.api.TestWebhookEndpointWithResponse(r.Context(), id, once(r)); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/access/endpoints/"+id, notice{Kind: "good", Key: "testing"})
}

func (s *server) redeliverParked(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	if _, err := s.api.RedeliverParkedWithResponse(r.Context(), id, once(r)); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/access/endpoints/"+id, notice{Kind: "good", Key: "redelivering"})
}

func (s *server) redeliver(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	if _, err := s.api.RedeliverEventWithResponse(r.Context(), chi.URLParam(r, "event"), client.Redelivery{EndpointID: &id}, once(r)); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/access/endpoints/"+id, notice{Kind: "good", Key: "redelivering"})
}

func (s *server) removeEndpoint(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.DeleteWebhookEndpointWithResponse(r.Context(), chi.URLParam(r, "id")); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/access", notice{Kind: "good", Key: "endpoint_removed"})
}
