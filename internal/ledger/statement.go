package ledger

import (
	"cmp"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// Sheet sums up an account in one currency over a period.
type Sheet struct {
	Account string
	Opening money.Amount // debits less credits before the period
	Debit   money.Amount // in the period
	Credit  money.Amount
}

// Closing returns the balance of the account at the end of the period, debits less credits.
func (s Sheet) Closing() money.Amount { return s.Opening.Add(s.Debit).Sub(s.Credit) }

// Sheets returns the sheets of a period by account and currency, from the turnovers before it and in it. It leaves out accounts
// that had no balance and on which nothing was booked.
func Sheets(before, within []Turnover) []Sheet {
	type key struct {
		account  string
		currency money.Currency
	}
	sheets := map[key]Sheet{}
	at := func(t Turnover) (key, Sheet) {
		k := key{t.Account, t.Debit.Currency()}
		if s, ok := sheets[k]; ok {
			return k, s
		}
		zero := money.Zero(k.currency)
		return k, Sheet{t.Account, zero, zero, zero}
	}
	for _, t := range before {
		k, s := at(t)
		s.Opening = t.Balance()
		if !s.Opening.IsZero() {
			sheets[k] = s
		}
	}
	for _, t := range within {
		k, s := at(t)
		s.Debit, s.Credit = t.Debit, t.Credit
		sheets[k] = s
	}
	list := make([]Sheet, 0, len(sheets))
	for _, s := range sheets {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Sheet) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Opening.Currency(), b.Opening.Currency()))
	})
	return list
}

// Movement is a line of the journal as it stands on the sheet of its account.
type Movement struct {
	Account  string
	Date     time.Time
	Happened time.Time // differs from Date when the books were closed for it
	Sequence int64     // of the entry
	Position int       // of the line in it, from 1
	Text     string
	Contra   string // the account on the other side; empty when there are several
	Debit    money.Amount
	Credit   money.Amount
}

// Volume is what was booked of one kind in one currency.
type Volume struct {
	Kind    SourceKind
	Entries int64
	Amount  money.Amount // the sum of debits, which is that of credits
}
