package api

import (
	"context"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
)

// WebhookEndpointsTx is what the calls for webhook endpoints need of a transaction.
type WebhookEndpointsTx interface {
	SecurityTx
	LockCompany(ctx context.Context) (merchant.Company, error)
	WebhookEndpoints(ctx context.Context) ([]delivery.Endpoint, error)
	WebhookEndpoint(ctx context.Context, id string) (delivery.Endpoint, error)
	LockWebhookEndpoint(ctx context.Context, id string) (delivery.Endpoint, error)
	InsertWebhookEndpoint(ctx context.Context, e delivery.Endpoint) error
	SaveWebhookEndpoint(ctx context.Context, e delivery.Endpoint) error
	DeleteWebhookEndpoint(ctx context.Context, id string) error
	Deliveries(ctx context.Context, f listing.Deliveries) (deliveries []delivery.Delivery, next string, err error)
	AppendEvent(ctx context.Context, e event.Event) error
	Delivery(ctx context.Context, endpointID, eventID string) (delivery.Delivery, error)
	// QueueParked puts everything that was parked for an endpoint on its way.
	QueueParked(ctx context.Context, endpointID string, at time.Time) (queued int, err error)
	Exceptions(ctx context.Context, f listing.Exceptions) (exceptions []exception.Exception, next string, err error)
	SaveException(ctx context.Context, e exception.Exception) error
}

// secretOverlap is for how long the secret before goes on unless the company says otherwise.
const secretOverlap = 24 * time.Hour

// CreateWebhookEndpoint answers POST /webhook-endpoints.
func (s *server) CreateWebhookEndpoint(ctx context.Context, r spec.CreateWebhookEndpointRequestObject) (spec.CreateWebhookEndpointResponseObject, error) {
	e := delivery.Endpoint{
		ID: newID(ctx, id.Endpoint), CompanyID: callerOf(ctx).companyID, URL: r.Body.URL, Description: deref(r.Body.Description),
		Types: eventTypes(r.Body.Events), CreatedAt: s.now(),
	}
	if err := s.checkEndpoint(ctx, &e); err != nil {
		return nil, err
	}
	secret, kept, err := s.newSecret(e.CompanyID, e.ID)
	if err != nil {
		return nil, err
	}
	e.SealedSecret = kept
	err = inCompany(ctx, s.Store, e.CompanyID, func(tx WebhookEndpointsTx) error {
		if _, err := tx.LockCompany(ctx); err != nil { // so that two at once are counted one after the other
			return err
		}
		if repeated(ctx) { // nobody has got the secret of the first try, if that came through
			if err := tx.DeleteWebhookEndpoint(ctx, e.ID); err != nil && problem.CodeOf(err) != problem.NotFound {
				return err
			}
		}
		endpoints, err := tx.WebhookEndpoints(ctx)
		if err != nil {
			return err
		}
		if len(endpoints) >= delivery.MaxEndpoints {
			return problem.New(problem.TooManyEndpoints, "There are %d webhook endpoints already. Remove one that you no longer need.", len(endpoints))
		}
		if err := tx.InsertWebhookEndpoint(ctx, e); err != nil {
			return err
		}
		return s.tellChange(ctx, tx, merchant.EndpointCreated, siteOf(e.URL))
	})
	answer := shownEndpoint(e, s.now())
	answer.Secret = &secret
	return spec.CreateWebhookEndpoint201JSONResponse(answer), err
}

// ListWebhookEndpoints answers GET /webhook-endpoints.
func (s *server) ListWebhookEndpoints(ctx context.Context, _ spec.ListWebhookEndpointsRequestObject) (spec.ListWebhookEndpointsResponseObject, error) {
	return answered(ctx, s, func(tx WebhookEndpointsTx) (spec.ListWebhookEndpointsResponseObject, error) {
		endpoints, err := tx.WebhookEndpoints(ctx)
		shown := func(e delivery.Endpoint) spec.WebhookEndpoint { return shownEndpoint(e, s.now()) }
		return spec.ListWebhookEndpoints200JSONResponse{Data: mapped(endpoints, shown)}, err
	})
}

