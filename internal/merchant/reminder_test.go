package merchant_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// reminding is a company of Vaud that set the ladder a long time ago.
func reminding(days ...int) merchant.Company {
	c := merchant.Company{Name: "Demo SA", Language: "fr", Canton: "VD", ReceiptAccount: "1029", RemindersSince: date("2026-01-05")}
	for _, d := range days {
		c.Reminders = append(c.Reminders, merchant.Reminder{DaysAfterDue: d})
	}
	return c
}

// date returns midnight UTC of that day, as due dates are kept.
func date(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t
}

// zurich returns the moment of that wall clock.
func zurich(moment string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", moment, calendar.Zurich)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func overdueSince(day string) invoice.Invoice {
	return invoice.Invoice{Status: invoice.Open, DueDate: date(day), Customer: invoice.Customer{Email: "anna@example.ch"}}
}

// reminded returns the invoice after its next reminder went at that moment.
func reminded(inv invoice.Invoice, days int, at time.Time) invoice.Invoice {
	inv.Reminders = append(inv.Reminders[:len(inv.Reminders):len(inv.Reminders)], inv.NewReminder(len(inv.Reminders)+1, days, at))
	return inv
}

func TestRemindersThatCannotBeAreRefusedByName(t *testing.T) {
	t.Parallel()
	for _, refused := range []struct {
		fields []string
		ladder []merchant.Reminder
	}{
		{[]string{"reminders"}, reminding(1, 2, 3, 4, 5, 6).Reminders},
		{[]string{"reminders.0.days_after_due"}, reminding(0).Reminders},
		{[]string{"reminders.1.days_after_due"}, reminding(10, 366).Reminders},
		{[]string{"reminders.1.days_after_due", "reminders.2.days_after_due"}, reminding(10, 10, 9).Reminders},
		{[]string{"reminders.0.subject"}, []merchant.Reminder{{DaysAfterDue: 1, Subject: "Two\nlines"}}},
		{[]string{"reminders.0.text"}, []merchant.Reminder{{DaysAfterDue: 1, Text: strings.Repeat("é", 2001)}}},
		{[]string{"reminders.0.texts.fr"}, []merchant.Reminder{{DaysAfterDue: 1, Texts: map[string]string{"de": "Guten Tag", "fr": " "}}}},
		{[]string{"reminders.0.texts"}, []merchant.Reminder{{DaysAfterDue: 1, Texts: map[string]string{"rm": "Allegra"}}}},
	} {
		c := reminding()
		c.Reminders = refused.ladder
		var invalid *problem.Error
		require.ErrorAs(t, c.Validate(), &invalid, "%v", refused.ladder)
		var names []string
		for _, f := range invalid.Fields {
			names = append(names, f.Name)
		}
		assert.Equal(t, refused.fields, names)
	}
	c := reminding(1, 2, 10, 60, 365)
	c.Reminders[0].Texts = map[string]string{"de": "Guten\r\nTag"}
	require.NoError(t, c.Validate())
	assert.Equal(t, "Guten\nTag", c.Reminders[0].TextIn("de"), "text is kept in its ordinary form")
	assert.Empty(t, c.Reminders[0].TextIn("fr"), "ours is sent")
	c.Reminders[0].Text = "Hello"
	assert.Equal(t, []string{"Guten\nTag", "Hello"}, []string{c.Reminders[0].TextIn("de"), c.Reminders[0].TextIn("fr")})
}

func TestReminderGoesOnTheFirstBusinessDayAfterItsDaysInZurich(t *testing.T) {
	t.Parallel()
	for due, at := range map[string]string{
		"2026-10-01": "2026-10-12 08:00", // the 11th is a Sunday
		"2026-10-02": "2026-10-12 08:00",
		"2026-10-15": "2026-10-26 08:00", // the clocks were set back on the 25th
		"2026-12-15": "2026-12-28 08:00", // Christmas is a Friday
		"2026-03-24": "2026-04-07 08:00", // Good Friday, Easter
		"2026-06-03": "2026-06-15 08:00",
	} {
		next, ok := reminding(10, 20).NextReminder(overdueSince(due), false)
		require.True(t, ok)
		assert.Equal(t, []any{1, 10, zurich(at), merchant.HeldBy("")}, []any{next.Step, next.DaysAfterDue, next.At, next.HeldBy}, due)
	}
	for moment, may := range map[string]bool{
		"2026-10-12 07:59": false, "2026-10-12 08:00": true, "2026-10-12 17:59": true, "2026-10-12 18:00": false,
		"2026-10-11 12:00": false, "2026-12-25 12:00": false,
	} {
		assert.Equal(t, may, reminding(10).MayRemind(zurich(moment)), moment)
	}
}

