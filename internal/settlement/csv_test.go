package settlement

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
)

const header = "payout_reference,payout_date,type,order_id,currency,gross,fee,net\n"

// good is a file of two payouts, the second in euros.
const good = header +
	"WL-20261124-1,2026-11-24,payment,Q222222222222222A1,CHF,108.00,2.30,105.70\n" +
	"WL-20261124-1,2026-11-24,refund,Q222222222222222A2,CHF,-20.00,0.00,-20.00\n" +
	"WL-20261124-2,2026-11-24,payment,Q222222222222222A3,EUR,50.00,1.90,48.10\n" +
	"WL-20261124-1,2026-11-24,chargeback,Q222222222222222A4,CHF,-74.60,30.00,-104.60\n"

func TestLinesOfTheAcquirerArePutTogetherToPayouts(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"as it is documented":        good,
		"as a spreadsheet writes it": "\ufeff" + strings.ReplaceAll(strings.ReplaceAll(good, ",", ";"), "\n", "\r\n"),
		"with quotes and spaces":     strings.ReplaceAll(strings.ReplaceAll(good, "payment,", `"payment" ,`), `"payment" ,`, `"payment", `),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := ReadCSV([]byte(text))
			require.NoError(t, err)
			require.Len(t, f.Transfers, 2)
			francs, euros := f.Transfers[0], f.Transfers[1]
			assert.Equal(t, []any{"WL-20261124-1", day("2026-11-24"), 2, Acquirer}, []any{francs.Reference, francs.Date, francs.Line, francs.Sender})
			assert.Equal(t, "CHF -18.90", francs.Net.String(), "a payout may be negative")
			assert.Equal(t, "CHF 32.30", francs.Fee.String())
			assert.Equal(t, []string{"Q222222222222222A1", "Q222222222222222A2"}, francs.orders(), "which the payout pays or gives back")
			assert.Equal(t, Line{
				Number: 5, Kind: ChargebackLine, OrderID: "Q222222222222222A4", Gross: chf("-74.60"), Fee: chf("30.00"), Net: chf("-104.60"),
			}, francs.Lines[2])
			assert.Equal(t, "EUR 48.10", euros.Net.String())
		})
	}
}