// GetWebhookEndpoint answers GET /webhook-endpoints/{endpoint_id}.
func (s *server) GetWebhookEndpoint(ctx context.Context, r spec.GetWebhookEndpointRequestObject) (spec.GetWebhookEndpointResponseObject, error) {
	return answered(ctx, s, func(tx WebhookEndpointsTx) (spec.GetWebhookEndpointResponseObject, error) {
		e, err := tx.WebhookEndpoint(ctx, r.EndpointID)
		return spec.GetWebhookEndpoint200JSONResponse(shownEndpoint(e, s.now())), err
	})
}

// UpdateWebhookEndpoint answers PATCH /webhook-endpoints/{endpoint_id}.
func (s *server) UpdateWebhookEndpoint(ctx context.Context, r spec.UpdateWebhookEndpointRequestObject) (spec.UpdateWebhookEndpointResponseObject, error) {
	changes := delivery.Endpoint{Description: deref(r.Body.Description), Types: eventTypes(r.Body.Events)}
	err := changes.Validate()
	if r.Body.URL != nil { // before the transaction, since names take long to resolve
		err = problem.Together(err, s.checkURL(ctx, *r.Body.URL))
	}
	if err != nil {
		return nil, err
	}
	var answer spec.WebhookEndpoint
	err = inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx WebhookEndpointsTx) error {
		e, err := tx.LockWebhookEndpoint(ctx, r.EndpointID)
		if err != nil {
			return err
		}
		wasEnabled := e.Enabled()
		set(&e.URL, r.Body.URL)
		set(&e.Description, r.Body.Description)
		if r.Body.Events != nil {
			e.Types = eventTypes(r.Body.Events)
		}
		switch enabled := r.Body.Enabled; {
		case enabled != nil && *enabled:
			e.Enable()
		case enabled != nil:
			e.Disable(s.now(), "The company disabled it.")
		}
		if err := e.Validate(); err != nil {
			return err
		}
		answer = shownEndpoint(e, s.now())
		if err := tx.SaveWebhookEndpoint(ctx, e); err != nil {
			return err
		}
		if err := s.tellChange(ctx, tx, merchant.EndpointChanged, siteOf(e.URL)); err != nil || wasEnabled || !e.Enabled() {
			return err
		}
		return s.clearUp(ctx, tx, exception.WebhookDisabled, e.ID, "The endpoint was enabled again.")
	})
	return spec.UpdateWebhookEndpoint200JSONResponse(answer), err
}

