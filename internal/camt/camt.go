// Package camt reads bank statements and booking notifications: ISO 20022 camt.053 and camt.054, versions 04 and 08 of both, as
// Swiss banks send them. It only reads; package settlement decides what an entry means for the books.
//
// A file that was cut off, or that is no sound XML, is refused as a whole, with the line and the reason. What is wrong with one
// entry or with the sums of one statement is told with it: the reader knows whether it matters to him. Most entries are other
// people's, in every form that the schema allows.
package camt

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/strictxml"
)

// File is one message.
type File struct {
	Message    string // such as "camt.053.001.08"
	ID         string // GrpHdr/MsgId
	Created    time.Time
	Statements []Statement
	page       Page // of the message, which version 04 has in place of one of the statement
}

// Statement is a Stmt of a camt.053 or an Ntfctn of a camt.054: the entries of one account.
type Statement struct {
	Line     int // in the file, from 1
	ID       string
	Account  string         // the IBAN without spaces, or the account's other identification
	IBAN     bool           // whether Account is an IBAN, with a valid check sum
	Currency money.Currency // of the account; empty when the file doesn't say
	From, To time.Time      // zero when the file doesn't say
	Sequence string         // ElctrncSeqNb, which all pages of a statement have in common; or else ID
	Page     Page
	Entries  int    // how many there are
	Fault    *Error // a wrong IBAN, or balances and totals that don't fit the entries; nil when it is sound
}

// Page is which part of a statement this is. Banks write large statements in several files.
type Page struct {
	Number  int              `json:"number"`            // from 1; 0 when the statement is whole
	Last    bool             `json:"last"`              // no other follows
	Opening *decimal.Decimal `json:"opening,omitempty"` // the balance before the statement, of a first page
	Closing *decimal.Decimal `json:"closing,omitempty"` // the balance after the statement, of a last page
	Booked  *decimal.Decimal `json:"booked,omitempty"`  // what the booked entries of the page add up to; nil when that can't be said
}

// Whole reports whether the statement has this page only.
func (p Page) Whole() bool { return p.Number == 0 || p.Number == 1 && p.Last }

// Entry is one booking on the account (Ntry). One with a Fault has the texts and names that it has, and what could be read of
// the rest.
type Entry struct {
	Line        int
	Fault       *Error       // what is missing, or is not as the bank should write it; nil when the entry is sound
	Amount      money.Amount // more than 0 came in, less than 0 went out
	Debit       bool         // CdtDbtInd is DBIT, whether or not Amount could be read
	Currency    string       // as the file writes it: one in which nothing can be booked here is a fault
	Booked      bool         // false for what the bank only expects (PDNG) or mentions (INFO)
	Reversal    bool         // takes back an earlier entry; Amount has the sign that it has on the account
	BookingDate time.Time    // midnight UTC; the value date when the file has no other
	ValueDate   time.Time    // midnight UTC; zero when the file doesn't say
	Reference   string       // AcctSvcrRef, which the bank gives to one booking only; may be empty
	EntryRef    string       // NtryRef
	Text        string       // AddtlNtryInf
	Code        string       // BkTxCd: domain, family and sub-family, such as "PMNT/RCDT/ATXN"; empty when not told
	Charges     []Charge
	Exchanged   money.Amount // what was exchanged into Amount, unsigned; the zero value when nothing was
	Details     []Detail
}

// Detail is one transaction within an entry (TxDtls).
type Detail struct {
	Line       int
	Amount     money.Amount // signed as in Entry; the zero value when the file doesn't say
	Original   money.Amount // AmtDtls: what was instructed or transacted before charges, unsigned; the zero value when not told
	Reference  string       // AcctSvcrRef, as in Entry; may be empty
	Credited   string       // CdtrAcct: the IBAN to which it was paid, such as the QR-IBAN of the account; empty when not told
	References []string     // every reference of the transaction: AcctSvcrRef, EndToEndId, TxId, InstrId, …
	Remittance []string     // structured references and unstructured text, and what the bank adds
	Parties    []string     // names on the other side: of debtors for money that came, of creditors for money that went
	Charges    []Charge
}

// Charge is what a bank or an acquirer kept or asks for.
type Charge struct {
	Amount   money.Amount // more than 0 is a cost
	Included bool         // already taken off, so that it is not part of the entry's amount
}

// Error is why a file is refused.
type Error = strictxml.Error
