package collection

import (
	"context"
	"errors"
	"strconv"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/escalation"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/workflows/contract"
)

// ReminderTx is what the steps about reminders need of a transaction.
type ReminderTx interface {
	EmailTx
	PaymentsOf(ctx context.Context, invoiceIDs ...string) (byInvoice map[string][]payment.Payment, err error)
	UndecidedReceipts(ctx context.Context, invoiceIDs ...string) (byInvoice map[string]bool, err error)
	SaveReminder(ctx context.Context, invoiceID string, r invoice.Reminder) error
	DeleteReminder(ctx context.Context, invoiceID string, step int) error
}

// DueReminder is a reminder whose time has come.
type DueReminder struct {
	activities.InvoiceRef
	contract.Remind
}

// ReminderRef names a reminder of an invoice.
type ReminderRef struct {
	activities.InvoiceRef
	Step int `json:"step"`
}

// QueueReminder records that the reminder goes, if it is the one that comes next, nothing holds it, and neither the due date nor the
// days of the step have changed since. One that is queued already is still to be sent.
func (a *Activities) QueueReminder(ctx context.Context, in DueReminder) (standing EmailStanding, err error) {
	err = a.InReminders(ctx, in.CompanyID, func(tx ReminderTx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		inv, err := tx.LockInvoice(ctx, in.InvoiceID)
		if err != nil {
			return err
		}
		if r, ok := inv.Reminder(in.Step); ok {
			standing.Queued = r.Email.State == invoice.EmailQueued
			return nil
		}
		same := func(next merchant.NextReminder) bool {
			return next.Step == in.Step && next.DaysAfterDue == in.DaysAfterDue && inv.DueDate.Equal(in.DueDate)
		}
		next, err := nextReminder(ctx, tx, company, inv)
		if err != nil || !same(next) {
			return err
		}
		standing.Queued = true
		return tx.SaveReminder(ctx, inv.ID, inv.NewReminder(next.Step, next.DaysAfterDue, a.Now()))
	})
	return standing, err
}

// nextReminder returns the reminder of the invoice that comes next; the zero value when none does or something holds it.
func nextReminder(ctx context.Context, tx ReminderTx, company merchant.Company, inv invoice.Invoice) (merchant.NextReminder, error) {
	payments, err := tx.PaymentsOf(ctx, inv.ID)
	if err != nil {
		return merchant.NextReminder{}, err
	}
	undecided, err := tx.UndecidedReceipts(ctx, inv.ID)
	if err != nil {
		return merchant.NextReminder{}, err
	}
	next, ok := company.NextReminder(inv, undecided[inv.ID] || payment.AnyInProgress(payments[inv.ID]))
	if !ok || next.HeldBy != "" {
		return merchant.NextReminder{}, nil
	}
	return next, nil
}

// SendReminder mails a queued reminder, with what is due now. It takes the reminder back if it is not right any more, for example
// because the invoice was paid while the mail server was down. A reminder that was handed to the mail server is not sent again, also
// when nobody knows whether the server took it. In other respects it is as SendInvoice.
func (a *Activities) SendReminder(ctx context.Context, in ReminderRef) (activities.Sent, error) {
	var (
		company  merchant.Company
		reminder invoice.Reminder
		written  letter.Letter
		send     bool
	)
	err := a.InReminders(ctx, in.CompanyID, func(tx ReminderTx) (err error) {
		if company, err = tx.Company(ctx); err != nil {
			return err
		}
		inv, err := tx.LockInvoice(ctx, in.InvoiceID)
		if err != nil {
			return err
		}
		queued, ok := inv.Reminder(in.Step)
		if reminder = queued; !ok || reminder.Email.State != invoice.EmailQueued {
			return nil
		}
		before := inv
		before.Reminders = inv.Reminders[:in.Step-1]
		next, err := nextReminder(ctx, tx, company, before)
		if err != nil {
			return err
		}
		if next.Step != in.Step {
			return tx.DeleteReminder(ctx, inv.ID, in.Step)
		}
		send = true
		reminder.HandOver(inv.Customer.Email, a.Now())
		if written, err = letter.Reminder(inv, reminder, company, a.PublicURL); err != nil {
			return err
		}
		return tx.SaveReminder(ctx, inv.ID, reminder)
	})
	if err != nil || !send {
		return activities.Sent{Needless: true}, err
	}
	sent, err := a.sendAbout(ctx, in.InvoiceRef, company, written)
	if err == nil && sent.Failed == "" {
		return sent, nil
	}
	reminder.TakeBack(a.Now())
	return sent, errors.Join(err, a.InReminders(context.WithoutCancel(ctx), in.CompanyID, func(tx ReminderTx) error {
		return tx.SaveReminder(ctx, in.InvoiceID, reminder)
	}))
}

// EndedReminder is a reminder with what became of it.
type EndedReminder struct {
	ReminderRef
	activities.Sent
}

// RecordReminder records what became of a reminder: an event, and of one that failed an exception for the company, as RecordEmail does.
// One that is dealt with changes nothing.
func (a *Activities) RecordReminder(ctx context.Context, in EndedReminder) error {
	return a.InReminders(ctx, in.CompanyID, func(tx ReminderTx) error {
		inv, err := tx.LockInvoice(ctx, in.InvoiceID)
		if err != nil {
			return err
		}
		r, ok := inv.Reminder(in.Step)
		if !ok || in.Needless || !r.End(in.Failed, a.Now()) {
			return nil
		}
		if err := tx.SaveReminder(ctx, inv.ID, r); err != nil {
			return err
		}
		if in.Failed != "" {
			return undelivered(ctx, tx, inv, in.Failed, a.Now())
		}
		facts := inv.Facts()
		facts["step"] = strconv.Itoa(r.Step)
		if err := tx.AppendEvent(ctx, event.New(event.InvoiceReminded, inv.CompanyID, inv.ID, a.Now(), facts)); err != nil {
			return err
		}
		return escalation.ClearUp(ctx, tx, exception.EmailFailed, inv.ID, "A later mail was delivered.", a.Now())
	})
}