// clearUp closes what is open of that kind about the subject.
func (s *server) clearUp(ctx context.Context, tx WebhookEndpointsTx, kind exception.Kind, subject, note string) error {
	isOpen := true
	open, _, err := tx.Exceptions(ctx, listing.Exceptions{Kind: kind, Subject: subject, Open: &isOpen})
	if err != nil {
		return err
	}
	for _, e := range open {
		if err := e.Resolve(exception.ClearedUp, note, "quittance", s.now()); err != nil {
			return err
		}
		if err := tx.SaveException(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// DeleteWebhookEndpoint answers DELETE /webhook-endpoints/{endpoint_id}.
func (s *server) DeleteWebhookEndpoint(ctx context.Context, r spec.DeleteWebhookEndpointRequestObject) (spec.DeleteWebhookEndpointResponseObject, error) {
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx WebhookEndpointsTx) error {
		e, err := tx.LockWebhookEndpoint(ctx, r.EndpointID)
		if err != nil {
			return err
		}
		if err := s.tellChange(ctx, tx, merchant.EndpointRemoved, siteOf(e.URL)); err != nil {
			return err
		}
		if err := s.clearUp(ctx, tx, exception.WebhookDisabled, r.EndpointID, "The endpoint was removed."); err != nil {
			return err
		}
		return tx.DeleteWebhookEndpoint(ctx, r.EndpointID)
	})
	return spec.DeleteWebhookEndpoint204Response{}, err
}

// RotateWebhookSecret answers POST /webhook-endpoints/{endpoint_id}/rotate-secret.
func (s *server) RotateWebhookSecret(ctx context.Context, r spec.RotateWebhookSecretRequestObject) (spec.RotateWebhookSecretResponseObject, error) {
	overlap := secretOverlap
	if r.Body != nil && r.Body.OverlapHours != nil {
		overlap = time.Duration(*r.Body.OverlapHours) * time.Hour
	}
	companyID := callerOf(ctx).companyID
	secret, kept, err := s.newSecret(companyID, r.EndpointID)
	if err != nil {
		return nil, err
	}
	var answer spec.WebhookEndpoint
	err = inCompany(ctx, s.Store, companyID, func(tx WebhookEndpointsTx) error {
		e, err := tx.LockWebhookEndpoint(ctx, r.EndpointID)
		if err != nil {
			return err
		}
		if repeated(ctx) && s.now().Before(e.PreviousUntil) { // nobody has got the secret of the first try
			e.SealedSecret = kept
		} else if err := s.rotate(&e, kept, overlap); err != nil {
			return err
		}
		answer = shownEndpoint(e, s.now())
		answer.Secret = &secret
		if err := tx.SaveWebhookEndpoint(ctx, e); err != nil {
			return err
		}
		return s.tellChange(ctx, tx, merchant.EndpointSecretRotated, siteOf(e.URL))
	})
	return spec.RotateWebhookSecret200JSONResponse(answer), err
}

// rotate replaces the secret of the endpoint. The one before goes on for the overlap, and is sealed again for where it stands then.
func (s *server) rotate(e *delivery.Endpoint, next []byte, overlap time.Duration) error {
	var previous []byte
	if overlap > 0 {
		old, err := s.Sealer.OpenAt(e.SealedSecret, sealed.EndpointSecret.Of(e.CompanyID, e.ID))
		if err != nil {
			return err
		}
		if previous, err = s.Sealer.SealAt(old, sealed.EndpointPrevious.Of(e.CompanyID, e.ID)); err != nil {
			return err
		}
	}
	e.Rotate(next, previous, s.now(), overlap)
	return nil
}

// RedeliverParked answers POST /webhook-endpoints/{endpoint_id}/redeliver.
func (s *server) RedeliverParked(ctx context.Context, r spec.RedeliverParkedRequestObject) (spec.RedeliverParkedResponseObject, error) {
	var answer spec.RedeliverParked202JSONResponse
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx WebhookEndpointsTx) error {
		e, err := enabledEndpoint(ctx, tx, r.EndpointID)
		if err != nil {
			return err
		}
		answer.Deliveries, err = tx.QueueParked(ctx, e.ID, s.now())
		return err
	})
	return answer, err
}

// TestWebhookEndpoint answers POST /webhook-endpoints/{endpoint_id}/test.
func (s *server) TestWebhookEndpoint(ctx context.Context, r spec.TestWebhookEndpointRequestObject) (spec.TestWebhookEndpointResponseObject, error) {
	var queued delivery.Delivery
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx WebhookEndpointsTx) error {
		e, err := enabledEndpoint(ctx, tx, r.EndpointID)
		if err != nil {
			return err
		}
		ping := event.New(event.TestPing, e.CompanyID, e.ID, s.now(), nil)
		ping.ID = newID(ctx, id.Event)
		if err := tx.AppendEvent(ctx, ping); err != nil {
			return err
		}
		queued, err = tx.Delivery(ctx, e.ID, ping.ID)
		return err
	})
	return spec.TestWebhookEndpoint202JSONResponse(shownDelivery(queued)), err
}

