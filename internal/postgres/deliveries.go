package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
)

const selectDeliveries = `
	select d.company_id, d.endpoint_id, d.event_id, e.type, e.subject, d.state, d.round, d.attempts, d.retry_at, d.queued_at, d.ended_at
	from event_deliveries d join events e on e.company_id = d.company_id and e.id = d.event_id`

func scanDelivery(row pgx.CollectableRow) (d delivery.Delivery, err error) {
	err = row.Scan(&d.CompanyID, &d.EndpointID, &d.EventID, &d.Type, &d.Subject, &d.State, &d.Round, &d.Attempts,
		(*zeronull.Timestamptz)(&d.RetryAt), &d.QueuedAt, (*zeronull.Timestamptz)(&d.EndedAt))
	return d, err
}

// Delivery returns the delivery of an event to an endpoint, or problem.NotFound when there never was one.
func (tx *Tx) Delivery(ctx context.Context, endpointID, eventID string) (delivery.Delivery, error) {
	return one(ctx, tx.tx, scanDelivery, "delivery of", eventID, selectDeliveries+` where d.endpoint_id = $1 and d.event_id = $2`, endpointID, eventID)
}

// LockDelivery is Delivery, and keeps everybody else from changing it until the transaction ends.
func (tx *Tx) LockDelivery(ctx context.Context, endpointID, eventID string) (delivery.Delivery, error) {
	return one(ctx, tx.tx, scanDelivery, "delivery of", eventID,
		selectDeliveries+` where d.endpoint_id = $1 and d.event_id = $2 for no key update of d`, endpointID, eventID)
}

// SaveDelivery stores what can change about a delivery. When it has ended, the next one of its thread is due. While it waits for its next
// attempt it is due when that was not made.
func (tx *Tx) SaveDelivery(ctx context.Context, d delivery.Delivery) error {
	err := tx.save(ctx, "delivery of", d.EventID, `
		update event_deliveries set state = $3, attempts = $4, retry_at = $5, ended_at = $6 where endpoint_id = $1 and event_id = $2`,
		d.EndpointID, d.EventID, d.State, list(d.Attempts), zeronull.Timestamptz(d.RetryAt), zeronull.Timestamptz(d.EndedAt))
	if err != nil {
		return err
	}
	if d.State == delivery.Pending {
		if d.RetryAt.IsZero() {
			return nil
		}
		_, err := tx.tx.Exec(ctx, `
			update delivery_outbox set due_at = $3::timestamptz + interval '`+lost+`' where endpoint_id = $1 and event_id = $2 and due_at > now() and not again`,
			d.EndpointID, d.EventID, d.RetryAt)
		return failed(err, "note when the delivery of %s is overdue", d.EventID)
	}
	tag, err := tx.tx.Exec(ctx, `delete from delivery_outbox where company_id = $1 and endpoint_id = $2 and event_id = $3`,
		d.CompanyID, d.EndpointID, d.EventID)
	tx.due = tx.due || tag.RowsAffected() > 0
	return failed(err, "end the delivery of %s", d.EventID)
}

// QueueDelivery queues the delivery of an event to an endpoint, whatever its state. If it waits for its next attempt, the
// attempt is made at once.
func (tx *Tx) QueueDelivery(ctx context.Context, endpointID, eventID string, at time.Time) error {
	tag, err := tx.tx.Exec(ctx, `
		with queued as (
			insert into event_deliveries (company_id, endpoint_id, event_id, state, attempts, queued_at) values ($1, $2, $3, 'pending', '[]', $4)
			on conflict (company_id, endpoint_id, event_id) do update
				set state = 'pending', round = event_deliveries.round + 1, retry_at = null, queued_at = $4, ended_at = null
			returning company_id, endpoint_id, event_id
		)
		insert into delivery_outbox (company_id, endpoint_id, event_id, type, thread, again)
		select q.company_id, q.endpoint_id, q.event_id, e.type, e.thread, true
		from queued q join events e on (e.company_id, e.id) = (q.company_id, q.event_id)
		on conflict (endpoint_id, event_id) do update set due_at = now(), again = true`, tx.companyID, endpointID, eventID, at)
	tx.due = tx.due || tag.RowsAffected() > 0
	return failed(err, "queue %s for webhook endpoint %s", eventID, endpointID)
}

