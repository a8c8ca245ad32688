package settlement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
)

func day(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

func chf(s string) money.Amount { return money.MustParse(s, money.CHF) }
func eur(s string) money.Amount { return money.MustParse(s, money.EUR) }

// order is the order id of the payment or refund with that short name.
func order(name string) string { return ("Q" + strings.ToUpper(name) + strings.Repeat("2", 17))[:18] }

// office is a company's books on the receipt account, and its matcher from import to import.
type office struct {
	tester
	positions []Position
	payouts   []Payout
	entries   []ledger.Entry
	files     int

	payoutDays int
}

func newOffice(t tester) *office {
	t.Helper()
	return &office{tester: t, payoutDays: 2}
}

// tester is what an office needs of a test, of a random one too.
type tester interface {
	require.TestingT
	Helper()
}

// paid books a payment of that name on 1029.
func (o *office) paid(name string, amount money.Amount, on string) {
	o.stands(Position{
		Source: ledger.Source{Kind: ledger.FromPayment, ID: "pay_" + name}, PaymentID: "pay_" + name, OrderID: order(name), Method: payment.Card,
		Account: ledger.SystemBank, Amount: amount, Day: day(on),
	})
}

// refunded books a refund of that name.
func (o *office) refunded(name, of string, amount money.Amount, on string) {
	o.stands(Position{
		Source: ledger.Source{Kind: ledger.FromRefund, ID: "ref_" + name}, PaymentID: "pay_" + of, OrderID: order(name), Method: payment.Card,
		Account: ledger.SystemBank, Amount: amount.Neg(), Day: day(on),
	})
}

func (o *office) stands(q Position) {
	q.Open = q.Amount
	o.positions = append(o.positions, q)
}

// at works with the matcher of that day and keeps what was changed.
func (o *office) at(on string, work func(m *Matcher)) {
	o.Helper()
	canton, err := calendar.ForCanton("VD")
	require.NoError(o, err)
	m := NewMatcher(Setting{CompanyID: "cmp_1", Calendar: canton, Now: day(on).Add(9 * time.Hour), By: "key_1", PayoutDays: o.payoutDays},
		slices.Clone(o.positions), slices.Clone(o.payouts))
	work(m)
	for _, p := range m.Changed() {
		require.NoError(o, o.keep(p))
	}
	for i := range o.positions {
		o.positions[i].Open = m.bySource[o.positions[i].Source].Open
	}
}

// keep stores a payout, and books what is to be booked.
func (o *office) keep(p *Payout) error {
	if p.LacksEntry() {
		var returned ledger.Entry
		if i := slices.IndexFunc(o.payouts, func(q Payout) bool { return q.ID == p.Returns }); i >= 0 {
			returned = o.entry(o.payouts[i].EntryID)
		}
		if err := o.book(p.Entry(merchant.Company{Language: "en", FeeAccount: ledger.ChargesOnBank}, nil, returned)); err != nil {
			return err
		}
		p.EntryID = o.entries[len(o.entries)-1].ID
	}
	if p.State == Unmatched && p.EntryID != "" { // reopened
		if err := o.book(ledger.Reversal{Entry: o.entry(p.EntryID), Language: "en"}.TakeBack()); err != nil {
			return err
		}
		p.EntryID = ""
	}
	if i := slices.IndexFunc(o.payouts, func(q Payout) bool { return q.ID == p.ID }); i >= 0 {
		o.payouts[i] = *p
	} else {
		o.payouts = append(o.payouts, *p)
	}
	return nil
}

func (o *office) book(e ledger.Entry) error {
	if slices.ContainsFunc(o.entries, func(b ledger.Entry) bool { return b.Source == e.Source }) {
		return fmt.Errorf("%s %s is booked twice", e.Source.Kind, e.Source.ID)
	}
	e.ID = fmt.Sprintf("jre_%d", len(o.entries)+1)
	o.entries = append(o.entries, e)
	return e.Check()
}

func (o *office) entry(id string) ledger.Entry {
	i := slices.IndexFunc(o.entries, func(e ledger.Entry) bool { return e.ID == id })
	require.GreaterOrEqual(o, i, 0)
	return o.entries[i]
}

// takes imports a file on that day.
func (o *office) takes(on string, f File) taken {
	o.Helper()
	o.files++
	settlement := fmt.Sprintf("set_%d", o.files)
	o.at(on, func(m *Matcher) { m.Take(settlement, f) })
	told := taken{skipped: f.Skipped}
	for _, p := range o.payouts {
		for _, s := range p.Seen {
			if s.SettlementID == settlement {
				told.known = append(told.known, s.Known)
			}
		}
	}
	return told
}

// taken is what a file brought: of each payout that it reports whether it was known, and what it skipped.
type taken struct {
	known   []bool
	skipped map[SkipReason]int
}

func (o *office) csv(on string, lines ...string) taken {
	o.Helper()
	f, err := ReadCSV([]byte(header + strings.Join(lines, "\n") + "\n"))
	require.NoError(o, err)
	return o.takes(on, f)
}

// notified imports a camt.054 of that day's date with those entries.
func (o *office) notified(on string, entries ...string) taken {
	o.Helper()
	return o.takes(on, o.bank("camt.054.001.08", "BkToCstmrDbtCdtNtfctn", "Ntfctn", on, entries))
}

// stated imports a camt.053 of that day's date with those entries.
func (o *office) stated(on string, entries ...string) taken {
	o.Helper()
	return o.takes(on, o.bank("camt.053.001.08", "BkToCstmrStmt", "Stmt", on, entries))
}

func (o *office) bank(message, root, statement, on string, entries []string) File {
	o.Helper()
	text := fmt.Sprintf(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:%s"><%s><GrpHdr><MsgId>M%d</MsgId></GrpHdr><%s><Id>1</Id>`+
		`<Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct>%s</%s></%s></Document>`, message, root, o.files, statement,
		strings.ReplaceAll(strings.Join(entries, "\n"), "DATE", on), statement, root)
	f, err := ReadCAMT(strings.NewReader(text))
	require.NoError(o, err)
	own, err := Own(nil, nil, f)
	require.NoError(o, err)
	f, _, err = f.OfCompany(own)
	require.NoError(o, err)
	return f
}

// credit is a bank's entry: an amount such as "CHF 105.70", and whatever else it says.
func credit(amount, more string) string { return entryXML("CRDT", amount, more) }
func debit(amount, more string) string  { return entryXML("DBIT", amount, more) }

func entryXML(sign, amount, more string) string {
	return fmt.Sprintf(`<Ntry><Amt Ccy="%s">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>DATE</Dt></BookgDt>%s</Ntry>`,
		amount[:3], amount[4:], sign, more)
}

func ref(s string) string        { return "<AcctSvcrRef>" + s + "</AcctSvcrRef>" }
func additional(s string) string { return "<AddtlNtryInf>" + s + "</AddtlNtryInf>" }

const worldline = "<AddtlNtryInf>WORLDLINE SCHWEIZ AG</AddtlNtryInf>"

// details is what an entry says about the transactions behind it.
func details(transactions ...string) string {
	return "<NtryDtls><TxDtls>" + strings.Join(transactions, "</TxDtls><TxDtls>") + "</TxDtls></NtryDtls>"
}

func endToEnd(s string) string { return "<Refs><EndToEndId>" + s + "</EndToEndId></Refs>" }
func amt(a string) string {
	return fmt.Sprintf(`<Amt Ccy="%s">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd>`, a[:3], a[4:])
}

// payout returns the only payout, or the one with that reference.
func (o *office) payout(reference ...string) Payout {
	o.Helper()
	var found []Payout
	for _, p := range o.payouts {
		if len(reference) == 0 || p.Reference == reference[0] && p.PartOf == "" {
			found = append(found, p)
		}
	}
	require.Len(o, found, 1, "payouts %v of %+v", reference, o.payouts)
	return found[0]
}

// decide changes the payout on that day.
func (o *office) decide(on, payoutID string, do func(m *Matcher, p *Payout) error) (err error) {
	o.Helper()
	o.at(on, func(m *Matcher) { err = do(m, m.Payout(payoutID)) })
	return err
}

func (o *office) confirm(on string, p Payout, c Decision) error {
	o.Helper()
	return o.decide(on, p.ID, func(m *Matcher, p *Payout) error { return m.Confirm(p, c) })
}

// balances returns what the entries have left on each account, such as "1020 CHF 105.70", without those with nothing; receipts
// and refunds count as booked.
func (o *office) balances() []string {
	sums := map[string]money.Amount{}
	add := func(account string, amount money.Amount) {
		key := account + " " + string(amount.Currency())
		if _, ok := sums[key]; !ok {
			sums[key] = money.Zero(amount.Currency())
		}
		sums[key] = sums[key].Add(amount)
	}
	for _, q := range o.positions {
		add(q.Account, q.Amount)
	}
	for _, e := range o.entries {
		for _, l := range e.Lines {
			add(l.Account, l.Debit.Sub(l.Credit))
		}
	}
	var all []string
	for key, sum := range sums {
		if !sum.IsZero() {
			all = append(all, key+" "+sum.Value())
		}
	}
	slices.Sort(all)
	return all
}