// enabledEndpoint locks an endpoint, and refuses one that is disabled.
func enabledEndpoint(ctx context.Context, tx WebhookEndpointsTx, endpointID string) (delivery.Endpoint, error) {
	e, err := tx.LockWebhookEndpoint(ctx, endpointID)
	if err == nil && !e.Enabled() {
		err = problem.New(problem.NoEndpoint, "Webhook endpoint %s is disabled. Enable it first.", e.ID)
	}
	return e, err
}

// ListDeliveries answers GET /webhook-endpoints/{endpoint_id}/deliveries.
func (s *server) ListDeliveries(ctx context.Context, r spec.ListDeliveriesRequestObject) (spec.ListDeliveriesResponseObject, error) {
	return answered(ctx, s, func(tx WebhookEndpointsTx) (spec.ListDeliveriesResponseObject, error) {
		if _, err := tx.WebhookEndpoint(ctx, r.EndpointID); err != nil {
			return nil, err
		}
		deliveries, next, err := tx.Deliveries(ctx, listing.Deliveries{
			EndpointID: r.EndpointID,
			State:      delivery.State(deref(r.Params.State)),
			EventID:    deref(r.Params.EventID),
			Cursor:     deref(r.Params.Cursor),
			Limit:      deref(r.Params.Limit),
		})
		return spec.ListDeliveries200JSONResponse{Data: mapped(deliveries, shownDelivery), NextCursor: optional(next)}, err
	})
}

// checkEndpoint returns what is wrong with an endpoint.
func (s *server) checkEndpoint(ctx context.Context, e *delivery.Endpoint) error {
	return problem.Together(e.Validate(), s.checkURL(ctx, e.URL))
}

func (s *server) checkURL(ctx context.Context, url string) error {
	if err := s.Receivers.Check(ctx, url); err != nil {
		return problem.InvalidFields(problem.Field{Name: "url", Message: err.Error()})
	}
	return nil
}

// newSecret returns a secret for an endpoint of the company, and the form in which it is kept.
func (s *server) newSecret(companyID, endpointID string) (secret string, kept []byte, err error) {
	secret = s.Receivers.NewSecret()
	kept, err = s.Sealer.SealAt([]byte(secret), sealed.EndpointSecret.Of(companyID, endpointID))
	return secret, kept, err
}

func eventTypes(wanted *spec.EventTypes) []event.Type {
	return mapped(deref(wanted), func(t spec.EventType) event.Type { return event.Type(t) })
}

func shownEndpoint(e delivery.Endpoint, now time.Time) spec.WebhookEndpoint {
	answer := spec.WebhookEndpoint{
		ID:              e.ID,
		URL:             e.URL,
		Description:     e.Description,
		Events:          mapped(e.Types, func(t event.Type) spec.EventType { return spec.EventType(t) }),
		Enabled:         e.Enabled(),
		DisabledAt:      optional(e.DisabledAt),
		DisabledBecause: optional(e.DisabledBecause),
		FailingSince:    optional(e.FailingSince),
		CreatedAt:       e.CreatedAt,
	}
	if now.Before(e.PreviousUntil) {
		answer.PreviousSecretUntil = &e.PreviousUntil
	}
	return answer
}

func shownDelivery(d delivery.Delivery) spec.EventDelivery {
	return spec.EventDelivery{
		EndpointID: d.EndpointID,
		EventID:    d.EventID,
		EventType:  spec.EventType(d.Type),
		Subject:    d.Subject,
		State:      spec.EventDeliveryState(d.State),
		Attempts: mapped(d.Attempts, func(a delivery.Attempt) spec.DeliveryAttempt {
			return spec.DeliveryAttempt{At: a.At, Status: optional(a.Status), Error: optional(a.Error), DurationMs: a.Milliseconds}
		}),
		NextAttemptAt: optional(d.RetryAt),
		QueuedAt:      d.QueuedAt,
		EndedAt:       optional(d.EndedAt),
	}
}
