package console

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// surePage asks before what can't be taken back is done.
type surePage struct{ Question, Text, Verb, Action, Back, BackTo string }

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
	r.Route("/access/keys/{key}", func(r chi.Router) {
		r.Get("/", func(w http.ResponseWriter, r *http.Request) { s.showKey(w, r, "", nil) })
		r.Post("/addresses", s.bindKey)
		r.Post("/rotate", s.rotateKey)
		r.Post("/revoke", s.revokeKey)
	})
	r.Post("/access/endpoints", s.addEndpoint)
	r.Route("/access/endpoints/{id}", func(r chi.Router) {
		r.Get("/", func(w http.ResponseWriter, r *http.Request) { s.showEndpoint(w, r, "") })
		r.Post("/enable", func(w http.ResponseWriter, r *http.Request) { s.enable(w, r, true) })
		r.Post("/disable", func(w http.ResponseWriter, r *http.Request) { s.enable(w, r, false) })
		r.Post("/rotate", s.rotateSecret)
		r.Post("/test", s.testEndpoint)
		r.Post("/redeliver", s.redeliverParked)
		r.Get("/remove", s.askRemoveEndpoint)
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

// keyPage is a key of the company.
type keyPage struct {
	client.APIKey
	Secret string // of the key that takes its place; shown once
}

// Addresses writes from where the key may be used, as the form takes it.
func (k keyPage) Addresses() string { return strings.Join(k.AllowedAddresses, ", ") }

// showKey shows the key that the path names, with the secret of the one that takes its place, or the form that was refused.
func (s *server) showKey(w http.ResponseWriter, r *http.Request, secret string, refusal error) {
	key, err := s.keyOf(r, visitorOf(r.Context()).Company.ID)
	switch {
	case err != nil:
		s.fail(w, r, err)
	case refusal != nil:
		s.refused(w, r, refusal, "key", keyPage{APIKey: key}, nil)
	default:
		s.show(w, r, http.StatusOK, "key", keyPage{key, secret}, nil)
	}
}

// keyOf returns the company's key that the path names.
func (s *server) keyOf(r *http.Request, company string) (client.APIKey, error) {
	keys, err := s.api.ListAPIKeysWithResponse(r.Context(), company)
	if err != nil {
		return client.APIKey{}, err
	}
	for _, key := range keys.JSON200.Data {
		if key.ID == chi.URLParam(r, "key") {
			return key, nil
		}
	}
	return client.APIKey{}, &refusal{Status: http.StatusNotFound}
}

func (s *server) bindKey(w http.ResponseWriter, r *http.Request) {
	key := chi.URLParam(r, "key")
	_, err := s.api.UpdateAPIKeyWithResponse(r.Context(), visitorOf(r.Context()).Company.ID, key, client.APIKeyChanges{AllowedAddresses: addressesOf(r)})
	if err != nil {
		s.showKey(w, r, "", err)
		return
	}
	s.tell(w, r, "/console/access/keys/"+key, notice{Kind: "good", Key: "saved"})
}

// rotateKey makes the key that takes the place of this one, which works for another day.
func (s *server) rotateKey(w http.ResponseWriter, r *http.Request) {
	made, err := s.api.RotateAPIKeyWithResponse(r.Context(), visitorOf(r.Context()).Company.ID, chi.URLParam(r, "key"), client.KeyRotation{}, once(r))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showKey(w, r, made.JSON201.Key, nil)
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

// lastAttempt returns the latest attempt of a delivery, with what the receiver answered; nil before the first.
func lastAttempt(attempts []client.DeliveryAttempt) *client.DeliveryAttempt {
	if len(attempts) == 0 {
		return nil
	}
	return &attempts[len(attempts)-1]
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

func (s *server) askRemoveEndpoint(w http.ResponseWriter, r *http.Request) {
	found, err := s.api.GetWebhookEndpointWithResponse(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	l, page := s.lookOf(r), "/console/access/endpoints/"+found.JSON200.ID
	s.show(w, r, http.StatusOK, "sure", surePage{
		l.words.say("access.remove_question", found.JSON200.URL), l.words.say("access.remove_text"), l.words.say("access.remove"), page + "/remove", page, l.words.say("access.webhook"),
	}, nil)
}

func (s *server) removeEndpoint(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.DeleteWebhookEndpointWithResponse(r.Context(), chi.URLParam(r, "id")); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/access", notice{Kind: "good", Key: "endpoint_removed"})
}
