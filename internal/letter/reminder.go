package letter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
)

// reminderWords are the fixed parts of a reminder, by step: the first, the second, and the last, which is also every one in between from
// the third on. Subjects take the number and the company's name.
type reminderWords struct {
	Subjects, Texts []string
	Paid            string // comes after our own text
}

// Reminder returns the mail that reminds a customer of an invoice, with what is still due: in the company's words where it has its own for
// the step and the customer's language. publicURL is the base of the link of the online document.
func Reminder(inv invoice.Invoice, r invoice.Reminder, company merchant.Company, publicURL string) (Letter, error) {
	language := inv.Customer.Language
	w, ok := languages[language]
	if !ok {
		return Letter{}, fmt.Errorf("there is no mail in the language %q", language)
	}
	at := min(r.Step, len(w.Reminder.Texts)) - 1
	before, after := []string{w.Reminder.Texts[at]}, []string{w.Reminder.Paid}
	subject := fmt.Sprintf(w.Reminder.Subjects[at], inv.Number, company.Name)
	if r.Step <= len(company.Reminders) {
		own := company.Reminders[r.Step-1]
		if text := own.TextIn(language); text != "" {
			before, after = paragraphs(text), nil
		}
		if own.Subject != "" {
			subject = own.Subject + " (" + inv.Number + ")" // an invoice is found by its number, whatever the words are
		}
	}
	p := aboutInvoice(inv, company, publicURL, w)
	p.Colour, p.Before, p.After = wait, before, after
	p.Facts[0].Label = w.Receipts.Left
	if inv.AmountPaid.IsPositive() {
		p.Facts = slices.Insert(p.Facts, 0, fact{Label: w.Invoice.Amount, Value: inv.Amount.String()})
	}
	written, err := p.render()
	written.ID, written.To, written.ReplyTo = fmt.Sprintf("%s.reminder-%d", inv.ID, r.Step), r.Email.To, company.ContactEmail
	written.Subject = subject
	return written, err
}

// paragraphs are the lines of a text that are not empty.
func paragraphs(text string) (list []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}
