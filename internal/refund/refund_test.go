package refund_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

func TestNeverMoreGoesBackThanCame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := payment.Payment{ID: "pay_1", Method: payment.Card, State: payment.Captured, Amount: money.FromMinor(rapid.Int64Range(1, 1000).Draw(t, "paid"), money.CHF)}
		var refunds []refund.Refund
		kept := money.Zero(money.CHF) // what really went back, or may have
		for range rapid.IntRange(0, 12).Draw(t, "requests") {
			amount := money.FromMinor(rapid.Int64Range(-5, 600).Draw(t, "amount"), money.CHF)
			if refund.Allow(p, refunds, amount, time.Unix(0, 0)) != nil {
				continue
			}
			r := refund.New(refund.Refund{ID: "ref_1", Amount: amount}, time.Unix(0, 0))
			r.State = rapid.SampledFrom(refund.States).Draw(t, "state")
			refunds = append(refunds, r)
			if r.State != refund.Failed {
				kept = kept.Add(amount)
			}
		}
		assert.LessOrEqual(t, kept.Cmp(p.Amount), 0)
		assert.True(t, refund.Left(p, refunds).Add(kept).Equal(p.Amount))
	})
}

func TestRefundFollowsItsTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := refund.New(refund.Refund{ID: "ref_1"}, time.Unix(0, 0))
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			before := r.State
			next := rapid.SampledFrom(refund.States).Draw(t, "next")
			err := r.Become(next, time.Unix(1, 0), "")
			assert.Equal(t, before == next || before.CanBecome(next), err == nil)
			if err != nil || before.Final() {
				assert.Equal(t, before, r.State)
			}
		}
	})
}

func TestRefusalsSayWhy(t *testing.T) {
	t.Parallel()
	p := payment.Payment{ID: "pay_1", Method: payment.Card, State: payment.Captured, Amount: money.MustParse("10.00", money.CHF)}
	one := []refund.Refund{{Amount: money.MustParse("7.00", money.CHF), State: refund.Unknown}}
	require.NoError(t, refund.Allow(p, one, money.MustParse("3.00", money.CHF), time.Unix(0, 0)))
	assert.Equal(t, problem.RefundExceedsPayment, problem.CodeOf(refund.Allow(p, one, money.MustParse("3.01", money.CHF), time.Unix(0, 0))))
	assert.Equal(t, problem.Invalid, problem.CodeOf(refund.Allow(p, one, money.MustParse("1.00", money.EUR), time.Unix(0, 0))))
	assert.Equal(t, problem.Invalid, problem.CodeOf(refund.Allow(p, one, money.Zero(money.CHF), time.Unix(0, 0))))
	all := []refund.Refund{{Amount: p.Amount, State: refund.Requested}}
	assert.Equal(t, problem.RefundExceedsPayment, problem.CodeOf(refund.Allow(p, all, refund.Left(p, all), time.Unix(0, 0))), "nothing is left")
	p.State = payment.Authorized
	assert.Equal(t, problem.PaymentNotCaptured, problem.CodeOf(refund.Allow(p, nil, money.MustParse("1.00", money.CHF), time.Unix(0, 0))))
}
