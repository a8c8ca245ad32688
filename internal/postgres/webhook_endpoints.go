package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/delivery"
)

const selectEndpoints = `
	select id, company_id, url, description, types, sealed_secret, sealed_previous, previous_until, failing_since, disabled_at,
		disabled_because, created_at
	from webhook_endpoints`

func scanEndpoint(row pgx.CollectableRow) (e delivery.Endpoint, err error) {
	err = row.Scan(&e.ID, &e.CompanyID, &e.URL, &e.Description, &e.Types, &e.SealedSecret, &e.SealedPrevious,
		(*zeronull.Timestamptz)(&e.PreviousUntil), (*zeronull.Timestamptz)(&e.FailingSince), (*zeronull.Timestamptz)(&e.DisabledAt),
		&e.DisabledBecause, &e.CreatedAt)
	return e, err
}

// WebhookEndpoint returns an endpoint, or problem.NotFound.
func (tx *Tx) WebhookEndpoint(ctx context.Context, id string) (delivery.Endpoint, error) {
	return one(ctx, tx.tx, scanEndpoint, "webhook endpoint", id, selectEndpoints+` where id = $1`, id)
}

// LockWebhookEndpoint is WebhookEndpoint, and keeps everybody else from changing it until the transaction ends. A caller that
// also locks a delivery of it locks the endpoint first.
func (tx *Tx) LockWebhookEndpoint(ctx context.Context, id string) (delivery.Endpoint, error) {
	return one(ctx, tx.tx, scanEndpoint, "webhook endpoint", id, selectEndpoints+` where id = $1 for no key update`, id)
}

// WebhookEndpoints returns all of the company's, oldest first.
func (tx *Tx) WebhookEndpoints(ctx context.Context) ([]delivery.Endpoint, error) {
	return all(ctx, tx.tx, scanEndpoint, "list webhook endpoints", selectEndpoints+` order by id`)
}

// InsertWebhookEndpoint stores a new endpoint. It gets the events that are appended from now on.
func (tx *Tx) InsertWebhookEndpoint(ctx context.Context, e delivery.Endpoint) error {
	_, err := tx.tx.Exec(ctx, `
		insert into webhook_endpoints (company_id, id, url, description, types, sealed_secret, sealed_previous, previous_until,
			failing_since, disabled_at, disabled_because, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (company_id, id) do nothing`,
		e.CompanyID, e.ID, e.URL, e.Description, list(e.Types), e.SealedSecret, e.SealedPrevious, zeronull.Timestamptz(e.PreviousUntil),
		zeronull.Timestamptz(e.FailingSince), zeronull.Timestamptz(e.DisabledAt), e.DisabledBecause, e.CreatedAt)
	return failed(err, "insert webhook endpoint %s", e.ID)
}

// SaveWebhookEndpoint stores what can change about an endpoint. If it is disabled, its pending deliveries are parked.
func (tx *Tx) SaveWebhookEndpoint(ctx context.Context, e delivery.Endpoint) error {
	err := tx.save(ctx, "webhook endpoint", e.ID, `
		update webhook_endpoints set url = $2, description = $3, types = $4, sealed_secret = $5, sealed_previous = $6,
			previous_until = $7, failing_since = $8, disabled_at = $9, disabled_because = $10
		where id = $1`,
		e.ID, e.URL, e.Description, list(e.Types), e.SealedSecret, e.SealedPrevious, zeronull.Timestamptz(e.PreviousUntil),
		zeronull.Timestamptz(e.FailingSince), zeronull.Timestamptz(e.DisabledAt), e.DisabledBecause)
	tx.due = tx.due || e.FailingSince.IsZero() // what waited for it while it failed
	if err != nil || e.Enabled() {
		return err
	}
	return tx.parkDeliveries(ctx, e.ID, e.DisabledAt)
}

func (tx *Tx) parkDeliveries(ctx context.Context, endpointID string, at time.Time) error {
	_, err := tx.tx.Exec(ctx, `
		with parked as (
			update event_deliveries set state = 'parked', ended_at = $2, retry_at = null
			where endpoint_id = $1 and state = 'pending' returning company_id, endpoint_id, event_id
		)
		delete from delivery_outbox o using parked p
		where (o.company_id, o.endpoint_id, o.event_id) = (p.company_id, p.endpoint_id, p.event_id)`, endpointID, at)
	return failed(err, "park the deliveries to webhook endpoint %s", endpointID)
}

// DeleteWebhookEndpoint removes an endpoint with everything that was ever sent or is still to be sent to it, or returns
// problem.NotFound.
func (tx *Tx) DeleteWebhookEndpoint(ctx context.Context, id string) error {
	return tx.save(ctx, "webhook endpoint", id, `delete from webhook_endpoints where id = $1`, id)
}
