// Package mrx reads the acquirer's merchant reconciliation XML (MRX) of Worldline, formerly SIX Payment Services: which
// transactions and adjustments each payment to the merchant is made of. It only reads; package settlement decides what that means
// for the books.
//
// A file is read as a stream, so that its size doesn't matter. What the file says of a payment comes after its transactions.
// So a file is read twice: Read checks all of it and returns the payments, then File.Each tells the transactions.
package mrx

import (
	"bytes"
	"encoding/xml"
	"time"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/strictxml"
)

// Root is the root element of a file.
const Root = "merchantReconciliationXML"

// File is what a file says besides its entries.
type File struct {
	Version  string // fileHeader/interfaceVersionNo, such as "V1.5"
	Test     bool   // productionFlag T
	ID       string // mercNoticeUniqueID, which only this notice has
	Created  time.Time
	Accounts []Account
	Payments []Payment
	Entries  int // of all payments

	reading reading
}

// Account is a settlement account (stlAccount).
type Account struct {
	Line     int
	ID       string // passStlAcctNo
	Number   string // iban, else acctNo
	Currency string // ISO 4217; any
	Entries  int
}

// Payment is what was paid to an account of the merchant, or what was carried over instead. Amounts are in the currency of the
// account, in major units, with the sign that they have for the merchant; they may have more decimals than the currency.
type Payment struct {
	Line    int
	Account int    // index in File.Accounts
	Number  string // paymentNo, which only this payment has; empty when nothing was paid
	Date    time.Time
	Paid    decimal.Decimal // aPaymentSC: what arrives at the bank
	Opening Balance         // brought from an earlier notice
	Closing Balance         // carried into a later notice
	Entries int
}

// Balance is an amount that was carried from one notice to another.
type Balance struct {
	Told     bool
	Amount   decimal.Decimal
	Currency string
	Reason   string // why nothing was paid: one of the reasons, or another text; empty when not told
}

// The reasons why a balance is carried over (clBalReason).
const (
	Negative     = "10" // the balance is negative
	BelowMinimum = "20" // it is below the minimum amount that the merchant agreed
	Blocked      = "30" // by the acquirer
	DataMissing  = "40" // of the merchant
)

// Entry is a transaction (trx) or an adjustment (fAdj). Net is Gross and the negative Fee; an adjustment has only Net.
type Entry struct {
	Line          int
	Payment       int // index in File.Payments
	Adjustment    bool
	ID            string // passTrxId, which only this transaction has; of an adjustment its passStlEntryNo
	Type          string // trxType, such as "Retail"; of an adjustment stlEntryType and stlEntrySubType, such as "46/1"
	Text          string // of an adjustment
	References    []string
	Authorization string // authNo
	Card          string // pan, masked
	Reversal      bool
	Day           time.Time // midnight UTC; zero when not told
	Gross         decimal.Decimal
	Fee           decimal.Decimal // what the acquirer keeps: more than 0 is a cost
	Net           decimal.Decimal
}

// RoundingType is the stlEntryType of accumulated rounding differences.
const RoundingType = "46"

// Is reports whether a file that begins like that is an MRX.
func Is(head []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(head))
	for {
		token, err := d.RawToken()
		if err != nil {
			return false
		}
		if start, ok := token.(xml.StartElement); ok {
			return start.Name.Local == Root
		}
	}
}

// Error is why a file is refused.
type Error = strictxml.Error
