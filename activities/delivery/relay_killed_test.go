package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	steps "github.com/quittance/quittance/activities/delivery"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/secrets"
	"github.com/quittance/quittance/internal/testing/postgrestest"
	"github.com/quittance/quittance/worker"
	"github.com/quittance/quittance/workflows/contract"
)

var errKilled = errors.New("the process was killed")

// mortal is a process that is killed at one of its steps. That step is done, or not; those after it are not.
type mortal struct {
	done bool

	mu   sync.Mutex
	left int // steps until then
	dead chan struct{}
	seen chan struct{} // something happened
}

func (m *mortal) step(do func() error) error {
	m.mu.Lock()
	m.left--
	left := m.left
	m.mu.Unlock()
	if left < 0 || left == 0 && !m.done {
		if left == 0 {
			close(m.dead)
		}
		return errKilled
	}
	err := do()
	if left == 0 {
		close(m.dead)
		return errKilled
	}
	select {
	case m.seen <- struct{}{}:
	default:
	}
	return err
}

// mortalOutbox is the outbox as such a process uses it.
type mortalOutbox struct {
	*postgres.Store
	*mortal
}

func (o mortalOutbox) TakeDeliveries(ctx context.Context, most delivery.Most) (due []delivery.Due, err error) {
	err = o.step(func() (err error) {
		due, err = o.Store.TakeDeliveries(ctx, most)
		return err
	})
	if err != nil {
		return nil, err
	}
	return due, nil
}

func (o mortalOutbox) DeliveryStarted(ctx context.Context, d delivery.Due) error {
	return o.step(func() error { return o.Store.DeliveryStarted(ctx, d) })
}

func (o mortalOutbox) PostponeDelivery(ctx context.Context, d delivery.Due, by time.Duration) error {
	return o.step(func() error { return o.Store.PostponeDelivery(ctx, d, by) })
}

// told is a company with a receiver, and the workflows that were started for what did not arrive at first.
type told struct {
	t        *testing.T
	store    *postgres.Store
	keyring  *secrets.Keyring
	company  string
	endpoint string
	events   []string // in the order in which they happened; all but the last one are of one invoice

	mu       sync.Mutex
	messages []string // that came, and "refused" before those that were not taken
	refuse   string   // the event that is refused the first time
	started  map[string]contract.DeliverEvent
}

func (c *told) activities(m *mortal) *steps.Activities {
	return &steps.Activities{
		InCompany: func(ctx context.Context, companyID string, fn func(steps.Tx) error) error {
			return m.step(func() error {
				return c.store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
			})
		},
		Secrets: c.keyring, Turns: steps.NewTurns(), Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		Post: func(_ context.Context, message steps.Message) (answer steps.Answer, err error) {
			return answer, m.step(func() error {
				c.mu.Lock()
				defer c.mu.Unlock()
				if answer.Status = 204; message.ID == c.refuse {
					answer.Status, c.refuse = 503, ""
					c.messages = append(c.messages, "refused "+message.ID)
					return nil
				}
				c.messages = append(c.messages, message.ID)
				return nil
			})
		},
	}
}

// run has a process deliver until nothing is left to it or it is killed, and reports which.
func (c *told) run(m *mortal) (killed bool) {
	ctx, stop := context.WithCancel(c.t.Context())
	doing := c.activities(m)
	relay := &worker.Relay{
		Outbox: mortalOutbox{c.store, m}, Most: doing.Turns.Most, Logger: slog.New(slog.DiscardHandler),
		Attempt: func(ctx context.Context, in contract.DeliverEvent) (bool, *contract.FirstAttempt, error) {
			return steps.FirstAttempt(ctx, doing, in)
		},
		Deliver: func(_ context.Context, d delivery.Due, first *contract.FirstAttempt) error {
			return m.step(func() error {
				c.mu.Lock()
				defer c.mu.Unlock()
				if _, runs := c.started[d.EventID]; !runs {
					c.started[d.EventID] = contract.DeliverEvent{CompanyID: d.CompanyID, EndpointID: d.EndpointID, EventID: d.EventID, First: first}
				}
				return nil
			})
		},
	}
	var running sync.WaitGroup
	running.Go(func() { relay.Run(ctx) })
	defer running.Wait()
	defer stop()
	for {
		select {
		case <-m.dead:
			return true
		case <-m.seen:
		case <-ctx.Done():
			return false
		}
		pending, _, err := c.store.Backlog(ctx)
		require.NoError(c.t, err)
		c.mu.Lock()
		waiting := len(c.started)
		c.mu.Unlock()
		if pending == 0 || waiting > 0 && pending == len(c.events)-2 { // the rest of the invoice waits for the refused one
			return false
		}
	}
}

