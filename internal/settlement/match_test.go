package settlement

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/problem"
)

func TestPayoutIsBookedByTheOrdersThatTheAcquirerNames(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("50.00"), "2026-11-20")
	o.refunded("r", "a", chf("20.00"), "2026-11-21")
	told := o.csv("2026-11-24",
		"WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,2.30,105.70",
		"WL-0001,2026-11-24,payment,"+order("b")+",CHF,50.00,1.15,48.85",
		"WL-0001,2026-11-24,refund,"+order("r")+",CHF,-20.00,0.00,-20.00")
	p := o.payout()
	assert.Equal(t, []any{Booked, Certain, "CHF 138.00", "CHF 3.45", "CHF 134.55"}, []any{p.State, p.Confident, p.Gross().String(), p.Fee.String(), p.Net.String()})
	assert.Equal(t, []bool{false}, told.known)
	require.Len(t, o.entries, 1)
	assert.Equal(t, []ledger.Line{
		ledger.Debit("1020", chf("134.55")), ledger.Debit("6940", chf("3.45")), ledger.Credit("1029", chf("158.00")), ledger.Debit("1029", chf("20.00")),
	}, o.entries[0].Lines)
	assert.Equal(t, "Payout of the acquirer WL-0001", o.entries[0].Text)
	assert.Equal(t, day("2026-11-24"), o.entries[0].Date)
	assert.Equal(t, []string{"1020 CHF 134.55", "6940 CHF 3.45"}, o.balances(), "nothing is left on 1029")
}

func TestReceiptsAreTakenOffTheAccountsOnWhichTheyStand(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("50.00"), "2026-11-20")
	o.positions[1].Account = "1010"
	o.csv("2026-11-24",
		"WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,2.30,105.70",
		"WL-0001,2026-11-24,payment,"+order("b")+",CHF,50.00,1.15,48.85")
	assert.Equal(t, []string{"1020 CHF 154.55", "6940 CHF 3.45"}, o.balances())
	assert.Len(t, o.entries[0].Lines, 4)
}

func TestBankThatNamesOrdersNeedsNobody(t *testing.T) {
	t.Parallel()
	for name, entry := range map[string]string{
		"net amounts": credit("CHF 154.55", details(
			endToEnd(order("a"))+amt("CHF 105.70"), endToEnd(order("b"))+amt("CHF 48.85"))),
		"gross amounts and a charge for all": credit("CHF 154.55",
			`<Chrgs><Rcrd><Amt Ccy="CHF">3.45</Amt><CdtDbtInd>DBIT</CdtDbtInd><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>`+
				details(endToEnd(order("a"))+amt("CHF 108.00"), endToEnd(order("b"))+amt("CHF 50.00"))),
		"only orders":                         credit("CHF 154.55", additional("Settlement "+order("a")+", "+order("b"))),
		"orders of one transaction":           credit("CHF 154.55", details(amt("CHF 154.55")+"<RmtInf><Ustrd>"+order("a")+"/"+order("b")+"</Ustrd></RmtInf>")),
		"amounts that are not what is booked": credit("CHF 154.55", details(endToEnd(order("a"))+amt("CHF 1.00"), endToEnd(order("b"))+amt("CHF 2.00"))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.paid("a", chf("108.00"), "2026-11-20")
			o.paid("b", chf("50.00"), "2026-11-20")
			o.notified("2026-11-24", entry)
			require.Equal(t, Booked, o.payout().State, o.payout().Reason)
			assert.Equal(t, []string{"1020 CHF 154.55", "6940 CHF 3.45"}, o.balances())
		})
	}
}

func TestNegativePayoutIsBookedTheOtherWayRound(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("10.00"), "2026-11-20")
	o.refunded("r", "x", chf("50.00"), "2026-11-20")
	o.stated("2026-11-24", debit("CHF 40.30", details(
		`<Refs><EndToEndId>`+order("a")+`</EndToEndId></Refs><Amt Ccy="CHF">9.70</Amt><CdtDbtInd>CRDT</CdtDbtInd>`,
		`<Refs><EndToEndId>`+order("r")+`</EndToEndId></Refs><Amt Ccy="CHF">50.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>`)))
	require.Equal(t, Booked, o.payout().State, o.payout().Reason)
	assert.Equal(t, []string{"1020 CHF -40.30", "6940 CHF 0.30"}, o.balances())
}

func TestRefundIsFoundByTheOrderOfItsPayment(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-18")
	o.refunded("r", "a", chf("8.00"), "2026-11-19")
	o.refunded("s", "a", chf("20.00"), "2026-11-20")
	o.csv("2026-11-24",
		"WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,2.00,106.00",
		"WL-0001,2026-11-24,refund,"+order("a")+",CHF,-20.00,0.00,-20.00")
	assert.Equal(t, Booked, o.payout().State, o.payout().Reason)
	assert.Equal(t, []string{"1020 CHF 86.00", "1029 CHF -8.00", "6940 CHF 2.00"}, o.balances(), "the other refund waits")
}

