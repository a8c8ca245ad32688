package qrbill

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"strings"

	"github.com/quittance/quittance/internal/iban"
)

// Kind says which scheme a reference follows.
type Kind string

// The kinds of reference that a bill can carry.
const (
	QRR  Kind = "QRR"  // 27 digits, only with a QR-IBAN
	SCOR Kind = "SCOR" // creditor reference (ISO 11649), only with an ordinary IBAN
	NON  Kind = "NON"  // none, only with an ordinary IBAN
)

const (
	qrrLength  = 27
	scorLength = 25 // "RF", two check digits, at most 21 letters and digits
	scorPrefix = "RF"
	digits     = "0123456789"
	capitals   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// Reference is what a payment carries so that its invoice is found: one with right check digits, or the zero value for none.
type Reference struct {
	kind Kind
	text string
}

// ParseReference reads a reference as people and banks write it, with blanks and in either case. The error says what is wrong with it,
// without its name.
func ParseReference(s string) (Reference, error) {
	s = compact(s)
	switch {
	case s == "":
		return Reference{}, fmt.Errorf("must not be empty")
	case strings.HasPrefix(s, scorPrefix):
		return parseSCOR(s)
	case strings.Trim(s, digits) != "":
		return Reference{}, fmt.Errorf("must be a QR reference of %d digits, or a creditor reference that starts with RF", qrrLength)
	case len(s) != qrrLength:
		return Reference{}, fmt.Errorf("must have %d digits; it has %d", qrrLength, len(s))
	case strings.Trim(s, "0") == "":
		return Reference{}, fmt.Errorf("must not be only zeros")
	case checkDigit(s[:qrrLength-1]) != s[qrrLength-1]:
		return Reference{}, fmt.Errorf("has a wrong check digit: a digit is mistyped or out of place")
	}
	return Reference{QRR, s}, nil
}

func parseSCOR(s string) (Reference, error) {
	switch {
	case len(s) < 5 || len(s) > scorLength:
		return Reference{}, fmt.Errorf("must have 5 to %d characters when it starts with RF; it has %d", scorLength, len(s))
	case strings.Trim(s[2:4], digits) != "" || strings.Trim(s, digits+capitals) != "":
		return Reference{}, fmt.Errorf("must be RF, two check digits, and then only letters A to Z and digits")
	case iban.Remainder(s[4:]+s[:4]) != 1:
		return Reference{}, fmt.Errorf("has wrong check digits: a character is mistyped or out of place")
	}
	return Reference{SCOR, s}, nil
}

// NewQRR returns the QR reference of a number of at most 26 digits: zeros before it, its check digit behind it.
func NewQRR(number string) (Reference, error) {
	number = compact(number)
	if number == "" || len(number) >= qrrLength || strings.Trim(number, digits) != "" || strings.Trim(number, "0") == "" {
		return Reference{}, fmt.Errorf("must be a number of at most %d digits, other than 0", qrrLength-1)
	}
	number = strings.Repeat("0", qrrLength-1-len(number)) + number
	return Reference{QRR, number + string(checkDigit(number))}, nil
}

// NewSCOR returns the creditor reference of a number of at most 21 letters and digits: RF and its check digits before it.
func NewSCOR(number string) (Reference, error) {
	number = compact(number)
	if number == "" || len(number) > scorLength-4 || strings.Trim(number, digits+capitals) != "" {
		return Reference{}, fmt.Errorf("must have 1 to %d characters, only letters A to Z and digits", scorLength-4)
	}
	check := 98 - iban.Remainder(number+scorPrefix+"00")
	return Reference{SCOR, fmt.Sprintf("%s%02d%s", scorPrefix, check, number)}, nil
}

// ReferenceFor returns the reference of the kind that the account takes, made of the id of an invoice: always the same for the same id,
// and another for another id. It has digits only, which are quick to type.
//
// The number comes from a hash of the id: an invoice number may have more characters than fit, or differ only in one that does not.
func ReferenceFor(account, id string) (Reference, error) {
	number := numberFor(id)
	if IsQRIBAN(account) {
		return NewQRR(number)
	}
	return NewSCOR(number[len(number)-numberLength:])
}

// numberFor returns the 26 digits that stand for an id; those of a creditor reference are the last 20 of them. The function
// payment_number of the database says the same.
func numberFor(id string) string {
	hash := sha256.Sum256([]byte(id))
	number := new(big.Int).Mod(new(big.Int).SetBytes(hash[:]), new(big.Int).Exp(big.NewInt(10), big.NewInt(qrrLength-1), nil))
	return fmt.Sprintf("%0*d", qrrLength-1, number)
}

// Kind returns the scheme of the reference, NON for the zero value.
func (r Reference) Kind() Kind {
	if r.kind == "" {
		return NON
	}
	return r.kind
}

// String returns the reference as banks pass it on, without blanks; "" when there is none.
func (r Reference) String() string { return r.text }

// Grouped returns the reference as it is printed: a QR reference as 2 and then 5 digits, a creditor reference in fours.
func (r Reference) Grouped() string {
	if r.kind == QRR {
		return r.text[:2] + " " + groups(r.text[2:], 5)
	}
	return groups(r.text, 4)
}

// groups puts a blank after every size characters of an ASCII text.
func groups(s string, size int) string {
	var parts []string
	for len(s) > size {
		parts, s = append(parts, s[:size]), s[size:]
	}
	return strings.Join(append(parts, s), " ")
}

// compact returns s without blanks and in capital letters.
func compact(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }

// carries is the table of the check digit "modulo 10, recursive" (Implementation Guidelines QR-bill, annex B).
var carries = [10]int{0, 9, 4, 6, 8, 2, 7, 1, 3, 5}

// checkDigit returns the check digit modulo 10, recursive, of a text of digits.
func checkDigit(number string) byte {
	carry := 0
	for _, c := range []byte(number) {
		carry = carries[(carry+int(c-'0'))%10]
	}
	return byte('0' + (10-carry)%10)
}
