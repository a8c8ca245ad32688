package mrx_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/mrx"
	"github.com/quittance/quittance/internal/testing/mrxtest"
)

// sample is the acquirer's own, which is not part of the product.
const sample = "../../../shared/acquirer/mrx-v1.5-sample-ch.xml"

func read(t require.TestingT, text string) (mrx.File, []mrx.Entry) {
	file, err := mrx.Read(strings.NewReader(text))
	require.NoError(t, err)
	var entries []mrx.Entry
	require.NoError(t, file.Each(strings.NewReader(text), func(e mrx.Entry) error {
		entries = append(entries, e)
		return nil
	}))
	return file, entries
}

func TestSampleOfTheAcquirerIsSound(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(sample)
	if err != nil {
		t.Skip("the acquirer's sample of an MRX is not here")
	}
	file, entries := read(t, string(data))
	require.Len(t, file.Payments, 1)
	p := file.Payments[0]
	assert.Equal(t, []any{"10000200000051719560", true, "201707240000592", "1126.88", "2017-07-26", 12},
		[]any{file.ID, file.Test, p.Number, p.Paid.StringFixed(2), p.Date.Format("2006-01-02"), p.Entries})
	assert.Equal(t, "CH1572345678901234567", file.Accounts[0].Number)
	require.Len(t, entries, 12)
	first := entries[0]
	assert.Equal(t, []any{"201707240000241", "689996", "492113XXXXXX2364", "50.00", "0.95", "49.05", "2017-07-24"},
		[]any{first.ID, first.Authorization, first.Card, first.Gross.StringFixed(2), first.Fee.StringFixed(2), first.Net.StringFixed(2), first.Day.Format("2006-01-02")})
	assert.Equal(t, []string{"012345678901234567890123456789", "012345678901234567890123456789", "356650"}, first.References)
}

// notice is a file with everything that a file may have: two accounts, a refund, adjustments, and balances of both kinds.
func notice() mrxtest.Notice {
	return mrxtest.Notice{Accounts: []mrxtest.Account{
		{Payments: []mrxtest.Payment{
			{
				Number: "P-1", Opening: "12.50", PerSlip: 2,
				Transactions: []mrxtest.Transaction{
					{ID: "T-1", Gross: "50", Fee: "0.953333333", Order: "QAAAAAAAAAAAAAAAAA", Auth: "689996", Card: "492113XXXXXX2364"},
					{ID: "T-2", Gross: "25.60", Fee: "0.3"},
					{ID: "T-3", Gross: "-20", Reversal: true},
				},
				Adjustments: []mrxtest.Adjustment{{Type: "46", Text: "Rundungsdifferenz", Net: "0.003333333"}, {Type: "12", Text: "Monatsgebühr", Net: "-5"}},
			},
			{Reason: "20", Transactions: []mrxtest.Transaction{{ID: "T-4", Gross: "3.50", Fee: "0.10"}}},
		}},
		{IBAN: "CH5604835012345678009", Currency: "EUR", Payments: []mrxtest.Payment{{Number: "P-2", Transactions: []mrxtest.Transaction{{ID: "T-5", Gross: "10", Fee: "0.2", Sale: "JPY 1700"}}}}},
	}}
}

func TestPaymentsAndBalancesAreReadWithAllTheirEntries(t *testing.T) {
	t.Parallel()
	file, entries := read(t, notice().String())
	require.Len(t, file.Payments, 3)
	assert.Equal(t, []any{"P-1", "61.85", "12.5", 5}, []any{file.Payments[0].Number, file.Payments[0].Paid.String(), file.Payments[0].Opening.Amount.String(), file.Payments[0].Entries})
	carried := file.Payments[1]
	assert.Equal(t, []any{"", true, "3.4", mrx.BelowMinimum}, []any{carried.Number, carried.Closing.Told, carried.Closing.Amount.String(), carried.Closing.Reason})
	assert.Equal(t, []any{"P-2", 1, "EUR"}, []any{file.Payments[2].Number, file.Payments[2].Account, file.Accounts[1].Currency})
	require.Len(t, entries, 7)
	assert.Equal(t, "0.953333333", entries[0].Fee.String(), "nine decimals are exact")
	assert.Equal(t, []any{true, "-20"}, []any{entries[2].Reversal, entries[2].Gross.String()}, "the sums say that a reversal has to be turned")
	assert.Equal(t, []any{true, "46/1", "Rundungsdifferenz"}, []any{entries[3].Adjustment, entries[3].Type, entries[3].Text})
	assert.Equal(t, []any{2, "T-5"}, []any{entries[6].Payment, entries[6].ID})
}

