package settlement

import (
	"slices"
	"time"

	"github.com/quittance/quittance/internal/camt"
	"github.com/quittance/quittance/internal/iban"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/qrbill"
)

// Credit is money that came with something in the form of a reference, as a bank's file tells it: a booked entry, or one
// transaction of a collective entry.
type Credit struct {
	Line       int      // in the file
	Entry      int      // the line of its entry
	Account    string   // of which the statement is
	Paid       []string // the accounts to which it was paid, as far as the entry names them: an account may have a QR-IBAN besides
	Amount     money.Amount
	Date       time.Time // of the booking, midnight UTC
	BankRefs   []string  // AcctSvcrRef of the transaction and of its entry: what the bank gives to one booking only, see bankRefs
	References []string  // as qrbill.Find returns them: those in structured fields before those in texts
}

// credits returns what an entry says of money of customers. Swiss banks put the reference into RmtInf/Strd/CdtrRefInf/Ref of each
// TxDtls (Swiss Payment Standards, camt.053 and camt.054); it is also looked for in every other text of the transaction, and for
// one that stands alone in those of its entry.
func credits(account string, e camt.Entry) (all []Credit) {
	if !e.Booked || e.Reversal || !e.Amount.IsPositive() {
		return nil
	}
	details := e.Details
	if len(details) == 0 {
		details = []camt.Detail{{Line: e.Line}}
	}
	alone := len(details) == 1
	for _, d := range details {
		c := Credit{Line: d.Line, Entry: e.Line, Account: account, Paid: paidTo(d.Credited, e.EntryRef), Amount: d.Amount, Date: e.BookingDate, BankRefs: bankRefs(e, d, alone)}
		texts := slices.Concat(d.Remittance, d.References)
		if !isSet(c.Amount) && d.Original.Currency() == e.Amount.Currency() {
			c.Amount = d.Original
		}
		if alone {
			texts = append(texts, e.Text, e.EntryRef)
			c.Amount = e.Amount
		}
		for _, text := range texts {
			for _, reference := range qrbill.Find(text) {
				if !slices.Contains(c.References, reference) {
					c.References = append(c.References, reference)
				}
			}
		}
		if len(c.References) > 0 && isSet(c.Amount) && c.Amount.IsPositive() {
			all = append(all, c)
		}
	}
	return all
}

// bankRefs returns what the bank calls a transaction of an entry. Some files name only one of the two. Within a collective entry, some
// banks only number the transactions: such a number says nothing without the entry.
func bankRefs(e camt.Entry, d camt.Detail, alone bool) (refs []string) {
	if len(d.Reference) >= tellingRef {
		refs = append(refs, d.Reference)
	} else if !alone && d.Reference != "" && e.Reference != "" {
		refs = append(refs, e.Reference+"/"+d.Reference)
	}
	if alone && e.Reference != "" {
		refs = append(refs, e.Reference)
	}
	return refs
}

// paidTo returns the IBANs among what an entry names as the account that was paid. For collective credits of QR-bills, banks put
// the QR-IBAN into NtryRef.
func paidTo(named ...string) []string {
	return slices.DeleteFunc(named, func(s string) bool { return !iban.Valid(s) })
}

// Numbers returns the numbers of all references that the file may mean, see qrbill.Reference.Number: of those that it names, and
// of those that are near to one that is wrong.
func (f File) Numbers() (numbers []string) {
	seen := map[string]bool{}
	for _, c := range f.references() {
		for _, text := range c {
			for _, r := range meant(text) {
				if n := r.Number(); n != "" && !seen[n] {
					seen[n] = true
					numbers = append(numbers, n)
				}
			}
		}
	}
	return numbers
}

// references returns what each entry carries that may be money for an invoice, whether it can be read or not.
func (f File) references() (all [][]string) {
	for _, c := range f.Credits {
		all = append(all, c.References)
	}
	for _, d := range f.doubts {
		all = append(all, d.References)
	}
	return all
}

// meant returns the reference that a text is, or what it may mean when its check digits are wrong.
func meant(text string) []qrbill.Reference {
	if r, err := qrbill.ParseReference(text); err == nil {
		return []qrbill.Reference{r}
	}
	return qrbill.Near(text)
}

// isRight reports whether the check digits of a reference are right.
func isRight(reference string) bool {
	_, err := qrbill.ParseReference(reference)
	return err == nil
}

// invoice returns the invoice that the money is for, and what it carries in place of its reference. Issued are the ids of issued
// invoices by the number of their references. A right reference counts more than one that is near, wherever it stands.
func (c Credit) invoice(issued map[string]string) (invoiceID, reference string) {
	for _, text := range c.References {
		r, err := qrbill.ParseReference(text)
		if id := issued[r.Number()]; err == nil && id != "" && r.IsFor(id) {
			return id, text
		}
	}
	for _, text := range c.References {
		if isRight(text) {
			continue // it is right, and somebody else's
		}
		for _, r := range qrbill.Near(text) {
			if id := issued[r.Number()]; id != "" && r.IsFor(id) {
				return id, text
			}
		}
	}
	return "", ""
}

// account returns the number in the chart of the account on which the money came, and whether it is certain that it is an account
// of the company. It is the bank account with the IBAN that was paid, or else with that of the statement. Banks make statements
// under the ordinary IBAN of an account that has a QR-IBAN as well: then it is the one with a QR-IBAN for a QR reference, which
// nothing else takes, and for another reference the one on which invoices in that currency are paid, if the company has named the
// statement's IBAN in its settings.
func (c Credit) account(reference string, accounts []merchant.BankAccount, payoutIBANs []string) (number string, certain bool) {
	find := func(is func(merchant.BankAccount) bool) bool {
		i := slices.IndexFunc(accounts, func(b merchant.BankAccount) bool { return b.Currency == c.Amount.Currency() && is(b) })
		if i >= 0 {
			number = accounts[i].Account
		}
		return i >= 0
	}
	for _, paid := range append(slices.Clone(c.Paid), c.Account) {
		if find(func(b merchant.BankAccount) bool { return b.IBAN == paid }) {
			return number, true
		}
	}
	r, _ := qrbill.ParseReference(reference)
	if r.Kind() == qrbill.QRR && find(func(b merchant.BankAccount) bool { return qrbill.IsQRIBAN(b.IBAN) }) {
		return number, true
	}
	known := find(func(b merchant.BankAccount) bool { return b.UseForInvoices })
	return number, known && slices.Contains(payoutIBANs, c.Account)
}
