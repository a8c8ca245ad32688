package settlement

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

func TestTextSaysWhichSalesAPayoutPays(t *testing.T) {
	t.Parallel()
	of := func(brand, on, gross, fee string) Sales {
		s := Sales{Brand: brand, Gross: chf(gross), Fee: chf(fee)}
		if on != "" {
			s.Day = day(on)
		}
		return s
	}
	for name, c := range map[string]struct {
		texts []string
		paid  string
		want  Sales
	}{
		"as PostFinance has it":           {[]string{"TWINT/ 87.30/NR.54321/KOM. 1.13/DAT.24.11.2026/BUCHLADEN/THUN"}, "86.17", of("TWINT", "2026-11-24", "87.30", "1.13")},
		"within the text of the entry":    {[]string{"GUTSCHRIFT ABSENDER: WORLDLINE SCHWEIZ AG MITTEILUNGEN: VSDB/ 50.00/NR.54321/KOM. 0.45/DAT.24.11.2026/BUCHLADEN REF 1"}, "49.55", of("VSDB", "2026-11-24", "50.00", "0.45")},
		"in both places":                  {[]string{"ECAMC/ 50.00/NR.1/KOM. 0.45/DAT.24.11.2026/X", "A ECAMC/ 50.00/NR.1/KOM. 0.45/DAT.24.11.2026/X Y"}, "49.55", of("ECAMC", "2026-11-24", "50.00", "0.45")},
		"cut before the fee":              {[]string{"DMC/ 50.00/NR.54321/KOM. 0.", "45/DAT.24.11.2026/BUCHLADEN"}, "49.55", of("DMC", "2026-11-24", "50.00", "0.45")},
		"cut within the date":             {[]string{"DMC/ 50.00/NR.54321/KOM. 0.45/DAT.24.1", "1.2026/BUCHLADEN"}, "49.55", of("DMC", "2026-11-24", "50.00", "0.45")},
		"cut at a slash that is lost":     {[]string{"VISA", "50.00", "NR.54321", "KOM. 0.45", "DAT.24.11.2026"}, "49.55", of("VISA", "2026-11-24", "50.00", "0.45")},
		"cut behind something else":       {[]string{"MITTEILUNG", "VISA/ 50.00/NR.54321/KOM. 0.4", "5/DAT.24.11.2026"}, "49.55", of("VISA", "2026-11-24", "50.00", "0.45")},
		"apostrophes":                     {[]string{"VISA/ 1'250.00/NR.54321/KOM. 12.50/DAT.24.11.2026"}, "1237.50", of("VISA", "2026-11-24", "1250.00", "12.50")},
		"typographic ones and a comma":    {[]string{"VISA/ 1’250,00/NR.54321/KOM. 12,5/DAT.24.11.2026"}, "1237.50", of("VISA", "2026-11-24", "1250.00", "12.50")},
		"spaces":                          {[]string{"VISA/ 1 250.00/NR.54321/KOM. 12.50/DAT. 24.11.2026"}, "1237.50", of("VISA", "2026-11-24", "1250.00", "12.50")},
		"points for thousands":            {[]string{"VISA/ 1.250,00/NR.54321/KOM. 12,50/DAT.24.11.2026"}, "1237.50", of("VISA", "2026-11-24", "1250.00", "12.50")},
		"no fee":                          {[]string{"visa/50/NR 54321/KOM 0/DAT 4.1.2026"}, "50.00", of("VISA", "2026-01-04", "50.00", "0.00")},
		"only Rappen":                     {[]string{"VISA/ .90/NR.54321/KOM. .05/DAT.24.11.2026"}, "0.85", of("VISA", "2026-11-24", "0.90", "0.05")},
		"what was taken, without a sign":  {[]string{"VISA/ 50.00/NR.54321/KOM. 0.45/DAT.24.11.2026"}, "-49.55", of("VISA", "2026-11-24", "-50.00", "-0.45")},
		"what was taken":                  {[]string{"VISA/ -50.00/NR.54321/KOM. 0.45/DAT.24.11.2026"}, "-50.45", of("VISA", "2026-11-24", "-50.00", "0.45")},
		"TWINT Acquiring":                 {[]string{"TWINT ACQUIRING AG Gross: 87.30 Fees: -1.13"}, "86.17", of("TWINT", "", "87.30", "1.13")},
		"TWINT Acquiring, with a comma":   {[]string{"Gross: CHF 1'087,30, Fees: CHF -1,13", "TWINT ACQUIRING AG"}, "1086.17", of("TWINT", "", "1087.30", "1.13")},
		"TWINT Acquiring, without a sign": {[]string{"Twint Acquiring AG Ref 17 Gross: 87.30 Fees: 1.13 2026"}, "86.17", of("TWINT", "", "87.30", "1.13")},
	} {
		got, ok := readSales(c.texts, chf(c.paid))
		require.True(t, ok, name)
		assert.Equal(t, []string{c.want.Brand, c.want.Gross.String(), c.want.Fee.String(), c.want.Day.String()},
			[]string{got.Brand, got.Gross.String(), got.Fee.String(), got.Day.String()}, name)
	}
	for name, c := range map[string]struct{ text, paid string }{
		"a net that is not gross less fee": {"VISA/ 50.00/NR.54321/KOM. 0.45/DAT.24.11.2026", "49.50"},
		"no such day":                      {"VISA/ 50.00/NR.54321/KOM. 0.45/DAT.31.11.2026", "49.55"},
		"no day":                           {"VISA/ 50.00/NR.54321/KOM. 0.45", "49.55"},
		"too large":                        {"VISA/ 99999999999/NR.54321/KOM. 0.45/DAT.24.11.2026", "49.55"},
		"nothing":                          {"VISA/ 0.00/NR.54321/KOM. 0.00/DAT.24.11.2026", "0.00"},
		"two that can't both be":           {"VISA/ 50.00/NR.1/KOM. 0.45/DAT.24.11.2026 VISA/ 50.45/NR.1/KOM. 0.90/DAT.24.11.2026", "49.55"},
		"gross and fees of somebody else":  {"PayPal Gross: 87.30 Fees: -1.13", "86.17"},
		"other words":                      {"KOMMISSION FEE", "1.00"},
	} {
		_, ok := readSales([]string{c.text}, chf(c.paid))
		assert.False(t, ok, name)
	}
}

