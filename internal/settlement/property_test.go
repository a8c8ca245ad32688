package settlement

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// sent is a payout as it really happened: what the acquirer paid, by which any file of it is made.
type sent struct {
	reference string
	on        string
	lines     []Line // with the orders
	net       money.Amount
}

// csv is the acquirer's list of it.
func (s sent) csv() []string {
	rows := make([]string, len(s.lines))
	for i, l := range s.lines {
		rows[i] = strings.Join([]string{
			s.reference, s.on, string(l.Kind), l.OrderID, string(l.Net.Currency()), l.Gross.Value(), l.Fee.Value(), l.Net.Value(),
		}, ",")
	}
	return rows
}

// entry is what the bank says of it: with what else it knows.
func (s sent) entry(more string) string {
	if s.net.IsNegative() {
		return debit(s.net.Neg().String(), more)
	}
	return credit(s.net.String(), more)
}

// detailed is what the bank knows when the acquirer passes it on.
func (s sent) detailed() string {
	transactions := make([]string, len(s.lines))
	for i, l := range s.lines {
		sign, amount := "CRDT", l.Net
		if amount.IsNegative() {
			sign, amount = "DBIT", amount.Neg()
		}
		transactions[i] = fmt.Sprintf(`%s<Amt Ccy="%s">%s</Amt><CdtDbtInd>%s</CdtDbtInd>`, endToEnd(l.OrderID), amount.Currency(), amount.Value(), sign)
	}
	return ref("BANK-"+s.reference) + details(transactions...) + worldline
}

// TestBooksCloseWhateverHappens plays random months of payments, refunds, payouts told by anybody in any order, and decisions.
func TestBooksCloseWhateverHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := newOffice(t)
		today := day("2026-11-02")
		var payouts []sent
		number := 0
		name := func() string { number++; return fmt.Sprintf("%c%c", 'a'+number/26%26, 'a'+number%26) }
		now := func() string { return today.Format(time.DateOnly) }
		currency := rapid.SampledFrom([]money.Currency{money.CHF, money.CHF, money.CHF, money.EUR})
		tell := func(s sent) {
			switch rapid.IntRange(0, 3).Draw(t, "told by") {
			case 0:
				o.csv(now(), s.csv()...)
			case 1:
				o.notified(s.on, s.entry(s.detailed()))
			case 2:
				o.stated(s.on, s.entry(ref("BANK-"+s.reference)+additional("WORLDLINE "+s.reference)))
			default:
				o.stated(s.on, s.entry(ref("BANK-"+s.reference)+worldline))
			}
		}
		waiting := func(states ...State) []Payout {
			return slices.DeleteFunc(slices.Clone(o.payouts), func(p Payout) bool { return !slices.Contains(states, p.State) })
		}
		t.Repeat(map[string]func(*rapid.T){
			"a day goes by": func(*rapid.T) { today = today.AddDate(0, 0, 1) },
			"somebody pays": func(t *rapid.T) {
				amount := money.FromMinor(rapid.Int64Range(1, 12).Draw(t, "times 25.05")*2505, currency.Draw(t, "currency"))
				o.paid(name(), amount, now())
				if rapid.Bool().Draw(t, "on another account") {
					o.positions[len(o.positions)-1].Account = "1010"
				}
			},
			"somebody gets money back": func(t *rapid.T) {
				q := draw(t, o.positions, func(q Position) bool { return q.Amount.IsPositive() })
				o.refunded(name(), q.Source.ID[len("pay_"):], money.FromMinor(rapid.Int64Range(1, q.Amount.Minor()).Draw(t, "minor"), q.Amount.Currency()), now())
			},
			"the acquirer pays out": func(t *rapid.T) {
				s := sent{reference: fmt.Sprintf("WL-%04d", len(payouts)), on: now()}
				chosen := currency.Draw(t, "currency")
				s.net = money.Zero(chosen)
				for _, q := range o.positions {
					told := slices.ContainsFunc(payouts, func(p sent) bool {
						return slices.ContainsFunc(p.lines, func(l Line) bool { return l.OrderID == q.OrderID })
					})
					if told || q.Amount.Currency() != chosen || !rapid.Bool().Draw(t, "of "+q.Source.ID) {
						continue
					}
					l := Line{Kind: PaymentLine, OrderID: q.OrderID, Gross: q.Amount, Fee: money.Zero(chosen)}
					if q.Amount.IsNegative() {
						l.Kind = RefundLine
					} else {
						l.Fee = money.FromMinor(q.Amount.Minor()*rapid.Int64Range(0, 4).Draw(t, "percent")/100, chosen)
					}
					l.Net = l.Gross.Sub(l.Fee)
					s.lines, s.net = append(s.lines, l), s.net.Add(l.Net)
				}
				if rapid.IntRange(0, 4).Draw(t, "the till takes part") == 0 {
					l := Line{Kind: PaymentLine, OrderID: "TILL-" + s.reference, Gross: money.FromMinor(4000, chosen), Fee: money.FromMinor(100, chosen), Net: money.FromMinor(3900, chosen)}
					s.lines, s.net = append(s.lines, l), s.net.Add(l.Net)
				}
				if len(s.lines) == 0 || s.net.IsZero() {
					t.Skip("nothing to pay out")
				}
				payouts = append(payouts, s)
			},
			"somebody tells of a payout": func(t *rapid.T) {
				s := draw(t, payouts, func(sent) bool { return true })
				tell(s)
			},
			"a file is imported twice": func(t *rapid.T) {
				s := draw(t, payouts, func(sent) bool { return true })
				o.csv(now(), s.csv()...)
				entries, known := len(o.entries), len(o.payouts)
				o.csv(now(), s.csv()...)
				require.Len(t, o.entries, entries, "nothing is booked by the second import")
				require.Len(t, o.payouts, known)
			},
			"a person accepts": func(t *rapid.T) {
				p := draw(t, waiting(Proposed), func(Payout) bool { return true })
				require.NoError(t, o.confirm(now(), p, Decision{}))
			},
			"a person decides": func(t *rapid.T) {
				p := draw(t, waiting(Proposed, Unmatched, Dismissed), func(Payout) bool { return true })
				c := Decision{Account: ledger.Unclear}
				for _, q := range o.positions {
					if rapid.IntRange(0, 3).Draw(t, "pays "+q.Source.ID) == 0 {
						c.Items = append(c.Items, q.Source.ID)
					}
				}
				if err := o.confirm(now(), p, c); err != nil {
					require.Equal(t, problem.Invalid, problem.CodeOf(err), "%v", err)
				}
			},
			"a person leaves one out": func(t *rapid.T) {
				p := draw(t, waiting(Proposed, Unmatched), func(Payout) bool { return true })
				require.NoError(t, o.decide(now(), p.ID, func(m *Matcher, p *Payout) error { return m.Dismiss(p, "") }))
			},
			"a person was wrong": func(t *rapid.T) {
				p := draw(t, waiting(Booked), func(p Payout) bool { return p.Returns == "" })
				require.NoError(t, o.decide(now(), p.ID, func(m *Matcher, p *Payout) error { return m.Reopen(p, "") }))
			},
			"": func(t *rapid.T) { o.check(t) },
		})
	})
}

