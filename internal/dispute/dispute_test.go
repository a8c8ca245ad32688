package dispute_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
)

var now = time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func captured(francs int64) payment.Payment {
	return payment.Payment{
		ID: "pay_1", Method: payment.Card, State: payment.Captured, Amount: money.FromMinor(francs, money.CHF),
		Timeline: []payment.Step{{At: now.AddDate(0, 0, -4), State: payment.Captured}},
	}
}

// Whatever is refunded, disputed, won and lost, in any order: the same money never goes back twice.
func TestWhatIsDisputedAndRefundedIsNeverMoreThanWhatCame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := captured(rapid.Int64Range(1, 1000).Draw(t, "paid"))
		var refunds []refund.Refund
		var disputes []dispute.Dispute
		t.Repeat(map[string]func(*rapid.T){
			"refund": func(t *rapid.T) {
				amount := money.FromMinor(rapid.Int64Range(-5, 600).Draw(t, "amount"), money.CHF)
				if refund.Allow(p, refunds, amount, now) == nil {
					refunds = append(refunds, refund.Refund{Amount: amount, State: rapid.SampledFrom(refund.States).Draw(t, "state")})
				}
			},
			"dispute": func(t *rapid.T) {
				amount := money.FromMinor(rapid.Int64Range(-5, 600).Draw(t, "amount"), money.CHF)
				if dispute.Allow(p, refunds, amount) == nil {
					disputes = append(disputes, dispute.New(dispute.Dispute{Amount: amount, OpenedOn: day("2026-11-20")}, "key_1", now))
					p.Disputed = p.Amount.Sub(p.Undisputed()).Add(amount)
				}
			},
			"decide": func(t *rapid.T) {
				if len(disputes) == 0 {
					t.Skip("none")
				}
				d := &disputes[rapid.IntRange(0, len(disputes)-1).Draw(t, "which")]
				before := *d
				next := rapid.SampledFrom(dispute.States).Draw(t, "next")
				claim := map[dispute.State]dispute.Claim{dispute.Lost: rapid.SampledFrom(dispute.Claims).Draw(t, "claim")}[next]
				decided, err := d.Decide(next, claim, day("2026-11-21"), "key_1", now)
				same := before.State == next && before.Claim == claim
				assert.Equal(t, same || before.State.CanBecome(next), err == nil)
				assert.Equal(t, err == nil && !same, decided)
				if !decided {
					assert.Equal(t, before, *d)
				}
				if decided && next == dispute.Won {
					p.Disputed = p.Disputed.Sub(d.Amount)
				}
			},
			"": func(t *rapid.T) {
				gone, taken := money.Zero(money.CHF), money.Zero(money.CHF)
				for _, r := range refunds {
					if r.State != refund.Failed {
						gone = gone.Add(r.Amount)
					}
				}
				for _, d := range disputes {
					if d.State.Takes() {
						taken = taken.Add(d.Amount)
					}
				}
				assert.LessOrEqual(t, gone.Add(taken).Cmp(p.Amount), 0)
				assert.True(t, refund.Left(p, refunds).Add(gone).Add(taken).Equal(p.Amount))
				assert.Equal(t, taken.Value(), p.Amount.Sub(p.Undisputed()).Value())
			},
		})
	})
}

func TestADisputeNamesEveryFieldAtFault(t *testing.T) {
	t.Parallel()
	good := dispute.Dispute{Reason: "Goods not received", Reference: "CB-1", OpenedOn: day("2026-11-20"), RespondBy: day("2026-12-10")}
	require.NoError(t, good.Check(captured(100), day("2026-11-22")))
	bad := dispute.Dispute{OpenedOn: day("2026-11-17"), RespondBy: day("2026-11-16"), Fee: money.MustParse("-1.00", money.CHF)}
	p := new(problem.Error)
	require.ErrorAs(t, bad.Check(captured(100), day("2026-11-22")), &p)
	names := []string{}
	for _, f := range p.Fields {
		names = append(names, f.Name)
	}
	assert.Equal(t, []string{"reason", "opened_on", "respond_by", "fee"}, names)
}

func TestOnlyACapturedPaymentIsDisputedInItsCurrency(t *testing.T) {
	t.Parallel()
	p := captured(100)
	assert.Equal(t, problem.Invalid, problem.CodeOf(dispute.Allow(p, nil, money.FromMinor(1, money.EUR))))
	assert.Equal(t, problem.Invalid, problem.CodeOf(dispute.Allow(p, nil, money.Zero(money.CHF))))
	assert.Equal(t, problem.DisputeExceedsPayment, problem.CodeOf(dispute.Allow(p, nil, money.FromMinor(101, money.CHF))))
	p.State = payment.Authorized
	assert.Equal(t, problem.PaymentNotCaptured, problem.CodeOf(dispute.Allow(p, nil, money.FromMinor(1, money.CHF))))
}

func TestADecisionIsNotBeforeTheLetterNorInTheFuture(t *testing.T) {
	t.Parallel()
	for _, on := range []string{"2026-11-19", "2026-11-23"} {
		d := dispute.New(dispute.Dispute{ID: "dsp_1", OpenedOn: day("2026-11-20")}, "key_1", now)
		_, err := d.Decide(dispute.Won, "", day(on), "key_1", now)
		assert.Equal(t, problem.Invalid, problem.CodeOf(err), on)
		assert.Equal(t, dispute.Open, d.State)
	}
}
