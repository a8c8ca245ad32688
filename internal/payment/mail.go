package payment

import "time"

// MailState says what became of a mail to the payer.
type MailState string

// The states of a mail to the payer.
const (
	MailQueued    MailState = "queued"    // it is on its way to the mail server
	MailDelivered MailState = "delivered" // the mail server took it
	MailFailed    MailState = "failed"    // it will not be sent, Reason says why
)

// Mail is the mail to the payer about money that came, or goes back. There is at most one about each payment and each refund. The
// zero value is none.
type Mail struct {
	State  MailState
	At     time.Time // when it came into its state
	Reason string    // why it failed; else empty
}

// QueuedMail returns a mail that is on its way.
func QueuedMail(at time.Time) Mail { return Mail{State: MailQueued, At: at.UTC()} }

// Queued reports whether the mail is still to be sent.
func (m Mail) Queued() bool { return m.State == MailQueued }

// End notes that the mail was delivered, or why it failed unless reason is empty. It reports whether that changed anything: a mail that
// has ended stays as it is.
func (m *Mail) End(reason string, at time.Time) bool {
	if !m.Queued() {
		return false
	}
	m.State, m.At = MailDelivered, at.UTC()
	if reason != "" {
		m.State, m.Reason = MailFailed, reason
	}
	return true
}
