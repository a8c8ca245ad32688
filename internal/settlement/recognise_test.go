package settlement

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/problem"
)

func TestSamePayoutInAnyFileIsBookedOnce(t *testing.T) {
	t.Parallel()
	csv := "WL-0001,2026-11-24,payment," + order("a") + ",CHF,108.00,2.30,105.70"
	named := credit("CHF 105.70", ref("ZKB-77")+additional("WORLDLINE WL-0001"))
	unnamed := credit("CHF 105.70", worldline)
	detailed := credit("CHF 105.70", ref("ZKB-77")+details(endToEnd(order("a"))+amt("CHF 105.70")))
	for name, imports := range map[string][]func(o *office) taken{
		"the acquirer twice": {
			func(o *office) taken { return o.csv("2026-11-24", csv) },
			func(o *office) taken { return o.csv("2026-11-25", csv) },
		},
		"the acquirer, a notification and a statement": {
			func(o *office) taken { return o.csv("2026-11-24", csv) },
			func(o *office) taken { return o.notified("2026-11-25", named) },
			func(o *office) taken { return o.stated("2026-11-25", named) },
		},
		"the same without any reference": {
			func(o *office) taken { return o.csv("2026-11-24", csv) },
			func(o *office) taken { return o.notified("2026-11-25", unnamed) },
			func(o *office) taken { return o.stated("2026-11-25", unnamed) },
			func(o *office) taken { return o.stated("2026-11-25", unnamed) },
		},
		"a detailed notification, a bare statement and the acquirer": {
			func(o *office) taken { return o.notified("2026-11-24", detailed) },
			func(o *office) taken { return o.stated("2026-11-24", credit("CHF 105.70", ref("ZKB-77")+worldline)) },
			func(o *office) taken { return o.csv("2026-11-24", csv) },
		},
		"one file that says it twice": {
			func(o *office) taken { return o.notified("2026-11-24", detailed, detailed) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.paid("a", chf("108.00"), "2026-11-20")
			for i, take := range imports {
				told := take(o)
				last := len(told.known) - 1
				assert.Equal(t, i > 0 || last > 0, told.known[last], "file %d", i+1)
			}
			assert.Equal(t, Booked, o.payout().State)
			assert.Equal(t, []string{"1020 CHF 105.70", "6940 CHF 2.30"}, o.balances())
		})
	}
}

func TestSameOrdersUnderAnotherReferenceAreAnotherPayoutThatWaits(t *testing.T) {
	t.Parallel()
	csv := "WL-0001,2026-11-24,payment," + order("a") + ",CHF,108.00,2.30,105.70"
	bank := func(reference string) string {
		return credit("CHF 105.70", ref(reference)+additional("WORLDLINE "+order("a")))
	}
	for name, imports := range map[string][2]func(o *office) taken{
		"by the acquirer": {
			func(o *office) taken { return o.csv("2026-11-24", csv) },
			func(o *office) taken { return o.csv("2026-11-24", strings.Replace(csv, "WL-0001", "WL-0001-CORR", 1)) },
		},
		"by the bank": {
			func(o *office) taken { return o.notified("2026-11-24", bank("ZKB-0001")) },
			func(o *office) taken { return o.stated("2026-11-24", bank("ZKB-0002")) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.paid("a", chf("108.00"), "2026-11-20")
			imports[0](o)
			first := o.payout()
			assert.Equal(t, []bool{false}, imports[1](o).known)
			require.Len(t, o.payouts, 2)
			assert.Equal(t, []any{Booked, first.Reference}, []any{o.payouts[0].State, o.payouts[0].Reference}, "the first keeps its reference")
			assert.Equal(t, Unmatched, o.payouts[1].State)
			assert.Contains(t, o.payouts[1].Reason, "Nothing stands on a receipt account for pay_a any more.")
			assert.Contains(t, o.payouts[1].Reason, "See payout "+first.name())
			assert.Equal(t, []bool{true}, imports[1](o).known, "told again, it is known")
			assert.Equal(t, []bool{true}, imports[0](o).known)
			assert.Equal(t, []string{"1020 CHF 105.70", "6940 CHF 2.30"}, o.balances())
		})
	}
}

