package settlement

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/camt"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/mrx"
)

// Format is the kind of a settlement file.
type Format string

// The formats that are understood.
const (
	CSV     Format = "csv"      // a list of transactions in Quittance's own form, see ReadCSV
	List    Format = "csv.list" // the acquirer's own list, see ReadList
	CAMT053 Format = "camt.053" // a bank statement
	CAMT054 Format = "camt.054" // a bank's notification of credits and debits
	MRX     Format = "mrx"      // the acquirer's merchant reconciliation XML, see ReadMRX
	MRXTest Format = "mrx.test" // an MRX that says it is a test: nothing of it is ever booked
)

// File is what a settlement file says, whatever its format.
type File struct {
	Format    Format
	Message   string // the exact message of ISO 20022, such as "camt.053.001.08"; empty for CSV
	ID        string // of the message, given by the bank; of the notice in MRX; empty for CSV
	Created   time.Time
	Accounts  []Account // that the file reports on; none in CSV
	Transfers []Transfer
	Credits   []Credit           // of customers, perhaps; each is in Transfers too until Receipts knows better
	Skipped   map[SkipReason]int // entries that are no payouts

	doubts   []doubt  // entries with a fault
	siblings []string // the settlements of the other pages of the same statements, see Pages

	notice    mrx.File // of an MRX
	transfers []int    // of each payment in it, the index in Transfers; -1 for one that is skipped
	narrow    bool     // one batch of many, which needs to know only what it names itself
}

// Account is one that a bank reports on.
type Account struct {
	Line    int       `json:"line"`
	ID      string    `json:"id"` // of the statement
	Number  string    `json:"number"`
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	Entries int       `json:"entries"`
	Foreign bool      `json:"foreign,omitempty"`  // it is not the company's, so nothing of it was read
	Series  string    `json:"sequence,omitempty"` // of a page: what all pages of the statement have in common
	Page    camt.Page `json:"page,omitzero"`      // which page of a statement this is

	skipped map[SkipReason]int
	fault   *camt.Error // why the statement can't be trusted
}

// SkipReason is why an entry of a bank is left alone.
type SkipReason string

// The reasons to leave an entry alone.
const (
	Pending SkipReason = "not_booked"        // the bank only expects it, or the acquirer has not paid it out yet
	Others  SkipReason = "of_others"         // it has nothing to do with the acquirer
	Foreign SkipReason = "of_other_accounts" // it is on an account that is not the company's
)

// Sender is who is behind a transfer, as far as the file says.
type Sender int

// Who is behind a transfer. An entry that names nobody may be a payout. An entry that names somebody else is a payout only if
// it is known already.
const (
	Acquirer Sender = iota
	Nobody
	Somebody
)

// Transfer is one movement of money between the acquirer and the merchant's bank, as a file tells it.
type Transfer struct {
	Line      int
	Sender    Sender
	Reference string       // which only this transfer has in its format and account; may be empty in a bank's file and in a list
	Account   string       // of the merchant at the bank; empty in CSV
	Date      time.Time    // midnight UTC
	Net       money.Amount // more than 0 came to the merchant, less than 0 went
	Fee       money.Amount // kept by the acquirer, for all lines together; the zero value when not told
	Exchanged money.Amount // what Net was before it was exchanged, signed; the zero value when it was not
	Returned  bool         // takes an earlier transfer back
	Lines     []Line       // the transactions behind it, as far as the file tells
	Mentions  []string     // every other reference and text, in which another file's reference may stand

	// The rest only an MRX tells.
	Part      money.Amount // what Lines make
	More      bool         // Lines are more of a transfer whose first lines were told before
	Opening   money.Amount // in Net besides, carried over from an earlier notice; the zero value when there is none
	Remainder money.Amount // not in Net, carried over into a later notice although something was paid; the zero value when there is none
	Carried   string       // why nothing was paid, for people: Net is carried over; empty when it was paid
}

// LineKind is what a line of a payout is about.
type LineKind string

// The kinds of lines. A bank's file may not tell.
const (
	PaymentLine    LineKind = "payment"
	RefundLine     LineKind = "refund"
	ChargebackLine LineKind = "chargeback"
	// ChargebackWonLine is a chargeback that comes back.
	ChargebackWonLine LineKind = "chargeback_won"
	FeeLine           LineKind = "fee"        // an adjustment that the acquirer keeps, or gives back
	AdjustmentLine    LineKind = "adjustment" // another adjustment
	CarriedLine       LineKind = "balance"    // a balance that was carried over
	UnknownLine       LineKind = ""
)

