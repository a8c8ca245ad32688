package export_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/ledger/export"
	"github.com/quittance/quittance/internal/money"
)

var (
	day   = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	taken = time.Date(2026, 12, 1, 8, 30, 0, 0, time.UTC)
	books = export.Books{Language: "fr", Accounts: map[string]string{"1020": "Banque", "1029": "=Banque, compte système", "6940": "Frais bancaires"}}
)

func of(format export.Format) export.Export {
	e := export.Export{Number: 7, Format: format, From: day.AddDate(0, 0, -21), To: day.AddDate(0, 0, 8), Until: 12, TakenAt: taken}
	if format == export.DATEV {
		e.DATEV = export.Client{Consultant: 29098, Number: 55003, YearBegins: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Currency: money.CHF}
	}
	return e
}

// written is the file of one payout of 100.00 with a fee of 1.30, and of one payment in EUR.
func written(t *testing.T, e export.Export) string {
	t.Helper()
	chf := func(value string) money.Amount { return money.MustParse(value, money.CHF) }
	eur := money.MustParse("50.00", money.EUR)
	payout := ledger.Entry{
		ID: "jre_1", Sequence: 11, Date: day, Text: "=Versement\tpour «Hôtel»; n° \"7\" 汉",
		Lines: []ledger.Line{ledger.Debit("1020", chf("98.70")), ledger.Debit("6940", chf("1.30")), ledger.Credit("1029", chf("100.00"))},
	}
	payment := ledger.Entry{ID: "jre_2", Sequence: 12, Date: day, Text: "Paiement", Lines: []ledger.Line{ledger.Debit("1029", eur), ledger.Credit("1100", eur)}}
	var file bytes.Buffer
	w := e.Begin(&file, books)
	for _, entry := range []ledger.Entry{payout, payment} {
		rates := ledger.Rates{money.EUR: decimal.RequireFromString("0.9412")}
		pairs := entry.Pairs()
		for i, pair := range pairs {
			line := export.Line{Pair: pair, Rate: rates[pair.Amount.Currency()], Value: rates.Values(pairs)[i], Entry: entry}
			if entry.ID == payment.ID {
				line.Title = export.Title{Invoice: "RE 2026.0042", Customer: "Zoë Muster"}
			}
			w.Write(line)
		}
	}
	require.NoError(t, w.Flush())
	return file.String()
}

func TestATableHasTheLanguageOfTheCompanyAndNoFormulas(t *testing.T) {
	t.Parallel()
	file := written(t, of(export.Table))
	assert.Equal(t, "journal_007_2026-11-01_2026-11-30.csv", of(export.Table).FileName())
	text, marked := strings.CutPrefix(file, export.ByteOrderMark)
	require.True(t, marked)
	rows := csv.NewReader(strings.NewReader(text))
	rows.Comma = ';'
	all, err := rows.ReadAll()
	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"Date", "Libellé", "Débit", "Crédit", "Montant", "Monnaie", "Code TVA", "Compte débité", "Compte crédité", "Facture", "Client", "N°", "Écriture", "Valeur CHF"},
		{"22.11.2026", "'=Versement\tpour «Hôtel»; n° \"7\" 汉", "1020", "1029", "98.70", "CHF", "", "Banque", "'=Banque, compte système", "", "", "11", "jre_1", "98.70"},
		{"22.11.2026", "'=Versement\tpour «Hôtel»; n° \"7\" 汉", "6940", "1029", "1.30", "CHF", "", "Frais bancaires", "'=Banque, compte système", "", "", "11", "jre_1", "1.30"},
		{"22.11.2026", "Paiement", "1029", "1100", "50.00", "EUR", "", "'=Banque, compte système", "", "RE 2026.0042", "Zoë Muster", "12", "jre_2", "47.06"},
	}, all)
}

func TestBananaGetsItsColumnsAndForeignAmountsAsSuch(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "journal_007_2026-11-01_2026-11-30.txt", of(export.Banana).FileName())
	assert.Equal(t, strings.Join([]string{
		"Date\tDoc\tDescription\tNotes\tAccountDebit\tAccountCredit\tAmount\tVatCode\tAmountCurrency\tExchangeCurrency\tDocInvoice\tExternalReference\tExchangeRate",
		"2026-11-22\t11\t=Versement pour «Hôtel»; n° \"7\" 汉\t\t1020\t1029\t98.70\t\t\t\t\tjre_1\t",
		"2026-11-22\t11\t=Versement pour «Hôtel»; n° \"7\" 汉\t\t6940\t1029\t1.30\t\t\t\t\tjre_1\t",
		"2026-11-22\t12\tPaiement\tZoë Muster\t1029\t1100\t47.06\t\t50.00\tEUR\tRE 2026.0042\tjre_2\t0.9412",
		"",
	}, "\n"), written(t, of(export.Banana)))
}

func TestDATEVGetsAPostingBatchOfOneCurrency(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "EXTF_Buchungsstapel_007_2026-11-01_2026-11-30.csv", of(export.DATEV).FileName())
	lines := func(e export.Export) []string {
		text, err := charmap.Windows1252.NewDecoder().String(written(t, e))
		require.NoError(t, err)
		return strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
	}
	file := lines(of(export.DATEV))
	require.Len(t, file, 4)
	assert.Equal(t, `"EXTF";700;21;"Buchungsstapel";13;20261201083000000;;"QT";"";"";29098;55003;20260101;4;20261101;20261130;"Quittance 7";"";1;0;0;"CHF";;"";;;"";;;"";""`, file[0])
	columns := strings.Split(file[1], ";")
	assert.Len(t, columns, 125)
	assert.Equal(t, "Abw. Skontokonto", columns[124])
	assert.Equal(t, "Beleginfo - Inhalt 8", columns[35])
	assert.Equal(t, "Zusatzinformation- Inhalt 20", columns[86])
	assert.Equal(t, "Festschreibung", columns[113])
	assert.True(t, strings.HasPrefix(file[2], `98,70;"S";"";;;"";1020;1029;"";2211;"";"11";;"=Versement pour «Hôtel»; n° ""7"" `), file[2])
	for _, line := range file[2:] {
		rows := csv.NewReader(strings.NewReader(line))
		rows.Comma = ';'
		cells, err := rows.Read()
		require.NoError(t, err)
		assert.Len(t, cells, 125)
	}

	inEUR := of(export.DATEV)
	inEUR.DATEV.Currency = money.EUR
	file = lines(inEUR)
	require.Len(t, file, 3)
	assert.Contains(t, file[0], `;"EUR";`)
	assert.True(t, strings.HasPrefix(file[2], `50,00;"S";"";;;"";1029;1100;"";2211;"RE-2026-0042";"12";;"Paiement";`), file[2])
	assert.Contains(t, file[2], `"Kunde";"Zoë Muster"`)
}

func TestAnExportThatCannotBeIsRefusedByField(t *testing.T) {
	t.Parallel()
	overTheYear := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for message, change := range map[string]func(*export.Export){
		"to must not be before from": func(e *export.Export) { e.To = e.From.AddDate(0, 0, -1) },
		"from must be a day":         func(e *export.Export) { e.From = time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC) },
		"datev.consultant_number":    func(e *export.Export) { e.DATEV.Consultant = 1000 },
		"datev.client_number":        func(e *export.Export) { e.DATEV.Number = 100_000 },
		"datev is only for":          func(e *export.Export) { e.Format = export.Banana },
		"financial year":             func(e *export.Export) { e.To = overTheYear },
	} {
		e := of(export.DATEV)
		require.NoError(t, e.Validate())
		change(&e)
		assert.ErrorContains(t, e.Validate(), message)
	}
}