// QueueParked queues all parked deliveries of an endpoint again, in the order in which the events happened. It returns how many
// they are.
func (tx *Tx) QueueParked(ctx context.Context, endpointID string, at time.Time) (queued int, err error) {
	tag, err := tx.tx.Exec(ctx, `
		with queued as (
			update event_deliveries set state = 'pending', round = round + 1, queued_at = $2, ended_at = null
			where endpoint_id = $1 and state = 'parked' returning company_id, endpoint_id, event_id
		)
		insert into delivery_outbox (company_id, endpoint_id, event_id, type, thread, again)
		select q.company_id, q.endpoint_id, q.event_id, e.type, e.thread, true
		from queued q join events e on (e.company_id, e.id) = (q.company_id, q.event_id)
		order by e.at, e.id`, endpointID, at)
	queued = int(tag.RowsAffected())
	tx.due = tx.due || queued > 0
	return queued, failed(err, "queue what is parked for webhook endpoint %s", endpointID)
}

// Deliveries returns what the filter chooses from the log of an endpoint, newest event first, and the cursor for more, if
// there are. A cursor that didn't come from here is problem.Invalid.
func (tx *Tx) Deliveries(ctx context.Context, f listing.Deliveries) (deliveries []delivery.Delivery, next string, err error) {
	q := query{sql: selectDeliveries}
	q.where("d.endpoint_id = ?", f.EndpointID)
	whereSet(&q, "d.state = ?", f.State)
	whereSet(&q, "d.event_id = ?", f.EventID)
	if f.Cursor != "" {
		if !id.Valid(id.Event, f.Cursor) {
			return nil, "", badCursor()
		}
		q.where("d.event_id < ?", f.Cursor)
	}
	deliveries, next, err = page(ctx, tx, q, "d.event_id desc", f.Limit, scanDelivery, func(d delivery.Delivery) string { return d.EventID })
	return deliveries, next, failed(err, "list deliveries")
}

// outboxChannel is where Postgres says that something in the outbox is due.
const outboxChannel = "delivery_outbox"

// How long a worker has to see to what it took from the outbox; how late an attempt of a started delivery may be until its workflow is
// started again, in case it was ended from outside; and how often one more delivery to an endpoint that fails is tried.
const (
	taken  = "20 seconds"
	lost   = "1 minute"
	probed = "30 seconds"
)

// The methods below belong to no company: the outbox holds only ids.

// TakeDeliveries returns deliveries that are due, at most as many as there are hands and turns for. No other caller gets them for 20 s.
// Of the events of one thread, only the first that has not ended is due; of an endpoint that fails, one each half minute, and what the
// company asks for again.
func (s *Store) TakeDeliveries(ctx context.Context, most delivery.Most) ([]delivery.Due, error) {
	return all(ctx, s.pool, pgx.RowToStructByPos[delivery.Due], "take deliveries from the outbox", `
		with recursive endpoints (id) as ( -- each once, however many deliveries wait for it
			(select endpoint_id from delivery_outbox order by endpoint_id limit 1)
			union all
			select (select endpoint_id from delivery_outbox where endpoint_id > e.id order by endpoint_id limit 1) from endpoints e where e.id is not null
		), candidates as (
			select c.*, row_number() over (partition by c.company_id order by c.due_at, c.sequence) as place
			from endpoints e left join failing_endpoints f on f.endpoint_id = e.id, lateral (
				select o.company_id, o.endpoint_id, o.event_id, o.due_at, o.sequence from delivery_outbox o
				where o.endpoint_id = e.id and o.due_at <= now() and (f.endpoint_id is null or f.next_at <= now() or o.again) and `+firstOfThread+`
				order by o.due_at, o.sequence limit case when f.endpoint_id is null then $2 else 1 end
			) c
			where e.id is not null and e.id <> all($4)
		), chosen as (
			select endpoint_id, event_id from candidates where place <= $3 and company_id <> all($5) order by due_at, sequence limit $1
		), taken as (
			update delivery_outbox set due_at = now() + interval '`+taken+`'
			where (endpoint_id, event_id) in (
				select endpoint_id, event_id from delivery_outbox join chosen using (endpoint_id, event_id)
				where due_at <= now() for update of delivery_outbox skip locked
			)
			returning company_id, endpoint_id, event_id, type, thread, again
		), probed as (
			update failing_endpoints set next_at = now() + interval '`+probed+`'
			where endpoint_id in (select endpoint_id from failing_endpoints where endpoint_id in (select endpoint_id from taken) for update skip locked)
		)
		select * from taken`, most.Together, most.OfEndpoint, most.OfCompany, list(most.FullEndpoints), list(most.FullCompanies))
}

