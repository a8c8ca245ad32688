package booking_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/internal/testing/postgrestest"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Run(m)) }

// now is the time to the microsecond, which is what Postgres keeps.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func francs(value string) money.Amount { return money.MustParse(value, money.CHF) }

// books is a shop in which things are booked.
type books struct{ *shoptest.Shop }

func open(t *testing.T) books {
	t.Helper()
	s := books{shoptest.Open(t)}
	s.Issue()
	return s
}

// twice books the same thing two times, as after a crash, and returns the lines of the one entry that came of it.
func (b books) twice(book func(tx *postgres.Tx) error) []string {
	b.T.Helper()
	before := len(b.Journal())
	b.In(book)
	b.In(book)
	entries := b.Journal()
	require.Len(b.T, entries, before+1)
	return shoptest.Lines(entries[before])
}

// authorized is a payment of the whole invoice whose money is reserved.
func (b books) authorized() string { return b.authorizedFor("108.00") }

func (b books) authorizedFor(amount string) string {
	b.T.Helper()
	p := payment.New(payment.Payment{
		ID: id.New(id.Payment), CompanyID: b.Company, InvoiceID: b.Invoice, PaymentServiceID: b.Service, OrderID: id.NewOrder(),
		Method: payment.Card, Amount: francs(amount), NotificationSecret: id.NewSecret(),
	}, now())
	require.NoError(b.T, p.Become(payment.Redirected, now(), ""))
	require.NoError(b.T, p.Become(payment.Authorized, now(), ""))
	b.In(func(tx *postgres.Tx) error {
		_, err := tx.InsertPayment(b.T.Context(), p)
		return err
	})
	return p.ID
}

func (b books) pay(paymentID string) []string {
	b.T.Helper()
	return b.twice(func(tx *postgres.Tx) error {
		_, _, err := booking.Payment(b.T.Context(), tx, paymentID, "capture", now())
		return err
	})
}

func (b books) giveBack(paymentID, amount string) []string {
	b.T.Helper()
	ref, err := b.Wanted(paymentID, amount)
	require.NoError(b.T, err)
	return b.twice(func(tx *postgres.Tx) error {
		_, err := booking.Refund(b.T.Context(), tx, ref.RefundID, refund.Recorded, "Done.", now())
		return err
	})
}

func TestPaymentsAndTheirRefundsAreBookedOnceOnTheirAccounts(t *testing.T) {
	t.Parallel()
	b := open(t)
	first, second := b.authorized(), b.authorized()
	assert.Equal(t, []string{"1029 debit CHF 108.00", "1100 credit CHF 108.00"}, b.pay(first))
	assert.Equal(t, []string{"1029 debit CHF 108.00", "2030 credit CHF 108.00"}, b.pay(second), "nothing is due any more")
	assert.Equal(t, []string{"1100 debit CHF 8.00", "1029 credit CHF 8.00"}, b.giveBack(first, "8.00"))
	assert.Equal(t, []string{"2030 debit CHF 108.00", "1029 credit CHF 108.00"}, b.giveBack(second, ""))
	assert.Equal(t, []string{"1100 debit CHF 10.00", "1029 credit CHF 10.00"}, b.twice(func(tx *postgres.Tx) error {
		_, err := booking.FoundRefund(t.Context(), tx, booking.RefundAtSaferpay{
			CompanyID: b.Company, InvoiceID: b.Invoice, PaymentID: first, TransactionID: "found", Amount: francs("10.00"),
		}, now())
		return err
	}))
	assert.Equal(t, []any{invoice.Paid, "18.00"}, []any{b.CurrentInvoice().Status, b.CurrentInvoice().AmountRefunded.Value()})
}

