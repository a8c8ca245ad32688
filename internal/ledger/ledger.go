// Package ledger is Quittance's journal: the sub-ledger of payments. Entries are balanced per currency, never changed,
// and chained: each carries the hash of the one before it in its company.
package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// The accounts of the Swiss KMU chart that Quittance books on.
const (
	Bank          = "1020"
	SystemBank    = "1029"
	Receivables   = "1100"
	Prepayments   = "2030"
	ChargesOnBank = "6940"
)

// Account is an account of a company's chart. Names are keyed by language (de, fr, it, en).
type Account struct {
	Number string
	Names  map[string]string
}

// Chart is what every company starts with.
var Chart = []Account{
	{Bank, map[string]string{"de": "Bankguthaben", "fr": "Banque", "it": "Banca", "en": "Bank"}},
	{SystemBank, map[string]string{"de": "Bank – Systemkonto", "fr": "Banque – compte système", "it": "Banca – conto di sistema", "en": "Bank – system account"}},
	{Receivables, map[string]string{"de": "Forderungen aus Lieferungen und Leistungen", "fr": "Créances clients", "it": "Crediti da forniture e prestazioni", "en": "Trade receivables"}},
	{Prepayments, map[string]string{"de": "Erhaltene Anzahlungen", "fr": "Acomptes reçus", "it": "Acconti ricevuti", "en": "Prepayments received"}},
	{ChargesOnBank, map[string]string{"de": "Bankspesen", "fr": "Frais bancaires", "it": "Spese bancarie", "en": "Bank charges"}},
}

// SourceKind says what an entry was booked for; with the source's id it is the natural key that makes booking idempotent.
type SourceKind string

// The sources of entries.
const (
	FromPayment SourceKind = "payment" // an online payment
	FromReceipt SourceKind = "receipt" // money that came by other means
	FromRefund  SourceKind = "refund"  // money that went back to a payer
)

// Source is the thing that an entry was booked for.
type Source struct {
	Kind SourceKind `json:"kind"`
	ID   string     `json:"id"`
}

// Line is one side of an entry: exactly one of Debit and Credit is more than zero, both are of one currency.
type Line struct {
	Account string
	Debit   money.Amount
	Credit  money.Amount
}

// Entry is a balanced set of lines. ID, Sequence, PreviousHash and Hash are given by the journal when it is appended.
type Entry struct {
	ID           string
	CompanyID    string
	Sequence     int64 // 1, 2, 3 … within the company, without gaps
	Date         time.Time
	Text         string
	Source       Source
	InvoiceID    string
	PaymentID    string
	Reverses     string // the id of the entry that this one takes back
	Lines        []Line
	PreviousHash string // hex; empty for the first entry of a company
	Hash         string // hex SHA-256, see Seal
	CreatedAt    time.Time
}

// Balance is what stands on an account in one currency: debits less credits.
type Balance struct {
	Account string
	Amount  money.Amount
}

// Debit returns a line that debits the account.
func Debit(account string, amount money.Amount) Line {
	return Line{Account: account, Debit: amount, Credit: money.Zero(amount.Currency())}
}

// Credit returns a line that credits the account.
func Credit(account string, amount money.Amount) Line {
	return Line{Account: account, Debit: money.Zero(amount.Currency()), Credit: amount}
}

// Receipt returns the entry for a captured payment: the receipt account (debit) to the counter account (credit), which is
// Receivables for a payment that settles its invoice and Prepayments for one that came too late. Day is midnight UTC.
func Receipt(companyID, receiptAccount, counterAccount, invoiceID, invoiceNumber, paymentID string, amount money.Amount, day time.Time) Entry {
	return Entry{
		CompanyID: companyID,
		Date:      day,
		Text:      "Online payment of invoice " + invoiceNumber,
		Source:    Source{FromPayment, paymentID},
		InvoiceID: invoiceID,
		PaymentID: paymentID,
		Lines:     []Line{Debit(receiptAccount, amount), Credit(counterAccount, amount)},
	}
}

// OtherReceipt returns the entry for money that came by other means: account (debit) to receivables (credit). Day is midnight
// UTC; reference is what the company calls it.
func OtherReceipt(companyID, account, invoiceID, invoiceNumber, receiptID, reference string, amount money.Amount, day time.Time) Entry {
	return Entry{
		CompanyID: companyID,
		Date:      day,
		Text:      strings.TrimSuffix("Receipt for invoice "+invoiceNumber+": "+reference, ": "),
		Source:    Source{FromReceipt, receiptID},
		InvoiceID: invoiceID,
		Lines:     []Line{Debit(account, amount), Credit(Receivables, amount)},
	}
}

// Refund returns the entry for money that went back to a payer: counter account (debit) to the account on which its receipt
// was booked (credit). The counter account is the one that the receipt credited. Day is midnight UTC.
func Refund(companyID, receiptAccount, counterAccount, invoiceID, invoiceNumber, paymentID, refundID string, amount money.Amount, day time.Time) Entry {
	return Entry{
		CompanyID: companyID,
		Date:      day,
		Text:      "Refund for invoice " + invoiceNumber,
		Source:    Source{FromRefund, refundID},
		InvoiceID: invoiceID,
		PaymentID: paymentID,
		Lines:     []Line{Debit(counterAccount, amount), Credit(receiptAccount, amount)},
	}
}

// Check returns an error unless the entry has at least two lines, each with one positive side, and balances per currency.
func (e Entry) Check() error {
	if len(e.Lines) < 2 {
		return fmt.Errorf("an entry needs at least two lines, this one has %d", len(e.Lines))
	}
	sums := map[money.Currency]money.Amount{}
	for i, l := range e.Lines {
		if l.Debit.Currency() != l.Credit.Currency() {
			return fmt.Errorf("line %d has two currencies", i+1)
		}
		if l.Debit.IsPositive() == l.Credit.IsPositive() || l.Debit.IsNegative() || l.Credit.IsNegative() {
			return fmt.Errorf("line %d must have either a debit or a credit of more than 0", i+1)
		}
		c := l.Debit.Currency()
		if _, ok := sums[c]; !ok {
			sums[c] = money.Zero(c)
		}
		sums[c] = sums[c].Add(l.Debit).Sub(l.Credit)
	}
	for c, sum := range sums {
		if !sum.IsZero() {
			return fmt.Errorf("debits and credits in %s differ by %s", c, sum.Value())
		}
	}
	return nil
}

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
	canonical, err := json.Marshal(struct {
		Previous  string `json:"previous"`
		ID        string `json:"id"`
		Company   string `json:"company"`
		Sequence  int64  `json:"sequence"`
		Date      string `json:"date"`
		Text      string `json:"text"`
		Source    Source `json:"source"`
		InvoiceID string `json:"invoice_id"`
		PaymentID string `json:"payment_id"`
		Reverses  string `json:"reverses"`
		Lines     []line `json:"lines"`
		CreatedAt string `json:"created_at"`
	}{
		e.PreviousHash, e.ID, e.CompanyID, e.Sequence, e.Date.UTC().Format(time.DateOnly), e.Text, e.Source, e.InvoiceID,
		e.PaymentID, e.Reverses, lines, e.CreatedAt.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano),
	})
	if err != nil {
		panic(err) // strings and integers always marshal
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}
