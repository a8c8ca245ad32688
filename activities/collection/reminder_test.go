package collection_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/shoptest"
	"github.com/quittance/quittance/workflows/contract"
)

// overdue is a shop whose company reminds after 10 and 25 days, and whose invoice has been due for a month.
func overdue(t *testing.T) *shop {
	t.Helper()
	s := issued(t)
	s.In(func(tx *postgres.Tx) error {
		c, err := tx.LockCompany(t.Context())
		require.NoError(t, err)
		c.Reminders = []merchant.Reminder{{DaysAfterDue: 10}, {DaysAfterDue: 25}}
		c.RemindersSince = time.Now().AddDate(0, 0, -60)
		return tx.SaveCompany(t.Context(), c)
	})
	s.changes(func(inv *invoice.Invoice) { inv.DueDate = inv.DueDate.AddDate(0, 0, -30) })
	return s
}

func (s *shop) changes(how func(*invoice.Invoice)) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(s.T.Context(), s.Invoice)
		require.NoError(s.T, err)
		how(&inv)
		return tx.SaveInvoice(s.T.Context(), inv)
	})
}

// dueReminder is the signal that the time of that step has come.
func (s *shop) dueReminder(step int) collection.DueReminder {
	return collection.DueReminder{InvoiceRef: s.InvoiceRef(), Remind: contract.Remind{Step: step, DaysAfterDue: map[int]int{1: 10, 2: 25}[step], DueDate: s.CurrentInvoice().DueDate}}
}

// queues reports whether the reminder of that step is to be sent.
func (s *shop) queues(in collection.DueReminder) bool {
	s.T.Helper()
	return do[collection.EmailStanding](s, s.Collection.QueueReminder, in).Queued
}

func (s *shop) reminderRef(step int) collection.ReminderRef {
	return collection.ReminderRef{InvoiceRef: s.InvoiceRef(), Step: step}
}

// reminds sends the reminder of that step and records what became of it, twice.
func (s *shop) reminds(step int) {
	s.T.Helper()
	for range 2 {
		sent := do[activities.Sent](s, s.Collection.SendReminder, s.reminderRef(step))
		_, err := s.Run(s.Collection.RecordReminder, collection.EndedReminder{ReminderRef: s.reminderRef(step), Sent: sent})
		require.NoError(s.T, err)
	}
}

// reminders returns the states of the invoice's reminders.
func (s *shop) reminders() (states []invoice.EmailState) {
	for _, r := range s.CurrentInvoice().Reminders {
		states = append(states, r.Email.State)
	}
	return states
}

func TestCustomerIsRemindedOnceOfEachStepWhoeverAsks(t *testing.T) {
	t.Parallel()
	s := overdue(t)
	assert.False(t, s.queues(s.dueReminder(2)), "the first one comes first")
	require.True(t, s.queues(s.dueReminder(1)))
	assert.True(t, s.queues(s.dueReminder(1)), "still to be sent, should the workflow have been lost")
	assert.Equal(t, 1, do[collection.LeftBehind](s, s.Collection.TakeUpInvoice, s.InvoiceRef()).Reminder)
	s.reminds(1)
	assert.False(t, s.queues(s.dueReminder(1)))
	assert.Zero(t, do[collection.LeftBehind](s, s.Collection.TakeUpInvoice, s.InvoiceRef()).Reminder)

	require.Len(t, s.Letters, 1)
	assert.Equal(t, "anna@example.ch", s.Letters[0].To)
	assert.Equal(t, "Zahlungserinnerung: Rechnung R-1001 von Demo SA", s.Letters[0].Subject)
	for _, said := range []string{"CHF 108.00", s.CurrentInvoice().DueDate.Format("02.01.2006"), shoptest.PublicURL + "/i/" + s.CurrentInvoice().Token} {
		assert.Contains(t, s.Letters[0].Text, said)
	}
	require.True(t, s.queues(s.dueReminder(2)))
	s.reminds(2)
	require.Len(t, s.Letters, 2)
	assert.Contains(t, s.Letters[1].Subject, "Zweite Zahlungserinnerung")
	assert.Equal(t, 2, shoptest.Count(s.Events(), event.InvoiceReminded))
	assert.False(t, s.queues(collection.DueReminder{InvoiceRef: s.InvoiceRef(), Remind: contract.Remind{Step: 3, DaysAfterDue: 40, DueDate: s.CurrentInvoice().DueDate}}))
}

func TestInvoiceThatNeedsNoReminderGetsNone(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*shop){
		"paid": func(s *shop) { s.Paid(payment.Card) },
		"cancelled": func(s *shop) {
			_, err := s.Run(s.Collection.CancelInvoice, s.InvoiceRef())
			require.NoError(s.T, err)
		},
		"a payment is not decided": func(s *shop) { s.Authorized() },
		"stopped":                  func(s *shop) { s.changes(func(inv *invoice.Invoice) { inv.RemindersStopped = true }) },
		"without an address":       func(s *shop) { s.changes(func(inv *invoice.Invoice) { inv.Customer.Email = "" }) },
		"the mail with the link failed": func(s *shop) {
			s.SendError = &activities.UndeliverableError{Reason: "550 no such mailbox."}
			s.post(s.queue(""))
			s.SendError = nil
		},
		"due on another day": func(s *shop) {
			s.changes(func(inv *invoice.Invoice) { inv.DueDate = inv.DueDate.AddDate(0, 0, 30) })
		},
		"the company wants none any more": func(s *shop) { s.ladder() },
		"the company waits longer":        func(s *shop) { s.ladder(20, 40) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := overdue(t)
			due := s.dueReminder(1)
			change(s)
			assert.False(t, s.queues(due), "it was signalled before")
			assert.Empty(t, s.reminders())
		})
	}
}

