package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func newEndpoint(companyID string, types ...event.Type) delivery.Endpoint {
	return delivery.Endpoint{
		ID: id.New(id.Endpoint), CompanyID: companyID, URL: "https://shop.example.ch/webhooks", Description: "Accounting", Types: types,
		SealedSecret: []byte{1, 2}, CreatedAt: noon,
	}
}

// many is more than there is.
var many = delivery.Most{Together: 100, OfEndpoint: 100, OfCompany: 100}

// told is a company with a webhook endpoint that takes everything.
type told struct {
	testing.TB
	books
	store    *postgres.Store
	endpoint delivery.Endpoint
}

func newTold(t testing.TB, store *postgres.Store) told {
	t.Helper()
	c := told{TB: t, books: createBooks(t, store), store: store}
	c.endpoint = newEndpoint(c.company.ID)
	c.in(func(tx *postgres.Tx) error { return tx.InsertWebhookEndpoint(t.Context(), c.endpoint) })
	return c
}

func (c told) in(fn func(*postgres.Tx) error) {
	c.Helper()
	in(c, c.store, c.company.ID, fn)
}

// tell appends an event about a subject that belongs to that invoice; empty for none.
func (c told) tell(t event.Type, subject, invoiceID string) string {
	c.Helper()
	e := event.New(t, c.company.ID, subject, noon, map[string]string{})
	if invoiceID != "" {
		e.Data["invoice_id"] = invoiceID
	}
	c.in(func(tx *postgres.Tx) error { return tx.AppendEvent(c.Context(), e) })
	return e.ID
}

// take returns the events that are due now, as a worker gets them.
func (c told) take() (events []string) {
	c.Helper()
	due, err := c.store.TakeDeliveries(c.Context(), many)
	require.NoError(c, err)
	for _, d := range due {
		assert.Equal(c, delivery.Due{CompanyID: c.company.ID, EndpointID: c.endpoint.ID, EventID: d.EventID, Type: d.Type, Thread: d.Thread, Again: d.Again}, d)
		events = append(events, d.EventID)
	}
	slices.Sort(events)
	return events
}

// attempt records an attempt on an event.
func (c told) attempt(eventID string, status int, retryAt time.Time) {
	c.Helper()
	c.in(func(tx *postgres.Tx) error {
		d, err := tx.LockDelivery(c.Context(), c.endpoint.ID, eventID)
		require.NoError(c, err)
		d.Attempted(delivery.Attempt{At: noon, Status: status}, d.Round, retryAt)
		return tx.SaveDelivery(c.Context(), d)
	})
}

func TestWebhookEndpointIsKept(t *testing.T) {
	t.Parallel()
	c := newTold(t, postgrestest.New(t))
	e := c.endpoint
	e.URL, e.Description, e.Types = "https://other.example.ch", "Shop", []event.Type{event.InvoicePaid}
	e.FailingSince = noon
	e.Rotate([]byte{3, 4}, e.SealedSecret, noon, time.Hour)
	e.Disable(noon, "The company disabled it.")
	filled(t, e)
	c.in(func(tx *postgres.Tx) error {
		require.NoError(t, tx.SaveWebhookEndpoint(t.Context(), e))
		stored, err := tx.LockWebhookEndpoint(t.Context(), e.ID)
		require.NoError(t, err)
		same(t, e, stored)
		all, err := tx.WebhookEndpoints(t.Context())
		same(t, []delivery.Endpoint{e}, all)
		return err
	})
	c.in(func(tx *postgres.Tx) error { return tx.DeleteWebhookEndpoint(t.Context(), e.ID) })
	err := c.store.InCompany(t.Context(), c.company.ID, func(tx *postgres.Tx) error { return tx.DeleteWebhookEndpoint(t.Context(), e.ID) })
	assert.Equal(t, problem.NotFound, problem.CodeOf(err))
}

