package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"github.com/quittance/quittance/workflows/contract"
)

// delivered is a message that a receiver got.
type delivered struct {
	ID, Type, Subject string
	header            http.Header
	body              []byte
}

// receiver is an invoicing product that is told of events.
type receiver struct {
	t        *testing.T
	company  *company
	id       string // of the endpoint
	secret   string
	url      string
	mu       sync.Mutex
	messages []delivered
	answer   func(delivered) int // the status; 204 when nil
}

// listen adds a webhook endpoint to the company that takes those events, all when there are none.
func (c *company) listen(answer func(delivered) int, events ...string) *receiver {
	c.t.Helper()
	r := &receiver{t: c.t, company: c, answer: answer}
	server := httptest.NewServer(http.HandlerFunc(r.receive))
	c.t.Cleanup(server.Close)
	r.url = server.URL + "/webhooks"
	var made struct{ ID, Secret string }
	c.call("POST", "/webhook-endpoints", object{"url": r.url, "events": append([]string{}, events...)}).gives(201, &made)
	r.id, r.secret = made.ID, made.Secret
	return r
}

func (r *receiver) receive(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	assert.NoError(r.t, err)
	m := delivered{header: request.Header, body: body}
	assert.NoError(r.t, json.Unmarshal(body, &m))
	assert.Equal(r.t, m.ID, request.Header.Get("webhook-id"))
	r.mu.Lock()
	r.messages = append(r.messages, m)
	r.mu.Unlock()
	status := http.StatusNoContent
	if r.answer != nil {
		status = r.answer(m)
	}
	w.WriteHeader(status)
}

// got returns the messages so far, the oldest first.
func (r *receiver) got() []delivered {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]delivered(nil), r.messages...)
}

// gets waits for that many messages.
func (r *receiver) gets(n int) []delivered {
	r.t.Helper()
	return await(r.t, patience, r.got, func(all []delivered) bool { return len(all) >= n })
}

func (r *receiver) path() string { return "/webhook-endpoints/" + r.id }

// sent is a delivery as the company sees it.
type sent struct {
	EventID  string `json:"event_id"`
	State    string `json:"state"`
	Attempts []struct {
		Status int    `json:"status"`
		Error  string `json:"error"`
	} `json:"attempts"`
}

// becomes waits until every delivery to the endpoint is in that state, and returns them, the oldest event first.
func (r *receiver) becomes(state string, n int) []sent {
	r.t.Helper()
	all := await(r.t, patience, func() []sent { return all[sent](r.company, r.path()+"/deliveries") }, func(all []sent) bool {
		for _, d := range all {
			if d.State != state {
				return false
			}
		}
		return len(all) == n
	})
	slices.Reverse(all)
	return all
}

func (m delivered) requireSignedWith(t *testing.T, secret string) {
	t.Helper()
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	require.NoError(t, verifier.Verify(m.body, m.header))
}

func typesOf(messages []delivered) (types []string) {
	for _, m := range messages {
		types = append(types, m.Type)
	}
	return types
}

func TestAPaidInvoiceIsToldInOrderAndSigned(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	r, onlyPaid := c.listen(nil), c.listen(nil, "invoice.paid")
	inv := c.issue("108.00")
	inv.payNow("card").pay(visa)
	inv.becomes("paid")

	messages := r.gets(4)
	assert.Equal(t, []string{"invoice.opened", "payment.authorized", "payment.captured", "invoice.paid"}, typesOf(messages))
	for _, m := range messages {
		m.requireSignedWith(t, r.secret)
		var told, shown map[string]any
		require.NoError(t, json.Unmarshal(m.body, &told))
		c.call("GET", "/events/"+m.ID, nil).gives(200, &shown)
		assert.Equal(t, told["at"], told["timestamp"])
		delete(told, "timestamp")
		assert.Equal(t, shown, told, "the message is the event as the API shows it")
		assert.NotContains(t, string(m.body), "Anna Muster")
	}
	for _, d := range r.becomes("delivered", 4) {
		require.Len(t, d.Attempts, 1)
		assert.Equal(t, 204, d.Attempts[0].Status)
	}
	paid := onlyPaid.gets(1)
	assert.Equal(t, []string{"invoice.paid"}, typesOf(paid))
	assert.Equal(t, messages[3].ID, paid[0].ID, "the same event has the same id everywhere")
	_, err := operator(t, shared).DescribeWorkflowExecution(t.Context(), contract.EventDeliveryID(messages[3].ID, r.id), "")
	var none *serviceerror.NotFound
	require.ErrorAs(t, err, &none, "what arrives at once needs no workflow")
}

func TestBothSecretsSignDuringARotation(t *testing.T) {
	t.Parallel()
	c := newCompany(t, shared)
	r := c.listen(nil, "payment_service.active")
	c.connect(verifiedAccount)
	first := r.gets(1)[0]
	first.requireSignedWith(t, r.secret)

	var rotated struct{ Secret string }
	c.call("POST", r.path()+"/rotate-secret", nil).gives(200, &rotated)
	c.call("POST", "/events/"+first.ID+"/redeliver", object{"endpoint_id": r.id}).gives(202, nil)
	second := r.gets(2)[1]
	second.requireSignedWith(t, r.secret)
	second.requireSignedWith(t, rotated.Secret)
	assert.Equal(t, first.ID, second.ID, "a receiver that remembers ids knows that it had this one")
	assert.Equal(t, first.body, second.body)

	c.call("POST", r.path()+"/rotate-secret", object{"overlap_hours": 0}).gives(200, &rotated)
	c.call("POST", "/events/"+first.ID+"/redeliver", nil).gives(202, nil)
	third := r.gets(3)[2]
	third.requireSignedWith(t, rotated.Secret)
	assert.Len(t, strings.Fields(third.header.Get("webhook-signature")), 1)
	r.becomes("delivered", 1)
	keepHistory(t, shared, contract.EventDeliveryID(first.ID, r.id), "event-delivered")
}