func TestOrdersThatTheBankNamesLaterAreHeldAgainstTheList(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("108.00"), "2026-11-20")
	o.csv("2026-11-24", "WL-0001,2026-11-23,payment,"+order("a")+",CHF,108.00,2.30,105.70")
	o.notified("2026-11-24", credit("CHF 105.70", worldline))
	require.Len(t, o.payouts, 1, "by its amount, it was taken for the payout of the list")
	o.stated("2026-11-24", credit("CHF 105.70", additional("WORLDLINE "+order("b"))))
	x := o.payouts[1]
	assert.Equal(t, []any{Unmatched, true}, []any{x.State, x.Held}, "it may be the same entry, or another: a person finds out")
	assert.Contains(t, x.Reason, "This looks like payout WL-0001")

	o = newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("108.00"), "2026-11-20")
	o.csv("2026-11-24", "WL-0001,2026-11-23,payment,"+order("a")+",CHF,108.00,2.30,105.70")
	o.notified("2026-11-24", credit("CHF 105.70", worldline))
	o.stated("2026-11-24", credit("CHF 105.70", additional("WORLDLINE "+order("b"))), credit("CHF 105.70", additional("WORLDLINE "+order("a"))))
	require.Len(t, o.payouts, 2, "a file that tells both leaves no doubt")
	assert.Equal(t, []string{"1020 CHF 211.40", "6940 CHF 4.60"}, o.balances())
}

func TestReferenceWithinALongerOneIsAnother(t *testing.T) {
	t.Parallel()
	for text, is := range map[string]bool{
		"PAYOUT WL-0001": true, "WL-0001": true, "WL-0001/WL-0002": true, "WL-0001.": true, "WL-0001-": true, "é WL-0001 é": true,
		"WL-0001-CORR": false, "WL-00012": false, "XWL-0001": false, "X-WL-0001": false, "WL-0001_2": false, "WL-00011 WL-0001": true, "": false,
	} {
		assert.Equal(t, is, stands("WL-0001", text), text)
	}
	assert.False(t, stands("WL-1", "WL-1"), "too short to be more than chance")
}

func TestReversalWithoutAReferenceIsTakenBackOnce(t *testing.T) {
	t.Parallel()
	back := strings.Replace(debit("CHF 105.70", worldline), "<Sts>", "<RvslInd>true</RvslInd><Sts>", 1)
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("108.00"), "2026-11-20")
	o.csv("2026-11-23", "WL-0001,2026-11-23,payment,"+order("a")+",CHF,108.00,2.30,105.70", "WL-0002,2026-11-23,payment,"+order("b")+",CHF,108.00,2.30,105.70")
	o.stated("2026-11-23", credit("CHF 105.70", worldline), credit("CHF 105.70", worldline))
	require.Len(t, o.payouts, 2)
	o.notified("2026-11-24", back)
	x := o.payouts[2]
	require.NoError(t, o.confirm("2026-11-24", x, Decision{}))
	assert.Equal(t, []bool{true}, o.stated("2026-11-24", back).known)
	assert.Equal(t, []bool{true}, o.notified("2026-11-24", back).known)
	assert.Equal(t, []string{"1020 CHF 105.70", "1029 CHF 108.00", "6940 CHF 2.30"}, o.balances())

	assert.Equal(t, []bool{true, false}, o.stated("2026-11-24", back, back).known, "two in one file are two")
	y := o.payouts[3]
	assert.Equal(t, Proposed, y.State)
	assert.NotEqual(t, o.payouts[2].Returns, y.Returns, "it takes the other one back")
	require.NoError(t, o.confirm("2026-11-24", y, Decision{}))
	assert.Equal(t, []string{"1029 CHF 216.00"}, o.balances())
	told := o.stated("2026-11-25", strings.Replace(debit("CHF 77.00", additional("Storno")), "<Sts>", "<RvslInd>true</RvslInd><Sts>", 1))
	assert.Equal(t, map[SkipReason]int{Others: 1}, told.skipped, "what was taken back is of others")
}

