package console

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// swissRates are the VAT rates that the form proposes, in percent.
var swissRates = []string{"8.1", "2.6", "3.8", "0"}

// lineRow is a row of the form for what an invoice charges.
type lineRow struct {
	Name                                         string // what the names of its fields begin with
	Number                                       int
	Description, Quantity, Unit, UnitPrice, Rate string
	Rates                                        []string
}

// lineRows returns rows for the lines that there are, and for a few more.
func lineRows(lines any) (rows []lineRow) {
	known, _ := lines.(client.InvoiceLines)
	for i := range len(known) + 3 {
		row := lineRow{Name: fmt.Sprintf("line.%d.", i), Number: i + 1, Rates: swissRates}
		if i < len(known) {
			l := known[i]
			row.Description, row.Quantity, row.UnitPrice, row.Rate = l.Description, l.Quantity, l.UnitPrice, l.VatRate
			if l.Unit != nil {
				row.Unit = *l.Unit
			}
			if !slices.Contains(swissRates, row.Rate) {
				row.Rates = append(slices.Clone(swissRates), row.Rate)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// typedLines reads the rows in which something was written.
func typedLines(r *http.Request) client.InvoiceLines {
	lines := client.InvoiceLines{}
	_ = r.ParseForm() // what can't be read has no values
	for i := 0; r.PostForm.Has(fmt.Sprintf("line.%d.description", i)); i++ {
		typed := func(name string) string {
			return strings.TrimSpace(r.PostFormValue(fmt.Sprintf("line.%d.%s", i, name)))
		}
		if typed("description") == "" && typed("unit_price") == "" {
			continue
		}
		quantity := strings.ReplaceAll(typed("quantity"), ",", ".")
		if quantity == "" {
			quantity = "1"
		}
		price, minus := strings.CutPrefix(typed("unit_price"), "-")
		if price = parseAmount(price); minus {
			price = "-" + price
		}
		lines = append(lines, client.InvoiceLine{
			Description: typed("description"), Quantity: quantity, Unit: optional[string](typed("unit")), UnitPrice: price, VatRate: typed("vat_rate"),
		})
	}
	return lines
}

// typedAddress reads the address of the customer; nil when there is none.
func typedAddress(r *http.Request) *client.PostalAddress {
	typed := func(name string) string { return strings.TrimSpace(r.PostFormValue("customer.address." + name)) }
	if typed("street")+typed("house_number")+typed("postcode")+typed("city") == "" { // the country alone is what the form proposes
		return nil
	}
	return &client.PostalAddress{
		Street: optional[string](typed("street")), HouseNumber: optional[string](typed("house_number")), Postcode: typed("postcode"), City: typed("city"),
		Country: strings.ToUpper(typed("country")),
	}
}

// amountUnless reads the amount, which the lines make if there are any and none is written.
func amountUnless(r *http.Request, lines client.InvoiceLines) *client.Amount {
	if typed := r.PostFormValue("amount"); typed != "" || len(lines) == 0 {
		amount := parseAmount(typed)
		return &amount
	}
	return nil
}

// invoicePDF hands the invoice on as a PDF.
func (s *server) invoicePDF(w http.ResponseWriter, r *http.Request) {
	found, err := s.api.GetInvoicePdfWithResponse(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Disposition", found.HTTPResponse.Header.Get("Content-Disposition"))
	_, _ = w.Write(found.Body) //nolint:gosec // a PDF, and not sniffed
}

// putPDF keeps a PDF of the company's own in the place of ours.
func (s *server) putPDF(w http.ResponseWriter, r *http.Request) {
	content, err := uploaded(r, "file")
	if err == nil {
		_, err = s.api.PutInvoicePdfWithBodyWithResponse(r.Context(), chi.URLParam(r, "id"), "application/pdf", bytes.NewReader(content))
	}
	s.pdfChanged(w, r, err, "pdf_put")
}

func (s *server) removePDF(w http.ResponseWriter, r *http.Request) {
	_, err := s.api.DeleteInvoicePdfWithResponse(r.Context(), chi.URLParam(r, "id"))
	if refused := asRefusal(err); refused != nil && refused.Status == http.StatusNotFound {
		_, err = s.api.GetInvoiceWithResponse(r.Context(), chi.URLParam(r, "id")) // there was none, unless the invoice itself is not theirs
	}
	s.pdfChanged(w, r, err, "pdf_removed")
}

func (s *server) pdfChanged(w http.ResponseWriter, r *http.Request, err error, said string) {
	if err != nil {
		if refused := asRefusal(err); refused != nil && len(refused.Errors) > 0 {
			refused.Errors = []fault{{Field: "pdf"}}
		}
		s.refusedOn(w, r, err, "invoice-content", "content", map[string]string{"": "pdf"})
		return
	}
	s.tell(w, r, "/console/invoices/"+chi.URLParam(r, "id")+"/content", notice{Kind: "good", Key: said})
}
