package paper_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/bidi"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/invoice/paper"
	"github.com/quittance/quittance/internal/money"
)

func TestNothingThatPeopleWriteBreaksTheDocument(t *testing.T) {
	t.Parallel()
	wide := strings.Repeat("W", 200)
	for name, test := range map[string]struct {
		change func(*paper.Content)
		says   []string // in the text without blanks
	}{
		"names of 200 W": {func(c *paper.Content) { c.Company.Name, c.Invoice.Customer.Name = wide, wide }, []string{wide}},
		"everything wide": {func(c *paper.Content) {
			c.Logo = nil
			c.Company.Name, c.Invoice.Customer.Name, c.Invoice.Number = wide, wide, strings.Repeat("W", 50)
			c.Invoice.Content.Address = invoice.Address{Street: wide[:70], HouseNumber: wide[:16], Postcode: wide[:16], City: wide[:35], Country: "DE"}
			c.Invoice.Description = strings.Repeat("W", 1000)
			c.Invoice.Content.Lines[0] = invoice.Line{Description: strings.Repeat("W", 500), Quantity: "999999999.999999", Unit: wide[:20], UnitPrice: "0.000001", VATRate: "99.999999"}
			c.Invoice.Amount, _ = c.Invoice.Content.Amount(money.CHF)
		}, []string{strings.Repeat("W", 500), "99.999999%"}},
		"a line higher than a page": {func(c *paper.Content) {
			c.Invoice.Content.Lines[1].Description = strings.Repeat("x\n", 249) + "end"
		}, []string{"end"}},
		"a description higher than a page": {func(c *paper.Content) { c.Invoice.Description = strings.Repeat("y\n", 499) + "end" }, []string{"end"}},
		"Hebrew and Arabic": {func(c *paper.Content) {
			c.Invoice.Customer.Name = "שלום עולם GmbH"
			c.Invoice.Content.Lines[0].Description = "فاتورة رقم 42"
		}, []string{"GmbH", "שלום", "עולם", "42"}},
		"letters that no font has": {func(c *paper.Content) {
			c.Invoice.Customer.Name = "株式会社 Example \u200d😀 ①②③ ﬁne"
		}, []string{"□□□□Example"}},
		"nothing but blanks": {func(c *paper.Content) { c.Invoice.Description = " \n \n" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := full(4)
			test.change(&c)
			text := strings.Join(strings.Fields(texts(t, written(t, c), "-raw")), "")
			for _, said := range test.says {
				assert.Contains(t, text, said)
			}
			assert.Contains(t, text, "Zahlteil")
		})
	}
}

// TestTextFromRightToLeftStandsInItsOrder looks where words are: a program that reads the text puts it in the order of reading again.
func TestTextFromRightToLeftStandsInItsOrder(t *testing.T) {
	t.Parallel()
	for name, ordered := range map[string][]string{ // from left to right
		"שלום עולם GmbH": {"GmbH", "עולם", "שלום"}, "Firma שלום עולם AG": {"Firma", "עולם", "שלום", "AG"}, "Hotel שלום 42 עולם": {"Hotel", "עולם", "42", "שלום"},
	} {
		c := full(0)
		c.Invoice.Customer.Name = name
		boxes := run(t, "pdftotext", "poppler-utils", "-bbox", written(t, c), "-")
		last := 0.0
		for _, word := range ordered {
			found := regexp.MustCompile(`xMin="([0-9.]+)"[^>]*>(` + word + "|" + bidi.ReverseString(word) + `)<`).FindStringSubmatch(boxes)
			require.NotNil(t, found, "%s in %s", word, name)
			at, err := strconv.ParseFloat(found[1], 64)
			require.NoError(t, err)
			assert.Greater(t, at, last, "%s in %s", word, name)
			last = at
		}
	}
}