func TestRemindersOfAnInvoiceThatWasLongOverdueComeOneByOneFromTheFirst(t *testing.T) {
	t.Parallel()
	c := reminding(10, 25, 40)
	c.RemindersSince = zurich("2026-11-02 23:30") // a Monday; in UTC it is an hour earlier
	inv := overdueSince("2026-01-15")
	next, ok := c.NextReminder(inv, false)
	require.True(t, ok)
	assert.Equal(t, []any{1, zurich("2026-11-03 08:00")}, []any{next.Step, next.At}, "not on the day on which the ladder was set")

	inv = reminded(inv, 10, zurich("2026-11-03 08:04"))
	next, _ = c.NextReminder(inv, false)
	assert.Equal(t, []any{2, zurich("2026-11-18 08:00")}, []any{next.Step, next.At}, "15 days later, as in the ladder")
	inv = reminded(inv, 25, zurich("2026-11-18 08:00"))
	inv.DueDate = date("2026-12-31")
	next, _ = c.NextReminder(inv, false)
	assert.Equal(t, []any{3, zurich("2027-02-09 08:00")}, []any{next.Step, next.At}, "a due date that was moved counts")
	_, ok = c.NextReminder(reminded(inv, 40, zurich("2027-02-09 08:00")), false)
	assert.False(t, ok, "that was the last one")
}

func TestReminderIsHeldAndSaysWhy(t *testing.T) {
	t.Parallel()
	c := reminding(10)
	failed := invoice.Email{State: invoice.EmailFailed, To: "anna@example.ch"}
	for held, change := range map[merchant.HeldBy]func(*invoice.Invoice){
		"stopped":       func(i *invoice.Invoice) { i.RemindersStopped = true },
		"no_email":      func(i *invoice.Invoice) { i.Customer.Email = "" },
		"undeliverable": func(i *invoice.Invoice) { i.Email = failed },
		"":              func(i *invoice.Invoice) { i.Email, i.Customer.Email = failed, "anna.muster@example.ch" },
	} {
		inv := overdueSince("2026-10-01")
		change(&inv)
		next, ok := c.NextReminder(inv, false)
		require.True(t, ok)
		assert.Equal(t, held, next.HeldBy)
	}
	next, _ := c.NextReminder(overdueSince("2026-10-01"), true)
	assert.Equal(t, merchant.HeldByPayment, next.HeldBy)

	for _, status := range []invoice.Status{invoice.Draft, invoice.Paid, invoice.Cancelled} {
		inv := overdueSince("2026-10-01")
		inv.Status = status
		_, ok := c.NextReminder(inv, false)
		assert.False(t, ok, status)
	}
	_, ok := reminding().NextReminder(overdueSince("2026-10-01"), false)
	assert.False(t, ok, "the company wants none")
	c.Suspended = true
	_, ok = c.NextReminder(overdueSince("2026-10-01"), false)
	assert.False(t, ok, "the company is suspended")
}

// Whatever the ladder and whenever it was set: at most one reminder a day, in order, on business days, and all of them in the end.
func TestNoInvoiceIsRemindedTwiceOnADay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := reminding()
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			before := 0
			if n := len(c.Reminders); n > 0 {
				before = c.Reminders[n-1].DaysAfterDue
			}
			c.Reminders = append(c.Reminders, merchant.Reminder{DaysAfterDue: before + rapid.IntRange(1, 40).Draw(t, "days")})
		}
		start := date("2026-01-01")
		c.RemindersSince = start.Add(time.Duration(rapid.IntRange(0, 800*24).Draw(t, "set after hours")) * time.Hour)
		inv := overdueSince("2026-01-01")
		inv.DueDate = start.AddDate(0, 0, rapid.IntRange(0, 400).Draw(t, "due after days"))
		last := calendar.Day(c.RemindersSince)
		for n := 1; ; n++ {
			next, ok := c.NextReminder(inv, false)
			if !ok {
				if len(inv.Reminders) != len(c.Reminders) {
					t.Fatalf("%d of %d went", len(inv.Reminders), len(c.Reminders))
				}
				return
			}
			day := calendar.Day(next.At)
			if next.Step != n || !day.After(last) || !day.After(inv.DueDate) || !c.MayRemind(next.At) {
				t.Fatalf("reminder %d on %s after one on %s", next.Step, next.At, last)
			}
			last = day
			inv = reminded(inv, next.DaysAfterDue, next.At)
		}
	})
}
