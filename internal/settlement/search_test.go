package settlement

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/payment"
)

func TestChargeInAnotherCurrencyIsNoPartOfThePayout(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.notified("2026-11-24", credit("CHF 105.70", `<Chrgs><Rcrd><Amt Ccy="EUR">2.30</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>`+worldline))
	assert.Equal(t, Proposed, o.payout().State, "it is searched for as one of which the fee is not told")
}

func TestNetAmountIsExplainedByWhatWasDueOnItsDay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("early", chf("60.00"), "2026-11-18")
	o.paid("fri", chf("108.00"), "2026-11-20") // a Friday: due on Tuesday, as what comes on the weekend
	o.paid("sat", chf("50.00"), "2026-11-21")
	o.refunded("sun", "fri", chf("8.00"), "2026-11-22")
	o.paid("mon", chf("70.00"), "2026-11-23")
	o.notified("2026-11-24", credit("CHF 146.80", worldline))
	p := o.payout()
	assert.Equal(t, []any{Proposed, Likely, []string{"pay_fri", "pay_sat", "ref_sun"}, "CHF 3.20"}, []any{p.State, p.Confident, ids(p.Items), p.Fee.String()})
	assert.Equal(t, "This is what was due on this day: CHF 150.00, less a fee of CHF 3.20.", p.Reason)
	assert.Empty(t, o.entries, "a person confirms what was only found by its amount")
	require.NoError(t, o.confirm("2026-11-24", p, Decision{}))
	assert.Equal(t, []string{"1020 CHF 146.80", "1029 CHF 130.00", "6940 CHF 3.20"}, o.balances())
}

func TestOneMethodMayBePaidOutByItself(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("50.00"), "2026-11-20")
	o.positions[1].Method = payment.TWINT
	o.notified("2026-11-24", credit("CHF 49.35", worldline), credit("CHF 105.70", ref("SECOND")+worldline))
	require.Len(t, o.payouts, 2)
	assert.Equal(t, []any{Proposed, []string{"pay_b"}}, []any{o.payouts[0].State, ids(o.payouts[0].Items)})
	assert.Equal(t, []any{Proposed, []string{"pay_a"}}, []any{o.payouts[1].State, ids(o.payouts[1].Items)})
}

func TestGrossAmountOfDaysInARowIsFoundThoughItIsLate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i, d := range []string{"2026-11-12", "2026-11-13", "2026-11-16", "2026-11-17"} {
		o.paid(fmt.Sprintf("p%c", 'a'+i), chf(fmt.Sprintf("%d.35", 40+7*i)), d)
	}
	o.notified("2026-11-24", credit("CHF 101.70", worldline))
	assert.Equal(t, []any{Proposed, Likely, []string{"pay_pb", "pay_pc"}, "CHF 0.00"},
		[]any{o.payout().State, o.payout().Confident, ids(o.payout().Items), o.payout().Fee.String()})
}

func TestOnlySetThatExplainsAPayoutIsPossible(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i, francs := range []string{"17.05", "230.40", "99.95", "61.15", "402.00"} {
		o.paid(fmt.Sprintf("p%c", 'a'+i), chf(francs), "2026-11-20")
	}
	o.notified("2026-11-24", credit("CHF 480.20", ref("EXACT")+worldline), credit("CHF 97.50", ref("LESS")+worldline))
	exact, less := o.payout("EXACT"), o.payout("LESS")
	assert.Equal(t, []any{Proposed, Possible, []string{"pay_pa", "pay_pd", "pay_pe"}}, []any{exact.State, exact.Confident, ids(exact.Items)}, exact.Reason)
	assert.Equal(t, []any{Proposed, Possible, []string{"pay_pc"}, "CHF 2.45"}, []any{less.State, less.Confident, ids(less.Items), less.Fee.String()}, less.Reason)
}

func TestSeveralExplanationsAreOffered(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 9 {
		o.paid(fmt.Sprintf("p%c", 'a'+i), chf("100.00"), "2026-11-20")
	}
	o.notified("2026-11-24", credit("CHF 98.00", worldline))
	p := o.payout()
	assert.Equal(t, []any{Unmatched, "Several sets of payments explain it."}, []any{p.State, p.Reason})
	require.Len(t, p.Choices, maxShown)
	assert.Equal(t, Candidate{Items: []string{"pay_pa"}, Fee: chf("2.00")}, p.Choices[0])
}

func TestFeeThatTheBankTellsLeavesNoChoice(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("100.00"), "2026-11-20")
	o.paid("b", chf("100.60"), "2026-11-20")
	o.notified("2026-11-24", credit("CHF 98.30", `<Chrgs><Rcrd><Amt Ccy="CHF">2.30</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>`+worldline))
	assert.Equal(t, []any{Proposed, []string{"pay_b"}}, []any{o.payout().State, ids(o.payout().Items)})
}

func TestChargeThatIsNotIncludedIsNoPartOfThePayout(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("100.00"), "2026-11-20")
	o.notified("2026-11-24", credit("CHF 100.00", `<Chrgs><Rcrd><Amt Ccy="CHF">2.30</Amt><ChrgInclInd>false</ChrgInclInd></Rcrd></Chrgs>`+text("WORLDLINE "+order("a"))))
	assert.Equal(t, []string{"1020 CHF 100.00"}, o.balances())
}

func TestTransactionsWithoutOrdersAreMatchedOneByOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("100.00"), "2026-11-17")
	o.paid("b", chf("100.00"), "2026-11-18")
	o.paid("c", chf("33.00"), "2026-11-18")
	o.paid("d", chf("250.00"), "2026-11-19")
	o.notified("2026-11-24", credit("CHF 227.50", details(amt("CHF 97.70"), amt("CHF 32.10"), amt("CHF 97.70"))+worldline))
	p := o.payout()
	assert.Equal(t, []any{Proposed, Likely, []string{"pay_a", "pay_c", "pay_b"}}, []any{p.State, p.Confident, ids(p.Items)}, p.Reason)
	assert.Equal(t, "CHF 2.30", p.Items[0].Fee.String())
}

func TestNothingExplainsWhatIsTooOldOrNotYetPaid(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("old", chf("100.00"), "2026-11-06")
	o.paid("new", chf("100.00"), "2026-11-25")
	o.paid("eur", eur("100.00"), "2026-11-20")
	o.notified("2026-11-24", credit("CHF 98.00", worldline))
	assert.Equal(t, []any{Unmatched, "The payments and refunds of the 10 business days before that still wait for their payout do not explain it."},
		[]any{o.payout().State, o.payout().Reason})
	o.paid("late", chf("99.00"), "2026-11-23")
	o.notified("2026-11-25", credit("CHF 5000.00", ref("OTHER")+worldline))
	assert.Equal(t, []string{"pay_late"}, ids(o.payout("").Items), "what waits is looked at again with every file")
}

func TestSearchGivesUpInTime(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i := range 400 {
		o.paid(fmt.Sprintf("p%c%c", 'a'+i/20, 'a'+i%20), chf(fmt.Sprintf("%d.%02d", 100+i*37%301, i*53%100)), "2026-11-20")
	}
	o.notified("2026-11-24", credit("CHF 4321.15", worldline))
	assert.Equal(t, Unmatched, o.payout().State, "too many sets may explain it: %s", o.payout().Reason)
}
