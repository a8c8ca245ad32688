package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Seal returns the entry as the one after previous in its company's chain: its Hash covers everything that it says and
// the hash before it, so that no entry can be changed, dropped or inserted unnoticed.
func (e Entry) Seal(previousHash string) Entry {
	e.PreviousHash = previousHash
	e.Hash = e.digest()
	return e
}

// Intact tells whether the entry still hashes to its Hash.
func (e Entry) Intact() bool { return e.Hash == e.digest() }

// digest hashes a fixed JSON form; its field order and date formats are part of the journal's format and must not change.
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
		CreatedAt string `json:"created_at"`
	}{
		e.PreviousHash, e.ID, e.CompanyID, e.Sequence, e.Date.UTC().Format(time.DateOnly), valueDate, e.Text, e.Source, e.InvoiceID,
		e.PaymentID, e.Reverses, e.By, lines, e.CreatedAt.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano),
	})
	if err != nil {
		panic(err) // strings and integers always marshal
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}
