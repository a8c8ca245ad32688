package invoice

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/internal/vat"
)

// Content is what an invoice says beyond who pays how much until when. All of it may be missing.
type Content struct {
	IssueDate        time.Time         `json:"issue_date,omitzero"` // midnight UTC; zero: the day on which it is issued
	Address          Address           `json:"address,omitzero"`    // of the customer
	Lines            []Line            `json:"lines,omitempty"`
	PricesIncludeVAT bool              `json:"prices_include_vat,omitempty"`
	FiveCentimes     bool              `json:"five_centimes,omitempty"` // the amount is rounded to what coins can pay
	Metadata         map[string]string `json:"metadata,omitempty"`      // of the invoicing product; shown to nobody else
}

// Address is a structured postal address.
type Address struct {
	Street      string `json:"street,omitempty"`
	HouseNumber string `json:"house_number,omitempty"`
	Postcode    string `json:"postcode,omitempty"`
	City        string `json:"city,omitempty"`
	Country     string `json:"country,omitempty"` // ISO 3166-1, two letters
}

// Lines returns the address as it stands below a name; none when there is no address. The country is only there outside Switzerland.
func (a Address) Lines() (lines []string) {
	if a == (Address{}) {
		return nil
	}
	if street := strings.TrimSpace(a.Street + " " + a.HouseNumber); street != "" {
		lines = append(lines, street)
	}
	city := a.Postcode + " " + a.City
	if a.Country != "CH" && a.Country != "LI" {
		city = a.Country + "-" + city
	}
	return append(lines, city)
}

// Line is one line of an invoice. Numbers are as they were written: "2", "1.5", "8.1".
type Line struct {
	Description string `json:"description"`
	Quantity    string `json:"quantity"`
	Unit        string `json:"unit,omitempty"`
	UnitPrice   string `json:"unit_price"` // in major units of the invoice's currency
	VATRate     string `json:"vat_rate"`   // in percent
}

// The most that an invoice may have.
const (
	MaxLines    = 500
	MaxMetadata = 50
)

// written matches the numbers of a line: at most nine digits before the point, and six after it.
var written = regexp.MustCompile(`^-?[0-9]{1,9}(\.[0-9]{1,6})?$`)

// country matches the two letters of ISO 3166-1.
var country = regexp.MustCompile(`^[A-Z]{2}$`)

