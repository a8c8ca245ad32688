package mrx

import (
	"encoding/xml"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/strictxml"
	textform "github.com/quittance/quittance/internal/text"
)

var (
	transactionFields = names("passTrxId", "trxType", sale, gross, net, commission, billed, "trxDate", "pan", "authNo", "refNo",
		"addlMercData", "addlStmntText", "isReversal")
	adjustmentFields = names("passStlEntryNo", "stlEntryType", "stlEntrySubType", "fAdjText", "fAdjDate", adjusted)
)

// entry reads a transaction or an adjustment and adds it to the sums of its element.
func (r *reader) entry(element string, l *level) error {
	line := r.Line()
	if r.payment == nil {
		return r.Fault("%s is outside of a payment", element)
	}
	e := Entry{Line: line, Payment: r.payment.payment, Adjustment: element == "fAdj"}
	r.file.Payments[e.Payment].Entries++
	r.file.Accounts[len(r.file.Accounts)-1].Entries++
	r.file.Entries++
	var err error
	if e.Adjustment {
		err = r.adjustment(&e, l)
	} else {
		err = r.transaction(&e, l)
	}
	if err != nil || r.take == nil {
		return err
	}
	if e.Reversal && r.possible[1] && !r.possible[0] {
		e.Gross, e.Fee, e.Net = e.Gross.Neg(), e.Fee.Neg(), e.Net.Neg()
	}
	return r.take(e)
}

func (r *reader) transaction(e *Entry, l *level) error {
	found, err := r.fields("trx", transactionFields)
	if err != nil {
		return err
	}
	e.ID, e.Type, e.Card, e.Authorization = found["passTrxId"].text, found["trxType"].text, found["pan"].text, found["authNo"].text
	e.References = slices.DeleteFunc([]string{found["addlMercData"].text, found["addlStmntText"].text, found["refNo"].text},
		func(s string) bool { return s == "" })
	switch reversal := found["isReversal"]; reversal.text {
	case "", "0":
	case "1":
		e.Reversal = true
	default:
		return strictxml.Fault(reversal.line, "trx/isReversal is %s instead of 0 or 1", strictxml.Quoted(reversal.text))
	}
	if e.ID == "" {
		return strictxml.Fault(e.Line, "trx/passTrxId is missing")
	}
	if e.Day, err = found["trxDate"].day("trx"); err != nil {
		return err
	}
	amounts, err := l.addTransaction(e, found)
	if err != nil {
		return err
	}
	e.Gross, e.Net, e.Fee = amounts[gross], amounts[net], amounts[gross].Sub(amounts[net])
	if f, told := found[commission]; told && !amounts[commission].Neg().Equal(e.Fee) {
		return strictxml.Fault(f.line, "trx/%s is %s, but %s %s and %s %s differ by %s", commission, shown(amounts[commission]),
			gross, shown(e.Gross), net, shown(e.Net), shown(e.Fee.Neg()))
	}
	return nil
}

// addTransaction adds the amounts of a transaction to the sums, and returns them by name.
func (l *level) addTransaction(e *Entry, found map[string]field) (map[string]decimal.Decimal, error) {
	amounts := map[string]decimal.Decimal{}
	for _, name := range []string{sale, gross, net, commission, billed} {
		f, told := found[name]
		if !told {
			if name == gross || name == net {
				return nil, strictxml.Fault(e.Line, "trx/%s is missing", name)
			}
			l.untold[name] = true
			continue
		}
		value, err := f.amount("trx")
		if err != nil {
			return nil, err
		}
		if name != sale && name != billed && f.currency != found[gross].currency {
			return nil, strictxml.Fault(f.line, "trx/%s is in %s, but %s is in %s", name, f.currency, gross, found[gross].currency)
		}
		amounts[name] = value
		both := pair{value, value}
		if e.Reversal {
			both[1] = value.Neg()
		}
		l.add(name, f.currency, both)
	}
	l.counts[key{transactions + "SC", found[gross].currency}]++
	if f, told := found[sale]; told {
		l.counts[key{transactions + "OC", f.currency}]++
	}
	return amounts, nil
}

func (r *reader) adjustment(e *Entry, l *level) error {
	found, err := r.fields("fAdj", adjustmentFields)
	if err != nil {
		return err
	}
	e.ID, e.Text = found["passStlEntryNo"].text, found["fAdjText"].text
	e.Type = strings.TrimSuffix(found["stlEntryType"].text+"/"+found["stlEntrySubType"].text, "/")
	if e.Day, err = found["fAdjDate"].day("fAdj"); err != nil {
		return err
	}
	f, told := found[adjusted]
	if !told {
		return strictxml.Fault(e.Line, "fAdj/%s is missing", adjusted)
	}
	if e.Net, err = f.amount("fAdj"); err != nil {
		return err
	}
	l.add(adjusted, f.currency, pair{e.Net, e.Net})
	return nil
}

// balance reads a balance: the first amount in it, and the reason if it tells one.
func (r *reader) balance(start xml.StartElement, b *Balance) error {
	element := start.Name.Local
	if b.Told {
		return r.Fault("%s is there twice", element)
	}
	b.Told = true
	own := field{line: r.Line(), name: element}
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "c":
			own.currency = a.Value
		case "reason":
			b.Reason = a.Value
		}
	}
	amount := own
	for {
		token, err := r.Next()
		if err != nil {
			return err
		}
		switch token := token.(type) {
		case xml.CharData:
			if own.text += textform.Identifier(string(token)); len(own.text) > maxText {
				return r.Fault("the text of %s has more than %d bytes", element, maxText)
			}
		case xml.StartElement:
			f, err := r.field(token)
			switch name := strings.ToLower(f.name); {
			case err != nil:
				return err
			case f.currency != "" && amount.currency == "":
				amount = f
			case strings.HasSuffix(name, "reason") || strings.HasSuffix(name, "reasoncode"):
				b.Reason = f.text
			}
		case xml.EndElement:
			if own.currency != "" {
				amount = own
			}
			b.Currency = amount.currency
			b.Amount, err = amount.amount(element)
			return err
		}
	}
}
