package api

import (
	"strconv"
	"strings"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
)

// chargedPage is what the online document says the invoice charges.
type chargedPage struct {
	Summary  string // of the folded lines
	Rows     []chargedRow
	Net      string // without tax; empty when nothing is taxed
	Taxes    []taxRow
	TaxLabel string // whether the tax comes on top
	Rounding string // to what coins can pay; empty for none
	Total    string
}

// chargedRow is one line.
type chargedRow struct{ Description, Detail, Price string }

// taxRow is the tax of one rate.
type taxRow struct{ Label, Amount string }

// charged returns what an invoice charges, in the language of the words; nil without lines.
func charged(inv invoice.Invoice, t pageWords) *chargedPage {
	c, currency := inv.Content, inv.Amount.Currency()
	totals, err := c.Totals(currency)
	if err != nil || len(c.Lines) == 0 {
		return nil
	}
	p := &chargedPage{Summary: strings.ReplaceAll(t.Lines, "{count}", strconv.Itoa(len(c.Lines))), Total: swiss(inv.Amount), TaxLabel: t.TaxOnTop}
	if len(c.Lines) == 1 {
		p.Summary = t.OneLine
	}
	if c.PricesIncludeVAT {
		p.TaxLabel = t.TaxIncluded
	}
	for _, line := range c.Lines {
		price, err := line.Price(currency)
		if err != nil {
			return nil
		}
		detail := money.Grouped(line.Quantity) + strings.TrimRight(" "+line.Unit, " ") + " × " + money.Grouped(line.UnitPrice)
		if line.VATRate != "0" {
			detail += ", " + t.VAT + " " + line.VATRate + " %"
		}
		p.Rows = append(p.Rows, chargedRow{line.Description, detail, swiss(price)})
	}
	for _, rate := range totals.Rates {
		if !rate.Tax.IsZero() {
			label := strings.NewReplacer("{rate}", rate.Rate.String(), "{net}", swiss(rate.Net)).Replace(t.TaxOf)
			p.Taxes = append(p.Taxes, taxRow{label, swiss(rate.Tax)})
		}
	}
	if len(p.Taxes) > 0 {
		p.Net = swiss(totals.Net)
	}
	if rounding := inv.Amount.Sub(totals.Gross); !rounding.IsZero() {
		p.Rounding = swiss(rounding)
	}
	return p
}
