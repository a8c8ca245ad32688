package settlement

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

// Sales is what a bank's text says of the sales that a payout pays.
type Sales struct {
	Brand string       // as the statement writes it, in capital letters
	Day   time.Time    // of the sales, midnight UTC; zero when the text doesn't say
	Gross money.Amount // signed as it changes the payout, as Fee
	Fee   money.Amount
}

// brand returns Saferpay's name of the brand with which a payment was made; empty when it is not known.
func (q *Position) brand() string {
	return payment.BrandAtSaferpay(cmp.Or(q.Brand, q.Method.OnlyBrand()))
}

// The forms of such texts. A number may have its thousands apart, and a point or a comma before its decimals.
const (
	numberForm = `([-−+]?)\s*((?:\d{1,3}(?:[ '’\x{a0}\x{202f}]\d{3})+|\d+)(?:[.,]\d+)*|[.,]\d+)`
	currencies = `(?:[A-Z]{3}\s*)?`
)

var (
	// Worldline: BRAND/ gross/NR.merchant/KOM. fee/DAT.dd.mm.yyyy/…
	ofWorldline = regexp.MustCompile(`(?i)([\pL][\pL\pN]*)\s*/\s*` + numberForm + `\s*/\s*NR\.?[^/]{0,40}/\s*KOM\.?\s*` + numberForm +
		`\s*/\s*DAT\.?\s*(\d{1,2})\s*\.\s*(\d{1,2})\s*\.\s*(\d{4})`)
	// TWINT Acquiring: Gross: x Fees: -y
	ofItsAcquirer = regexp.MustCompile(`(?i)\bgross\s*:\s*` + currencies + numberForm + `[\s,;/]*` + currencies + `fees?\s*:\s*` + currencies + numberForm)
)

// readSales returns what the texts of an entry say of the sales that it pays, and whether they do. A text is believed only if its
// gross less its fee is what was paid. Banks cut long texts anywhere.
func readSales(texts []string, paid money.Amount) (told Sales, ok bool) {
	if !isSet(paid) {
		return Sales{}, false
	}
	whole := strings.ToUpper(strings.Join(texts, ""))
	if !strings.Contains(whole, "KOM") && !strings.Contains(whole, "FEE") {
		return Sales{}, false
	}
	var found []Sales
	for _, text := range append(slices.Clone(texts), strings.Join(texts, ""), strings.Join(texts, " "), strings.Join(texts, "/")) {
		for _, g := range ofWorldline.FindAllStringSubmatch(text, -1) {
			day, err := time.Parse("2.1.2006", g[6]+"."+g[7]+"."+g[8])
			if err == nil && day.Year() >= 2000 && day.Year() <= 2099 {
				found = believed(found, Sales{Brand: strings.ToUpper(g[1]), Day: day}, paid, g[2], g[3], g[4], g[5])
			}
		}
		for _, g := range ofItsAcquirer.FindAllStringSubmatch(text, -1) {
			if brand := acquiring(whole); brand != "" {
				found = believed(found, Sales{Brand: brand}, paid, g[1], g[2], "", g[4]) // the sign only says that it was kept
			}
		}
	}
	if len(found) != 1 {
		return Sales{}, false
	}
	return found[0], true
}

// believed adds what a text says to what is found, unless it is there or doesn't make what was paid. What was taken may be written
// without its sign.
func believed(found []Sales, s Sales, paid money.Amount, grossSign, gross, feeSign, fee string) []Sales {
	var ok bool
	if s.Gross, ok = numberOf(grossSign, gross, paid.Currency()); !ok || s.Gross.IsZero() {
		return found
	}
	if s.Fee, ok = numberOf(feeSign, fee, paid.Currency()); !ok {
		return found
	}
	if paid.IsNegative() && s.Gross.IsPositive() {
		s.Gross, s.Fee = s.Gross.Neg(), s.Fee.Neg()
	}
	if !s.Gross.Sub(s.Fee).Equal(paid) {
		return found
	}
	s.Brand = cutBrand(s.Brand)
	if slices.ContainsFunc(found, func(f Sales) bool { return f.Day.Equal(s.Day) && f.Gross.Equal(s.Gross) }) {
		return found
	}
	return append(found, s)
}

// cutBrand takes from a name of no brand what was put together with it: a brand is at its end.
func cutBrand(name string) string {
	ends := slices.DeleteFunc(payment.BrandNames(), func(brand string) bool { return !strings.HasSuffix(name, brand) })
	if len(ends) == 0 {
		return name
	}
	return slices.MaxFunc(ends, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
}

// acquiring returns the brand that has an acquirer of its own, if the text names that one.
func acquiring(text string) string {
	brands := payment.BrandNames()
	i := slices.IndexFunc(brands, func(brand string) bool { return strings.Contains(text, brand) && strings.Contains(text, "ACQUIRING") })
	if i < 0 {
		return ""
	}
	return brands[i]
}

// numberOf reads a number such as 1'234.50, 1.234,50 or .5. With one kind of separator that has three digits behind it, it is for
// thousands.
func numberOf(sign, text string, currency money.Currency) (money.Amount, bool) {
	text = strings.NewReplacer(" ", "", "'", "", "’", "", "\u00a0", "", "\u202f", "").Replace(text)
	whole, decimals := text, ""
	if i := strings.LastIndexAny(text, ".,"); i >= 0 {
		again := strings.Count(text, text[i:i+1]) > 1
		other := strings.ContainsAny(text[:i], ".,") && !again
		if again || !other && len(text)-i-1 == 3 {
			i = len(text)
		}
		whole, decimals = text[:i], text[min(i+1, len(text)):]
	}
	whole = strings.NewReplacer(".", "", ",", "").Replace(whole)
	if whole == "" {
		whole = "0"
	}
	if decimals != "" {
		whole += "." + decimals
	}
	a, err := money.Parse(whole, currency)
	if err != nil {
		return money.Amount{}, false
	}
	if sign == "-" || sign == "−" {
		a = a.Neg()
	}
	return a, true
}