func TestWhatIsNotKnownHereWaitsForAPersonAndTheRestIsBooked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("50.00"), "2026-11-20")
	o.csv("2026-11-24",
		"WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,2.30,105.70",
		"WL-0001,2026-11-24,payment,TILL-4711,CHF,100.00,2.50,97.50",
		"WL-0001,2026-11-24,payment,"+order("b")+",CHF,49.00,1.15,47.85",
		"WL-0001,2026-11-24,chargeback,"+order("z")+",CHF,-74.60,30.00,-104.60")
	require.Len(t, o.payouts, 2)
	main, rest := o.payouts[0], o.payouts[1]
	assert.Equal(t, []any{Booked, "CHF 105.70", "CHF 146.45"}, []any{main.State, main.Net.String(), main.Total.String()})
	assert.Equal(t, []any{Unmatched, "CHF 40.75", main.ID}, []any{rest.State, rest.Net.String(), rest.PartOf})
	assert.Equal(t, "Line 3, order TILL-4711: Quittance knows no payment or refund with this order. "+
		"Line 4, order "+order("b")+": pay_b is CHF 50.00, but the file says CHF 49.00. "+
		"Line 5, order "+order("z")+": A chargeback. Record the dispute of its payment, or say on which account the claim stands now.", rest.Reason)
	assert.Equal(t, []string{"1020 CHF 105.70", "1029 CHF 50.00", "6940 CHF 2.30"}, o.balances())

	require.NoError(t, o.confirm("2026-11-25", rest, Decision{Items: []string{"pay_b"}, Account: ledger.Unclear, Note: "Till, and a chargeback."}))
	assert.Equal(t, []string{"1020 CHF 146.45", "1099 CHF -24.40", "6940 CHF 35.95"}, o.balances(),
		"50.00 of b, 24.40 of what else came less went, less fees of 33.65")
}

func TestAmountsThatDoNotAddUpAreProposedWithTheDifference(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.notified("2026-11-24", credit("CHF 105.72",
		`<Chrgs><Rcrd><Amt Ccy="CHF">2.30</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd></Chrgs>`+additional("WORLDLINE "+order("a"))))
	p := o.payout()
	assert.Equal(t, []any{Proposed, "CHF 2.30", "CHF 0.02", ledger.Rounding}, []any{p.State, p.Fee.String(), p.Rest.String(), p.RestTo})
	assert.Equal(t, "The payments are certain. But CHF 108.00 less a fee of CHF 2.30 is not CHF 105.72: CHF 0.02 is left over.", p.Reason)
	assert.Empty(t, o.entries, "a difference is booked only after a person confirmed it")
	require.NoError(t, o.confirm("2026-11-25", p, Decision{}))
	assert.Equal(t, []string{"1020 CHF 105.72", "6940 CHF 2.30", "6945 CHF -0.02"}, o.balances())
}

func TestFeeThatCannotBeIsProposed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.csv("2026-11-24", "WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,80.00,28.00")
	assert.Equal(t, Proposed, o.payout().State)
	assert.Equal(t, "The payments are certain. But a fee of CHF 80.00 for CHF 108.00 is unusual.", o.payout().Reason)
}

func TestExchangedPayoutIsBookedInBothCurrencies(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("e", eur("100.00"), "2026-11-20")
	exchanged := `<AmtDtls><InstdAmt><Amt Ccy="EUR">97.20</Amt></InstdAmt></AmtDtls>`
	o.notified("2026-11-24", credit("CHF 90.40", exchanged+additional("WORLDLINE "+order("e"))))
	p := o.payout()
	assert.Equal(t, []any{Booked, "EUR 2.80", "EUR 97.20", ledger.Transit}, []any{p.State, p.Fee.String(), p.Exchanged.String(), p.ExchangeTo})
	assert.Equal(t, "Matched by the orders that the file names. The bank exchanged EUR 97.20 into CHF 90.40.", p.Reason)
	assert.Equal(t, []string{"1020 CHF 90.40", "1090 CHF -90.40", "1090 EUR 97.20", "6940 EUR 2.80"}, o.balances())
	require.NoError(t, o.decide("2026-11-25", p.ID, func(m *Matcher, p *Payout) error { return m.Reopen(p, "") }))
	require.NoError(t, o.confirm("2026-11-25", p, Decision{Items: []string{"pay_e"}, ExchangeAccount: ledger.ExchangeGains}))
	assert.Equal(t, []string{"1020 CHF 90.40", "6940 EUR 2.80", "6999 CHF -90.40", "6999 EUR 97.20"}, o.balances())
}

