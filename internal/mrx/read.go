package mrx

import (
	"encoding/xml"
	"io"
	"slices"

	"github.com/quittance/quittance/internal/strictxml"
)

// maxPayments is how many payments one file may tell of.
const maxPayments = 10_000

// containers are the elements that hold entries or one another.
var containers = names("reportingPart", "settlingPart", "stlAccount", "payment", "businessPart", "contract", "stlEntry", "sumSlip")

// leaves are what is read of a container itself.
var leaves = map[string]map[string]bool{
	"stlAccount": names("iban", "acctNo", "passStlAcctNo", "stlCurCode"),
	"payment":    names("paymentNo", "paymentDate", "valueDate", "clBalReason", "clBalDate"),
}

// reading is what is known of a file that was read.
type reading struct {
	turned bool // the amounts of reversals have to be turned
}

// reader walks through a file.
type reader struct {
	*tokens
	file     File
	take     func(Entry) error // nil while the file is checked
	possible [2]bool           // ways to read reversals, see pair
	notice   field             // mercNoticeDate
	account  *level            // the open stlAccount
	payment  *level            // the open payment
	numbers  map[string]bool
}

// Read reads a file to its end and returns what it says besides its entries. It returns a *Error for a file that is not entirely
// sound: no XML, cut off, with declarations or entities, without what identifies it, or with sums that don't add up. Elements that
// are unknown are passed over. Every other error is the reader's.
func Read(r io.Reader) (File, error) {
	reader := newReader(r, [2]bool{true, true})
	if err := reader.document(); err != nil {
		return File{}, err
	}
	reader.file.reading.turned = !reader.possible[0]
	return reader.file, nil
}

// Each reads the file that Read returned once more and calls take with each of its entries, in their order. It returns the first error
// of take.
func (f File) Each(r io.Reader, take func(Entry) error) error {
	reader := newReader(r, [2]bool{!f.reading.turned, f.reading.turned})
	reader.take = take
	return reader.document()
}

func newReader(r io.Reader, possible [2]bool) *reader {
	return &reader{tokens: newTokens(r), possible: possible, numbers: map[string]bool{}}
}

func (r *reader) document() error {
	err := r.Document(func(start xml.StartElement) error {
		if start.Name.Local != Root {
			return r.Fault("the document is %s and not %s", strictxml.Quoted(start.Name.Local), Root)
		}
		return r.root()
	})
	if err != nil {
		return err
	}
	return r.complete()
}

// complete returns a fault unless the file says what it is.
func (r *reader) complete() error {
	if r.file.ID == "" {
		return r.Fault("mercNoticeHeader/mercNoticeUniqueID is missing")
	}
	if len(r.file.Accounts) == 0 {
		return r.Fault("there is no stlAccount in the file")
	}
	return nil
}

func (r *reader) root() error {
	return r.Children(func(child xml.StartElement) error {
		switch child.Name.Local {
		case "fileHeader":
			return r.fileHeader()
		case "mercNoticeHeader":
			found, err := r.fields("mercNoticeHeader", names("mercNoticeUniqueID", "mercNoticeDate"))
			if err != nil {
				return err
			}
			if r.file.ID != "" {
				return r.Fault("mercNoticeHeader is there twice")
			}
			r.file.ID, r.notice = found["mercNoticeUniqueID"].text, found["mercNoticeDate"]
			return nil
		case "reportingPart":
			return r.container(child.Name.Local, nil)
		default:
			return r.skip()
		}
	})
}

func (r *reader) fileHeader() error {
	found, err := r.fields("fileHeader", names("interfaceVersionNo", "productionFlag", "fileCreationDate"))
	if err != nil {
		return err
	}
	flag := found["productionFlag"]
	if flag.text != "P" && flag.text != "T" {
		return r.Fault("fileHeader/productionFlag is %s instead of P or T", strictxml.Quoted(flag.text))
	}
	r.file.Version, r.file.Test = found["interfaceVersionNo"].text, flag.text == "T"
	r.file.Created, err = found["fileCreationDate"].day("fileHeader")
	return err
}

// container reads an element that holds entries or containers, and adds what was found to its parent.
func (r *reader) container(element string, parent *level) error {
	l := &level{tally: newTally(), element: element, line: r.Line(), leaves: map[string]field{}}
	switch {
	case element == "stlAccount" && r.account != nil, element == "payment" && (r.account == nil || r.payment != nil):
		return r.Fault("%s must not be within %s", element, parent.element)
	case element == "stlAccount":
		r.account = l
		r.file.Accounts = append(r.file.Accounts, Account{Line: l.line})
	case element == "payment":
		if err := r.openPayment(l); err != nil {
			return err
		}
	}
	var instead *level // of a payment, where the account itself holds what was not paid
	err := r.Children(func(child xml.StartElement) error {
		name, into := child.Name.Local, l
		if element == "stlAccount" && name != "payment" && (containers[name] || name == "fAdj" || name == "openingBalance" || name == "closingBalance") {
			if instead == nil {
				instead = &level{tally: newTally(), element: "payment", line: r.Line(), leaves: map[string]field{}}
				if err := r.openPayment(instead); err != nil {
					return err
				}
			}
			r.payment, into = instead, instead
			defer func() { r.payment = nil }()
		}
		return r.child(into, child)
	})
	if err != nil {
		return err
	}
	if instead != nil {
		if err := r.closePayment(instead); err != nil {
			return err
		}
		l.merge(instead.tally)
	}
	return r.close(l, parent)
}

