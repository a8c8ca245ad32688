package merchant

import (
	"regexp"
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

// Letterhead is what a company's documents say of it beside its name. All of it may be missing.
type Letterhead struct {
	Address   invoice.Address `json:"address,omitzero"`
	UID       string          `json:"uid,omitempty"`        // CHE-123.456.788
	VATNumber string          `json:"vat_number,omitempty"` // CHE-123.456.788 MWST
	Phone     string          `json:"phone,omitempty"`
	Website   string          `json:"website,omitempty"` // with or without https://
	Email     string          `json:"email,omitempty"`   // for customers
}

var (
	uid       = regexp.MustCompile(`^CHE[- ]?([0-9]{3})[. ]?([0-9]{3})[. ]?([0-9]{3})$`)
	vatNumber = regexp.MustCompile(`^(.*[0-9]) *(MWST|TVA|IVA)$`)
	phone     = regexp.MustCompile(`^\+?[0-9(][0-9 ()./-]{4,28}[0-9]$`)
	website   = regexp.MustCompile(`^(https?://)?([\pL\pN-]+\.)+[\pL\pN-]{2,}(:[0-9]{1,5})?(/[^\s"'<>]*)?$`)
)

// Validate brings the texts into the form in which they are kept, and returns what is wrong; at is the name of the letterhead.
func (l *Letterhead) Validate(at string) []problem.Field {
	fields := slices.Concat(
		l.Address.Validate(at+".address"), text.Line(at+".phone", &l.Phone, 0, 30), text.Line(at+".website", &l.Website, 0, 200), text.Email(at+".email", &l.Email),
	)
	fault := func(name, message string) {
		fields = append(fields, problem.Field{Name: at + "." + name, Message: message})
	}
	if l.Phone != "" && !phone.MatchString(l.Phone) {
		fault("phone", "must be a phone number such as +41 21 555 12 34")
	}
	if l.Website != "" && !website.MatchString(l.Website) {
		fault("website", "must be the address of a website such as https://www.demo.example")
	}
	if l.UID = strings.ToUpper(strings.TrimSpace(l.UID)); l.UID != "" {
		var wrong string
		if l.UID, wrong = writtenUID(l.UID); wrong != "" {
			fault("uid", wrong)
		}
	}
	if l.VATNumber = strings.ToUpper(strings.TrimSpace(l.VATNumber)); l.VATNumber != "" {
		parts := vatNumber.FindStringSubmatch(l.VATNumber)
		if parts == nil {
			fault("vat_number", "must be a UID and then MWST, TVA or IVA, such as CHE-123.456.788 MWST")
			return fields
		}
		number, wrong := writtenUID(parts[1])
		if wrong != "" {
			fault("vat_number", wrong)
		}
		l.VATNumber = number + " " + parts[2]
	}
	return fields
}

// writtenUID returns an enterprise identification number as it is written, CHE-123.456.788, or what is wrong with it. Its last digit is a
// check digit, modulo 11 (eCH-0097).
func writtenUID(s string) (number, wrong string) {
	parts := uid.FindStringSubmatch(s)
	if parts == nil {
		return s, "must be a UID such as CHE-123.456.788"
	}
	sum, digits := 0, strings.Join(parts[1:], "")
	for i, weight := range []int{5, 4, 3, 2, 7, 6, 5, 4} {
		sum += int(digits[i]-'0') * weight
	}
	if check := (11 - sum%11) % 11; check != int(digits[8]-'0') {
		return s, "has a wrong check digit: a digit is mistyped or out of place"
	}
	return "CHE-" + strings.Join(parts[1:], "."), ""
}

// WebsiteURL returns the address of the website for a link; empty when there is none.
func (l Letterhead) WebsiteURL() string {
	if l.Website == "" || strings.HasPrefix(l.Website, "https://") || strings.HasPrefix(l.Website, "http://") {
		return l.Website
	}
	return "https://" + l.Website
}

// ShownWebsite returns the website as people write it.
func (l Letterhead) ShownWebsite() string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(l.Website, "https://"), "http://"), "/")
}

// Lines returns what stands below the company's name: the address, then how to reach it.
func (l Letterhead) Lines() []string {
	lines := l.Address.Lines()
	for _, line := range []string{l.Phone, l.Email, l.ShownWebsite()} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Number returns the number that customers look for: that of the VAT, else the UID; empty when there is neither.
func (l Letterhead) Number() string {
	if l.VATNumber != "" {
		return l.VATNumber
	}
	return l.UID
}