// ladder makes those the days after which the company reminds.
func (s *shop) ladder(days ...int) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) error {
		c, err := tx.LockCompany(s.T.Context())
		require.NoError(s.T, err)
		c.Reminders = nil
		for _, d := range days {
			c.Reminders = append(c.Reminders, merchant.Reminder{DaysAfterDue: d})
		}
		return tx.SaveCompany(s.T.Context(), c)
	})
}

func TestReminderIsTakenBackWhenTheInvoiceIsPaidOrBeingPaidWhileTheMailServerIsDown(t *testing.T) {
	t.Parallel()
	s := overdue(t)
	require.True(t, s.queues(s.dueReminder(1)))
	s.SendError = errors.New("connection refused")
	_, err := s.Run(s.Collection.SendReminder, s.reminderRef(1))
	_, again := shoptest.ErrorType(t, err)
	assert.True(t, again)
	assert.Equal(t, []invoice.EmailState{invoice.EmailQueued}, s.reminders())

	paymentID := s.Authorized()
	s.SendError = nil
	s.reminds(1)
	assert.Empty(t, s.Letters)
	assert.Empty(t, s.reminders(), "it comes when the payment has ended without money")

	s.CaptureAndBook(paymentID)
	assert.False(t, s.queues(s.dueReminder(1)))
	assert.Zero(t, shoptest.Count(s.Events(), event.InvoiceReminded))
	assert.Empty(t, s.undelivered(), "nobody has to see to it")
}

func TestReminderThatIsRefusedIsAnExceptionAndTheNextOneIsTried(t *testing.T) {
	t.Parallel()
	s := overdue(t)
	require.True(t, s.queues(s.dueReminder(1)))
	s.SendError = &activities.UndeliverableError{Reason: "552 mailbox full."}
	s.reminds(1)
	failed := s.CurrentInvoice().Reminders[0].Email
	assert.Equal(t, []any{invoice.EmailFailed, "anna@example.ch", "552 mailbox full."}, []any{failed.State, failed.To, failed.Reason})
	assert.Equal(t, []int{1, 0}, []int{shoptest.Count(s.Events(), event.InvoiceEmailFailed), shoptest.Count(s.Events(), event.InvoiceReminded)})
	require.Len(t, s.undelivered(), 1)
	assert.Contains(t, s.undelivered()[0].Detail, "552 mailbox full.")

	s.SendError = nil
	require.True(t, s.queues(s.dueReminder(2)))
	s.reminds(2)
	assert.Len(t, s.Letters, 1)
	assert.Equal(t, []invoice.EmailState{invoice.EmailFailed, invoice.EmailDelivered}, s.reminders())
	assert.Equal(t, exception.ClearedUp, s.undelivered()[0].Choice)
}

func TestReminderIsNotSentAgainWhenTheWorkerDiesBetweenTheMailAndItsNote(t *testing.T) {
	t.Parallel()
	s := overdue(t)
	require.True(t, s.queues(s.dueReminder(1)))
	do[activities.Sent](s, s.Collection.SendReminder, s.reminderRef(1)) // its answer is lost
	assert.Equal(t, []invoice.EmailState{invoice.EmailUnknown}, s.reminders())
	assert.Zero(t, do[collection.LeftBehind](s, s.Collection.TakeUpInvoice, s.InvoiceRef()).Reminder)
	s.reminds(1)
	_, err := s.Run(s.Collection.RecordReminder, collection.EndedReminder{ReminderRef: s.reminderRef(1), Sent: activities.Sent{Failed: "Late."}})
	require.NoError(t, err)
	assert.Len(t, s.Letters, 1)
	assert.Equal(t, []invoice.EmailState{invoice.EmailUnknown}, s.reminders(), "nobody knows")
	assert.True(t, s.queues(s.dueReminder(2)), "the next one comes in its time")
}

func TestTwoWorkersThatSendTheSameReminderSendItOnce(t *testing.T) {
	t.Parallel()
	s := overdue(t)
	require.True(t, s.queues(s.dueReminder(1)))
	send := s.Collection.Send
	s.Collection.Send = func(ctx context.Context, l letter.Letter) error {
		again, err := s.Collection.SendReminder(ctx, s.reminderRef(1)) // as the first one hands it to the mail server
		require.NoError(t, err)
		assert.True(t, again.Needless)
		return send(ctx, l)
	}
	sent := do[activities.Sent](s, s.Collection.SendReminder, s.reminderRef(1))
	_, err := s.Run(s.Collection.RecordReminder, collection.EndedReminder{ReminderRef: s.reminderRef(1), Sent: sent})
	require.NoError(t, err)
	assert.Len(t, s.Letters, 1)
	assert.Equal(t, []invoice.EmailState{invoice.EmailDelivered}, s.reminders())
}

func TestReminderGoesToTheAddressOfNowAndSaysWhatIsStillDue(t *testing.T) {
	t.Parallel()
	s := overdue(t)
	require.True(t, s.queues(s.dueReminder(1)))
	s.changes(func(inv *invoice.Invoice) {
		inv.Customer.Email, inv.AmountPaid, inv.Status = "anna.muster@example.ch", money.MustParse("8.00", money.CHF), invoice.PartiallyPaid
	})
	s.reminds(1)
	require.Len(t, s.Letters, 1)
	assert.Equal(t, []string{"anna.muster@example.ch", "anna.muster@example.ch"}, []string{s.Letters[0].To, s.CurrentInvoice().Reminders[0].Email.To})
	assert.Contains(t, s.Letters[0].Text, "Noch offen: CHF 100.00")
}
