package camt

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
)

const (
	batch       = "camt.054.001.04-batch.xml"
	month       = "camt.053.001.04-month.xml"
	twoAccounts = "camt.053.001.08-two-accounts.xml"
	single      = "camt.054.001.08-single.xml"
)

func sample(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(data)
}

// told is a file and the entries of each of its statements.
type told struct {
	File
	entries [][]Entry
}

// readAll reads a file; the first thing that is wrong with any part of it is an error.
func readAll(r io.Reader) (told, error) {
	byAccount := map[string][]Entry{}
	var faults []*Error
	file, err := Read(r, func(account string, e Entry) {
		byAccount[account] = append(byAccount[account], e)
		if e.Fault != nil {
			faults = append(faults, e.Fault)
		}
	})
	all := told{File: file}
	for _, s := range file.Statements {
		all.entries = append(all.entries, byAccount[s.Account])
		if s.Fault != nil {
			faults = append(faults, s.Fault)
		}
	}
	if err == nil && len(faults) > 0 {
		err = faults[0]
	}
	return all, err
}

func read(t testing.TB, name string) told {
	t.Helper()
	file, err := readAll(strings.NewReader(sample(t, name)))
	require.NoError(t, err)
	return file
}

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func chf(s string) money.Amount { return money.MustParse(s, money.CHF) }
func eur(s string) money.Amount { return money.MustParse(s, money.EUR) }

func TestCollectiveCreditIsReadWithItsTransactions(t *testing.T) {
	t.Parallel()
	file := read(t, batch)
	assert.Equal(t, "camt.054.001.04", file.Message)
	assert.Equal(t, "MSG-20261124-0001", file.ID)
	assert.Equal(t, "2026-11-24T20:15:09Z", file.Created.UTC().Format(time.RFC3339))
	require.Len(t, file.Statements, 1)
	statement := file.Statements[0]
	assert.Equal(t, []any{10, "N-2026-11-24", "CH9300762011623852957", true, money.CHF},
		[]any{statement.Line, statement.ID, statement.Account, statement.IBAN, statement.Currency})
	assert.Equal(t, "2026-11-24T23:59:59Z", statement.To.Format(time.RFC3339))

	require.Len(t, file.entries[0], 1)
	entry := file.entries[0][0]
	assert.Equal(t, Entry{
		Line: 22, Amount: chf("155.30"), Currency: "CHF", Booked: true, BookingDate: day("2026-11-24"), ValueDate: day("2026-11-25"),
		Reference: "20261124000800627219460000001", EntryRef: "010001628", Text: "Sammelgutschrift", Code: "PMNT/RCDT/ATXN", Details: entry.Details,
	}, entry)
	assert.Equal(t, []Detail{
		{
			Line: 38, Amount: chf("105.70"), Original: chf("108.00"), Reference: "0001", References: []string{"0001", "QAAAAAAAAAAAAAAAA2"},
			Parties: []string{"Worldline Schweiz AG"}, Charges: []Charge{{chf("2.00"), true}, {chf("0.30"), true}},
		},
		{
			Line: 50, Amount: chf("74.60"), References: []string{"QAAAAAAAAAAAAAAAA3"},
			Remittance: []string{"TWINT 23.11.2026", "Term. 12345678"}, Parties: []string{"Worldline Schweiz AG"},
		},
		{
			Line: 57, Amount: chf("-25.00"), References: []string{},
			Remittance: []string{"QAAAAAAAAAAAAAAAA4", "Refund"}, Parties: []string{"Worldline Schweiz AG"},
		},
	}, entry.Details)
}

func TestStatementIsReadWithEverythingElseThatHappenedOnTheAccount(t *testing.T) {
	t.Parallel()
	entries := read(t, month).entries[0]
	require.Len(t, entries, 5)
	assert.Equal(t, "VERGUETUNG WORLDLINE SCHWEIZ AG MERCHANT 123123", entries[0].Text)
	assert.Equal(t, day("2026-11-24"), entries[0].BookingDate, "the day that the bank writes, in its own time zone")
	assert.Equal(t, chf("-250.00"), entries[1].Amount)
	assert.Equal(t, day("2026-11-24"), entries[1].BookingDate, "of an entry with a value date only")
	assert.Equal(t, []string{"Gérance Lémanique & Cie"}, entries[1].Details[0].Parties)
	assert.True(t, entries[2].Reversal)
	assert.Equal(t, []Charge{{chf("1.50"), false}}, entries[2].Charges)
	assert.True(t, entries[3].Amount.IsZero())
	assert.False(t, entries[4].Booked, "what is only expected is not booked")
}

