package settlement

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/testing/mrxtest"
)

// acquirersSample is the acquirer's own MRX, which is not part of the product.
const acquirersSample = "../../../shared/acquirer/mrx-v1.5-sample-ch.xml"

// notice imports an MRX on that day.
func (o *office) notice(on, text string) taken {
	o.Helper()
	source := strings.NewReader(text)
	f, err := ReadMRX(source)
	require.NoError(o, err)
	told := taken{skipped: f.Skipped}
	require.NoError(o, f.Batches(source, func(part File) error {
		told = o.takes(on, part)
		o.files-- // all are one file
		return nil
	}))
	o.files++
	return told
}

// paidBy is paid, by a card.
func (o *office) paidBy(name, amount, on, code, card string) {
	o.paid(name, chf(amount), on)
	q := &o.positions[len(o.positions)-1]
	q.Authorization, q.Card = code, card
}

func mrxOf(payments ...mrxtest.Payment) mrxtest.Notice {
	return mrxtest.Notice{Accounts: []mrxtest.Account{{Payments: payments}}}
}

func trx(id, gross, fee, of string) mrxtest.Transaction {
	t := mrxtest.Transaction{ID: id, Gross: gross, Fee: fee}
	if of != "" {
		t.Order = order(of)
	}
	return t
}

func TestNoticeOfTheAcquirerClosesTheReceiptAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-18")
	o.paid("b", chf("50.00"), "2026-11-18")
	o.refunded("c", "a", chf("20.00"), "2026-11-19")
	text := mrxOf(mrxtest.Payment{
		Number: "201611240000592",
		Transactions: []mrxtest.Transaction{
			trx("1", "108", "2.303333333", "a"), trx("2", "50", "1.153333333", "b"),
			{ID: "3", Gross: "-20", Order: order("c"), Reversal: true},
		},
		Adjustments: []mrxtest.Adjustment{{Type: "46", Text: "Akkumulierte Rundungsdifferenz", Net: "-0.003333334"}, {Type: "12", Text: "Monatsgebühr Terminal", Net: "-15"}},
	}).String()
	o.notice("2026-11-24", text)
	p := o.payout("201611240000592")
	assert.Equal(t, []any{Booked, "CHF 119.54", "CHF 18.46", Certain, "CH9300762011623852957"}, []any{p.State, p.Net.String(), p.Fee.String(), p.Confident, p.Account})
	assert.Equal(t, []string{"1020 CHF 119.54", "6940 CHF 18.46"}, o.balances())
	assert.Equal(t, []LineKind{PaymentLine, PaymentLine, RefundLine, FeeLine, FeeLine}, lineKinds(p))

	o.notice("2026-11-25", strings.ReplaceAll(text, "\n", " "))
	o.notified("2026-11-24", credit("CHF 119.54", worldline))
	assert.Len(t, o.entries, 1, "the same payment told again, and by the bank, changes nothing")
	assert.Len(t, o.payouts, 1)
}

func lineKinds(p Payout) (all []LineKind) {
	for _, l := range p.Lines {
		all = append(all, l.Kind)
	}
	return all
}

func TestBankTellsFirstAndTheNoticeSaysWhatItPays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-18")
	o.paid("b", chf("70.00"), "2026-10-18")
	o.notified("2026-11-24", credit("CHF 174.50", worldline))
	assert.Equal(t, Unmatched, o.payout().State)
	o.notice("2026-11-25", mrxOf(mrxtest.Payment{Number: "P-1", Transactions: []mrxtest.Transaction{trx("1", "108", "2.30", "a"), trx("2", "70", "1.20", "b")}}).String())
	p := o.payout()
	assert.Equal(t, []any{Booked, "P-1", "CHF 3.50"}, []any{p.State, p.Reference, p.Fee.String()})
}

