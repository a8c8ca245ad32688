package delivery

import (
	"fmt"
	"net/http"
	"time"

	"github.com/quittance/quittance/internal/event"
)

// State is where an event stands on its way to an endpoint.
type State string

// The states. A delivery that has ended becomes pending again when the company asks for it.
const (
	Pending   State = "pending"   // waits for its turn, or for the next attempt
	Delivered State = "delivered" // the receiver took it
	Parked    State = "parked"    // given up, or the endpoint is disabled; kept until the company asks for it
)

// States lists every state.
var States = []State{Pending, Delivered, Parked}

// maxAttempts is how many attempts the log of a delivery holds; the oldest ones make room.
const maxAttempts = 100

// Attempt is one message to the receiver.
type Attempt struct {
	At           time.Time `json:"at"`
	Status       int       `json:"status,omitempty"` // of the answer; 0 when there was none
	Error        string    `json:"error,omitempty"`  // why there was no answer
	Milliseconds int64     `json:"milliseconds"`     // until the answer, or until it was given up
}

// Worked reports whether the receiver took the message: any 2xx (Standard Webhooks, "Webhook delivery").
func (a Attempt) Worked() bool { return a.Status >= 200 && a.Status < 300 }

// Gone reports whether the receiver wants no more messages at all (Standard Webhooks: 410 disables the endpoint).
func (a Attempt) Gone() bool { return a.Status == http.StatusGone }

// Complaint returns why the attempt did not work, in words that follow on "failed: ".
func (a Attempt) Complaint() string {
	if a.Status != 0 {
		return fmt.Sprintf("the receiver answered %d", a.Status)
	}
	return a.Error
}

// Delivery is one event on its way to one endpoint.
type Delivery struct {
	CompanyID  string
	EndpointID string
	EventID    string
	Type       event.Type // of the event
	Subject    string     // of the event
	State      State
	Round      int       // how often it was put on its way: when the event happened, and whenever the company asked for it
	Attempts   []Attempt // oldest first
	RetryAt    time.Time // of the next attempt; zero when none is planned
	QueuedAt   time.Time // when it was last put on its way
	EndedAt    time.Time // zero while pending
}

// Attempted adds an attempt of that round and what follows from it. retryAt is the time of the next attempt, zero for the last
// one. An attempt that was added before changes nothing. An attempt of an earlier round does not end the delivery.
func (d *Delivery) Attempted(a Attempt, round int, retryAt time.Time) {
	if n := len(d.Attempts); n > 0 && d.Attempts[n-1].At.Equal(a.At) {
		return
	}
	d.Attempts = append(d.Attempts, a)
	d.Attempts = d.Attempts[max(0, len(d.Attempts)-maxAttempts):]
	switch {
	case round != d.Round:
	case a.Worked(): // also if it was parked while the message was in flight
		d.end(Delivered, a.At)
	case d.State == Pending && (retryAt.IsZero() || a.Gone()):
		d.end(Parked, a.At)
	case d.State == Pending:
		d.RetryAt = retryAt.UTC()
	}
}

func (d *Delivery) end(s State, at time.Time) {
	d.State, d.EndedAt, d.RetryAt = s, at.UTC(), time.Time{}
}

// Due is a delivery whose turn has come.
type Due struct {
	CompanyID  string
	EndpointID string
	EventID    string
	Type       event.Type // of the event
	Thread     string     // the thing whose events arrive in order: an invoice, or the event's subject
	Again      bool       // the company asked for it: the next attempt is made at once
}

// Most is how many deliveries are taken at once, and of whom.
type Most struct {
	Together, OfEndpoint, OfCompany int
	FullEndpoints, FullCompanies    []string // of which none is taken: as many as may be are in flight there
}
