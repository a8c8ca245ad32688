package invoice

import "time"

// Reminder is one that went to the customer, or is on its way. An invoice has one of each step, in the order of the steps.
type Reminder struct {
	Step         int // of the company's ladder, from 1 on
	DaysAfterDue int // that the step had then
	At           time.Time
	Email        Email // the step takes the place of its id
}

// Reminder returns the reminder of that step; false when there is none.
func (i Invoice) Reminder(step int) (Reminder, bool) {
	if step < 1 || step > len(i.Reminders) {
		return Reminder{}, false
	}
	return i.Reminders[step-1], true
}

// NewReminder returns the reminder of that step as it begins, to the customer's address.
func (i Invoice) NewReminder(step, daysAfterDue int, at time.Time) Reminder {
	return Reminder{Step: step, DaysAfterDue: daysAfterDue, At: at.UTC(), Email: Email{State: EmailQueued, To: i.Customer.Email, At: at.UTC()}}
}

// HandOver notes that the reminder is about to be handed to the mail server, at the address that the customer has now. Until End or
// TakeBack says more, it is unknown whether the server took it: it is not sent again then.
func (r *Reminder) HandOver(to string, at time.Time) {
	r.Email.State, r.Email.To, r.Email.At = EmailUnknown, to, at.UTC()
}

// TakeBack notes that the mail server did not take the reminder: it is still to be sent.
func (r *Reminder) TakeBack(at time.Time) { r.Email.State, r.Email.At = EmailQueued, at.UTC() }

// End notes that the reminder was delivered, or why it failed unless reason is empty. It reports whether that changed anything: one
// that has ended stays as it is, and one that was handed over has not failed.
func (r *Reminder) End(reason string, at time.Time) bool {
	switch {
	case reason == "" && (r.Email.State == EmailQueued || r.Email.State == EmailUnknown):
		r.Email.State = EmailDelivered
	case reason != "" && r.Email.State == EmailQueued:
		r.Email.State = EmailFailed
	default:
		return false
	}
	r.Email.At, r.Email.Reason = at.UTC(), reason
	return true
}
