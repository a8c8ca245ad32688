package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Chain is a journal from its first entry up to one of them: how many there are, and the hash of the last. The zero value is
// an empty journal.
type Chain struct {
	Sequence int64
	Hash     string
}

// BreakError is the first entry that is not as it was booked.
type BreakError struct {
	Sequence int64
	EntryID  string // empty when the entry is missing
	Why      string // a sentence that follows on "entry 7 (jre_…)"
}

// Error names the entry and says what is wrong with it.
func (b *BreakError) Error() string {
	if b.EntryID == "" {
		return fmt.Sprintf("entry %d %s", b.Sequence, b.Why)
	}
	return fmt.Sprintf("entry %d (%s) %s", b.Sequence, b.EntryID, b.Why)
}

// Next adds the next entry. It returns a BreakError when that is not the entry that was booked next.
func (c *Chain) Next(e Entry) error {
	switch {
	case e.Sequence != c.Sequence+1:
		return &BreakError{Sequence: c.Sequence + 1, Why: "is missing"}
	case e.PreviousHash != c.Hash:
		return &BreakError{Sequence: e.Sequence, EntryID: e.ID, Why: "doesn't carry the hash of the entry before it"}
	case e.Hash != e.digest():
		return &BreakError{Sequence: e.Sequence, EntryID: e.ID, Why: "doesn't say any more what its hash was made of"}
	}
	c.Sequence, c.Hash = e.Sequence, e.Hash
	return nil
}

// Ends returns nil when the chain includes the last entry that was booked, else a BreakError.
func (c *Chain) Ends(last Chain) error {
	switch {
	case c.Sequence < last.Sequence:
		return &BreakError{Sequence: c.Sequence + 1, Why: fmt.Sprintf("is missing: the last one booked was entry %d", last.Sequence)}
	case *c != last:
		return &BreakError{Sequence: c.Sequence, Why: fmt.Sprintf("was never booked like this: the last one booked was entry %d", last.Sequence)}
	default:
		return nil
	}
}

// Seal returns the entry as the one after previous in its company's chain. Its Hash covers all its content and the hash before
// it, so a changed, dropped or inserted entry is detected.
func (e Entry) Seal(previousHash string) Entry {
	e.PreviousHash = previousHash
	e.Hash = e.digest()
	return e
}

// digest hashes a fixed JSON form. Its field order and date formats are part of the journal's format and must not change.
func (e Entry) digest() string {
	type line struct {
		Account  string `json:"account"`
		Debit    string `json:"debit"`
		Credit   string `json:"credit"`
		Currency string `json:"currency"`
	}
	lines := make([]line, len(e.Lines))
	for i, l := range e.Lines {
		lines[i] = line{l.Account, l.Debit.Value(), l.Credit.Value(), string(l.Debit.Currency())}
	}
	rate := ""
	if !e.Rate.IsZero() {
		rate = e.Rate.String()
	}
	valueDate := ""
	if !e.ValueDate.IsZero() {
		valueDate = e.ValueDate.UTC().Format(time.DateOnly)
	}
	canonical, err := json.Marshal(struct {
		Previous  string `json:"previous"`
		ID        string `json:"id"`
		Company   string `json:"company"`
		Sequence  int64  `json:"sequence"`
		Date      string `json:"date"`
		ValueDate string `json:"value_date,omitempty"`
		Text      string `json:"text"`
		Source    Source `json:"source"`
		InvoiceID string `json:"invoice_id"`
		PaymentID string `json:"payment_id"`
		Reverses  string `json:"reverses"`
		By        string `json:"by,omitempty"`
		Lines     []line `json:"lines"`
		Rate      string `json:"exchange_rate,omitempty"`
		CreatedAt string `json:"created_at"`
	}{
		e.PreviousHash, e.ID, e.CompanyID, e.Sequence, e.Date.UTC().Format(time.DateOnly), valueDate, e.Text, e.Source, e.InvoiceID,
		e.PaymentID, e.Reverses, e.By, lines, rate, e.CreatedAt.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano),
	})
	if err != nil {
		panic(err) // strings and integers always marshal
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}
