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

func TestX(t *testing.T) {
	for _, n := range []int{0, 1, 4, 14, 30, 500} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			began := time.Now()
			pdf := written(t, full(n))
			t.Log(time.Since(began), pages(t, pdf))
			assert.NotEmpty(t, texts(t, pdf))
		})
	}
}
