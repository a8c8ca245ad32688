package refund

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// Refused is the name of the failure of a refund that a second person refused.
const Refused = "refused"

// NeedsApproval reports whether a second person has to release a refund of the amount, given the other refunds of its payment: all of
// them together count, so that a large one can't be split. The limit is in francs; none is no limit. rate is what one unit of a foreign
// currency is worth in francs; without a rate a second person decides.
func NeedsApproval(limit decimal.NullDecimal, refunds []Refund, amount money.Amount, rate decimal.NullDecimal) bool {
	if !limit.Valid {
		return false
	}
	sum := amount
	for _, r := range refunds {
		if r.State != Failed {
			sum = sum.Add(r.Amount)
		}
	}
	if sum.Currency() == money.CHF {
		rate = decimal.NewNullDecimal(decimal.NewFromInt(1))
	}
	return !rate.Valid || sum.Decimal().Mul(rate.Decimal).GreaterThan(limit.Decimal)
}

// Hold makes a new refund wait for a second person.
func (r *Refund) Hold() {
	r.State = AwaitingApproval
	r.Timeline[0].State = AwaitingApproval
}

// Decider is the person in the console who releases or refuses a refund.
type Decider struct {
	By     string `json:"by"`      // as the audit log names them
	UserID string `json:"user_id"` // of their session
}

// Decide releases a refund that awaits approval, or refuses it. Whoever asked for it can't release it, but may take it back. Repeating
// the decision changes nothing. Problems: refund-not-awaiting-approval, second-person-needed.
func (r *Refund) Decide(release bool, by Decider, at time.Time) error {
	next, note := Failed, "Refused by "+by.By+"."
	if release {
		next, note = Requested, "Released by "+by.By+"."
	}
	last := r.Timeline[len(r.Timeline)-1]
	if last.State == next && last.Note == note {
		return nil
	}
	if err := r.MayDecide(release, by); err != nil {
		return err
	}
	if !release {
		r.Failure = payment.Failure{Name: Refused}
	}
	return r.Become(next, at, note)
}

// MayDecide returns the problem that keeps somebody from the decision, or nil.
func (r Refund) MayDecide(release bool, by Decider) error {
	if r.State != AwaitingApproval {
		return problem.New(problem.RefundNotAwaiting, "Refund %s is %s. Only one that awaits approval can be released or refused.", r.ID, r.State)
	}
	if release && (r.AskedBy == by.By || strings.HasSuffix(r.AskedBy, " ("+by.UserID+")")) {
		return problem.New(problem.SecondPersonNeeded, "You asked for this refund yourself. Somebody else of your company has to release it.")
	}
	return nil
}