// sale books a payment of that brand.
func (o *office) sale(name, brand string, amount money.Amount, on string) {
	o.paid(name, amount, on)
	q := &o.positions[len(o.positions)-1]
	q.Brand = brand
	if brand == "TWINT" {
		q.Method = payment.TWINT
	}
}

// sold is a bank's entry for the sales of a brand and day, of that gross and fee, and more.
func soldOn(brand, on string, gross, fee money.Amount, more string) string {
	return credit(gross.Sub(fee).String(), more+details("<RltdPties><Dbtr><Pty><Nm>WORLDLINE SCHWEIZ AG</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>"+
		salesText(brand, on, gross, fee)+"</Ustrd></RmtInf>"))
}

func salesText(brand, on string, gross, fee money.Amount) string {
	return fmt.Sprintf("%s/ %s/NR.54321/KOM. %s/DAT.%s/BUCHLADEN/THUN", brand, gross.Value(), fee.Value(), day(on).Format("02.01.2006"))
}

func TestNinePaymentsOfThreeBrandsOnOneDayAreThreePayouts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i, brand := range []string{"VISA", "MASTERCARD", "TWINT", "VISA", "MASTERCARD", "TWINT", "VISA", "MASTERCARD", "TWINT"} {
		o.sale(fmt.Sprintf("p%c", 'a'+i), brand, chf(fmt.Sprintf("%d.00", 10*(1+i/3))), "2026-11-20")
	}
	o.stated("2026-11-24",
		soldOn("VISA", "2026-11-20", chf("60.00"), chf("0.90"), ref("ZKB-00001")),
		soldOn("ECAMC", "2026-11-20", chf("60.00"), chf("0.90"), ref("ZKB-00002")),
		soldOn("TWINT", "2026-11-20", chf("60.00"), chf("0.78"), ref("ZKB-00003")))
	for reference, items := range map[string][]string{
		"ZKB-00001": {"pay_pa", "pay_pd", "pay_pg"}, "ZKB-00002": {"pay_pb", "pay_pe", "pay_ph"}, "ZKB-00003": {"pay_pc", "pay_pf", "pay_pi"},
	} {
		p := o.payout(reference)
		assert.Equal(t, []any{Booked, Certain, items, bySales}, []any{p.State, p.Confident, ids(p.Items), p.Reason})
	}
	assert.Equal(t, []string{"1020 CHF 177.42", "6940 CHF 2.58"}, o.balances())
}

