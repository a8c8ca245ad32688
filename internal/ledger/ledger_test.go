package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
)

func TestReceiptDebitsTheReceiptAccountAndCreditsReceivables(t *testing.T) {
	t.Parallel()
	amount := money.MustParse("108.00", money.CHF)
	e := ledger.Receipt(ledger.Occasion{
		CompanyID: "cmp_1", Language: "fr", InvoiceID: "inv_1", InvoiceNumber: "R-1", PaymentID: "pay_1", Amount: amount, Day: time.Unix(0, 0),
	}, "1029", ledger.Receivables)
	require.NoError(t, e.Check())
	assert.Equal(t, "Paiement en ligne de la facture R-1", e.Text, "in the company's language")
	assert.Equal(t, ledger.Source{Kind: ledger.FromPayment, ID: "pay_1"}, e.Source)
	assert.Equal(t, []ledger.Line{ledger.Debit("1029", amount), ledger.Credit("1100", amount)}, e.Lines)
}

func TestWhatSaferpayMovedIsBookedAgainstPrepayments(t *testing.T) {
	t.Parallel()
	franc := money.MustParse("1.00", money.CHF)
	for _, c := range []struct {
		amount money.Amount
		want   []ledger.Line
	}{
		{franc, []ledger.Line{ledger.Debit("1029", franc), ledger.Credit(ledger.Prepayments, franc)}},
		{franc.Neg(), []ledger.Line{ledger.Debit(ledger.Prepayments, franc), ledger.Credit("1029", franc)}},
	} {
		e := ledger.Found(ledger.Occasion{CompanyID: "cmp_1", Language: "de", Amount: c.amount, Day: time.Unix(0, 0)}, "1029", "T1", "key_1")
		require.NoError(t, e.Check())
		assert.Equal(t, "Bei Saferpay gefundene Transaktion T1", e.Text)
		assert.Equal(t, ledger.Source{Kind: ledger.FromTransaction, ID: "T1"}, e.Source)
		assert.Equal(t, "key_1", e.By)
		require.Len(t, e.Lines, 2)
		for i, line := range c.want {
			assert.Equal(t, []any{line.Account, line.Debit.Value(), line.Credit.Value()}, []any{e.Lines[i].Account, e.Lines[i].Debit.Value(), e.Lines[i].Credit.Value()})
		}
	}
}

func TestOnlyBalancedEntriesPass(t *testing.T) {
	t.Parallel()
	franc, euro := money.MustParse("1.00", money.CHF), money.MustParse("1.00", money.EUR)
	for name, lines := range map[string][]ledger.Line{
		"no lines":            nil,
		"one line":            {ledger.Debit("1029", franc)},
		"unbalanced":          {ledger.Debit("1029", franc.Add(franc)), ledger.Credit("1100", franc)},
		"two currencies":      {ledger.Debit("1029", franc), ledger.Credit("1100", euro)},
		"line of two":         {{Account: "1029", Debit: franc, Credit: money.Zero(money.EUR)}, ledger.Credit("1100", franc)},
		"both sides":          {{Account: "1029", Debit: franc, Credit: franc}, {Account: "1100", Debit: franc, Credit: franc}},
		"nothing":             {ledger.Debit("1029", money.Zero(money.CHF)), ledger.Credit("1100", money.Zero(money.CHF))},
		"negative":            {ledger.Debit("1029", franc.Neg()), ledger.Credit("1100", franc.Neg())},
		"negative other side": {{Account: "1029", Debit: franc, Credit: franc.Neg()}, ledger.Credit("1100", franc.Add(franc))},
	} {
		require.Error(t, ledger.Entry{Lines: lines}.Check(), name)
	}
	require.NoError(t, ledger.Entry{Lines: []ledger.Line{
		ledger.Debit("1029", franc), ledger.Credit("1100", franc), ledger.Debit("1029", euro), ledger.Credit("1100", euro),
	}}.Check(), "each currency balances by itself")
}

func TestAnyChangeBreaksTheSeal(t *testing.T) {
	t.Parallel()
	amount := money.MustParse("108.00", money.CHF)
	at := time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)
	sealed := ledger.Entry{
		ID: "jre_1", CompanyID: "cmp_1", Sequence: 7, Date: at, Text: "text", Source: ledger.Source{Kind: ledger.FromPayment, ID: "pay_1"},
		InvoiceID: "inv_1", PaymentID: "pay_1", Lines: []ledger.Line{ledger.Debit("1029", amount), ledger.Credit("1100", amount)}, CreatedAt: at,
	}.Seal("before")
	intact := func(e ledger.Entry) bool {
		after := ledger.Chain{Sequence: 6, Hash: "before"}
		return after.Next(e) == nil
	}
	require.True(t, intact(sealed))
	stored := sealed
	stored.CreatedAt = at.Truncate(time.Microsecond)
	assert.True(t, intact(stored), "the database keeps microseconds")
	for name, change := range map[string]func(*ledger.Entry){
		"id":       func(e *ledger.Entry) { e.ID = "jre_2" },
		"company":  func(e *ledger.Entry) { e.CompanyID = "cmp_2" },
		"sequence": func(e *ledger.Entry) { e.Sequence++ },
		"date":     func(e *ledger.Entry) { e.Date = e.Date.AddDate(0, 0, 1) },
		"value":    func(e *ledger.Entry) { e.ValueDate = e.Date },
		"by":       func(e *ledger.Entry) { e.By = "key_1" },
		"text":     func(e *ledger.Entry) { e.Text += "!" },
		"source":   func(e *ledger.Entry) { e.Source.ID = "pay_2" },
		"invoice":  func(e *ledger.Entry) { e.InvoiceID = "inv_2" },
		"payment":  func(e *ledger.Entry) { e.PaymentID = "pay_2" },
		"reverses": func(e *ledger.Entry) { e.Reverses = "jre_0" },
		"previous": func(e *ledger.Entry) { e.PreviousHash = "other" },
		"created":  func(e *ledger.Entry) { e.CreatedAt = e.CreatedAt.Add(time.Second) },
		"account":  func(e *ledger.Entry) { e.Lines = []ledger.Line{ledger.Debit("1020", amount), e.Lines[1]} },
		"amount": func(e *ledger.Entry) {
			less := money.MustParse("107.00", money.CHF)
			e.Lines = []ledger.Line{ledger.Debit("1029", less), ledger.Credit("1100", less)}
		},
	} {
		tampered := sealed
		change(&tampered)
		assert.False(t, intact(tampered), name)
	}
}

func TestEverySplitOfAnAmountBalances(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		total := money.Zero(money.CHF)
		var lines []ledger.Line
		for _, n := range rapid.SliceOfN(rapid.Int64Range(1, 1_000_000), 1, 8).Draw(t, "parts") {
			part := money.FromMinor(n, money.CHF)
			total = total.Add(part)
			lines = append(lines, ledger.Debit("1029", part))
		}
		require.NoError(t, ledger.Entry{Lines: append(lines, ledger.Credit("1100", total))}.Check())
		off := total.Add(money.FromMinor(rapid.SampledFrom([]int64{-1, 1, 100}).Draw(t, "off"), money.CHF))
		require.Error(t, ledger.Entry{Lines: append(lines, ledger.Credit("1100", off))}.Check())
	})
}
