package payment

import "strings"

// Of a card number the first six digits and the last four may be kept (PCI DSS 4.0, requirement 3.4.1).
const (
	shownFirst = 6
	shownLast  = 4
)

// MaskedCard returns a masked card number with x in the place of every digit beyond the first six and the last four. Saferpay may show
// the first eight (JSON API 1.53).
func MaskedCard(number string) string {
	length := len([]rune(number))
	var masked strings.Builder
	for i, r := range []rune(number) {
		if r >= '0' && r <= '9' && i >= shownFirst && i < length-shownLast {
			r = 'x'
		}
		masked.WriteRune(r)
	}
	return masked.String()
}

// CardEnding returns how the card is named to its holder, such as "xxxx 0001", or nothing when no card is known.
func (p Payment) CardEnding() string {
	if len(p.Card) < shownLast {
		return ""
	}
	return "xxxx " + p.Card[len(p.Card)-shownLast:]
}
