package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
	"github.com/quittance/quittance/workflows/contract"
)

// remindingShop is a shop that reminds after 10 and 25 days, has an invoice of each number that is due on 1 June 2026, a Monday, and
// notes which workflows were told of what.
func remindingShop(t *testing.T, scale int64, numbers ...string) (s *shop, r reminding, told *[]string) {
	t.Helper()
	s, told = open(t, postgrestest.New(t)), &[]string{}
	s.in(t, func(tx *postgres.Tx) error {
		s.company.Reminders = []merchant.Reminder{{DaysAfterDue: 10}, {DaysAfterDue: 25}}
		s.company.RemindersSince = s.now
		return tx.SaveCompany(t.Context(), s.company)
	})
	for _, number := range numbers {
		s.in(t, func(tx *postgres.Tx) error {
			return tx.InsertInvoice(t.Context(), invoice.Invoice{
				ID: id.New(id.Invoice), CompanyID: s.company.ID, Number: number, Status: invoice.Open, Amount: money.MustParse("108.00", money.CHF),
				AmountPaid: money.Zero(money.CHF), Customer: invoice.Customer{Name: "Anna", Email: "anna@example.ch", Language: "de"},
				DueDate: calendar.Day(s.now), PaymentServiceIDs: []string{s.service}, CreatedAt: s.now, IssuedAt: s.now,
			})
		})
	}
	return s, reminding{store: s.store, scale: scale, now: func() time.Time { return s.now }, tell: func(ctx context.Context, inv invoice.Invoice, in contract.Remind) error {
		*told = append(*told, inv.Number+" "+string(rune('0'+in.Step)))
		if inv.Number == "unreachable" {
			return errors.New("no such host")
		}
		s.in(t, func(tx *postgres.Tx) error {
			return tx.SaveReminder(ctx, inv.ID, inv.NewReminder(in.Step, in.DaysAfterDue, s.now))
		})
		return nil
	}}, told
}

func TestWorkersTellOfRemindersOnceTheirTimeHasCome(t *testing.T) {
	t.Parallel()
	s, r, told := remindingShop(t, 1, "R-1")
	assert.Equal(t, 10*time.Minute, r.every())
	for _, at := range []struct {
		moment string
		told   []string
	}{
		{"2026-06-10 12:00", nil},
		{"2026-06-11 07:59", nil}, // the tenth day
		{"2026-06-11 18:00", nil}, // no worker was there all day
		{"2026-06-12 07:59", nil},
		{"2026-06-12 08:00", []string{"R-1 1"}},
		{"2026-06-12 08:10", []string{"R-1 1"}},
		{"2026-06-26 17:59", []string{"R-1 1"}},
		{"2026-06-27 12:00", []string{"R-1 1"}}, // 15 days after the first one, a Saturday
		{"2026-06-28 12:00", []string{"R-1 1"}},
		{"2026-06-29 17:59", []string{"R-1 1", "R-1 2"}},
		{"2026-12-01 12:00", []string{"R-1 1", "R-1 2"}},
	} {
		moment, err := time.ParseInLocation("2006-01-02 15:04", at.moment, calendar.Zurich)
		require.NoError(t, err)
		s.now = moment.UTC()
		require.NoError(t, r.look(t.Context()))
		assert.ElementsMatch(t, at.told, *told, at.moment)
	}
}

func TestWorkflowThatCannotBeToldKeepsNoOtherFromIt(t *testing.T) {
	t.Parallel()
	s, r, told := remindingShop(t, 1, "unreachable", "R-2")
	s.now = time.Date(2026, 6, 16, 8, 0, 0, 0, time.UTC)
	require.ErrorContains(t, r.look(t.Context()), "no such host")
	assert.ElementsMatch(t, []string{"unreachable 1", "R-2 1"}, *told)
	require.Error(t, r.look(t.Context()))
	assert.ElementsMatch(t, []string{"unreachable 1", "R-2 1", "unreachable 1"}, *told, "it is told at the next look")
}

func TestDaysOfAnInvoicePassFastInALocalStack(t *testing.T) {
	t.Parallel()
	s, r, told := remindingShop(t, 86400, "R-1")
	assert.Equal(t, time.Second, r.every())
	issued := s.now
	for _, at := range []struct {
		seconds int
		told    int
	}{{9, 0}, {12, 1}, {13, 1}, {30, 2}, {1_000_000, 2}} {
		s.now = issued.Add(time.Duration(at.seconds) * time.Second)
		require.NoError(t, r.look(t.Context()))
		assert.Len(t, *told, at.told, "%d days", at.seconds)
	}
	assert.True(t, r.bend(invoice.Invoice{IssuedAt: issued}, issued.AddDate(10, 0, 0)).After(issued.AddDate(200, 0, 0)), "no time is too long")
}
