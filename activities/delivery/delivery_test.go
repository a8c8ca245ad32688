package delivery_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/delivery"
	domain "github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/testing/shoptest"
	"github.com/quittance/quittance/workflows/contract"
)

// telling is a shop with a webhook endpoint and an event for it.
type telling struct {
	*shop
	ref contract.DeliverEvent
}

func newTelling(t *testing.T) *telling {
	t.Helper()
	s := &telling{shop: open(t)}
	s.Answer = delivery.Answer{Status: 204, RetryAfter: time.Minute}
	endpoint := domain.Endpoint{ID: id.New(id.Endpoint), CompanyID: s.Company, URL: "https://shop.example.ch/", CreatedAt: time.Now()}
	endpoint.Rotate(s.Seal("whsec_bmV3ZXI=", sealed.EndpointSecret.Of(s.Company, endpoint.ID)),
		s.Seal("whsec_bmV3", sealed.EndpointPrevious.Of(s.Company, endpoint.ID)), time.Now(), time.Hour)
	e := event.New(event.InvoiceOpened, s.Company, s.Invoice, time.Now(), map[string]string{"number": "R-1001"})
	s.In(func(tx *postgres.Tx) error {
		if err := tx.InsertWebhookEndpoint(t.Context(), endpoint); err != nil {
			return err
		}
		return tx.AppendEvent(t.Context(), e)
	})
	s.ref = contract.DeliverEvent{CompanyID: s.Company, EventID: e.ID, EndpointID: endpoint.ID}
	return s
}

func (s *telling) delivery() (d domain.Delivery, e domain.Endpoint) {
	s.In(func(tx *postgres.Tx) (err error) {
		if d, err = tx.Delivery(s.T.Context(), s.ref.EndpointID, s.ref.EventID); err != nil {
			return err
		}
		e, err = tx.WebhookEndpoint(s.T.Context(), s.ref.EndpointID)
		return err
	})
	return d, e
}

// attempt sends the event and records what came of it.
func (s *telling) attempt(since, retryAt time.Time) domain.State {
	sent := do[delivery.Sent](s.shop, s.Delivery.SendEvent, s.ref)
	assert.Equal(s.T, time.Minute, sent.RetryAfter)
	in := delivery.Attempted{DeliverEvent: s.ref, Round: sent.Round, Attempt: sent.Attempt, Since: since, RetryAt: retryAt}
	recorded := do[delivery.Recorded](s.shop, s.Delivery.RecordAttempt, in)
	assert.Equal(s.T, recorded, do[delivery.Recorded](s.shop, s.Delivery.RecordAttempt, in), "once more after a crash")
	return recorded.State
}

func TestAFirstAttemptThatWorksNeedsNoWorkflow(t *testing.T) {
	t.Parallel()
	s := newTelling(t)
	for i, want := range []bool{true, false} {
		done, first, err := delivery.FirstAttempt(t.Context(), s.Delivery, s.ref)
		require.NoError(t, err)
		assert.Equal(t, want, done, "try %d", i)
		assert.Nil(t, first)
	}
	require.Len(t, s.Posted, 1, "what has arrived is not sent again")
	d, _ := s.delivery()
	assert.Equal(t, domain.Delivered, d.State)
	assert.Len(t, d.Attempts, 1)
}

func TestAFirstAttemptThatFailsIsLeftToTheWorkflow(t *testing.T) {
	t.Parallel()
	s := newTelling(t)
	s.Answer = delivery.Answer{Status: 503, RetryAfter: time.Minute}
	done, first, err := delivery.FirstAttempt(t.Context(), s.Delivery, s.ref)
	require.NoError(t, err)
	require.False(t, done)
	require.NotNil(t, first)
	assert.Equal(t, []any{503, 1, time.Minute}, []any{first.Status, first.Round, first.RetryAfter})
	d, _ := s.delivery()
	assert.Empty(t, d.Attempts, "the workflow records it")

	in := delivery.Attempted{DeliverEvent: s.ref, Round: first.Round, Attempt: first.Attempt, Since: first.At, RetryAt: time.Now().Add(time.Minute)}
	do[delivery.Recorded](s.shop, s.Delivery.RecordAttempt, in)
	done, first, err = delivery.FirstAttempt(t.Context(), s.Delivery, s.ref)
	require.NoError(t, err)
	assert.False(t, done)
	assert.Nil(t, first, "the endpoint is failing: no attempt is made beside its workflows")
	assert.Len(t, s.Posted, 1)
}

