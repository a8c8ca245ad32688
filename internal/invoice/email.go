package invoice

import (
	"time"

	"github.com/quittance/quittance/internal/problem"
)

// EmailState says what became of a mail.
type EmailState string

// The states of a mail.
const (
	EmailQueued    EmailState = "queued"    // it is on its way to the mail server
	EmailDelivered EmailState = "delivered" // the mail server took it
	EmailFailed    EmailState = "failed"    // it will not be sent, Reason says why
	EmailUnknown   EmailState = "unknown"   // of a reminder: it was handed over, and nobody knows whether the mail server took it
)

// Email is a mail with the link of the online document. The zero value is none.
type Email struct {
	ID     string // names the mail for good
	State  EmailState
	To     string
	At     time.Time // when it came into its state
	Reason string    // why it failed; else empty
}

// QueueEmail makes a mail with that id the one that is on its way, to the customer's address. It takes the place of an earlier
// one that was not sent yet. It returns an Invalid problem when the customer has no address.
func (i *Invoice) QueueEmail(id string, at time.Time) error {
	if i.Customer.Email == "" {
		return problem.InvalidFields(problem.Field{Name: "customer.email", Message: "is needed to send the link by mail"})
	}
	i.Email = Email{ID: id, State: EmailQueued, To: i.Customer.Email, At: at.UTC()}
	return nil
}

// EndEmail notes that the mail was delivered, or why it failed unless reason is empty. It reports whether that changed anything:
// a mail that has ended, or whose place another one took, stays as it is.
func (i *Invoice) EndEmail(id, reason string, at time.Time) bool {
	if !i.EmailIsQueued(id) {
		return false
	}
	i.Email.State, i.Email.At = EmailDelivered, at.UTC()
	if reason != "" {
		i.Email.State, i.Email.Reason = EmailFailed, reason
	}
	return true
}

// EmailIsQueued reports whether the mail with that id is still to be sent.
func (i Invoice) EmailIsQueued(id string) bool {
	return i.Email.ID == id && i.Email.State == EmailQueued
}
