package booking

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/ledger"
)

// ManualEntry is an entry that a person writes.
type ManualEntry struct {
	ID        string // its natural key
	CompanyID string
	Day       time.Time // midnight UTC
	Text      string
	Lines     []ledger.Line
	Rate      decimal.Decimal // see ledger.Entry
	By        string          // the id of the key with which it is entered
}

// Manual books an entry that a person writes, and returns it as it stands in the journal. Problems: entry-not-balanced,
// period-closed.
func Manual(ctx context.Context, tx Journal, m ManualEntry) (ledger.Entry, error) {
	return tx.Append(ctx, ledger.Entry{
		CompanyID: m.CompanyID, Date: m.Day, Text: m.Text, Lines: m.Lines, Rate: m.Rate, By: m.By,
		Source: ledger.Source{Kind: ledger.FromManual, ID: m.ID},
	})
}

// Reversal takes back an entry that was made by hand, and returns the entry that does so. Problems: entry-not-reversible,
// validation-failed for the day, period-closed.
func Reversal(ctx context.Context, tx Journal, r ledger.Reversal) (ledger.Entry, error) {
	back, err := r.Book()
	if err != nil {
		return ledger.Entry{}, err
	}
	return tx.Append(ctx, back)
}