func TestWithoutAnOrderTheCardAndItsAuthorizationSayWhichPaymentItIs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paidBy("a", "50.00", "2026-11-20", "689996", "492113xxxxxx2364")
	o.paidBy("b", "50.00", "2026-11-20", "689997", "492113xxxxxx2364")
	o.paidBy("c", "50.00", "2026-11-20", "689996", "492113xxxxxx9999")
	o.paidBy("d", "50.00", "2026-10-20", "689996", "492113xxxxxx2364")
	o.refunded("e", "b", chf("10.00"), "2026-11-21")
	o.positions[4].Card = "492113xxxxxx2364"
	o.notice("2026-11-24", mrxOf(mrxtest.Payment{Number: "P-1", Transactions: []mrxtest.Transaction{
		{ID: "1", Gross: "50", Fee: "0.95", Auth: "689996", Card: "492113XXXXXX2364", Order: "012345678901234567890123456789"},
		{ID: "2", Gross: "50", Fee: "0.95", Auth: "689997", Card: "4921 13XX XXXX 2364"},
		{ID: "3", Gross: "-10", Auth: "000000", Card: "492113XXXXXX2364", Day: "2026-11-21", Reversal: true},
	}}).String())
	p := o.payout()
	require.Equal(t, Booked, p.State, p.Reason)
	assert.Equal(t, []string{"pay_a", "pay_b", "ref_e"}, ids(p.Items))

	o.notice("2026-11-25", mrxOf(mrxtest.Payment{Number: "P-2", Transactions: []mrxtest.Transaction{
		{ID: "4", Gross: "50", Auth: "111111", Card: "492113XXXXXX9999"}, {ID: "5", Gross: "49.99", Auth: "689996", Card: "492113XXXXXX9999"},
	}}).String())
	p = o.payout("P-2")
	assert.Equal(t, Unmatched, p.State)
	assert.Contains(t, p.Reason, "Quittance knows no payment or refund of CHF 50.00 with this authorization code (111111) and card.")
	assert.Empty(t, p.Items, "amounts alone prove nothing")
}

func TestSampleOfTheAcquirerWaitsWithAllItsLines(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(acquirersSample)
	if err != nil {
		t.Skip("the acquirer's sample of an MRX is not here")
	}
	o := newOffice(t)
	o.notice("2026-11-24", string(data))
	p := o.payout()
	assert.Equal(t, []any{Unmatched, "201707240000592", "CHF 1126.88", "CHF 6.92", 12}, []any{p.State, p.Reference, p.Net.String(), p.FeeTold.String(), len(p.Lines)})
	assert.Equal(t, []any{"201707240000241", "689996", "492113XXXXXX2364", "CHF 50.00", "CHF 49.05"},
		[]any{p.Lines[0].Transaction, p.Lines[0].Authorization, p.Lines[0].Card, p.Lines[0].Gross.String(), p.Lines[0].Net.String()})
	assert.Contains(t, p.Reason, "it is a test")
	assert.Empty(t, o.balances())

	live := newOffice(t)
	live.notice("2026-11-24", strings.Replace(string(data), "Flag>T<", "Flag>P<", 1))
	p = live.payout()
	assert.Equal(t, []any{Unmatched, 12}, []any{p.State, len(p.Lines)})
	assert.Contains(t, p.Reason, "And 9 more lines.")
}

func TestTestFileNeverBooksAndNeverStandsForARealPayout(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	test := mrxOf(mrxtest.Payment{Number: "P-1", Transactions: []mrxtest.Transaction{trx("1", "108", "2.30", "a")}})
	test.Test = true
	o.notice("2026-11-24", test.String())
	p := o.payout()
	assert.Equal(t, Unmatched, p.State)
	require.ErrorContains(t, o.confirm("2026-11-24", p, Decision{Items: []string{"pay_a"}}), "told by a test file")
	assert.Equal(t, []string{"1029 CHF 108.00"}, o.balances())

	o.notified("2026-11-24", credit("CHF 105.70", worldline))
	o.notice("2026-11-24", test.String())
	assert.Len(t, o.payouts, 2, "the bank's is another one")
	test.Test = false
	o.notice("2026-11-24", test.String())
	assert.Len(t, o.payouts, 2)
	assert.Equal(t, []string{"1020 CHF 105.70", "6940 CHF 2.30"}, o.balances())
}

