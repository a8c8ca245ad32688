package settlement

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/camt"
	"github.com/quittance/quittance/internal/merchant"
)

// OwnAccounts are the accounts of a company: the payout_ibans of its settings and its bank accounts.
type OwnAccounts struct {
	numbers []string
	all     bool // nothing says which accounts are the company's, so that every account is taken for one
}

// Own returns the accounts of a company, for the reading of some files. While it has no payout_ibans, and no file is of one of its bank
// accounts, every account is taken for one: banks make statements under another IBAN than the QR-IBAN of an account. Files of
// other accounts only are a *FileError.
func Own(ibans []string, accounts []merchant.BankAccount, files ...File) (OwnAccounts, error) {
	o := OwnAccounts{numbers: slices.Clone(ibans)}
	for _, a := range accounts {
		o.numbers = append(o.numbers, a.IBAN)
	}
	some := false
	var foreign []Account
	for _, f := range files {
		some = some || len(f.Accounts) == 0
		for _, a := range f.Accounts {
			if !o.has(a) {
				foreign = append(foreign, a)
			}
		}
		some = some || slices.ContainsFunc(f.Accounts, o.has)
	}
	if o.all = len(ibans) == 0 && !slices.ContainsFunc(files, func(f File) bool { return slices.ContainsFunc(f.Accounts, o.has) }); o.all || some {
		return o, nil
	}
	return o, foreignAccounts(foreign)
}

func (o OwnAccounts) has(a Account) bool { return o.all || slices.Contains(o.numbers, a.Number) }

// OfCompany returns the file without the statements of accounts that are not the company's; false when none is. A fault in a
// statement of the company, or in an entry that may be a payout, is a *FileError.
func (f File) OfCompany(o OwnAccounts) (own File, some bool, err error) {
	foreign := func(a Account) bool { return !o.has(a) }
	switch {
	case len(f.Accounts) > 0 && !slices.ContainsFunc(f.Accounts, o.has):
		return File{}, false, nil
	case f.Format.isNotice() && slices.ContainsFunc(f.Accounts, foreign):
		return File{}, false, foreignAccounts(slices.DeleteFunc(slices.Clone(f.Accounts), o.has))
	}
	f = f.without(foreign)
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
	return f, true, refuseAll(faults)
}

// Since returns what is left of the file when an import of it has left out accounts that are the company's now; false when nothing is.
func (f File) Since(s Settlement) (rest File, some bool) {
	left := func(a Account) bool {
		return slices.ContainsFunc(s.Accounts, func(b Account) bool { return b.Foreign && b.Line == a.Line && b.Number == a.Number })
	}
	if !slices.ContainsFunc(f.Accounts, func(a Account) bool { return !a.Foreign && left(a) }) {
		return File{}, false
	}
	rest = f.without(func(a Account) bool { return !left(a) })
	all := maps.Clone(s.Skipped)
	delete(all, Foreign)
	for reason, count := range rest.Skipped {
		if reason != Foreign {
			all[reason] += count
		}
	}
	if still := f.Skipped[Foreign]; still > 0 {
		all[Foreign] = still
	}
	rest.Accounts, rest.Skipped = f.Accounts, all // what is kept of the file is about all of it
	return rest, true
}

// without returns the file without the accounts that are foreign. They stay in the list of accounts.
func (f File) without(foreign func(Account) bool) File {
	if !slices.ContainsFunc(f.Accounts, foreign) {
		return f
	}
	kept := f
	kept.Skipped, kept.Accounts = map[SkipReason]int{}, slices.Clone(f.Accounts)
	out := map[string]bool{}
	for i := range kept.Accounts {
		a := &kept.Accounts[i]
		if a.Foreign = a.Foreign || foreign(*a); a.Foreign {
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

// foreignAccounts names the accounts of which files are.
func foreignAccounts(all []Account) error {
	var numbers []string
	for _, a := range all {
		if !slices.Contains(numbers, a.Number) {
			numbers = append(numbers, a.Number)
		}
	}
	slices.SortFunc(all, func(a, b Account) int { return cmp.Compare(a.Line, b.Line) })
	if len(numbers) == 1 {
		return refuse(all[0].Line, "the statement is of the account %s, which is none of the company's payout_ibans", numbers[0])
	}
	return refuse(all[0].Line, "the statements are of the accounts %s, which are none of the company's payout_ibans", strings.Join(numbers, ", "))
}