// A day passes in a second here.
func TestReceiversThatAreDownForDays(t *testing.T) {
	t.Parallel()
	options := ownOptions(t)
	options.TimeScale = 86400
	s := startStack(t, options)

	t.Run("Two days delay events and neither double nor reorder them", func(t *testing.T) {
		t.Parallel()
		c := newMerchant(t, s)
		var messages atomic.Int32
		r := c.listen(func(delivered) int {
			if messages.Add(1) <= 12 { // with the pauses between them, two days
				return http.StatusServiceUnavailable
			}
			return http.StatusNoContent
		}, "invoice.opened", "invoice.cancelled")
		c.issue("108.00").cancel()

		deliveries := r.becomes("delivered", 2)
		assert.Len(t, deliveries[0].Attempts, 13)
		assert.Len(t, deliveries[1].Attempts, 1)
		got := r.got()
		require.Len(t, got, 14)
		assert.Equal(t, []string{"invoice.opened", "invoice.cancelled"}, typesOf(got[12:]))
		for _, m := range got[:13] {
			assert.Equal(t, got[0].ID, m.ID)
			assert.Equal(t, got[0].body, m.body)
		}
		keepHistory(t, s, contract.EventDeliveryID(got[0].ID, r.id), "event-delivered-after-two-days")
	})

	t.Run("Three days disable the endpoint, and what was parked is sent on request", func(t *testing.T) {
		t.Parallel()
		c := newMerchant(t, s)
		c.call("PATCH", "/settings", object{"contact_email": "it." + c.id + "@example.ch"}).gives(200, nil)
		var mended atomic.Bool
		r := c.listen(func(delivered) int {
			if mended.Load() {
				return http.StatusOK
			}
			return http.StatusInternalServerError
		}, "invoice.opened", "invoice.cancelled")
		c.issue("108.00").cancel()

		parked := r.becomes("parked", 2)
		assert.Len(t, parked[0].Attempts, 15)
		assert.Empty(t, parked[1].Attempts, "the endpoint was disabled before its turn came")
		await(t, patience, func() int {
			return len(listWorkflows(t, operator(t, s), "NeedsAttention = true AND CompanyId = '"+c.id+"'"))
		}, func(n int) bool { return n == 1 })
		var endpoint struct {
			Enabled bool
			Because string `json:"disabled_because"`
		}
		c.call("GET", r.path(), nil).gives(200, &endpoint)
		assert.False(t, endpoint.Enabled)
		assert.Contains(t, endpoint.Because, "the receiver answered 500")
		var open struct {
			Data []struct{ Kind, Subject string }
		}
		c.call("GET", "/exceptions?open=true", nil).gives(200, &open)
		require.Len(t, open.Data, 1)
		assert.Equal(t, "webhook_disabled", open.Data[0].Kind)
		assert.Equal(t, r.id, open.Data[0].Subject)

		mail := await(t, patience, func() message { return c.mailTo("it." + c.id + "@example.ch") }, func(m message) bool { return m.Subject != "" })
		assert.Equal(t, "Un point d’accès webhook est désactivé", mail.Subject)

		mended.Store(true)
		c.call("POST", r.path()+"/redeliver", nil).gives(409, nil)
		c.call("PATCH", r.path(), object{"enabled": true}).gives(200, &endpoint)
		assert.True(t, endpoint.Enabled)
		c.call("POST", r.path()+"/redeliver", nil).gives(202, nil)
		r.becomes("delivered", 2)
		assert.Equal(t, []string{"invoice.opened", "invoice.cancelled"}, typesOf(r.got()[15:]))
		await(t, patience, func() int {
			return len(listWorkflows(t, operator(t, s), "NeedsAttention = true AND CompanyId = '"+c.id+"'"))
		}, func(n int) bool { return n == 0 })
		keepHistory(t, s, contract.EventDeliveryID(parked[0].EventID, r.id), "event-parked-then-delivered-on-request")
	})
}

func TestAnAttemptThatIsWaitedForIsMadeAtOnceOnRequest(t *testing.T) {
	t.Parallel()
	c := newCompany(t, shared)
	var mended atomic.Bool
	r := c.listen(func(delivered) int {
		if mended.Load() {
			return http.StatusOK
		}
		return http.StatusFound // redirects are not followed
	}, "payment_service.active")
	c.connect(verifiedAccount)
	event := r.gets(2)[0] // after five seconds; the next attempt would be after thirty more
	mended.Store(true)
	c.call("POST", "/events/"+event.ID+"/redeliver", nil).gives(202, nil)
	r.becomes("delivered", 1)
	assert.Len(t, r.got(), 3)
	keepHistory(t, shared, contract.EventDeliveryID(event.ID, r.id), "event-delivered-at-once-on-request")
}

func TestWebhooksNeverReachIntoOurNetwork(t *testing.T) {
	t.Parallel()
	c := newCompany(t, shared)
	for _, url := range []string{"https://10.1.2.3/", "https://169.254.169.254/latest/meta-data", "https://[fd00::1]/", "https://[::ffff:192.168.1.1]/", "https://user:pw@example.ch/"} {
		c.call("POST", "/webhook-endpoints", object{"url": url}).gives(422, nil)
	}
}