func TestStatementsOfTwoAccountsWithPrefixedElements(t *testing.T) {
	t.Parallel()
	file := read(t, twoAccounts)
	require.Len(t, file.Statements, 2)
	euros := file.Statements[1]
	assert.Equal(t, eur("97.20"), file.entries[0][0].Exchanged)
	assert.Equal(t, []string{"WL-2026-11-24-EUR"}, file.entries[0][0].Details[0].References)
	assert.Equal(t, []string{"SIX Payment Services AG"}, file.entries[0][0].Details[0].Parties)
	assert.Equal(t, []any{"0012-345678.01", false, money.EUR}, []any{euros.Account, euros.IBAN, euros.Currency})
	assert.Equal(t, eur("48.10"), file.entries[1][0].Amount)
	assert.Equal(t, []Charge{{eur("1.90"), true}}, file.entries[1][0].Charges)
	assert.Equal(t, []string{"Settlement Q22222222222222222 & Q33333333333333333"}, file.entries[1][0].Details[0].Remittance)
	assert.Equal(t, []string{"SIX Payment Services (Europe) S.A."}, file.entries[1][0].Details[0].Parties)
}

func TestDaysAndTimesAreReadInEveryFormOfTheSchema(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"<Dt>2026-11-24Z</Dt>":                     "2026-11-24",
		"<Dt>2026-11-24+01:00</Dt>":                "2026-11-24",
		"<DtTm>2026-11-24T23:59:59+01:00</DtTm>":   "2026-11-24",
		"<DtTm>2026-11-24T24:00:00</DtTm>":         "2026-11-25",
		"<DtTm>2026-11-24T10:00:00.123456Z</DtTm>": "2026-11-24",
	} {
		file, err := readAll(strings.NewReader(strings.Replace(sample(t, single), "<Dt>2026-11-24</Dt>", written, 1)))
		require.NoError(t, err, written)
		assert.Equal(t, day(want), file.entries[0][0].BookingDate, written)
	}
}

func TestByteOrderMarkChangesNothing(t *testing.T) {
	t.Parallel()
	assert.Equal(t, read(t, single), read(t, "camt.054.001.08-byte-order-mark.xml"))
}