// draw draws one of those; there being none, the action is skipped.
func draw[T any](t *rapid.T, all []T, is func(T) bool) T {
	chosen := slices.DeleteFunc(slices.Clone(all), func(item T) bool { return !is(item) })
	if len(chosen) == 0 {
		t.Skip("there is none")
	}
	return rapid.SampledFrom(chosen).Draw(t, "which")
}

// check holds what stands on the receipt accounts against the entries, and the bank against the payouts.
func (o *office) check(t *rapid.T) {
	open, bank := map[string]money.Amount{}, map[string]money.Amount{}
	add := func(sums map[string]money.Amount, key string, amount money.Amount) {
		if _, ok := sums[key]; !ok {
			sums[key] = money.Zero(amount.Currency())
		}
		sums[key] = sums[key].Add(amount)
	}
	for _, q := range o.positions {
		require.True(t, q.Open.IsZero() || q.Open.Equal(q.Amount), "%s is paid out once or not at all", q.Source.ID)
		add(open, q.Account+" "+string(q.Open.Currency()), q.Open)
	}
	for _, p := range o.payouts {
		if p.State == Booked {
			add(bank, ledger.BankIn(p.Net.Currency())+" "+string(p.Net.Currency()), p.Net)
		}
		require.False(t, p.State == Booked && p.EntryID == "" || p.State.Waits() && p.EntryID != "", "%s is %s with entry %q", p.ID, p.State, p.EntryID)
	}
	balances := o.balances()
	for _, account := range []string{"1029 CHF", "1029 EUR", "1010 CHF", "1010 EUR"} {
		sum, ever := open[account]
		require.Equal(t, ever && !sum.IsZero(), slices.ContainsFunc(balances, func(b string) bool { return strings.HasPrefix(b, account) }), account)
		if ever && !sum.IsZero() {
			require.Contains(t, balances, account+" "+sum.Value(), "what stands there is what waits for its payout")
		}
	}
	for account, sum := range bank {
		if !sum.IsZero() {
			require.Contains(t, balances, account+" "+sum.Value(), "the bank has what the booked payouts brought")
		}
	}
}
