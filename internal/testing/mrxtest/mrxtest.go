// Package mrxtest writes merchant reconciliation files (MRX) of invented merchants, in the shape of those of the acquirer.
package mrxtest

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/shopspring/decimal"
)

// Notice is a file.
type Notice struct {
	ID       string // "MN-1" when empty
	Test     bool
	Accounts []Account
}

// Account is an account of the merchant.
type Account struct {
	IBAN     string // CH9300762011623852957 when empty
	Currency string // CHF when empty
	Payments []Payment
}

// Payment is what is paid, or carried over when Number is empty.
type Payment struct {
	Number       string
	Date         string // 2026-11-24 when empty
	Transactions []Transaction
	PerSlip      int // how many of them a summary slip has; 1 when 0
	Adjustments  []Adjustment
	Opening      string // empty for none
	Reason       string // of what is carried over
}

// Transaction is a sale, or with a gross amount of less than nothing a refund. Amounts are plain decimals.
type Transaction struct {
	ID         string
	Gross, Fee string
	Order      string // in addlMercData
	Auth, Card string
	Day        string // 2026-11-20 when empty
	Reversal   bool   // its amounts are written without their sign, and isReversal turns them
	Sale       string // in aTrxOC, such as "EUR 50"; Gross when empty
}

// Adjustment is no sale.
type Adjustment struct {
	Type, Text, Net string
}

// String returns the file.
func (n Notice) String() string {
	var text strings.Builder
	_ = n.Write(&text) // never fails
	return text.String()
}

