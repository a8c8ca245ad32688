package settlement

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/testing/mrxtest"
)

// disputed books that a payment of that name is disputed, as the case of that number. Fee is what the letter says; "" for nothing.
func (o *office) disputed(of, number string, amount money.Amount, fee, on string) {
	q := Position{
		Source: ledger.Source{Kind: ledger.FromDispute, ID: "dsp_" + of}, PaymentID: "pay_" + of, OrderID: order(of), Method: payment.Card, Case: number,
		Account: ledger.SystemBank, Amount: amount.Neg(), Day: day(on),
	}
	if fee != "" {
		q.Fee = money.MustParse(fee, amount.Currency())
	}
	o.stands(q)
}

// won books that the dispute was won.
func (o *office) won(of, number string, amount money.Amount, on string) {
	o.stands(Position{
		Source: ledger.Source{Kind: ledger.FromDispute, ID: "dsp_" + of + ".won"}, PaymentID: "pay_" + of, OrderID: order(of), Method: payment.Card, Case: number,
		Account: ledger.SystemBank, Amount: amount, Day: day(on),
	})
}

func TestAChargebackIsMatchedWithTheDisputeOfItsPayment(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-18")
	o.paid("b", chf("150.00"), "2026-11-18")
	o.csv("2026-11-20", "WL-0001,2026-11-20,payment,"+order("a")+",CHF,108.00,2.30,105.70")
	o.disputed("a", "CB-1", chf("108.00"), "25.00", "2026-11-26")
	o.csv("2026-11-25",
		"WL-0002,2026-11-24,payment,"+order("b")+",CHF,150.00,3.00,147.00",
		"WL-0002,2026-11-24,chargeback,"+order("a")+",CHF,-108.00,25.00,-133.00")
	require.Equal(t, Booked, o.payouts[1].State, o.payouts[1].Reason)
	assert.Equal(t, []string{"1020 CHF 119.70", "6940 CHF 30.30"}, o.balances(), "the letter may be of a later day than the payout")

	o.won("a", "CB-1", chf("108.00"), "2026-11-30")
	o.csv("2026-12-01", "WL-0003,2026-12-01,chargeback_won,"+order("a")+",CHF,108.00,0.00,108.00")
	require.Equal(t, Booked, o.payouts[2].State, o.payouts[2].Reason)
	assert.Equal(t, []string{"1020 CHF 227.70", "6940 CHF 30.30"}, o.balances())
}

func TestAChargebackThatCameBeforeItsLetterIsBookedWithTheDispute(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-18")
	o.csv("2026-11-20", "WL-0001,2026-11-20,payment,"+order("a")+",CHF,108.00,2.30,105.70", "WL-0001,2026-11-20,chargeback,"+order("a")+",CHF,-108.00,0.00,-108.00")
	require.Len(t, o.payouts, 2)
	assert.Equal(t, []any{Booked, Unmatched}, []any{o.payouts[0].State, o.payouts[1].State})
	o.disputed("a", "", chf("100.00"), "", "2026-11-21")
	o.at("2026-11-21", func(m *Matcher) { m.LookAgain() })
	assert.Contains(t, o.payouts[1].Reason, "dsp_a is CHF -100.00, but the file says CHF -108.00.")
	o.disputed("a", "", chf("108.00"), "", "2026-11-22")
	o.positions[len(o.positions)-1].Source.ID = "dsp_a2"
	o.at("2026-11-22", func(m *Matcher) { m.LookAgain() })
	assert.Equal(t, []any{Booked, []string{"dsp_a2"}}, []any{o.payouts[1].State, ids(o.payouts[1].Items)})
}

func TestAFeeOfWhichTheLetterDoesNotSpeakIsProposed(t *testing.T) {
	t.Parallel()
	for fee, want := range map[string]State{"25.00": Booked, "": Proposed, "30.00": Proposed} {
		o := newOffice(t)
		o.disputed("a", "", chf("108.00"), fee, "2026-11-20")
		o.csv("2026-11-25", "WL-0001,2026-11-24,chargeback,"+order("a")+",CHF,-108.00,25.00,-133.00")
		assert.Equal(t, want, o.payout().State, "the letter says %q", fee)
		if want == Proposed {
			assert.Contains(t, o.payout().Reason, "a fee of CHF 25.00 for CHF -108.00 is unusual")
			require.NoError(t, o.confirm("2026-11-25", o.payout(), Decision{}))
		}
		assert.Equal(t, []string{"1020 CHF -133.00", "6940 CHF 25.00"}, o.balances())
	}
}

