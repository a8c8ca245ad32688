package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
)

// Message is an event for the receiver behind an endpoint. ID and Body are the same however often it is sent.
type Message struct {
	URL     string
	ID      string
	At      time.Time
	Body    []byte
	Secrets []string // to sign it with
}

// Answer is what a receiver answered.
type Answer struct {
	Status     int
	RetryAfter time.Duration // for how long it asks not to be called again; zero when it doesn't
}

// ErrNotSent means that a message was not even tried, because of something on our side.
var ErrNotSent = errors.New("the message was not sent")

// Sent is what came of an attempt; there was none unless the delivery was pending.
type Sent struct {
	State   delivery.State   `json:"state"` // before the attempt
	Round   int              `json:"round"`
	Attempt delivery.Attempt `json:"attempt"`
	// RetryAfter is for how long the receiver asks not to be called again.
	RetryAfter time.Duration `json:"retry_after,omitempty"`
}

// SendEvent sends the event once, if it is still to be sent. A receiver that doesn't take it is a result. The problem not-found
// says that the endpoint is gone, and *activities.BusyError that others of the company come first.
func (a *Activities) SendEvent(ctx context.Context, ref contract.DeliverEvent) (Sent, error) {
	end, err := a.Turns.take(ctx, ref)
	if err != nil {
		return Sent{}, err
	}
	defer end()
	d, err := a.due(ctx, ref)
	if err != nil || d.State != delivery.Pending {
		return Sent{State: d.State, Round: d.Round}, err
	}
	return a.send(ctx, d)
}

// ErrNoTurn means that as many attempts of the company, or at the endpoint, are in flight as may be.
var ErrNoTurn = errors.New("others of the company are being sent")

// FirstAttempt makes the first attempt to deliver an event, outside of any workflow, and records it if it worked. Otherwise the workflow
// goes on, and records it: first is nil when none was made, because the endpoint is failing or the event was tried before. Without a turn
// it is ErrNoTurn. An attempt that is broken off is made again.
func FirstAttempt(ctx context.Context, a *Activities, ref contract.DeliverEvent) (done bool, first *contract.FirstAttempt, err error) {
	end, _, _ := a.Turns.takeWithin(ctx, ref, 0)
	if end == nil {
		return false, nil, ErrNoTurn
	}
	defer end()
	d, err := a.due(ctx, ref)
	if err != nil || d.State != delivery.Pending || d.Round != 1 || len(d.Attempts) > 0 || !d.endpoint.FailingSince.IsZero() {
		return false, nil, err
	}
	sent, err := a.send(ctx, d)
	if err != nil {
		return false, nil, err
	}
	if !sent.Attempt.Worked() {
		return false, &contract.FirstAttempt{Attempt: sent.Attempt, Round: sent.Round, RetryAfter: sent.RetryAfter}, nil
	}
	recorded, err := a.RecordAttempt(ctx, Attempted{DeliverEvent: ref, Round: sent.Round, Attempt: sent.Attempt, Since: sent.Attempt.At})
	return err == nil && recorded.State != delivery.Pending, nil, err
}

// due is a delivery with what is to be sent, and where.
type due struct {
	delivery.Delivery
	event    event.Event
	endpoint delivery.Endpoint
}

// due reads a delivery, and what it takes to send it if it is pending.
func (a *Activities) due(ctx context.Context, ref contract.DeliverEvent) (d due, err error) {
	err = a.InCompany(ctx, ref.CompanyID, func(tx Tx) (err error) {
		if d.Delivery, err = tx.Delivery(ctx, ref.EndpointID, ref.EventID); err != nil || d.State != delivery.Pending {
			return err
		}
		if d.endpoint, err = tx.WebhookEndpoint(ctx, ref.EndpointID); err != nil {
			return err
		}
		d.event, err = tx.Event(ctx, ref.EventID)
		return err
	})
	return d, err
}

func (a *Activities) send(ctx context.Context, d due) (Sent, error) {
	sent := Sent{State: d.State, Round: d.Round}
	message, err := a.message(d.event, d.endpoint)
	if err != nil {
		return sent, err
	}
	if d.Round == 1 && len(d.Attempts) == 0 && a.Told != nil {
		a.Told(message.At.Sub(d.event.At))
	}
	answer, err := a.Post(ctx, message)
	if errors.Is(err, ErrNotSent) {
		return sent, err
	}
	sent.Attempt = delivery.Attempt{At: message.At, Status: answer.Status, Milliseconds: a.Now().Sub(message.At).Milliseconds()}
	sent.RetryAfter = answer.RetryAfter
	if err != nil {
		sent.Attempt.Error = err.Error()
	}
	return sent, nil
}

func (a *Activities) message(e event.Event, endpoint delivery.Endpoint) (Message, error) {
	body, err := e.Payload()
	if err != nil {
		return Message{}, fmt.Errorf("write event %s: %w", e.ID, err)
	}
	m := Message{URL: endpoint.URL, ID: e.ID, At: a.Now().UTC(), Body: body}
	for _, kept := range endpoint.SealedSecrets(m.At) {
		secret, err := a.Secrets.OpenAt(kept.Value, kept.Place)
		if err != nil {
			return m, fmt.Errorf("open the secret of webhook endpoint %s: %w", endpoint.ID, err)
		}
		m.Secrets = append(m.Secrets, string(secret))
	}
	return m, nil
}

