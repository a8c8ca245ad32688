// Package delivery is the domain of webhooks: the endpoints of companies, and the way of each event to an endpoint.
package delivery

import (
	"slices"
	"time"

	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/text"
)

// MaxEndpoints is how many endpoints a company may have, since each event goes to every one of them.
const MaxEndpoints = 20

// MaxOverlap is the longest time for which messages are signed with the old secret as well.
const MaxOverlap = 7 * 24 * time.Hour

// Endpoint is an address of a company that receives events.
type Endpoint struct {
	ID              string
	CompanyID       string
	URL             string
	Description     string
	Types           []event.Type // which events it takes; none stands for all, also for types that are added later
	SealedSecret    []byte       // what messages are signed with, sealed for sealed.EndpointSecret
	SealedPrevious  []byte       // the secret before, until PreviousUntil, sealed for sealed.EndpointPrevious
	PreviousUntil   time.Time
	FailingSince    time.Time // of the first attempt that failed since one worked; zero when the last one worked
	DisabledAt      time.Time // zero while enabled
	DisabledBecause string    // a sentence for the company
	CreatedAt       time.Time
}

// Validate brings the description into the form in which it is kept. It returns an Invalid problem that names every field at fault,
// or nil. Where the URL leads is not looked at.
func (e *Endpoint) Validate() error {
	fields := text.Line("description", &e.Description, 0, 200)
	for i, t := range e.Types {
		if !slices.Contains(event.Types, t) || slices.Contains(e.Types[:i], t) {
			fields = append(fields, problem.Field{Name: "events", Message: "must name types of events, each once"})
			break
		}
	}
	return problem.InvalidFields(fields...)
}

// Enabled reports whether the endpoint gets events.
func (e Endpoint) Enabled() bool { return e.DisabledAt.IsZero() }

// Takes reports whether an event is for the endpoint.
func (e Endpoint) Takes(told event.Event) bool {
	if recipient := told.Recipient(); recipient != "" {
		return e.ID == recipient
	}
	return len(e.Types) == 0 || slices.Contains(e.Types, told.Type)
}

// Disable stops sending; because is a sentence for the company. A disabled endpoint stays as it is.
func (e *Endpoint) Disable(at time.Time, because string) {
	if e.Enabled() {
		e.DisabledAt, e.DisabledBecause = at.UTC(), because
	}
}

// Enable starts sending again.
func (e *Endpoint) Enable() {
	e.DisabledAt, e.DisabledBecause, e.FailingSince = time.Time{}, "", time.Time{}
}

// Rotate replaces the secret by the next one. For the overlap, messages are signed with the old secret as well, which is sealed as
// previous now. If the overlap of an earlier rotation has not passed, that rotation's old secret ends now.
func (e *Endpoint) Rotate(next, previous []byte, at time.Time, overlap time.Duration) {
	e.SealedPrevious, e.PreviousUntil = nil, time.Time{}
	if overlap > 0 {
		e.SealedPrevious, e.PreviousUntil = previous, at.UTC().Add(overlap)
	}
	e.SealedSecret = next
}

// SealedSecret is a secret as it is kept, and where.
type SealedSecret struct {
	Value []byte
	Place sealed.Place
}

// SealedSecrets returns the secrets that a message is signed with at that time, the newest first.
func (e Endpoint) SealedSecrets(at time.Time) []SealedSecret {
	secrets := []SealedSecret{{e.SealedSecret, sealed.EndpointSecret.Of(e.CompanyID, e.ID)}}
	if at.Before(e.PreviousUntil) {
		secrets = append(secrets, SealedSecret{e.SealedPrevious, sealed.EndpointPrevious.Of(e.CompanyID, e.ID)})
	}
	return secrets
}

// Attempted notes the outcome of an attempt to deliver, and reports whether anything has changed.
func (e *Endpoint) Attempted(a Attempt) (changed bool) {
	switch {
	case a.Worked() && !e.FailingSince.IsZero():
		e.FailingSince = time.Time{}
	case !a.Worked() && e.FailingSince.IsZero():
		e.FailingSince = a.At
	default:
		return false
	}
	return true
}

// GivenUp disables the endpoint when the receiver asked for it, or when nothing worked since the first attempt of a delivery
// that is now parked. It reports whether it disabled the endpoint.
func (e *Endpoint) GivenUp(last Attempt, since time.Time) bool {
	switch {
	case !e.Enabled():
		return false
	case last.Gone():
		e.Disable(last.At, "The receiver answered 410 Gone, which asks for no more messages.")
	case !e.FailingSince.IsZero() && !e.FailingSince.After(since):
		e.Disable(last.At, "Nothing could be delivered for three days. The last attempt failed: "+last.Complaint()+".")
	default:
		return false
	}
	return true
}
