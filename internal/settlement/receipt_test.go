package settlement

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/qrbill"
)

const (
	ordinary = "CH9300762011623852957"
	qrNumber = "CH4431999123000889012"
)

// payee is a company that takes money by bank, and what of it is on record.
type payee struct {
	tester
	accounts []merchant.BankAccount
	payouts  []string // payout_ibans of its settings
	invoices []string // ids
	receipts []Receipt
	files    int
}

// reads is the file with those entries, on a statement of that account.
func (p *payee) reads(message, account, entries string) File {
	p.Helper()
	root, kind := "BkToCstmrDbtCdtNtfctn", "Ntfctn"
	if strings.HasPrefix(message, "camt.053") {
		root, kind = "BkToCstmrStmt", "Stmt"
	}
	file, err := ReadCAMT(strings.NewReader(fmt.Sprintf(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:%s"><%[2]s><GrpHdr><MsgId>M</MsgId></GrpHdr><%[3]s><Id>1</Id>
<Acct><Id><IBAN>%[4]s</IBAN></Id></Acct>%[5]s</%[3]s></%[2]s></Document>`, message, root, kind, account, entries)))
	require.NoError(p, err)
	return file
}

// takes takes a file in, and returns the receipts that it tells: those that are new, and those that are known.
func (p *payee) takes(file File) (fresh, again []Receipt) {
	p.Helper()
	return p.takesFrom(&file)
}

// takesFrom does so, and leaves in the file what is no receipt.
func (p *payee) takesFrom(file *File) (fresh, again []Receipt) {
	p.Helper()
	vd, err := calendar.ForCanton("VD")
	require.NoError(p, err)
	issued := map[string]string{}
	for _, invoice := range p.invoices {
		issued[referenceOf(p, ordinary, invoice).Number()] = invoice
	}
	p.files++
	fresh, again = file.Receipts(Setting{CompanyID: "cmp_1", Calendar: vd, Now: time.Now()}, fmt.Sprint("set_", p.files), issued,
		merchant.Company{PayoutIBANs: p.payouts}, p.accounts, slices.Clone(p.receipts))
	for _, r := range again {
		i := slices.IndexFunc(p.receipts, func(known Receipt) bool { return known.ID == r.ID })
		p.receipts[i] = r
	}
	p.receipts = append(p.receipts, fresh...)
	return fresh, again
}

func referenceOf(t tester, account, invoice string) qrbill.Reference {
	reference, err := qrbill.ReferenceFor(account, invoice)
	require.NoError(t, err)
	return reference
}

func newPayee(t tester, iban string) (p *payee, reference qrbill.Reference) {
	p = &payee{tester: t, invoices: []string{id.New(id.Invoice)}, accounts: []merchant.BankAccount{{IBAN: iban, Account: "1010", Currency: money.CHF, UseForInvoices: true}}}
	return p, referenceOf(t, iban, p.invoices[0])
}

// single is an entry with one transaction that says more.
func single(more string) string {
	return `<Ntry><Amt Ccy="CHF">108.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt><NtryDtls><TxDtls>` +
		`<Amt Ccy="CHF">108.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>` + more + `</TxDtls></NtryDtls></Ntry>`
}

// places are where Swiss banks put a reference, with %s in its place.
var places = map[string]string{
	"structured":                     single(`<RmtInf><Strd><CdtrRefInf><Ref>%s</Ref></CdtrRefInf></Strd></RmtInf>`),
	"structured, with a code":        single(`<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry><Issr>ISO</Issr></Tp><Ref>%s</Ref></CdtrRefInf></Strd></RmtInf>`),
	"structured, with the bank's":    single(`<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Prtry>QRR</Prtry></CdOrPrtry></Tp><Ref>%s</Ref></CdtrRefInf><AddtlRmtInf>?REJECT?0</AddtlRmtInf></Strd></RmtInf>`),
	"further structured information": single(`<RmtInf><Strd><AddtlRmtInf>Ref. %s</AddtlRmtInf></Strd></RmtInf>`),
	"unstructured":                   single(`<RmtInf><Ustrd>Rechnung 17, %s, danke</Ustrd></RmtInf>`),
	"text of the transaction":        single(`<AddtlTxInf>Gutschrift /REF/%s</AddtlTxInf>`),
	"end to end":                     single(`<Refs><EndToEndId>%s</EndToEndId></Refs>`),
	"text of the entry": `<Ntry><Amt Ccy="CHF">108.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-20</Dt></BookgDt>` +
		`<AddtlNtryInf>GUTSCHRIFT %s</AddtlNtryInf></Ntry>`,
}

func TestReferenceIsReadWhereverBanksPutIt(t *testing.T) {
	t.Parallel()
	for name, place := range places {
		for _, iban := range []string{ordinary, qrNumber} {
			for _, message := range []string{"camt.053.001.08", "camt.054.001.08"} {
				p, reference := newPayee(t, iban)
				for _, written := range []string{reference.String(), reference.Grouped()} {
					if name == "end to end" && written != reference.String() {
						continue // has at most 35 characters
					}
					p.receipts = nil
					file := p.reads(message, ordinary, fmt.Sprintf(place, written))
					fresh, _ := p.takes(file)
					require.Len(t, fresh, 1, "%s: %s", name, written)
					assert.Equal(t, []any{p.invoices[0], reference.String(), chf("108.00"), "1010", true},
						[]any{fresh[0].InvoiceID, fresh[0].Reference, fresh[0].Amount, fresh[0].Account, fresh[0].Certain}, name)
				}
			}
		}
	}
}

// A collective credit of QR-bills: the entry names the QR-IBAN, and every transaction has its reference.
func TestEveryTransactionOfACollectiveCreditIsAReceipt(t *testing.T) {
	t.Parallel()
	p, first := newPayee(t, qrNumber)
	p.invoices = append(p.invoices, id.New(id.Invoice))
	second := referenceOf(t, qrNumber, p.invoices[1])
	transaction := func(number int, amount, reference string) string {
		return fmt.Sprintf(`<TxDtls><Refs><AcctSvcrRef>%d</AcctSvcrRef></Refs><Amt Ccy="CHF">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Prtry>QRR</Prtry></CdOrPrtry></Tp><Ref>%s</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>`, number, amount, reference)
	}
	collective := func(day, ref string) string {
		return `<Ntry><NtryRef>` + qrNumber + `</NtryRef><Amt Ccy="CHF">170.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>` + day + `</Dt></BookgDt>
<AcctSvcrRef>` + ref + `</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>VCOM</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><Btch><NbOfTxs>3</NbOfTxs></Btch>` + transaction(1, "100.00", first.String()) + transaction(2, "50.00", second.String()) +
			transaction(3, "20.00", "210000000003139471430009017") + `</NtryDtls></Ntry>`
	}
	file := p.reads("camt.054.001.08", ordinary, collective("2026-11-20", "B-20261120"))
	fresh, _ := p.takes(file)
	require.Len(t, fresh, 2)
	assert.Equal(t, []any{p.invoices[0], chf("100.00"), p.invoices[1], chf("50.00")},
		[]any{fresh[0].InvoiceID, fresh[0].Amount, fresh[1].InvoiceID, fresh[1].Amount})
	assert.Equal(t, 1, file.Skipped[Others], "the third is of another program")
	fresh, again := p.takes(p.reads("camt.053.001.08", ordinary, collective("2026-11-20", "B-20261120")))
	assert.Equal(t, []int{0, 2}, []int{len(fresh), len(again)})
	fresh, again = p.takes(p.reads("camt.054.001.08", ordinary, collective("2026-11-23", "B-20261123")))
	assert.Equal(t, []int{2, 0}, []int{len(fresh), len(again)}, "the bank only numbers transactions: these are others")
}

func TestWhatIsNoCreditOfAnInvoiceIsLeftToThePayouts(t *testing.T) {
	t.Parallel()
	p, reference := newPayee(t, ordinary)
	structured := fmt.Sprintf(places["structured"], reference.String())
	for name, entry := range map[string]string{
		"a debit":                strings.ReplaceAll(structured, "CRDT", "DBIT"),
		"one that is taken back": strings.Replace(structured, "<Sts>", "<RvslInd>true</RvslInd><Sts>", 1),
		"only expected":          strings.Replace(structured, "BOOK", "PDNG", 1),
		"another reference":      fmt.Sprintf(places["structured"], "RF18539007547034"),
		"no reference":           single(""),
	} {
		fresh, _ := p.takes(p.reads("camt.054.001.08", ordinary, entry))
		assert.Empty(t, fresh, name)
	}
}

func TestOnWhichAccountMoneyCame(t *testing.T) {
	t.Parallel()
	accounts := []merchant.BankAccount{
		{IBAN: ordinary, Account: "1010", Currency: money.CHF, UseForInvoices: true},
		{IBAN: qrNumber, Account: "1011", Currency: money.CHF},
		{IBAN: "CH5604835012345678009", Account: "1012", Currency: money.CHF},
	}
	scor, qrr := referenceOf(t, ordinary, "inv_1").String(), referenceOf(t, qrNumber, "inv_1").String()
	const unknown = "LI21088100002324013AA"
	for name, c := range map[string]struct {
		statement string
		paid      []string
		reference string
		payouts   []string
		account   string
		certain   bool
	}{
		"that of the statement":                      {"CH5604835012345678009", nil, scor, nil, "1012", true},
		"the QR-IBAN that the entry names":           {ordinary, []string{qrNumber}, qrr, nil, "1011", true},
		"the only QR-IBAN, which a QRR needs":        {unknown, nil, qrr, nil, "1011", true},
		"that of invoices, when the IBAN is allowed": {unknown, nil, scor, []string{unknown}, "1010", true},
		"nobody knows":                               {unknown, nil, scor, nil, "1010", false},
	} {
		account, certain := Credit{Account: c.statement, Paid: c.paid, Amount: chf("1.00")}.account(c.reference, accounts, c.payouts)
		assert.Equal(t, []any{c.account, c.certain}, []any{account, certain}, name)
	}
}

// Whoever tells it, how often and in which order: what is on record is what came.
func TestReceiptsAreWhatCameHoweverTheyAreTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		p, reference := newPayee(r, ordinary)
		type payment struct{ amount, day, ref string }
		var came []payment
		for i := range rapid.IntRange(1, 5).Draw(r, "payments") {
			came = append(came, payment{
				rapid.SampledFrom([]string{"108.00", "54.00"}).Draw(r, "amount"), rapid.SampledFrom([]string{"2026-11-18", "2026-11-19"}).Draw(r, "day"), fmt.Sprint("BANK-", i),
			})
		}
		names := map[string]bool{"camt.053.001.08": rapid.Bool().Draw(r, "statements name"), "camt.054.001.08": rapid.Bool().Draw(r, "notices name")}
		for range rapid.IntRange(1, 4).Draw(r, "files") {
			message := rapid.SampledFrom([]string{"camt.053.001.08", "camt.054.001.08"}).Draw(r, "message")
			var entries string
			for _, c := range rapid.Permutation(came).Draw(r, "order") {
				refs := ""
				if names[message] {
					refs = "<Refs><AcctSvcrRef>" + c.ref + "</AcctSvcrRef></Refs>"
				}
				entry := fmt.Sprintf(strings.Replace(places["structured"], "<RmtInf>", refs+"<RmtInf>", 1), reference.String())
				entries += strings.NewReplacer("108.00", c.amount, "2026-11-20", c.day).Replace(entry)
			}
			p.takes(p.reads(message, ordinary, entries))
		}
		var want, got []string
		for _, c := range came {
			want = append(want, c.day+" "+c.amount)
		}
		for _, one := range p.receipts {
			got = append(got, one.Date.Format(time.DateOnly)+" "+one.Amount.Value())
		}
		assert.ElementsMatch(r, want, got)
	})
}
