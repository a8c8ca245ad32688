package app

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/workflows/contract"
)

const (
	// remindEvery is how often a worker looks for reminders whose time has come.
	remindEvery = 10 * time.Minute
	// remindAtMost is how often it does so where days are short.
	remindAtMost = time.Second
)

// reminding has the workflows of invoices send the reminders whose time has come. No timer waits in a workflow for that, and changed
// settings count from the next look on. Telling a workflow twice does no harm, so every worker looks.
type reminding struct {
	store *postgres.Store
	tell  func(context.Context, invoice.Invoice, contract.Remind) error
	now   func() time.Time
	scale int64 // how many seconds of an invoice's time pass in one second, from when it was issued: 1 except in a local stack
}

func (r reminding) every() time.Duration {
	return max(remindEvery/time.Duration(max(r.scale, 1)), remindAtMost)
}

// look tells the workflows. One that can't be told does not keep the others from being told.
func (r reminding) look(ctx context.Context) error {
	at := r.now()
	until := calendar.Day(at)
	if r.scale > 1 {
		until = until.AddDate(100, 0, 0) // each invoice has a time of its own
	}
	companies, invoices, err := r.store.Remindable(ctx, until)
	if err != nil {
		return err
	}
	var failed []error
	for _, inv := range invoices {
		company, then := companies[inv.CompanyID], at
		if r.scale > 1 {
			company.RemindersSince = r.bend(inv, company.RemindersSince)
			inv, then = r.bent(inv), r.bend(inv, at)
		} else if !company.MayRemind(at) {
			continue
		}
		next, ok := company.NextReminder(inv, false)
		if !ok || next.HeldBy != "" || next.At.After(then) {
			continue
		}
		failed = append(failed, r.tell(ctx, inv, contract.Remind{Step: next.Step, DaysAfterDue: next.DaysAfterDue, DueDate: inv.DueDate}))
	}
	return errors.Join(failed...)
}

// bend returns the time that it is for the invoice at t. Before it was issued, its time is everybody's.
func (r reminding) bend(inv invoice.Invoice, t time.Time) time.Time {
	passed := t.Sub(inv.IssuedAt)
	if passed <= 0 {
		return t
	}
	return inv.IssuedAt.Add(min(passed, math.MaxInt64/time.Duration(r.scale)) * time.Duration(r.scale))
}

// bent returns the invoice with its reminders in its own time.
func (r reminding) bent(inv invoice.Invoice) invoice.Invoice {
	sent := make([]invoice.Reminder, len(inv.Reminders))
	for i, reminder := range inv.Reminders {
		reminder.At = r.bend(inv, reminder.At)
		sent[i] = reminder
	}
	inv.Reminders = sent
	return inv
}
