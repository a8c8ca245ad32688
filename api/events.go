package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/listing"
)

// ListEvents answers GET /events.
func (s *server) ListEvents(ctx context.Context, r spec.ListEventsRequestObject) (spec.ListEventsResponseObject, error) {
	var answer spec.ListEvents200JSONResponse
	err := s.Store.InCompany(ctx, callerOf(ctx).companyID, func(tx Tx) error {
		events, next, err := tx.Events(ctx, listing.Events{
			Type:    event.Type(deref(r.Params.Type)),
			Subject: deref(r.Params.Subject),
			Cursor:  deref(r.Params.Cursor),
			Limit:   deref(r.Params.Limit),
		})
		answer = spec.ListEvents200JSONResponse{Data: mapped(events, shownEvent), NextCursor: optional(next)}
		return err
	})
	return answer, err
}

func shownEvent(e event.Event) spec.Event {
	return spec.Event{ID: e.ID, Type: spec.EventType(e.Type), Subject: e.Subject, Data: e.Data, At: e.At}
}
