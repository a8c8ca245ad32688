package api_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/testing/mrxtest"
)

func (y *year) list(number string, on time.Time, lines []listed) string {
	file := "sep=;\n" + listedHeader + "\n"
	total := money.Zero(lines[0].gross.Currency())
	for _, l := range lines {
		net := l.gross.Sub(l.fee)
		file += strings.Join([]string{
			number, on.Format("02.01.2006"), l.kind, l.on, "Boutique " + l.order, string(total.Currency()), comma(l.gross.Value()), comma(l.fee.Value()), comma(net.Value()),
		}, ";") + "\n"
		total = total.Add(net)
	}
	return file + "Gesamttotal;;;;;;;;" + comma(total.Value()) + "\n"
}

func (y *year) notice(p mrxtest.Payment, on time.Time, lines []listed, currency money.Currency) string {
	p.Date, p.PerSlip = on.Format(time.DateOnly), 3
	for _, l := range lines {
		if l.dispute != "" {
			p.Adjustments = append(p.Adjustments, mrxtest.Adjustment{Type: "5", Text: l.kind + " " + l.dispute, Net: l.gross.Value()})
			if !l.fee.IsZero() {
				p.Adjustments = append(p.Adjustments, mrxtest.Adjustment{Type: "6", Text: l.kind + " " + l.dispute + " (Bearbeitung)", Net: l.fee.Neg().Value()})
			}
			continue
		}
		p.Transactions = append(p.Transactions, mrxtest.Transaction{
			ID: l.order, Gross: l.gross.Value(), Fee: l.fee.Value(), Order: l.order, Day: l.on, Reversal: l.gross.IsNegative(),
		})
	}
	return mrxtest.Notice{ID: fmt.Sprint("MN-", on.Format("0102"), "-", currency, p.Number), Accounts: []mrxtest.Account{
		{IBAN: ibans[currency], Currency: string(currency), Payments: []mrxtest.Payment{p}},
	}}.String()
}

// statement is a message of the bank about those movements.
func (y *year) statement(message string, currency money.Currency, moves []bankMove) string {
	var entries []string
	for _, m := range moves {
		reversal := ""
		if m.reversal {
			reversal = "<RvslInd>true</RvslInd>"
		}
		entry := strings.Replace(moved(m.on.Format(time.DateOnly), m.amount.Value(), reversal, m.text), `"CHF"`, fmt.Sprintf("%q", currency), 1)
		if m.stranger != "" {
			party := "<Pty><Nm>" + m.stranger + "</Nm></Pty>"
			entry = strings.Replace(entry, "<AddtlNtryInf>", "<NtryDtls><TxDtls><RltdPties><Dbtr>"+party+"</Dbtr><Cdtr>"+party+"</Cdtr></RltdPties></TxDtls></NtryDtls><AddtlNtryInf>", 1)
		}
		entries = append(entries, entry)
	}
	return strings.Replace(entriesOf(message, entries...), ibans[money.CHF], ibans[currency], 1)
}

// amongStrangers puts what other people pay and get among the movements of a month. It makes nothing in all.
func (y *year) amongStrangers(moves []bankMove, strangers int) []bankMove {
	all := slices.Clone(moves)
	for range strangers / 2 {
		amount := money.FromMinor(y.Int64N(100_000)+1, moves[0].amount.Currency())
		in := bankMove{on: moves[0].on, amount: amount, text: fmt.Sprintf("Bestellung %d", y.IntN(1_000_000)), stranger: "Anna Meier"}
		out := in
		out.amount = amount.Neg()
		all = append(all, in, out)
	}
	y.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// again is the same paper in another form.
func (y *year) again(p paper) paper {
	if p.record != nil {
		return p // a dispute is known by the number of its case
	}
	if p.contentType == "application/xml" {
		return paper{contentType: p.contentType, content: strings.Replace(p.content, "><", ">\n<", 1+y.IntN(5))}
	}
	return paper{contentType: p.contentType, content: p.content + strings.Repeat("\n", 1+y.IntN(5))}
}
