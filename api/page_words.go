package api

import (
	"embed"
	"fmt"
	"strings"
	"time"

	_ "time/tzdata" // a container may come without time zones

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/words"
)

// phrase is a heading and the sentences below it.
type phrase struct{ Title, Text string }

// pageWords is everything that the pages say in one language. {…} stands for what is filled in.
type pageWords struct {
	Name string // of the language, in itself

	Invoice, For, Amount, AmountDue, AmountPaid, AmountRefunded, DueBy string

	Open, Overdue, PartiallyPaid, Paid, PartlyRefunded, Refunded, Cancelled, PaidOn string

	PayNow, Choose, SecurePage, NotOnline, Reload string

	Erased string // in the place of a customer who was erased

	IssuedOn, OneLine, VAT, Net, Total, TaxOnTop, TaxIncluded, Rounding string

	ByBank, ScanCode, CodeIs, Account, Reference, AsPDF string

	Lines string // {count}
	TaxOf string // {rate} {net}

	NothingTaken string // after what the payment provider says of a payment that was declined
	AnotherRuns  string // after what became of a payment, when another is in progress

	Received      phrase // {amount} {date}
	Confirming    phrase
	TakesLonger   phrase
	Declined      phrase
	Aborted       phrase
	Expired       phrase
	Released      phrase
	LessDue       phrase
	AlreadyPaid   phrase
	NoLongerDue   phrase
	Withdrawn     phrase
	InProgress    phrase
	Pending       phrase // {amount} {date}; the provider decides later
	Booking       phrase // {amount} {date}; the money is being captured
	Unclear       phrase // {amount} {date}; nobody knows yet
	NotOffered    phrase
	Unavailable   phrase
	UnknownPage   phrase
	LinkEnded     phrase
	PDFGone       phrase // the customer was erased
	TooMany       phrase
	ForeignForm   phrase
	OurMistake    phrase
	SomethingDown phrase

	Months [12]string
	First  string // the first day of a month
	Day    string // any other day; takes its number
}

// languages are the pages' languages, in the order in which they are offered.
var languages = invoice.Languages

var (
	//go:embed words
	wordFiles embed.FS

	// dictionary holds the words per language. "Pay now" and "paid" are the product's own words and stay as they are.
	dictionary = words.Languages[pageWords](wordFiles, "words/pages")
)

// fill puts a value in the place of {name}.
func (p phrase) fill(name, value string) phrase {
	return phrase{p.Title, strings.ReplaceAll(p.Text, "{"+name+"}", value)}
}

// zurich is the time zone of "today" and of the dates on the pages.
var zurich = func() *time.Location {
	location, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		panic(err) // the zones are compiled in above
	}
	return location
}()

// today is the calendar day in Switzerland, as midnight UTC like the dates of invoices.
func today(now time.Time) time.Time {
	year, month, day := now.In(zurich).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// date writes a calendar day: 1. März 2027, 1er mars 2027, 1° marzo 2027, 1 March 2027.
func (w pageWords) date(t time.Time) string {
	day := w.First
	if t.Day() > 1 {
		day = fmt.Sprintf(w.Day, t.Day())
	}
	return fmt.Sprintf("%s\u00a0%s\u00a0%d", day, w.Months[t.Month()-1], t.Year())
}

// swiss writes an amount the way it stands on Swiss invoices: 1’234.50, without its currency.
func swiss(a money.Amount) string {
	return money.Grouped(a.Value())
}
