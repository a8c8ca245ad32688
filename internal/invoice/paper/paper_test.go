package paper_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/invoice/paper"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/qrbill"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func chf(s string) money.Amount { return money.MustParse(s, money.CHF) }

// full is an open invoice that says all that an invoice can say.
func full(lines int) paper.Content {
	c := paper.Content{
		Company: merchant.Company{
			ID: "cmp_1", Name: "Atelier Lémanique SA", Language: "fr",
			Letterhead: merchant.Letterhead{
				Address: invoice.Address{Street: "Rue du Lac", HouseNumber: "7a", Postcode: "1003", City: "Lausanne", Country: "CH"},
				UID:     "CHE-123.456.788", VATNumber: "CHE-123.456.788 TVA", Phone: "+41 21 555 12 34", Website: "https://www.atelier.example", Email: "bonjour@atelier.example",
			},
		},
		Logo: logo(),
		Account: &merchant.BankAccount{
			ID: "bac_1", IBAN: "CH4431999123000889012", Currency: money.CHF, UseForInvoices: true,
			Holder: qrbill.Address{Name: "Atelier Lémanique SA", Street: "Rue du Lac", HouseNumber: "7a", Postcode: "1003", City: "Lausanne", Country: "CH"},
		},
		Invoice: invoice.Invoice{
			ID: "inv_01k9m20s0hg5p1z9w4t7x2d6e8", Number: "2026-0042", Status: invoice.Open, DueDate: day("2026-12-22"),
			Customer:    invoice.Customer{Name: "Muster & Söhne AG", Language: "de"},
			Description: "Beratung und Umsetzung im November 2026. Vielen Dank für Ihren Auftrag.",
			Content: invoice.Content{
				IssueDate: day("2026-11-22"),
				Address:   invoice.Address{Street: "Bahnhofstrasse", HouseNumber: "12", Postcode: "8001", City: "Zürich", Country: "CH"},
			},
			AmountPaid: chf("0"), AmountRefunded: chf("0"),
		},
		Language: "de", PayURL: "https://pay.example.ch/i/zlzIbOq4MzTwFnnUiIP4W5B7X-4",
	}
	some := []invoice.Line{
		{Description: "Beratung vor Ort, mit Protokoll", Quantity: "12.5", Unit: "Std.", UnitPrice: "160.00", VATRate: "8.1"},
		{Description: "Übernachtung in Bern", Quantity: "2", Unit: "Nächte", UnitPrice: "189.00", VATRate: "3.8"},
		{Description: "Fachbuch «Rechnungen, die bezahlt werden»", Quantity: "1", UnitPrice: "48.50", VATRate: "2.6"},
		{Description: "Treuerabatt", Quantity: "-1", UnitPrice: "100.00", VATRate: "8.1"},
	}
	for i := range lines {
		c.Invoice.Content.Lines = append(c.Invoice.Content.Lines, some[i%len(some)])
	}
	c.Invoice.Amount, _ = c.Invoice.Content.Amount(money.CHF)
	if lines == 0 {
		c.Invoice.Amount = chf("108.00")
	}
	return c
}

func logo() *merchant.Logo {
	picture := image.NewNRGBA(image.Rect(0, 0, 360, 120))
	for x := range 120 {
		for y := range 120 {
			if dx, dy := x-60, y-60; dx*dx+dy*dy < 58*58 && (dx+dy)%24 > -8 {
				picture.Set(x, y, color.NRGBA{13, 92, 77, 255})
			}
		}
	}
	for x := 140; x < 360; x++ {
		for y := 50; y < 70; y++ {
			picture.Set(x, y, color.NRGBA{13, 92, 77, 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		panic(err)
	}
	made, err := merchant.NewLogo(out.Bytes())
	if err != nil {
		panic(err)
	}
	return &made
}

// run returns what a program of Debian's says of the PDF, and skips the test where it is not installed.
func run(t *testing.T, program, from string, arguments ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("no %s is installed: install the package %s to have the paper read", program, from)
	}
	output, err := exec.CommandContext(t.Context(), path, arguments...).Output()
	require.NoError(t, err, "%s", output)
	return string(output)
}

// written returns the file of the PDF. With QUITTANCE_PAPER it stays there, for people to look at.
func written(t *testing.T, c paper.Content) string {
	t.Helper()
	data, err := paper.PDF(c)
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "invoice.pdf")
	if kept := os.Getenv("QUITTANCE_PAPER"); kept != "" {
		name = filepath.Join(kept, strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())+".pdf")
	}
	require.NoError(t, os.WriteFile(name, data, 0o600))
	return name
}

func texts(t *testing.T, pdf string, arguments ...string) string {
	t.Helper()
	return strings.ReplaceAll(run(t, "pdftotext", "poppler-utils", append(arguments, pdf, "-")...), "\u00a0", " ")
}

