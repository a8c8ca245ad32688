// Package delivery holds the activities that bring events to webhook endpoints.
package delivery

import (
	"context"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/merchant"
)

// Activities are the steps.
type Activities struct {
	InCompany activities.InCompany[Tx]
	Secrets   activities.Opener
	// Post returns the receiver's answer. An error is ErrNotSent, or says in words for the receiver's people why there was none.
	Post func(context.Context, Message) (Answer, error)
	Send activities.Send
	Now  func() time.Time
	// Told is told how long after its event a first attempt was made; nil for nobody.
	Told func(after time.Duration)
	// Turns are those of all attempts in this process, see NewTurns.
	Turns *Turns
}

// Tx is what the steps need of a transaction.
type Tx interface {
	escalation.RaiseTx
	Company(ctx context.Context) (merchant.Company, error)
	Event(ctx context.Context, id string) (event.Event, error)
	WebhookEndpoint(ctx context.Context, id string) (delivery.Endpoint, error)
	LockWebhookEndpoint(ctx context.Context, id string) (delivery.Endpoint, error)
	SaveWebhookEndpoint(ctx context.Context, e delivery.Endpoint) error
	Delivery(ctx context.Context, endpointID, eventID string) (delivery.Delivery, error)
	LockDelivery(ctx context.Context, endpointID, eventID string) (delivery.Delivery, error)
	SaveDelivery(ctx context.Context, d delivery.Delivery) error
	ExceptionsAbout(ctx context.Context, subjects []string) ([]exception.Exception, error)
}
