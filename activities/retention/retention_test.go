package retention_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/retention"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

var tonight = time.Date(2026, 11, 29, 1, 40, 0, 0, time.UTC)

// nights are nights of companies whose retention is kept.
type nights struct {
	*testing.T
	store   *postgres.Store
	steps   *retention.Activities
	letters []letter.Letter
	now     time.Time
	down    error // of the mail server
}

func begin(t *testing.T) *nights {
	t.Helper()
	n := &nights{T: t, store: postgrestest.New(t), now: tonight}
	n.steps = &retention.Activities{
		InCompany: func(ctx context.Context, companyID string, fn func(retention.Tx) error) error {
			return n.store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
		},
		Companies: n.store.Companies,
		Send: activities.Send(func(_ context.Context, l letter.Letter) error {
			if n.down == nil {
				n.letters = append(n.letters, l)
			}
			return n.down
		}),
		Now: func() time.Time { return n.now },
	}
	return n
}

func (n *nights) company() merchant.Company {
	n.Helper()
	c := merchant.Company{
		ID: id.New(id.Company), Name: "Demo SA", Language: "fr", Canton: "VD", ContactEmail: "compta@demo.example", Liability: merchant.Require, CreatedAt: tonight,
		ReceiptAccount: merchant.DefaultReceiptAccount, FeeAccount: merchant.DefaultFeeAccount, PayoutDays: merchant.DefaultPayoutDays,
	}
	require.NoError(n, n.store.CreateCompany(n.Context(), c))
	return c
}

// invoice stores an invoice of a customer, who has that mail address.
func (n *nights) invoice(c merchant.Company, number, email string, status invoice.Status, at time.Time) string {
	n.Helper()
	inv := invoice.Invoice{
		ID: id.New(id.Invoice), CompanyID: c.ID, Number: number, Status: status, Amount: money.MustParse("10.00", money.CHF), AmountPaid: money.Zero(money.CHF),
		AmountRefunded: money.Zero(money.CHF), Customer: invoice.Customer{Name: "Zoë Müller", Email: email, Language: "de"}, DueDate: tonight.Truncate(24 * time.Hour), CreatedAt: at,
	}
	if status == invoice.Paid {
		inv.AmountPaid, inv.PaidAt, inv.IssuedAt = inv.Amount, at, at
	}
	require.NoError(n, n.store.InCompany(n.Context(), c.ID, func(tx *postgres.Tx) error { return tx.InsertInvoice(n.Context(), inv) }))
	return inv.ID
}

// night is one round of all companies.
func (n *nights) night() retention.Kept {
	n.Helper()
	out, err := n.steps.KeepRetention(n.Context(), retention.Round{})
	require.NoError(n, err)
	return out
}

// erased are the numbers of the company's invoices whose customer is erased.
func (n *nights) erased(c merchant.Company) (numbers []string) {
	n.Helper()
	require.NoError(n, n.store.InCompany(n.Context(), c.ID, func(tx *postgres.Tx) error {
		all, _, err := tx.Invoices(n.Context(), listing.Invoices{Sort: listing.InvoicesByNumber})
		for _, i := range all {
			if !i.Customer.ErasedAt.IsZero() {
				assert.Empty(n, i.Customer.Name)
				numbers = append(numbers, i.Number)
			}
		}
		return err
	}))
	return numbers
}

