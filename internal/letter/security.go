package letter

import (
	"fmt"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
)

// securityWords are the fixed parts of the mail about changes by which money or data could be stolen. Subject, Intro and Former take the
// company's name, By a time and a person, At the address of a client. Each of Changes takes what it is about, and the values before and
// after.
type securityWords struct {
	Subject, Title, Intro, By, At, More, Lead, Fine, Former, Time string

	Steps   []string
	Changes map[merchant.SecurityChange]string
}

// Security returns the mail that tells one address of changes at a company, in the company's language.
func Security(c merchant.Company, m merchant.SecurityMail) (Letter, error) {
	all := languages[c.Language]
	w, last := all.Security, m.Notices[len(m.Notices)-1]
	p := page{
		Language: c.Language, From: quittance, Colour: bad, Title: w.Title, Greeting: all.Greeting, Before: []string{fmt.Sprintf(w.Intro, c.Name)},
		Lead: w.Lead, After: []string{w.Fine}, Closing: all.Closing, Footer: fmt.Sprintf(all.Footer, c.Name),
	}
	if m.To != c.ContactEmail {
		p.Footer = fmt.Sprintf(w.Former, c.Name)
	}
	shown := m.Notices[:min(len(m.Notices), merchant.SecurityMailChanges)]
	for _, n := range shown {
		how := fmt.Sprintf(w.By, n.At.In(calendar.Zurich).Format(w.Time), n.By)
		if n.Address != "" {
			how += fmt.Sprintf(w.At, n.Address)
		}
		p.Facts = append(p.Facts, fact{Label: how, Value: fmt.Sprintf(w.Changes[n.Change], n.About, n.Before, n.After)})
	}
	if more := len(m.Notices) - len(shown); more > 0 {
		p.Before = append(p.Before, fmt.Sprintf(w.More, more))
	}
	for _, text := range w.Steps {
		p.Steps = append(p.Steps, step{Text: text})
	}
	written, err := p.render()
	written.ID, written.To, written.Subject = last.ID, m.To, fmt.Sprintf(w.Subject, c.Name)
	return written, err
}
