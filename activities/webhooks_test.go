package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

// telling is a shop with a webhook endpoint and an event for it.
type telling struct {
	*shop
	webhooks *activities.Webhooks
	ref      activities.DeliveryRef
	posted   []activities.Message
	status   int
	err      error
}

func newTelling(t *testing.T) *telling {
	t.Helper()
	s := &telling{shop: open(t), status: 204}
	s.webhooks = &activities.Webhooks{
		InCompany: s.books.InCompany, Secrets: s.keyring, Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		Post: func(_ context.Context, m activities.Message) (activities.Answer, error) {
			s.posted = append(s.posted, m)
			return activities.Answer{Status: s.status, RetryAfter: time.Minute}, s.err
		},
	}
	s.env.RegisterActivity(s.webhooks)
	endpoint := delivery.Endpoint{ID: id.New(id.Endpoint), CompanyID: s.company, URL: "https://shop.example.ch/", SealedSecret: s.seal("whsec_bmV3"), CreatedAt: time.Now()}
	endpoint.Rotate(s.seal("whsec_bmV3ZXI="), time.Now(), time.Hour)
	e := event.New(event.InvoiceOpened, s.company, s.invoice, time.Now(), map[string]string{"number": "R-1001"})
	s.in(func(tx *postgres.Tx) error {
		if err := tx.InsertWebhookEndpoint(t.Context(), endpoint); err != nil {
			return err
		}
		return tx.AppendEvent(t.Context(), e)
	})
	s.ref = activities.DeliveryRef{CompanyID: s.company, EventID: e.ID, EndpointID: endpoint.ID}
	return s
}

func (s *telling) delivery() (d delivery.Delivery, e delivery.Endpoint) {
	s.in(func(tx *postgres.Tx) (err error) {
		if d, err = tx.Delivery(s.t.Context(), s.ref.EndpointID, s.ref.EventID); err != nil {
			return err
		}
		e, err = tx.WebhookEndpoint(s.t.Context(), s.ref.EndpointID)
		return err
	})
	return d, e
}

// attempt sends the event and records what came of it.
func (s *telling) attempt(since, retryAt time.Time) delivery.State {
	sent := do[activities.Sent](s.shop, s.webhooks.SendEvent, s.ref)
	assert.Equal(s.t, time.Minute, sent.RetryAfter)
	in := activities.Attempted{DeliveryRef: s.ref, Round: sent.Round, Attempt: sent.Attempt, Since: since, RetryAt: retryAt}
	recorded := do[activities.Recorded](s.shop, s.webhooks.RecordAttempt, in)
	assert.Equal(s.t, recorded, do[activities.Recorded](s.shop, s.webhooks.RecordAttempt, in), "once more after a crash")
	return recorded.State
}

func TestAnEventIsSentWithBothSecretsAndRecorded(t *testing.T) {
	t.Parallel()
	s := newTelling(t)
	assert.Equal(t, delivery.Delivered, s.attempt(time.Now(), time.Now().Add(time.Minute)))
	require.Len(t, s.posted, 1)
	assert.Equal(t, []string{"whsec_bmV3ZXI=", "whsec_bmV3"}, s.posted[0].Secrets)
	assert.Equal(t, s.ref.EventID, s.posted[0].ID)
	var body map[string]any
	require.NoError(t, json.Unmarshal(s.posted[0].Body, &body))
	assert.Equal(t, "invoice.opened", body["type"])
	assert.Equal(t, body["at"], body["timestamp"])
	d, e := s.delivery()
	require.Len(t, d.Attempts, 1)
	assert.Equal(t, 204, d.Attempts[0].Status)
	assert.Zero(t, e.FailingSince)

	again := do[activities.Sent](s.shop, s.webhooks.SendEvent, s.ref)
	assert.Equal(t, delivery.Delivered, again.State)
	assert.Len(t, s.posted, 1, "what was delivered is not sent again")
}

func TestAReceiverThatDoesNotAnswerIsAResultAndAFaultOfOursIsNot(t *testing.T) {
	t.Parallel()
	s := newTelling(t)
	s.status, s.err = 0, errors.New("the connection was refused")
	assert.Equal(t, delivery.Pending, s.attempt(time.Now(), time.Now().Add(time.Minute)))
	d, e := s.delivery()
	assert.Equal(t, "the connection was refused", d.Attempts[0].Error)
	assert.NotZero(t, d.RetryAt)
	assert.NotZero(t, e.FailingSince)

	s.err = activities.ErrNotSent
	_, err := s.run(s.webhooks.SendEvent, s.ref)
	require.Error(t, err)
	d, _ = s.delivery()
	assert.Len(t, d.Attempts, 1)

	s.status, s.err = 200, nil
	assert.Equal(t, delivery.Delivered, s.attempt(time.Now(), time.Time{}))
	_, e = s.delivery()
	assert.Zero(t, e.FailingSince)
}

func TestAnEndpointAtWhichNothingWorksIsDisabledWithNotice(t *testing.T) {
	t.Parallel()
	s := newTelling(t)
	s.status = 500
	assert.Equal(t, delivery.Pending, s.attempt(time.Now(), time.Now().Add(time.Minute)))
	d, _ := s.delivery()
	assert.Equal(t, delivery.Parked, s.attempt(d.Attempts[0].At, time.Time{}))
	_, e := s.delivery()
	assert.False(t, e.Enabled())
	_, err := s.run(s.mail.TellEndpointDisabled, s.ref)
	require.NoError(t, err)
	require.Len(t, s.letters, 1)
	assert.Equal(t, "compta@demo.example", s.letters[0].To)
	assert.Contains(t, s.letters[0].Text, "/v1/webhook-endpoints/"+e.ID+"/redeliver")
	s.sendError = activities.ErrUndeliverable
	_, err = s.run(s.mail.TellEndpointDisabled, s.ref)
	require.NoError(t, err, "the exception says the same")
	s.in(func(tx *postgres.Tx) error {
		open, _, err := tx.Exceptions(t.Context(), listing.Exceptions{Kind: exception.WebhookDisabled, Subject: e.ID})
		require.Len(t, open, 1)
		assert.Contains(t, open[0].Detail, "the receiver answered 500")
		told, _, err2 := tx.Events(t.Context(), listing.Events{Type: event.ExceptionRaised})
		require.Len(t, told, 1)
		return errors.Join(err, err2)
	})
}

func TestAnEndpointThatIsGoneIsSaid(t *testing.T) {
	t.Parallel()
	s := newTelling(t)
	s.in(func(tx *postgres.Tx) error { return tx.DeleteWebhookEndpoint(t.Context(), s.ref.EndpointID) })
	_, err := s.run(s.webhooks.SendEvent, s.ref)
	require.ErrorContains(t, err, "type: not-found")
}

func TestAnExceptionAboutAPaymentNamesItsInvoice(t *testing.T) {
	t.Parallel()
	s := open(t)
	do[activities.Standing](s, s.books.OpenInvoice, s.invoiceRef())
	paymentID, _ := s.checkout(payment.Card)
	do[activities.Raised](s, s.books.RaiseException, activities.Raise{
		CompanyID: s.company, Kind: exception.CaptureUnclear, Subject: paymentID, Detail: "x", Choices: []exception.Choice{exception.TryAgain},
	})
	s.in(func(tx *postgres.Tx) error {
		told, _, err := tx.Events(t.Context(), listing.Events{Type: event.ExceptionRaised})
		require.Len(t, told, 1)
		assert.Equal(t, s.invoice, told[0].Data["invoice_id"])
		return err
	})
}
