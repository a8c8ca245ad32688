package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
)

// AppendEvent stores an event, in the transaction of its fact, and queues it for every webhook endpoint that takes its type.
// For a disabled endpoint it is parked. See event.Recipient for those that go to one endpoint alone.
func (tx *Tx) AppendEvent(ctx context.Context, e event.Event) error {
	data := e.Data
	if data == nil {
		data = map[string]string{}
	}
	tag, err := tx.tx.Exec(ctx, `
		with appended as (
			insert into events (company_id, id, type, subject, data, at) values ($1, $2, $3, $4, $5, $6)
			on conflict (company_id, id) do nothing returning company_id, id, type, thread, at
		), addressed as (
			insert into event_deliveries (company_id, endpoint_id, event_id, state, attempts, queued_at, ended_at)
			select a.company_id, e.id, a.id, case when e.disabled_at is null then 'pending' else 'parked' end, '[]', a.at,
				case when e.disabled_at is null then null else a.at end
			from appended a join webhook_endpoints e on e.company_id = a.company_id
				and case when $7 = '' then e.types = '{}' or a.type = any(e.types) else e.id = $7 end
			returning endpoint_id, state
		), due as (
			insert into delivery_outbox (company_id, endpoint_id, event_id, type, thread)
			select a.company_id, d.endpoint_id, a.id, a.type, a.thread from addressed d, appended a where d.state = 'pending'
			returning event_id
		)
		select from due`,
		e.CompanyID, e.ID, e.Type, e.Subject, data, e.At, e.Recipient())
	tx.due = tx.due || tag.RowsAffected() > 0
	return failed(err, "append event %s", e.ID)
}

const selectEvents = `select id, company_id, type, subject, data, at from events`

// Event returns an event, or problem.NotFound.
func (tx *Tx) Event(ctx context.Context, id string) (event.Event, error) {
	return one(ctx, tx.tx, scanEvent, "event", id, selectEvents+` where id = $1`, id)
}

// Events returns the events that the filter chooses, newest first, and the cursor for more, if there are. A cursor that
// didn't come from here is problem.Invalid.
func (tx *Tx) Events(ctx context.Context, f listing.Events) (events []event.Event, next string, err error) {
	q := query{sql: selectEvents}
	whereSet(&q, "type = ?", f.Type)
	whereSet(&q, "subject = ?", f.Subject)
	if err := q.before(f.Cursor, id.Event); err != nil {
		return nil, "", err
	}
	events, next, err = page(ctx, tx, q, "id desc", f.Limit, scanEvent, func(e event.Event) string { return e.ID })
	return events, next, failed(err, "list events")
}

func scanEvent(row pgx.CollectableRow) (e event.Event, err error) {
	err = row.Scan(&e.ID, &e.CompanyID, &e.Type, &e.Subject, &e.Data, &e.At)
	return e, err
}
