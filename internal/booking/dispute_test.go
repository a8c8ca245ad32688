package booking_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
)

// disputes opens a dispute of the payment two times, as after a crash, and returns its id and the lines of its entry.
func (b books) disputes(paymentID string, amount money.Amount) (disputeID string, lines []string) {
	b.T.Helper()
	disputeID = id.New(id.Dispute)
	return disputeID, b.twice(func(tx *postgres.Tx) error {
		_, _, err := booking.OpenDispute(b.T.Context(), tx, dispute.Dispute{
			ID: disputeID, PaymentID: paymentID, Amount: amount, Reason: "Goods not received", OpenedOn: calendar.Day(now()),
		}, "key_1", now())
		return err
	})
}

func (b books) lose(disputeID string, claim dispute.Claim) []string {
	b.T.Helper()
	return b.twice(func(tx *postgres.Tx) error {
		_, _, err := booking.LoseDispute(b.T.Context(), tx, booking.LostDispute{DisputeID: disputeID, Claim: claim, On: calendar.Day(now()), By: "key_1"}, now())
		return err
	})
}

func (b books) win(disputeID string) []string {
	b.T.Helper()
	return b.twice(func(tx *postgres.Tx) error {
		_, err := booking.WinDispute(b.T.Context(), tx, disputeID, calendar.Day(now()), "key_1", now())
		return err
	})
}

func TestEachStepOfADisputeIsBookedOnce(t *testing.T) {
	t.Parallel()
	b := open(t)
	first, second := b.authorized(), b.authorized()
	b.pay(first)
	b.pay(second)
	one, lines := b.disputes(first, francs("8.00"))
	assert.Equal(t, []string{"1190 debit CHF 8.00", "1029 credit CHF 8.00"}, lines)
	assert.Equal(t, []string{"1029 debit CHF 8.00", "1190 credit CHF 8.00"}, b.win(one))
	two, _ := b.disputes(first, francs("100.00"))
	assert.Equal(t, []string{"1100 debit CHF 100.00", "1190 credit CHF 100.00"}, b.lose(two, dispute.OnInvoice))
	left := b.CurrentInvoice()
	assert.Equal(t, []any{invoice.PartiallyPaid, "8.00", "100.00"}, []any{left.Status, left.AmountPaid.Value(), left.AmountDue().Value()})
	three, lines := b.disputes(first, money.Amount{})
	assert.Equal(t, []string{"1190 debit CHF 8.00", "1029 credit CHF 8.00"}, lines, "all that is left")
	assert.Equal(t, []string{"3805 debit CHF 8.00", "1190 credit CHF 8.00"}, b.lose(three, dispute.AsLoss))
	assert.Equal(t, []any{invoice.PartiallyPaid, "8.00"}, []any{b.CurrentInvoice().Status, b.CurrentInvoice().AmountPaid.Value()})
	parked, _ := b.disputes(second, money.Amount{})
	assert.Equal(t, []string{"2030 debit CHF 108.00", "1190 credit CHF 108.00"}, b.lose(parked, dispute.AsLoss))
	_, err := b.Wanted(first, "")
	assert.ErrorContains(t, err, string(problem.RefundExceedsPayment), "nothing of it goes back a second time")
}

func TestADisputeThatIsWonAndLostAtOnceIsOneOfThem(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := b.authorized()
	b.pay(p)
	disputed, _ := b.disputes(p, money.Amount{})
	before := len(b.Journal())
	var both sync.WaitGroup
	errs := make([]error, 2)
	both.Go(func() {
		errs[0] = b.Store.InCompany(t.Context(), b.Company, func(tx *postgres.Tx) error {
			_, err := booking.WinDispute(t.Context(), tx, disputed, calendar.Day(now()), "key_1", now())
			return err
		})
	})
	both.Go(func() {
		errs[1] = b.Store.InCompany(t.Context(), b.Company, func(tx *postgres.Tx) error {
			_, _, err := booking.LoseDispute(t.Context(), tx, booking.LostDispute{DisputeID: disputed, Claim: dispute.OnInvoice, On: calendar.Day(now())}, now())
			return err
		})
	})
	both.Wait()
	require.Len(t, b.Journal(), before+1)
	won := b.CurrentInvoice().Status == invoice.Paid
	assert.Equal(t, []bool{won, !won}, []bool{errs[0] == nil, errs[1] == nil})
	for _, err := range errs {
		if err != nil {
			assert.Equal(t, problem.DisputeDecided, problem.CodeOf(err))
		}
	}
}