func TestDebitCardsStandByThemselvesOnAStatement(t *testing.T) {
	t.Parallel()
	for name, together := range map[string]bool{"in one file": true, "in two files": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.sale("a", "VISA", chf("33.10"), "2026-11-20")
			o.sale("b", "VISA", chf("48.25"), "2026-11-20")
			o.sale("c", "VISA", chf("71.05"), "2026-11-20")
			credits := soldOn("VISA", "2026-11-20", chf("104.15"), chf("1.50"), ref("CREDIT"))
			debits := soldOn("VSDB", "2026-11-20", chf("48.25"), chf("0.30"), ref("DEBITS"))
			if together {
				o.stated("2026-11-24", credits, debits)
			} else {
				o.notified("2026-11-23", debits)
				assert.Equal(t, []any{Proposed, Possible, []string{"pay_b"}}, []any{o.payout().State, o.payout().Confident, ids(o.payout().Items)})
				o.notified("2026-11-24", credits)
			}
			assert.Equal(t, []any{Booked, []string{"pay_a", "pay_c"}}, []any{o.payout("CREDIT").State, ids(o.payout("CREDIT").Items)})
			assert.Equal(t, []any{Booked, []string{"pay_b"}}, []any{o.payout("DEBITS").State, ids(o.payout("DEBITS").Items)})
		})
	}
}

func TestSaleCloseToMidnightMayCountToTheNextDay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.sale("a", "VISA", chf("33.10"), "2026-11-19")
	o.sale("late", "VISA", chf("48.25"), "2026-11-19")
	o.sale("b", "VISA", chf("71.05"), "2026-11-20")
	o.stated("2026-11-24", soldOn("VISA", "2026-11-20", chf("119.30"), chf("1.50"), ref("SECOND")), soldOn("VISA", "2026-11-19", chf("33.10"), chf("0.50"), ref("FIRST0")))
	for reference, items := range map[string][]string{"FIRST0": {"pay_a"}, "SECOND": {"pay_late", "pay_b"}} {
		p := o.payout(reference)
		assert.Equal(t, []any{Proposed, Likely, items}, []any{p.State, p.Confident, ids(p.Items)}, "a person confirms what is not that very day")
	}
	require.NoError(t, o.confirm("2026-11-24", o.payout("SECOND"), Decision{}))
	assert.Equal(t, Booked, o.payout("FIRST0").State, "what is left of its day is certain then")
	assert.Equal(t, []string{"1020 CHF 150.40", "6940 CHF 2.00"}, o.balances())
}

func TestSalesThatAreNotOursWaitWithWhatTheBankTells(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.sale("a", "VISA", chf("100.00"), "2026-11-20")
	o.sale("b", "MASTERCARD", chf("98.50"), "2026-11-20")
	o.stated("2026-11-24", soldOn("VISA", "2026-11-20", chf("98.50"), chf("0.50"), ""))
	p := o.payout()
	assert.Equal(t, []any{Unmatched, 0, 0, "CHF 0.50"}, []any{p.State, len(p.Items), len(p.Choices), p.FeeTold.String()}, "no fee is searched for that would fit")
	assert.Equal(t, "The bank says that this pays sales of VISA of 2026-11-20: CHF 98.50 less a fee of CHF 0.50. "+
		"The payments and refunds of that brand and day that wait for their payout make CHF 100.00.", p.Reason)
	assert.Equal(t, []any{"VISA", day("2026-11-20"), "CHF 98.50"}, []any{p.Lines[0].Brand, p.Lines[0].Day, p.Lines[0].Gross.String()})

	o.stated("2026-11-24", soldOn("AMEX", "2026-11-20", chf("98.50"), chf("0.50"), ref("AMEX01")))
	assert.Equal(t, Unmatched, o.payout("AMEX01").State)
	o.stated("2026-11-25", soldOn("VISA", "2026-11-20", chf("100.00"), chf("1.00"), ref("OURS01")), soldOn("VISA", "2026-11-20", chf("100.00"), chf("1.10"), ref("TILL01")))
	for _, reference := range []string{"OURS01", "TILL01"} {
		assert.Equal(t, []any{Unmatched, 1, "Another payout says the same of its sales, and only one of them is of these payments."},
			[]any{o.payout(reference).State, len(o.payout(reference).Choices), o.payout(reference).Reason})
	}
	assert.Empty(t, o.entries)
}

