package api

import (
	"context"
	"maps"
	"slices"
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
	Snapshot()
	Company(ctx context.Context) (merchant.Company, error)
	Standings(ctx context.Context, f listing.Standings) (standing []settlement.Standing, next string, err error)
	Payouts(ctx context.Context, f listing.Payouts) (payouts []settlement.Shown, next string, err error)
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
		tx.Snapshot()
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
			Date: date(today(setting.Now)), Data: []spec.Standing{}, NextCursor: optional(next), WaitingPayouts: shownPayouts(waiting),
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
			balances = append(balances, reconciledBalance(account, t.Balance(), setting, subtotals))
		}
	}
	return balances, err
}

// reconciledBalance returns what of the subtotals makes up the balance of an account, by reason and by age.
func reconciledBalance(account string, balance money.Amount, setting settlement.Setting, all []settlement.Subtotal) spec.ReconciledBalance {
	subtotals := slices.DeleteFunc(slices.Clone(all), func(t settlement.Subtotal) bool {
		return t.Account != account || t.Amount.Currency() != balance.Currency()
	})
	b := spec.ReconciledBalance{
		Account: account, Currency: spec.Currency(balance.Currency()), Balance: balance.Value(), Reasons: []spec.StandingTotal{}, Ages: []spec.StandingAgeTotal{},
	}
	total := money.Zero(balance.Currency())
	for _, t := range subtotals {
		total = total.Add(t.Amount)
		b.Overdue = b.Overdue || t.Reason.AwaitsPayout() && setting.Overdue(t.Day)
	}
	b.Total = total.Value()
	reasons := addedUp(subtotals, func(t settlement.Subtotal) settlement.Reason { return t.Reason })
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		t := reasons[reason]
		b.Reasons = append(b.Reasons, spec.StandingTotal{Reason: spec.StandingReason(reason), Amount: t.Amount.Value(), Count: t.Count, Oldest: date(t.Day)})
	}
	ages := addedUp(subtotals, setting.Age)
	for _, age := range settlement.Ages {
		if t, stands := ages[age]; stands {
			b.Ages = append(b.Ages, spec.StandingAgeTotal{Age: spec.StandingAge(age), Amount: t.Amount.Value(), Count: t.Count})
		}
	}
	return b
}

// addedUp returns the sums of the subtotals that have the same key, each with the oldest day.
func addedUp[K comparable](subtotals []settlement.Subtotal, key func(settlement.Subtotal) K) map[K]settlement.Subtotal {
	sums := map[K]settlement.Subtotal{}
	for _, t := range subtotals {
		k := key(t)
		if before, ok := sums[k]; ok {
			t.Amount, t.Count = t.Amount.Add(before.Amount), t.Count+before.Count
			if before.Day.Before(t.Day) {
				t.Day = before.Day
			}
		}
		sums[k] = t
	}
	return sums
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
