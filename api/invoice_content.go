package api

import (
	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/vat"
)

// amountOr reads the amount of an invoice; without one it is what the lines come to.
func amountOr(value *spec.Amount, currency string, content invoice.Content) (money.Amount, error) {
	if value != nil || len(content.Lines) == 0 {
		return parseAmount(deref(value), currency)
	}
	zero, err := parseAmount("0", currency)
	if err != nil {
		return zero, err
	}
	if sum, err := content.Amount(zero.Currency()); err == nil { // else Validate says what is wrong with the lines
		return sum, nil
	}
	return zero, nil
}

// changeContent makes the changes that are not absent.
func changeContent(c *invoice.Content, issueDate *spec.Date, lines *spec.InvoiceLines, includeVAT, fiveCentimes *bool, metadata *spec.Metadata) {
	if issueDate != nil {
		c.IssueDate = issueDate.Time
	}
	if lines != nil {
		c.Lines = mapped(*lines, func(l spec.InvoiceLine) invoice.Line {
			return invoice.Line{Description: l.Description, Quantity: l.Quantity, Unit: deref(l.Unit), UnitPrice: l.UnitPrice, VATRate: l.VatRate}
		})
	}
	if includeVAT != nil {
		c.PricesIncludeVAT = *includeVAT
	}
	if fiveCentimes != nil {
		c.FiveCentimes = *fiveCentimes
	}
	if metadata != nil {
		c.Metadata = *metadata
	}
}

func addressOf(a *spec.PostalAddress) invoice.Address {
	if a == nil {
		return invoice.Address{}
	}
	return invoice.Address{Street: deref(a.Street), HouseNumber: deref(a.HouseNumber), Postcode: a.Postcode, City: a.City, Country: a.Country}
}

func shownAddress(a invoice.Address) *spec.PostalAddress {
	if a == (invoice.Address{}) {
		return nil
	}
	return &spec.PostalAddress{Street: optional(a.Street), HouseNumber: optional(a.HouseNumber), Postcode: a.Postcode, City: a.City, Country: a.Country}
}

// showContent adds to an answer what the invoice says beyond who pays how much until when.
func showContent(answer *spec.Invoice, inv invoice.Invoice) {
	c := inv.Content
	answer.Customer.Address = shownAddress(c.Address)
	answer.PricesIncludeVat, answer.RoundToFiveCentimes, answer.Metadata = c.PricesIncludeVAT, c.FiveCentimes, spec.Metadata{}
	for key, value := range c.Metadata {
		answer.Metadata[key] = value
	}
	answer.Lines = mapped(c.Lines, func(l invoice.Line) spec.InvoiceLine {
		return spec.InvoiceLine{Description: l.Description, Quantity: l.Quantity, Unit: optional(l.Unit), UnitPrice: l.UnitPrice, VatRate: l.VATRate}
	})
	day := inv.IssueDate()
	if !day.IsZero() {
		shown := date(day)
		answer.IssueDate = &shown
	}
	if totals, err := c.Totals(inv.Amount.Currency()); err == nil && len(c.Lines) > 0 {
		answer.Totals = shownTotals(totals)
	}
	if day.IsZero() {
		day = inv.CreatedAt
	}
	if len(c.UnknownRates(day)) > 0 {
		answer.Warnings = &[]spec.InvoiceWarnings{spec.VatRateUnknown}
	}
}

func shownTotals(t vat.Totals) *spec.InvoiceTotals {
	return &spec.InvoiceTotals{
		Net: t.Net.Value(), Tax: t.Tax.Value(), Gross: t.Gross.Value(),
		Rates: mapped(t.Rates, func(r vat.RateTotal) spec.RateTotal {
			return spec.RateTotal{Rate: r.Rate.String(), Net: r.Net.Value(), Tax: r.Tax.Value(), Gross: r.Gross.Value()}
		}),
	}
}