func (r *reader) child(l *level, child xml.StartElement) error {
	switch name := child.Name.Local; {
	case containers[name]:
		return r.container(name, l)
	case name == "trx" || name == "fAdj":
		return r.entry(name, l)
	case name == "sum":
		return r.sum(l)
	case name == "openingBalance" && r.payment == l:
		return r.balance(child, &l.opening)
	case name == "closingBalance" && r.payment == l:
		return r.balance(child, &l.closing)
	case leaves[l.element][name]:
		return r.once(l.element, l.leaves, child)
	default:
		return r.skip()
	}
}

// close checks an element that was read to its end.
func (r *reader) close(l, parent *level) error {
	switch l.element {
	case "sumSlip":
		for k := range l.counts {
			if kind, ok := map[string]string{transactions + "SC": "SC", transactions + "OC": "OC"}[k.name]; ok {
				l.counts[key{slips + kind, k.currency}] = 1
			}
		}
	case "payment":
		if err := r.closePayment(l); err != nil {
			return err
		}
		r.payment = nil
	case "stlAccount":
		if err := r.closeAccount(l); err != nil {
			return err
		}
		r.account = nil
	}
	if err := r.check(l); err != nil {
		return err
	}
	if parent != nil {
		parent.merge(l.tally)
	}
	return nil
}

func (r *reader) openPayment(l *level) error {
	if len(r.file.Payments) == maxPayments {
		return r.Fault("the file has more than %d payments", maxPayments)
	}
	r.payment, l.payment = l, len(r.file.Payments)
	r.file.Payments = append(r.file.Payments, Payment{Line: l.line, Account: len(r.file.Accounts) - 1})
	return nil
}

// closePayment finds what was paid, which must be what the entries and balances make.
func (r *reader) closePayment(l *level) error {
	p := &r.file.Payments[l.payment]
	p.Number, p.Opening, p.Closing = l.leaves["paymentNo"].text, l.opening, l.closing
	if p.Closing.Reason == "" {
		p.Closing.Reason = l.leaves["clBalReason"].text
	}
	var err error
	for _, f := range []field{l.leaves["valueDate"], l.leaves["paymentDate"], l.leaves["clBalDate"], r.notice} {
		if p.Date.IsZero() && err == nil {
			p.Date, err = f.day("payment")
		}
	}
	if err != nil {
		return err
	}
	var stated []field
	for _, f := range l.stated {
		if f.name == paid {
			stated = append(stated, f)
		}
	}
	switch {
	case p.Date.IsZero():
		return strictxml.Fault(l.line, "payment/valueDate is missing")
	case p.Number == "" && !p.Closing.Told:
		return strictxml.Fault(l.line, "payment/paymentNo is missing")
	case p.Number != "" && r.numbers[p.Number]:
		return strictxml.Fault(l.line, "paymentNo %s is there twice", strictxml.Quoted(p.Number))
	case p.Number != "" && len(stated) == 0:
		return strictxml.Fault(l.line, "payment/sum/sumSC/%s is missing", paid)
	case len(stated) > 1:
		return strictxml.Fault(stated[1].line, "payment/sum/sumSC/%s is there twice", paid)
	}
	r.numbers[p.Number] = p.Number != ""
	return r.settlePayment(l, p, stated)
}

// settlePayment holds what was paid, or carried over, against the entries and the balances.
func (r *reader) settlePayment(l *level, p *Payment, stated []field) (err error) {
	currencies := []string{p.Opening.Currency, p.Closing.Currency}
	line := l.line
	if len(stated) > 0 {
		if p.Paid, err = stated[0].amount("payment/sum/sumSC"); err != nil {
			return err
		}
		line, currencies = stated[0].line, append(currencies, stated[0].currency)
	}
	for k := range l.sums {
		if k.name == net || k.name == adjusted {
			currencies = append(currencies, k.currency)
		}
	}
	slices.Sort(currencies)
	currencies = slices.DeleteFunc(slices.Compact(currencies), func(c string) bool { return c == "" })
	if len(currencies) > 1 {
		return strictxml.Fault(l.line, "the payment is in %s and %s", currencies[0], currencies[1])
	}
	currency := ""
	if len(currencies) > 0 {
		currency = currencies[0]
	}
	made := l.sums[key{net, currency}].add(l.sums[key{adjusted, currency}]).add(pair{p.Opening.Amount, p.Opening.Amount})
	if p.Closing.Told && p.Paid.IsZero() {
		err = r.compare(l.line, "payment/closingBalance", p.Closing.Amount, "its entries and its openingBalance make", made)
	} else {
		made = made.add(pair{p.Closing.Amount.Neg(), p.Closing.Amount.Neg()})
		err = r.compare(line, "payment/sum/sumSC/"+paid, p.Paid, "its entries and balances make", made)
	}
	if err != nil {
		return err
	}
	l.add(paid, currency, pair{p.Paid, p.Paid})
	if p.Number != "" {
		l.counts[key{payments + "SC", currency}]++
	} else {
		l.counts[key{carried, currency}]++
	}
	return nil
}

func (r *reader) closeAccount(l *level) error {
	a := &r.file.Accounts[len(r.file.Accounts)-1]
	a.ID, a.Number = l.leaves["passStlAcctNo"].text, l.leaves["iban"].text
	if a.Number == "" {
		a.Number = l.leaves["acctNo"].text
	}
	currency := l.leaves["stlCurCode"].text
	for k := range l.sums {
		if k.name == paid && k.currency != currency && k.currency != "" {
			return strictxml.Fault(l.line, "a payment is in %s, but stlAccount/stlCurCode is %s", k.currency, strictxml.Quoted(currency))
		}
	}
	if a.Currency = currency; a.Number == "" || currency == "" {
		return strictxml.Fault(l.line, "stlAccount/iban or stlAccount/stlCurCode is missing")
	}
	return nil
}
