// Package paper makes the PDF of an invoice: A4, with the company's letterhead, the lines over as many pages as they need, the totals, and
// the QR-bill at the bottom of the last page.
//
// Lengths are in millimetres from the upper left corner of a page, font sizes in points. They are measures on paper, not money, and so
// they may be floats.
package paper

import (
	"embed"
	"fmt"
	"strings"
	"time"

	"github.com/carlos7ags/folio/document"
	"github.com/carlos7ags/folio/layout"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/qrbill"
	slip "github.com/quittance/quittance/internal/qrbill/paper"
	"github.com/quittance/quittance/internal/words"
)

//go:embed words
var wordFiles embed.FS

// wording is what the document says in one language. {…} stands for what is filled in.
type wording struct {
	DateLayout  string `yaml:"date_layout"`
	Invoice     string `yaml:"invoice"`
	Draft       string `yaml:"draft"`
	PaidOn      string `yaml:"paid_on"` // {date}
	Cancelled   string `yaml:"cancelled"`
	Date        string `yaml:"date"`
	DueBy       string `yaml:"due_by"`
	Amount      string `yaml:"amount"`
	AmountDue   string `yaml:"amount_due"`
	Description string `yaml:"description"`
	Quantity    string `yaml:"quantity"`
	UnitPrice   string `yaml:"unit_price"`
	VAT         string `yaml:"vat"`
	Net         string `yaml:"net"`
	TaxOf       string `yaml:"tax_of"` // {rate} {net}
	TaxIncluded string `yaml:"tax_included"`
	Rounding    string `yaml:"rounding"`
	Total       string `yaml:"total"`
	Paid        string `yaml:"paid"`
	Refunded    string `yaml:"refunded"`
	Due         string `yaml:"due"`
	NothingDue  string `yaml:"nothing_due"`
	PayOnline   string `yaml:"pay_online"`
	Page        string `yaml:"page"` // {page} {pages}
}

var wordings = words.Languages[wording](wordFiles, "words")

// Content is what a document shows.
type Content struct {
	Company  merchant.Company
	Logo     *merchant.Logo // nil for none
	Invoice  invoice.Invoice
	Account  *merchant.BankAccount // whose QR-bill is on the last page; nil for none
	Language string                // one of invoice.Languages
	PayURL   string                // where the invoice is paid online; empty when it can't be
}

// Bill returns the QR-bill of what is due of an invoice, with its message in that language. The error says why there is none.
func Bill(account merchant.BankAccount, inv invoice.Invoice, language string) (qrbill.Bill, error) {
	a := inv.Content.Address
	debtor := qrbill.Address{
		Name: inv.Customer.Name, Street: a.Street, HouseNumber: a.HouseNumber, Postcode: a.Postcode, City: a.City, Country: a.Country,
	}
	return account.Bill(inv.ID, inv.AmountDue(), debtor, wordings[language].Invoice+" "+inv.Number)
}

// PDF returns the document. It is the same for the same content, byte by byte.
func PDF(c Content) ([]byte, error) {
	w, ok := wordings[c.Language]
	if !ok {
		return nil, fmt.Errorf("invoice: no words in language %q", c.Language)
	}
	s := &sheet{Content: c, words: w, letters: newLetters()}
	s.addPage()
	if err := s.compose(); err != nil {
		return nil, fmt.Errorf("invoice %s: %w", c.Invoice.ID, err)
	}
	doc := document.NewDocument(document.PageSizeA4)
	doc.SetTagged(true)
	doc.Info.Title = w.Invoice + " " + c.Invoice.Number
	doc.Info.Author = c.Company.Name
	doc.Info.Language = c.Language
	doc.SetMargins(layout.Margins{})
	for i := range s.pages {
		s.foot(i)
		doc.Add(&s.pages[i])
	}
	data, err := doc.ToBytesWithOptions(document.WriteOptions{Deterministic: true})
	if err != nil {
		return nil, fmt.Errorf("invoice %s: %w", c.Invoice.ID, err)
	}
	return data, nil
}

// compose puts everything on pages.
func (s *sheet) compose() error {
	if err := s.letterhead(); err != nil {
		return err
	}
	s.address()
	s.title()
	s.paragraph(s.Invoice.Description)
	if err := s.lines(); err != nil {
		return err
	}
	if err := s.totals(); err != nil {
		return err
	}
	return s.payment()
}

// payment says how to pay what is due, with the QR-bill when there is an account that can carry it.
func (s *sheet) payment() error {
	if s.Invoice.Status == invoice.Paid {
		s.paragraph(s.words.NothingDue)
	}
	if !s.Invoice.Status.Payable() || !s.Invoice.AmountDue().IsPositive() {
		return nil
	}
	if s.PayURL != "" {
		s.link(s.words.PayOnline, s.PayURL)
	}
	if s.Account == nil {
		return nil
	}
	bill, err := Bill(*s.Account, s.Invoice, s.Language)
	if err != nil {
		return nil //nolint:nilerr // the amount is too large for a QR-bill, or its like: the document goes without
	}
	part, err := slip.New(bill, s.Language)
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	if s.y > aboveSlip {
		s.addPage()
	}
	page := &s.pages[len(s.pages)-1]
	page.foot = slipFootY
	page.add(part.OnPage(s.letters.fonts, 0).PlanLayout(layout.LayoutArea{Height: pageHeight / millimetre, AtFragmentTop: true}).Blocks...)
	return nil
}

// day writes a calendar day.
func (s *sheet) day(t time.Time) string { return t.Format(s.words.DateLayout) }

// fill puts values in the place of {name}.
func fill(s string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(s) }