func TestReversalsWithTheirSignAreTakenAsTheyAre(t *testing.T) {
	t.Parallel()
	text := mrxtest.Notice{Accounts: []mrxtest.Account{{Payments: []mrxtest.Payment{{Number: "P", Transactions: []mrxtest.Transaction{
		{ID: "1", Gross: "50", Fee: "1"}, {ID: "2", Gross: "-20", Fee: "0"},
	}}}}}}.String()
	at := strings.LastIndex(text, "<isReversal>0")
	_, entries := read(t, text[:at]+"<isReversal>1"+text[at+len("<isReversal>0"):])
	assert.Equal(t, []any{true, "-20"}, []any{entries[1].Reversal, entries[1].Gross.String()})
}

func TestOneLineAndUnknownElementsChangeNothing(t *testing.T) {
	t.Parallel()
	text := notice().String()
	file, entries := read(t, text)
	newer := strings.ReplaceAll(strings.ReplaceAll(text, "\n", ""), "<trx>", `<trx><newer x="1"><deep>5</deep></newer>`)
	newer = strings.ReplaceAll(newer, "<settlingPart>", "<settlingPart><somethingElse><trx/></somethingElse>")
	same, again := read(t, newer)
	assert.Len(t, again, len(entries))
	for i, p := range same.Payments {
		assert.True(t, p.Paid.Equal(file.Payments[i].Paid))
	}
}

func TestBalanceMayStandInPlaceOfThePayment(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("<payment>\n", "", "</payment>\n", "", "<clBalDate>2026-11-24</clBalDate>", "").Replace(mrxtest.Notice{Accounts: []mrxtest.Account{{
		Payments: []mrxtest.Payment{{Reason: "20", Transactions: []mrxtest.Transaction{{ID: "1", Gross: "5"}}}},
	}}}.String())
	file, entries := read(t, text)
	require.Len(t, file.Payments, 1)
	assert.Equal(t, []any{"5", "20", 1}, []any{file.Payments[0].Closing.Amount.String(), file.Payments[0].Closing.Reason, len(entries)})
}

