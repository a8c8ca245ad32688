package settlement

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/quittance/quittance/internal/camt"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/qrbill"
)

// acquirers are what the acquirer calls itself on statements, in small letters.
var acquirers = []string{"worldline", "six payment", "saferpay", "twint acquiring"}

// ReadCAMT reads a bank's statement or notification. A file that can't be read is a *FileError. What is wrong with an entry that may
// be a payout, or with a statement, is told by OfCompany, and with one that may be for an invoice by CheckReferences.
func ReadCAMT(r io.Reader) (File, error) {
	file := File{Skipped: map[SkipReason]int{}}
	skipped := map[string]map[SkipReason]int{} // by account
	message, err := camt.Read(r, func(account string, e camt.Entry) {
		if skipped[account] == nil {
			skipped[account] = map[SkipReason]int{}
		}
		if skip := file.add(account, e); skip != "" {
			skipped[account][skip]++
			file.Skipped[skip]++
		}
	})
	if fault, ok := errors.AsType[*camt.Error](err); ok {
		return File{}, refuse(fault.Line, "%s", fault.Reason)
	}
	if err != nil {
		return File{}, err
	}
	file.Format, file.Message, file.ID, file.Created = Format(message.Message[:len(CAMT053)]), message.Message, message.ID, message.Created
	for _, s := range message.Statements {
		a := Account{Line: s.Line, ID: s.ID, Number: s.Account, From: s.From, To: s.To, Entries: s.Entries, Page: s.Page, skipped: skipped[s.Account], fault: s.Fault}
		if s.Page.Number > 0 {
			a.Series = s.Sequence
		}
		skipped[s.Account] = nil // a second statement of the account has none of its own
		file.Accounts = append(file.Accounts, a)
	}
	return file, nil
}

// add takes in what an entry says about a payout or about money for an invoice, or returns why it says nothing.
func (f *File) add(account string, e camt.Entry) SkipReason {
	if !e.Booked {
		return Pending
	}
	if e.Fault != nil {
		if d := doubtOf(account, e); d.mayBePayout || len(d.References) > 0 {
			f.doubts = append(f.doubts, d)
		}
		return Others // unless it is refused
	}
	if e.Amount.IsZero() {
		return Others
	}
	t := transfer(account, e)
	if t.Sender == Nobody && (forInvoice(e) || qrbill.IsQRIBAN(e.EntryRef)) {
		t.Sender = Somebody // money for bills, of which the transactions may be told elsewhere
	}
	f.Transfers = append(f.Transfers, t)
	f.Credits = append(f.Credits, credits(account, e)...)
	return ""
}

// forInvoice reports whether an entry pays somebody's invoice: a transaction has the reference of one. The acquirer's has none.
func forInvoice(e camt.Entry) bool {
	return slices.ContainsFunc(e.Details, func(d camt.Detail) bool {
		return slices.ContainsFunc(d.Remittance, func(text string) bool { return slices.ContainsFunc(qrbill.Find(text), isRight) })
	})
}

// transfer returns what an entry says about a payout.
func transfer(account string, e camt.Entry) Transfer {
	t := Transfer{
		Line: e.Line, Reference: ownReference(e), Account: account, Date: e.BookingDate, Net: e.Amount, Returned: e.Reversal,
		Fee: included(e.Charges), Exchanged: exchanged(e), Lines: lines(e), Mentions: mentions(e),
	}
	paid := t.Net
	if isSet(t.Exchanged) {
		paid = t.Exchanged
	}
	if isSet(t.Fee) && t.Fee.Currency() != paid.Currency() {
		t.Fee = money.Amount{} // what was taken of another currency is no part of what was paid: it belongs to the exchange
	}
	if len(e.Details) < 2 && !slices.ContainsFunc(t.Lines, func(l Line) bool { return l.OrderID != "" }) {
		var parties []string
		if len(e.Details) == 1 {
			parties = e.Details[0].Parties
		}
		if sales, ok := sales(t.Mentions, parties, paid); ok {
			t.Fee = sales.Fee
			t.Lines = []Line{{Number: e.Line, Gross: sales.Gross, Fee: sales.Fee, Net: paid, Brand: sales.Brand, Day: sales.Day}}
		}
	}
	t.Sender = sender(e, t)
	switch {
	case t.Sender != Nobody:
	case e.Amount.IsNegative() && !e.Reversal:
		t.Sender = Somebody // nothing says that it is the acquirer who took money
	case isOther(e.Code):
		t.Sender = Somebody
	}
	return t
}

// What is no payout, though nobody is named, by the parts of a bank transaction code (Domn/Fmly/SubFmlyCd of BkTxCd, in ISO's external
// code set). The acquirer's money comes as a transfer.
var (
	otherDomains     = []string{"ACMT", "CAMT", "CMDT", "DERV", "FORX", "LDAS", "PMET", "SECU", "TRAD"} // such as interest, currencies, securities
	otherFamilies    = []string{"CNTR", "CCRD", "IDDT", "RCHQ"}                                         // at a counter, by a card of the account, by direct debit, by cheque
	otherSubFamilies = []string{"CDPT", "BCDP", "POSD", "POSC", "POSP", "VCOM", "INTR"}                 // cash, cards, money for bills, interest
)

// isOther reports whether a bank transaction code is of something else than a transfer of the acquirer.
func isOther(code string) bool {
	parts := strings.Split(code, "/")
	if slices.Contains(otherDomains, parts[0]) {
		return true
	}
	return len(parts) > 2 && parts[0] == "PMNT" && (slices.Contains(otherFamilies, parts[1]) || slices.Contains(otherSubFamilies, parts[2]))
}

