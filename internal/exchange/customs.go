package exchange

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/strictxml"
)

// List is the customs' list of monthly average rates (BAZG, "Monatsmittelkurse", https://www.backend-rates.bazg.admin.ch/api/xmlavgmonth):
//
//	<monatsmittelkurs>
//	  <monat>2026-11</monat>
//	  <devise code="eur"><land_de>Europäische Währungsunion</land_de>…<waehrung>1 EUR</waehrung><kurs>0.9412</kurs></devise>
//	</monatsmittelkurs>
//
// It comes out on the 25th before its month, and says how many francs the units in waehrung are worth.
type List struct {
	Month  time.Time // its first day, midnight UTC
	Rates  []Rate    // Month, Currency, Value and Source, for currencies that are collected here
	Others int       // how many other currencies it has
}

// MaxList is the largest list, in bytes. The customs' has about 30,000.
const MaxList = 1 << 20

// What a list may hold at most. The customs' has 72 currencies.
const (
	maxDepth      = 8
	maxText       = 1000 // bytes of one text
	maxCurrencies = 1000
)

// ReadCustoms reads the list. It returns a *strictxml.Error for a file that is not entirely sound, as far as it is about currencies that
// are collected here.
func ReadCustoms(data []byte) (List, error) {
	r := listReader{Reader: strictxml.NewReader(bytes.NewReader(data), maxDepth), rates: map[money.Currency]Rate{}}
	if len(data) > MaxList {
		return List{}, strictxml.Fault(1, "the file has more than %d bytes", MaxList)
	}
	if err := r.document(); err != nil {
		return List{}, err
	}
	for _, c := range money.Currencies {
		if rate, ok := r.rates[c]; ok {
			rate.Month = r.list.Month
			r.list.Rates = append(r.list.Rates, rate)
		}
	}
	return r.list, nil
}

type listReader struct {
	*strictxml.Reader
	list  List
	rates map[money.Currency]Rate
}

// text returns the text of the element that was opened last, without the space around it, and passes over its children.
func (r *listReader) text() (string, error) {
	var all strings.Builder
	for level := 1; ; {
		token, err := r.Next()
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.CharData:
			if all.Len()+len(token) > maxText {
				return "", r.Fault("a text has more than %d bytes", maxText)
			}
			all.Write(token)
		case xml.StartElement:
			level++
		case xml.EndElement:
			if level--; level == 0 {
				return strings.TrimSpace(all.String()), nil
			}
		}
	}
}

func (r *listReader) document() error {
	err := r.Document(func(root xml.StartElement) error {
		switch root.Name.Local {
		case "monatsmittelkurs":
			return r.Children(r.child)
		case "wechselkurse":
			return r.Fault("this is the customs' list of daily rates. Take that of monthly average rates (Monatsmittelkurse): https://www.backend-rates.bazg.admin.ch/api/xmlavgmonth")
		default:
			return r.Fault("the document is %s and not monatsmittelkurs", strictxml.Quoted(root.Name.Local))
		}
	})
	if err != nil {
		return err
	}
	return r.complete()
}

func (r *listReader) complete() error {
	if r.list.Month.IsZero() {
		return r.Fault("monat is missing")
	}
	if len(r.rates) == 0 {
		return r.Fault("there is no rate of EUR, USD or GBP in the file")
	}
	return nil
}

func (r *listReader) child(e xml.StartElement) error {
	switch e.Name.Local {
	case "monat":
		text, err := r.text()
		if err != nil {
			return err
		}
		if !r.list.Month.IsZero() {
			return r.Fault("monat is there twice")
		}
		if r.list.Month, err = ParseMonth(text); err != nil {
			return r.Fault("monat %s %s", strictxml.Quoted(text), err)
		}
		return nil
	case "devise":
		return r.currency(e)
	default:
		_, err := r.text()
		return err
	}
}

// currency reads a devise. Those of other currencies are counted.
func (r *listReader) currency(e xml.StartElement) error {
	i := slices.IndexFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == "code" })
	found := map[string]string{}
	err := r.Children(func(child xml.StartElement) error {
		text, err := r.text()
		name := child.Name.Local
		if _, twice := found[name]; twice && err == nil {
			return r.Fault("%s is there twice in a devise", strictxml.Quoted(name))
		}
		found[name] = text
		return err
	})
	if err != nil {
		return err
	}
	units, code, _ := strings.Cut(found["waehrung"], " ")
	code = strings.TrimSpace(code)
	told := code
	if i >= 0 {
		told = e.Attr[i].Value
	}
	c := money.Currency(strings.ToUpper(told))
	if c == money.CHF || !slices.Contains(money.Currencies, c) {
		if r.list.Others++; r.list.Others > maxCurrencies {
			return r.Fault("there are more than %d currencies in the file", maxCurrencies)
		}
		return nil
	}
	if !strings.EqualFold(told, code) {
		return r.Fault("the devise %s has the waehrung %s", strictxml.Quoted(told), strictxml.Quoted(found["waehrung"]))
	}
	if _, twice := r.rates[c]; twice {
		return r.Fault("%s is there twice", c)
	}
	value, err := r.rate(units, found["kurs"], c)
	if err != nil {
		return err
	}
	r.rates[c] = Rate{Currency: c, Value: value, Source: Customs}
	return nil
}

// rate returns the francs for one unit.
func (r *listReader) rate(units, price string, c money.Currency) (decimal.Decimal, error) {
	count, err := plain(units, 0)
	if err != nil {
		return count, r.Fault("the waehrung of %s must say how many units the kurs is for, such as 1 %s", c, c)
	}
	total, err := plain(price, maxDecimals)
	if err != nil {
		return total, r.Fault("the kurs %s of %s %s", strictxml.Quoted(price), c, err)
	}
	value := total.DivRound(count, storedDecimals)
	if !value.Mul(count).Equal(total) || !value.LessThan(maxRate) {
		return value, r.Fault("the kurs %s for %s %s is no rate with at most %d decimals below %s", strictxml.Quoted(price), units, c, storedDecimals, maxRate)
	}
	return value, nil
}

// storedDecimals is how many decimals the rate of a list may have, which may be told for a hundred units.
const storedDecimals = 8