// Totals adds the lines up, in the currency of the invoice. The lines must be valid.
func (c Content) Totals(currency money.Currency) (vat.Totals, error) {
	lines := make([]vat.Line, len(c.Lines))
	for i, line := range c.Lines {
		var err error
		if lines[i], err = line.charge(); err != nil {
			return vat.Totals{}, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return vat.Total(lines, c.PricesIncludeVAT, currency)
}

// Amount returns what the lines come to, in the currency of the invoice. The lines must be valid.
func (c Content) Amount(currency money.Currency) (money.Amount, error) {
	totals, err := c.Totals(currency)
	if err != nil || !c.FiveCentimes {
		return totals.Gross, err
	}
	return vat.ToFiveCentimes(totals.Gross), nil
}

// Price returns what the line charges, in the currency of the invoice; it holds the tax when the prices do.
func (l Line) Price(currency money.Currency) (money.Amount, error) {
	charge, err := l.charge()
	if err != nil {
		return money.Amount{}, err
	}
	return money.Parse(charge.Price(currency).StringFixed(currency.Scale()), currency)
}

func (l Line) charge() (charge vat.Line, err error) {
	for to, from := range map[*decimal.Decimal]string{&charge.Quantity: l.Quantity, &charge.UnitPrice: l.UnitPrice, &charge.Rate: l.VATRate} {
		if !written.MatchString(from) {
			return charge, fmt.Errorf("%q is no number with at most nine digits and six decimals", from)
		}
		if *to, err = decimal.NewFromString(from); err != nil {
			return charge, err
		}
	}
	return charge, nil
}

// UnknownRates returns the VAT rates of lines that Switzerland doesn't have on that day. They are worth a warning, not a refusal: the
// company may be taxed elsewhere.
func (c Content) UnknownRates(day time.Time) []string {
	unknown := map[string]bool{}
	for _, line := range c.Lines {
		if charge, err := line.charge(); err == nil && !vat.Known(charge.Rate, day) {
			unknown[line.VATRate] = true
		}
	}
	return slices.Sorted(maps.Keys(unknown))
}

// validate brings the texts into the form in which they are kept, and returns what is wrong.
func (c *Content) validate() (fields []problem.Field) {
	fault := func(ok bool, name, message string) {
		if !ok {
			fields = append(fields, problem.Field{Name: name, Message: message})
		}
	}
	if !c.IssueDate.IsZero() {
		fault(c.IssueDate.Year() >= 2000 && c.IssueDate.Year() < 2200, "issue_date", "must be a date between 2000 and 2199")
	}
	fields = append(fields, c.Address.Validate("customer.address")...)
	fault(len(c.Lines) <= MaxLines, "lines", fmt.Sprintf("must be at most %d", MaxLines))
	for i := range c.Lines[:min(len(c.Lines), MaxLines)] {
		fields = append(fields, c.Lines[i].validate(fmt.Sprintf("lines.%d.", i))...)
	}
	fault(len(c.Metadata) <= MaxMetadata, "metadata", fmt.Sprintf("must be at most %d pairs", MaxMetadata))
	return append(fields, c.validateMetadata()...)
}

// validateMetadata brings keys and values into the form in which they are kept, and returns what is wrong with them.
func (c *Content) validateMetadata() (fields []problem.Field) {
	if c.Metadata == nil {
		return nil
	}
	kept := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(c.Metadata)) {
		name, value := key, c.Metadata[key]
		if faults := text.Line("metadata", &name, 1, 40); len(faults) > 0 {
			fields = append(fields, problem.Field{Name: "metadata", Message: fmt.Sprintf("has the key %q, which %s", key, faults[0].Message)})
			continue
		}
		if _, twice := kept[name]; twice {
			fields = append(fields, problem.Field{Name: "metadata", Message: fmt.Sprintf("has the key %q twice", name)})
		}
		fields = append(fields, text.Line("metadata."+name, &value, 0, 500)...)
		kept[name] = value
	}
	c.Metadata = kept
	return fields
}

func (l *Line) validate(at string) []problem.Field {
	fields := append(text.Lines(at+"description", &l.Description, 1, 500), text.Line(at+"unit", &l.Unit, 0, 20)...)
	for _, number := range [][2]string{{"quantity", l.Quantity}, {"unit_price", l.UnitPrice}, {"vat_rate", l.VATRate}} {
		if !written.MatchString(number[1]) {
			fields = append(fields, problem.Field{Name: at + number[0], Message: `must be a number such as "1.5", with at most nine digits and six decimals`})
		}
	}
	if rate, err := decimal.NewFromString(l.VATRate); err == nil && (rate.IsNegative() || rate.GreaterThan(decimal.NewFromInt(100))) {
		fields = append(fields, problem.Field{Name: at + "vat_rate", Message: "must be 0 to 100"})
	}
	return fields
}

// Validate brings the texts into the form in which they are kept, and returns what is wrong; name is that of the address.
func (a *Address) Validate(name string) []problem.Field {
	if *a == (Address{}) {
		return nil
	}
	at := name + "."
	fields := slices.Concat(
		text.Line(at+"street", &a.Street, 0, 70), text.Line(at+"house_number", &a.HouseNumber, 0, 16),
		text.Line(at+"postcode", &a.Postcode, 1, 16), text.Line(at+"city", &a.City, 1, 35),
	)
	if !country.MatchString(a.Country) {
		fields = append(fields, problem.Field{Name: at + "country", Message: "must be two letters such as CH (ISO 3166-1)"})
	}
	return fields
}
