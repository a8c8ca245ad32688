package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
)

// AppendEvent stores an event, in the transaction of the fact that it tells.
func (tx *Tx) AppendEvent(ctx context.Context, e event.Event) error {
	data := e.Data
	if data == nil {
		data = map[string]string{}
	}
	_, err := tx.tx.Exec(ctx, `
		insert into events (company_id, id, type, subject, data, at) values ($1, $2, $3, $4, $5, $6)
		on conflict (company_id, id) do nothing`,
		e.CompanyID, e.ID, e.Type, e.Subject, data, e.At)
	return failed(err, "append event %s", e.ID)
}

// Events returns the events that the filter chooses, newest first, and the cursor for more, if there are. A cursor that
// didn't come from here is problem.Invalid.
func (tx *Tx) Events(ctx context.Context, f listing.Events) (events []event.Event, next string, err error) {
	q := query{sql: `select id, company_id, type, subject, data, at from events`}
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
