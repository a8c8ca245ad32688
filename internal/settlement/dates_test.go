package settlement

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
)

func TestPayoutBeforeItsSalesOrInTheFutureAsksAPerson(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("108.00"), "2026-11-23")
	row := func(reference, on, name string) string {
		return reference + "," + on + ",payment," + order(name) + ",CHF,108.00,2.30,105.70"
	}
	o.csv("2026-11-24", row("EARLY", "2026-11-19", "a"), row("FUTURE", "2026-11-25", "b"))
	early, future := o.payout("EARLY"), o.payout("FUTURE")
	assert.Equal(t, []any{Proposed, "The payments are certain. But the payout is of 2026-11-19, and pay_a of 2026-11-20 is later."}, []any{early.State, early.Reason})
	assert.Equal(t, []any{Proposed, "The payments are certain. But the payout is of 2026-11-25, which is in the future."}, []any{future.State, future.Reason})
	assert.Empty(t, o.entries)
	require.NoError(t, o.confirm("2026-11-24", early, Decision{}))
	o.stated("2026-11-25", credit("CHF 1.00", worldline))
	assert.Equal(t, Booked, o.payout("FUTURE").State, "its day has come")
	assert.Equal(t, []string{"1020 CHF 211.40", "6940 CHF 4.60"}, o.balances())
}

func TestSalesAfterTheirPayoutAskAPerson(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.sale("a", "VISA", chf("100.00"), "2026-11-26")
	o.stated("2026-11-24", soldOn("VISA", "2026-11-26", chf("100.00"), chf("1.00"), ""))
	assert.Equal(t, Proposed, o.payout().State)
	assert.Contains(t, o.payout().Reason, "pay_a of 2026-11-26 is later")
}

func TestPayoutByTheMonthIsFound(t *testing.T) {
	t.Parallel()
	for _, days := range []int{22, 25, 40} {
		o := newOffice(t)
		o.payoutDays = days
		gross := chf("0.00")
		for i := range 30 {
			amount := money.FromMinor(int64(2000+i*731%4000), money.CHF)
			o.paid(fmt.Sprintf("p%c%c", 'a'+i/26, 'a'+i%26), amount, fmt.Sprintf("2026-10-%02d", i+1))
			gross = gross.Add(amount)
		}
		o.paid("next", chf("25.00"), "2026-11-01")
		o.stated("2026-11-04", credit(gross.Sub(chf("18.40")).String(), worldline))
		p := o.payout()
		assert.Equal(t, []any{Proposed, Likely, 30, "CHF 18.40"}, []any{p.State, p.Confident, len(p.Items), p.Fee.String()}, p.Reason)
		assert.Equal(t, "These are all payments of a month: "+gross.String()+", less a fee of CHF 18.40.", p.Reason)
	}
}

func TestCreditsThatTheBankCodesAsSomethingElseAreNoPayouts(t *testing.T) {
	t.Parallel()
	for code, is := range map[string]bool{
		"PMNT/CNTR/CDPT": false, "PMNT/CCRD/POSD": false, "PMNT/MCRD/POSP": false, "PMNT/RCDT/VCOM": false, "PMNT/IDDT/PMDD": false, "PMNT/MDOP/INTR": false,
		"ACMT/MCOP/INTR": false, "SECU/CUST/DVCA": false, "FORX/SPOT/OTHR": false, "PMNT/RCDT/ATXN": true, "PMNT/RCDT/NTAV": true, "XTND/NTAV/NTAV": true, "": true,
	} {
		o := newOffice(t)
		o.paid("a", chf("108.00"), "2026-11-20")
		xml := ""
		if parts := strings.Split(code, "/"); len(parts) == 3 {
			xml = fmt.Sprintf("<BkTxCd><Domn><Cd>%s</Cd><Fmly><Cd>%s</Cd><SubFmlyCd>%s</SubFmlyCd></Fmly></Domn></BkTxCd>", parts[0], parts[1], parts[2])
		}
		told := o.stated("2026-11-24", credit("CHF 105.70", xml+additional("Gutschrift")))
		assert.Equal(t, is, len(o.payouts) == 1, code)
		assert.Equal(t, is, told.skipped[Others] == 0, code)
		o.stated("2026-11-24", credit("CHF 105.70", xml+worldline))
		assert.Len(t, o.payouts, 1, "%s: the acquirer is named", code)
	}
}
