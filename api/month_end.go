package api

import (
	"context"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/oversight"
	"github.com/quittance/quittance/internal/problem"
)

// MonthEndTx is what the month end needs of a transaction.
type MonthEndTx interface {
	OpenUntil(ctx context.Context, day time.Time) ([]oversight.OpenItem, error)
	BooksClosedUntil(ctx context.Context) (time.Time, error)
}

// closingHour is from when on the books can be closed until the end of the same day. What is paid later that evening is booked on the
// first open day.
const closingHour = 18

// GetMonthEnd answers GET /month-end.
func (s *server) GetMonthEnd(ctx context.Context, r spec.GetMonthEndRequestObject) (spec.GetMonthEndResponseObject, error) {
	until := r.Params.Until.Time
	return answered(ctx, s, func(tx MonthEndTx) (spec.GetMonthEndResponseObject, error) {
		open, err := tx.OpenUntil(ctx, until)
		if err != nil {
			return nil, err
		}
		answer := spec.GetMonthEnd200JSONResponse{Until: date(until), Closable: s.mayClose("until", until) == nil, Open: mapped(open, shownOpen)}
		closed, err := tx.BooksClosedUntil(ctx)
		if !closed.IsZero() {
			day := date(closed)
			answer.ClosedUntil = &day
		}
		return answer, err
	})
}

// mayClose returns an Invalid problem of that field when the books can't be closed until the end of that day yet; nil for no day.
func (s *server) mayClose(field string, until time.Time) error {
	last := today(s.now())
	if s.now().In(zurich).Hour() < closingHour {
		last = last.AddDate(0, 0, -1)
	}
	if until.IsZero() || until.Year() >= 2000 && !until.After(last) {
		return nil
	}
	return problem.InvalidFields(problem.Field{Name: field, Message: "must be a day between 2000-01-01 and yesterday in Switzerland, or today from 18:00 on"})
}

func shownOpen(i oversight.OpenItem) spec.OpenItem {
	answer := spec.OpenItem{Kind: spec.OpenItemKind(i.Kind), ID: i.ID, Date: date(i.Day), State: i.State}
	if i.Amount != nil {
		value, currency := i.Amount.Value(), spec.Currency(i.Amount.Currency())
		answer.Amount, answer.Currency = &value, &currency
	}
	return answer
}