func TestFileThatIsNotSoundIsRefusedWithLineAndReason(t *testing.T) {
	t.Parallel()
	replaced := func(name string, pairs ...string) string {
		text := sample(t, name)
		for i := 0; i < len(pairs); i += 2 {
			require.Contains(t, text, pairs[i])
			text = strings.Replace(text, pairs[i], pairs[i+1], 1)
		}
		return text
	}
	utf16 := func(text string) string {
		var out strings.Builder
		out.WriteString("\xff\xfe")
		for _, c := range text {
			out.WriteByte(byte(c))
			out.WriteByte(0)
		}
		return out.String()
	}
	for name, c := range map[string]struct {
		file   string
		line   int
		reason string
	}{
		"nothing":                {"", 1, "the file is empty or no XML"},
		"blank":                  {"\n\n", 3, "the file is empty or no XML"},
		"a CSV file":             {"payout_reference,payout_date\nWL-1,2026-11-24\n", 1, "no XML"},
		"a PDF":                  {"%PDF-1.7\n%\xe2\xe3\xcf\xd3", 2, "not in UTF-8"},
		"HTML":                   {"<html><body>504</body></html>", 1, `the document is "html" in the namespace`},
		"half a tag":             {"<Document", 1, "it was cut off"},
		"cut off":                {sample(t, batch)[:3000], 62, "the file ends in the middle: it was cut off"},
		"two documents":          {sample(t, single) + sample(t, single), 2, "a second document follows the first"},
		"text behind":            {sample(t, single) + "and so on", 2, "text outside of the document"},
		"wrong tag":              {replaced(single, "</Sts>", "</Stz>"), 1, "no well-formed XML"},
		"another version":        {replaced(single, "054.001.08", "054.001.02"), 1, "no camt.053 or camt.054 of version 04 or 08"},
		"another message":        {replaced(single, "camt.054", "camt.052"), 1, "no camt.053 or camt.054 of version 04 or 08"},
		"no namespace":           {replaced(single, ` xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"`, ""), 1, "no camt.053 or camt.054"},
		"the bare name":          {replaced(single, "urn:iso:std:iso:20022:tech:xsd:", ""), 1, "no camt.053 or camt.054"},
		"the other's body":       {replaced(single, "camt.054", "camt.053"), 1, "BkToCstmrStmt is expected"},
		"foreign element":        {replaced(single, "<Amt ", `<Amt xmlns="urn:evil" `), 1, `element "Amt" is not of the namespace of the document`},
		"undeclared prefix":      {replaced(single, "<Sts>", "<x:Sts></x:Sts><Sts>"), 1, `element "Sts" is not of the namespace`},
		"billion laughs":         {`<!DOCTYPE D [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>` + sample(t, single), 1, "document type declaration"},
		"external entity":        {replaced(batch, "<Document", "<!DOCTYPE D SYSTEM \"file:///etc/passwd\">\n<Document"), 3, "document type declaration"},
		"own entity":             {replaced(single, "WORLDLINE", "&worldline;"), 1, "only the five entities of XML itself"},
		"declared Latin-1":       {`<?xml version="1.0" encoding="ISO-8859-1"?>` + sample(t, single), 1, "another encoding than UTF-8"},
		"undeclared Latin-1":     {replaced(month, "é", "\xe9"), 40, "not in UTF-8"},
		"UTF-16":                 {utf16(sample(t, single)), 1, "not in UTF-8"},
		"zero bytes":             {replaced(single, "ONE", "O\x00NE"), 1, "no well-formed XML"},
		"bottomless":             {replaced(single, "<Sts>", strings.Repeat("<a>", 50)), 1, "nested more than 40 deep"},
		"endless text":           {replaced(single, "WORLDLINE", strings.Repeat("WORLDLINE", 1000)), 1, "a text has more than 4096 bytes"},
		"two amounts":            {replaced(single, "<CdtDbtInd>", `<Amt Ccy="CHF">1.00</Amt><CdtDbtInd>`), 1, "element Amt is there twice"},
		"no message id":          {replaced(single, "<MsgId>ONE</MsgId>", ""), 1, "GrpHdr/MsgId is missing"},
		"no header":              {replaced(single, "<GrpHdr><MsgId>ONE</MsgId></GrpHdr>", ""), 2, "GrpHdr/MsgId is missing"},
		"no notification":        {replaced(single, "<Ntfctn>", "<SplmtryData>", "</Ntfctn>", "</SplmtryData>"), 2, "there is no Ntfctn"},
		"no id":                  {replaced(batch, "<Id>N-2026-11-24</Id>", ""), 10, "Ntfctn/Id is missing"},
		"no account":             {replaced(single, "<IBAN>CH9300762011623852957</IBAN>", ""), 1, "Acct/Id is missing"},
		"IBAN with a typo":       {replaced(batch, "6238 5295 7", "6238 5295 8"), 14, "is not a valid IBAN"},
		"no amount":              {replaced(month, `<Amt Ccy="CHF">250.00</Amt>`, ""), 36, "Ntry/Amt is missing"},
		"empty amount":           {replaced(month, `>250.00<`, "> <"), 37, "Ntry/Amt is missing"},
		"negative":               {replaced(month, ">250.00<", ">-250.00<"), 37, `Ntry/Amt "-250.00" is negative`},
		"exponent":               {replaced(month, ">250.00<", ">2.5e2<"), 37, `Ntry/Amt "2.5e2" must be a decimal number`},
		"a million digits":       {replaced(month, ">250.00<", ">1e9999999<"), 37, "must be a decimal number"},
		"grouped":                {replaced(month, ">250.00<", ">1'250.00<"), 37, "must be a decimal number"},
		"comma":                  {replaced(month, ">250.00<", ">250,00<"), 37, "must be a decimal number"},
		"plus":                   {replaced(month, ">250.00<", ">+250.00<"), 37, "must be a decimal number"},
		"three decimals":         {replaced(month, ">250.00<", ">250.005<"), 37, `Ntry/Amt "250.005" has more than the 2 decimals of CHF`},
		"too large":              {replaced(month, ">250.00<", ">1000000000<"), 37, "is larger than"},
		"no currency":            {replaced(month, ` Ccy="CHF">250.00`, ">250.00"), 37, "the currency is missing"},
		"unknown currency":       {replaced(month, `"CHF">250.00`, `"XBT">250.00`), 37, `the currency "XBT" must be one of`},
		"small letters":          {replaced(month, `"CHF">250.00`, `"chf">250.00`), 37, `the currency "chf" must be one of`},
		"no indicator":           {replaced(month, "<CdtDbtInd>DBIT</CdtDbtInd><Sts>", "<Sts>"), 37, "the CdtDbtInd of Ntry/Amt is missing"},
		"wrong indicator":        {replaced(month, "<CdtDbtInd>DBIT</CdtDbtInd><Sts>", "<CdtDbtInd>C</CdtDbtInd><Sts>"), 37, `is "C" instead of CRDT or DBIT`},
		"no status":              {replaced(month, "<Sts>PDNG</Sts>", ""), 56, "Ntry/Sts is missing"},
		"wrong status":           {replaced(month, "PDNG", "DONE"), 56, `Ntry/Sts "DONE" is not a status`},
		"wrong reversal":         {replaced(month, "<RvslInd>true", "<RvslInd>yes"), 43, `RvslInd "yes" is neither true nor false`},
		"no date":                {replaced(month, "<ValDt><Dt>2026-11-24</Dt></ValDt>", ""), 36, "Ntry/BookgDt is missing"},
		"no such day":            {replaced(month, "<ValDt><Dt>2026-11-24", "<ValDt><Dt>2026-11-31"), 38, `ValDt "2026-11-31" is not a day`},
		"no such time":           {replaced(month, "23:59:59+01:00", "25:00"), 30, `BookgDt "2026-11-24T25:00" is not a date and time`},
		"batch of four":          {replaced(batch, "<NbOfTxs>3", "<NbOfTxs>4"), 33, `Btch/NbOfTxs is "4", but there are 3 transactions`},
		"batch sum":              {replaced(batch, "74.60", "74.61"), 33, "Btch/TtlAmt is 155.30, but the transactions add up to 155.31"},
		"detail's currency":      {replaced(batch, `"CHF">74.60`, `"EUR">74.60`), 52, "TxDtls/Amt is in EUR, but its entry is in CHF"},
		"an entry is missing":    {replaced(month, "<NbOfNtries>4", "<NbOfNtries>7"), 24, `TtlNtries/NbOfNtries is "7", but there are 5 entries`},
		"sum of entries":         {replaced(month, "<Sum>300.00", "<Sum>300.01"), 26, "TtlDbtNtries/Sum is"},
		"sum with an exponent":   {replaced(month, "<Sum>300.00", "<Sum>3e2"), 26, "TtlDbtNtries/Sum is"},
		"balance":                {replaced(month, "12355.40", "12355.45"), 17, "but the closing balance is 12355.45"},
		"balance of a million":   {replaced(month, "12355.40", "1e12355"), 17, "is not an amount"},
		"balance without a sign": {replaced(month, "12355.40</Amt><CdtDbtInd>CRDT</CdtDbtInd>", "12355.40</Amt>"), 15, "the CdtDbtInd of Bal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readAll(strings.NewReader(c.file))
			fault, ok := errors.AsType[*Error](err)
			require.True(t, ok, "it is refused, but with %v", err)
			assert.Contains(t, fault.Reason, c.reason)
			assert.Equal(t, c.line, fault.Line, "%s", fault)
		})
	}
}

