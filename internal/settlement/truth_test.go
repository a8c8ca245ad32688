package settlement

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
)

// moved is one real movement on the bank account: a payout, one that is taken back, or money for an invoice.
type moved struct {
	day      int // of the bank's booking: the how-manieth business day
	net      money.Amount
	bankRef  string
	payout   *paidOut // nil for a receipt
	reversal bool
}

// paidOut is a payout as the acquirer knows it: all sales of a brand and day.
type paidOut struct {
	reference   string
	listed      int // the day on which the acquirer's list has it
	brand       string
	on          string // the day of its sales
	orders      []string
	gross, fee  money.Amount
	backAndPaid *paidOut // the same sales, paid again after the bank took the first payment back
	takenBack   bool
}

// truth is what really happened, and how it is told.
type truth struct {
	r         *rapid.T
	days      []string
	moves     []moved
	payouts   []*paidOut
	sales     []func(o *office)
	styles    map[string]string // what the bank knows of a payout, by format
	named     map[string]bool   // whether it gives references, by format
	invoice   string
	reference string
}

// drawTruth draws a few days of sales, payouts, reversals and receipts. Some are alike in amount and day.
func drawTruth(t *testing.T, r *rapid.T) *truth {
	t.Helper()
	w := &truth{r: r, styles: map[string]string{}, named: map[string]bool{}, invoice: id.New(id.Invoice)}
	w.reference = referenceOf(t, ordinary, w.invoice).String()
	canton, err := calendar.ForCanton("VD")
	require.NoError(t, err)
	for i := range 14 {
		w.days = append(w.days, canton.AddBusinessDays(day("2026-11-04"), i).Format(time.DateOnly))
	}
	style := rapid.SampledFrom([]string{"orders", "reference", "sales", "nothing"})
	for _, format := range []string{"camt.053", "camt.054"} {
		w.styles[format], w.named[format] = style.Draw(r, format+" knows"), rapid.Bool().Draw(r, format+" has references")
	}
	lag := rapid.IntRange(0, 2).Draw(r, "lag of the bank")
	add := func(m moved) {
		m.bankRef = fmt.Sprintf("BNK-%05d", len(w.moves))
		w.moves = append(w.moves, m)
	}
	pay := func(p *paidOut, listed int) {
		p.reference, p.listed = fmt.Sprintf("WL-%05d", len(w.payouts)), listed
		w.payouts = append(w.payouts, p)
		add(moved{day: listed + lag, net: p.gross.Sub(p.fee), payout: p})
	}
	for i, batch := range rapid.Permutation([]string{"VISA 0", "TWINT 0", "MASTERCARD 0", "VISA 1", "TWINT 1", "VISA 2"}).Draw(r, "batches")[:rapid.IntRange(1, 5).Draw(r, "payouts")] {
		brand, number, _ := strings.Cut(batch, " ")
		p := &paidOut{brand: brand, on: w.days[int(number[0]-'0')], gross: chf("0.00")}
		for j := range rapid.IntRange(1, 2).Draw(r, "sales") {
			amount := chf(rapid.SampledFrom([]string{"25.00", "50.00"}).Draw(r, "amount"))
			name := fmt.Sprintf("%c%c", 'a'+i, 'a'+j)
			p.gross, p.orders = p.gross.Add(amount), append(p.orders, order(name))
			w.sales = append(w.sales, func(o *office) { o.sale(name, brand, amount, p.on) })
		}
		p.fee = money.FromMinor(p.gross.Minor()/50, money.CHF)
		listed := int(number[0]-'0') + 2
		pay(p, listed)
		if rapid.IntRange(0, 3).Draw(r, "taken back") > 0 {
			continue
		}
		p.takenBack = true
		back := listed + lag + rapid.IntRange(0, 1).Draw(r, "until it is taken back")
		add(moved{day: back, net: p.gross.Sub(p.fee).Neg(), payout: p, reversal: true})
		if rapid.Bool().Draw(r, "paid again") {
			again := *p
			again.takenBack = false
			p.backAndPaid = &again
			pay(&again, back+rapid.IntRange(1, 2).Draw(r, "until it is paid again"))
		}
	}
	for range rapid.IntRange(0, 3).Draw(r, "receipts") {
		add(moved{day: rapid.IntRange(3, 4).Draw(r, "day"), net: chf(rapid.SampledFrom([]string{"24.50", "49.00"}).Draw(r, "amount"))})
	}
	return w
}