func TestChargebacksAndUnknownAdjustmentsWaitBesideWhatIsBooked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	o.notice("2026-11-24", mrxOf(mrxtest.Payment{
		Number: "P-1", Transactions: []mrxtest.Transaction{trx("1", "108", "2.30", "a")},
		Adjustments: []mrxtest.Adjustment{{Type: "30", Text: "Rückbelastung 4711", Net: "-50"}, {Type: "99", Text: "Gutschrift laut Brief", Net: "3"}},
	}).String())
	assert.Equal(t, []string{"1020 CHF 105.70", "6940 CHF 2.30"}, o.balances())
	i := slices.IndexFunc(o.payouts, func(p Payout) bool { return p.State == Unmatched })
	require.GreaterOrEqual(t, i, 0)
	rest := o.payouts[i]
	assert.Equal(t, []any{"CHF -47.00", []LineKind{ChargebackLine, AdjustmentLine}}, []any{rest.Net.String(), lineKinds(rest)})
	assert.Contains(t, rest.Reason, `An adjustment of the acquirer ("Gutschrift laut Brief")`)
	require.NoError(t, o.confirm("2026-11-25", rest, Decision{Account: ledger.Unclear}))
	assert.Contains(t, o.balances(), "1020 CHF 58.70")
}

// belowMinimum is a merchant who is paid once in three notices.
func belowMinimum() (files []string) {
	for i, p := range []mrxtest.Payment{
		{Reason: "20", Date: "2026-11-20", Transactions: []mrxtest.Transaction{trx("1", "5", "0.10", "a")}},
		{Reason: "20", Date: "2026-11-21", Opening: "4.90", Transactions: []mrxtest.Transaction{trx("2", "6", "0.20", "b")}},
		{Number: "P-1", Date: "2026-11-24", Opening: "10.70", Transactions: []mrxtest.Transaction{trx("3", "50", "1.00", "c")}},
	} {
		n := mrxOf(p)
		n.ID = fmt.Sprintf("MN-%d", i+1)
		files = append(files, n.String())
	}
	return files
}

func (o *office) smallSales() {
	o.paid("a", chf("5.00"), "2026-11-18")
	o.paid("b", chf("6.00"), "2026-11-19")
	o.paid("c", chf("50.00"), "2026-11-20")
}

func TestWhatIsBelowTheMinimumIsBookedWithTheLaterPayout(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.smallSales()
	files := belowMinimum()
	o.notice("2026-11-21", files[0])
	p := o.payout()
	assert.Equal(t, []any{Carried, "CHF 4.90", "The balance is below the minimum amount for a payout (reason 20). CHF 4.90 is carried over into a later payout."},
		[]any{p.State, p.Net.String(), p.Reason})
	o.notified("2026-11-21", credit("CHF 4.90", additional("Muster AG, Bern")+details("<RltdPties><Dbtr><Nm>Muster AG</Nm></Dbtr></RltdPties>")))
	o.notice("2026-11-21", files[1])
	o.notice("2026-11-21", files[0])
	assert.Empty(t, o.entries)
	assert.Len(t, o.payouts, 2)

	o.notice("2026-11-24", files[2])
	assert.Equal(t, []string{"1020 CHF 59.70", "6940 CHF 1.30"}, o.balances())
	for _, f := range files {
		o.notice("2026-11-25", f)
	}
	o.notified("2026-11-24", credit("CHF 59.70", worldline))
	assert.Equal(t, []string{"1020 CHF 59.70", "6940 CHF 1.30"}, o.balances())
	assert.Len(t, o.payouts, 3)
	for _, p := range o.payouts {
		assert.Equal(t, Booked, p.State)
	}
}

