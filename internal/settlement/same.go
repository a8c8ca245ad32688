package settlement

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/money"
)

// This file holds every rule of when two tellings are about the same thing: payouts, what the bank takes back, and receipts. The
// table of docs/books.md, "The same thing", says the same for people.

// How far apart the days of two tellings of the same thing may lie, in business days, and how many characters of a reference can't
// stand in a text by chance.
const (
	sameWithin = 3 // of the bank and of the acquirer
	// sameReferenceWithin is for how many business days the same reference means the same thing. Some banks use theirs again.
	sameReferenceWithin = 30
	tellingRef          = 6
)

// Teller is who tells of money. Each gives references of its own, one to each movement.
type Teller string

// Bank tells by camt.053 and camt.054, in which the same movement has the same reference, if it has one.
const Bank Teller = "bank"

// teller returns who tells by files of that kind.
func (f Format) teller() Teller {
	if f == CAMT053 || f == CAMT054 {
		return Bank
	}
	return Teller(f)
}

// Telling is what one file says of one movement of money, as far as it matters for whether it is known.
type Telling struct {
	Teller     Teller
	Account    string    // at the bank; empty when the file doesn't say
	References []string  // that its teller gives to this movement only; none when the file has none
	Mentions   []string  // other references and texts, in which a reference of another teller may stand
	Orders     []string  // that it names, sorted
	Pays       []string  // orders that it is known to pay, whoever has named them, sorted
	Brand      string    // Saferpay's name of that of all its sales; empty when it is not known
	Sold       time.Time // the day of all its sales; zero when it is not known
	Amount     money.Amount
	Exchanged  money.Amount // what Amount was before it was exchanged; the zero value when it was not
	Day        time.Time
	Reversal   bool // takes an earlier movement back
	Stranger   bool // names somebody else than the acquirer: its amount and day alone say nothing
}

// likeness is how much speaks for two tellings being about the same.
type likeness int

// The degrees of likeness. Each is taken before a lower one, over all that a file tells. By verbatim, alike and near, what a file tells
// is never what that file has told before: two of one file are two.
const (
	another       likeness = iota
	contradicting          // the same reference, but another amount, or other orders
	near                   // of another teller: the same amount, at most sameWithin business days apart
	named                  // of another teller: the same amount, and the same orders or brand and day, or one names the other's reference
	alike                  // of the same teller, and one has no reference: the same amount on the same day
	verbatim               // alike, and with the same texts
	identical              // of the same teller: the same reference and amount
)

// known returns how much speaks for a telling being about what those tell: all of one thing.
//
// What its own teller says counts alone, if it told of the thing before: else a second payout under another reference would
// disappear in the first.
func known(c calendar.Calendar, all []Telling, told Telling) likeness {
	best, before, referred := another, false, false
	for _, a := range all {
		if a.Teller == told.Teller {
			best = max(best, compareReferences(c, a, told))
			before, referred = true, referred || len(a.References) > 0
		}
	}
	if !before {
		for _, a := range all {
			best = max(best, compareTellers(c, a, told))
		}
		return best
	}
	switch {
	case (best == alike || best == verbatim) && referred && len(told.References) > 0:
		return another // it is alike only what was told without the other reference
	case best >= alike && contradicts(all, told):
		return contradicting
	default:
		return best
	}
}

// contradicts reports whether a telling names other orders or sales than others have told of the same thing, and its own teller has
// not named them before: then one of them was taken for something else.
func contradicts(all []Telling, told Telling) bool {
	contradicted := false
	for _, a := range all {
		if a.Teller == told.Teller && (len(told.Orders) > 0 && slices.Equal(a.Orders, told.Orders) || sameSales(a, told)) {
			return false
		}
		contradicted = contradicted || otherOrders(a.Pays, told.Orders) || a.Teller != told.Teller && otherSales(a, told)
	}
	return contradicted
}

// compareReferences compares two tellings of one teller.
func compareReferences(c calendar.Calendar, a, b Telling) likeness {
	switch {
	case a.Reversal != b.Reversal || a.Account != b.Account:
		return another
	case shareReference(a, b) && apart(c, a.Day, b.Day) <= sameReferenceWithin:
		if !sameAmount(a, b) || otherOrders(a.Orders, b.Orders) {
			return contradicting
		}
		return identical
	case len(a.References) > 0 && len(b.References) > 0:
		return another
	case !b.Stranger && sameAmount(a, b) && a.Day.Equal(b.Day) && !otherOrders(a.Orders, b.Orders) && !otherSales(a, b):
		if len(a.Mentions) > 0 && slices.Equal(a.Mentions, b.Mentions) {
			return verbatim
		}
		return alike
	default:
		return another
	}
}

// shareReference reports whether a teller has given both the same reference. Some files of a bank have only the reference of the
// entry, and some only that of its transaction. Short ones are mere numbers, which begin again on another day.
func shareReference(a, b Telling) bool {
	has := func(a, b Telling) bool {
		return slices.ContainsFunc(a.References, func(ref string) bool {
			if a.Teller == Bank && len(ref) < tellingRef {
				return a.Day.Equal(b.Day) && slices.Contains(b.References, ref)
			}
			return slices.Contains(b.References, ref) || len(ref) >= tellingRef && slices.Contains(b.Mentions, ref)
		})
	}
	return has(a, b) || has(b, a)
}

// otherOrders reports whether two have orders, and none in common. A text may have room for some of them only.
func otherOrders(a, b []string) bool {
	return len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(a, func(o string) bool { return slices.Contains(b, o) })
}