func TestWhatTheBankTakesBackByNameNeedsNobodyToDecide(t *testing.T) {
	t.Parallel()
	named := additional("WORLDLINE WL-0001")
	came := credit("CHF 105.70", named)
	back := strings.Replace(strings.ReplaceAll(debit("CHF 105.70", named), "DATE", "2026-11-25"), "<Sts>", "<RvslInd>true</RvslInd><Sts>", 1)
	list := func(number, on string) string {
		return number + "," + on + ",payment," + order("a") + ",CHF,108.00,2.30,105.70"
	}
	again := credit("CHF 105.70", additional("WORLDLINE WL-0002"))
	for name, tell := range map[string]func(o *office){
		"in order": func(o *office) {
			o.csv("2026-11-24", list("WL-0001", "2026-11-24"))
			o.stated("2026-11-24", came)
			o.stated("2026-11-25", back)
			o.csv("2026-11-27", list("WL-0002", "2026-11-27"))
			o.stated("2026-11-27", again)
		},
		"the bank first, in one file": func(o *office) {
			o.stated("2026-11-24", back, came)
			o.stated("2026-11-27", again)
			o.csv("2026-11-28", list("WL-0002", "2026-11-27"))
			o.csv("2026-11-28", list("WL-0001", "2026-11-24"))
		},
		"the second payout first": func(o *office) {
			o.csv("2026-11-27", list("WL-0002", "2026-11-27"))
			o.stated("2026-11-27", again)
			o.stated("2026-11-27", back)
			o.stated("2026-11-24", came)
			o.csv("2026-11-28", list("WL-0001", "2026-11-24"))
		},
	} {
		o := newOffice(t)
		o.paid("a", chf("108.00"), "2026-11-20")
		tell(o)
		assert.Equal(t, []string{"1020 CHF 105.70", "6940 CHF 2.30"}, o.balances(), name)
		for _, p := range o.payouts {
			assert.False(t, p.State.Waits(), "%s: %s %s: %s", name, p.Net, p.State, p.Reason)
		}
	}
}

func TestReversalThatIsToldBeforeItsPayoutFindsIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	back := strings.Replace(debit("CHF 105.70", worldline), "<Sts>", "<RvslInd>true</RvslInd><Sts>", 1)
	o.stated("2026-11-25", back)
	assert.Equal(t, "The bank takes back a transfer that Quittance does not know.", o.payout().Reason)
	o.notified("2026-11-24", credit("CHF 105.70", additional("WORLDLINE "+order("a"))))
	assert.Equal(t, []any{Proposed, o.payouts[1].ID}, []any{o.payouts[0].State, o.payouts[0].Returns})
	require.NoError(t, o.confirm("2026-11-25", o.payouts[0], Decision{}))
	assert.Equal(t, []string{"1029 CHF 108.00"}, o.balances())
	o.csv("2026-11-25", "WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,2.30,105.70")
	assert.Len(t, o.payouts, 2, "the acquirer tells of the one that was taken back")
	assert.Equal(t, []string{"1029 CHF 108.00"}, o.balances())
}

// The list and a credit of three days later may be the same payout, until the bank tells that one of the list's day and its reversal.
func TestTheBankTakesNothingBackThatItBookedLater(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-18")
	o.notified("2026-11-25", credit("CHF 105.70", worldline))
	o.csv("2026-11-25", "WL-0001,2026-11-20,payment,"+order("a")+",CHF,108.00,2.30,105.70")
	later := o.payout()
	require.Equal(t, Booked, later.State)
	text := additional("WORLDLINE " + order("a"))
	back := strings.Replace(debit("CHF 105.70", text), "<Sts>", "<RvslInd>true</RvslInd><Sts>", 1)
	o.stated("2026-11-20", credit("CHF 105.70", text), back)
	require.Len(t, o.payouts, 3)
	assert.Empty(t, o.payouts[2].Returns)
	assert.Equal(t, "The bank takes back payout "+o.payouts[1].name()+", which is not booked. Dismiss both.", o.payouts[2].Reason)
	assert.Equal(t, []string{"1020 CHF 105.70", "6940 CHF 2.30"}, o.balances(), "what came later is at the bank")
}

func TestTwoPayoutsOverTheSameAmountAreTwo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, name := range []string{"a", "b", "c"} {
		o.paid(name, chf("100.00"), "2026-11-20")
	}
	o.csv("2026-11-24", "WL-0001,2026-11-24,payment,"+order("a")+",CHF,100.00,2.00,98.00", "WL-0002,2026-11-24,payment,"+order("b")+",CHF,100.00,2.00,98.00")
	o.notified("2026-11-24", credit("CHF 98.00", worldline), credit("CHF 98.00", worldline))
	require.Len(t, o.payouts, 2, "the bank's two are the acquirer's two")
	o.notified("2026-11-25", credit("CHF 98.00", worldline))
	require.Len(t, o.payouts, 3, "a third at the bank is another one")
	o.csv("2026-11-25", "WL-0003,2026-11-25,payment,"+order("c")+",CHF,100.00,2.00,98.00")
	require.Len(t, o.payouts, 3)
	assert.Equal(t, []string{"1020 CHF 294.00", "6940 CHF 6.00"}, o.balances())
}

