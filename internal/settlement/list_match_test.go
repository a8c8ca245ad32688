package settlement

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/ledger"
)

const salesList = "Paym. date;Brand;Trx Date;Gross Amount;Comm. Amount;Net amount\n"

// listed imports a list whose columns are as they are guessed.
func (o *office) listed(on, text string) {
	o.Helper()
	_, f, err := guessed(o, text)
	require.NoError(o, err)
	o.files++
	o.at(on, func(m *Matcher) { m.Take(fmt.Sprintf("set_%d", o.files), f) })
}

// stateOf says where the payout over that net stands, and what it pays or is proposed to pay.
func (o *office) stateOf(net string) string {
	o.Helper()
	for _, p := range o.payouts {
		if p.Net.Equal(chf(net)) {
			return strings.Join(append([]string{string(p.State)}, ids(p.Items)...), " ")
		}
	}
	return "none"
}

func TestLinesOfABrandAndDayPayWhatStandsOfThem(t *testing.T) {
	t.Parallel()
	type books func(o *office)
	two := func(o *office) {
		o.sale("a", "VISA", chf("60.00"), "2026-11-20")
		o.sale("b", "VISA", chf("45.00"), "2026-11-20")
	}
	const first, second = "24.11.2026;VISA;20.11.2026;60.00;0.90;59.10\n", "24.11.2026;VISA;20.11.2026;45.00;0.70;44.30\n"
	for name, c := range map[string]struct {
		books books
		lines string
		net   string
		want  string
	}{
		"all of them":               {two, first + second, "103.40", "booked pay_a pay_b"},
		"two alike":                 {func(o *office) { two(o); o.sale("c", "VISA", chf("60.00"), "2026-11-20") }, first + second + first, "162.50", "booked pay_a pay_b pay_c"},
		"not all that stand":        {two, first, "59.10", "proposed pay_a"},
		"one that nobody here sold": {two, first + second + "24.11.2026;VISA;20.11.2026;7.00;0.10;6.90\n", "110.30", "unmatched"},
		"one close to midnight":     {func(o *office) { two(o); o.sale("c", "VISA", chf("7.00"), "2026-11-19") }, first + second + "24.11.2026;VISA;20.11.2026;7.00;0.10;6.90\n", "110.30", "proposed pay_a pay_b pay_c"},
		"another brand":             {func(o *office) { o.sale("a", "TWINT", chf("60.00"), "2026-11-20") }, first, "59.10", "unmatched"},
		"a day that is not near":    {func(o *office) { o.sale("a", "VISA", chf("60.00"), "2026-11-17") }, first, "59.10", "unmatched"},
		"with a refund": {func(o *office) {
			two(o)
			o.refunded("r", "a", chf("60.00"), "2026-11-20")
			o.positions[2].Brand = "VISA"
		}, first + second + "24.11.2026;VISA;20.11.2026;-60.00;0.00;-60.00\n", "43.40", "booked pay_a pay_b ref_r"},
		"a fee that is no sale beside it": {two, first + second + "24.11.2026;VISA;20.11.2026;0.00;3.00;-3.00\n", "100.40", "booked pay_a pay_b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			c.books(o)
			o.listed("2026-11-25", salesList+c.lines)
			assert.Equal(t, c.want, o.stateOf(c.net))
		})
	}
}

func TestDebitCardsStandByThemselvesInAListToo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.sale("a", "VISA", chf("60.00"), "2026-11-20")
	o.sale("b", "VISA", chf("45.00"), "2026-11-20")
	o.listed("2026-11-25", salesList+"24.11.2026;VISA;20.11.2026;60.00;0.90;59.10\n24.11.2026;Visa Debit;20.11.2026;45.00;0.70;44.30\n")
	assert.Equal(t, []string{"booked pay_a", "booked pay_b"}, []string{o.stateOf("59.10"), o.stateOf("44.30")})
}

func TestLinesWithCodeAndCardPayThatPayment(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for name, code := range map[string]string{"a": "111111", "b": "222222"} {
		o.stands(Position{
			Source: ledger.Source{Kind: ledger.FromPayment, ID: "pay_" + name}, PaymentID: "pay_" + name, OrderID: order(name), Brand: "VISA", Account: ledger.SystemBank,
			Amount: chf("60.00"), Day: day("2026-11-20"), Authorization: code, Card: "492113xxxxxx2364",
		})
	}
	o.listed("2026-11-25", "Payment date;Brand;Transaction date;Auth. code;Masked PAN;Gross;Net\n24.11.2026;VISA;20.11.2026;222222;492113XXXXXX2364;60.00;59.10\n")
	assert.Equal(t, "booked pay_b", o.stateOf("59.10"), "though another of the same brand, day and gross stands there")
	o.listed("2026-11-26", "Payment date;Auth. code;Masked PAN;Gross;Net\n25.11.2026;111111;492113XXXXXX2364;60.00;59.00\n")
	assert.Equal(t, "booked pay_a", o.stateOf("59.00"))
}

// A list and the bank tell the same payouts, in either order, and the same list again changes nothing.
func TestAListAndTheBankTellTheSamePayout(t *testing.T) {
	t.Parallel()
	const line = "24.11.2026;VISA;20.11.2026;60.00;0.90;59.10\n"
	for name, listFirst := range map[string]bool{"the list first": true, "the bank first": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.sale("a", "VISA", chf("60.00"), "2026-11-20")
			bank := func() {
				o.stated("2026-11-24", soldOn("VISA", "2026-11-20", chf("60.00"), chf("0.90"), ref("ZKB-00001")))
			}
			if listFirst {
				o.listed("2026-11-24", salesList+line)
				bank()
			} else {
				bank()
				o.listed("2026-11-24", salesList+line)
			}
			o.listed("2026-11-25", salesList+line+"25.11.2026;TWINT;21.11.2026;10.00;0.10;9.90\n")
			require.Len(t, o.payouts, 2, "one of them is another")
			assert.Equal(t, "booked pay_a", o.stateOf("59.10"))
			assert.Len(t, o.payouts[0].Seen, 3)
			assert.Equal(t, []string{"1020 CHF 59.10", "6940 CHF 0.90"}, o.balances())
		})
	}
}