func TestBrokenListOfTheAcquirerIsRefusedWithLinesAndReasons(t *testing.T) {
	t.Parallel()
	replaced := func(part, by string) string {
		require.Contains(t, good, part)
		return strings.Replace(good, part, by, 1)
	}
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"nothing":        {"", "line 1: the file has no transactions"},
		"only line ends": {"\n\n\n", "line 1: the file has no transactions"},
		"sums beyond the journal": {
			header + "WL-1,2026-11-24,payment," + order("a") + ",CHF,600000000.00,0.00,600000000.00\nWL-1,2026-11-24,payment," + order("b") + ",CHF,600000000.00,0.00,600000000.00\n",
			"line 3: payout WL-1 is larger than 999999999.99 with this line",
		},
		"only the header":             {header, "line 1: the file has no transactions"},
		"XML":                         {"<Document/>", "line 1: the first line must name the columns payout_reference, payout_date, type, order_id, currency, gross, fee, net; payout_reference is missing"},
		"a column is missing":         {replaced(",fee,", ",charge,"), "line 1: the first line must name the columns payout_reference, payout_date, type, order_id, currency, gross, fee, net; fee is missing"},
		"a column too many":           {strings.ReplaceAll(good, "\n", ",x\n"), "line 1: the first line must name the columns payout_reference, payout_date, type, order_id, currency, gross, fee, net and no others"},
		"a cell is missing":           {replaced(",105.70", ""), "line 2: the line has another number of columns than the first"},
		"a stray quote":               {replaced("payment,Q", `pay"ment,Q`), "line 2: a quote is where none may be"},
		"Latin-1":                     {replaced("WL-20261124-2", "R\xe9gl"), "line 1: the file is not in UTF-8"},
		"unknown currency":            {replaced("A2,CHF", "A2,JPY"), "line 3: currency must be one of CHF, EUR, USD, GBP"},
		"comma as decimal point":      {replaced("108.00,2.30,105.70", `"108,00",2.30,105.70`), `line 2: gross must be a decimal number such as "108.00"`},
		"exponent":                    {replaced("48.10", "4.81e1"), `line 4: net must be a decimal number such as "108.00"`},
		"three decimals":              {replaced("2.30", "2.305"), "line 2: fee has more than the 2 decimals of CHF"},
		"gross less fee is not net":   {replaced("105.70", "105.71"), "line 2: gross 108.00 less fee 2.30 is not net 105.71"},
		"a payment that takes":        {replaced("108.00,2.30,105.70", "-108.00,2.30,-110.30"), "line 2: gross of a payment must be more than 0"},
		"a refund that gives":         {replaced("-20.00,0.00,-20.00", "20.00,0.00,20.00"), "line 3: gross of a refund must be less than 0"},
		"another type":                {replaced("chargeback", "interest"), "line 5: type must be payment, refund, chargeback, chargeback_won or fee"},
		"no type":                     {replaced("chargeback", ""), "line 5: type must be payment, refund, chargeback, chargeback_won or fee"},
		"no order":                    {replaced("Q222222222222222A3", " "), "line 4: order_id must have 1 to 80 characters, and not only blanks"},
		"no reference":                {replaced("WL-20261124-2", ""), "line 4: payout_reference must have 1 to 100 characters, and not only blanks"},
		"no such day":                 {replaced("2026-11-24,payment", "2026-02-30,payment"), "line 2: payout_date must be a day such as 2026-11-24"},
		"a Swiss date":                {replaced("2026-11-24,payment", "24.11.2026,payment"), "line 2: payout_date must be a day such as 2026-11-24"},
		"two days in one payout":      {replaced("2026-11-24,refund", "2026-11-25,refund"), "line 3: payout_date must be 2026-11-24 as in line 2 of the same payout"},
		"two currencies in a payout":  {replaced("WL-20261124-2", "WL-20261124-1"), "line 4: currency must be CHF as in line 2 of the same payout"},
		"one payment twice":           {replaced("A3,EUR", "A1,EUR"), "line 4: order_id Q222222222222222A1 is paid out in line 2 already"},
		"several faults at once":      {replaced("108.00,2.30,105.70", "x,y,105.70"), `line 2: gross must be a decimal number such as "108.00"; line 2: fee must be a decimal number such as "108.00"`},
		"a reference of many letters": {replaced("WL-20261124-2", strings.Repeat("W", 101)), "line 4: payout_reference must have 1 to 100 characters; it has 101"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadCSV([]byte(c.text))
			require.EqualError(t, err, c.want)
		})
	}
}

func TestFaultsOfAFileAreNotEndless(t *testing.T) {
	t.Parallel()
	_, err := ReadCSV([]byte(header + strings.Repeat("W,2026-11-24,payment,Q,CHF,1,1,1\n", 10_000)))
	refused, ok := errors.AsType[*FileError](err)
	require.True(t, ok)
	assert.Len(t, refused.Faults, maxFaults)
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("\ufeffpayout_reference;payout_date\n\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(bytes.NewReader(data), int64(len(data)), true)
		if err != nil {
			refused, ok := errors.AsType[*FileError](err)
			require.True(t, ok, "%v", err)
			require.NotEmpty(t, refused.Faults)
			for _, fault := range refused.Faults {
				assert.Positive(t, fault.Line)
			}
			return
		}
		for _, p := range file.Transfers {
			net := money.Zero(p.Net.Currency())
			for _, l := range p.Lines {
				assert.True(t, l.Gross.Sub(l.Fee).Equal(l.Net))
				net = net.Add(l.Net)
			}
			assert.True(t, net.Equal(p.Net), "a payout is the sum of its lines")
		}
	})
}
