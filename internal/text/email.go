package text

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/quittance/quittance/internal/problem"
)

// The longest address and the longest part before its @, in bytes (RFC 5321, 4.5.3.1; RFC 3696, erratum 1690).
const (
	maxEmail = 254
	maxLocal = 64
)

// Email removes blanks around the value, which is a bare e-mail address or empty for none. It returns what keeps mail servers from
// taking it, as the fault of the field of that name, or nil. A domain may have umlauts: it is sent as A-labels. The part before the
// @ may not: few mail servers take that (RFC 6531), and ours learns only from a refusal that another does not.
func Email(name string, value *string) []problem.Field {
	*value = Identifier(*value)
	if message := emailFault(*value); *value != "" && message != "" {
		return []problem.Field{{Name: name, Message: message}}
	}
	return nil
}

func emailFault(s string) string {
	if message := refused(s, false); message != "" {
		return message
	}
	at := strings.LastIndexByte(s, '@')
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || at < 0 {
		return "must be an e-mail address, such as anna.muster@example.ch"
	}
	local, domain := s[:at], s[at+1:]
	if i := strings.IndexFunc(local, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(local[i:])
		return fmt.Sprintf("must not hold %s before the @ (character %d): mail servers do not take it", Name(r), utf8.RuneCountInString(local[:i])+1)
	}
	if len(local) > maxLocal {
		return fmt.Sprintf("must have at most %d characters before the @: mail servers do not take more", maxLocal)
	}
	if strings.ContainsFunc(domain, func(r rune) bool { return r > unicode.MaxASCII }) {
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return "must have a domain after the @ that can exist, such as müller.example"
		}
	}
	if len(local)+1+len(domain) > maxEmail {
		return fmt.Sprintf("must have at most %d characters", maxEmail)
	}
	return ""
}