// Line is one transaction within a transfer. Amounts are signed as they change the payout, so that Gross less Fee is Net; each
// is the zero value when the file doesn't tell it.
type Line struct {
	Number  int          `json:"number"` // in the file
	Kind    LineKind     `json:"kind"`
	OrderID string       `json:"order_id"`        // at Saferpay; empty when the file doesn't tell it
	Brand   string       `json:"brand,omitempty"` // of all the sales that it pays, as the file writes it; see Sales
	Day     time.Time    `json:"day,omitzero"`    // of those sales, or of the one transaction in a file of the acquirer; zero when the file doesn't tell it
	Gross   money.Amount `json:"gross"`
	Fee     money.Amount `json:"fee"`
	Net     money.Amount `json:"net"`
	Problem string       `json:"problem,omitempty"` // why it could not be matched, for people

	// The rest only the acquirer's own files tell.
	Transaction   string `json:"transaction,omitempty"`   // the acquirer's id of it
	Authorization string `json:"authorization,omitempty"` // the code of who authorized it
	Card          string `json:"card,omitempty"`          // its number, masked
	Text          string `json:"text,omitempty"`          // of an adjustment
}

// maxTransfers is how many payouts one file may tell of: years of them.
const maxTransfers = 5000

// sniffed is how much of a file says what it is, and maxCSV how large a list may be, both in bytes.
const (
	sniffed = 4096
	maxCSV  = 10 << 20
)

// Read reads a settlement file: a CSV file as ReadCSV describes it, an MRX, or else a bank's camt.053 or camt.054. Size is in bytes. A
// file with a fault is a *FileError, and so is one of a kind that is not taken.
func Read(r io.ReadSeeker, size int64, isCSV bool) (f File, err error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return File{}, err
	}
	head := bufio.NewReaderSize(r, sniffed)
	begins, _ := head.Peek(sniffed) // its error comes again
	if err := CheckKind(begins); err != nil {
		return File{}, err
	}
	switch {
	case !isCSV && IsMRX(begins):
		return ReadMRX(r)
	case !isCSV:
		f, err = ReadCAMT(head)
	case size > maxCSV:
		return File{}, refuse(1, "the list has more than %d bytes: send it in parts", maxCSV)
	default:
		data, lost := io.ReadAll(head)
		if lost != nil {
			return File{}, lost
		}
		if f, err = ReadCSV(data); err != nil && CheckList(begins) != nil {
			err = CheckList(begins)
		}
	}
	if payouts := f.payouts(); err == nil && len(payouts) > maxTransfers {
		return File{}, refuse(payouts[maxTransfers].Line, "the file has more than %d payouts: send it in parts", maxTransfers)
	}
	return f, err
}

// payouts returns the transfers without those that name somebody else, and those that are probably money of customers.
func (f File) payouts() []Transfer {
	customers := map[int]bool{}
	for _, c := range f.Credits {
		customers[c.Entry] = true
	}
	return slices.DeleteFunc(slices.Clone(f.Transfers), func(t Transfer) bool { return t.Sender == Somebody || customers[t.Line] })
}

// FileError is why a file is refused: every fault that was found, in the order of the file.
type FileError struct {
	Kind   Kind   // of a file that is not taken whatever it says; empty for every other
	File   string // of an archive; empty for a file by itself
	Faults []Fault
}

// Fault is one thing that is wrong with a file. Reason is a sentence without its end.
type Fault struct {
	Line   int // 0 for the whole file
	Reason string
}

// Error returns the faults.
func (e *FileError) Error() string {
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		texts[i] = f.Reason
		if where := e.Where(f); where != "" {
			texts[i] = where + ": " + f.Reason
		}
	}
	return strings.Join(texts, "; ")
}

// Where returns the place of a fault: its line, after the name of the file in an archive; empty for a whole file by itself.
func (e *FileError) Where(f Fault) string {
	if f.Line == 0 {
		return e.File
	}
	return strings.TrimPrefix(fmt.Sprintf("%s line %d", e.File, f.Line), " ")
}

func refuse(line int, format string, args ...any) *FileError {
	return &FileError{Faults: []Fault{{line, fmt.Sprintf(format, args...)}}}
}

// isSet reports whether an amount was in the file.
func isSet(a money.Amount) bool { return a.Currency() != "" }
