package qrbill

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/quittance/quittance/internal/text"
)

// alike are characters that word processors write for plain ones.
var alike = strings.NewReplacer(
	"\u2018", "'", "\u2019", "'", "\u201a", "'", "\u201b", "'", "\u2039", "'", "\u203a", "'", "\u2032", "'",
	"\u201c", `"`, "\u201d", `"`, "\u201e", `"`, "\u201f", `"`, "\u2033", `"`,
	"\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2015", "-", "\u2212", "-",
	"\u2026", "...", "\u2022", "\u00b7", "\u2044", "/", "\u2122", "TM", "\u1e9e", "SS", "\u01c4", "D\u017d", "\u01c5", "D\u017e", "\u01c6", "d\u017e",
	"\u200b", "", "\u200c", "", "\u200d", "", "\u200e", "", "\u200f", "", "\u2060", "", "\ufeff", "",
	"\n", " ", "\u00a0", " ", "\u2007", " ", "\u2009", " ", "\u202f", " ",
)

// permitted reports whether the guidelines allow the character in a bill: Basic Latin, Latin-1, Latin Extended-A, the Romanian
// letters with a comma, and the euro sign (Implementation Guidelines QR-bill 2.3, "character set").
func permitted(r rune) bool {
	return r >= ' ' && r <= '~' || r >= 0xa0 && r <= 0x17f && r != 0xad || r >= 0x218 && r <= 0x21b || r == '€'
}

// Clean returns s as a bill can carry it, on one line and with single blanks. Characters that are not permitted become what is
// nearest: a typographic quote a plain one, "Nguyễn" "Nguyên". It also returns the first character that has nothing near it,
// such as one of another script, or 0.
func Clean(s string) (string, rune) {
	var clean strings.Builder
	var refused rune
	for _, r := range alike.Replace(text.Ordinary(s)) {
		if written, ok := nearest(r); ok {
			clean.WriteString(written)
		} else if refused == 0 {
			refused = cmp.Or(r, utf8.RuneError) // a zero byte is refused too
		}
	}
	return strings.Join(strings.Fields(clean.String()), " "), refused
}

// nearest returns what stands for r in a bill: itself, or a letter that has lost accents or a presentation form.
func nearest(r rune) (string, bool) {
	if permitted(r) {
		return string(r), true
	}
	parts := []rune(norm.NFKD.String(string(r)))
	for n := len(parts); n > 0; n-- { // drop one accent after the other
		composed := norm.NFC.String(string(parts[:n]))
		if strings.IndexFunc(composed, func(r rune) bool { return !permitted(r) }) < 0 {
			return composed, n == len(parts) || onlyMarks(parts[n:])
		}
	}
	return "", onlyMarks(parts) // an accent on its own
}

func onlyMarks(runes []rune) bool {
	for _, r := range runes {
		if norm.NFD.PropertiesString(string(r)).CCC() == 0 {
			return false
		}
	}
	return true
}

// shortened returns s with at most limit characters; three points stand for what is left out.
func shortened(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit-3])) + "..."
}
