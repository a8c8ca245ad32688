package payment_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// rank orders the states of a life; Unknown says nothing about progress and has the rank of what it interrupted.
var rank = map[payment.State]int{
	payment.Created: 0, payment.Redirected: 1, payment.Pending: 2, payment.Authorized: 3, payment.Captured: 4,
	payment.Failed: 4, payment.Aborted: 4, payment.Expired: 4, payment.Cancelled: 4,
}

func TestPaymentNeverGoesBackAndEndsForGood(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := payment.New(payment.Payment{ID: "pay_1"}, time.Unix(0, 0))
		reached := 0
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			before, steps := p.State, len(p.Timeline)
			next := rapid.SampledFrom(payment.States).Draw(t, "next")
			err := p.Become(next, time.Unix(1, 0), "")
			switch {
			case next == before:
				require.NoError(t, err)
				assert.Len(t, p.Timeline, steps, "becoming what it is changes nothing")
			case before.CanBecome(next):
				require.NoError(t, err)
				assert.Equal(t, next, p.Timeline[len(p.Timeline)-1].State)
				if next != payment.Unknown && before != payment.Unknown {
					assert.GreaterOrEqual(t, rank[next], reached, "%s after %s goes back", next, before)
					reached = rank[next]
				}
			default:
				require.Error(t, err)
				assert.Equal(t, before, p.State)
				assert.Len(t, p.Timeline, steps)
			}
			if before.Final() {
				assert.Equal(t, before, p.State, "a final state was left")
			}
		}
	})
}

func TestEveryPaymentCanStillEnd(t *testing.T) {
	t.Parallel()
	for _, s := range payment.States {
		seen := map[payment.State]bool{}
		var ends func(payment.State) bool
		ends = func(s payment.State) bool {
			seen[s] = true
			if s.Final() {
				return true
			}
			for _, next := range payment.States {
				if s.CanBecome(next) && !seen[next] && ends(next) {
					return true
				}
			}
			return false
		}
		assert.True(t, ends(s), "%s has no way to an end", s)
	}
	assert.False(t, payment.Authorized.CanBecome(payment.Failed), "authorized money is captured or released, never failed")
}

func TestWhatEndedWithoutMoneyIsBegunAnewOnce(t *testing.T) {
	t.Parallel()
	for _, end := range payment.States {
		p := payment.New(payment.Payment{ID: "pay_1"}, time.Unix(0, 0))
		p.State = end
		p.Timeline = append(p.Timeline, payment.Step{At: time.Unix(1, 0), State: end})
		if moneyless := end == payment.Failed || end == payment.Aborted || end == payment.Expired; !moneyless {
			require.Error(t, p.Reopen(time.Unix(2, 0), ""), end)
			assert.Equal(t, end, p.State)
			continue
		}
		assert.False(t, p.Reopened(), "%s for the first time", end)
		p.Failure.Name = payment.GivenUp
		require.Error(t, p.Reopen(time.Unix(2, 0), ""), "a person ended it")
		p.Failure.Name = "TRANSACTION_DECLINED"
		require.NoError(t, p.Reopen(time.Unix(2, 0), "Saferpay reports it."))
		assert.True(t, p.Reopened())
		assert.Empty(t, p.Failure, "there is money after all")
		assert.Equal(t, payment.Step{At: time.Unix(2, 0).UTC(), State: payment.Unknown, Note: "Saferpay reports it."}, p.Timeline[2])
		require.NoError(t, p.Become(payment.Failed, time.Unix(3, 0), ""))
		assert.Error(t, p.Reopen(time.Unix(4, 0), ""), "a second time is for a person")
	}
}

func TestOnlyWhatWasAskedForIsTaken(t *testing.T) {
	t.Parallel()
	asked := payment.Payment{OrderID: "Q1", Amount: money.MustParse("108.00", money.CHF), Method: payment.Card}
	twint := asked
	twint.Method = payment.TWINT
	for name, c := range map[string]struct {
		p              payment.Payment
		order          string
		amount         money.Amount
		shift, require bool
		want           payment.Objection
	}{
		"as asked":                       {asked, "Q1", asked.Amount, true, true, payment.NoObjection},
		"another order":                  {asked, "Q2", asked.Amount, true, true, payment.OrderMismatch},
		"partial approval":               {asked, "Q1", money.MustParse("54.00", money.CHF), true, true, payment.AmountMismatch},
		"another currency":               {asked, "Q1", money.MustParse("108.00", money.EUR), true, true, payment.AmountMismatch},
		"no shift, required":             {asked, "Q1", asked.Amount, false, true, payment.NoLiabilityShift},
		"no shift, preferred":            {asked, "Q1", asked.Amount, false, false, payment.NoObjection},
		"TWINT knows no liability shift": {twint, "Q1", asked.Amount, false, true, payment.NoObjection},
	} {
		assert.Equal(t, c.want, c.p.Examine(c.order, c.amount, c.shift, c.require), name)
		if c.want != payment.NoObjection {
			assert.NotEmpty(t, c.want.Note(), name)
		}
	}
}
