package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/exchange"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/strictxml"
)

// ExchangeRatesTx is what the calls for exchange rates need of a transaction.
type ExchangeRatesTx interface {
	LockJournal(ctx context.Context) error
	Company(ctx context.Context) (merchant.Company, error)
	BooksClosedUntil(ctx context.Context) (time.Time, error)
	ExchangeRates(ctx context.Context, month time.Time) ([]exchange.Rate, error)
	SaveExchangeRate(ctx context.Context, r exchange.Rate) error
	UnevenExchanges(ctx context.Context) ([]ledger.Exchange, error)
	Append(ctx context.Context, e ledger.Entry) (ledger.Entry, error)
}

// ListExchangeRates answers GET /exchange-rates.
func (s *server) ListExchangeRates(ctx context.Context, r spec.ListExchangeRatesRequestObject) (spec.ListExchangeRatesResponseObject, error) {
	var month time.Time
	if r.Params.Month != nil {
		month, _ = exchange.ParseMonth(*r.Params.Month) // the specification lets months pass only
	}
	return answered(ctx, s, func(tx ExchangeRatesTx) (spec.ListExchangeRatesResponseObject, error) {
		rates, err := tx.ExchangeRates(ctx, month)
		return spec.ListExchangeRates200JSONResponse{Data: mapped(rates, shownRate)}, err
	})
}

// SetExchangeRate answers POST /exchange-rates.
func (s *server) SetExchangeRate(ctx context.Context, r spec.SetExchangeRateRequestObject) (spec.SetExchangeRateResponseObject, error) {
	rate, err := newRate(*r.Body)
	if err != nil {
		return nil, err
	}
	saved, err := s.saveRates(ctx, rate)
	if err != nil {
		return nil, err
	}
	return spec.SetExchangeRate201JSONResponse(shownRate(saved[0])), nil
}

func newRate(body spec.NewExchangeRate) (exchange.Rate, error) {
	var fields []problem.Field
	month, err := exchange.ParseMonth(body.Month)
	if err != nil {
		fields = append(fields, problem.Field{Name: "month", Message: err.Error()})
	}
	value, err := exchange.ParseRate(body.Rate)
	if err != nil {
		fields = append(fields, problem.Field{Name: "rate", Message: err.Error()})
	}
	return exchange.Rate{Month: month, Currency: money.Currency(body.Currency), Value: value, Source: exchange.Manual}, problem.InvalidFields(fields...)
}

// ImportExchangeRates answers POST /exchange-rates/import.
func (s *server) ImportExchangeRates(ctx context.Context, r spec.ImportExchangeRatesRequestObject) (spec.ImportExchangeRatesResponseObject, error) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	list, err := exchange.ReadCustoms(data)
	if fault, ok := errors.AsType[*strictxml.Error](err); ok {
		return nil, problem.InvalidFields(problem.Field{Name: fmt.Sprintf("line %d", fault.Line), Message: fault.Reason})
	}
	if err != nil {
		return nil, err
	}
	saved, err := s.saveRates(ctx, list.Rates...)
	month := list.Month.Format("2006-01")
	return spec.ImportExchangeRates201JSONResponse{ID: month, Month: month, Data: mapped(saved, shownRate), Others: list.Others}, err
}

// saveRates keeps the rates of the caller's company, all or none, and books what exchanges lost or won by them. It returns them as they
// are kept: a rate that is the same already stays as it was entered.
func (s *server) saveRates(ctx context.Context, rates ...exchange.Rate) (saved []exchange.Rate, err error) {
	who := callerOf(ctx)
	err = inCompany(ctx, s.Store, who.companyID, func(tx ExchangeRatesTx) error {
		saved = nil
		if err := tx.LockJournal(ctx); err != nil { // nothing is booked or closed meanwhile
			return err
		}
		closedUntil, err := tx.BooksClosedUntil(ctx)
		if err != nil {
			return err
		}
		for _, rate := range rates {
			rate.CompanyID, rate.SavedAt, rate.SavedBy = who.companyID, s.now(), who.actor()
			kept, err := tx.ExchangeRates(ctx, rate.Month)
			if err != nil {
				return err
			}
			var before exchange.Rate
			if i := slices.IndexFunc(kept, func(r exchange.Rate) bool { return r.Currency == rate.Currency }); i >= 0 {
				before = kept[i]
			}
			if err := rate.Replace(before, closedUntil); err != nil {
				return err
			}
			if before.Value.Equal(rate.Value) {
				rate = before
			} else if err := tx.SaveExchangeRate(ctx, rate); err != nil {
				return err
			}
			saved = append(saved, rate)
		}
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		return booking.ExchangeDifferences(ctx, tx, company)
	})
	return saved, err
}

func shownRate(r exchange.Rate) spec.ExchangeRate {
	return spec.ExchangeRate{
		ID: r.ID(), Month: r.Month.Format("2006-01"), Currency: spec.ForeignCurrency(r.Currency), Rate: r.Value.String(),
		Source: spec.ExchangeRateSource(r.Source), SavedAt: r.SavedAt, SavedBy: r.SavedBy,
	}
}
