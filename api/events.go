package api

import (
	"context"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/problem"
)

// EventsTx is what the calls for events need of a transaction.
type EventsTx interface {
	Events(ctx context.Context, f listing.Events) (events []event.Event, next string, err error)
	Event(ctx context.Context, id string) (event.Event, error)
	WebhookEndpoints(ctx context.Context) ([]delivery.Endpoint, error)
	// QueueDelivery puts an event on its way to an endpoint.
	QueueDelivery(ctx context.Context, endpointID, eventID string, at time.Time) error
	Delivery(ctx context.Context, endpointID, eventID string) (delivery.Delivery, error)
}

// ListEvents answers GET /events.
func (s *server) ListEvents(ctx context.Context, r spec.ListEventsRequestObject) (spec.ListEventsResponseObject, error) {
	return answered(ctx, s, func(tx EventsTx) (spec.ListEventsResponseObject, error) {
		events, next, err := tx.Events(ctx, listing.Events{
			Type:    event.Type(deref(r.Params.Type)),
			Subject: deref(r.Params.Subject),
			Cursor:  deref(r.Params.Cursor),
			Limit:   deref(r.Params.Limit),
		})
		return spec.ListEvents200JSONResponse{Data: mapped(events, shownEvent), NextCursor: optional(next)}, err
	})
}

// GetEvent answers GET /events/{event_id}.
func (s *server) GetEvent(ctx context.Context, r spec.GetEventRequestObject) (spec.GetEventResponseObject, error) {
	return answered(ctx, s, func(tx EventsTx) (spec.GetEventResponseObject, error) {
		e, err := tx.Event(ctx, r.EventID)
		return spec.GetEvent200JSONResponse(shownEvent(e)), err
	})
}

// RedeliverEvent answers POST /events/{event_id}/redeliver.
func (s *server) RedeliverEvent(ctx context.Context, r spec.RedeliverEventRequestObject) (spec.RedeliverEventResponseObject, error) {
	only := ""
	if r.Body != nil {
		only = deref(r.Body.EndpointID)
	}
	var queued []delivery.Delivery
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx EventsTx) error {
		queued = nil
		e, err := tx.Event(ctx, r.EventID)
		if err != nil {
			return err
		}
		endpoints, err := tx.WebhookEndpoints(ctx)
		if err != nil {
			return err
		}
		for _, endpoint := range endpoints {
			if (only != "" && endpoint.ID != only) || !endpoint.Enabled() || !endpoint.Takes(e) {
				continue
			}
			if err := tx.QueueDelivery(ctx, endpoint.ID, e.ID, s.now()); err != nil {
				return err
			}
			d, err := tx.Delivery(ctx, endpoint.ID, e.ID)
			if err != nil {
				return err
			}
			queued = append(queued, d)
		}
		if len(queued) == 0 {
			return problem.New(problem.NoEndpoint, "No enabled webhook endpoint takes %s events.", e.Type)
		}
		return nil
	})
	return spec.RedeliverEvent202JSONResponse{Data: mapped(queued, shownDelivery)}, err
}

func shownEvent(e event.Event) spec.Event {
	return spec.Event{ID: e.ID, Type: spec.EventType(e.Type), Subject: e.Subject, Data: e.Data, At: e.At}
}