// Write writes the file.
func (n Notice) Write(to io.Writer) error {
	w := bufio.NewWriter(to)
	flag := "P"
	if n.Test {
		flag = "T"
	}
	id := cmp.Or(n.ID, "MN-1")
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<merchantReconciliationXML>
<fileHeader><interfaceVersionNo>V1.5</interfaceVersionNo><fileCreationDate>2026-11-24</fileCreationDate><productionFlag>%s</productionFlag></fileHeader>
<mercNoticeHeader><mercNoticeUniqueID>%s</mercNoticeUniqueID><mercNoticeDate>2026-11-24</mercNoticeDate></mercNoticeHeader>
<reportingPart><settlingPart>
`, flag, id)
	var all totals
	for _, a := range n.Accounts {
		all = append(all, a.write(w, cmp.Or(a.Currency, "CHF")))
	}
	all = all.perCurrency()
	all.write(w, true)
	_, _ = fmt.Fprint(w, "</settlingPart>\n")
	all.write(w, true)
	_, _ = fmt.Fprint(w, "</reportingPart>\n</merchantReconciliationXML>\n")
	return w.Flush()
}

func (a Account) write(w io.Writer, currency string) total {
	sum := total{currency: currency}
	_, _ = fmt.Fprint(w, "<stlAccount>\n")
	for _, p := range a.Payments {
		sum = sum.add(p.write(w, currency))
	}
	_, _ = fmt.Fprintf(w, "<passStlAcctNo>792608</passStlAcctNo><iban>%s</iban><stlCurCode>%s</stlCurCode>\n", cmp.Or(a.IBAN, "CH9300762011623852957"), currency)
	totals{sum}.write(w, true)
	_, _ = fmt.Fprint(w, "</stlAccount>\n")
	return sum
}

func (p Payment) write(w io.Writer, currency string) total {
	sum := total{currency: currency}
	_, _ = fmt.Fprint(w, "<payment>\n")
	if p.Opening != "" {
		_, _ = fmt.Fprintf(w, "<openingBalance>%s</openingBalance>\n", amount("aOpBalSC", currency, number(p.Opening)))
	}
	_, _ = fmt.Fprint(w, "<businessPart><contract>\n")
	perSlip := max(p.PerSlip, 1)
	for from := 0; from < len(p.Transactions); from += perSlip {
		slip := total{currency: currency}
		_, _ = fmt.Fprint(w, "<stlEntry><sumSlip>\n")
		for _, t := range p.Transactions[from:min(from+perSlip, len(p.Transactions))] {
			slip = slip.add(t.write(w, currency))
		}
		_, _ = fmt.Fprint(w, "<prod>VISA</prod><origin>SaferPay</origin><trmId>30093068</trmId>\n")
		totals{slip}.write(w, false)
		_, _ = fmt.Fprint(w, "</sumSlip></stlEntry>\n")
		sum = sum.add(slip)
	}
	_, _ = fmt.Fprint(w, "<extVPNo>173305130</extVPNo>\n")
	totals{sum}.write(w, false)
	_, _ = fmt.Fprint(w, "</contract>\n")
	totals{sum}.write(w, false)
	_, _ = fmt.Fprint(w, "</businessPart>\n")
	for n, a := range p.Adjustments {
		net := number(a.Net)
		sum.adjusted = sum.adjusted.Add(net)
		_, _ = fmt.Fprintf(w, "<fAdj><passStlEntryNo>9%03d</passStlEntryNo><stlEntryType>%s</stlEntryType><stlEntrySubType>1</stlEntrySubType><fAdjText>%s</fAdjText><fAdjDate>2026-11-24</fAdjDate>%s</fAdj>\n",
			n, a.Type, a.Text, amount("aFAdjNetSC", currency, net))
	}
	made := sum.gross.Sub(sum.fee).Add(sum.adjusted)
	if p.Opening != "" {
		made = made.Add(number(p.Opening))
	}
	date := cmp.Or(p.Date, "2026-11-24")
	if p.Number == "" {
		_, _ = fmt.Fprintf(w, "<closingBalance>%s<clBalReason>%s</clBalReason></closingBalance><clBalDate>%s</clBalDate>\n", amount("aClBalSC", currency, made), p.Reason, date)
	} else {
		sum.paid, sum.payments = made, 1
		_, _ = fmt.Fprintf(w, "<paymentType>P</paymentType><paymentDate>%s</paymentDate><paymentNo>%s</paymentNo><valueDate>%s</valueDate>\n", date, p.Number, date)
	}
	totals{sum}.write(w, true)
	_, _ = fmt.Fprint(w, "</payment>\n")
	return sum
}

func (t Transaction) write(w io.Writer, currency string) total {
	gross, fee, sign := number(t.Gross), number(cmp.Or(t.Fee, "0")), decimal.New(1, 0)
	reversal := 0
	if t.Reversal {
		reversal, sign = 1, decimal.New(-1, 0)
	}
	saleCurrency, sale, _ := strings.Cut(cmp.Or(t.Sale, currency+" "+gross.Mul(sign).String()), " ")
	_, _ = fmt.Fprintf(w, "<trx><trxType>Retail</trxType><passTrxId>%s</passTrxId>%s<trxDate>%s</trxDate><trxTime>00:26:33.000</trxTime><pan>%s</pan><authNo>%s</authNo>"+
		"<refNo>356650</refNo><addlMercData>%s</addlMercData><dccInd>0</dccInd><isReversal>%d</isReversal>%s%s%s</trx>\n",
		t.ID, amount("aTrxOC", saleCurrency, number(sale)), cmp.Or(t.Day, "2026-11-20"), t.Card, t.Auth, t.Order, reversal,
		amount("aTrxGrosSC", currency, gross.Mul(sign)), amount("aTrxNetSC", currency, gross.Sub(fee).Mul(sign)), amount("aComEffSC", currency, fee.Neg().Mul(sign)))
	return total{currency: currency, gross: gross, fee: fee, count: 1}
}

func number(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func amount(name, currency string, value decimal.Decimal) string {
	return fmt.Sprintf(`<%[1]s c="%[2]s" e="2">%[3]s</%[1]s>`, name, currency, value.StringFixed(9))
}

// total is what an element states of what it holds, in one currency.
type total struct {
	currency                   string
	gross, fee, adjusted, paid decimal.Decimal
	count, payments            int
}

func (t total) add(more total) total {
	return total{
		t.currency, t.gross.Add(more.gross), t.fee.Add(more.fee), t.adjusted.Add(more.adjusted), t.paid.Add(more.paid),
		t.count + more.count, t.payments + more.payments,
	}
}

type totals []total

func (all totals) perCurrency() (sums totals) {
	at := map[string]int{}
	for _, t := range all {
		i, known := at[t.currency]
		if !known {
			at[t.currency], sums = len(sums), append(sums, t)
			continue
		}
		sums[i] = sums[i].add(t)
	}
	return sums
}

// write writes the sums; those of a payment and above say what was paid.
func (all totals) write(w io.Writer, complete bool) {
	_, _ = fmt.Fprint(w, "<sum>")
	for _, t := range all {
		_, _ = fmt.Fprint(w, "<sumSC>")
		if complete {
			_, _ = fmt.Fprintf(w, "<noPayments>%d</noPayments>", t.payments)
		}
		_, _ = fmt.Fprintf(w, "<noValidTrx>%d</noValidTrx>", t.count)
		for _, sum := range []struct {
			name  string
			value decimal.Decimal
		}{
			{"aNetSC", t.gross.Sub(t.fee).Add(t.adjusted)},
			{"aGrosSC", t.gross.Add(t.adjusted)},
			{"aTrxGrosSC", t.gross},
			{"aTrxNetSC", t.gross.Sub(t.fee)},
			{"aComEffSC", t.fee.Neg()},
		} {
			_, _ = fmt.Fprint(w, amount(sum.name, t.currency, sum.value))
		}
		if complete {
			_, _ = fmt.Fprint(w, amount("aPaymentSC", t.currency, t.paid))
		}
		_, _ = fmt.Fprint(w, "</sumSC>")
	}
	_, _ = fmt.Fprint(w, "</sum>\n")
}
