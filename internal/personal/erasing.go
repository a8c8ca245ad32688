package personal

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// Erased says how much of a customer was erased, or would be.
type Erased struct {
	Invoices  int // whose customer it is, drafts included
	Drafts    int // which are cancelled
	Reminders int
	PDFs      int // of the company's product
	Texts     int // of people and mail servers, in which name or address stood
	Answers   int // that were kept for repetitions
}

// Ref names a customer by one of three: the mail address, an invoice, or the id.
type Ref struct{ Email, InvoiceID, CustomerID string }

// Mark stands in texts where a customer was named.
const Mark = "[erased]"

// shortest is the length of the shortest text that Mentions looks for, in bytes: shorter ones stand everywhere.
const shortest = 3

// Mentions finds texts in others, whatever their case, also where those are JSON.
type Mentions struct{ pattern string }

// NewMentions returns what finds these texts. Very short ones are left out.
func NewMentions(texts ...string) Mentions {
	var wanted []string
	for _, text := range texts {
		if text = strings.TrimSpace(text); len(text) < shortest {
			continue
		}
		quoted, _ := json.Marshal(text) // a string always can
		for _, form := range []string{text, strings.Trim(string(quoted), `"`)} {
			if form = regexp.QuoteMeta(form); !slices.Contains(wanted, form) {
				wanted = append(wanted, form)
			}
		}
	}
	// The longest first: one may begin another.
	slices.SortStableFunc(wanted, func(a, b string) int { return len(b) - len(a) })
	return Mentions{strings.Join(wanted, "|")}
}

// Pattern is the regular expression, for Postgres too, to be used without regard to case; empty when there is nothing to find.
func (m Mentions) Pattern() string { return m.pattern }

// In reports whether one of the texts stands there.
func (m Mentions) In(text string) bool { return m.pattern != "" && m.compiled().MatchString(text) }

// Erase puts Mark in the place of each of the texts, and reports whether one stood there.
func (m Mentions) Erase(text *string) bool {
	if !m.In(*text) {
		return false
	}
	*text = m.compiled().ReplaceAllLiteralString(*text, Mark)
	return true
}

func (m Mentions) compiled() *regexp.Regexp { return regexp.MustCompile("(?i)" + m.pattern) }
