package api_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/qrbill"
	"github.com/quittance/quittance/internal/testing/mrxtest"
)

const otherIBAN = "CH5604835012345678009"

// stmt is a Stmt of a camt.053. Before holds what stands before its entries, such as balances.
func stmt(iban, before string, entries ...string) string {
	return fmt.Sprintf("<Stmt><Id>S-%d</Id>%s<Acct><Id><IBAN>%s</IBAN></Id></Acct>\n%s\n</Stmt>", files.Add(1), before, iban, strings.Join(entries, "\n"))
}

// camt053 is a camt.053 with those statements.
func camt053(statements ...string) string {
	return fmt.Sprintf(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M-%d</MsgId></GrpHdr>
%s
</BkToCstmrStmt></Document>`, files.Add(1), strings.Join(statements, "\n"))
}

// balance is a Bal.
func balance(code, amount string) string {
	return fmt.Sprintf(`<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp><Amt Ccy="CHF">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>`, code, amount)
}

// from is a booked credit of 20 November 2026 by somebody.
func from(name, currency, amount, text string) string {
	return fmt.Sprintf(`<Ntry><Amt Ccy="%s">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><NtryDtls><TxDtls>
<RltdPties><Dbtr><Pty><Nm>%s</Nm></Pty></Dbtr></RltdPties><RmtInf><Ustrd>%s</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>`, currency, amount, name, text)
}

// paysOut is a payout of Worldline.
func paysOut(amount, text string) string { return from("WORLDLINE SCHWEIZ AG", "CHF", amount, text) }

// zipped is a zip of files: name, content, and so on.
func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		require.NoError(t, err)
		_, err = f.Write([]byte(files[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.String()
}

func gzipped(t testing.TB, file string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write([]byte(file))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.String()
}

// payouts returns the nets of all payouts of an import.
func payouts(imported map[string]any) (nets []any) {
	for _, part := range []string{"payouts", "unmatched"} {
		for _, p := range imported[part].([]any) {
			nets = append(nets, p.(map[string]any)["net"])
		}
	}
	return nets
}

func TestEntriesOfOthersAreSkippedHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	others := []string{
		from("Anna Meier", "CHF", ".05", "a"), from("Anna Meier", "CHF", "106.", "b"), from("Anna Meier", "CHF", "9.10000", "c"), from("Anna Meier", "SEK", "5", "d"),
		from("Anna Meier", "CAD", "12.50", "e"), from("Anna Meier", "JPY", "1000", "f"), from("Anna Meier", "CHF", "1.23456", "g"), from("Anna Meier", "CHF", "12345678901.00", "h"),
		from("Anna Meier", "CHF", "1e3", "i"), from("Anna Meier", "CHF", "-7.00", "j"), from("Anna Meier", "xyz", "7.00", "k"),
		strings.Replace(from("Anna Meier", "CHF", "95.00", "l"), "<TxDtls>", `<TxDtls><Amt Ccy="SEK">1000.00</Amt>`, 1),
		strings.Replace(from("Anna Meier", "CHF", "95.00", "m"), "<TxDtls>", `<TxDtls><Amt Ccy="EUR">100.00</Amt></TxDtls><TxDtls>`, 1),
		strings.Replace(from("Anna Meier", "CHF", "95.00", "n"), "BOOK", "DONE", 1),
		strings.Replace(from("Anna Meier", "CHF", "95.00", "o"), "<Dt>2026-11-20</Dt>", "<Dt>20.11.2026</Dt>", 1),
		`<Ntry><Amt Ccy="SEK">5.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt></Ntry>`,
	}
	imported := w.importFile("application/xml", camt053(stmt(bankIBAN, "", append(others, paysOut("105.7", p.OrderID))...))).json(http.StatusCreated)
	assert.Equal(t, []any{"105.70"}, payouts(imported))
	assert.Equal(t, map[string]any{"not_booked": 0.0, "of_others": float64(len(others))}, imported["skipped"])
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
}

func TestAmountsThatConcernTheCompanyAreReadOrRefusedWithTheirLine(t *testing.T) {
	t.Parallel()
	w := payee(t)
	inv := w.newInvoice(invoice.Open)
	invoiced := w.reference(inv)
	for written, net := range map[string]string{
		".05": "0.05", "106.": "106.00", "9.10000": "9.10", "007.5": "7.50", "12": "12.00", " 13.20\n": "13.20",
		"1.005": "", "1e3": "", "-7.00": "", "": "", ".": "", "1'000.00": "", "1,5": "", "1.2.3": "", "12345678901.00": "",
	} {
		imported := w.importFile("application/xml", camt053(stmt(bankIBAN, "", "", paysOut(written, "VERGUETUNG"))))
		if net == "" {
			assert.Equal(t, []string{"line 4"}, imported.problem(http.StatusUnprocessableEntity, "settlement-file-refused"), written)
			continue
		}
		assert.Equal(t, []any{net}, payouts(imported.json(http.StatusCreated)), written)
	}
	for what, entry := range map[string]string{
		"a payout":            paysOut("5.00", "VERGUETUNG"),
		"an order of ours":    from("Anna Meier", "CHF", "5.00", "QK3JH5XZ2A7BCMWN4T"),
		"a reference of ours": from("Anna Meier", "CHF", "5.00", invoiced),
	} {
		entry = strings.Replace(entry, `Ccy="CHF"`, `Ccy="SEK"`, 1)
		refused := w.importFile("application/xml", camt053(stmt(bankIBAN, "", entry)))
		assert.Equal(t, []string{"line 3"}, refused.problem(http.StatusUnprocessableEntity, "settlement-file-refused"), what)
		assert.Contains(t, refused.message("line 3"), `the currency "SEK" must be one of`, what)
	}
	foreign, err := qrbill.NewQRR("4711")
	require.NoError(t, err)
	imported := w.importFile("application/xml", camt053(stmt(bankIBAN, "", from("Anna Meier", "SEK", "5.00", foreign.String())))).json(http.StatusCreated)
	assert.InDelta(t, 1, imported["skipped"].(map[string]any)["of_others"], 0, "another reference is another's")
	unnamed := toldCredit{amount: "5.00", reference: foreign.String()}.entry()
	unnamed = unnamed[:strings.Index(unnamed, "<RltdPties>")] + unnamed[strings.Index(unnamed, "</RltdPties>")+len("</RltdPties>"):]
	imported = w.importFile("application/xml", camt053(stmt(bankIBAN, "", unnamed))).json(http.StatusCreated)
	assert.Empty(t, payouts(imported), "and no payout, though nobody is named")
	assert.InDelta(t, 1, imported["skipped"].(map[string]any)["of_others"], 0)
}

func TestPayoutThatTheBankExchangedIsReadFromItsTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entry := strings.Replace(paysOut("90.40", "VERGUETUNG"), "<TxDtls>", `<TxDtls><Amt Ccy="EUR">97.20</Amt><AmtDtls><CntrValAmt><Amt Ccy="CHF">90.40</Amt><CcyXchg><SrcCcy>EUR</SrcCcy><TrgtCcy>CHF</TrgtCcy><XchgRate>0.93</XchgRate></CcyXchg></CntrValAmt></AmtDtls>`, 1)
	imported := w.importFile("application/xml", camt053(stmt(bankIBAN, "", entry))).json(http.StatusCreated)
	payout := imported["unmatched"].([]any)[0].(map[string]any)
	assert.Equal(t, []any{"90.40", map[string]any{"amount": "97.20", "currency": "EUR"}}, []any{payout["net"], payout["exchanged"]})
}

func TestStatementsOfForeignAccountsBesideOursAreLeftOut(t *testing.T) {
	t.Parallel()
	w := payee(t)
	file := camt053(stmt(otherIBAN, balance("OPBD", "1.00")+balance("CLBD", "7.00"), paysOut("50.00", "A"), paysOut("1e2", "B"), from("Anna Meier", "CHF", "1.00", "C")),
		stmt(bankIBAN, "", paysOut("60.00", "VERGUETUNG"), from("Anna Meier", "CHF", "1.00", "D")))
	imported := w.importFile("application/xml", file).json(http.StatusCreated)
	assert.Equal(t, []any{"60.00"}, payouts(imported))
	assert.Equal(t, map[string]any{"not_booked": 0.0, "of_others": 1.0, "of_other_accounts": 3.0}, imported["skipped"])
	statements := imported["statements"].([]any)
	assert.Equal(t, []any{otherIBAN, 3.0, true}, []any{statements[0].(map[string]any)["account"], statements[0].(map[string]any)["entries"], statements[0].(map[string]any)["skipped"]})
	assert.NotContains(t, statements[1], "skipped")

	w.call("PATCH", "/settings", w.key, `{"payout_ibans":["LI21088100002324013AA"]}`).json(http.StatusOK)
	refused := w.importFile("application/xml", camt053(stmt(otherIBAN, "", paysOut("50.00", "A")), stmt("CH4431999123000889012", "", paysOut("1.00", "B"))))
	assert.Equal(t, []string{"line 2"}, refused.problem(http.StatusUnprocessableEntity, "settlement-file-refused"))
	assert.Contains(t, refused.message("line 2"), "the statements are of the accounts CH5604835012345678009, CH4431999123000889012, which are none of")
	assert.Len(t, w.call("GET", "/settlements", w.key, nil).json(http.StatusOK)["data"], 1)
}

func TestFileIsReadFurtherWhenAnAccountIsAdded(t *testing.T) {
	t.Parallel()
	w := payee(t)
	file := camt053(stmt(otherIBAN, "", paysOut("50.00", "A"), from("Anna Meier", "CHF", "1.00", "C")), stmt(bankIBAN, "", paysOut("60.00", "B"), from("Anna Meier", "CHF", "1.00", "D")))
	first := w.importFile("application/xml", file).json(http.StatusCreated)
	w.importFile("application/xml", file).json(http.StatusOK)
	w.call("POST", "/bank-accounts", w.key, object{"iban": otherIBAN, "account": "1020", "currency": "CHF"}).json(http.StatusCreated)
	further := w.importFile("application/xml", file).json(http.StatusCreated)
	assert.Equal(t, first["id"], further["id"])
	assert.ElementsMatch(t, []any{"50.00", "60.00"}, payouts(further))
	assert.Equal(t, map[string]any{"not_booked": 0.0, "of_others": 2.0}, further["skipped"])
	assert.Equal(t, further, w.importFile("application/xml", file).json(http.StatusOK))
}

func TestArchivesAreOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b, c := w.captured(chf("108.00"), "2026-11-18"), w.captured(chf("50.00"), "2026-11-18"), w.captured(chf("20.00"), "2026-11-18")
	one := camt053(stmt(bankIBAN, "", paysOut("105.70", a.OrderID)))
	list := csvHeader + "WL-20261120-01,2026-11-20,payment," + b.OrderID + ",CHF,50.00,1.15,48.85\n"
	two := camt053(stmt(bankIBAN, "", paysOut("19.60", c.OrderID), paysOut("48.85", "WL-20261120-01")))

	single := w.importFile("application/gzip", gzipped(t, one)).json(http.StatusCreated)
	assert.Equal(t, []any{"105.70"}, payouts(single))
	assert.NotContains(t, single, "files")
	assert.Equal(t, single, w.importFile("application/xml", one).json(http.StatusOK), "packed or not, it is the same file")
	assert.Equal(t, single, w.importFile("text/csv", zipped(t, "one.xml", one)).json(http.StatusOK), "and whatever it is called")

	archive := zipped(t, "__MACOSX/._two.xml", "x", "2026/", "", "2026/two.xml", "\ufeff\n"+two, "list.csv", list, "one.xml", one, "beleg.pdf", "%PDF-1.7 ", "beleg.tif", "II*\x00")
	imported := w.importFile("application/zip", archive).json(http.StatusCreated)
	assert.ElementsMatch(t, []any{"19.60", "48.85", "48.85", "105.70"}, payouts(imported))
	assert.Equal(t, []any{"beleg.pdf", "beleg.tif"}, imported["passed_over"])
	var formats []any
	for _, f := range imported["files"].([]any) {
		shown := w.call("GET", "/settlements/"+f.(map[string]any)["id"].(string), w.key, nil).json(http.StatusOK)
		assert.Equal(t, f.(map[string]any)["file"], shown["file"])
		formats = append(formats, shown["format"])
	}
	assert.Equal(t, []any{"camt.053.001.08", "csv", "camt.053.001.08"}, formats)
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	again := w.importFile("application/zip", archive).json(http.StatusOK)
	assert.Equal(t, payouts(imported), payouts(again))
	assert.Len(t, w.call("GET", "/settlements", w.key, nil).json(http.StatusOK)["data"], 3)
}

func TestMRXAndTheAcquirersOwnListAreReadFromAnArchive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	mrx := mrxOf("MN-1", mrxtest.Payment{
		Number: "201611200000592", Date: "2026-11-20", Transactions: []mrxtest.Transaction{{ID: "T-1", Gross: "108", Fee: "2.30", Order: p.OrderID, Day: "2026-11-18"}},
	}).String()
	imported := w.importFile("application/zip", zipped(t, "notice.MRXD", mrx)).json(http.StatusCreated)
	assert.Equal(t, []any{"mrx", []any{"105.70"}}, []any{imported["format"], payouts(imported)})
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	w.importFile("application/xml", mrx).json(http.StatusOK)
	list := "Date;Brand;Gross Amount;Comm. Amount;Net amount\n20.11.2026;VISA;10.00;0.20;9.80\n"
	w.importFile("application/gzip", gzipped(t, list)).problem(http.StatusUnprocessableEntity, "settlement-columns-unknown")
}

func TestArchiveIsImportedAsAWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := payee(t)
	good := camt053(stmt(bankIBAN, "", paysOut("105.70", "VERGUETUNG")))
	bad := camt053(stmt(bankIBAN, "", paysOut("1e5", "VERGUETUNG")))
	refused := w.importFile("application/zip", zipped(t, "good.xml", good, "b/bad.xml", bad))
	assert.Equal(t, []string{"b/bad.xml line 3"}, refused.problem(http.StatusUnprocessableEntity, "settlement-file-refused"))
	assert.Empty(t, w.call("GET", "/settlements", w.key, nil).json(http.StatusOK)["data"])

	bomb := strings.Repeat("0", 101<<20)
	for name, c := range map[string]struct{ file, field string }{
		"a zip in a zip":            {zipped(t, "in.zip", zipped(t, "good.xml", good)), "format.archive"},
		"a gzip in a zip":           {zipped(t, "in.xml.gz", gzipped(t, good)), "format.archive"},
		"a zip in a gzip":           {gzipped(t, zipped(t, "good.xml", good)), "format.archive"},
		"a tar in a gzip":           {gzipped(t, strings.Repeat("\x00", 257)+"ustar"+strings.Repeat("\x00", 300)), "format.archive"},
		"a bomb":                    {zipped(t, "good.xml", good, "bomb.xml", bomb), "format.archive_too_large"},
		"a bomb in a gzip":          {gzipped(t, bomb), "format.archive_too_large"},
		"a small bomb":              {gzipped(t, bomb[:2<<20]), "format.archive_too_large"},
		"too many files":            {zipped(t, strings.Split(strings.Repeat("a,b,", 501)[:2*2*501-1], ",")...), "format.archive_too_large"},
		"nothing":                   {zipped(t), "format.archive_broken"},
		"cut off":                   {zipped(t, "good.xml", good)[:200], "format.archive_broken"},
		"a gzip that was cut off":   {gzipped(t, good)[:200], "format.archive_broken"},
		"a gzip with a wrong check": {gzipped(t, good)[:len(gzipped(t, good))-8] + "\x00\x00\x00\x00\x00\x00\x00\x00", "format.archive_broken"},
		"PDFs only":                 {zipped(t, "a.pdf", "%PDF-1.7 "), "format.pdf"},
		"Excel":                     {zipped(t, "[Content_Types].xml", "<Types/>", "xl/workbook.xml", "<x/>"), "format.excel"},
	} {
		fields := w.importFile("application/zip", c.file).problem(http.StatusUnprocessableEntity, "settlement-file-refused")
		assert.Equal(t, []string{c.field}, fields, name)
	}

	foreign := camt053(stmt(otherIBAN, "", paysOut("70.00", "VERGUETUNG")))
	imported := w.importFile("application/zip", zipped(t, "foreign.xml", foreign, "good.xml", good)).json(http.StatusCreated)
	assert.Equal(t, []any{[]any{"105.70"}, []any{"foreign.xml"}}, []any{payouts(imported), imported["passed_over"]}, "a bank may pack a file for each account")
}

func TestPagesOfOneStatementArePutTogether(t *testing.T) {
	t.Parallel()
	page := func(number int, last bool, balances string, entries ...string) string {
		before := fmt.Sprintf("<StmtPgntn><PgNb>%d</PgNb><LastPgInd>%t</LastPgInd></StmtPgntn><ElctrncSeqNb>229</ElctrncSeqNb>", number, last)
		return camt053(stmt(bankIBAN, before, append([]string{balances}, entries...)...))
	}
	alike := paysOut("48.85", "VERGUETUNG")
	one := page(1, false, balance("OPBD", "1000.00")+balance("ITBD", "1148.85"), alike, from("Anna Meier", "CHF", "100.00", "a"))
	two := page(2, false, balance("ITBD", "1148.85")+balance("ITBD", "1197.70"), alike)
	three := page(3, true, balance("ITBD", "1197.70")+balance("CLBD", "1147.70"), strings.Replace(from("Miete", "CHF", "50.00", "b"), "CRDT", "DBIT", 1))
	missing := func(imported map[string]any) any {
		return imported["statements"].([]any)[0].(map[string]any)["page"].(map[string]any)["missing"]
	}

	for _, order := range [][]string{{one, two, three}, {three, one, two}} {
		w := newWorld(t)
		first := w.importFile("application/xml", order[0]).json(http.StatusCreated)
		if order[0] == one {
			assert.Equal(t, []any{2.0}, missing(first))
		} else {
			assert.Equal(t, []any{1.0, 2.0}, missing(first))
		}
		w.importFile("application/xml", order[1]).json(http.StatusCreated)
		last := w.importFile("application/xml", order[2]).json(http.StatusCreated)
		assert.Empty(t, missing(last))
		assert.Empty(t, missing(w.call("GET", "/settlements/"+first["id"].(string), w.key, nil).json(http.StatusOK)))
		assert.Len(t, w.call("GET", "/payouts", w.key, nil).json(http.StatusOK)["data"], 2, "two that look alike, on two pages, are two")
		whole := camt053(stmt(bankIBAN, balance("OPBD", "1000.00")+balance("CLBD", "1197.70"), alike, from("Anna Meier", "CHF", "100.00", "a"), alike,
			strings.Replace(from("Miete", "CHF", "50.00", "b"), "CRDT", "DBIT", 1)))
		w.importFile("application/xml", strings.Replace(whole, "1197.70", "1147.70", 1)).json(http.StatusCreated)
		assert.Len(t, w.call("GET", "/payouts", w.key, nil).json(http.StatusOK)["data"], 2, "and are known when they are told again")
	}

	w := newWorld(t)
	imported := w.importFile("application/zip", zipped(t, "3.xml", three, "1.xml", one, "2.xml", two)).json(http.StatusCreated)
	assert.Empty(t, missing(imported))
	assert.Len(t, payouts(imported), 2)

	w = newWorld(t)
	w.importFile("application/zip", zipped(t, "3.xml", three, "1.xml", one)).json(http.StatusCreated)
	refused := w.importFile("application/xml", strings.Replace(two, "48.85</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "48.80</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", 1))
	assert.Equal(t, []string{"line 2"}, refused.problem(http.StatusUnprocessableEntity, "settlement-file-refused"))
	assert.Contains(t, refused.message("line 2"), `on the 3 pages of statement "229", the opening balance 1000.00 and the booked entries (147.65) make 1147.65, but the closing balance is 1147.70`)
}

func TestMoneyForInvoicesOnTwoPagesIsTwoReceipts(t *testing.T) {
	t.Parallel()
	w := payee(t)
	inv := w.newInvoice(invoice.Open)
	for number := range 2 {
		before := fmt.Sprintf("<StmtPgntn><PgNb>%d</PgNb><LastPgInd>%t</LastPgInd></StmtPgntn><ElctrncSeqNb>7</ElctrncSeqNb>", number+1, number == 1)
		file := camt053(stmt(bankIBAN, before, toldCredit{amount: "600.00", reference: w.reference(inv)}.entry()))
		w.importFile("application/xml", file).json(http.StatusCreated)
		w.importFile("application/xml", strings.Replace(file, "M-", "AGAIN-", 1)).json(http.StatusCreated)
	}
	w.shows(inv, "partially_paid", "1200.00", 2)
}

func TestFileOfAnotherKindIsAnsweredWithWhatToOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	camt := func(name string) string {
		return strings.Replace(camt053(stmt(bankIBAN, "")), "camt.053.001.08", name, 1)
	}
	for name, c := range map[string]struct{ contentType, file, kind, says string }{
		"MT940":               {"application/xml", ":20:STARTUMS\r\n:25:CH9300762011623852957\r\n:28C:00001/001\r\n:60F:C261119CHF1,00\r\n", "mt940", "this is an MT940"},
		"MT940 in its blocks": {"text/csv", "{1:F01BANKCHZZXXXX0000000000}{2:I940BANKCHZZXXXXN}{4:\r\n:20:X\r\n:25:CH93\r\n:28C:1/1\r\n", "mt940", "this is an MT940"},
		"version 02":          {"application/xml", camt("camt.053.001.02"), "camt_version", "this is camt.053.001.02, and only the versions 001.04 and 001.08 are read."},
		"version 10":          {"application/xml", camt("camt.054.001.10"), "camt_version", "this is camt.054.001.10"},
		"camt.052":            {"application/xml", camt("camt.052.001.08"), "camt_052", "this is camt.052.001.08, an account report within the day"},
		"pain.001":            {"application/xml", camt("pain.001.001.09"), "pain", "this is pain.001.001.09"},
		"PDF":                 {"application/xml", "%PDF-1.7\n%\xe2\xe3", "pdf", "this is a PDF"},
		"Excel":               {"text/csv", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 ", "excel", "this is an Excel"},
		"a bank's CSV":        {"text/csv", "Datum;Buchungstext;Belastung;Gutschrift;Saldo\n20.11.2026;Worldline;;105.70;1105.70\n", "bank_csv", "this looks like a bank's list"},
		"a picture":           {"text/csv", "\x89PNG\r\n", "image", "this is a picture"},
	} {
		refused := w.importFile(c.contentType, c.file)
		assert.Equal(t, []string{"format." + c.kind}, refused.problem(http.StatusUnprocessableEntity, "settlement-file-refused"), name)
		detail := refused.json(http.StatusUnprocessableEntity)["detail"].(string)
		assert.Contains(t, detail, c.says, name)
		assert.Contains(t, detail, "Order camt.053 (statements) or camt.054 (notifications) in version 001.08", name)
	}
}

// strangers are entries of other people: a third with references of other companies, and in every form that banks write.
func strangers(t testing.TB, n int) []string {
	t.Helper()
	all := make([]string, n)
	for i := range all {
		amount := fmt.Sprintf("%d.%02d", 1+i%900, i%100)
		switch i % 6 {
		case 0, 1:
			r, err := qrbill.NewQRR(fmt.Sprint(1_000_000 + i))
			require.NoError(t, err)
			all[i] = toldCredit{amount: amount, reference: r.String(), bankRef: fmt.Sprintf("2026112000080%07d", i)}.entry()
		case 2:
			all[i] = strings.Replace(from(fmt.Sprintf("Lieferant %d AG", i), "CHF", amount, fmt.Sprintf("Rechnung %d", i)), "CRDT", "DBIT", 1)
		case 3:
			all[i] = from(fmt.Sprintf("Kund:in %d", i), []string{"SEK", "CAD", "JPY"}[i%3], fmt.Sprintf(".%05d", i%100_000), "Miete")
		default:
			all[i] = from(fmt.Sprintf("Kund:in %d", i), "CHF", amount+"000", fmt.Sprintf("Kommission Bestellung %d", i))
		}
	}
	return all
}

// The server gives an answer 150 s. The payouts on record make the work of recognising: all within the reach of the file.
func TestStatementOfTwentyThousandStrangersIsImportedInTime(t *testing.T) {
	t.Parallel()
	few, many := importAmong(t, 2_000), importAmong(t, 20_000)
	t.Logf("among 2,000 strangers in %s, among 20,000 in %s", few, many)
	assert.Less(t, many, 40*few, "what grows with the square takes a hundred times as long")
}

// importAmong imports a statement with a payout and a receipt among so many entries of others, and returns how long that takes.
func importAmong(t *testing.T, others int) time.Duration {
	t.Helper()
	w := payee(t)
	inv := w.newInvoice(invoice.Open)
	var listed strings.Builder
	listed.WriteString(csvHeader)
	for i := range 200 {
		fmt.Fprintf(&listed, "WL-%05d,2026-11-20,payment,QK3JH5XZ2A7BCM%04d,CHF,%d.00,1.00,%d.00\n", i, i, i+10, i+9)
	}
	w.importFile("text/csv", listed.String()).json(http.StatusCreated)
	p := w.captured(chf("108.00"), "2026-11-18")
	entries := strangers(t, others)
	entries[others/3] = paysOut("105.70", p.OrderID)
	entries[others/2] = toldCredit{amount: "1234.50", reference: w.reference(inv)}.entry()
	file := gzipped(t, camt053(stmt(bankIBAN, "", entries...)))
	began := time.Now()
	imported := w.importFile("application/gzip", file).json(http.StatusCreated)
	took := time.Since(began)
	assert.Equal(t, []any{"105.70"}, payouts(imported))
	assert.InDelta(t, others-2, imported["skipped"].(map[string]any)["of_others"], 0)
	w.shows(inv, "paid", "1234.50", 1)
	return took
}
