package merchant

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/iban"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/qrbill"
	"github.com/quittance/quittance/internal/text"
)

// BankAccount is an account of the company at its bank.
type BankAccount struct {
	ID             string
	CompanyID      string
	IBAN           string // in its electronic form
	Account        string // the number in the chart on which it is kept
	Currency       money.Currency
	UseForInvoices bool // its QR-bill stands on the online documents of invoices in its currency
	Holder         qrbill.Address
	CreatedAt      time.Time
}

// Validate brings the IBAN and the holder into the form in which they are kept. It returns an Invalid problem that names every field
// at fault, or nil. Whether the chart has the account is for the store to say.
func (b *BankAccount) Validate() error {
	b.IBAN = strings.ToUpper(strings.ReplaceAll(b.IBAN, " ", ""))
	var fields []problem.Field
	if !iban.Valid(b.IBAN) {
		fields = append(fields, problem.Field{Name: "iban", Message: "must be an IBAN, such as CH93 0076 2011 6238 5295 7"})
	}
	if b.Holder != (qrbill.Address{}) || b.UseForInvoices {
		h := &b.Holder
		written := slices.Concat(
			text.Line("holder.name", &h.Name, 1, 70), text.Line("holder.street", &h.Street, 0, 70), text.Line("holder.house_number", &h.HouseNumber, 0, 16),
			text.Line("holder.postcode", &h.Postcode, 1, 16), text.Line("holder.city", &h.City, 1, 35),
		)
		if fields = append(fields, written...); len(written) == 0 {
			fields = append(fields, h.Check("holder")...)
		}
	}
	if len(fields) > 0 || !b.UseForInvoices {
		return problem.InvalidFields(fields...)
	}
	reference, err := qrbill.ReferenceFor(b.IBAN, b.ID)
	if err != nil {
		return err
	}
	_, err = qrbill.Bill{Account: b.IBAN, Creditor: b.Holder, Currency: b.Currency, Reference: reference}.Payload()
	if refused, ok := errors.AsType[*problem.Error](err); ok {
		for i := range refused.Fields {
			refused.Fields[i].Name = inBankAccount.Replace(refused.Fields[i].Name)
		}
	}
	return err
}

// PaymentReference returns the reference with which the invoice is paid by bank: that of the account which takes invoices in its
// currency, or "" when none does.
func PaymentReference(inv invoice.Invoice, accounts []BankAccount) string {
	for _, b := range accounts {
		if !b.UseForInvoices || b.Currency != inv.Amount.Currency() {
			continue
		}
		if reference, err := qrbill.ReferenceFor(b.IBAN, inv.ID); err == nil {
			return reference.String()
		}
	}
	return ""
}

// inBankAccount says how a field of a bill is called in a bank account.
var inBankAccount = strings.NewReplacer("account", "iban")

// Bill returns the QR-bill with which somebody pays into the account, for the invoice of that id. A debtor that a bill can't carry is
// left for the payer to write.
func (b BankAccount) Bill(invoiceID string, due money.Amount, debtor qrbill.Address, message string) (qrbill.Bill, error) {
	reference, err := qrbill.ReferenceFor(b.IBAN, invoiceID)
	amount := due.Decimal()
	bill := qrbill.Bill{Account: b.IBAN, Creditor: b.Holder, Amount: &amount, Currency: due.Currency(), Reference: reference}
	if fitted, fits := debtor.Fitted(); fits {
		bill.Debtor = &fitted
	}
	if clean, refused := qrbill.Clean(message); refused == 0 {
		bill.Message = clean
	}
	return bill, err
}