func pages(t *testing.T, pdf string) string {
	t.Helper()
	for line := range strings.Lines(run(t, "pdfinfo", "poppler-utils", pdf)) {
		if count, found := strings.CutPrefix(line, "Pages:"); found {
			return strings.TrimSpace(count)
		}
	}
	return ""
}

// one returns what the PDF says as one line.
func one(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestTheDocumentSaysWhatTheInvoiceSaysInEveryLanguage(t *testing.T) {
	t.Parallel()
	for language, said := range map[string][]string{
		"de": {"Rechnung 2026-0042", "Zahlbar bis 22.12.2026", "MWST 8.1 % auf 1’900.00", "Einzelpreis", "Seite 1 von 1", "Zahlteil"},
		"fr": {"Facture 2026-0042", "Payable jusqu’au 22.12.2026", "TVA 8.1 % sur 1’900.00", "Prix unitaire", "Page 1 sur 1", "Section paiement"},
		"it": {"Fattura 2026-0042", "Pagabile entro il 22.12.2026", "IVA 8.1 % su 1’900.00", "Prezzo unitario", "Pagina 1 di 1", "Sezione pagamento"},
		"en": {"Invoice 2026-0042", "Due by 22 December 2026", "VAT 8.1 % on 1’900.00", "Unit price", "Page 1 of 1", "Payment part"},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			c := full(4)
			c.Language = language
			text := one(texts(t, written(t, c), "-layout"))
			for _, expected := range append(
				said, "Muster & Söhne AG", "Bahnhofstrasse 12", "8001 Zürich", "Atelier Lémanique SA", "CHE-123.456.788 TVA", "+41 21 555 12 34", "bonjour@atelier.example",
				"Beratung vor Ort, mit Protokoll 12.5 Std. 160.00 8.1 % 2’000.00", "Treuerabatt −1 100.00 8.1 % −100.00", "Fachbuch «Rechnungen, die bezahlt werden»",
				"2’496.02", "https://pay.example.ch/i/zlzIbOq4MzTwFnnUiIP4W5B7X-4", "22.11.2026",
			) {
				if language == "en" && expected == "22.11.2026" {
					expected = "22 November 2026"
				}
				assert.Contains(t, text, expected)
			}
		})
	}
}

func TestTheCodeOnTheLastPageAsksForWhatIsDue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]paper.Content{"one page": full(4), "a page of its own": full(14), "many pages": full(90)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "many pages" {
				c.Invoice.Status, c.Invoice.AmountPaid = invoice.PartiallyPaid, chf("1000.00")
			}
			bill, err := paper.Bill(*c.Account, c.Invoice, c.Language)
			require.NoError(t, err)
			payload, err := bill.Payload()
			require.NoError(t, err)
			pdf := written(t, c)
			last := pages(t, pdf)
			picture := strings.TrimSuffix(pdf, ".pdf")
			run(t, "pdftoppm", "poppler-utils", "-gray", "-r", "300", "-singlefile", "-f", last, "-y", "2268", "-W", "2480", "-H", "1240", pdf, picture)
			code := run(t, "zbarimg", "zbar-tools", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sqrcode.binary", picture+".pgm")
			assert.Equal(t, strings.Split(payload, "\n"), strings.Split(strings.TrimSuffix(code, "\n"), "\n"))
			assert.Equal(t, name == "one page", last == "1")
		})
	}
}

func TestTheDocumentSaysWhatBecameOfTheInvoice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*invoice.Invoice)
		says   []string
		hides  []string
	}{
		"paid": {func(i *invoice.Invoice) {
			i.Status, i.AmountPaid, i.PaidAt = invoice.Paid, i.Amount, time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC)
		}, []string{"Bezahlt am 01.12.2026", "Bezahlt 2’496.02", "Es ist nichts mehr zu bezahlen."}, []string{"Zahlteil", "Online bezahlen", "Noch zu bezahlen"}},
		"partly paid": {
			func(i *invoice.Invoice) { i.Status, i.AmountPaid = invoice.PartiallyPaid, chf("1000.00") },
			[]string{"Offener Betrag CHF 1’496.02", "Bezahlt 1’000.00", "Noch zu bezahlen CHF 1’496.02", "Zahlteil", "1 496.02"},
			nil,
		},
		"refunded": {func(i *invoice.Invoice) {
			i.Status, i.AmountPaid, i.AmountRefunded, i.PaidAt = invoice.Paid, chf("2000.00"), chf("496.02"), day("2026-11-30")
		}, []string{"Bezahlt 2’496.02", "Zurückerstattet 496.02"}, []string{"Zahlteil"}},
		"cancelled": {func(i *invoice.Invoice) { i.Status = invoice.Cancelled }, []string{"Storniert"}, []string{"Zahlteil", "Online bezahlen"}},
		"draft":     {func(i *invoice.Invoice) { i.Status = invoice.Draft }, []string{"Entwurf"}, []string{"Zahlteil", "Online bezahlen"}},
		"prices with tax": {
			func(i *invoice.Invoice) { i.Content.PricesIncludeVAT = true; i.Amount, _ = i.Content.Amount(money.CHF) },
			[]string{"Die Preise enthalten die MWST.", "Total CHF 2’326.50"},
			nil,
		},
		"rounded": {
			func(i *invoice.Invoice) { i.Content.FiveCentimes = true; i.Amount, _ = i.Content.Amount(money.CHF) },
			[]string{"Rundung −0.02", "Total CHF 2’496.00"},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := full(4)
			test.change(&c.Invoice)
			text := one(texts(t, written(t, c), "-layout"))
			for _, said := range test.says {
				assert.Contains(t, text, said)
			}
			for _, hidden := range test.hides {
				assert.NotContains(t, text, hidden)
			}
		})
	}
}