// Attempted is an attempt to be recorded.
type Attempted struct {
	contract.DeliverEvent
	Round   int              `json:"round"`
	Attempt delivery.Attempt `json:"attempt"`
	Since   time.Time        `json:"since"`    // when the first attempt of this round was
	RetryAt time.Time        `json:"retry_at"` // when the next one would be; zero when this was the last
}

// Recorded is where a delivery stands, and whether the attempt was the one for which the endpoint was disabled.
type Recorded struct {
	State    delivery.State `json:"state"`
	Disabled bool           `json:"disabled,omitempty"`
}

// RecordAttempt notes an attempt: the delivery has ended or will be tried again, and an endpoint at which nothing has worked for
// as long as attempts last is disabled, with an exception that says so. An attempt that is recorded already changes nothing.
func (a *Activities) RecordAttempt(ctx context.Context, in Attempted) (Recorded, error) {
	var recorded Recorded
	err := a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		endpoint, err := tx.WebhookEndpoint(ctx, in.EndpointID)
		if err != nil {
			return err
		}
		// Most attempts change nothing about the endpoint, and then don't wait for one another.
		locked := !in.Attempt.Worked() || !endpoint.FailingSince.IsZero()
		if locked {
			if endpoint, err = tx.LockWebhookEndpoint(ctx, in.EndpointID); err != nil {
				return err
			}
		}
		d, err := tx.LockDelivery(ctx, in.EndpointID, in.EventID)
		if err != nil {
			return err
		}
		d.Attempted(in.Attempt, in.Round, in.RetryAt)
		recorded.State = d.State
		if err := tx.SaveDelivery(ctx, d); err != nil || !locked {
			return err
		}
		recorded.Disabled, err = a.judge(ctx, tx, endpoint, d.State, in)
		return err
	})
	return recorded, err
}

// judge notes at the endpoint what came of an attempt, and reports whether it was disabled for this one.
func (a *Activities) judge(ctx context.Context, tx Tx, endpoint delivery.Endpoint, state delivery.State, in Attempted) (disabled bool, err error) {
	changed := endpoint.Attempted(in.Attempt)
	givenUp := state == delivery.Parked && endpoint.GivenUp(in.Attempt, in.Since)
	if changed || givenUp {
		if err := tx.SaveWebhookEndpoint(ctx, endpoint); err != nil {
			return false, err
		}
	}
	if !givenUp { // unless this step runs again after a crash
		return !endpoint.Enabled() && endpoint.DisabledAt.Equal(in.Attempt.At), nil
	}
	_, err = escalation.RaiseIn(ctx, tx, escalation.Raise{
		CompanyID: in.CompanyID, Kind: exception.WebhookDisabled, Subject: endpoint.ID, Choices: []exception.Choice{exception.Acknowledge},
		Detail: fmt.Sprintf("Webhook endpoint %s (%s) is disabled. %s Its events are kept: mend the receiver, enable the endpoint again, "+
			"and ask for what was parked with POST /v1/webhook-endpoints/%s/redeliver.", endpoint.ID, endpoint.URL, endpoint.DisabledBecause, endpoint.ID),
	}, a.Now())
	return true, err
}

// Standing is whether somebody must still see that an endpoint is disabled.
type Standing struct {
	Unseen bool `json:"unseen"`
}

// CheckEndpoint returns whether the exception that says that the endpoint is disabled is still open: nobody has acknowledged it, and
// the endpoint is neither enabled again nor removed.
func (a *Activities) CheckEndpoint(ctx context.Context, ref contract.DeliverEvent) (Standing, error) {
	var standing Standing
	err := a.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		exceptions, err := tx.ExceptionsAbout(ctx, []string{ref.EndpointID})
		standing.Unseen = slices.ContainsFunc(exceptions, func(e exception.Exception) bool { return e.Kind == exception.WebhookDisabled && e.Open() })
		return err
	})
	return standing, err
}

// TellEndpointDisabled mails the company's contact, if there is one, that a webhook endpoint was disabled, unless it is enabled
// again. That the mail server refuses it for good is a result; one that is down is an error, to be tried again.
func (a *Activities) TellEndpointDisabled(ctx context.Context, ref contract.DeliverEvent) (activities.Sent, error) {
	var written letter.Letter
	err := a.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		written = letter.Letter{}
		endpoint, err := tx.WebhookEndpoint(ctx, ref.EndpointID)
		if problem.CodeOf(err) == problem.NotFound || err == nil && endpoint.Enabled() {
			return nil
		}
		if err != nil {
			return err
		}
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		written, err = letter.EndpointDisabled(company, endpoint)
		return err
	})
	if err != nil || written.To == "" {
		return activities.Sent{}, err
	}
	return a.Send.Post(ctx, written)
}

// MailFailure is a mail about an endpoint that failed.
type MailFailure struct {
	contract.DeliverEvent
	activities.Sent
}

// NoteMailFailure raises an exception for a mail to the company's contact that failed: the address may be wrong.
func (a *Activities) NoteMailFailure(ctx context.Context, in MailFailure) error {
	return a.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		_, err := escalation.RaiseIn(ctx, tx, escalation.Raise{
			CompanyID: in.CompanyID, Kind: exception.EmailFailed, Subject: in.EndpointID, Choices: []exception.Choice{exception.Acknowledge},
			Detail: fmt.Sprintf("The mail that webhook endpoint %s is disabled could not be delivered to the company's contact: %s "+
				"Correct contact_email by PATCH /v1/settings, and see to the endpoint, about which there is an exception of its own.", in.EndpointID, in.Failed),
		}, a.Now())
		return err
	})
}
