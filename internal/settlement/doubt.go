package settlement

import (
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/camt"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/qrbill"
)

// doubt is an entry of a bank that is not as it should be. It matters when it may be a payout, or money for an invoice of the
// company. All others are other people's, and of no interest.
type doubt struct {
	Credit      // as far as it could be read
	fault       *camt.Error
	mayBePayout bool
}

func doubtOf(account string, e camt.Entry) doubt {
	d := doubt{Credit: Credit{Line: e.Line, Account: account}, fault: e.Fault}
	texts := mentions(e)
	text := strings.Join(texts, "\n")
	_, unknown := money.ParseCurrency(e.Currency)
	switch {
	case len(id.Orders(texts...)) > 0:
		d.mayBePayout = true
	default:
		switch senderNamed(e, texts) {
		case Acquirer:
			d.mayBePayout = true
		case Nobody:
			isSales := ofWorldline.MatchString(text) || ofItsAcquirer.MatchString(text)
			came := !e.Debit || e.Reversal
			d.mayBePayout = isSales || unknown == nil && came && !isOther(e.Code)
		case Somebody:
		}
	}
	for _, text := range texts {
		for _, reference := range qrbill.Find(text) {
			if !slices.Contains(d.References, reference) {
				d.References = append(d.References, reference)
			}
		}
	}
	return d
}

// CheckReferences returns a *FileError when an entry with a fault carries the reference of an issued invoice of the company. Issued
// are the ids of invoices by the number of their references, see Numbers.
func (f File) CheckReferences(issued map[string]string) error {
	var faults []Fault
	for _, d := range f.doubts {
		if invoiceID, _ := d.invoice(issued); invoiceID != "" {
			faults = append(faults, Fault{d.fault.Line, d.fault.Reason})
		}
	}
	return refuseAll(faults)
}

func refuseAll(faults []Fault) error {
	if len(faults) == 0 {
		return nil
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return a.Line - b.Line })
	return &FileError{Faults: faults[:min(len(faults), maxFaults)]}
}