func TestANoticeNamesTheCaseInItsText(t *testing.T) {
	t.Parallel()
	notice := func(adjustments ...mrxtest.Adjustment) string {
		return mrxOf(mrxtest.Payment{Number: "P-1", Transactions: []mrxtest.Transaction{trx("1", "108", "2.30", "b")}, Adjustments: adjustments}).String()
	}
	t.Run("with its fee", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		o.paid("b", chf("108.00"), "2026-11-20")
		o.disputed("a", "4711", chf("50.00"), "25.00", "2026-11-23")
		o.disputed("c", "4712", chf("50.00"), "", "2026-11-23")
		o.notice("2026-11-24", notice(mrxtest.Adjustment{Type: "30", Text: "Rückbelastung 4711", Net: "-50"}, mrxtest.Adjustment{Type: "30", Text: "Chargeback fee 4711", Net: "-25"}))
		assert.Equal(t, Booked, o.payout().State, o.payout().Reason)
		assert.Equal(t, []string{"pay_b", "dsp_a"}, ids(o.payout().Items))
		assert.Equal(t, []string{"1020 CHF 30.70", "1029 CHF -50.00", "6940 CHF 27.30"}, o.balances(), "the other dispute waits")
	})
	t.Run("not, and it fits one dispute", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		o.paid("b", chf("108.00"), "2026-11-20")
		o.disputed("a", "4711", chf("50.00"), "", "2026-11-23")
		o.notice("2026-11-24", notice(mrxtest.Adjustment{Type: "30", Text: "Rückbelastung", Net: "-50"}))
		assert.Equal(t, []any{Proposed, []string{"pay_b", "dsp_a"}}, []any{o.payout().State, ids(o.payout().Items)})
	})
	t.Run("not, and it fits two", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t)
		o.paid("b", chf("108.00"), "2026-11-20")
		o.disputed("a", "4711", chf("50.00"), "", "2026-11-23")
		o.disputed("c", "4712", chf("50.00"), "", "2026-11-23")
		o.notice("2026-11-24", notice(mrxtest.Adjustment{Type: "30", Text: "Rückbelastung", Net: "-50"}))
		assert.Equal(t, []any{Booked, Unmatched}, []any{o.payouts[0].State, o.payouts[1].State})
	})
}

func TestAReversalOfADisputedPaymentIsItsChargeback(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-18")
	o.refunded("r", "a", chf("8.00"), "2026-11-19")
	o.disputed("a", "", chf("100.00"), "", "2026-11-20")
	o.csv("2026-11-24",
		"WL-0001,2026-11-24,payment,"+order("a")+",CHF,108.00,2.00,106.00",
		"WL-0001,2026-11-24,refund,"+order("a")+",CHF,-100.00,0.00,-100.00",
		"WL-0001,2026-11-24,refund,"+order("a")+",CHF,-8.00,0.00,-8.00")
	require.Equal(t, Booked, o.payout().State, o.payout().Reason)
	assert.Equal(t, []string{"pay_a", "dsp_a", "ref_r"}, ids(o.payout().Items))
	assert.Equal(t, []string{"1020 CHF -2.00", "6940 CHF 2.00"}, o.balances())
}

func TestADisputeDoesNotKeepSalesFromTheirPayout(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.sale("a", "VISA", chf("60.00"), "2026-11-20")
	o.sale("b", "VISA", chf("45.00"), "2026-11-20")
	o.disputed("x", "", chf("30.00"), "", "2026-11-20")
	o.positions[2].Brand = "VISA"
	o.listed("2026-11-24", salesList+"24.11.2026;VISA;20.11.2026;60.00;0.90;59.10\n24.11.2026;VISA;20.11.2026;45.00;0.70;44.30\n")
	assert.Equal(t, "booked pay_a pay_b", o.stateOf("103.40"))
}

func TestABankAloneLetsTheChargebackBeGuessed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.paid("b", chf("150.00"), "2026-11-20")
	o.disputed("x", "", chf("60.00"), "25.00", "2026-11-23")
	o.stated("2026-11-24", credit("CHF 168.20", worldline)) // 258.00 less 60.00, less fees of 25.00 and 4.80
	require.Equal(t, Proposed, o.payout().State, o.payout().Reason)
	assert.Equal(t, []string{"pay_a", "pay_b", "dsp_x"}, ids(o.payout().Items))
	require.NoError(t, o.confirm("2026-11-25", o.payout(), Decision{}))
	assert.Equal(t, []string{"1020 CHF 168.20", "6940 CHF 29.80"}, o.balances())
}
