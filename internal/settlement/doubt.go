package settlement

import (
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/camt"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/qrbill"
)

// doubt is an entry of a bank that is not as it should be. It matters when it may be a payout, or money for an invoice of the
// company. All others are other people's, and of no interest.
type doubt struct {
	Credit      // as far as it could be read
	fault       *camt.Error
	mayBePayout bool
}

func doubtOf(account string, e camt.Entry) doubt {
	d := doubt{Credit: Credit{Line: e.Line, Account: account}, fault: e.Fault}
	texts := mentions(e)
	text := strings.Join(texts, "\n")
	_, unknown := money.ParseCurrency(e.Currency)
	switch {
	case len(id.Orders(texts...)) > 0:
		d.mayBePayout = true
	default:
		switch senderNamed(e, texts) {
		case Acquirer:
			d.mayBePayout = true
		case Nobody:
			isSales := ofWorldline.MatchString(text) || ofItsAcquirer.MatchString(text)
			came := !e.Debit || e.Reversal
			d.mayBePayout = isSales || unknown == nil && came && !atCounter(e.Code)
		case Somebody:
		}
	}
	for _, text := range texts {
		for _, reference := range qrbill.Find(text) {
			if !slices.Contains(d.References, reference) {
				d.References = append(d.References, reference)
			}
		}
	}
	return d
}

// OfCompany returns the file without the statements of accounts that are not the company's. Its accounts are the payout_ibans of its
// settings and its bank accounts. While it has no payout_ibans, and the file is of none of its bank accounts, all are. A file
// of other accounts only is a *FileError; and so is one with a fault in a statement of the company, or in an entry that may be a
// payout.
func (f File) OfCompany(ibans []string, accounts []merchant.BankAccount) (File, error) {
	own := func(a Account) bool {
		return slices.Contains(ibans, a.Number) || slices.ContainsFunc(accounts, func(b merchant.BankAccount) bool { return b.IBAN == a.Number })
	}
	some := slices.ContainsFunc(f.Accounts, own)
	foreign := func(a Account) bool { return (some || len(ibans) > 0) && !own(a) }
	i := slices.IndexFunc(f.Accounts, foreign)
	if i >= 0 && (!some || f.Format.isNotice()) {
		return File{}, foreignAccounts(slices.DeleteFunc(slices.Clone(f.Accounts), own))
	}
	if i >= 0 {
		f = f.without(foreign)
	}
	var faults []Fault
	for _, a := range f.Accounts {
		if a.fault != nil && !a.Foreign {
			faults = append(faults, Fault{a.fault.Line, a.fault.Reason})
		}
	}
	for _, d := range f.doubts {
		if d.mayBePayout {
			faults = append(faults, Fault{d.fault.Line, d.fault.Reason})
		}
	}
	return f, refuseAll(faults)
}

// CheckReferences returns a *FileError when an entry with a fault carries the reference of an issued invoice of the company. Issued
// are the ids of invoices by the number of their references, see Numbers.
func (f File) CheckReferences(issued map[string]string) error {
	var faults []Fault
	for _, d := range f.doubts {
		if invoiceID, _ := d.invoice(issued); invoiceID != "" {
			faults = append(faults, Fault{d.fault.Line, d.fault.Reason})
		}
	}
	return refuseAll(faults)
}

func refuseAll(faults []Fault) error {
	if len(faults) == 0 {
		return nil
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return a.Line - b.Line })
	return &FileError{Faults: faults[:min(len(faults), maxFaults)]}
}

// without returns the file without the accounts that are foreign. They stay in the list of accounts.
func (f File) without(foreign func(Account) bool) File {
	kept := f
	kept.Skipped, kept.Accounts = map[SkipReason]int{}, slices.Clone(f.Accounts)
	out := map[string]bool{}
	for i := range kept.Accounts {
		a := &kept.Accounts[i]
		if a.Foreign = foreign(*a); a.Foreign {
			out[a.Number] = true
			kept.Skipped[Foreign] += a.Entries
			a.Series, a.Page = "", camt.Page{}
			continue
		}
		for reason, count := range a.skipped {
			kept.Skipped[reason] += count
		}
	}
	kept.Transfers = slices.DeleteFunc(slices.Clone(f.Transfers), func(t Transfer) bool { return out[t.Account] })
	kept.Credits = slices.DeleteFunc(slices.Clone(f.Credits), func(c Credit) bool { return out[c.Account] })
	kept.doubts = slices.DeleteFunc(slices.Clone(f.doubts), func(d doubt) bool { return out[d.Account] })
	return kept
}

func foreignAccounts(all []Account) error {
	var numbers []string
	for _, a := range all {
		if !slices.Contains(numbers, a.Number) {
			numbers = append(numbers, a.Number)
		}
	}
	if len(numbers) == 1 {
		return refuse(all[0].Line, "the statement is of the account %s, which is none of the company's payout_ibans", numbers[0])
	}
	return refuse(all[0].Line, "the statements are of the accounts %s, which are none of the company's payout_ibans", strings.Join(numbers, ", "))
}