func TestPlaceholderInPlaceOfAReferenceSaysNothing(t *testing.T) {
	t.Parallel()
	for _, placeholder := range []string{"NOTPROVIDED", "NONREF"} {
		o := newOffice(t)
		o.notified("2026-11-24", credit("CHF 98.00", ref(placeholder)+worldline))
		o.notified("2026-12-15", credit("CHF 98.00", ref(placeholder)+worldline))
		assert.Len(t, o.payouts, 2, "three weeks apart")
	}
}

func TestReferenceThatABankUsesAgainAMonthLaterIsOfAnotherPayout(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.notified("2026-09-24", credit("CHF 98.00", ref("000017")+worldline))
	o.notified("2026-11-24", credit("CHF 98.00", ref("000017")+worldline))
	assert.Len(t, o.payouts, 2)
}

func TestMoreThanTheBankToldMakesAProposalCertain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("100.00"), "2026-11-20")
	o.paid("b", chf("100.00"), "2026-11-19")
	o.stated("2026-11-24", credit("CHF 98.00", worldline))
	require.Equal(t, []any{Proposed, []string{"pay_a"}}, []any{o.payout().State, ids(o.payout().Items)}, "it was due")
	o.csv("2026-11-25", "WL-0001,2026-11-24,payment,"+order("b")+",CHF,100.00,2.00,98.00")
	p := o.payout("WL-0001")
	assert.Equal(t, []any{Booked, Certain, []string{"pay_b"}, "CH9300762011623852957"}, []any{p.State, p.Confident, ids(p.Items), p.Account})
	assert.Len(t, p.Seen, 2)
}

func TestAcquirerWhoContradictsAPersonIsLookedAt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("100.00"), "2026-11-20")
	o.paid("b", chf("100.00"), "2026-11-19")
	o.stated("2026-11-24", credit("CHF 98.00", ref("ZKB-77")+worldline))
	require.NoError(t, o.confirm("2026-11-24", o.payout(), Decision{}))
	o.csv("2026-11-25", "WL-0001,2026-11-24,payment,"+order("b")+",CHF,100.00,2.00,98.00")
	p := o.payout("WL-0001")
	assert.Equal(t, []any{Unmatched, true}, []any{p.State, p.Held})
	assert.Contains(t, p.Reason, "This looks like payout ZKB-77 (pyo_")
	assert.Contains(t, p.Reason, "but with other payments")
	assert.Len(t, o.entries, 1)
}

func TestKnownReferenceWithAnotherAmountIsLookedAt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.csv("2026-11-24", "WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,2.30,105.70")
	o.csv("2026-11-25", "WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,2.00,106.00")
	require.Len(t, o.payouts, 2)
	assert.Equal(t, []any{Unmatched, true}, []any{o.payouts[1].State, o.payouts[1].Held})
	assert.Contains(t, o.payouts[1].Reason, "over CHF 105.70 of 2026-11-24, but with another amount")
	o.csv("2026-11-26", "WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,2.00,106.00")
	assert.Len(t, o.payouts, 2, "told again, it is known")
	o.notified("2026-11-26", credit("CHF 100.70", additional("WORLDLINE WL-0001")))
	assert.Contains(t, o.payouts[2].Reason, "with another amount", "the bank took something")
	assert.Len(t, o.entries, 1)
}

func TestWhatHasNothingToDoWithTheAcquirerIsLeftAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	customer := details(amt("CHF 108.00") + "<RltdPties><Dbtr><Pty><Nm>Anna Muster</Nm></Pty></Dbtr></RltdPties>")
	pending := strings.Replace(credit("CHF 105.70", worldline), "BOOK", "PDNG", 1)
	told := o.stated("2026-11-24", credit("CHF 108.00", customer), debit("CHF 108.00", additional("Rent")), credit("CHF 0.00", worldline), pending)
	assert.Empty(t, o.payouts, "a customer who happens to pay the same amount is no payout")
	assert.Equal(t, map[SkipReason]int{Others: 3, Pending: 1}, told.skipped)

	o.stated("2026-11-24", credit("CHF 105.70", additional("Credit")))
	assert.Equal(t, Proposed, o.payout().State, "an entry that names nobody may be one")
}

func TestKnownPayoutIsRecognisedThoughASomebodyElseSendsIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.csv("2026-11-24", "WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,2.30,105.70")
	told := o.stated("2026-11-25", credit("CHF 105.70", details("<RltdPties><Dbtr><Pty><Nm>Clearing Bank</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>PAYOUT WL-0001</Ustrd></RmtInf>")))
	assert.Equal(t, []bool{true}, told.known)
}

func TestPayoutThatTheBankTakesBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.notified("2026-11-24", credit("CHF 105.70", ref("ZKB-1")+additional("WORLDLINE "+order("a"))))
	back := debit("CHF 105.70", "<RvslInd>true</RvslInd>"+ref("ZKB-1")+worldline)
	back = strings.Replace(back, "<RvslInd>true</RvslInd>", "", 1)
	back = strings.Replace(back, "<Sts>", "<RvslInd>true</RvslInd><Sts>", 1)
	o.notified("2026-11-25", back)
	x := o.payouts[1]
	assert.Equal(t, []any{Proposed, o.payouts[0].ID}, []any{x.State, x.Returns}, x.Reason)
	require.NoError(t, o.confirm("2026-11-25", x, Decision{}))
	assert.Equal(t, []State{Returned, Booked}, []State{o.payouts[0].State, o.payouts[1].State})
	assert.Equal(t, o.entries[0].ID, o.entries[1].Reverses)
	assert.Equal(t, []string{"1029 CHF 108.00"}, o.balances(), "it waits for its payout again")

	told := o.notified("2026-11-24", credit("CHF 105.70", ref("ZKB-1")+additional("WORLDLINE "+order("a"))))
	assert.Equal(t, []bool{true}, told.known, "the one that was taken back is not paid twice")
	o.notified("2026-11-27", credit("CHF 105.70", ref("ZKB-2")+additional("WORLDLINE "+order("a"))))
	assert.Equal(t, []string{"1020 CHF 105.70", "6940 CHF 2.30"}, o.balances(), "paid again")

	o.notified("2026-11-27", strings.Replace(back, "105.70", "1.00", 1))
	assert.Equal(t, "The bank takes back a transfer that Quittance does not know.", o.payouts[3].Reason)
}

func TestDismissedPayoutStaysOutOfTheBooksUntilAPersonSaysOtherwise(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("100.00"), "2026-11-20")
	o.notified("2026-11-24", credit("CHF 98.00", worldline))
	dismiss := func(m *Matcher, p *Payout) error { return m.Dismiss(p, "Of the shop.") }
	require.NoError(t, o.decide("2026-11-24", o.payout().ID, dismiss))
	require.NoError(t, o.decide("2026-11-24", o.payout().ID, dismiss), "again changes nothing")
	assert.Equal(t, []any{Dismissed, "Left out of the books. Of the shop."}, []any{o.payout().State, o.payout().Reason})
	assert.Len(t, o.payout().Timeline, 2)
	require.NoError(t, o.confirm("2026-11-25", o.payout(), Decision{Items: []string{"pay_a"}}))
	err := o.decide("2026-11-25", o.payout().ID, dismiss)
	assert.Equal(t, problem.PayoutDecided, problem.CodeOf(err))
}

func TestMoneyOfAStrangerIsNoPayoutThoughAmountAndDayAreTheSame(t *testing.T) {
	t.Parallel()
	csv := "WL-0001,2026-11-24,payment," + order("a") + ",CHF,108.00,2.30,105.70"
	stranger := func(text string) string {
		return credit("CHF 105.70", details("<RltdPties><Dbtr><Pty><Nm>Anna Meier</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>"+text+"</Ustrd></RmtInf>"))
	}
	for name, first := range map[string]func(o *office) taken{
		"told by the acquirer":                 func(o *office) taken { return o.csv("2026-11-24", csv) },
		"told by the bank without a reference": func(o *office) taken { return o.notified("2026-11-24", credit("CHF 105.70", worldline)) },
		"told by the bank, which names an order": func(o *office) taken {
			return o.notified("2026-11-24", credit("CHF 105.70", additional("WORLDLINE "+order("a"))))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.paid("a", chf("108.00"), "2026-11-20")
			first(o)
			file := o.bank("camt.053.001.08", "BkToCstmrStmt", "Stmt", "2026-11-24", []string{
				stranger("Miete"), stranger("VISA/ 108.00/NR.12345/KOM. 2.30/DAT.20.11.2026/X"), credit("CHF 105.70", worldline),
			})
			o.takes("2026-11-24", file)
			assert.Equal(t, 2, file.Skipped[Others])
			require.Len(t, o.payouts, 1)
			assert.Len(t, o.payouts[0].Seen, 2)
		})
	}
}
