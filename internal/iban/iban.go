// Package iban knows which international bank account numbers can be.
package iban

import "strings"

// Valid reports whether s is an IBAN in its electronic form, without spaces: two letters, two check digits, at most 30 letters and
// digits, and a remainder of 1 (ISO 13616, ISO 7064 MOD 97-10).
func Valid(s string) bool {
	if len(s) < 15 || len(s) > 34 || strings.Trim(s[:2], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || strings.Trim(s[2:4], "0123456789") != "" {
		return false
	}
	return Remainder(s[4:]+s[:4]) == 1
}

// Remainder returns the remainder of s by 97, where a letter A to Z stands for 10 to 35 (ISO 7064 MOD 97-10). It returns -1 when s
// holds anything but such letters and digits.
func Remainder(s string) int {
	remainder := 0
	for _, c := range s {
		switch {
		case '0' <= c && c <= '9':
			remainder = (remainder*10 + int(c-'0')) % 97
		case 'A' <= c && c <= 'Z':
			remainder = (remainder*100 + int(c-'A') + 10) % 97
		default:
			return -1
		}
	}
	return remainder
}