func TestWhoIsKeptLongEnoughIsErasedAMonthAfterTheCompanyWasTold(t *testing.T) {
	t.Parallel()
	n := begin(t)
	c, other := n.company(), n.company()
	before := func(years, days int) time.Time { return tonight.AddDate(-years, 0, -days) }
	n.invoice(c, "1 paid in 2015", "a@example.ch", invoice.Paid, time.Date(2015, 12, 31, 12, 0, 0, 0, time.UTC))
	n.invoice(c, "2 paid in 2016", "b@example.ch", invoice.Paid, time.Date(2016, 1, 2, 12, 0, 0, 0, time.UTC))
	n.invoice(c, "3 old, of one who came again", "c@example.ch", invoice.Paid, before(12, 0))
	n.invoice(c, "4 new, of one who came before", "c@example.ch", invoice.Paid, before(0, 1))
	n.invoice(c, "5 open for ever", "d@example.ch", invoice.Open, before(15, 0))
	n.invoice(c, "6 an old draft", "", invoice.Draft, before(1, 40))
	n.invoice(c, "7 a new draft", "", invoice.Draft, before(0, 100))

	assert.Equal(t, retention.Kept{Told: 1}, n.night())
	assert.Equal(t, retention.Kept{}, n.night(), "once")
	require.Len(t, n.letters, 1)
	assert.Equal(t, "compta@demo.example", n.letters[0].To)
	assert.Contains(t, n.letters[0].Text, "29.12.2026")
	require.NoError(t, n.store.InCompany(t.Context(), c.ID, func(tx *postgres.Tx) error {
		events, _, err := tx.Events(t.Context(), listing.Events{Type: event.RetentionAnnounced})
		require.Len(t, events, 1)
		assert.Equal(t, map[string]string{"first_erasure": "2026-12-29T01:40:00Z", "books_years": "10", "unpaid_days": "365"}, events[0].Data)
		return err
	}))
	n.now = tonight.AddDate(0, 0, 29)
	assert.Equal(t, retention.Kept{}, n.night())
	assert.Empty(t, n.erased(c))

	n.now = tonight.AddDate(0, 0, 30)
	assert.Equal(t, retention.Kept{Erased: 2}, n.night())
	assert.Equal(t, []string{"1 paid in 2015", "6 an old draft"}, n.erased(c))
	assert.Equal(t, retention.Kept{}, n.night())
	assert.Empty(t, n.erased(other))

	n.now = tonight.AddDate(0, 2, 0) // another year: from now on nothing is announced
	assert.Equal(t, retention.Kept{Erased: 1}, n.night())
	assert.Len(t, n.erased(c), 3)
	assert.Len(t, n.letters, 1)
}

func TestACompanyThatCannotBeToldIsNotErased(t *testing.T) {
	t.Parallel()
	n := begin(t)
	c := n.company()
	n.invoice(c, "1", "a@example.ch", invoice.Paid, tonight.AddDate(-12, 0, 0))
	n.down = errors.New("the mail server is down")
	for range 40 {
		out := n.night()
		assert.Equal(t, 1, out.Failed)
		assert.Contains(t, out.Why, "the mail server is down")
		n.now = n.now.AddDate(0, 0, 1)
	}
	assert.Empty(t, n.erased(c))
	n.down = &activities.UndeliverableError{Reason: "550"}
	assert.Equal(t, 1, n.night().Told)
	require.NoError(t, n.store.InCompany(t.Context(), c.ID, func(tx *postgres.Tx) error {
		raised, err := tx.ExceptionsAbout(t.Context(), []string{c.ID})
		require.Len(t, raised, 1)
		assert.Equal(t, exception.EmailFailed, raised[0].Kind)
		assert.Contains(t, raised[0].Detail, "could not be delivered: 550")
		return err
	}))
	n.now = n.now.AddDate(0, 0, 30)
	assert.Equal(t, 1, n.night().Erased)
}

func TestManyCompaniesAreLookedAtInRounds(t *testing.T) {
	t.Parallel()
	n := begin(t)
	for range 45 {
		n.invoice(n.company(), "1", "a@example.ch", invoice.Paid, tonight.AddDate(-12, 0, 0))
	}
	n.steps.Now = func() time.Time { // ten seconds for each company
		n.now = n.now.Add(5 * time.Second)
		return n.now
	}
	told, rounds := 0, 0
	for round := (retention.Round{}); rounds == 0 || round.After != ""; rounds++ {
		out, err := n.steps.KeepRetention(t.Context(), round)
		require.NoError(t, err)
		told, round.After = told+out.Told, out.Next
	}
	assert.Equal(t, 45, told)
	assert.Equal(t, 4, rounds, "each lasts for two minutes at most")
}
