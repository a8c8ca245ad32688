package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/letter"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/problem"
)

// ErrUndeliverable means that sending the same letter again can't succeed.
var ErrUndeliverable = errors.New("the mail can't be delivered")

// Mail are the steps that write to people.
type Mail struct {
	InCompany InCompany
	Secrets   Opener
	Send      func(context.Context, letter.Letter) error // an error is ErrUndeliverable, or passing
	PublicURL string
	Operators string // the address of those who run Quittance; empty when they get no mail
	// TestToAcquirer also lets letters about payment services in test go to the acquirer.
	TestToAcquirer bool
}

// SendInvoice mails the link of the online document to the customer, in the customer's language, as long as there is
// something to pay. An invoice without an address is the problem validation-failed; an address that the mail server refuses
// is an error of type "mail-undeliverable". Neither is tried again.
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
	written, err := letter.Invoice(inv, company, m.PublicURL)
	if err != nil {
		return err
	}
	err = m.Send(ctx, written)
	if errors.Is(err, ErrUndeliverable) {
		return temporal.NewNonRetryableApplicationError(err.Error(), "mail-undeliverable", err)
	}
	return err
}

// Tell names a letter about a step of a payment service.
type Tell struct {
	PaymentServiceRef
	Letter merchant.Letter `json:"letter"`
}

// Told is what became of a letter. An empty note says that it was dealt with before.
type Told struct {
	Sent bool   `json:"sent"` // the mail server took it
	Note string `json:"note"` // for the timeline
}

// TellStep mails a step of a payment service's timeline to whoever is to know of it. That nobody can be reached is a result:
// the timeline shall say so. A mail server that is down is an error, to be tried again.
func (m *Mail) TellStep(ctx context.Context, in Tell) (Told, error) {
	var (
		written letter.Letter
		note    string
	)
	err := m.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		service, err := tx.PaymentService(ctx, in.PaymentServiceID)
		if err != nil || !slices.Contains(service.Untold(), in.Letter) {
			return err
		}
		written, note, err = m.write(ctx, tx, company, service, in.Letter)
		return err
	})
	if err != nil || written.To == "" {
		return Told{Note: note}, err
	}
	err = m.Send(ctx, written)
	if errors.Is(err, ErrUndeliverable) {
		return Told{Note: fmt.Sprintf("The mail server refused “%s” to the %s for good.", written.Subject, in.Letter.To)}, nil
	}
	return Told{Sent: true, Note: note}, err
}

// write returns the letter, and what the timeline says of it. A letter without an address is not to be sent.
func (m *Mail) write(ctx context.Context, tx Tx, c merchant.Company, s merchant.PaymentService, l merchant.Letter) (written letter.Letter, note string, err error) {
	switch l.To {
	case merchant.ToAcquirer:
		return m.toAcquirer(ctx, tx, c, s, l.Step)
	case merchant.ToOperators:
		written, err = letter.ToOperators(c, s, l.Step, m.Operators)
		return written, "The operators of Quittance know.", err
	default:
		written, err = letter.ToCompany(c, s, l.Step)
		if written.To == "" {
			return written, "No mail was sent: the company has no contact address, see PATCH /v1/settings.", err
		}
		return written, fmt.Sprintf("Mailed to the company's contact: “%s”.", written.Subject), err
	}
}

// TellEndpointDisabled mails the company's contact, if there is one, that a webhook endpoint was disabled, unless it is enabled
// again. An address that the mail server refuses is nobody's to mend here: the exception says the same.
func (m *Mail) TellEndpointDisabled(ctx context.Context, ref DeliveryRef) error {
	var written letter.Letter
	err := m.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		written = letter.Letter{}
		endpoint, err := tx.WebhookEndpoint(ctx, ref.EndpointID)
		if problem.CodeOf(err) == problem.NotFound || err == nil && endpoint.Enabled() {
			return nil
		}
		if err != nil {
			return err
		}
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		written, err = letter.EndpointDisabled(company, endpoint)
		return err
	})
	if err != nil || written.To == "" {
		return err
	}
	if err := m.Send(ctx, written); !errors.Is(err, ErrUndeliverable) {
		return err
	}
	return nil
}