func TestNoticesInAnyOrderAndRepetitionMakeTheSameBooks(t *testing.T) {
	t.Parallel()
	quiet := mrxOf(mrxtest.Payment{Reason: "20", Date: "2026-11-22", Opening: "10.70"}) // nothing was sold
	quiet.ID = "MN-2b"
	files := append(belowMinimum(), quiet.String(), "")
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		o := newOffice(t)
		o.smallSales()
		sequence := r.Perm(len(files))
		for range 3 {
			sequence = append(sequence, r.IntN(len(files)))
		}
		for _, i := range sequence {
			if files[i] == "" {
				o.notified("2026-11-24", credit("CHF 59.70", worldline))
			} else {
				o.notice("2026-11-25", files[i])
			}
		}
		require.Equal(t, []string{"1020 CHF 59.70", "6940 CHF 1.30"}, o.balances(), "in the order %v", sequence)
		for _, p := range o.payouts {
			require.False(t, p.State.Waits() || p.State == Carried, "in the order %v nothing is left, but %+v", sequence, p)
		}
	}
}

func TestTransactionsThatComeAgainWithThePayoutAreBookedOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.smallSales()
	o.notice("2026-11-21", belowMinimum()[0])
	n := mrxOf(mrxtest.Payment{Number: "P-1", Transactions: []mrxtest.Transaction{trx("1", "5", "0.10", "a"), trx("3", "50", "1.00", "c")}})
	n.ID = "MN-9"
	o.notice("2026-11-24", n.String())
	assert.Equal(t, []string{"1020 CHF 53.90", "1029 CHF 6.00", "6940 CHF 1.10"}, o.balances())
	assert.Equal(t, Dismissed, o.payouts[0].State)
}

func TestPayoutThatBringsOnlyWhatWasCarriedOverIsBookedOnce(t *testing.T) {
	t.Parallel()
	small := mrxOf(mrxtest.Payment{Reason: "20", Date: "2026-11-20", Transactions: []mrxtest.Transaction{trx("1", "50", "1", "c")}})
	small.ID = "MN-1"
	paid := mrxOf(mrxtest.Payment{Number: "P-1", Date: "2026-11-24", Opening: "49"})
	paid.ID = "MN-2"
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		o := newOffice(t)
		o.smallSales()
		for range 2 {
			for _, i := range order {
				switch i {
				case 0:
					o.notice("2026-11-25", small.String())
				case 1:
					o.notice("2026-11-25", paid.String())
				default:
					o.notified("2026-11-24", credit("CHF 49.00", worldline))
				}
			}
		}
		assert.Equal(t, []string{"1020 CHF 49.00", "1029 CHF 11.00", "6940 CHF 1.00"}, o.balances(), "in the order %v", order)
		for _, p := range o.payouts {
			assert.False(t, p.State.Waits() || p.State == Carried, "in the order %v nothing is left, but %+v", order, p)
		}
	}
}

func TestNoticeMayTellOfAPayoutBeforeItsValueDate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.smallSales()
	o.notice("2026-11-22", mrxOf(mrxtest.Payment{Number: "P-1", Transactions: []mrxtest.Transaction{trx("3", "50", "1.00", "c")}}).String())
	assert.Equal(t, Booked, o.payout().State, "it arrives in two days")
}

func TestBalanceOfAnUnknownNoticeWaitsForAPerson(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.smallSales()
	o.notice("2026-11-24", belowMinimum()[2])
	assert.Equal(t, []string{"1020 CHF 49.00", "1029 CHF 11.00", "6940 CHF 1.00"}, o.balances())
	i := slices.IndexFunc(o.payouts, func(p Payout) bool { return p.State == Unmatched })
	require.GreaterOrEqual(t, i, 0)
	assert.Equal(t, "CHF 10.70", o.payouts[i].Net.String())
	assert.Contains(t, o.payouts[i].Reason, "Quittance does not know the other one")
}