// workflows does what the workflows do that were started, which nobody kills: Temporal has them go on.
func (c *told) workflows() {
	alive := c.activities(immortal())
	for eventID, in := range c.started {
		first := in.First
		in.First = nil
		for range 3 {
			if first == nil {
				sent, err := alive.SendEvent(c.t.Context(), in)
				require.NoError(c.t, err)
				if sent.State != delivery.Pending {
					break
				}
				first = &contract.FirstAttempt{Attempt: sent.Attempt, Round: sent.Round}
			}
			_, err := alive.RecordAttempt(c.t.Context(), steps.Attempted{
				DeliverEvent: in, Round: first.Round, Attempt: first.Attempt, Since: first.At, RetryAt: first.At.Add(time.Minute),
			})
			require.NoError(c.t, err)
			first = nil
		}
		delete(c.started, eventID)
	}
}

func immortal() *mortal {
	return &mortal{left: 1 << 30, dead: make(chan struct{}), seen: make(chan struct{}, 1)}
}

func TestARelayThatIsKilledAtAnyStepLosesNothingAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	store := postgrestest.Open(t, db)
	superuser, err := pgx.Connect(t.Context(), db.SuperuserURL)
	require.NoError(t, err)
	t.Cleanup(func() { _ = superuser.Close(context.Background()) })
	key, err := secrets.Generate()
	require.NoError(t, err)
	keyring, err := secrets.New(key)
	require.NoError(t, err)

	kills := 0
	for n, alive := 1, false; !alive; n++ {
		for _, done := range []bool{false, true} {
			c := &told{t: t, store: store, keyring: keyring, company: id.New(id.Company), endpoint: id.New(id.Endpoint), started: map[string]contract.DeliverEvent{}}
			c.found()
			m := immortal()
			m.left, m.done = n, done
			if c.run(m) {
				kills++
			} else {
				alive = true
			}
			// Half a minute later: what the dead process had in hand is due, and another one is there.
			_, err := superuser.Exec(t.Context(), `update delivery_outbox set due_at = due_at - interval '31 seconds'`)
			require.NoError(t, err)
			for pending := 1; pending > 0; {
				c.workflows()
				if pending, _, err = store.Backlog(t.Context()); pending > 0 {
					require.NoError(t, err)
					require.False(t, c.run(immortal()))
				}
			}
			c.check(fmt.Sprintf("killed at step %d, which was done: %t", n, done))
		}
	}
	t.Logf("killed %d times", kills)
	require.Greater(t, kills, 20)
}

// found makes the company with its endpoint, and the events.
func (c *told) found() {
	now := time.Now().UTC().Truncate(time.Microsecond)
	require.NoError(c.t, c.store.CreateCompany(c.t.Context(), merchant.Company{
		ID: c.company, Name: "Demo SA", Language: "fr", Canton: "VD", ReceiptAccount: merchant.DefaultReceiptAccount,
		FeeAccount: merchant.DefaultFeeAccount, Liability: merchant.Require, CreatedAt: now,
	}))
	secret, err := c.keyring.SealAt([]byte("whsec_bmV3"), sealed.EndpointSecret.Of(c.company, c.endpoint))
	require.NoError(c.t, err)
	require.NoError(c.t, c.store.InCompany(c.t.Context(), c.company, func(tx *postgres.Tx) error {
		err := tx.InsertWebhookEndpoint(c.t.Context(), delivery.Endpoint{
			ID: c.endpoint, CompanyID: c.company, URL: "https://shop.example.ch/", CreatedAt: now, SealedSecret: secret,
		})
		c.events = nil
		for _, of := range []string{"one", "one", "one", "other"} {
			e := event.New(event.PaymentAuthorized, c.company, id.New(id.Payment), now, map[string]string{"invoice_id": of})
			err = errors.Join(err, tx.AppendEvent(c.t.Context(), e))
			c.events = append(c.events, e.ID)
		}
		c.refuse = c.events[1]
		return err
	}))
}

// check says that every event was taken, and those of the invoice one after the other.
func (c *told) check(when string) {
	first := map[string]int{}
	for i, message := range c.messages {
		if _, before := first[message]; !before {
			first[message] = i
		}
	}
	for i, e := range c.events {
		require.Contains(c.t, first, e, when)
		if i > 0 && i < len(c.events)-1 {
			assert.Less(c.t, first[c.events[i-1]], first[e], "%s: %v", when, c.messages)
		}
	}
	require.NoError(c.t, c.store.InCompany(c.t.Context(), c.company, func(tx *postgres.Tx) error {
		for _, e := range c.events {
			d, err := tx.Delivery(c.t.Context(), c.endpoint, e)
			if err != nil {
				return err
			}
			assert.Equal(c.t, delivery.Delivered, d.State, when)
		}
		return nil
	}))
}