func TestEventsOfAnInvoiceAreDueOneAfterTheOther(t *testing.T) {
	t.Parallel()
	c := newTold(t, postgrestest.New(t))
	authorized := c.tell(event.PaymentAuthorized, c.payment.ID, c.invoice.ID)
	captured := c.tell(event.PaymentCaptured, c.payment.ID, c.invoice.ID)
	paid := c.tell(event.InvoicePaid, c.invoice.ID, c.invoice.ID)
	other := c.tell(event.PaymentServiceActive, c.service.ID, "")
	assert.Equal(t, []string{authorized, other}, c.take())
	assert.Empty(t, c.take(), "somebody has taken them")

	c.attempt(authorized, 503, time.Now().Add(time.Minute))
	assert.Empty(t, c.take(), "one that is tried again holds up those behind it")
	c.attempt(authorized, 200, time.Now().Add(time.Minute))
	assert.Empty(t, c.take(), "the same attempt once more changes nothing")
	c.in(func(tx *postgres.Tx) error {
		d, err := tx.LockDelivery(t.Context(), c.endpoint.ID, authorized)
		require.NoError(t, err)
		d.Attempted(delivery.Attempt{At: noon.Add(time.Minute), Status: 204, Milliseconds: 7}, d.Round, noon)
		return tx.SaveDelivery(t.Context(), d)
	})
	assert.Equal(t, []string{captured}, c.take())
	c.attempt(captured, 500, time.Time{})
	assert.Equal(t, []string{paid}, c.take(), "one that is parked holds up nothing")

	c.in(func(tx *postgres.Tx) error {
		all, next, err := tx.Deliveries(t.Context(), listing.Deliveries{EndpointID: c.endpoint.ID})
		require.NoError(t, err)
		assert.Empty(t, next)
		states := map[string]delivery.State{}
		for _, d := range all {
			states[d.EventID] = d.State
		}
		assert.Equal(t, map[string]delivery.State{authorized: delivery.Delivered, captured: delivery.Parked, paid: delivery.Pending, other: delivery.Pending}, states)
		first, next, err := tx.Deliveries(t.Context(), listing.Deliveries{EndpointID: c.endpoint.ID, Limit: 3})
		require.NoError(t, err)
		assert.Len(t, first, 3)
		rest, _, err := tx.Deliveries(t.Context(), listing.Deliveries{EndpointID: c.endpoint.ID, Cursor: next})
		require.NoError(t, err)
		same(t, all, append(first, rest...))
		one, _, err := tx.Deliveries(t.Context(), listing.Deliveries{EndpointID: c.endpoint.ID, EventID: authorized, State: delivery.Delivered})
		require.Len(t, one, 1)
		filled(t, one[0], "RetryAt")
		return err
	})
}

func TestADeliveryThatNobodyLooksAfterIsDueAgain(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	c := newTold(t, postgrestest.Open(t, db))
	e := c.tell(event.InvoiceOpened, c.invoice.ID, c.invoice.ID)
	superuser := connect(t, db.SuperuserURL)
	passes := func(d time.Duration) {
		_, err := superuser.Exec(t.Context(), `update delivery_outbox set due_at = due_at - $1::interval`, d)
		require.NoError(t, err)
	}
	later := func() { passes(61 * time.Second) }
	require.Equal(t, []string{e}, c.take())
	later()
	require.Equal(t, []string{e}, c.take(), "who took it died before it was started")
	require.NoError(t, c.store.DeliveryStarted(t.Context(), delivery.Due{EndpointID: c.endpoint.ID, EventID: e}))
	c.attempt(e, 503, time.Now().Add(12*time.Hour))
	require.NoError(t, c.store.DeliveryStarted(t.Context(), delivery.Due{EndpointID: c.endpoint.ID, EventID: e}), "it comes after the workflow's first steps")
	passes(12 * time.Hour)
	require.Empty(t, c.take(), "its workflow makes the next attempt")
	later()
	require.Equal(t, []string{e}, c.take(), "its workflow was ended from outside, or it would have")
	require.NoError(t, c.store.DeliveryStarted(t.Context(), delivery.Due{EndpointID: c.endpoint.ID, EventID: e}))
	again, err := c.store.DeliverAgain(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, again)
	require.Equal(t, []string{e}, c.take(), "after a restore nobody knows whether it does")
	require.NoError(t, c.store.DeliveryStarted(t.Context(), delivery.Due{EndpointID: c.endpoint.ID, EventID: e}))

	pending, behind, err := c.store.Backlog(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, pending)
	assert.Zero(t, behind)
	c.in(func(tx *postgres.Tx) error { return tx.QueueDelivery(t.Context(), c.endpoint.ID, e, noon) })
	later()
	_, behind, err = c.store.Backlog(t.Context())
	require.NoError(t, err)
	assert.Greater(t, behind, time.Minute)
	due, err := c.store.TakeDeliveries(t.Context(), many)
	require.NoError(t, err)
	require.Len(t, due, 1)
	assert.True(t, due[0].Again, "the company asked for it")
}

func TestAnEndpointThatIsDisabledParksWhatIsPendingAndWhatComes(t *testing.T) {
	t.Parallel()
	c := newTold(t, postgrestest.New(t))
	pending := c.tell(event.InvoiceOpened, c.invoice.ID, c.invoice.ID)
	e := c.endpoint
	e.Disable(noon, "The company disabled it.")
	c.in(func(tx *postgres.Tx) error { return tx.SaveWebhookEndpoint(t.Context(), e) })
	later := c.tell(event.InvoicePaid, c.invoice.ID, c.invoice.ID)
	assert.Empty(t, c.take())

	e.Enable()
	c.in(func(tx *postgres.Tx) error {
		require.NoError(t, tx.SaveWebhookEndpoint(t.Context(), e))
		queued, err := tx.QueueParked(t.Context(), e.ID, noon)
		assert.Equal(t, 2, queued)
		return err
	})
	assert.Equal(t, []string{pending}, c.take(), "in the order in which they happened")
	c.attempt(pending, 204, time.Time{})
	assert.Equal(t, []string{later}, c.take())
	c.in(func(tx *postgres.Tx) error { return tx.DeleteWebhookEndpoint(t.Context(), e.ID) })
	left, _, err := c.store.Backlog(t.Context())
	require.NoError(t, err)
	assert.Zero(t, left, "what was on its way goes with the endpoint")
}

