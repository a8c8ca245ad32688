package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

// StatementsTx is what the monthly statements need of a transaction.
type StatementsTx interface {
	Snapshot()
	Company(ctx context.Context) (merchant.Company, error)
	Accounts(ctx context.Context) ([]ledger.Account, error)
	Turnovers(ctx context.Context, from, to time.Time) ([]ledger.Turnover, error)
	Values(ctx context.Context, until time.Time) ([]ledger.Valued, error)
	Volumes(ctx context.Context, from, to time.Time) ([]ledger.Volume, error)
	BooksClosedUntil(ctx context.Context) (time.Time, error)
	Head(ctx context.Context) (ledger.Chain, error)
	Movements(ctx context.Context, f listing.Movements) ([]ledger.Movement, error)
}

// statement is what a company's books say of one month.
type statement struct {
	company     merchant.Company
	from, to    time.Time         // first and last day of the month
	names       map[string]string // of accounts, in the company's language
	sheets      []ledger.Sheet
	values      map[accountIn]ledger.Turnover // what stood on the sheets at the end, in francs
	volumes     []ledger.Volume
	closedUntil time.Time
	made        time.Time
	chain       ledger.Chain // of the whole journal when it was made
}

// closed reports whether nothing can be booked in the month any more.
func (t statement) closed() bool { return !t.closedUntil.Before(t.to) }

// worth returns what a foreign currency on a sheet is worth in francs at the end of the month; false for francs, and while a rate is missing.
func (t statement) worth(s ledger.Sheet) (money.Amount, bool) {
	v, ok := t.values[accountIn{s.Account, s.Opening.Currency()}]
	if !ok {
		return money.Amount{}, false
	}
	return v.Balance(), true
}

// GetStatement answers GET /statements/{month}.
func (s *server) GetStatement(ctx context.Context, r spec.GetStatementRequestObject) (spec.GetStatementResponseObject, error) {
	month, err := time.Parse("2006-01", r.Month)
	if err != nil {
		return nil, problem.New(problem.NotFound, "There is no month %s.", r.Month)
	}
	t, err := s.statement(ctx, month)
	if err != nil {
		return nil, err
	}
	switch accepted(ctx, "application/json", "text/html", "text/csv") {
	case "text/html":
		return s.statementPage(ctx, t)
	case "text/csv":
		return s.statementCSV(ctx, t)
	default:
		return shownStatement(t), nil
	}
}

func (s *server) statement(ctx context.Context, month time.Time) (t statement, err error) {
	err = inCompany(ctx, s.Store, callerOf(ctx).companyID, func(tx StatementsTx) error {
		tx.Snapshot()
		t = statement{from: month, to: month.AddDate(0, 1, -1), names: map[string]string{}, made: s.now()}
		if t.company, err = tx.Company(ctx); err != nil {
			return err
		}
		accounts, err := tx.Accounts(ctx)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			t.names[a.Number] = a.Names[t.company.Language]
		}
		before, err := tx.Turnovers(ctx, time.Time{}, t.from.AddDate(0, 0, -1))
		if err != nil {
			return err
		}
		within, err := tx.Turnovers(ctx, t.from, t.to)
		if err != nil {
			return err
		}
		t.sheets = ledger.Sheets(before, within)
		values, err := tx.Values(ctx, t.to)
		if err != nil {
			return err
		}
		t.values = inFrancs(nil, values)
		if t.volumes, err = tx.Volumes(ctx, t.from, t.to); err != nil {
			return err
		}
		slices.SortStableFunc(t.volumes, func(a, b ledger.Volume) int {
			return cmp.Compare(slices.Index(ledger.SourceKinds, a.Kind), slices.Index(ledger.SourceKinds, b.Kind))
		})
		if t.closedUntil, err = tx.BooksClosedUntil(ctx); err != nil {
			return err
		}
		t.chain, err = tx.Head(ctx)
		return err
	})
	return t, err
}

// movements returns the next lines of the month, by account, after the last one of those before; not what was booked since the
// sheets were added up.
func (s *server) movements(ctx context.Context, t statement, after ledger.Movement, limit int) (movements []ledger.Movement, err error) {
	err = inCompany(ctx, s.Store, t.company.ID, func(tx StatementsTx) error {
		movements, err = tx.Movements(ctx, listing.Movements{From: t.from, To: t.to, Until: t.chain.Sequence, After: after, Limit: limit})
		return err
	})
	return movements, err
}

func shownStatement(t statement) spec.GetStatement200JSONResponse {
	return spec.GetStatement200JSONResponse{
		Month:    t.from.Format("2006-01"),
		Company:  t.company.Name,
		Language: spec.Language(t.company.Language),
		Closed:   t.closed(),
		Accounts: mapped(t.sheets, func(s ledger.Sheet) spec.StatementAccount {
			shown := spec.StatementAccount{
				Number: s.Account, Name: t.names[s.Account], Currency: spec.Currency(s.Opening.Currency()),
				Opening: s.Opening.Value(), Debit: s.Debit.Value(), Credit: s.Credit.Value(), Closing: s.Closing().Value(),
			}
			if v, ok := t.worth(s); ok {
				shown.ClosingValue = optional(v.Value())
			}
			return shown
		}),
		Bookings: mapped(t.volumes, func(v ledger.Volume) spec.StatementBookings {
			return spec.StatementBookings{
				Source: spec.JournalSourceKind(v.Kind), Currency: spec.Currency(v.Amount.Currency()), Entries: v.Entries, Amount: v.Amount.Value(),
			}
		}),
		Entries: t.chain.Sequence,
		Hash:    t.chain.Hash,
	}
}
