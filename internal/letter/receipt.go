package letter

import (
	"cmp"
	"fmt"
	"time"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
)

// receiptWords are the fixed parts of the mails about money that came online, or goes back. Receipt.Subject and Refund.Subject take the
// number and the company's name, Excess the company's name, Refund.Intro the amount and where it goes.
type receiptWords struct {
	Receipt struct{ Subject, Title, Intro, Means, Paid, Excess string }
	Refund  struct{ Subject, Title, Intro, Days, Means string }

	Invoice, Date, Reference, Left string
}

// Receipt returns the mail to the customer about a payment that is booked. inv is the invoice as it stands now, publicURL the base of
// the link to its document.
func Receipt(inv invoice.Invoice, p payment.Payment, c merchant.Company, publicURL string) (Letter, error) {
	l, err := toPayer(inv, p, c, publicURL)
	if err != nil {
		return Letter{}, err
	}
	w := l.words.Receipts.Receipt
	l.page.Title, l.page.Before = w.Title, []string{w.Intro}
	l.facts(p.Amount.String(), p.CapturedAt(), w.Means, p.ID, p.OrderID)
	switch left := inv.AmountDue(); {
	case p.Parked:
		l.page.Lead = fmt.Sprintf(w.Excess, c.Name)
	case left.IsPositive():
		l.left()
		l.page.Action.Text = l.words.Invoice.Pay
	case inv.Status == invoice.Paid:
		l.page.Lead = w.Paid
	}
	return l.letter(p.ID, fmt.Sprintf(w.Subject, inv.Number, c.Name))
}

// Refund returns the mail to the customer about money of that payment that goes back.
func Refund(inv invoice.Invoice, p payment.Payment, r refund.Refund, c merchant.Company, publicURL string) (Letter, error) {
	l, err := toPayer(inv, p, c, publicURL)
	if err != nil {
		return Letter{}, err
	}
	w := l.words.Receipts.Refund
	l.page.Title, l.page.Before = w.Title, []string{fmt.Sprintf(w.Intro, r.Amount, l.means), w.Days}
	l.facts(r.Amount.String(), r.HappenedAt(), w.Means, r.ID, r.OrderID)
	if inv.AmountDue().IsPositive() {
		l.left()
	}
	return l.letter(r.ID, fmt.Sprintf(w.Subject, inv.Number, c.Name))
}

// payerLetter is a mail to the customer about money in the making.
type payerLetter struct {
	page    page
	words   vocabulary
	invoice invoice.Invoice
	company merchant.Company
	means   string // such as "Visa xxxx 0001"
}

// toPayer begins a mail in the language in which the payer paid.
func toPayer(inv invoice.Invoice, p payment.Payment, c merchant.Company, publicURL string) (payerLetter, error) {
	language := cmp.Or(p.Language, inv.Customer.Language)
	w, ok := languages[language]
	if !ok {
		return payerLetter{}, fmt.Errorf("there is no mail in the language %q", language)
	}
	means := cmp.Or(methodNames.Replace(p.Brand), p.Method.Label(language))
	if ending := p.CardEnding(); ending != "" {
		means += " " + ending
	}
	return payerLetter{
		page: page{
			Language: language, From: c.Name, Colour: good, Greeting: w.Greeting + " " + inv.Customer.Name, Closing: w.Closing,
			Action: &step{Text: w.Invoice.View, URL: publicURL + "/i/" + inv.Token},
		},
		words: w, invoice: inv, company: c, means: means,
	}, nil
}

// facts says how much moved, when, by which means and how it is found again.
func (l *payerLetter) facts(amount string, at time.Time, means, id, orderID string) {
	w := l.words.Receipts
	l.page.Facts = []fact{
		{Label: l.words.Invoice.Amount, Value: amount, Strong: true},
		{Label: w.Invoice, Value: l.invoice.Number},
		{Label: w.Date, Value: date(at, l.page.Language)},
		{Label: means, Value: l.means},
		{Label: w.Reference, Value: id + " / " + orderID},
	}
}

// left says what is still to be paid.
func (l *payerLetter) left() {
	l.page.Facts = append(l.page.Facts, fact{Label: l.words.Receipts.Left, Value: l.invoice.AmountDue().String()})
}

// letter returns the finished mail. There is one about each payment and each refund, so their id names it.
func (l *payerLetter) letter(id, subject string) (Letter, error) {
	written, err := l.page.render()
	written.ID, written.To, written.Subject = id+".mail", l.invoice.Customer.Email, subject
	written.ReplyTo = l.company.ContactEmail // the customer's questions are for the company
	return written, err
}