// ownReference is what the bank calls an entry; some files have it at its only transaction.
func ownReference(e camt.Entry) string {
	if e.Reference == "" && len(e.Details) == 1 && len(e.Details[0].Reference) >= tellingRef {
		return e.Details[0].Reference
	}
	return e.Reference
}

func mentions(e camt.Entry) []string {
	all := []string{e.EntryRef, e.Text}
	for _, d := range e.Details {
		all = append(append(all, d.References...), d.Remittance...)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

func sender(e camt.Entry, t Transfer) Sender {
	if slices.ContainsFunc(t.Lines, func(l Line) bool { return l.OrderID != "" || l.Brand != "" }) {
		return Acquirer
	}
	return senderNamed(e, t.Mentions)
}

// senderNamed returns whom the texts and parties of an entry name.
func senderNamed(e camt.Entry, texts []string) Sender {
	named := slices.Clone(texts)
	somebody := false
	for _, d := range e.Details {
		named = append(named, d.Parties...)
		somebody = somebody || len(d.Parties) > 0
	}
	text := strings.Join(named, "\n")
	switch {
	case namesAcquirer(text):
		return Acquirer
	case somebody:
		return Somebody
	default:
		return Nobody
	}
}

func namesAcquirer(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(acquirers, func(name string) bool { return strings.Contains(text, name) })
}

// sales returns what the texts say of the sales that a transfer pays, see readSales. Anybody can write such a text: when the bank
// names who pays, it is the acquirer.
func sales(texts, parties []string, paid money.Amount) (Sales, bool) {
	if len(parties) > 0 && !slices.ContainsFunc(parties, namesAcquirer) {
		return Sales{}, false
	}
	return readSales(slices.Concat(texts, parties), paid)
}

// included adds up the charges that were taken off; the zero value when there are none. What is charged besides is another
// entry, or on an invoice of the acquirer.
func included(charges []camt.Charge) money.Amount {
	var sum money.Amount
	for _, c := range charges {
		switch {
		case !c.Included:
		case !isSet(sum):
			sum = c.Amount
		case sum.Currency() == c.Amount.Currency():
			sum = sum.Add(c.Amount)
		}
	}
	return sum
}

// exchanged returns what was exchanged into the entry's amount, with its sign.
func exchanged(e camt.Entry) money.Amount {
	from := e.Exchanged
	if len(e.Details) == 1 && !isSet(from) {
		from = e.Details[0].Original
	}
	switch {
	case !isSet(from) || from.Currency() == e.Amount.Currency():
		return money.Amount{}
	case e.Amount.IsNegative():
		return from.Neg()
	default:
		return from
	}
}

// lines returns the transactions behind an entry: one per detail that names at most one order, or one per order.
func lines(e camt.Entry) []Line {
	var all []Line
	paid := e.Amount
	if from := exchanged(e); isSet(from) {
		paid = from // its sales were in that currency
	}
	total, fromFile := money.Zero(paid.Currency()), true
	for _, d := range e.Details {
		orders := id.Orders(slices.Concat(d.References, d.Remittance)...)
		if len(orders) > 1 {
			all, fromFile = append(all, unpriced(d.Line, orders)...), false
			continue
		}
		line := priced(d)
		if sales, ok := sales(d.Remittance, d.Parties, line.Net); ok && len(orders) == 0 && len(e.Details) > 1 {
			line.Gross, line.Fee, line.Brand, line.Day = sales.Gross, sales.Fee, sales.Brand, sales.Day
		}
		line.OrderID = strings.Join(orders, "")
		if len(e.Details) == 1 && line.Net.Currency() != paid.Currency() {
			line = Line{Number: d.Line, OrderID: line.OrderID, Net: paid}
		}
		if fromFile = fromFile && line.Net.Currency() == paid.Currency(); fromFile {
			total = total.Add(line.Net)
		}
		all = append(all, line)
	}
	if len(all) == 0 || len(all) == 1 && all[0].OrderID == "" {
		return unpriced(e.Line, id.Orders(mentions(e)...))
	}
	fee := included(e.Charges)
	switch {
	case fromFile && total.Equal(paid):
	case fromFile && isSet(fee) && fee.Currency() == total.Currency() && total.Sub(fee).Equal(paid):
		for i := range all { // the fee is kept for all of them together
			all[i].Gross, all[i].Net, all[i].Brand = all[i].Net, money.Amount{}, ""
		}
	default: // what the details say is not what the entry is made of
		for i := range all {
			all[i].Gross, all[i].Fee, all[i].Net, all[i].Brand = money.Amount{}, money.Amount{}, money.Amount{}, ""
		}
	}
	return all
}

func unpriced(line int, orders []string) []Line {
	all := make([]Line, len(orders))
	for i, order := range orders {
		all[i] = Line{Number: line, OrderID: order}
	}
	return all
}

// priced returns the amounts of a detail as far as they are told: what is left, and what was kept or what it was before.
func priced(d camt.Detail) Line {
	line := Line{Number: d.Line, Net: d.Amount}
	if !isSet(line.Net) {
		return line
	}
	fee := included(d.Charges)
	switch {
	case isSet(fee) && fee.Currency() == line.Net.Currency():
		line.Fee, line.Gross = fee, line.Net.Add(fee)
	case isSet(d.Original) && d.Original.Currency() == line.Net.Currency():
		line.Gross = d.Original
		if line.Net.IsNegative() {
			line.Gross = d.Original.Neg()
		}
		line.Fee = line.Gross.Sub(line.Net)
	}
	return line
}
