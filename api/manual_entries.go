package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/exchange"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
)

// ManualEntriesTx is what entries by hand need of a transaction.
type ManualEntriesTx interface {
	Company(ctx context.Context) (merchant.Company, error)
	Accounts(ctx context.Context) ([]ledger.Account, error)
	Entry(ctx context.Context, id string) (ledger.Entry, error)
	LockEntry(ctx context.Context, id string) (ledger.Entry, error)
	Append(ctx context.Context, e ledger.Entry) (ledger.Entry, error)
	UnevenExchanges(ctx context.Context) ([]ledger.Exchange, error)
}

// CreateManualEntry answers POST /manual-entries.
func (s *server) CreateManualEntry(ctx context.Context, r spec.CreateManualEntryRequestObject) (spec.CreateManualEntryResponseObject, error) {
	e, invalid := s.newManualEntry(*r.Body)
	e.ID, e.CompanyID, e.By = newID(ctx, id.ManualEntry), callerOf(ctx).companyID, callerOf(ctx).actor()
	var answer spec.JournalEntry
	err := inCompany(ctx, s.Store, e.CompanyID, func(tx ManualEntriesTx) error {
		chart, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		var faults []problem.Field
		for i, line := range e.Lines {
			if !slices.ContainsFunc(chart, func(a ledger.Account) bool { return a.Number == line.Account }) {
				faults = append(faults, problem.Field{Name: fmt.Sprintf("lines.%d.account", i), Message: "must be an account of the chart, see GET /v1/accounts"})
			}
		}
		if err := problem.Together(invalid, problem.InvalidFields(faults...)); err != nil {
			return err
		}
		booked, err := booking.Manual(ctx, tx, e)
		answer = shownEntry(booked)
		return err
	})
	return spec.CreateManualEntry201JSONResponse(answer), err
}

// newManualEntry returns the entry that a body describes, and an Invalid problem that names every field at fault, or nil.
func (s *server) newManualEntry(body spec.NewManualEntry) (booking.ManualEntry, error) {
	e := booking.ManualEntry{Day: body.Date.Time, Text: body.Text}
	var fields []problem.Field
	currency, err := money.ParseCurrency(string(body.Currency))
	if err != nil {
		fields = append(fields, problem.Field{Name: "currency", Message: err.Error()})
		currency = money.CHF // the lines are looked at all the same
	}
	if body.ExchangeRate != nil {
		var err error
		if e.Rate, err = exchange.ParseRate(*body.ExchangeRate); err == nil && currency == money.CHF {
			err = fmt.Errorf("must be absent: the entry is in CHF")
		}
		if err != nil {
			fields = append(fields, problem.Field{Name: "exchange_rate", Message: err.Error()})
		}
	}
	for i, in := range body.Lines {
		line, faults := parseLine(in, currency, fmt.Sprintf("lines.%d.", i))
		e.Lines, fields = append(e.Lines, line), append(fields, faults...)
	}
	fields = append(fields, s.faultsByHand(&e.Text, e.Day)...)
	return e, problem.InvalidFields(fields...)
}

// parseLine reads a line, or says which of its fields are at fault; their names begin with path.
func parseLine(in spec.NewJournalLine, currency money.Currency, path string) (ledger.Line, []problem.Field) {
	if (in.Debit == nil) == (in.Credit == nil) {
		return ledger.Line{Account: in.Account}, []problem.Field{{Name: path + "debit", Message: "or credit is needed, and not both"}}
	}
	name, value, side := "debit", in.Debit, ledger.Debit
	if value == nil {
		name, value, side = "credit", in.Credit, ledger.Credit
	}
	amount, err := money.Parse(*value, currency)
	if err == nil && !amount.IsPositive() {
		err = fmt.Errorf("must be more than 0")
	}
	if err != nil {
		return ledger.Line{Account: in.Account}, []problem.Field{{Name: path + name, Message: err.Error()}}
	}
	return side(in.Account, amount), nil
}

// faultsByHand brings the text of an entry that a person makes into the form in which it is kept, and names what is wrong with it and
// with the date.
func (s *server) faultsByHand(words *string, day time.Time) []problem.Field {
	fields := text.Line("text", words, 1, 200)
	if latest := today(s.now()).AddDate(1, 0, 0); day.Year() < 2000 || day.After(latest) {
		fields = append(fields, problem.Field{Name: "date", Message: "must be a day between 2000-01-01 and " + latest.Format(time.DateOnly)})
	}
	return fields
}

// ReverseJournalEntry answers POST /journal/{entry_id}/reverse.
func (s *server) ReverseJournalEntry(ctx context.Context, r spec.ReverseJournalEntryRequestObject) (spec.ReverseJournalEntryResponseObject, error) {
	wish := deref(r.Body)
	var answer spec.JournalEntry
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx ManualEntriesTx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		e, err := tx.LockEntry(ctx, r.EntryID)
		if err != nil {
			return err
		}
		if e.ReversedBy != "" && repeated(ctx) {
			back, err := tx.Entry(ctx, e.ReversedBy)
			answer = shownEntry(back)
			return err
		}
		if e.ReversedBy != "" {
			return problem.New(problem.EntryReversed, "Journal entry %s is reversed by %s.", e.ID, e.ReversedBy)
		}
		day := today(s.now())
		if wish.Date != nil {
			day = wish.Date.Time
		} else if e.Date.After(day) {
			day = e.Date
		}
		given := deref(wish.Text)
		words := cmp.Or(given, e.Text)
		if err := problem.InvalidFields(s.faultsByHand(&words, day)...); err != nil {
			return err
		}
		if given != "" {
			given = words
		}
		booked, err := booking.Reversal(ctx, tx, ledger.Reversal{
			Entry: e, Language: company.Language, Day: day, Text: given, By: callerOf(ctx).actor(),
		})
		if err != nil {
			return err
		}
		answer = shownEntry(booked)
		return booking.ExchangeDifferences(ctx, tx, company)
	})
	return spec.ReverseJournalEntry201JSONResponse(answer), err
}
