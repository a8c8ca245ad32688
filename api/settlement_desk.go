package api

import (
	"context"
	"time"

	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/settlement"
)

// MatchingTx is what matching and booking payouts needs of a transaction.
type MatchingTx interface {
	LockJournal(ctx context.Context) error
	Company(ctx context.Context) (merchant.Company, error)
	Accounts(ctx context.Context) ([]ledger.Account, error)
	InsertSettlement(ctx context.Context, s settlement.Settlement) error
	SettlementOf(ctx context.Context, hash []byte) (s settlement.Settlement, ok bool, err error)
	PayoutsOf(ctx context.Context, settlementID string) ([]settlement.Payout, error)
	Payout(ctx context.Context, id string) (settlement.Payout, error)
	SearchPayouts(ctx context.Context, s settlement.PayoutSearch) ([]settlement.Payout, error)
	SavePayout(ctx context.Context, p settlement.Payout) error
	Positions(ctx context.Context, s settlement.PositionSearch) ([]settlement.Position, error)
	Entry(ctx context.Context, id string) (ledger.Entry, error)
	Append(ctx context.Context, e ledger.Entry) (ledger.Entry, error)
	AppendEvent(ctx context.Context, e event.Event) error
}

// desk is a transaction in which payouts are matched and booked, and nothing else is booked for the company.
type desk struct {
	tx      MatchingTx
	company merchant.Company
	setting settlement.Setting
}

// atDesk runs fn in one transaction of the caller's company.
func (s *server) atDesk(ctx context.Context, fn func(desk) error) error {
	who := callerOf(ctx)
	return inCompany(ctx, s.Store, who.companyID, func(tx MatchingTx) error {
		if err := tx.LockJournal(ctx); err != nil {
			return err
		}
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		setting, err := settingOf(company, s.now())
		setting.By = who.actor()
		if err != nil {
			return err
		}
		return fn(desk{tx, company, setting})
	})
}

func settingOf(c merchant.Company, now time.Time) (settlement.Setting, error) {
	canton, err := calendar.ForCanton(c.Canton)
	return settlement.Setting{CompanyID: c.ID, Calendar: canton, Now: now, PayoutDays: c.PayoutDays}, err
}

// take takes in a file and stores what it brings.
func (d desk) take(ctx context.Context, s settlement.Settlement, file settlement.File) error {
	table, err := d.lay(ctx, file, file.Search())
	if err != nil {
		return err
	}
	table.Take(s.ID, file)
	if err := d.tx.InsertSettlement(ctx, s); err != nil {
		return err
	}
	return d.store(ctx, table)
}

// decide looks up a payout, lets fn decide on it, and stores what follows. Items are the ids of what the decision names.
func (d desk) decide(ctx context.Context, payoutID string, items []string, fn func(*settlement.Desk, *settlement.Payout) error) (settlement.Payout, error) {
	p, err := d.tx.Payout(ctx, payoutID)
	if err != nil {
		return p, err
	}
	table, err := d.lay(ctx, settlement.File{}, settlement.PayoutSearch{IDs: []string{p.ID, p.Returns}}, items...)
	if err != nil {
		return p, err
	}
	decided := table.Payout(payoutID)
	if err := fn(table, decided); err != nil {
		return p, err
	}
	err = d.store(ctx, table)
	return *decided, err
}

// lay puts on a table what is needed for the file, for the payouts that the search chooses, and for those that wait.
func (d desk) lay(ctx context.Context, file settlement.File, search settlement.PayoutSearch, items ...string) (*settlement.Desk, error) {
	payouts, err := d.tx.SearchPayouts(ctx, search)
	if err != nil {
		return nil, err
	}
	positions, err := d.tx.Positions(ctx, settlement.Positions(d.setting, file, payouts, items...))
	if err != nil {
		return nil, err
	}
	return settlement.NewDesk(d.setting, positions, payouts), nil
}

// store keeps what has changed, and books what is to be booked: payout, journal entry and event together.
func (d desk) store(ctx context.Context, table *settlement.Desk) error {
	for _, p := range table.Changed() {
		if err := d.book(ctx, table, p); err != nil {
			return err
		}
		if err := d.tx.SavePayout(ctx, *p); err != nil {
			return err
		}
	}
	return nil
}

// book brings the journal in step with a payout.
func (d desk) book(ctx context.Context, table *settlement.Desk, p *settlement.Payout) error {
	switch {
	case p.State == settlement.Booked && p.EntryID == "":
		var returns string
		if p.Returns != "" {
			returns = table.Payout(p.Returns).EntryID
		}
		return booking.Payout(ctx, d.tx, d.company, p, returns, d.setting.Now)
	case p.State == settlement.Unmatched && p.EntryID != "": // reopened
		return booking.ReopenedPayout(ctx, d.tx, d.company, p, today(d.setting.Now), d.setting.By)
	case p.State.Waits() && p.CreatedAt.Equal(d.setting.Now): // new
		return d.tx.AppendEvent(ctx, event.New(event.PayoutWaiting, p.CompanyID, p.ID, d.setting.Now, p.Facts()))
	}
	return nil
}
