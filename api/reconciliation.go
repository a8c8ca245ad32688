package api

import (
	"context"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/settlement"
)

// ReconciliationTx is what the reconciliation needs of a transaction.
type ReconciliationTx interface {
	Snapshot(ctx context.Context) error
	Company(ctx context.Context) (merchant.Company, error)
	Standings(ctx context.Context, f listing.Standings) (standing []settlement.Standing, next string, err error)
	Payouts(ctx context.Context, f listing.Payouts) (payouts []settlement.Payout, next string, err error)
	ReceiptAccounts(ctx context.Context) (numbers []string, err error)
	Turnovers(ctx context.Context, from, to time.Time) ([]ledger.Turnover, error)
	Subtotals(ctx context.Context) ([]settlement.Subtotal, error)
}

// GetReconciliation answers GET /reconciliation. Balances and reasons are read in one transaction, but from different places: the
// balance from the account, the reasons from what stands behind its entries.
func (s *server) GetReconciliation(ctx context.Context, r spec.GetReconciliationRequestObject) (spec.GetReconciliationResponseObject, error) {
	filter := listing.Standings{
		Account: deref(r.Params.Account), Currency: money.Currency(deref(r.Params.Currency)), Reason: settlement.Reason(deref(r.Params.Reason)),
		Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit),
	}
	var answer spec.Reconciliation
	err := inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx ReconciliationTx) error {
		if err := tx.Snapshot(ctx); err != nil {
			return err
		}
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		setting, err := settingOf(company, s.now())
		if err != nil {
			return err
		}
		standing, next, err := tx.Standings(ctx, filter)
		if err != nil {
			return err
		}
		waiting, _, err := tx.Payouts(ctx, listing.Payouts{States: []settlement.State{settlement.Proposed, settlement.Unmatched}})
		if err != nil {
			return err
		}
		answer = spec.Reconciliation{
			Date: date(today(setting.Now)), Data: []spec.Standing{}, NextCursor: optional(next), WaitingPayouts: mapped(waiting, shownPayout),
		}
		for _, standing := range standing {
			answer.Data = append(answer.Data, shownStanding(setting, standing))
		}
		answer.Balances, err = reconciled(ctx, tx, setting, filter)
		return err
	})
	return spec.GetReconciliation200JSONResponse(answer), err
}

// reconciled returns the balances of the receipt accounts that the filter chooses, and what they are made of.
func reconciled(ctx context.Context, tx ReconciliationTx, setting settlement.Setting, f listing.Standings) ([]spec.ReconciledBalance, error) {
	accounts, err := tx.ReceiptAccounts(ctx)
	if err != nil {
		return nil, err
	}
	turnovers, err := tx.Turnovers(ctx, time.Time{}, time.Time{})
	if err != nil {
		return nil, err
	}
	subtotals, err := tx.Subtotals(ctx)
	balances := []spec.ReconciledBalance{}
	for _, account := range accounts {
		for _, t := range turnovers {
			currency := t.Debit.Currency()
			if t.Account != account || f.Account != "" && f.Account != account || f.Currency != "" && f.Currency != currency {
				continue
			}
			b := spec.ReconciledBalance{Account: account, Currency: spec.Currency(currency), Balance: t.Balance().Value(), Reasons: []spec.StandingTotal{}}
			total := money.Zero(currency)
			for _, sub := range subtotals {
				if sub.Account != account || sub.Amount.Currency() != currency {
					continue
				}
				total = total.Add(sub.Amount)
				b.Overdue = b.Overdue || sub.Reason.AwaitsPayout() && setting.Overdue(sub.Oldest)
				b.Reasons = append(b.Reasons, spec.StandingTotal{
					Reason: spec.StandingReason(sub.Reason), Amount: sub.Amount.Value(), Count: sub.Count, Oldest: date(sub.Oldest),
				})
			}
			b.Total = total.Value()
			balances = append(balances, b)
		}
	}
	return balances, err
}

func shownStanding(setting settlement.Setting, s settlement.Standing) spec.Standing {
	answer := spec.Standing{
		Reason:    spec.StandingReason(s.Reason),
		Account:   s.Account,
		Currency:  spec.Currency(s.Amount.Currency()),
		Amount:    s.Amount.Value(),
		Date:      date(s.Day),
		AgeDays:   int(today(setting.Now).Sub(s.Day).Hours() / 24),
		Text:      s.Text,
		EntryID:   s.EntryID,
		Source:    shownSource(s.Source),
		InvoiceID: optional(s.InvoiceID),
		PaymentID: optional(s.PaymentID),
		PayoutID:  optional(s.PayoutID),
	}
	if s.Reason.AwaitsPayout() {
		expected, overdue := date(setting.Expected(s.Day)), setting.Overdue(s.Day)
		answer.ExpectedPayout, answer.Overdue = &expected, &overdue
	}
	return answer
}

func shownSource(s ledger.Source) spec.JournalSource {
	return spec.JournalSource{Kind: spec.JournalSourceKind(s.Kind), ID: s.ID}
}