func TestLargePaymentComesInPartsThatMakeTheWhole(t *testing.T) {
	t.Parallel()
	const sales = 2*batchLines + 300
	o := newOffice(t)
	var transactions []mrxtest.Transaction
	for i := range sales {
		name := fmt.Sprintf("N%c%c%c", 'A'+i%26, 'A'+i/26%26, 'A'+i/676)
		if i != 5 && i != 1500 {
			o.paid(name, chf("10.00"), "2026-11-20")
		}
		transactions = append(transactions, trx(fmt.Sprint(i), "10", "0.123456789", name))
	}
	n := mrxOf(mrxtest.Payment{Number: "P-1", PerSlip: 100, Transactions: transactions, Adjustments: []mrxtest.Adjustment{{Type: "46", Text: "", Net: "-0.0493853"}}})
	text := n.String()
	for range 2 {
		o.notice("2026-11-24", text)
		assert.Len(t, o.payouts, 5, "three parts, and two that wait")
		assert.Equal(t, []string{"1020 CHF 22696.24", "6940 CHF 283.76"}, o.balances())
	}
	first := o.payout("P-1")
	total := first.Net
	for _, p := range o.payouts {
		if p.PartOf != "" {
			assert.Equal(t, first.ID, p.PartOf)
			total = total.Add(p.Net)
		}
		assert.LessOrEqual(t, len(p.Lines), batchLines)
	}
	assert.Equal(t, first.Total.String(), total.String())
	o.notified("2026-11-24", credit(first.Total.String(), worldline))
	assert.Len(t, o.payouts, 5, "the bank's credit is known")
}

func TestPaymentInACurrencyWithoutBooksIsSkipped(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.paid("a", chf("108.00"), "2026-11-20")
	n := mrxOf(mrxtest.Payment{Number: "P-1", Transactions: []mrxtest.Transaction{trx("1", "108", "2.30", "a")}})
	n.Accounts = append([]mrxtest.Account{{IBAN: "CH5604835012345678009", Currency: "NOK", Payments: []mrxtest.Payment{{Number: "P-0", Transactions: []mrxtest.Transaction{trx("0", "7", "1", "")}}}}}, n.Accounts...)
	told := o.notice("2026-11-24", n.String())
	assert.Equal(t, 1, told.skipped[Others])
	assert.Equal(t, Booked, o.payout().State)
}

func TestBankThatTellsBrandAndDayAndTheNoticeTellOnePayout(t *testing.T) {
	t.Parallel()
	notice := mrxOf(mrxtest.Payment{Number: "P-1", Transactions: []mrxtest.Transaction{
		{ID: "1", Gross: "50", Fee: "0.80", Auth: "689996", Card: "512345XXXXXX2364"}, {ID: "2", Gross: "10", Fee: "0.10", Auth: "689997", Card: "512345XXXXXX2364"},
	}}).String()
	for _, bankFirst := range []bool{true, false} {
		o := newOffice(t)
		o.paidBy("a", "50.00", "2026-11-20", "689996", "512345xxxxxx2364")
		o.paidBy("b", "10.00", "2026-11-20", "689997", "512345xxxxxx2364")
		for i := range o.positions {
			o.positions[i].Brand = "MASTERCARD"
		}
		bank := func() {
			o.notified("2026-11-24", credit("CHF 59.10", additional("WORLDLINE SCHWEIZ AG ECAMC/ 60.00/NR.12345/KOM. 0.90/DAT.20.11.2026/MUSTER SHOP/BERN")))
		}
		if bankFirst {
			bank()
		}
		o.notice("2026-11-24", notice)
		bank()
		assert.Equal(t, []any{Booked, "P-1"}, []any{o.payout().State, o.payout().Reference})
		assert.Equal(t, []string{"1020 CHF 59.10", "6940 CHF 0.90"}, o.balances())
	}
}
