package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/secrets"
)

// SignedHead is the head of a journal as GET /v1/journal/heads/{day} answers it and an auditor keeps it.
type SignedHead struct {
	CompanyID string `json:"company_id"`
	Day       string `json:"day"`
	Entries   int64  `json:"entries"`
	Hash      string `json:"hash"`
	Statement string `json:"statement"`
	Signature []byte `json:"signature"`
}

// ReadSignedHead reads a kept head. The error is a sentence.
func ReadSignedHead(from io.Reader) (SignedHead, error) {
	var h SignedHead
	if err := json.NewDecoder(from).Decode(&h); err != nil {
		return h, fmt.Errorf("this is no head of a journal as GET /v1/journal/heads/{day} answers it: %w", err)
	}
	day, err := time.Parse(time.DateOnly, h.Day)
	if err != nil {
		return h, fmt.Errorf("the head has no day: %w", err)
	}
	says := ledger.Head{CompanyID: h.CompanyID, Day: day, Chain: ledger.Chain{Sequence: h.Entries, Hash: h.Hash}}
	if h.Statement != says.Statement() {
		return h, errors.New("the head's statement says something else than its fields")
	}
	return h, nil
}

// Verify returns nil when the head was signed by the key whose public half, in PEM, is given.
func (h SignedHead) Verify(publicPEM []byte) error {
	if err := secrets.VerifySignature(publicPEM, []byte(h.Statement), h.Signature); err != nil {
		return fmt.Errorf("head of %s: %w", h.Day, err)
	}
	return nil
}

// VerifyExport walks the hash chain of a journal that was exported as lines of JSON (GET /v1/journal with Accept:
// application/x-ndjson), and holds it against kept heads of the same company. Nothing but the files is needed.
func VerifyExport(journal io.Reader, kept ...SignedHead) (entries int64, err error) {
	if len(kept) == 0 {
		return 0, errors.New("an export is held against a kept head, which says whose it is")
	}
	var chain ledger.Chain
	for decoder := json.NewDecoder(journal); ; {
		var e exportedEntry
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			return chain.Sequence, reaches(chain, kept)
		} else if err != nil {
			return 0, fmt.Errorf("the export can't be read after entry %d: %w", chain.Sequence, err)
		}
		entry, err := e.entry(kept[0].CompanyID)
		if err != nil {
			return 0, fmt.Errorf("the export can't be read after entry %d: %w", chain.Sequence, err)
		}
		if err := chain.Next(entry); err != nil {
			return 0, err
		}
		if err := sameAs(kept, chain); err != nil {
			return 0, err
		}
	}
}

// sameAs returns a BreakError when one of the heads says that the journal was another one when it had come this far.
func sameAs(kept []SignedHead, c ledger.Chain) error {
	for _, head := range kept {
		if head.Entries == c.Sequence && head.Hash != c.Hash {
			return &ledger.BreakError{Sequence: c.Sequence, Why: "or one before it was changed together with its hash since the head of " + head.Day + " was signed"}
		}
	}
	return nil
}

// reaches returns a BreakError when the journal doesn't go as far as one of the heads says.
func reaches(c ledger.Chain, kept []SignedHead) error {
	for _, head := range kept {
		if head.Entries > c.Sequence {
			return &ledger.BreakError{Sequence: c.Sequence + 1, Why: fmt.Sprintf("is missing: there were %d entries when the head of %s was signed", head.Entries, head.Day)}
		}
	}
	return nil
}

// exportedEntry is a journal entry as the API shows it.
type exportedEntry struct {
	ID           string          `json:"id"`
	Sequence     int64           `json:"sequence"`
	Date         string          `json:"date"`
	ValueDate    string          `json:"value_date"`
	Text         string          `json:"text"`
	Source       ledger.Source   `json:"source"`
	InvoiceID    string          `json:"invoice_id"`
	PaymentID    string          `json:"payment_id"`
	Reverses     string          `json:"reverses"`
	By           string          `json:"by"`
	PreviousHash string          `json:"previous_hash"`
	Hash         string          `json:"hash"`
	Rate         decimal.Decimal `json:"exchange_rate"`
	CreatedAt    time.Time       `json:"created_at"`
	Lines        []struct {
		Account  string         `json:"account"`
		Debit    string         `json:"debit"`
		Credit   string         `json:"credit"`
		Currency money.Currency `json:"currency"`
	} `json:"lines"`
}

func (x exportedEntry) entry(companyID string) (ledger.Entry, error) {
	e := ledger.Entry{
		ID: x.ID, CompanyID: companyID, Sequence: x.Sequence, Text: x.Text, Source: x.Source, InvoiceID: x.InvoiceID, PaymentID: x.PaymentID,
		Reverses: x.Reverses, By: x.By, Rate: x.Rate, PreviousHash: x.PreviousHash, Hash: x.Hash, CreatedAt: x.CreatedAt,
	}
	var err error
	if e.Date, err = time.Parse(time.DateOnly, x.Date); err != nil {
		return e, err
	}
	if x.ValueDate != x.Date {
		if e.ValueDate, err = time.Parse(time.DateOnly, x.ValueDate); err != nil {
			return e, err
		}
	}
	for _, l := range x.Lines {
		debit, err := money.Parse(l.Debit, l.Currency)
		if err != nil {
			return e, err
		}
		credit, err := money.Parse(l.Credit, l.Currency)
		if err != nil {
			return e, err
		}
		e.Lines = append(e.Lines, ledger.Line{Account: l.Account, Debit: debit, Credit: credit})
	}
	return e, nil
}