// otherSales reports whether two tellings are of sales of another brand or day, as far as both are known.
func otherSales(a, b Telling) bool {
	return a.Brand != "" && b.Brand != "" && a.Brand != b.Brand || !a.Sold.IsZero() && !b.Sold.IsZero() && !a.Sold.Equal(b.Sold)
}

// sameSales reports whether two tellings are of sales of the same brand and day, as far as both are known.
func sameSales(a, b Telling) bool {
	return a.Brand != "" && a.Brand == b.Brand && !a.Sold.IsZero() && a.Sold.Equal(b.Sold)
}

// compareTellers compares the tellings of two tellers. Only the bank tells what it takes back.
func compareTellers(c calendar.Calendar, a, b Telling) likeness {
	switch {
	case a.Reversal || b.Reversal || a.Account != "" && b.Account != "" && a.Account != b.Account || !sameAmount(a, b):
		return another
	case len(a.Pays) > 0 && len(b.Pays) > 0:
		if !slices.Equal(a.Pays, b.Pays) || otherNumber(a, b) { // the same may be paid again
			return another
		}
		return named
	case mentioned(a, b):
		return named
	case otherSales(a, b):
		return another
	case sameSales(a, b):
		return named
	case otherReference(a, b) || otherReference(b, a):
		return another
	case !b.Stranger && apart(c, a.Day, b.Day) <= sameWithin:
		return near
	default:
		return another
	}
}

// namesIt is most that takesBack returns: the bank names the reference of what it takes back.
const namesIt = 3

// takesBack returns how much says that the bank takes back a movement, by all that is told of both: most when it names the reference,
// less when it names an order or the sales, and least when both have the same text. Less than nothing says that it doesn't: such as
// when the bank has booked the movement on a later day, whatever the acquirer's list says.
func takesBack(back, all []Telling) (says int) {
	came := slices.DeleteFunc(slices.Clone(all), func(a Telling) bool { return a.Teller != back[0].Teller })
	if len(came) == 0 {
		came = all
	}
	if !slices.ContainsFunc(came, func(a Telling) bool { return !a.Day.After(back[0].Day) }) {
		return -1
	}
	for _, b := range back {
		for _, a := range all {
			switch {
			case shareReference(b, a) || mentioned(b, a):
				return namesIt
			case otherSales(b, a) || otherOrders(b.Orders, a.Pays):
				return -1
			case len(b.Orders) > 0 && len(a.Pays) > 0 || sameSales(b, a):
				says = 2
			case slices.ContainsFunc(b.Mentions, func(text string) bool { return slices.Contains(a.Mentions, text) }):
				says = max(says, 1)
			}
		}
	}
	return says
}

// sameAmount reports whether two tellings are over the same money, before or after it was exchanged.
func sameAmount(a, b Telling) bool {
	return a.Amount.Equal(b.Amount) || isSet(a.Exchanged) && a.Exchanged.Equal(b.Amount) || isSet(b.Exchanged) && b.Exchanged.Equal(a.Amount)
}

// mentioned reports whether one of two tellings names the reference of the other.
func mentioned(a, b Telling) bool { return names(a, b) || names(b, a) }

func names(a, b Telling) bool {
	return slices.ContainsFunc(b.References, func(ref string) bool {
		return slices.ContainsFunc(a.Mentions, func(text string) bool { return stands(ref, text) })
	})
}

// otherReference reports whether a telling names a reference of the same form as that of the other one, and not that one: a text with
// WL-00003 is not about WL-00000.
func otherReference(naming, referred Telling) bool {
	return slices.ContainsFunc(referred.References, func(ref string) bool {
		return len(ref) >= tellingRef && slices.ContainsFunc(naming.Mentions, func(text string) bool {
			return slices.ContainsFunc(strings.Fields(text), func(word string) bool { return word != ref && form(word) == form(ref) })
		})
	})
}

// otherNumber reports whether two lists of the acquirer, of two kinds, number a payout in the same form and not alike.
func otherNumber(a, b Telling) bool {
	return a.Teller != Bank && b.Teller != Bank && !shareReference(a, b) && slices.ContainsFunc(a.References, func(one string) bool {
		return len(one) >= tellingRef && slices.ContainsFunc(b.References, func(other string) bool { return form(one) == form(other) })
	})
}

// form is the form of a reference: where it has digits, and where letters.
func form(ref string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			return '0'
		case unicode.IsLetter(r):
			return 'A'
		default:
			return r
		}
	}, ref)
}

// stands reports whether a reference stands in a text by itself, and not as a part of a longer one.
func stands(ref, text string) bool {
	if len(ref) < tellingRef {
		return false
	}
	for from := 0; ; {
		i := strings.Index(text[from:], ref)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(ref)
		before, size := utf8.DecodeLastRuneInString(text[:start])
		beforeThat, _ := utf8.DecodeLastRuneInString(text[:start-size])
		after, size := utf8.DecodeRuneInString(text[end:])
		afterThat, _ := utf8.DecodeRuneInString(text[end+size:])
		if !goesOn(before, beforeThat) && !goesOn(after, afterThat) {
			return true
		}
		from = end
	}
}

// goesOn reports whether a reference goes on beside its end, with a letter or digit, or with a hyphen and one.
func goesOn(next, nextButOne rune) bool {
	part := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return part(next) || (next == '-' || next == '_') && part(nextButOne)
}

// apart returns how many business days lie between two days.
func apart(c calendar.Calendar, a, b time.Time) int {
	days := c.BusinessDaysBetween(a, b)
	return max(days, -days)
}