func TestContradictionsAreRefusedOnEveryLevel(t *testing.T) {
	t.Parallel()
	text := mrxtest.Notice{Accounts: []mrxtest.Account{{Payments: []mrxtest.Payment{
		{Number: "P-1", Transactions: []mrxtest.Transaction{{ID: "T-1", Gross: "50", Fee: "0.95"}, {ID: "T-2", Gross: "25", Fee: "0.30"}}, Adjustments: []mrxtest.Adjustment{{Type: "12", Text: "Fee", Net: "-5"}}},
		{Reason: "20", Transactions: []mrxtest.Transaction{{ID: "T-3", Gross: "3", Fee: "0.10"}}},
	}}}}.String()
	// changed returns the file with the nth of a sum by one centime more.
	changed := func(element string, n int) string {
		at := -1
		for range n {
			next := strings.Index(text[at+1:], "<"+element+" ")
			require.GreaterOrEqual(t, next, 0, element)
			at += 1 + next
		}
		from := at + strings.Index(text[at:], ">") + 1
		to := from + strings.Index(text[from:], "<")
		return text[:from] + decimal.RequireFromString(text[from:to]).Add(decimal.New(1, -2)).StringFixed(9) + text[to:]
	}
	_, err := mrx.Read(strings.NewReader(text))
	require.NoError(t, err)
	for name, c := range map[string]struct{ file, reason string }{
		"transaction":            {changed("aComEffSC", 1), "trx/aComEffSC is -0.94, but aTrxGrosSC 50.00 and aTrxNetSC 49.05 differ by -0.95"},
		"slip":                   {changed("aTrxNetSC", 2), "sumSlip/sum/sumSC/aTrxNetSC is 49.06, but what it holds adds up to 49.05"},
		"contract":               {changed("aTrxGrosSC", 5), "contract/sum/sumSC/aTrxGrosSC is 75.01, but what it holds adds up to 75.00"},
		"business part":          {changed("aComEffSC", 6), "businessPart/sum/sumSC/aComEffSC is -1.24, but what it holds adds up to -1.25"},
		"payment":                {changed("aNetSC", 5), "payment/sum/sumSC/aNetSC is 68.76, but what it holds adds up to 68.75"},
		"what arrives":           {changed("aPaymentSC", 1), "payment/sum/sumSC/aPaymentSC is 68.76, but its entries and balances make 68.75"},
		"carried over":           {changed("aClBalSC", 1), "payment/closingBalance is 2.91, but its entries and its openingBalance make 2.90"},
		"account":                {changed("aPaymentSC", 3), "stlAccount/sum/sumSC/aPaymentSC is 68.76, but what it holds adds up to 68.75"},
		"settling part":          {changed("aPaymentSC", 4), "settlingPart/sum/sumSC/aPaymentSC is 68.76"},
		"reporting part":         {changed("aPaymentSC", 5), "reportingPart/sum/sumSC/aPaymentSC is 68.76"},
		"adjustment":             {changed("aFAdjNetSC", 1), "but its entries and balances make 68.76"},
		"count":                  {strings.Replace(text, "<noValidTrx>2", "<noValidTrx>3", 1), `contract/sum/sumSC/noValidTrx is "3", but there are 2`},
		"count of payments":      {strings.Replace(text, "</payment>\n<passStl", "</payment>\n<payment><paymentNo>P-9</paymentNo><valueDate>2026-11-24</valueDate><sum><sumSC>"+`<aPaymentSC c="CHF">0</aPaymentSC></sumSC></sum></payment><passStl`, 1), `noPayments is "1", but there are 2`},
		"the same number":        {strings.Replace(text, "</payment>\n<passStl", "</payment>\n<payment><paymentNo>P-1</paymentNo><valueDate>2026-11-24</valueDate><sum><sumSC>"+`<aPaymentSC c="CHF">0</aPaymentSC></sumSC></sum></payment><passStl`, 1), `paymentNo "P-1" is there twice`},
		"currency":               {strings.Replace(text, "<stlCurCode>CHF", "<stlCurCode>EUR", 1), `a payment is in CHF, but stlAccount/stlCurCode is "EUR"`},
		"currency of a sum":      {strings.Replace(text, `<aTrxNetSC c="CHF"`, `<aTrxNetSC c="EUR"`, 1), "trx/aTrxNetSC is in EUR, but aTrxGrosSC is in CHF"},
		"a left out transaction": {strings.Replace(text, text[strings.Index(text, "<trx>"):strings.Index(text, "</trx>")+6], "", 1), "sumSlip/sum/sumSC/aTrxGrosSC is 50.00, but what it holds adds up to 0.00"},
		"scientific amount":      {strings.Replace(text, ">50.000000000<", ">5e1<", 1), `"5e1" must be a decimal number`},
		"ten decimals":           {strings.Replace(text, ">50.000000000<", ">50.0000000001<", 1), "at most 9 decimals"},
		"exponent":               {strings.Replace(text, `e="2"`, `e="two"`, 1), "the exponent of"},
		"flag":                   {strings.Replace(text, "Flag>P", "Flag>X", 1), `productionFlag is "X" instead of P or T`},
		"reversal":               {strings.Replace(text, "<isReversal>0", "<isReversal>2", 1), `isReversal is "2" instead of 0 or 1`},
		"no notice":              {strings.Replace(text, "mercNoticeUniqueID", "x", 2), "mercNoticeUniqueID is missing"},
		"two amounts":            {strings.Replace(text, "</trx>", `<aTrxGrosSC c="CHF">1</aTrxGrosSC></trx>`, 1), "trx/aTrxGrosSC is there twice"},
		"cut off":                {text[:len(text)/2], "it was cut off"},
		"entity":                 {`<!DOCTYPE x [<!ENTITY a "b">]>` + text, "document type declaration"},
		"other document":         {"<other/>", `the document is "other" and not merchantReconciliationXML`},
		"two documents":          {text + text[strings.Index(text, "<merchant"):], "a second document follows"},
		"empty":                  {"", "empty"},
		"deep":                   {strings.Replace(text, "<trx>", strings.Repeat("<a>", 50), 1), "nested more than"},
		"long text":              {strings.Replace(text, "T-1", strings.Repeat("T", 5000), 1), "has more than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := mrx.Read(strings.NewReader(c.file))
			fault, ok := errors.AsType[*mrx.Error](err)
			require.True(t, ok, "it is refused, but with %v", err)
			assert.Contains(t, fault.Reason, c.reason)
			assert.Positive(t, fault.Line)
		})
	}
}