// entry is what a bank's file of that format says of a movement.
func (w *truth) entry(format string, m moved) string {
	var reference string
	if w.named[format] {
		reference = ref(m.bankRef)
	}
	var entry string
	switch m.payout {
	case nil:
		entry = credit(m.net.String(), reference+details(amt(m.net.String())+"<RmtInf><Strd><CdtrRefInf><Ref>"+w.reference+"</Ref></CdtrRefInf></Strd></RmtInf>"))
	default:
		p := m.payout
		text := map[string]string{
			"orders": "WORLDLINE " + strings.Join(p.orders, " "), "reference": "WORLDLINE SCHWEIZ AG " + p.reference,
			"sales":   "WORLDLINE SCHWEIZ AG " + salesText(map[string]string{"VISA": "VISA", "TWINT": "TWINT", "MASTERCARD": "ECAMC"}[p.brand], p.on, p.gross, p.fee),
			"nothing": "WORLDLINE SCHWEIZ AG",
		}[w.styles[format]]
		if m.reversal {
			entry = strings.Replace(debit(m.net.Neg().String(), reference+additional(text)), "<Sts>", "<RvslInd>true</RvslInd><Sts>", 1)
		} else {
			entry = credit(m.net.String(), reference+additional(text))
		}
	}
	return strings.ReplaceAll(entry, "DATE", w.days[m.day])
}

// tellingFile is a file.
type tellingFile struct {
	format string
	lines  []string
	told   []*paidOut // of which it says which sales they pay
}

// bankFile is a file of a bank about all that happened on some days, in some order.
func (w *truth) bankFile(format string, from, to int) tellingFile {
	f := tellingFile{format: format}
	for _, m := range rapid.Permutation(w.moves).Draw(w.r, "order of "+format) {
		if m.day < from || m.day > to {
			continue
		}
		f.lines = append(f.lines, w.entry(format, m))
		if m.payout != nil && !m.reversal && slices.Contains([]string{"orders", "sales"}, w.styles[format]) {
			f.told = append(f.told, m.payout)
		}
	}
	return f
}

// amongStrangers returns the files with entries of other people anywhere in those of banks: over the same amounts on the same days, too,
// and in every form and currency.
func (w *truth) amongStrangers(files []tellingFile) []tellingFile {
	all := slices.Clone(files)
	for i := range all {
		f := &all[i]
		if f.format == "csv" || len(f.lines) == 0 { // an empty file is not imported
			continue
		}
		f.lines = slices.Clone(f.lines)
		for n := range rapid.IntRange(0, 6).Draw(w.r, "strangers") {
			amount := rapid.SampledFrom([]string{
				"CHF 24.50", "CHF 49.", "CHF 49.00000", "CHF 73.5", "CHF .05", "CHF 98.00", "CHF 1.234", "CHF 99999999999", "CHF x", "CHF -49.00", "SEK 49.00", "JPY 49", "CAD 24.50", "chf 49.00",
			}).Draw(w.r, "of a stranger")
			more := rapid.SampledFrom([]string{
				"", ref(fmt.Sprintf("STRANGER-%d-%d", i, n)), "<BookgDt><Dt>31.12.2026</Dt></BookgDt>",
			}).Draw(w.r, "more")
			text := rapid.SampledFrom([]string{"Kommission", "210000000003139471430009017", "RF18539007547034", "VISA/ 50.00/NR.1/KOM. 1.00/DAT.04.11.2026/X"}).Draw(w.r, "text")
			detail := rapid.SampledFrom([]string{"", amt("SEK 500.00"), amt("EUR 45.00")}).Draw(w.r, "in another currency")
			party := "<RltdPties><Dbtr><Pty><Nm>Anna Meier</Nm></Pty></Dbtr><Cdtr><Pty><Nm>Anna Meier</Nm></Pty></Cdtr></RltdPties>"
			entry := credit(amount, more+details(detail+party+"<RmtInf><Ustrd>"+text+"</Ustrd></RmtInf>"))
			if rapid.Bool().Draw(w.r, "takes") {
				entry = strings.ReplaceAll(entry, "CRDT", "DBIT")
			}
			if strings.Contains(more, "BookgDt") {
				entry = strings.Replace(entry, "<BookgDt><Dt>DATE</Dt></BookgDt>", "", 1)
			}
			entry = strings.ReplaceAll(entry, "DATE", w.days[rapid.IntRange(0, len(w.days)-1).Draw(w.r, "day")])
			f.lines = slices.Insert(f.lines, rapid.IntRange(0, len(f.lines)).Draw(w.r, "place"), entry)
		}
	}
	return all
}

