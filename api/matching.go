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
	BankAccounts(ctx context.Context) ([]merchant.BankAccount, error)
	InsertSettlement(ctx context.Context, s settlement.Settlement) error
	SettlementOf(ctx context.Context, hash []byte) (s settlement.Settlement, ok bool, err error)
	SettlementsWithPages(ctx context.Context, statements []settlement.Account) ([]settlement.Settlement, error)
	PayoutsOf(ctx context.Context, settlementID string) ([]settlement.Payout, error)
	Payout(ctx context.Context, id string) (settlement.Payout, error)
	SearchPayouts(ctx context.Context, s settlement.PayoutSearch) ([]settlement.Payout, error)
	SavePayout(ctx context.Context, p settlement.Payout) error
	Positions(ctx context.Context, s settlement.PositionSearch) ([]settlement.Position, error)
	Entry(ctx context.Context, id string) (ledger.Entry, error)
	Append(ctx context.Context, e ledger.Entry) (ledger.Entry, error)
	AppendEvent(ctx context.Context, e event.Event) error
}

// matching is a transaction in which payouts are matched and booked, and nothing else is booked for the company.
type matching struct {
	tx       MatchingTx
	receipts BankReceiptsTx  // the same
	rates    ExchangeRatesTx // the same
	company  merchant.Company
	setting  settlement.Setting
}

// matching runs fn in one transaction of the caller's company.
func (s *server) matching(ctx context.Context, fn func(matching) error) error {
	return inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx MatchingTx) error {
		m, err := s.matchingIn(ctx, tx)
		if err != nil {
			return err
		}
		return fn(m)
	})
}

// matchingIn begins it in a transaction that has done something else before.
func (s *server) matchingIn(ctx context.Context, tx MatchingTx) (matching, error) {
	if err := tx.LockJournal(ctx); err != nil {
		return matching{}, err
	}
	company, err := tx.Company(ctx)
	if err != nil {
		return matching{}, err
	}
	setting, err := settingOf(company, s.now())
	if err != nil {
		return matching{}, err
	}
	setting.By = callerOf(ctx).actor()
	if setting.Banks, err = tx.BankAccounts(ctx); err != nil {
		return matching{}, err
	}
	return matching{tx, any(tx).(BankReceiptsTx), any(tx).(ExchangeRatesTx), company, setting}, nil
}

func settingOf(c merchant.Company, now time.Time) (settlement.Setting, error) {
	canton, err := calendar.ForCanton(c.Canton)
	return settlement.Setting{CompanyID: c.ID, Calendar: canton, Now: now, PayoutDays: c.PayoutDays}, err
}

// take takes in a file and stores what it brings.
func (m matching) take(ctx context.Context, s settlement.Settlement, file settlement.File, body settlementFile, accounts []merchant.BankAccount) error {
	if file.InBatches() {
		return m.takeBatches(ctx, s, file, body)
	}
	if err := m.takeReceipts(ctx, s.ID, &file, accounts); err != nil {
		return err
	}
	matcher, err := m.matcher(ctx, file, file.Search())
	if err != nil {
		return err
	}
	matcher.Take(s.ID, file)
	if err := m.tx.InsertSettlement(ctx, s); err != nil {
		return err
	}
	return m.store(ctx, matcher)
}

// takeBatches takes in an MRX, a limited number of its transactions at a time. At the end it looks at everything else that waits.
func (m matching) takeBatches(ctx context.Context, s settlement.Settlement, file settlement.File, body settlementFile) error {
	if err := m.tx.InsertSettlement(ctx, s); err != nil {
		return err
	}
	several := false
	err := file.Batches(body, func(part settlement.File) error {
		matcher, err := m.matcher(ctx, part, part.Search())
		if err != nil {
			return err
		}
		several = several || part.Search().Narrow
		matcher.Take(s.ID, part)
		return m.store(ctx, matcher)
	})
	if err != nil || !several {
		return err
	}
	matcher, err := m.matcher(ctx, settlement.File{}, settlement.PayoutSearch{Carried: file.Search().Carried})
	if err != nil {
		return err
	}
	matcher.Take(s.ID, settlement.File{})
	return m.store(ctx, matcher)
}

// lookAgain looks at what waits, after something new stands on a receipt account.
func (m matching) lookAgain(ctx context.Context) error {
	matcher, err := m.matcher(ctx, settlement.File{}, settlement.PayoutSearch{})
	if err != nil {
		return err
	}
	matcher.LookAgain()
	return m.store(ctx, matcher)
}

// decide looks up a payout, lets fn decide on it, and stores what follows. Items are the ids of what the decision names.
func (m matching) decide(ctx context.Context, payoutID string, items []string, fn func(*settlement.Matcher, *settlement.Payout) error) (settlement.Payout, error) {
	p, err := m.tx.Payout(ctx, payoutID)
	if err != nil {
		return p, err
	}
	matcher, err := m.matcher(ctx, settlement.File{}, settlement.PayoutSearch{IDs: []string{p.ID, p.Returns}}, items...)
	if err != nil {
		return p, err
	}
	decided := matcher.Payout(payoutID)
	if err := fn(matcher, decided); err != nil {
		return p, err
	}
	err = m.store(ctx, matcher)
	return *decided, err
}

// matcher returns a matcher that knows what is needed for the file, for the payouts that the search chooses, and for those that wait.
func (m matching) matcher(ctx context.Context, file settlement.File, search settlement.PayoutSearch, items ...string) (*settlement.Matcher, error) {
	payouts, err := m.tx.SearchPayouts(ctx, search)
	if err != nil {
		return nil, err
	}
	positions, err := m.tx.Positions(ctx, settlement.Positions(m.setting, file, payouts, items...))
	if err != nil {
		return nil, err
	}
	return settlement.NewMatcher(m.setting, positions, payouts), nil
}

// store keeps what has changed, and books what is to be booked: payout, journal entry, the difference of an exchange and event together.
func (m matching) store(ctx context.Context, matcher *settlement.Matcher) error {
	for _, p := range matcher.Changed() {
		if err := m.book(ctx, matcher, p); err != nil {
			return err
		}
		if err := m.tx.SavePayout(ctx, *p); err != nil {
			return err
		}
	}
	return booking.ExchangeDifferences(ctx, m.rates, m.company)
}

// book brings the journal in step with a payout.
func (m matching) book(ctx context.Context, matcher *settlement.Matcher, p *settlement.Payout) error {
	switch {
	case p.LacksEntry():
		var returns string
		if p.Returns != "" {
			returns = matcher.Payout(p.Returns).EntryID
		}
		return booking.Payout(ctx, m.tx, m.company, p, returns, m.setting.Now)
	case p.State == settlement.Unmatched && p.EntryID != "": // reopened
		return booking.ReopenedPayout(ctx, m.tx, m.company, p, today(m.setting.Now), m.setting.By)
	case p.State.Waits() && p.CreatedAt.Equal(m.setting.Now): // new
		return m.tx.AppendEvent(ctx, event.New(event.PayoutWaiting, p.CompanyID, p.ID, m.setting.Now, p.Facts()))
	}
	return nil
}