func TestErrorOfTheReaderSaysNothingAboutTheFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("the line is dead")
	_, err := readAll(io.MultiReader(strings.NewReader(sample(t, batch)[:500]), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
}

// FuzzRead holds every file that is taken against what the rest of the product relies on.
func FuzzRead(f *testing.F) {
	for _, name := range []string{batch, month, twoAccounts, single} {
		f.Add([]byte(sample(f, name)))
	}
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries := 0
		file, err := Read(bytes.NewReader(data), func(account string, e Entry) {
			entries++
			assert.NotEmpty(t, account)
			if e.Fault != nil {
				assert.Positive(t, e.Fault.Line)
				assert.NotEmpty(t, e.Fault.Reason)
				return
			}
			assert.NotEmpty(t, e.Amount.Currency())
			assert.False(t, e.Booked && e.BookingDate.IsZero())
			for _, d := range e.Details {
				assert.True(t, d.Amount.Currency() == "" || d.Amount.Currency() == e.Amount.Currency())
			}
		})
		if err != nil {
			fault, ok := errors.AsType[*Error](err)
			require.True(t, ok, "%v", err)
			assert.Positive(t, fault.Line)
			assert.NotEmpty(t, fault.Reason)
			return
		}
		assert.NotEmpty(t, file.ID)
		assert.NotEmpty(t, file.Statements)
		for _, s := range file.Statements {
			assert.NotEmpty(t, s.Account)
			entries -= s.Entries
		}
		assert.Zero(t, entries)
	})
}