func TestPayoutThatTheAcquirerToldAndTheBankExchanged(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("e", eur("100.00"), "2026-11-20")
	o.csv("2026-11-24", "WL-EUR-1,2026-11-24,payment,"+order("e")+",EUR,100.00,2.80,97.20")
	assert.Equal(t, []string{"1021 EUR 97.20", "6940 EUR 2.80"}, o.balances())
	bank := credit("CHF 90.40", ref("ZKB-1")+`<AmtDtls><InstdAmt><Amt Ccy="EUR">97.20</Amt></InstdAmt></AmtDtls>`+additional("WORLDLINE WL-EUR-1"))
	o.stated("2026-11-25", bank)
	assert.Equal(t, Booked, o.payout("ZKB-1").State)
	o.notified("2026-11-25", bank)
	require.Len(t, o.payouts, 2, "told again, it is known")
	assert.Equal(t, []string{"1020 CHF 90.40", "1090 CHF -90.40", "1090 EUR 97.20", "6940 EUR 2.80"}, o.balances())

	o.paid("f", eur("50.00"), "2026-11-20")
	o.csv("2026-11-24", "WL-EUR-2,2026-11-24,payment,"+order("f")+",EUR,50.00,1.40,48.60")
	o.stated("2026-11-25", credit("CHF 45.20", ref("ZKB-2")+`<AmtDtls><InstdAmt><Amt Ccy="EUR">48.60</Amt></InstdAmt></AmtDtls>`+worldline))
	assert.Equal(t, Proposed, o.payout("ZKB-2").State, "only amount and day say that it is that payout")
}

func TestPersonConfirmsOnlyWhatAddsUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("50.00"), "2026-11-20")
	o.paid("e", eur("50.00"), "2026-11-20")
	o.notified("2026-11-24", credit("CHF 300.00", worldline))
	p := o.payout()
	require.Equal(t, Unmatched, p.State)
	for name, c := range map[string]struct {
		decision Decision
		field    string
	}{
		"nothing":               {Decision{}, "items"},
		"an unknown payment":    {Decision{Items: []string{"pay_a", "pay_z"}}, "items.1"},
		"the same twice":        {Decision{Items: []string{"pay_a", "pay_a"}}, "items.1"},
		"another currency":      {Decision{Items: []string{"pay_e"}}, "items.0"},
		"a fee that can't be":   {Decision{Items: []string{"pay_a", "pay_b"}}, "fee"},
		"something left over":   {Decision{Items: []string{"pay_a", "pay_b"}, Fee: chf("1.00")}, "account"},
		"an account for nought": {Decision{Items: []string{"pay_a", "pay_b"}, Fee: chf("-142.00"), Account: "1099"}, "account"},
	} {
		err := o.confirm("2026-11-25", p, c.decision)
		require.Equal(t, problem.Invalid, problem.CodeOf(err), name)
		require.ErrorContains(t, err, c.field+" ", name)
		assert.Equal(t, Unmatched, o.payout().State, name)
	}
	assert.Empty(t, o.entries)
	require.NoError(t, o.confirm("2026-11-25", p, Decision{Items: []string{"pay_a"}, Fee: chf("2.00"), Account: "1099"}))
	assert.Equal(t, []string{"1020 CHF 300.00", "1029 CHF 50.00", "1029 EUR 50.00", "1099 CHF -194.00", "6940 CHF 2.00"}, o.balances())
	err := o.confirm("2026-11-25", p, Decision{Items: []string{"pay_b"}})
	assert.Equal(t, problem.PayoutDecided, problem.CodeOf(err), "nothing is booked twice")
}

func TestReopenedPayoutIsDecidedAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("100.00"), "2026-11-20")
	o.paid("b", chf("100.00"), "2026-11-20")
	o.notified("2026-11-24", credit("CHF 98.00", worldline))
	p := o.payout()
	assert.Len(t, p.Choices, 2, "it may be one or the other")
	require.NoError(t, o.confirm("2026-11-25", p, Decision{Items: []string{"pay_a"}}))
	require.NoError(t, o.decide("2026-11-26", p.ID, func(m *Matcher, p *Payout) error { return m.Reopen(p, "It was b.") }))
	assert.Equal(t, []string{"1029 CHF 200.00"}, o.balances())
	o.notified("2026-11-26", credit("CHF 1.00", ref("OTHER")+worldline))
	assert.Equal(t, Unmatched, o.payout("").State, "only a person matches it again")
	require.NoError(t, o.confirm("2026-11-26", p, Decision{Items: []string{"pay_b"}}))
	assert.Equal(t, []string{"1020 CHF 98.00", "1029 CHF 100.00", "6940 CHF 2.00"}, o.balances())
}

func TestPaymentIsPaidOutOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("50.00"), "2026-11-20")
	twice := details(endToEnd(order("a"))+amt("CHF 105.70"), endToEnd(order("a"))+amt("CHF 105.70"))
	o.notified("2026-11-24", credit("CHF 211.40", ref("TWICE")+twice))
	assert.Equal(t, []string{"1020 CHF 105.70", "1029 CHF 50.00", "6940 CHF 2.30"}, o.balances(), "within a file")
	assert.Contains(t, o.payouts[1].Reason, "The same order stands in another line.")

	o.notified("2026-12-24", credit("CHF 155.00", ref("AGAIN")+additional("WORLDLINE "+order("a")+" "+order("b"))))
	p := o.payout("AGAIN")
	assert.Equal(t, Unmatched, p.State)
	assert.Contains(t, p.Reason, "Nothing stands on a receipt account for pay_a any more. It was paid out before, or taken back.")
	assert.Equal(t, []Candidate{{Items: []string{"pay_b"}}}, p.Choices, "what is certain is offered all the same")
}
