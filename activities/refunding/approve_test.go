package refunding_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/testing/shoptest"
	"github.com/quittance/quittance/workflows/contract"
)

func TestARefundAboveTheLimitIsSetAsideUntilASecondPersonDecides(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Paid(payment.Card)
	s.In(func(tx *postgres.Tx) error {
		c, err := tx.LockCompany(t.Context())
		require.NoError(t, err)
		c.RefundApprovalAbove = decimal.NewNullDecimal(decimal.RequireFromString("50.00"))
		return tx.SaveCompany(t.Context(), c)
	})
	small, err := s.Wanted(paymentID, "50.00")
	require.NoError(t, err)
	large, err := s.Wanted(paymentID, "8.00")
	require.NoError(t, err)
	assert.Equal(t, []refund.State{refund.Requested, refund.AwaitingApproval}, []refund.State{s.Refund(small).State, s.Refund(large).State})
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.RefundAwaitingApproval))
	_, err = s.Wanted(paymentID, "50.01")
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.RefundExceedsPayment), name)

	decide := func(by string, release bool) refunding.Decided {
		return refunding.Decided{RefundRef: large, DecideRefund: contract.DecideRefund{Decider: refund.Decider{By: by, UserID: "u"}, Release: release}}
	}
	_, err = s.Run(s.Refunding.DecideRefund, decide("key_1", true))
	name, again := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.SecondPersonNeeded), name)
	assert.False(t, again)
	for range 2 { // as after a crash
		assert.Equal(t, refund.Failed, do[refund.State](s, s.Refunding.DecideRefund, decide("Anna (u)", false)))
	}
	assert.Equal(t, refund.Refused, s.Refund(large).Failure.Name)
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.RefundFailed))
	assert.Len(t, s.Refund(large).Timeline, 2)
	_, err = s.Run(s.Refunding.DecideRefund, decide("Bruno (b)", true))
	name, _ = shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.RefundNotAwaiting), name)
}

func TestWhoSendsBackWhatCameTwiceCannotReleaseItAlone(t *testing.T) {
	t.Parallel()
	s := issued(t)
	paymentID := s.Paid(payment.Card)
	s.In(func(tx *postgres.Tx) error {
		c, err := tx.LockCompany(t.Context())
		require.NoError(t, err)
		c.RefundApprovalAbove = decimal.NewNullDecimal(decimal.Zero)
		require.NoError(t, tx.SaveCompany(t.Context(), c))
		e, _, err := tx.RaiseException(t.Context(), exception.New(exception.Exception{
			CompanyID: s.Company, Kind: exception.DoublePayment, Subject: paymentID, Detail: "Paid twice.", Choices: []exception.Choice{exception.GiveBack, exception.Keep},
		}, c.CreatedAt))
		require.NoError(t, err)
		require.NoError(t, e.Resolve(exception.GiveBack, "", "Anna (u)", c.CreatedAt))
		return tx.SaveException(t.Context(), e)
	})
	in := contract.RequestRefund{CompanyID: s.Company, RefundID: id.New(id.Refund), PaymentID: paymentID, OrderID: id.NewOrder(), Reason: "Paid twice"}
	assert.Equal(t, refund.AwaitingApproval, do[refunding.RefundTerms](s, s.Refunding.RecordRefundRequest, in).State)
	r := s.Refund(activities.RefundRef{CompanyID: s.Company, RefundID: in.RefundID})
	assert.Equal(t, "Anna (u)", r.AskedBy)
	assert.Equal(t, problem.SecondPersonNeeded, problem.CodeOf(r.MayDecide(true, refund.Decider{By: "Anna Maria (u)", UserID: "u"})))
}
