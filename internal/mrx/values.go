package mrx

import (
	"encoding/xml"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/strictxml"
)

// field is a leaf of the file.
type field struct {
	line     int
	name     string
	text     string
	currency string // attribute c
	decimals string // attribute e
	told     string // sumSC or sumOC, of a stated sum
}

// fields reads the children of the element that was opened last and returns those that are named, by name. One that is there
// twice is a fault: a reader would silently take one of them.
func (r *reader) fields(element string, names map[string]bool) (map[string]field, error) {
	found := map[string]field{}
	err := r.Children(func(child xml.StartElement) error {
		name := child.Name.Local
		if !names[name] {
			return r.skip()
		}
		return r.once(element, found, child)
	})
	return found, err
}

// once reads a leaf and adds it to those that were found.
func (r *reader) once(element string, found map[string]field, child xml.StartElement) error {
	f, err := r.field(child)
	if _, twice := found[f.name]; twice && err == nil {
		return strictxml.Fault(f.line, "%s/%s is there twice", element, f.name)
	}
	found[f.name] = f
	return err
}

func (r *reader) field(start xml.StartElement) (field, error) {
	f := field{line: r.Line(), name: start.Name.Local}
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "c":
			f.currency = a.Value
		case "e":
			f.decimals = a.Value
		}
	}
	var err error
	f.text, err = r.text(f.name)
	return f, err
}

// What an amount may have at most. The acquirer writes nine decimals.
const (
	maxDigits   = 15
	maxDecimals = 9
)

// amount returns the value of an amount in major units. Attribute e is how many decimals the currency has; it scales nothing.
func (f field) amount(element string) (decimal.Decimal, error) {
	name := element + "/" + f.name
	whole, fraction, point := strings.Cut(strings.TrimPrefix(f.text, "-"), ".")
	if !digits(whole) || point && !digits(fraction) || len(whole) > maxDigits || len(fraction) > maxDecimals {
		return decimal.Zero, strictxml.Fault(f.line, "%s %s must be a decimal number with at most %d decimals", name, strictxml.Quoted(f.text), maxDecimals)
	}
	if len(f.currency) != 3 || strings.Trim(f.currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return decimal.Zero, strictxml.Fault(f.line, "the currency of %s is %s, which is no code of ISO 4217", name, strictxml.Quoted(f.currency))
	}
	if f.decimals != "" && (len(f.decimals) > 1 || !digits(f.decimals)) {
		return decimal.Zero, strictxml.Fault(f.line, "the exponent of %s is %s, which is no number of decimals", name, strictxml.Quoted(f.decimals))
	}
	value, err := decimal.NewFromString(f.text)
	if err != nil {
		return decimal.Zero, strictxml.Fault(f.line, "%s %s must be a decimal number", name, strictxml.Quoted(f.text))
	}
	return value, nil
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// day returns a date as midnight UTC; the zero time when it is not told.
func (f field) day(element string) (time.Time, error) {
	if f.text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, f.text)
	if err != nil {
		return time.Time{}, strictxml.Fault(f.line, "%s/%s %s is not a day", element, f.name, strictxml.Quoted(f.text))
	}
	return day, nil
}

func names(all ...string) map[string]bool {
	set := make(map[string]bool, len(all))
	for _, name := range all {
		set[name] = true
	}
	return set
}
