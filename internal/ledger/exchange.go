package ledger

import (
	"fmt"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// Exchange is an entry that stands on Transit in two currencies: what was given, and what came for it.
type Exchange struct {
	Entry      Entry
	ReversedOn time.Time    // the day of the entry that took it back; zero while it counts
	Value      money.Amount // what its lines leave on Transit, in francs; the zero value while a rate is missing
	Difference Entry        // what is booked of it now; the zero value when nothing is
	Times      int          // how often a difference of it was booked
}

// Step returns the entries that bring Transit to nothing, in their order: none when it is there, or while a rate is missing. What was
// booked at another rate is taken back first.
func (x Exchange) Step(language string) (entries []Entry) {
	left := x.Value
	if counts := x.ReversedOn.IsZero(); counts && left.Currency() == "" {
		return nil
	} else if !counts { // the reversal has brought its lines to nothing
		left = money.Zero(money.CHF)
	}
	booked := money.Zero(money.CHF)
	for _, line := range x.Difference.Lines {
		if line.Account == Transit {
			booked = booked.Add(line.Debit).Sub(line.Credit)
		}
	}
	if left.Add(booked).IsZero() {
		return nil
	}
	if x.Difference.ID != "" {
		day := x.Difference.Date
		if x.ReversedOn.After(day) {
			day = x.ReversedOn
		}
		entries = append(entries, Reversal{Entry: x.Difference, Language: language, Day: day}.TakeBack())
	}
	if left.IsZero() {
		return entries
	}
	e := Entry{
		CompanyID: x.Entry.CompanyID, Date: x.Entry.Date, Source: Source{FromExchange, fmt.Sprintf("%s.%d", x.Entry.ID, x.Times+1)},
		Text:  fmt.Sprintf("%s %d: %s", texts[FromExchange][language], x.Entry.Sequence, x.Entry.Text),
		Lines: []Line{Debit(ExchangeLosses, left), Credit(Transit, left)},
	}
	if left.IsNegative() {
		e.Lines = []Line{Debit(Transit, left.Neg()), Credit(ExchangeGains, left.Neg())}
	}
	return append(entries, e)
}

// ExchangeText returns what an exchange is called when nobody says, in that language.
func ExchangeText(language string, given, taken money.Amount) string {
	of := names("Umtausch von %s in %s", "Change de %s en %s", "Cambio di %s in %s", "Exchange of %s into %s")
	return fmt.Sprintf(of[language], given, taken)
}

// Exchanged returns the lines of an exchange over Transit: from one account, and to another in another currency.
func Exchanged(from string, given money.Amount, to string, taken money.Amount) []Line {
	return []Line{Debit(Transit, given), Credit(from, given), Debit(to, taken), Credit(Transit, taken)}
}