func TestErrorOfTheReaderSaysNothingAboutTheFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("the line is dead")
	_, err := mrx.Read(io.MultiReader(strings.NewReader(notice().String()[:500]), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
}

var manyTransactions = 100_000

// TestHundredThousandTransactionsAreReadInConstantMemory is not parallel: it looks at the heap.
func TestHundredThousandTransactionsAreReadInConstantMemory(t *testing.T) {
	transactions := make([]mrxtest.Transaction, manyTransactions)
	for i := range transactions {
		transactions[i] = mrxtest.Transaction{ID: fmt.Sprint(i), Gross: "10", Fee: "0.123456789"}
	}
	file, err := os.CreateTemp(t.TempDir(), "*.xml")
	require.NoError(t, err)
	payment := mrxtest.Payment{Number: "P", Transactions: transactions, PerSlip: 1000, Adjustments: []mrxtest.Adjustment{{Type: "46", Text: "Rundung", Net: "0.0000000"}}}
	require.NoError(t, mrxtest.Notice{Accounts: []mrxtest.Account{{Payments: []mrxtest.Payment{payment}}}}.Write(file))
	size, _ := file.Seek(0, io.SeekEnd)

	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before, most, seen := heap(), uint64(0), 0
	_, err = file.Seek(0, io.SeekStart)
	require.NoError(t, err)
	read, err := mrx.Read(file)
	require.NoError(t, err)
	_, err = file.Seek(0, io.SeekStart)
	require.NoError(t, err)
	require.NoError(t, read.Each(file, func(mrx.Entry) error {
		if seen++; seen%(manyTransactions/5) == 0 {
			most = max(most, heap())
		}
		return nil
	}))
	assert.Equal(t, manyTransactions+1, seen)
	assert.Less(t, most, before+4<<20, "a file of %d MiB takes at most 4 MiB", size>>20)
}

// FuzzRead holds every file that is taken against what the rest of the product relies on.
func FuzzRead(f *testing.F) {
	f.Add([]byte(notice().String()))
	f.Add([]byte(strings.ReplaceAll(notice().String(), "\n", "")))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><merchantReconciliationXML>&b;</merchantReconciliationXML>`))
	f.Add([]byte(`<merchantReconciliationXML><reportingPart><stlAccount><closingBalance c="CHF" reason="20">5</closingBalance></stlAccount></reportingPart></merchantReconciliationXML>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := mrx.Read(bytes.NewReader(data))
		if err != nil {
			fault, ok := errors.AsType[*mrx.Error](err)
			require.True(t, ok, "%v", err)
			assert.Positive(t, fault.Line)
			assert.NotEmpty(t, fault.Reason)
			return
		}
		assert.NotEmpty(t, file.ID)
		sums := make([]decimal.Decimal, len(file.Payments))
		entries := 0
		require.NoError(t, file.Each(bytes.NewReader(data), func(e mrx.Entry) error {
			sums[e.Payment] = sums[e.Payment].Add(e.Net)
			entries++
			assert.True(t, e.Adjustment || e.Gross.Sub(e.Fee).Equal(e.Net))
			return nil
		}))
		assert.Equal(t, file.Entries, entries)
		for i, p := range file.Payments {
			assert.True(t, p.Opening.Amount.Add(sums[i]).Equal(p.Paid.Add(p.Closing.Amount)), "payment %d is what its entries make", i)
		}
	})
}