// PostponeDelivery gives back a delivery that was taken, so that it is due again in a moment.
func (s *Store) PostponeDelivery(ctx context.Context, d delivery.Due, by time.Duration) error {
	_, err := s.pool.Exec(ctx, `update delivery_outbox set due_at = now() + $3 where endpoint_id = $1 and event_id = $2 and due_at > now()`,
		d.EndpointID, d.EventID, by)
	return failed(err, "postpone the delivery of %s", d.EventID)
}

const firstOfThread = `not exists (
	select from delivery_outbox e where e.endpoint_id = o.endpoint_id and e.thread = o.thread and e.sequence < o.sequence)`

// DeliveryStarted keeps a delivery that was taken from being taken again while its workflow makes its attempts in time, unless the company
// has asked for it since.
func (s *Store) DeliveryStarted(ctx context.Context, d delivery.Due) error {
	_, err := s.pool.Exec(ctx, `
		update delivery_outbox set due_at = greatest(due_at, now() + interval '`+lost+`'), again = false
		where endpoint_id = $1 and event_id = $2 and due_at > now()`,
		d.EndpointID, d.EventID)
	return failed(err, "note that the delivery of %s has started", d.EventID)
}

// DeliverAgain makes everything in the outbox due at once, also deliveries that were started, and returns how many they are.
// After a restore their workflows may be gone; a workflow that runs is left alone.
func (s *Store) DeliverAgain(ctx context.Context) (due int, err error) {
	tag, err := s.pool.Exec(ctx, `update delivery_outbox set due_at = now()`)
	if due = int(tag.RowsAffected()); due > 0 {
		s.wakeRelays(ctx)
	}
	return due, failed(err, "make all deliveries due")
}

// wakeRelays tells the relays to look at the outbox now. It runs after the commit of what is due, in a transaction that writes
// nothing, because Postgres commits transactions that notify one after the other, each until it is on disk. If it fails, or the
// process ends before it, the relays look by themselves soon.
func (s *Store) wakeRelays(ctx context.Context) {
	_, _ = s.pool.Exec(ctx, "notify "+outboxChannel)
}

// OnDeliveriesDue calls work at once, then whenever something may be due, and at the latest every so often. It returns when
// ctx ends, or when work or the connection fails.
func (s *Store) OnDeliveriesDue(ctx context.Context, every time.Duration, work func(context.Context) error) error {
	if s.pooled { // behind a pooler nobody is told anything
		return regularly(ctx, min(every, pooledLooks), work)
	}
	pooled, err := s.pool.Acquire(ctx)
	if err != nil {
		return failed(err, "connect to listen to the outbox")
	}
	conn := pooled.Hijack() // it listens until it is closed, so nobody else may get it
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "listen "+outboxChannel); err != nil {
		return failed(err, "listen to the outbox")
	}
	for {
		if err := work(ctx); err != nil {
			return err
		}
		waiting, cancel := context.WithTimeout(ctx, every)
		_, err := conn.WaitForNotification(waiting)
		late := waiting.Err() != nil && ctx.Err() == nil
		cancel()
		if err != nil && !late {
			return failed(err, "listen to the outbox")
		}
	}
}

// regularly calls work every so often until ctx ends or work fails.
func regularly(ctx context.Context, every time.Duration, work func(context.Context) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := work(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Backlog returns how many deliveries have not ended, and how long the oldest one has waited to be started, but for receivers that fail.
func (s *Store) Backlog(ctx context.Context) (pending int, behind time.Duration, err error) {
	err = s.pool.QueryRow(ctx, `
		select count(*), coalesce(now() - min(due_at) filter (
			where due_at <= now() and not exists (select from failing_endpoints f where f.endpoint_id = o.endpoint_id) and `+firstOfThread+`), interval '0')
		from delivery_outbox o`).Scan(&pending, &behind)
	return pending, behind, failed(err, "measure the outbox")
}
