package activities

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	texttemplate "text/template"

	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// Letter is a mail that is ready to be sent. ID stays the same however often it is sent.
type Letter struct {
	ID      string
	To      string
	Subject string
	Text    string
	HTML    string
}

// ErrUndeliverable means that sending the same letter again can't succeed.
var ErrUndeliverable = errors.New("the mail can't be delivered")

// Mail are the steps that write to people.
type Mail struct {
	InCompany InCompany
	Send      func(context.Context, Letter) error // an error is ErrUndeliverable, or passing
	PublicURL string
}

//go:embed letters
var letterFiles embed.FS

var (
	letterText = texttemplate.Must(texttemplate.ParseFS(letterFiles, "letters/invoice.txt"))
	letterHTML = htmltemplate.Must(htmltemplate.ParseFS(letterFiles, "letters/invoice.html"))
)

// SendInvoice mails the link of the online document to the customer, in the customer's language, as long as there is
// something to pay. An invoice without an
// address is the problem validation-failed; an address that the mail server refuses is an error of type
// "mail-undeliverable". Neither is tried again.
func (m *Mail) SendInvoice(ctx context.Context, in InvoiceRef) error {
	var (
		inv     invoice.Invoice
		company merchant.Company
	)
	err := m.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		if company, err = tx.Company(ctx); err != nil {
			return err
		}
		inv, err = tx.Invoice(ctx, in.InvoiceID)
		return err
	})
	if err != nil {
		return err
	}
	if !inv.Status.Payable() {
		return nil // paid or cancelled while the mail was waiting
	}
	if inv.Customer.Email == "" {
		return problem.InvalidFields(problem.Field{Name: "customer.email", Message: "is needed to mail the invoice"})
	}
	letter, err := invoiceLetter(inv, company, m.PublicURL)
	if err != nil {
		return err
	}
	err = m.Send(ctx, letter)
	if errors.Is(err, ErrUndeliverable) {
		return temporal.NewNonRetryableApplicationError(err.Error(), "mail-undeliverable", err)
	}
	return err
}

// dueDateLayouts are how a date is written in each language.
var dueDateLayouts = map[string]string{"de": "02.01.2006", "fr": "02.01.2006", "it": "02.01.2006", "en": "2 January 2006"}

// words are the fixed parts of the invoice mail in one language. Subject takes the number and the company's name.
type words struct{ Subject, Greeting, Intro, Amount, Due, View, Pay, Closing string }

var letterWords = map[string]words{
	"de": {"Rechnung %s von %s", "Guten Tag", "Ihre Rechnung steht online bereit.", "Betrag", "Zahlbar bis", "Rechnung ansehen", "Rechnung ansehen und bezahlen", "Freundliche Grüsse"},
	"fr": {"Facture %s de %s", "Bonjour", "Votre facture est disponible en ligne.", "Montant", "Payable jusqu’au", "Voir la facture", "Voir et payer la facture", "Meilleures salutations"},
	"it": {"Fattura %s di %s", "Buongiorno", "La sua fattura è disponibile online.", "Importo", "Pagabile entro il", "Vedere la fattura", "Vedere e pagare la fattura", "Cordiali saluti"},
	"en": {"Invoice %s from %s", "Hello", "Your invoice is available online.", "Amount", "Due by", "View the invoice", "View and pay the invoice", "Kind regards"},
}

func invoiceLetter(inv invoice.Invoice, company merchant.Company, publicURL string) (Letter, error) {
	language := inv.Customer.Language
	w, ok := letterWords[language]
	if !ok {
		return Letter{}, fmt.Errorf("there is no mail in the language %q", language)
	}
	action := w.View
	if len(inv.PaymentServiceIDs) > 0 {
		action = w.Pay
	}
	data := struct {
		words
		Language, Company, Customer, Number, AmountDue, DueDate, Action, Link string
	}{
		w, language, company.Name, inv.Customer.Name, inv.Number, inv.AmountDue().String(),
		inv.DueDate.Format(dueDateLayouts[language]), action, publicURL + "/i/" + inv.Token,
	}
	var text, html bytes.Buffer
	if err := errors.Join(letterText.Execute(&text, data), letterHTML.Execute(&html, data)); err != nil {
		return Letter{}, fmt.Errorf("render the mail of invoice %s: %w", inv.ID, err)
	}
	return Letter{
		ID: inv.ID + ".opened", To: inv.Customer.Email, Text: text.String(), HTML: html.String(),
		Subject: fmt.Sprintf(w.Subject, inv.Number, company.Name),
	}, nil
}
