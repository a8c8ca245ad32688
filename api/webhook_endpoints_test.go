package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/sealed"
)

// newEndpoint stores a webhook endpoint that takes those types of events.
func (w *world) newEndpoint(url string, types ...event.Type) delivery.Endpoint {
	w.Helper()
	e := delivery.Endpoint{ID: id.New(id.Endpoint), CompanyID: w.company.ID, URL: url, Types: types, CreatedAt: noon}
	e.SealedSecret = []byte(sealedAt(sealed.EndpointSecret.Of(e.CompanyID, e.ID), "whsec_bmV3"))
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.InsertWebhookEndpoint(w.Context(), e) })
	return e
}

// tell appends an event.
func (w *world) tell(t event.Type, subject string) event.Event {
	w.Helper()
	e := event.New(t, w.company.ID, subject, noon, map[string]string{"state": "known"})
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.AppendEvent(w.Context(), e) })
	return e
}

// park makes what is pending for the endpoint fail for good.
func (w *world) park(e delivery.Endpoint) {
	w.Helper()
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		pending, err := tx.WebhookEndpoint(w.Context(), e.ID)
		require.NoError(w, err)
		pending.Disable(noon, "Nothing could be delivered for three days.")
		_, _, err = tx.RaiseException(w.Context(), exception.New(exception.Exception{
			CompanyID: w.company.ID, Kind: exception.WebhookDisabled, Subject: e.ID, Detail: "It is disabled.", Choices: []exception.Choice{exception.Acknowledge},
		}, noon))
		require.NoError(w, err)
		return tx.SaveWebhookEndpoint(w.Context(), pending)
	})
}

// deliveries returns the states of what is on its way to the endpoint, by event.
func (w *world) deliveries(endpointID string) map[string]any {
	w.Helper()
	states := map[string]any{}
	for _, item := range w.call("GET", "/webhook-endpoints/"+endpointID+"/deliveries", w.key, nil).json(http.StatusOK)["data"].([]any) {
		d := item.(map[string]any)
		states[d["event_id"].(string)] = d["state"]
	}
	return states
}

func TestSecretOfAWebhookEndpointIsShownOnceAndSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.call("POST", "/webhook-endpoints", w.key, `{"url":"http://127.0.0.1:9999/hooks?shop=1","events":["invoice.paid"],"description":"Accounting"}`).json(http.StatusCreated)
	secret := made["secret"].(string)
	assert.Regexp(t, `^whe_[0-9a-z]{26}$`, made["id"])
	assert.Regexp(t, `^whsec_[A-Za-z0-9+/]{43}=$`, secret)
	assert.Equal(t, true, made["enabled"])

	path := "/webhook-endpoints/" + made["id"].(string)
	delete(made, "secret")
	assert.Equal(t, made, w.call("GET", path, w.key, nil).json(http.StatusOK))
	assert.Equal(t, []any{made}, w.call("GET", "/webhook-endpoints", w.key, nil).json(http.StatusOK)["data"])
	w.in(w.company.ID, func(tx *postgres.Tx) error {
		stored, err := tx.WebhookEndpoint(t.Context(), made["id"].(string))
		assert.Equal(t, sealedAt(sealed.EndpointSecret.Of(w.company.ID, stored.ID), secret), string(stored.SealedSecret))
		return err
	})
	assert.NotContains(t, w.log.String(), secret)
	assert.NotContains(t, w.call("GET", "/audit-log", w.key, nil).Body.String(), secret)

	assert.Equal(t, http.StatusNoContent, w.call("DELETE", path, w.key, nil).Code)
	w.call("GET", path, w.key, nil).problem(http.StatusNotFound, "not-found")
}

func TestRotatedSecretGoesOnForTheOverlap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.call("POST", "/webhook-endpoints", w.key, `{"url":"http://127.0.0.1:9999"}`).json(http.StatusCreated)
	rotate := "/webhook-endpoints/" + made["id"].(string) + "/rotate-secret"
	rotated := w.call("POST", rotate, w.key, nil).json(http.StatusOK)
	assert.NotEqual(t, made["secret"], rotated["secret"])
	assert.Equal(t, noon.Add(24*time.Hour).Format(time.RFC3339), rotated["previous_secret_until"])
	sealedSecrets := func() (secrets []string) {
		w.in(w.company.ID, func(tx *postgres.Tx) error {
			stored, err := tx.WebhookEndpoint(t.Context(), made["id"].(string))
			for _, kept := range stored.SealedSecrets(noon) {
				secret, err := sealer{}.OpenAt(kept.Value, kept.Place)
				require.NoError(t, err)
				secrets = append(secrets, string(secret))
			}
			return err
		})
		return secrets
	}
	assert.Equal(t, []string{rotated["secret"].(string), made["secret"].(string)}, sealedSecrets())

	leaked := w.call("POST", rotate, w.key, `{"overlap_hours":0}`).json(http.StatusOK)
	assert.NotContains(t, leaked, "previous_secret_until")
	assert.Equal(t, []string{leaked["secret"].(string)}, sealedSecrets())
}

