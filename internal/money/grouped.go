package money

import "strings"

// Grouped writes a number in major units or none as the Swiss do, with the decimals that it has: 1’234.5.
func Grouped(number string) string {
	digits, negative := strings.CutPrefix(number, "-")
	whole, fraction, has := strings.Cut(digits, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "’" + whole[i:]
	}
	if negative {
		whole = "−" + whole
	}
	if has {
		whole += "." + fraction
	}
	return whole
}