func TestAnEventIsSentWithBothSecretsAndRecorded(t *testing.T) {
	t.Parallel()
	s := newTelling(t)
	assert.Equal(t, domain.Delivered, s.attempt(time.Now(), time.Now().Add(time.Minute)))
	require.Len(t, s.Posted, 1)
	assert.Equal(t, []string{"whsec_bmV3ZXI=", "whsec_bmV3"}, s.Posted[0].Secrets)
	assert.Equal(t, s.ref.EventID, s.Posted[0].ID)
	var body map[string]any
	require.NoError(t, json.Unmarshal(s.Posted[0].Body, &body))
	assert.Equal(t, "invoice.opened", body["type"])
	assert.Equal(t, body["at"], body["timestamp"])
	d, e := s.delivery()
	require.Len(t, d.Attempts, 1)
	assert.Equal(t, 204, d.Attempts[0].Status)
	assert.Zero(t, e.FailingSince)

	again := do[delivery.Sent](s.shop, s.Delivery.SendEvent, s.ref)
	assert.Equal(t, domain.Delivered, again.State)
	assert.Len(t, s.Posted, 1, "what was delivered is not sent again")
}

func TestAReceiverThatDoesNotAnswerIsAResultAndAFaultOfOursIsNot(t *testing.T) {
	t.Parallel()
	s := newTelling(t)
	s.Answer.Status, s.PostError = 0, errors.New("the connection was refused")
	assert.Equal(t, domain.Pending, s.attempt(time.Now(), time.Now().Add(time.Minute)))
	d, e := s.delivery()
	assert.Equal(t, "the connection was refused", d.Attempts[0].Error)
	assert.NotZero(t, d.RetryAt)
	assert.NotZero(t, e.FailingSince)

	s.PostError = delivery.ErrNotSent
	_, err := s.Run(s.Delivery.SendEvent, s.ref)
	require.Error(t, err)
	d, _ = s.delivery()
	assert.Len(t, d.Attempts, 1)

	s.Answer.Status, s.PostError = 200, nil
	assert.Equal(t, domain.Delivered, s.attempt(time.Now(), time.Time{}))
	_, e = s.delivery()
	assert.Zero(t, e.FailingSince)
}

func TestAnEndpointAtWhichNothingWorksIsDisabledWithNotice(t *testing.T) {
	t.Parallel()
	s := newTelling(t)
	s.Answer.Status = 500
	assert.Equal(t, domain.Pending, s.attempt(time.Now(), time.Now().Add(time.Minute)))
	d, _ := s.delivery()
	assert.Equal(t, domain.Parked, s.attempt(d.Attempts[0].At, time.Time{}))
	_, e := s.delivery()
	assert.False(t, e.Enabled())
	_, err := s.Run(s.Delivery.TellEndpointDisabled, s.ref)
	require.NoError(t, err)
	require.Len(t, s.Letters, 1)
	assert.Equal(t, "compta@demo.example", s.Letters[0].To)
	assert.Contains(t, s.Letters[0].Text, "/v1/webhook-endpoints/"+e.ID+"/redeliver")
	s.SendError = &activities.UndeliverableError{Reason: "550 no such mailbox."}
	refused := shoptest.Do[activities.Sent](s.Shop, s.Delivery.TellEndpointDisabled, s.ref)
	assert.Equal(t, "550 no such mailbox.", refused.Failed)
	for range 2 {
		_, err = s.Run(s.Delivery.NoteMailFailure, delivery.MailFailure{DeliverEvent: s.ref, Sent: refused})
		require.NoError(t, err)
	}
	s.In(func(tx *postgres.Tx) error {
		open, _, err := tx.Exceptions(t.Context(), listing.Exceptions{Kind: exception.WebhookDisabled, Subject: e.ID})
		require.Len(t, open, 1)
		assert.Contains(t, open[0].Detail, "the receiver answered 500")
		untold, _, err2 := tx.Exceptions(t.Context(), listing.Exceptions{Kind: exception.EmailFailed, Subject: e.ID})
		require.Len(t, untold, 1)
		assert.Contains(t, untold[0].Detail, "550 no such mailbox. Correct contact_email")
		told, _, err3 := tx.Events(t.Context(), listing.Events{Type: event.ExceptionRaised})
		require.Len(t, told, 2)
		return errors.Join(err, err2, err3)
	})
}

func TestAnEndpointThatIsGoneIsSaid(t *testing.T) {
	t.Parallel()
	s := newTelling(t)
	s.In(func(tx *postgres.Tx) error { return tx.DeleteWebhookEndpoint(t.Context(), s.ref.EndpointID) })
	_, err := s.Run(s.Delivery.SendEvent, s.ref)
	require.ErrorContains(t, err, "type: not-found")
}
