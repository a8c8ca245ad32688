package letter

import (
	"fmt"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
)

// retentionWords are the fixed parts of the mail about the first erasure of customers. Intro takes the company's name and the day.
type retentionWords struct{ Subject, Intro, First, Books, Years, Unpaid, Days, Keep, Law string }

// Retention returns the mail that tells a company that customers whom it keeps long enough are erased for the first time at that time. It
// has no address when the company has no contact.
func Retention(c merchant.Company, first time.Time) (Letter, error) {
	w, kept := languages[c.Language], c.Retention.Effective()
	day := first.In(calendar.Zurich).Format(dateLayouts[c.Language])
	letter, err := page{
		Language: c.Language, From: quittance, Colour: wait, Title: w.Retention.Subject, Greeting: w.Greeting,
		Before: []string{fmt.Sprintf(w.Retention.Intro, c.Name, day)},
		Facts: []fact{
			{Label: w.Retention.First, Value: day, Strong: true},
			{Label: w.Retention.Books, Value: fmt.Sprintf(w.Retention.Years, kept.BooksYears)},
			{Label: w.Retention.Unpaid, Value: fmt.Sprintf(w.Retention.Days, kept.UnpaidDays)},
		},
		After: []string{w.Retention.Keep, w.Retention.Law}, Closing: w.Closing, Footer: fmt.Sprintf(w.Footer, c.Name),
	}.render()
	letter.ID, letter.To, letter.Subject = fmt.Sprintf("%s.retention.%s", c.ID, first.UTC().Format(time.DateOnly)), c.ContactEmail, w.Retention.Subject
	return letter, err
}
