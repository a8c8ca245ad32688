// Package camt reads bank statements and booking notifications: ISO 20022 camt.053 and camt.054, versions 04 and 08 of both, as
// Swiss banks send them. It only reads; package settlement decides what an entry means for the books.
//
// A file that is not entirely sound is refused as a whole, with the line and the reason. A statement that was cut, changed or
// put together by hand can't be trusted in part.
package camt

import (
	"fmt"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// File is one message.
type File struct {
	Message    string // such as "camt.053.001.08"
	ID         string // GrpHdr/MsgId
	Created    time.Time
	Statements []Statement
}

// Statement is a Stmt of a camt.053 or an Ntfctn of a camt.054: the entries of one account.
type Statement struct {
	Line     int // in the file, from 1
	ID       string
	Account  string         // the IBAN without spaces, or the account's other identification
	IBAN     bool           // whether Account is an IBAN, with a valid check sum
	Currency money.Currency // of the account; empty when the file doesn't say
	From, To time.Time      // zero when the file doesn't say
	Entries  []Entry
}

// Entry is one booking on the account (Ntry).
type Entry struct {
	Line        int
	Amount      money.Amount // more than 0 came in, less than 0 went out
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
type Error struct {
	Line   int    // from 1
	Reason string // a sentence without its end, such as "Amt is negative"
}

// Error returns the line and the reason.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

func fault(line int, format string, args ...any) *Error {
	return &Error{line, fmt.Sprintf(format, args...)}
}
