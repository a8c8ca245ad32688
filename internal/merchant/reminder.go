package merchant

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

// Reminder is one step of the ladder on which customers are reminded of what is overdue. Its words are the company's own; where it has
// none, ours are sent.
type Reminder struct {
	DaysAfterDue int               `json:"days_after_due"`
	Subject      string            `json:"subject,omitempty"`
	Text         string            `json:"text,omitempty"`  // for the languages that Texts doesn't have
	Texts        map[string]string `json:"texts,omitempty"` // by language
}

// TextIn returns the company's own text in that language, or "" for ours.
func (r Reminder) TextIn(language string) string { return cmp.Or(r.Texts[language], r.Text) }

const (
	maxReminders       = 5
	maxReminderDays    = 365
	maxReminderSubject = 120
	maxReminderText    = 2000
	remindFrom         = 8  // o'clock in Zurich
	remindUntil        = 18 // before that hour
)

// validateReminders returns what is wrong with the ladder, and brings its texts into the form in which they are kept.
func validateReminders(ladder []Reminder) (fields []problem.Field) {
	if len(ladder) > maxReminders {
		fields = append(fields, problem.Field{Name: "reminders", Message: "must be at most 5"})
	}
	before := 0
	for i := range ladder {
		r, name := &ladder[i], fmt.Sprintf("reminders.%d", i)
		switch {
		case r.DaysAfterDue < 1 || r.DaysAfterDue > maxReminderDays:
			fields = append(fields, problem.Field{Name: name + ".days_after_due", Message: "must be between 1 and 365"})
		case r.DaysAfterDue <= before:
			fields = append(fields, problem.Field{Name: name + ".days_after_due", Message: "must be more than that of the reminder before"})
		}
		before = r.DaysAfterDue
		fields = append(fields, text.Line(name+".subject", &r.Subject, 0, maxReminderSubject)...)
		fields = append(fields, text.Lines(name+".text", &r.Text, 0, maxReminderText)...)
		for _, language := range slices.Sorted(maps.Keys(r.Texts)) {
			if !slices.Contains(invoice.Languages, language) {
				fields = append(fields, problem.Field{Name: name + ".texts", Message: "must be in de, fr, it or en"})
				continue
			}
			own := r.Texts[language]
			fields = append(fields, text.Lines(name+".texts."+language, &own, 1, maxReminderText)...)
			r.Texts[language] = own
		}
	}
	return fields
}

// HeldBy says what keeps a reminder from going.
type HeldBy string

// What can keep a reminder from going.
const (
	HeldByStop        HeldBy = "stopped"             // a person stopped the reminders of the invoice
	HeldByNoEmail     HeldBy = "no_email"            // the customer has no address
	HeldByUndelivered HeldBy = "undeliverable"       // the invoice itself could not be delivered to that address
	HeldByPayment     HeldBy = "payment_in_progress" // a payment of the invoice, or money that the bank told, is not decided
)

// NextReminder is the reminder of an invoice that comes next, and the moment from which on it may go unless HeldBy is set.
type NextReminder struct {
	Step int // from 1 on
	Reminder
	At     time.Time
	HeldBy HeldBy
}

// NextReminder returns the reminder of the invoice that comes next: at 08:00 in Zurich on the first business day after the days of its
// step. It is false when none comes. Steps are never skipped and keep their distance, so that an invoice that was long overdue when the
// ladder was set gets the first of them first. None goes on the day on which the ladder was changed, so that everybody can see it before.
// The caller says whether a payment of the invoice is in progress, by Saferpay or by bank.
func (c Company) NextReminder(inv invoice.Invoice, paymentInProgress bool) (NextReminder, bool) {
	sent := len(inv.Reminders)
	business, err := calendar.ForCanton(c.Canton)
	if err != nil || sent >= len(c.Reminders) || !inv.Status.Payable() || c.Suspended {
		return NextReminder{}, false
	}
	next := c.Reminders[sent]
	day := later(inv.DueDate.AddDate(0, 0, next.DaysAfterDue), calendar.Day(c.RemindersSince).AddDate(0, 0, 1))
	if sent > 0 {
		day = later(day, calendar.Day(inv.Reminders[sent-1].At).AddDate(0, 0, next.DaysAfterDue-c.Reminders[sent-1].DaysAfterDue))
	}
	at := time.Date(day.Year(), day.Month(), day.Day(), remindFrom, 0, 0, 0, calendar.Zurich)
	if !business.IsBusinessDay(at) {
		at = business.NextBusinessDay(at)
	}
	return NextReminder{Step: sent + 1, Reminder: next, At: at.UTC(), HeldBy: reminderHeldBy(inv, paymentInProgress)}, true
}

func reminderHeldBy(inv invoice.Invoice, paymentInProgress bool) HeldBy {
	switch {
	case inv.RemindersStopped:
		return HeldByStop
	case inv.Customer.Email == "":
		return HeldByNoEmail
	case inv.Email.State == invoice.EmailFailed && inv.Email.To == inv.Customer.Email:
		return HeldByUndelivered
	case paymentInProgress:
		return HeldByPayment
	default:
		return ""
	}
}

// MayRemind reports whether reminders go at that time: on a business day, from 08:00 to 18:00 in Zurich.
func (c Company) MayRemind(now time.Time) bool {
	business, err := calendar.ForCanton(c.Canton)
	hour := now.In(calendar.Zurich).Hour()
	return err == nil && business.IsBusinessDay(now) && hour >= remindFrom && hour < remindUntil
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