func TestCompaniesWithoutEndpointsHaveNoBacklog(t *testing.T) {
	t.Parallel()
	store := postgrestest.New(t)
	c := newTold(t, store)
	other := createBooks(t, store)
	in(t, store, other.company.ID, func(tx *postgres.Tx) error {
		return tx.AppendEvent(t.Context(), event.New(event.InvoiceOpened, other.company.ID, other.invoice.ID, noon, nil))
	})
	pending, _, err := store.Backlog(t.Context())
	require.NoError(t, err)
	assert.Zero(t, pending)
	assert.Empty(t, c.take())
}

func TestWorkersAreToldWhenSomethingIsDue(t *testing.T) {
	t.Parallel()
	c := newTold(t, postgrestest.New(t))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	looks, taken, ended := make(chan struct{}, 10), make(chan delivery.Due, 10), make(chan error)
	go func() {
		ended <- c.store.OnDeliveriesDue(ctx, time.Hour, func(ctx context.Context) error {
			due, err := c.store.TakeDeliveries(ctx, many)
			for _, d := range due {
				taken <- d
			}
			looks <- struct{}{}
			return err
		})
	}()
	<-looks // it listens now
	first := c.tell(event.InvoiceOpened, c.invoice.ID, c.invoice.ID)
	second := c.tell(event.InvoicePaid, c.invoice.ID, c.invoice.ID)
	assert.Equal(t, first, (<-taken).EventID, "nobody waits an hour")
	c.attempt(first, 204, time.Time{})
	assert.Equal(t, second, (<-taken).EventID, "the end of one makes the next one due")
	c.in(func(tx *postgres.Tx) error { return tx.QueueDelivery(t.Context(), c.endpoint.ID, first, noon) })
	c.attempt(second, 204, time.Time{})
	assert.Equal(t, first, (<-taken).EventID)
	cancel()
	require.Error(t, <-ended)
}

func TestADeliveryWithoutATurnIsDueAgainInAMomentAndNoEndpointTakesAllTurns(t *testing.T) {
	t.Parallel()
	c := newTold(t, postgrestest.New(t))
	for i := range 5 {
		c.tell(event.InvoiceOpened, fmt.Sprint("inv_", i), "")
	}
	most := delivery.Most{Together: 100, OfEndpoint: 2, OfCompany: 100}
	due, err := c.store.TakeDeliveries(t.Context(), most)
	require.NoError(t, err)
	require.Len(t, due, 2)
	require.NoError(t, c.store.PostponeDelivery(t.Context(), due[0], time.Hour))
	require.NoError(t, c.store.PostponeDelivery(t.Context(), due[1], 0))
	for _, full := range []delivery.Most{{FullEndpoints: []string{c.endpoint.ID}}, {FullCompanies: []string{c.company.ID}}} {
		full.Together, full.OfEndpoint, full.OfCompany = 100, 100, 100
		none, err := c.store.TakeDeliveries(t.Context(), full)
		require.NoError(t, err)
		assert.Empty(t, none, "there is no turn left")
	}
	one, err := c.store.TakeDeliveries(t.Context(), delivery.Most{Together: 100, OfEndpoint: 100, OfCompany: 1})
	require.NoError(t, err)
	assert.Len(t, one, 1)
	assert.Len(t, c.take(), 3)
}

func TestWhileAReceiverFailsOneOfWhatWaitsIsTriedNowAndThen(t *testing.T) {
	t.Parallel()
	db := postgrestest.NewDatabase(t)
	c := newTold(t, postgrestest.Open(t, db))
	superuser := connect(t, db.SuperuserURL)
	halfAMinuteLater := func() {
		_, err := superuser.Exec(t.Context(), `update failing_endpoints set next_at = next_at - interval '31 seconds'`)
		require.NoError(t, err)
	}
	e := c.endpoint
	e.FailingSince = noon
	c.in(func(tx *postgres.Tx) error { return tx.SaveWebhookEndpoint(t.Context(), e) })
	var told []string
	for i := range 4 {
		told = append(told, c.tell(event.InvoiceOpened, fmt.Sprint("inv_", i), ""))
	}
	assert.Empty(t, c.take(), "it has just failed")
	_, behind, err := c.store.Backlog(t.Context())
	require.NoError(t, err)
	assert.Zero(t, behind, "nobody at our side is late")
	halfAMinuteLater()
	assert.Equal(t, told[:1], c.take())
	assert.Empty(t, c.take(), "for the next half minute")
	halfAMinuteLater()
	assert.Equal(t, told[1:2], c.take())
	c.in(func(tx *postgres.Tx) error { return tx.QueueDelivery(t.Context(), e.ID, told[3], noon) })
	assert.Equal(t, told[3:], c.take(), "what the company asks for is tried at once")

	e.FailingSince = time.Time{}
	c.in(func(tx *postgres.Tx) error { return tx.SaveWebhookEndpoint(t.Context(), e) })
	assert.Equal(t, told[2:3], c.take(), "something has arrived: the others follow")
}