func TestAnybodyCanWriteSuchATextToUs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.sale("a", "VISA", chf("100.00"), "2026-11-20")
	forged := strings.Replace(soldOn("VISA", "2026-11-20", chf("100.00"), chf("1.00"), ""), "WORLDLINE SCHWEIZ AG", "Anna Muster", 1)
	told := o.stated("2026-11-24", forged)
	assert.Empty(t, o.payouts)
	assert.Equal(t, map[SkipReason]int{Others: 1}, told.skipped)
}

func TestRefundsMayBeKeptBackWithTheSalesOfTheirDay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.sale("a", "VISA", chf("100.00"), "2026-11-20")
	o.refunded("r", "a", chf("20.00"), "2026-11-20")
	o.positions[1].Brand = "VISA"
	o.stated("2026-11-24", soldOn("VISA", "2026-11-20", chf("80.00"), chf("1.00"), ""))
	assert.Equal(t, []any{Booked, []string{"pay_a", "ref_r"}}, []any{o.payout().State, ids(o.payout().Items)})

	o.sale("b", "TWINT", chf("50.00"), "2026-11-21")
	o.refunded("s", "b", chf("50.00"), "2026-11-21")
	o.positions[3].Brand = "TWINT"
	taken := "<AddtlNtryInf>WORLDLINE " + salesText("TWINT", "2026-11-21", chf("50.00"), chf("0.00")) + "</AddtlNtryInf>"
	o.stated("2026-11-25", debit("CHF 50.00", ref("TAKEN1")+taken))
	assert.Equal(t, []any{Booked, []string{"ref_s"}}, []any{o.payout("TAKEN1").State, ids(o.payout("TAKEN1").Items)})
}

func TestCollectiveEntryOfSeveralBrandsIsOnePayout(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.sale("a", "VISA", chf("100.00"), "2026-11-20")
	o.sale("b", "TWINT", chf("50.00"), "2026-11-20")
	detail := func(brand string, gross, fee money.Amount) string {
		return amt(gross.Sub(fee).String()) + "<RmtInf><Ustrd>" + salesText(brand, "2026-11-20", gross, fee) + "</Ustrd></RmtInf>"
	}
	o.stated("2026-11-24", credit("CHF 148.35", details(detail("VISA", chf("100.00"), chf("1.00")), detail("TWINT", chf("50.00"), chf("0.65")))+worldline))
	assert.Equal(t, Booked, o.payout().State, o.payout().Reason)
	assert.Equal(t, []string{"1020 CHF 148.35", "6940 CHF 1.65"}, o.balances())
	o.stated("2026-11-25", credit("CHF 10.00", details(detail("VISA", chf("7.00"), chf("1.00")), detail("TWINT", chf("5.00"), chf("1.00")))+ref("OTHER1")+worldline))
	assert.Contains(t, o.payout("OTHER1").Reason, "The bank says that this pays sales of TWINT of 2026-11-20: CHF 5.00")
}

func TestTWINTAcquiringTellsNoDay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.sale("a", "TWINT", chf("40.00"), "2026-11-18")
	o.sale("b", "", chf("47.30"), "2026-11-19") // its brand was not kept then
	o.positions[1].Method = payment.TWINT
	o.sale("c", "TWINT", chf("87.30"), "2026-11-20")
	told := credit("CHF 86.17", details("<RltdPties><Dbtr><Pty><Nm>TWINT ACQUIRING AG</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>Gross: 87.30 Fees: -1.13</Ustrd></RmtInf>"))
	o.stated("2026-11-23", told)
	assert.Equal(t, []any{Proposed, Likely, []string{"pay_c"}, "CHF 1.13"},
		[]any{o.payout().State, o.payout().Confident, ids(o.payout().Items), o.payout().Fee.String()}, "one day comes before several")
}