// list is a list of the acquirer about some payouts.
func (w *truth) list() tellingFile {
	f := tellingFile{format: "csv"}
	var orders []string
	for _, p := range rapid.Permutation(w.payouts).Draw(w.r, "order of the list") {
		if !rapid.Bool().Draw(w.r, "lists "+p.reference) || slices.Contains(orders, p.orders[0]) {
			continue
		}
		orders, f.told = append(orders, p.orders...), append(f.told, p)
		left := p.gross
		for i, o := range p.orders {
			gross := left
			if i+1 < len(p.orders) {
				gross = w.amountOf(o)
			}
			left = left.Sub(gross)
			fee := money.FromMinor(gross.Minor()/50, money.CHF)
			f.lines = append(f.lines, strings.Join([]string{p.reference, w.days[p.listed], "payment", o, "CHF", gross.Value(), fee.Value(), gross.Sub(fee).Value()}, ","))
		}
	}
	return f
}

func (w *truth) amountOf(order string) money.Amount {
	o := &office{}
	for _, sell := range w.sales {
		sell(o)
	}
	i := slices.IndexFunc(o.positions, func(q Position) bool { return q.OrderID == order })
	return o.positions[i].Amount
}

// tookBack reports whether the bank really took back what is proposed for p.
func (w *truth) tookBack(p Payout, payouts []Payout) bool {
	i := slices.IndexFunc(payouts, func(original Payout) bool { return original.ID == p.Returns })
	return i >= 0 && slices.ContainsFunc(w.moves, func(m moved) bool {
		return m.reversal && m.net.Equal(p.Net) && w.days[m.day] == p.Date.Format(time.DateOnly) && slices.Equal(m.payout.orders, payouts[i].orders())
	})
}

// play imports the files in their order into new books. A person accepts what the bank really takes back, whenever that is asked or
// at the end.
func (w *truth) play(files []tellingFile, atOnce bool) (*office, *payee) {
	o := newOffice(w.r)
	p := &payee{tester: w.r, invoices: []string{w.invoice}, accounts: []merchant.BankAccount{{IBAN: ordinary, Account: "1010", Currency: money.CHF, UseForInvoices: true}}}
	for _, sell := range w.sales {
		sell(o)
	}
	const today = "2026-11-30"
	accept := func() {
		for {
			i := slices.IndexFunc(o.payouts, func(p Payout) bool { return p.State == Proposed && w.tookBack(p, o.payouts) })
			if i < 0 {
				return
			}
			require.NoError(w.r, o.confirm(today, o.payouts[i], Decision{}))
		}
	}
	for _, f := range files {
		if len(f.lines) == 0 {
			continue
		}
		if f.format == "csv" {
			o.csv(today, f.lines...)
		} else {
			root, statement := "BkToCstmrStmt", "Stmt"
			if f.format == "camt.054" {
				root, statement = "BkToCstmrDbtCdtNtfctn", "Ntfctn"
			}
			file := o.bank(f.format+".001.08", root, statement, today, f.lines)
			p.takesFrom(&file)
			o.takes(today, file)
		}
		if atOnce {
			accept()
		}
	}
	accept()
	return o, p
}

