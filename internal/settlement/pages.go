package settlement

import (
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/camt"
)

// maxMissing is how many missing pages are worth naming.
const maxMissing = 20

// Paged returns the statements of the file of which the bank makes several pages, each perhaps in a file of its own.
func (f File) Paged() []Account { return paged(f.Accounts) }

// Paged returns those of the settlement.
func (s Settlement) Paged() []Account { return paged(s.Accounts) }

func paged(all []Account) []Account {
	return slices.DeleteFunc(slices.Clone(all), func(a Account) bool { return a.Series == "" })
}

// pageOf reports whether two are pages of one statement. Banks begin to number their statements again each year.
func (a Account) pageOf(b Account) bool {
	return a.Series != "" && a.Series == b.Series && a.Number == b.Number &&
		(a.From.IsZero() || b.From.IsZero() || calendarDay(a.From).Equal(calendarDay(b.From)))
}

// JoinPages takes note of which settlements on record have other pages of the file's statements: what they tell is told beside this file
// as if it was the same one. It returns a *FileError when all pages of a statement are there, and don't fit its balances.
func (f *File) JoinPages(onRecord []Settlement) error {
	for _, a := range f.Paged() {
		for _, s := range onRecord {
			pages := slices.DeleteFunc(s.Paged(), func(b Account) bool { return !a.pageOf(b) })
			again := slices.ContainsFunc(pages, func(b Account) bool { return b.Page.Number == a.Page.Number })
			if len(pages) > 0 && !again && !slices.Contains(f.siblings, s.ID) {
				f.siblings = append(f.siblings, s.ID)
			}
		}
		if err := checkPages(a, pagesOf(a, append(slices.Clone(onRecord), Settlement{Accounts: f.Accounts}))); err != nil {
			return err
		}
	}
	return nil
}

// pagesOf returns the pages of a statement by their number, the last settlement first.
func pagesOf(a Account, all []Settlement) map[int]camt.Page {
	pages := map[int]camt.Page{}
	for _, s := range all {
		for _, b := range s.Paged() {
			if a.pageOf(b) {
				pages[b.Page.Number] = b.Page
			}
		}
	}
	return pages
}

// Missing returns the numbers of up to 20 pages of a statement that no settlement has, and the next one after the highest if that is
// not the last.
func Missing(a Account, all []Settlement) []int { return missing(pagesOf(a, all)) }

func missing(pages map[int]camt.Page) (numbers []int) {
	highest, ended := 0, false
	for n, p := range pages {
		highest, ended = max(highest, n), ended || p.Last
	}
	if !ended {
		highest++
	}
	for n := 1; n <= highest && len(numbers) < maxMissing; n++ {
		if _, ok := pages[n]; !ok {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// checkPages holds the pages of a statement against its balances, when they are all there.
func checkPages(a Account, pages map[int]camt.Page) error {
	if len(missing(pages)) > 0 {
		return nil
	}
	opening, closing, booked := pages[1].Opening, pages[len(pages)].Closing, decimal.Zero
	for _, p := range pages {
		if p.Booked == nil {
			return nil
		}
		booked = booked.Add(*p.Booked)
	}
	if opening == nil || closing == nil || opening.Add(booked).Equal(*closing) {
		return nil
	}
	return refuse(a.Line, "on the %d pages of statement %s, the opening balance %s and the booked entries (%s) make %s, but the closing balance is %s",
		len(pages), fmt.Sprintf("%q", a.Series), opening.StringFixed(2), booked.StringFixed(2), opening.Add(booked).StringFixed(2), closing.StringFixed(2))
}