func TestEventsFromNowOnAreOnTheirWayToTheEndpointsThatTakeThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := id.New(id.Invoice)
	before := w.tell(event.InvoiceOpened, inv)
	all, paid, off := w.newEndpoint("http://127.0.0.1/1"), w.newEndpoint("http://127.0.0.1/2", event.InvoicePaid), w.newEndpoint("http://127.0.0.1/3")
	w.call("PATCH", "/webhook-endpoints/"+off.ID, w.key, `{"enabled":false}`).json(http.StatusOK)
	cancelled, settled := w.tell(event.InvoiceCancelled, inv), w.tell(event.InvoicePaid, inv)

	assert.Equal(t, map[string]any{cancelled.ID: "pending", settled.ID: "pending"}, w.deliveries(all.ID))
	assert.Equal(t, map[string]any{settled.ID: "pending"}, w.deliveries(paid.ID))
	assert.Equal(t, map[string]any{cancelled.ID: "parked", settled.ID: "parked"}, w.deliveries(off.ID), "kept for the company to ask for")

	shown := w.call("GET", "/events/"+settled.ID, w.key, nil).json(http.StatusOK)
	assert.Equal(t, "invoice.paid", shown["type"])

	queued := w.call("POST", "/events/"+before.ID+"/redeliver", w.key, nil).json(http.StatusAccepted)["data"].([]any)
	require.Len(t, queued, 1, "who asks for an event from before gets it")
	assert.Equal(t, all.ID, queued[0].(map[string]any)["endpoint_id"])
	w.call("POST", "/events/"+before.ID+"/redeliver", w.key, map[string]string{"endpoint_id": paid.ID}).problem(http.StatusConflict, "no-webhook-endpoint")
	w.call("POST", "/events/"+before.ID+"/redeliver", w.key, map[string]string{"endpoint_id": off.ID}).problem(http.StatusConflict, "no-webhook-endpoint")
}

func TestATestEventGoesToOneEndpointAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all, paid, off := w.newEndpoint("http://127.0.0.1/1"), w.newEndpoint("http://127.0.0.1/2", event.InvoicePaid), w.newEndpoint("http://127.0.0.1/3")
	w.call("PATCH", "/webhook-endpoints/"+off.ID, w.key, `{"enabled":false}`).json(http.StatusOK)
	queued := w.call("POST", "/webhook-endpoints/"+paid.ID+"/test", w.key, nil).json(http.StatusAccepted)
	ping := queued["event_id"].(string)
	assert.Equal(t, []any{paid.ID, "test.ping", paid.ID, "pending"}, []any{queued["endpoint_id"], queued["event_type"], queued["subject"], queued["state"]})
	assert.Equal(t, map[string]any{ping: "pending"}, w.deliveries(paid.ID), "whatever types it takes")
	assert.Empty(t, w.deliveries(all.ID))
	again := w.call("POST", "/events/"+ping+"/redeliver", w.key, nil).json(http.StatusAccepted)["data"].([]any)
	require.Len(t, again, 1, "sent again, it goes nowhere else")
	assert.Empty(t, w.deliveries(all.ID))
	w.call("POST", "/webhook-endpoints/"+off.ID+"/test", w.key, nil).problem(http.StatusConflict, "no-webhook-endpoint")
	w.call("POST", "/webhook-endpoints/"+id.New(id.Endpoint)+"/test", w.key, nil).problem(http.StatusNotFound, "not-found")
}

func TestWhatWasParkedIsSentOnRequestOnceTheEndpointIsEnabledAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.newEndpoint("http://127.0.0.1/1")
	first, second := w.tell(event.InvoiceOpened, id.New(id.Invoice)), w.tell(event.InvoiceOpened, id.New(id.Invoice))
	w.park(e)
	path := "/webhook-endpoints/" + e.ID
	disabled := w.call("GET", path, w.key, nil).json(http.StatusOK)
	assert.Equal(t, false, disabled["enabled"])
	assert.Contains(t, disabled["disabled_because"], "three days")
	w.call("POST", path+"/redeliver", w.key, nil).problem(http.StatusConflict, "no-webhook-endpoint")

	enabled := w.call("PATCH", path, w.key, `{"enabled":true,"events":[]}`).json(http.StatusOK)
	assert.NotContains(t, enabled, "disabled_because")
	assert.Empty(t, w.call("GET", "/exceptions?open=true", w.key, nil).json(http.StatusOK)["data"], "the notice has cleared up")
	assert.Equal(t, map[string]any{first.ID: "parked", second.ID: "parked"}, w.deliveries(e.ID), "nothing is sent by itself")
	assert.EqualValues(t, 2, w.call("POST", path+"/redeliver", w.key, nil).json(http.StatusAccepted)["deliveries"])
	assert.Equal(t, map[string]any{first.ID: "pending", second.ID: "pending"}, w.deliveries(e.ID))
	assert.EqualValues(t, 0, w.call("POST", path+"/redeliver", w.key, nil).json(http.StatusAccepted)["deliveries"])
}

func TestACompanyHasAtMostTwentyEndpoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range delivery.MaxEndpoints {
		w.newEndpoint("http://127.0.0.1/")
	}
	w.call("POST", "/webhook-endpoints", w.key, `{"url":"http://127.0.0.1/"}`).problem(http.StatusConflict, "too-many-webhook-endpoints")
}