// summary is what the books end with.
func summary(o *office) (all []string) {
	for _, p := range o.payouts {
		line := fmt.Sprint(p.Net, " ", p.State, " ", p.Returns != "")
		if !p.reversal() {
			items := ids(p.Items)
			slices.Sort(items)
			line += fmt.Sprint(items)
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

// Whatever happened, whoever tells it, in whichever files and order, and however often: each movement is booked once or waits for a
// person.
func TestEachMovementIsBookedOnceOrWaitsHoweverItIsTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := drawTruth(t, r)
		var files []tellingFile
		for range rapid.IntRange(0, 6).Draw(r, "files") {
			kind := rapid.SampledFrom([]string{"csv", "camt.053", "camt.054"}).Draw(r, "kind")
			if kind == "csv" {
				files = append(files, w.list())
				continue
			}
			from := rapid.IntRange(2, 9).Draw(r, "from")
			files = append(files, w.bankFile(kind, from, from+rapid.IntRange(0, 4).Draw(r, "days")))
		}
		if len(files) > 0 && rapid.Bool().Draw(r, "one again") {
			files = append(files, rapid.SampledFrom(files).Draw(r, "which"))
		}
		files = append(files, w.bankFile("camt.053", 0, len(w.days)))
		files = rapid.Permutation(files).Draw(r, "files in order")
		atOnce := rapid.Bool().Draw(r, "accepted at once")
		o, p := w.play(files, atOnce)
		w.check(o, p, files)
		among, received := w.play(w.amongStrangers(files), atOnce)
		require.Equal(r, summary(o), summary(among), "entries of strangers change nothing")
		require.Equal(r, o.balances(), among.balances())
		require.Len(r, received.receipts, len(p.receipts))
		if w.exact(files) {
			other, _ := w.play(rapid.Permutation(files).Draw(r, "in another order"), !atOnce)
			require.Equal(r, o.balances(), other.balances(), "the order of the files changes nothing")
			if !slices.ContainsFunc(w.payouts, func(p *paidOut) bool { return p.backAndPaid != nil }) {
				require.Equal(r, summary(o), summary(other))
			}
		}
	})
}

// exact reports whether the files say enough to tell payouts of one amount apart: by their orders or sales. A reference of the
// acquirer, whose list may come later, says so if the amounts differ.
func (w *truth) exact(files []tellingFile) bool {
	nets, listed := map[string]bool{}, map[string]bool{}
	for _, p := range w.payouts {
		nets[p.gross.Value()] = true
	}
	for _, f := range files {
		for _, p := range f.told {
			if f.format == "csv" {
				listed[p.reference] = true
			}
		}
	}
	differ := len(nets) == len(w.payouts) && len(listed) == len(w.payouts)
	return !slices.ContainsFunc(files, func(f tellingFile) bool {
		return w.styles[f.format] == "nothing" || w.styles[f.format] == "reference" && !differ
	})
}

// check holds the books against what happened.
func (w *truth) check(o *office, p *payee, files []tellingFile) {
	type key struct {
		net      string
		reversal bool
	}
	happened, shown, booked := map[key]int{}, map[key]int{}, map[key]int{}
	var came, received []string
	for _, m := range w.moves {
		if m.payout == nil {
			came = append(came, w.days[m.day]+" "+m.net.Value())
		} else {
			happened[key{m.net.Value(), m.reversal}]++
		}
	}
	for _, one := range p.receipts {
		received = append(received, one.Date.Format(time.DateOnly)+" "+one.Amount.Value())
	}
	require.ElementsMatch(w.r, came, received, "receipts")
	for _, one := range o.payouts {
		k := key{one.Total.Value(), one.reversal()}
		shown[k]++
		if one.State == Booked || one.State == Returned {
			booked[k]++
		}
	}
	for k, n := range happened {
		require.GreaterOrEqual(w.r, shown[k], n, "%v: none disappears", k)
		require.LessOrEqual(w.r, booked[k], n, "%v: none is booked twice", k)
		if k.reversal || w.exact(files) {
			require.Equal(w.r, n, shown[k], "%v", k)
		}
	}
	for k := range shown {
		require.Positive(w.r, happened[k], "%v never happened", k)
	}
	told := map[string]bool{}
	for _, f := range files {
		for _, one := range f.told {
			told[one.reference] = true
		}
	}
	for _, one := range w.payouts {
		if !told[one.reference] || !w.exact(files) {
			continue
		}
		standing := chf("0.00")
		for _, q := range o.positions {
			if slices.Contains(one.orders, q.OrderID) {
				standing = standing.Add(q.Open)
			}
		}
		switch {
		case one.takenBack && one.backAndPaid == nil:
			require.True(w.r, standing.Equal(one.gross), "%s: what was taken back waits for its payout again, but %s does", one.reference, standing)
		case !one.takenBack || told[one.backAndPaid.reference]:
			require.True(w.r, standing.IsZero(), "%s: it is paid out, but %s waits", one.reference, standing)
		}
	}
}
