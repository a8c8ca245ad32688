package settlement

import (
	"slices"
	"time"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
)

// ReceiptState is where a bank receipt stands.
type ReceiptState string

// The states of a bank receipt.
const (
	ReceiptWaiting ReceiptState = "waiting" // it is on record, and the process of its invoice books it next
	ReceiptBooked  ReceiptState = "booked"
	ReceiptAsked   ReceiptState = "asked"   // a person has to decide; money that is booked already stands on 2030, prepayments received
	ReceiptSkipped ReceiptState = "skipped" // a person decided that it is not for the invoice
)

// Receipt is money that came by bank for an invoice. Its id is that of the receipt as which it is booked. It stays on record
// whatever becomes of it.
type Receipt struct {
	ID          string
	CompanyID   string
	State       ReceiptState
	InvoiceID   string
	Reference   string // that it carries; one with wrong check digits is near to that of the invoice
	Amount      money.Amount
	Date        time.Time    // of the bank's booking, midnight UTC
	Occurrence  int          // from 1, among those with the same reference and amount of that day
	BankRefs    []string     // what the bank calls it; none while no file tells
	IBAN        string       // of the statement
	Account     string       // on which it is booked
	Certain     bool         // that it is for the invoice and came on that account; or a person said so
	Parked      money.Amount // of it, on 2030; the zero value while it is not booked
	ExceptionID string       // that asks about it, or asked
	Line        int          // in the file that told it first
	SeenIn      []string     // the ids of the settlements that tell it
	CreatedAt   time.Time
}

// Receipts takes the credits out of the file that are for an issued invoice of the company: they are no payouts. It returns those
// that are new, and those that are known and that the file tells again. Issued are the ids of invoices by the number of their
// references, see Numbers; known are the receipts with a reference of the file, see References.
func (f *File) Receipts(s Setting, settlementID string, issued map[string]string, c merchant.Company, accounts []merchant.BankAccount, known []Receipt) (fresh, again []Receipt) {
	all := matchedReceipts{setting: s, settlementID: settlementID}
	for i := range known {
		all.receipts = append(all.receipts, &known[i])
	}
	ours, mixed := map[int]bool{}, map[int]int{}
	var told []Receipt
	for _, credit := range f.Credits {
		invoiceID, reference := credit.invoice(issued)
		if invoiceID == "" {
			mixed[credit.Entry]++
			continue
		}
		ours[credit.Entry] = true
		r := Receipt{
			CompanyID: s.CompanyID, State: ReceiptWaiting, InvoiceID: invoiceID, Reference: reference, Amount: credit.Amount, Date: credit.Date,
			BankRefs: credit.BankRefs, IBAN: credit.Account, Line: credit.Line, CreatedAt: s.Now.UTC(),
		}
		r.Account, r.Certain = credit.account(reference, accounts, c.PayoutIBANs)
		if r.Account == "" {
			r.Account = bankOf(credit.Account, credit.Amount.Currency(), accounts)
		}
		r.Certain = r.Certain && isRight(reference)
		told = append(told, r)
	}
	f.Transfers = slices.DeleteFunc(f.Transfers, func(t Transfer) bool { return ours[t.Line] })
	for entry, others := range mixed {
		if ours[entry] {
			f.Skipped[Others] += others
		}
	}
	all.match(told)
	for _, r := range all.receipts {
		switch {
		case !all.told[r]:
		case r.ID == "":
			r.ID = id.New(id.Receipt)
			fresh = append(fresh, *r)
		default:
			again = append(again, *r)
		}
	}
	return fresh, again
}

// References returns what the credits of the file carry.
func (f File) References() (all []string) {
	for _, c := range f.Credits {
		all = append(all, c.References...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// matchedReceipts are the receipts on record and those that a file adds.
type matchedReceipts struct {
	setting      Setting
	settlementID string
	receipts     []*Receipt
	told         map[*Receipt]bool // by the file
}

// match finds what of that is on record, and adds what is not. Those that the bank names come first, so that one without a name
// isn't taken for them.
func (m *matchedReceipts) match(told []Receipt) {
	m.told = map[*Receipt]bool{}
	byReference := map[string][]*Receipt{}
	for _, r := range m.receipts {
		byReference[r.Reference] = append(byReference[r.Reference], r)
	}
	var unnamed []Receipt
	for _, t := range told {
		i := slices.IndexFunc(byReference[t.Reference], func(r *Receipt) bool { return m.like(*r, t) == identical })
		if i >= 0 {
			m.see(byReference[t.Reference][i], t)
		} else {
			unnamed = append(unnamed, t)
		}
	}
	for _, t := range unnamed {
		before := byReference[t.Reference]
		i := slices.IndexFunc(before, func(r *Receipt) bool { return m.like(*r, t) == identical }) // added since
		if i < 0 {
			i = slices.IndexFunc(before, func(r *Receipt) bool { return !m.told[r] && m.like(*r, t) == alike })
		}
		if i >= 0 {
			m.see(before[i], t)
			continue
		}
		t.Occurrence = 1
		for _, r := range before {
			if r.Amount.Equal(t.Amount) && r.Date.Equal(t.Date) {
				t.Occurrence++
			}
		}
		added := &t
		m.receipts, byReference[t.Reference] = append(m.receipts, added), append(before, added)
		m.see(added, t)
	}
}

// like returns how much speaks for two tellings with the same reference of an invoice being about the same money, see same.go. Each
// telling of one file that is only alike is another one, so that two payments of one day are two, and stay two however often they
// are told.
func (m *matchedReceipts) like(r, told Receipt) likeness {
	return known(m.setting.Calendar, []Telling{r.telling()}, told.telling())
}

func (r Receipt) telling() Telling {
	return Telling{Teller: Bank, References: r.BankRefs, Amount: r.Amount, Day: r.Date}
}

// see notes that the file tells the receipt.
func (m *matchedReceipts) see(r *Receipt, told Receipt) {
	m.told[r] = true
	for _, ref := range told.BankRefs {
		if !slices.Contains(r.BankRefs, ref) {
			r.BankRefs = append(r.BankRefs, ref)
		}
	}
	if !slices.Contains(r.SeenIn, m.settlementID) {
		r.SeenIn = append(r.SeenIn, m.settlementID)
	}
}
