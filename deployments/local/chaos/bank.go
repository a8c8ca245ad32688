package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/deployments/local/invariants"
	"github.com/quittance/quittance/internal/calendar"
)

// The bank account of every company, and where what comes there is booked.
const (
	bankIBAN   = "CH9300762011623852957"
	payoutIBAN = "CH5604835012345678009"
	bankLedger = "1010"
)

// bankFile is what a bank tells of an invoice. It is kept, as by a bookkeeper.
type bankFile struct {
	invoice  string
	credited int64 // in centimes; nothing in a file that tells the same once more
	content  []byte
}

// byNotice is a customer who pays by bank with the reference of the QR-bill: the right amount, more, or in two halves. The bank tells it
// in notices and in a statement, and the company imports all of them, some twice.
func (inv invoice) byNotice(ctx context.Context, v Visit) error {
	amounts := [][]int64{{v.Minor}, {v.Minor + 100}, {v.Minor / 2, v.Minor - v.Minor/2}}[v.Chance%3]
	var entries strings.Builder
	var credited int64
	for i, minor := range amounts {
		fmt.Fprintf(&entries, `<Ntry><Amt Ccy="CHF">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt>`+
			`<AcctSvcrRef>%s-%d</AcctSvcrRef><NtryDtls><TxDtls><RmtInf><Strd><CdtrRefInf><Ref>%s</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry>`,
			francs(minor), calendar.Day(time.Now()).Format(time.DateOnly), inv.Number, i, inv.Reference)
		credited += minor
	}
	file := func(format, root, kind string) []byte {
		return fmt.Appendf(nil, `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:%s.001.08"><%[2]s><GrpHdr><MsgId>%[5]s</MsgId></GrpHdr>`+
			`<%[3]s><Id>1</Id><Acct><Id><IBAN>%[6]s</IBAN></Id></Acct>%[4]s</%[3]s></%[2]s></Document>`, format, root, kind, entries.String(), inv.Number, bankIBAN)
	}
	notice := bankFile{invoice: inv.ID, credited: credited, content: file("camt.054", "BkToCstmrDbtCdtNtfctn", "Ntfctn")}
	statement := bankFile{invoice: inv.ID, content: file("camt.053", "BkToCstmrStmt", "Stmt")}
	inv.company.keep(notice, statement)
	importing := func(f bankFile) func() error { return func() error { return inv.company.importFile(ctx, f) } }
	return together(importing(notice), importing(notice), importing(statement))
}

func (c *company) importFile(ctx context.Context, f bankFile) error {
	return c.must(ctx, http.MethodPost, "/settlements", f.content, nil)
}

// keep keeps what the bank has told.
func (c *company) keep(files ...bankFile) {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.told = append(c.told, files...)
}

func (c *company) kept() []bankFile {
	c.changing.Lock()
	defer c.changing.Unlock()
	return slices.Clone(c.told)
}

// importAgain imports all that the bank has told once more, as a bookkeeper does after a backup was restored.
func (c *company) importAgain(ctx context.Context) error {
	for _, file := range c.kept() {
		if err := c.importFile(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// unbooked says what differs between what the bank has told and what is booked of it. An invoice that is younger than the backup is gone,
// and so is whose the money was; one that was issued after it is a draft again, until it is issued once more.
func (c *company) unbooked(ctx context.Context) (string, error) {
	invoices, err := invariants.All[invoice](c.read(ctx), "/invoices")
	if err != nil {
		return "", err
	}
	known := map[string]bool{}
	for _, inv := range invoices {
		known[inv.ID] = inv.Status != "draft"
	}
	var credited int64
	for _, file := range c.kept() {
		if known[file.invoice] {
			credited += file.credited
		}
	}
	var accounts struct{ Data []invariants.Account }
	if err := c.must(ctx, http.MethodGet, "/accounts", nil, &accounts); err != nil {
		return "", err
	}
	var booked int64
	for _, account := range accounts.Data {
		for _, balance := range account.Balances {
			if account.Number != bankLedger {
				continue
			}
			minor, err := invariants.Cents(balance.Amount, balance.Currency)
			if err != nil {
				return "", err
			}
			booked += minor
		}
	}
	if booked != credited {
		return fmt.Sprintf("%s is booked of what came by bank, and %s came", francs(booked), francs(credited)), nil
	}
	return "", nil
}
