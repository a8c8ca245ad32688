package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// ManualEntriesTx is what entries by hand need of a transaction.
type ManualEntriesTx interface {
	Company(ctx context.Context) (merchant.Company, error)
	Accounts(ctx context.Context) ([]ledger.Account, error)
	Entry(ctx context.Context, id string) (ledger.Entry, error)
	LockEntry(ctx context.Context, id string) (ledger.Entry, error)
	Append(ctx context.Context, e ledger.Entry) (ledger.Entry, error)
}

// CreateManualEntry answers POST /manual-entries.
func (s *server) CreateManualEntry(ctx context.Context, r spec.CreateManualEntryRequestObject) (spec.CreateManualEntryResponseObject, error) {
	e := booking.ManualEntry{
		ID: newID(ctx, id.ManualEntry), CompanyID: callerOf(ctx).companyID, Day: r.Body.Date.Time, Text: r.Body.Text, By: callerOf(ctx).keyID,
	}
	var fields []problem.Field
	for i, in := range r.Body.Lines {
		line, faults := parseLine(in, money.Currency(r.Body.Currency), fmt.Sprintf("lines.%d.", i))
		e.Lines, fields = append(e.Lines, line), append(fields, faults...)
	}
	fields = append(fields, s.faultsByHand(e.Text, e.Day)...)
	var answer spec.JournalEntry
	err := inCompany(ctx, s.Store, e.CompanyID, func(tx ManualEntriesTx) error {
		chart, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		faults := slices.Clone(fields)
		for i, line := range e.Lines {
			if !slices.ContainsFunc(chart, func(a ledger.Account) bool { return a.Number == line.Account }) {
				faults = append(faults, problem.Field{Name: fmt.Sprintf("lines.%d.account", i), Message: "must be an account of the chart, see GET /v1/accounts"})
			}
		}
		if err := problem.InvalidFields(faults...); err != nil {
			return err
		}
		booked, err := booking.Manual(ctx, tx, e)
		answer = shownEntry(booked)
		return err
	})
	return spec.CreateManualEntry201JSONResponse(answer), err
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

// faultsByHand names what is wrong with the text and the date of an entry that a person makes.
func (s *server) faultsByHand(text string, day time.Time) (fields []problem.Field) {
	if !invoice.Printable(text, 1, 200) {
		fields = append(fields, problem.Field{Name: "text", Message: "must have 1 to 200 printable characters"})
	}
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
		if err := problem.InvalidFields(s.faultsByHand(cmp.Or(deref(wish.Text), e.Text), day)...); err != nil {
			return err
		}
		booked, err := booking.Reversal(ctx, tx, ledger.Reversal{
			Entry: e, Language: company.Language, Day: day, Text: deref(wish.Text), By: callerOf(ctx).keyID,
		})
		answer = shownEntry(booked)
		return err
	})
	return spec.ReverseJournalEntry201JSONResponse(answer), err
}