// Whatever was sold on a few days by three brands, with payouts told in any order: each pays the very sales that it is of.
func TestEveryBrandAndDayIsPaidOutByItsOwnPayout(t *testing.T) {
	t.Parallel()
	names := map[string]string{"VISA": "VISA", "MASTERCARD": "ECAMC", "TWINT": "TWINT"}
	rapid.Check(t, func(r *rapid.T) {
		o := newOffice(r)
		gross, paid := map[string]money.Amount{}, map[string][]string{}
		for i := range rapid.SampledFrom([]int{1, 9, 30}).Draw(r, "payments") {
			brand := rapid.SampledFrom([]string{"VISA", "MASTERCARD", "TWINT"}).Draw(r, "brand")
			on := rapid.SampledFrom([]string{"2026-11-17", "2026-11-18"}).Draw(r, "day")
			amount := money.FromMinor(rapid.Int64Range(1, 40).Draw(r, "times 2.50")*250, money.CHF)
			name := fmt.Sprintf("%c%c", 'a'+i/26, 'a'+i%26)
			o.sale(name, brand, amount, on)
			batch := names[brand] + " " + on
			if _, ok := gross[batch]; !ok {
				gross[batch] = chf("0.00")
			}
			gross[batch], paid[batch] = gross[batch].Add(amount), append(paid[batch], "pay_"+name)
		}
		batches := make([]string, 0, len(gross))
		for batch := range gross {
			batches = append(batches, batch)
		}
		var entries []string
		slices.Sort(batches)
		for _, batch := range rapid.Permutation(batches).Draw(r, "order") {
			brand, on, _ := strings.Cut(batch, " ")
			fee := money.FromMinor(gross[batch].Minor()*rapid.Int64Range(0, 30).Draw(r, "per mille")/1000, money.CHF)
			entries = append(entries, soldOn(brand, on, gross[batch], fee, ref("BANK "+batch)))
		}
		if rapid.Bool().Draw(r, "in one file") {
			o.stated("2026-11-20", entries...)
		} else {
			for _, e := range entries {
				o.stated("2026-11-20", e)
			}
		}
		for batch, items := range paid {
			p := o.payout("BANK " + batch)
			require.Equal(r, Booked, p.State, p.Reason)
			require.ElementsMatch(r, items, ids(p.Items))
		}
	})
}

// FuzzSales holds what is believed of any text against what was paid.
func FuzzSales(f *testing.F) {
	f.Add("TWINT/ 87.30/NR.54321/KOM. 1.13/DAT.24.11.2026/BUCHLADEN/THUN", "", int64(8617))
	f.Add("VISA/ 1'250,00/NR.54321/KOM. 12", ".50/DAT.24.11.2026", int64(123750))
	f.Add("DMC/ -50.00/NR.1/KOM. 0.45/DAT.24.11.2026", "x", int64(-5045))
	f.Add("TWINT ACQUIRING AG", "Gross: CHF 87.30 Fees: -1.13", int64(8617))
	f.Add("TWINT/ 0.00/NR.1/KOM. 0.00/DAT.01.01.2026", "Gross: 1.234.567,8 Fees: .", int64(0))
	f.Add("a/1 000 000/NR/KOM.,/DAT.1.1.0001", "KOM\u00a0DAT’/", int64(99999999999))
	f.Fuzz(func(t *testing.T, one, other string, minor int64) {
		paid := money.FromMinor(minor%100_000_000_000, money.CHF)
		s, ok := readSales([]string{one, other}, paid)
		if !ok {
			return
		}
		assert.True(t, s.Gross.Sub(s.Fee).Equal(paid))
		assert.False(t, s.Gross.IsZero() || s.Gross.TooLarge() || s.Fee.TooLarge())
		assert.NotEmpty(t, s.Brand)
		assert.True(t, s.Day.IsZero() || s.Day.Equal(s.Day.Truncate(24*time.Hour)) && s.Day.Year() >= 2000)
	})
}
