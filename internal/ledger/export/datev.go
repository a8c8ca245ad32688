package export

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/quittance/quittance/internal/money"
)

// accountLength is how many digits accounts have at DATEV, at least; those of the KMU chart have four.
const accountLength = 4

// datev is a posting batch in the DATEV format: header 700, category 21, format version 13, Windows-1252
// (https://developer.datev.de/datev/platform/en/dtvf/formate). Every text stands in quotation marks.
type datev struct {
	w        io.Writer
	currency money.Currency
	err      error
}

func newDATEV(w io.Writer, e Export, books Books) *datev {
	d := &datev{w: encoding.ReplaceUnsupported(charmap.Windows1252.NewEncoder()).Writer(w), currency: e.DATEV.Currency}
	digits := accountLength
	for number := range books.Accounts {
		digits = max(digits, len(number))
	}
	d.row(
		`"EXTF"`, "700", "21", `"Buchungsstapel"`, "13", e.TakenAt.UTC().Format("20060102150405000"), "", `"QT"`, `""`, `""`,
		strconv.Itoa(e.DATEV.Consultant), strconv.Itoa(e.DATEV.Number), e.DATEV.YearBegins.Format("20060102"), strconv.Itoa(digits),
		e.From.Format("20060102"), e.To.Format("20060102"), text(fmt.Sprintf("Quittance %d", e.Number), 30), `""`, "1", "0", "0", text(string(d.currency), 3),
		"", `""`, "", "", `""`, "", "", `""`, `""`,
	)
	d.row(strings.Split(strings.ReplaceAll(strings.Join(datevColumns, "|"), "*", ""), "|")...)
	return d
}

// datevColumns are those of a posting batch in format version 13. Those with texts are marked by *.
var datevColumns = strings.Split("Umsatz (ohne Soll/Haben-Kz)|*Soll/Haben-Kennzeichen|*WKZ Umsatz|Kurs|Basis-Umsatz|*WKZ Basis-Umsatz|Konto|"+
	"Gegenkonto (ohne BU-Schlüssel)|*BU-Schlüssel|Belegdatum|*Belegfeld 1|*Belegfeld 2|Skonto|*Buchungstext|Postensperre|*Diverse Adressnummer|"+
	"Geschäftspartnerbank|Sachverhalt|Zinssperre|*Beleglink|"+numbered(8, "*Beleginfo - Art %d|*Beleginfo - Inhalt %[1]d|")+
	"*KOST1 - Kostenstelle|*KOST2 - Kostenstelle|Kost-Menge|*EU-Land u. UStID (Bestimmung)|EU-Steuersatz (Bestimmung)|*Abw. Versteuerungsart|"+
	"Sachverhalt L+L|Funktionsergänzung L+L|BU 49 Hauptfunktionstyp|BU 49 Hauptfunktionsnummer|BU 49 Funktionsergänzung|"+
	numbered(20, "*Zusatzinformation - Art %d|*Zusatzinformation- Inhalt %[1]d|")+
	"Stück|Gewicht|Zahlweise|*Forderungsart|Veranlagungsjahr|Zugeordnete Fälligkeit|Skontotyp|*Auftragsnummer|*Buchungstyp|"+
	"USt-Schlüssel (Anzahlungen)|*EU-Land (Anzahlungen)|Sachverhalt L+L (Anzahlungen)|EU-Steuersatz (Anzahlungen)|Erlöskonto (Anzahlungen)|"+
	"*Herkunft-Kz|*Buchungs GUID|KOST-Datum|*SEPA-Mandatsreferenz|Skontosperre|*Gesellschaftername|Beteiligtennummer|*Identifikationsnummer|"+
	"*Zeichnernummer|Postensperre bis|*Bezeichnung SoBil-Sachverhalt|Kennzeichen SoBil-Buchung|Festschreibung|Leistungsdatum|"+
	"Datum Zuord. Steuerperiode|Fälligkeit|*Generalumkehr (GU)|Steuersatz|*Land|*Abrechnungsreferenz|BVV-Position|"+
	"*EU-Land u. UStID (Ursprung)|EU-Steuersatz (Ursprung)|Abw. Skontokonto", "|")

func numbered(n int, pattern string) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, pattern, i+1)
	}
	return all.String()
}

// Write adds a line of the file's currency.
func (d *datev) Write(l Line) {
	if l.Amount.Currency() != d.currency {
		return
	}
	said := map[string]string{
		"Umsatz (ohne Soll/Haben-Kz)": strings.Replace(l.Amount.Value(), ".", ",", 1), "*Soll/Haben-Kennzeichen": text("S", 1),
		"Konto": l.Debit, "Gegenkonto (ohne BU-Schlüssel)": l.Credit, "Belegdatum": l.Entry.Date.Format("0201"),
		"*Belegfeld 1": text(reference(l.Invoice), 36), "*Belegfeld 2": text(strconv.FormatInt(l.Entry.Sequence, 10), 12),
		"*Buchungstext": text(l.Entry.Text, 60), "*Beleginfo - Art 1": text("Buchung", 20), "*Beleginfo - Inhalt 1": text(l.Entry.ID, 210),
	}
	if l.Customer != "" {
		said["*Beleginfo - Art 2"], said["*Beleginfo - Inhalt 2"] = text("Kunde", 20), text(l.Customer, 210)
	}
	cells := make([]string, len(datevColumns))
	for i, column := range datevColumns {
		if cells[i] = said[column]; cells[i] == "" && column[0] == '*' {
			cells[i] = text("", 0)
		}
	}
	d.row(cells...)
}

func (d *datev) row(cells ...string) {
	if d.err == nil {
		_, d.err = io.WriteString(d.w, strings.Join(cells, ";")+"\r\n")
	}
}

func (d *datev) Flush() error { return d.err }

// text returns a text of at most that many characters, in quotation marks.
func text(s string, most int) string {
	characters := []rune(plain(s))
	return `"` + strings.ReplaceAll(string(characters[:min(len(characters), most)]), `"`, `""`) + `"`
}

// reference returns the number of an invoice with the characters that DATEV takes.
func reference(number string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_$&%*+-/", r)) {
			return r
		}
		return '-'
	}, number)
}
