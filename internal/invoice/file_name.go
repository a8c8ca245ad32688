package invoice

import "strings"

// FileName returns how the file of the invoice is called: its number, and a hyphen for what some file systems refuse.
func (i Invoice) FileName() string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' && r < 'A' || r > 'Z' && r < 'a' || r > 'z' {
			return '-'
		}
		return r
	}, i.Number) + ".pdf"
}
