package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// CreateExchange answers POST /exchanges.
func (s *server) CreateExchange(ctx context.Context, r spec.CreateExchangeRequestObject) (spec.CreateExchangeResponseObject, error) {
	body := r.Body
	text := cmp.Or(deref(body.Text), "-") // the company's language is known later
	given, taken, fields := s.exchangeSides(*body, &text)
	e := booking.ManualEntry{
		ID: newID(ctx, id.ManualEntry), CompanyID: callerOf(ctx).companyID, By: callerOf(ctx).actor(), Day: body.Date.Time, Text: text,
		Lines: ledger.Exchanged(body.From.Account, given, body.To.Account, taken),
	}
	var answer spec.JournalEntry
	err := inCompany(ctx, s.Store, e.CompanyID, func(tx ManualEntriesTx) error {
		chart, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		wrong := slices.Clone(fields)
		for name, account := range map[string]string{"from.account": body.From.Account, "to.account": body.To.Account} {
			if account == ledger.Transit || !slices.ContainsFunc(chart, func(a ledger.Account) bool { return a.Number == account }) {
				wrong = append(wrong, problem.Field{Name: name, Message: "must be an account of the chart, see GET /v1/accounts, and not " + ledger.Transit})
			}
		}
		if err := problem.InvalidFields(wrong...); err != nil {
			return err
		}
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		if body.Text == nil {
			e.Text = ledger.ExchangeText(company.Language, given, taken)
		}
		booked, err := booking.Manual(ctx, tx, e)
		if err != nil {
			return err
		}
		answer = shownEntry(booked)
		return booking.ExchangeDifferences(ctx, tx, company)
	})
	return spec.CreateExchange201JSONResponse(answer), err
}

// exchangeSides reads what goes and what comes, brings the text into the form in which it is kept, and names what is wrong.
func (s *server) exchangeSides(body spec.NewExchange, text *string) (given, taken money.Amount, fields []problem.Field) {
	given, fields = exchangeSide("from", body.From)
	taken, faults := exchangeSide("to", body.To)
	if fields = append(fields, faults...); body.From.Currency == body.To.Currency {
		fields = append(fields, problem.Field{Name: "to.currency", Message: "must not be the currency of from"})
	}
	return given, taken, append(fields, s.faultsByHand(text, body.Date.Time)...)
}

// exchangeSide reads what went or came, or says which fields are at fault; their names begin with that of the side.
func exchangeSide(name string, side spec.ExchangeSide) (amount money.Amount, fields []problem.Field) {
	amount, err := money.Parse(side.Amount, money.Currency(side.Currency))
	if err == nil && !amount.IsPositive() {
		err = fmt.Errorf("must be more than 0")
	}
	if err != nil {
		fields = append(fields, problem.Field{Name: name + ".amount", Message: err.Error()})
	}
	return amount, fields
}
