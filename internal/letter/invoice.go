package letter

import (
	"fmt"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
)

// invoiceWords are the fixed parts of the mail about an invoice. Subject takes the number and the company's name.
type invoiceWords struct{ Subject, Title, Intro, Amount, Due, View, Pay string }

// Invoice returns the mail with the link of the online document, to the address for which it was queued. publicURL is the base of that link.
func Invoice(inv invoice.Invoice, company merchant.Company, publicURL string) (Letter, error) {
	language := inv.Customer.Language
	w, ok := languages[language]
	if !ok {
		return Letter{}, fmt.Errorf("there is no mail in the language %q", language)
	}
	letter, err := aboutInvoice(inv, company, publicURL, w).render()
	letter.ID, letter.To, letter.Subject = inv.ID+"."+inv.Email.ID, inv.Email.To, fmt.Sprintf(w.Invoice.Subject, inv.Number, company.Name)
	letter.ReplyTo = company.ContactEmail // the customer's questions are for the company
	return letter, err
}

// aboutInvoice is the page of a mail about an invoice, with what is due and the link.
func aboutInvoice(inv invoice.Invoice, company merchant.Company, publicURL string, w vocabulary) page {
	action := w.Invoice.View
	if len(inv.PaymentServiceIDs) > 0 {
		action = w.Invoice.Pay
	}
	return page{
		Language: inv.Customer.Language, From: company.Name, Colour: good, Title: fmt.Sprintf(w.Invoice.Title, inv.Number),
		Greeting: w.Greeting + " " + inv.Customer.Name, Before: []string{w.Invoice.Intro},
		Facts: []fact{
			{Label: w.Invoice.Amount, Value: inv.AmountDue().String(), Strong: true},
			{Label: w.Invoice.Due, Value: inv.DueDate.Format(dateLayouts[inv.Customer.Language])},
		},
		Action: &step{Text: action, URL: publicURL + "/i/" + inv.Token}, Closing: w.Closing,
	}
}