func TestAnInvoiceThatSaysLittleIsADocumentToo(t *testing.T) {
	t.Parallel()
	c := full(0)
	c.Company = merchant.Company{Name: "Demo SA"}
	c.Logo, c.Account, c.PayURL = nil, nil, ""
	c.Invoice.Description, c.Invoice.Content = "", invoice.Content{}
	pdf := written(t, c)
	text := one(texts(t, pdf, "-layout"))
	assert.Equal(t, "1", pages(t, pdf))
	for _, said := range []string{"Demo SA", "Muster & Söhne AG", "Rechnung 2026-0042", "Zahlbar bis 22.12.2026", "Total CHF 108.00"} {
		assert.Contains(t, text, said)
	}
	assert.NotContains(t, text, "Menge")
}

func TestManyLinesGoOverManyPagesAndNoneIsLost(t *testing.T) {
	t.Parallel()
	c := full(invoice.MaxLines)
	for i := range c.Invoice.Content.Lines {
		c.Invoice.Content.Lines[i].Description = fmt.Sprintf("Position %03d.", i+1)
	}
	pdf := written(t, c)
	text := texts(t, pdf, "-layout")
	for i := range invoice.MaxLines {
		require.Contains(t, text, fmt.Sprintf("Position %03d.", i+1))
	}
	count := pages(t, pdf)
	perPage := strings.Split(strings.TrimSuffix(text, "\f"), "\f")
	assert.Len(t, perPage, atoi(t, count))
	for i, page := range perPage {
		assert.Contains(t, page, fmt.Sprintf("Seite %d von %s", i+1, count))
		if strings.Contains(page, "Position ") {
			assert.Contains(t, page, "Einzelpreis", "every page with lines has their head")
		}
	}
}

func TestFontsAreEmbeddedAndThePDFIsTaggedAndNamed(t *testing.T) {
	t.Parallel()
	pdf := written(t, full(4))
	for line := range strings.Lines(run(t, "pdffonts", "poppler-utils", pdf)) {
		if strings.Contains(line, "Identity-H") {
			assert.Contains(t, line, "yes yes yes", "embedded, only what is used, and as text")
		}
	}
	said := run(t, "pdfinfo", "poppler-utils", pdf)
	for _, fact := range []string{`Title:\s+Rechnung 2026-0042`, `Author:\s+Atelier Lémanique SA`, `Tagged:\s+yes`, `Page size:\s+595[0-9.]* x 841[0-9.]* pts \(A4\)`, `JavaScript:\s+no`} {
		assert.Regexp(t, fact, said)
	}
	raw, err := os.ReadFile(pdf)
	require.NoError(t, err)
	assert.Contains(t, string(raw), "/Lang (de)")
	structure := run(t, "pdfinfo", "poppler-utils", "-struct-text", pdf)
	for _, tag := range []string{"H1", "Table", "TR", "TH", "TD", "Figure", "Link"} {
		assert.Contains(t, structure, tag)
	}
}

func TestTheSameInvoiceIsTheSameFile(t *testing.T) {
	t.Parallel()
	first, err := paper.PDF(full(30))
	require.NoError(t, err)
	second, err := paper.PDF(full(30))
	require.NoError(t, err)
	assert.Equal(t, first, second)
}

func BenchmarkPDF(b *testing.B) {
	for _, lines := range []int{1, 20, invoice.MaxLines} {
		c := full(lines)
		b.Run(fmt.Sprint(lines, " lines"), func(b *testing.B) {
			for b.Loop() {
				if _, err := paper.PDF(c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}
