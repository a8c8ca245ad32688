package api_test

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
)

// whole is a body with all that an invoice may say, after the changes.
func whole(changes object) object {
	body := object{
		"number": "2026-0100", "currency": "CHF", "due_date": "2026-12-31", "issue_date": "2026-11-20", "metadata": object{"order": "A-1001"},
		"customer": object{"name": "Marie Favre", "language": "fr", "address": object{"street": "Rue du Lac", "house_number": "7a", "postcode": "1003", "city": "Lausanne", "country": "CH"}},
		"lines": []object{
			{"description": "Conseil", "quantity": "1.5", "unit": "h", "unit_price": "120.00", "vat_rate": "8.1"},
			{"description": "Livre", "quantity": "3", "unit_price": "19.95", "vat_rate": "2.6"},
			{"description": "Rabais", "quantity": "-1", "unit_price": "10.00", "vat_rate": "8.1"},
		},
	}
	for name, value := range changes {
		if value == nil {
			delete(body, name)
			continue
		}
		body[name] = value
	}
	return body
}

func TestAnInvoiceSaysWhatItChargesAndItsAmountIsWhatTheLinesComeTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.call("POST", "/invoices", w.key, whole(nil)).json(201)
	assert.Equal(t, "245.18", inv["amount"], "170.00 and 13.77 of tax, 59.85 and 1.56")
	totals := inv["totals"].(object)
	assert.Equal(t, []any{"229.85", "15.33", "245.18"}, []any{totals["net"], totals["tax"], totals["gross"]})
	assert.Equal(t, []any{
		object{"rate": "8.1", "net": "170.00", "tax": "13.77", "gross": "183.77"}, object{"rate": "2.6", "net": "59.85", "tax": "1.56", "gross": "61.41"},
	}, totals["rates"])
	assert.Equal(t, "Lausanne", inv["customer"].(object)["address"].(object)["city"])
	assert.Equal(t, object{"order": "A-1001"}, inv["metadata"])
	assert.Equal(t, "2026-11-20", inv["issue_date"])
	assert.NotContains(t, inv, "warnings")
	assert.Equal(t, inv, w.call("GET", "/invoices/"+inv["id"].(string), w.key, nil).json(200))

	path := "/invoices/" + inv["id"].(string)
	assert.Equal(t, "229.85", w.call("PATCH", path, w.key, object{"prices_include_vat": true}).json(200)["amount"])
	assert.Equal(t, "229.85", w.call("PATCH", path, w.key, object{"round_to_five_centimes": true}).json(200)["amount"])
	rounded := w.call("PATCH", path, w.key, object{"prices_include_vat": false}).json(200)
	assert.Equal(t, []any{"245.20", "245.18"}, []any{rounded["amount"], rounded["totals"].(object)["gross"]})
	assert.Equal(t, []string{"amount"}, w.call("PATCH", path, w.key, object{"amount": "245.18"}).problem(422, "validation-failed"))
	bare := w.call("PATCH", path, w.key, object{"lines": []object{}, "amount": "108.00"}).json(200)
	assert.Equal(t, "108.00", bare["amount"])
	assert.NotContains(t, bare, "totals")
}

func TestWhatIsWrongWithTheContentOfAnInvoiceIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := func(name, value string) []object {
		l := object{"description": "Conseil", "quantity": "1", "unit_price": "10.00", "vat_rate": "8.1"}
		l[name] = value
		return []object{l}
	}
	metadata := object{}
	for i := range 51 {
		metadata[strconv.Itoa(i)] = "x"
	}
	for field, change := range map[string]object{
		"amount":                   {"amount": "245.17"},
		"lines.0.quantity":         {"lines": line("quantity", "1e9")},
		"lines.0.unit_price":       {"lines": line("unit_price", "10,00")},
		"lines.0.vat_rate":         {"lines": line("vat_rate", "101")},
		"lines.0.description":      {"lines": line("description", "\u202e")},
		"lines":                    {"lines": line("unit_price", "999999999.99")},
		"issue_date":               {"issue_date": "1999-12-31"},
		"metadata":                 {"metadata": metadata},
		"customer.address.country": {"customer": object{"name": "Marie", "language": "fr", "address": object{"postcode": "1003", "city": "Lausanne", "country": "ch"}}},
	} {
		assert.Equal(t, []string{field}, w.call("POST", "/invoices", w.key, whole(change)).problem(422, "validation-failed"), field)
	}
	assert.Equal(t, []string{"amount"}, w.call("POST", "/invoices", w.key, whole(object{"lines": nil})).problem(422, "validation-failed"), "neither lines nor amount")
	assert.Equal(t, []any{"vat-rate-unknown"}, w.call("POST", "/invoices", w.key, whole(object{"lines": line("vat_rate", "19")})).json(201)["warnings"], "it may be taxed elsewhere")
}

func TestAnInvoiceMayHaveFiveHundredLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lines := make([]object, invoice.MaxLines)
	for i := range lines {
		lines[i] = object{"description": fmt.Sprintf("Article %d", i), "quantity": "1", "unit_price": "1.00", "vat_rate": "0"}
	}
	inv := w.call("POST", "/invoices", w.key, whole(object{"lines": lines})).json(201)
	assert.Equal(t, "500.00", inv["amount"])
	require.Len(t, inv["lines"], invoice.MaxLines)
	w.call("POST", "/invoices", w.key, whole(object{"number": "N-2", "lines": slices.Concat(lines, lines[:1])})).problem(422, "validation-failed")
}

func TestTheOnlineDocumentShowsWhatTheInvoiceCharges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, func(i *invoice.Invoice) {
		i.Content = invoice.Content{
			IssueDate: day("2026-11-20"), Address: invoice.Address{Street: "Rue du Lac", HouseNumber: "7a", Postcode: "1003", City: "Lausanne", Country: "CH"},
			Lines: []invoice.Line{
				{Description: "Conseil <b>", Quantity: "9.5", Unit: "h", UnitPrice: "120", VATRate: "8.1"}, {Description: strings.Repeat("W", 200), Quantity: "1", UnitPrice: "2.16", VATRate: "0"},
			},
		}
		i.Content.FiveCentimes = true
	})
	said := func(language string) string {
		page := w.get("/i/" + inv.Token + "?lang=" + language)
		require.Equal(t, 200, page.Code)
		return strings.Join(strings.Fields(html.UnescapeString(markup.ReplaceAllString(page.Body.String(), " "))), " ")
	}
	for language, texts := range map[string][]string{
		"de": {"Was die Rechnung enthält: 2 Positionen", "Conseil <b> 9.5 h × 120, MWST 8.1 % 1’140.00", "Netto 1’142.16", "MWST 8.1 % auf 1’140.00 92.34", "Total, CHF 1’234.50", "Die MWST kommt zu den Preisen hinzu."},
		"fr": {"Émise le 20 novembre 2026", "Marie Favre Rue du Lac 7a 1003 Lausanne", "TVA 8.1 % sur 1’140.00 92.34"},
		"it": {"IVA 8.1 % su 1’140.00 92.34"},
		"en": {"What the invoice holds: 2 items", "VAT 8.1 % on 1’140.00 92.34"},
	} {
		for _, text := range texts {
			assert.Contains(t, said(language), text, language)
		}
	}
	bare := w.newInvoice(invoice.Open)
	assert.NotContains(t, w.get("/i/"+bare.Token).Body.String(), "<details")
}
