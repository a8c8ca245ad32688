package csvlist

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// The forms of dates. A time may follow.
var (
	dayFirst  = regexp.MustCompile(`^(\d{1,2}[./]\d{1,2}[./]\d{4})(?:$|[ T,])`)
	yearFirst = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})(?:$|[ T,])`)
)

// ParseDate reads a day such as 24.11.2026, 2026-11-24 or 24/11/2026, of this century. It returns midnight UTC.
func ParseDate(cell string) (day time.Time, ok bool) {
	var err error
	if form := dayFirst.FindStringSubmatch(cell); form != nil {
		day, err = time.Parse("2.1.2006", strings.ReplaceAll(form[1], "/", "."))
	} else if form := yearFirst.FindStringSubmatch(cell); form != nil {
		day, err = time.Parse(time.DateOnly, form[1])
	} else {
		return time.Time{}, false
	}
	return day, err == nil && day.Year() >= 2000 && day.Year() <= 2099
}

// number matches an amount. A currency and a sign may stand before or behind it.
var number = regexp.MustCompile(`^([-+−]?)\s*(?:[A-Z]{3}\s*)?([-+−]?)\s*(\d[\d.,'’´\x60 \x{a0}\x{202f}]*|[.,]\d+)\s*([-−]?)(?:\s*[A-Z]{3})?$`)

// apart are what stands between thousands and is no decimal sign.
var apart = strings.NewReplacer("'", "", "’", "", "´", "", "`", "", " ", "", "\u00a0", "", "\u202f", "")

// digits returns sign and digits of an amount, with points and commas as they are.
func digits(cell string) (negative bool, body string, ok bool) {
	form := number.FindStringSubmatch(cell)
	if form == nil {
		return false, "", false
	}
	signs := form[1] + form[2] + form[4]
	return strings.ContainsAny(signs, "-−"), apart.Replace(form[3]), len([]rune(signs)) <= 1
}

// Decimals finds out which sign stands before the decimals of a list, from all of its amounts: one list has one.
type Decimals struct {
	sign    byte   // '.' or ','; 0 while nothing says it
	unclear string // an amount of which only the others say what it is
}

// Look looks at an amount. It reports false when another amount says otherwise.
func (d *Decimals) Look(cell string) bool {
	_, body, ok := digits(cell)
	if !ok {
		return true // another fault, which is told when it is read
	}
	points, commas := strings.Count(body, "."), strings.Count(body, ",")
	last := strings.LastIndexAny(body, ".,")
	var sign byte
	switch {
	case points+commas == 0:
		return true
	case points > 0 && commas > 0:
		sign = body[last]
	case points+commas > 1: // it is for thousands
		sign = "., "[strings.IndexByte(",.", body[last])]
	case len(body)-last-1 == 3 && last > 0 && last <= 3 && body[0] != '0':
		d.unclear = cell
		return true
	default:
		sign = body[last]
	}
	if d.sign == 0 {
		d.sign = sign
	}
	return d.sign == sign
}

// Unclear returns an amount such as 1.234 when nothing in the list says whether that is more than a thousand; else empty.
func (d *Decimals) Unclear() string {
	if d.sign != 0 {
		return ""
	}
	return d.unclear
}

// thousands matches digits with a separator after each three.
var thousands = regexp.MustCompile(`^\d{1,3}([.,]\d{3})+$`)

var errAmount = errors.New("must be an amount such as 108.00")

// Parse reads an amount as the list writes it. Decimals of 0 beyond those of the currency are left out.
func (d *Decimals) Parse(cell string, currency money.Currency) (money.Amount, error) {
	negative, body, ok := digits(cell)
	if !ok {
		return money.Amount{}, errAmount
	}
	sign := d.sign
	if sign == 0 {
		sign = '.'
	}
	whole, decimals := body, ""
	if i := strings.LastIndexByte(body, sign); i >= 0 {
		whole, decimals = body[:i], body[i+1:]
	}
	if strings.ContainsAny(whole, ".,") {
		if !thousands.MatchString(whole) || strings.IndexByte(whole, sign) >= 0 {
			return money.Amount{}, errAmount
		}
		whole = strings.NewReplacer(".", "", ",", "").Replace(whole)
	}
	if strings.ContainsAny(decimals, ".,") {
		return money.Amount{}, errAmount
	}
	for len(decimals) > int(currency.Scale()) && strings.HasSuffix(decimals, "0") {
		decimals = decimals[:len(decimals)-1]
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if decimals != "" {
		whole += "." + decimals
	}
	a, err := money.Parse(whole, currency)
	if err == nil && negative {
		a = a.Neg()
	}
	return a, err
}