func TestMoneyByOtherMeansIsBookedOnceOnItsAccount(t *testing.T) {
	t.Parallel()
	b := open(t)
	receipt := booking.OtherReceipt{ID: id.New(id.Receipt), InvoiceID: b.Invoice, Amount: francs("100.00"), Day: calendar.Day(now()), Account: "1020"}
	assert.Equal(t, []string{"1020 debit CHF 100.00", "1100 credit CHF 100.00"}, b.twice(func(tx *postgres.Tx) error {
		_, err := booking.Receipt(t.Context(), tx, receipt, now())
		return err
	}))
	assert.Equal(t, invoice.PartiallyPaid, b.CurrentInvoice().Status)
}

func TestMoneyThatNobodyKnowsIsBookedOnceAgainstPrepayments(t *testing.T) {
	t.Parallel()
	b := open(t)
	for amount, lines := range map[string][]string{
		"50.00":  {"1029 debit CHF 50.00", "2030 credit CHF 50.00"},
		"-20.00": {"2030 debit CHF 20.00", "1029 credit CHF 20.00"},
	} {
		assert.Equal(t, lines, b.twice(func(tx *postgres.Tx) error {
			return booking.Found(t.Context(), tx, booking.FoundMoney{TransactionID: "t" + amount, Amount: francs(amount)}, now())
		}))
	}
}

func TestOnlyWhatIsMadeByHandIsReversedByHand(t *testing.T) {
	t.Parallel()
	b := open(t)
	entry := booking.ManualEntry{
		ID: id.New(id.ManualEntry), CompanyID: b.Company, Day: calendar.Day(now()), Text: "By hand",
		Lines: []ledger.Line{ledger.Debit("1020", francs("5.00")), ledger.Credit("6940", francs("5.00"))},
	}
	assert.Equal(t, []string{"1020 debit CHF 5.00", "6940 credit CHF 5.00"}, b.twice(func(tx *postgres.Tx) error {
		_, err := booking.Manual(t.Context(), tx, entry)
		return err
	}))
	reverse := func(e ledger.Entry) func(tx *postgres.Tx) error {
		return func(tx *postgres.Tx) error {
			_, err := booking.Reversal(t.Context(), tx, ledger.Reversal{Entry: e, Language: "fr", Day: calendar.Day(now())})
			return err
		}
	}
	assert.Equal(t, []string{"1020 credit CHF 5.00", "6940 debit CHF 5.00"}, b.twice(reverse(b.Journal()[0])))
	b.pay(b.authorized())
	err := b.Store.InCompany(t.Context(), b.Company, reverse(b.Journal()[2]))
	assert.Equal(t, problem.EntryNotReversible, problem.CodeOf(err))
}

func TestAReopenedPayoutStandsInTheBooksNoMore(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.pay(b.authorized())
	paid := b.Journal()[0]
	p := settlement.Payout{
		ID: id.New(id.Payout), CompanyID: b.Company, State: settlement.Booked, Date: calendar.Day(now()), Net: francs("105.00"), Fee: francs("3.00"), Bookings: 1,
		Items:    []settlement.Item{{Source: paid.Source, Account: "1029", Gross: francs("108.00")}},
		Timeline: []settlement.Step{{At: now(), State: settlement.Booked}},
	}
	b.In(func(tx *postgres.Tx) error {
		company, err := tx.Company(t.Context())
		require.NoError(t, err)
		require.NoError(t, booking.Payout(t.Context(), tx, company, &p, "", now()))
		require.NotEmpty(t, p.EntryID)
		return booking.ReopenedPayout(t.Context(), tx, company, &p, calendar.Day(now()), "")
	})
	assert.Empty(t, p.EntryID)
	entries := b.Journal()
	require.Len(t, entries, 3)
	assert.Equal(t, []string{"1020 debit CHF 105.00", "6940 debit CHF 3.00", "1029 credit CHF 108.00"}, shoptest.Lines(entries[1]))
	assert.Equal(t, []string{"1020 credit CHF 105.00", "6940 credit CHF 3.00", "1029 debit CHF 108.00"}, shoptest.Lines(entries[2]))
}
