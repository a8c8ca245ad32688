package api

import (
	"context"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/oversight"
)

// SummaryTx is what the summary needs of a transaction.
type SummaryTx interface {
	Company(ctx context.Context) (merchant.Company, error)
	Turnovers(ctx context.Context, from, to time.Time) ([]ledger.Turnover, error)
	DailyTurnovers(ctx context.Context, account string, from time.Time) ([]ledger.DailyTurnover, error)
	Glance(ctx context.Context, today time.Time) (oversight.Glance, error)
}

// summaryDays is over how many days the summary shows the receipt account, today among them.
const summaryDays = 30

// GetSummary answers GET /summary.
func (s *server) GetSummary(ctx context.Context, _ spec.GetSummaryRequestObject) (spec.GetSummaryResponseObject, error) {
	return answered(ctx, s, func(tx SummaryTx) (spec.GetSummaryResponseObject, error) {
		company, err := tx.Company(ctx)
		if err != nil {
			return nil, err
		}
		day := today(s.now())
		glance, err := tx.Glance(ctx, day)
		if err != nil {
			return nil, err
		}
		answer := spec.GetSummary200JSONResponse{
			Date: date(day), Exceptions: glance.Exceptions, Payouts: glance.Payouts,
			Received: mapped(glance.Received, shownTally), Open: mapped(glance.Open, shownTally), Overdue: mapped(glance.Overdue, shownTally),
			ReceiptAccount: spec.SummaryAccount{Number: company.ReceiptAccount, Balances: []spec.SummaryBalance{}},
		}
		turnovers, err := tx.Turnovers(ctx, time.Time{}, time.Time{})
		if err != nil {
			return nil, err
		}
		daily, err := tx.DailyTurnovers(ctx, company.ReceiptAccount, day.AddDate(0, 0, 1-summaryDays))
		for _, t := range turnovers {
			if t.Account == company.ReceiptAccount {
				answer.ReceiptAccount.Balances = append(answer.ReceiptAccount.Balances, summedBalance(t.Balance(), daily, day))
			}
		}
		return answer, err
	})
}

// summedBalance returns a balance with what it was at the end of each of the last days, the oldest first.
func summedBalance(balance money.Amount, daily []ledger.DailyTurnover, day time.Time) spec.SummaryBalance {
	b := spec.SummaryBalance{Currency: spec.Currency(balance.Currency()), Amount: balance.Value(), Days: make([]spec.DayBalance, summaryDays)}
	for i := range b.Days {
		end := day.AddDate(0, 0, -i)
		at := balance
		for _, t := range daily {
			if t.Day.After(end) && t.Debit.Currency() == balance.Currency() {
				at = at.Sub(t.Balance())
			}
		}
		b.Days[summaryDays-1-i] = spec.DayBalance{Date: date(end), Amount: at.Value()}
	}
	return b
}

func shownTally(t oversight.Tally) spec.Tally {
	return spec.Tally{Currency: spec.Currency(t.Amount.Currency()), Amount: t.Amount.Value(), Count: t.Count}
}
