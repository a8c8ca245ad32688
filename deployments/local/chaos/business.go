package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/quittance/quittance/deployments/local/invariants"
	"github.com/quittance/quittance/internal/calendar"
)

// onboard connects another account, which the acquirer verifies after a while, and waits until it is active by itself.
func (c *company) onboard(ctx context.Context, number int, v Visit) error {
	a := newAccount(number)
	if err := c.cluster.openAccount(ctx, a, false); err != nil {
		return err
	}
	service, err := c.connect(ctx, a)
	if err != nil {
		return err
	}
	pause(ctx, time.Duration(v.Chance%10)*time.Second)
	if err := c.cluster.openAccount(ctx, a, true); err != nil {
		return err
	}
	for {
		var now struct{ Status string }
		if err := c.must(ctx, http.MethodGet, "/payment-services/"+service, nil, &now); err != nil {
			return fmt.Errorf("the onboarding of %s is still %q: %w", service, now.Status, err)
		}
		if now.Status == "active" {
			return nil
		}
		pause(ctx, time.Second)
	}
}

const (
	payoutSize = 5
	payoutFee  = 130 // centimes
)

// settle imports the acquirer's list of a payout, twice: some payments that were captured by then, each in one payout only.
func (c *company) settle(ctx context.Context, number int) error {
	payments, err := invariants.All[invariants.Payment](c.read(ctx), "/payments")
	if err != nil {
		return err
	}
	var lines strings.Builder
	lines.WriteString("payout_reference,payout_date,type,order_id,currency,gross,fee,net\n")
	n := 0
	for _, p := range payments {
		if p.State != "captured" || n == payoutSize || !c.payOut(p.ID) {
			continue
		}
		n++
		gross, err := invariants.Cents(p.Amount, p.Currency)
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "WL-%d,%s,payment,%s,CHF,%s,%s,%s\n", number, time.Now().UTC().Format(time.DateOnly), p.Saferpay.OrderID,
			p.Amount, francs(payoutFee), francs(gross-payoutFee))
	}
	if n == 0 {
		return nil
	}
	for range 2 {
		if err := c.must(ctx, http.MethodPost, "/settlements", []byte(lines.String()), nil); err != nil {
			return err
		}
	}
	return nil
}

// payOut tells whether the payment has not been paid out yet, and notes that it is.
func (c *company) payOut(payment string) bool {
	c.changing.Lock()
	defer c.changing.Unlock()
	if c.paidOut[payment] {
		return false
	}
	c.paidOut[payment] = true
	return true
}

// changePassword changes it at Saferpay, and a while later the company enters the new one.
func (c *company) changePassword(ctx context.Context, after time.Duration) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	if ctx.Err() != nil {
		return nil // the one before took until the end
	}
	c.account.password += "x"
	if err := c.cluster.steer(ctx, http.MethodPut, "/_sim/customers/"+c.account.customer, object{"password": c.account.password}, nil); err != nil {
		return err
	}
	pause(ctx, after)
	return c.enterCredentials(context.WithoutCancel(ctx), c.service, c.account)
}

// The bank account of every company, and where what comes there is booked.
const (
	bankIBAN   = "CH9300762011623852957"
	bankLedger = "1010"
)

// byNotice is a customer who pays by bank with the reference of the QR-bill: the right amount, more, or in two halves. The bank tells it
// in notices and in a statement, and the company imports all of them, some twice.
func (inv invoice) byNotice(ctx context.Context, v Visit) error {
	amounts := [][]int64{{v.Minor}, {v.Minor + 100}, {v.Minor / 2, v.Minor - v.Minor/2}}[v.Chance%3]
	var entries strings.Builder
	for i, minor := range amounts {
		fmt.Fprintf(&entries, `<Ntry><Amt Ccy="CHF">%s</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt>`+
			`<AcctSvcrRef>%s-%d</AcctSvcrRef><NtryDtls><TxDtls><RmtInf><Strd><CdtrRefInf><Ref>%s</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry>`,
			francs(minor), calendar.Day(time.Now()).Format(time.DateOnly), inv.Number, i, inv.Reference)
		inv.company.credit(minor)
	}
	tell := func(format, root, kind string) error {
		file := fmt.Sprintf(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:%s.001.08"><%[2]s><GrpHdr><MsgId>%[5]s</MsgId></GrpHdr>`+
			`<%[3]s><Id>1</Id><Acct><Id><IBAN>%[6]s</IBAN></Id></Acct>%[4]s</%[3]s></%[2]s></Document>`, format, root, kind, entries.String(), inv.Number, bankIBAN)
		return inv.company.must(ctx, http.MethodPost, "/settlements", []byte(file), nil)
	}
	notice := func() error { return tell("camt.054", "BkToCstmrDbtCdtNtfctn", "Ntfctn") }
	return together(notice, notice, func() error { return tell("camt.053", "BkToCstmrStmt", "Stmt") })
}

func (c *company) credit(minor int64) {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.credited += minor
}

// unbooked says what differs between what the bank has told and what is booked of it.
func (c *company) unbooked(ctx context.Context) (string, error) {
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
	c.changing.Lock()
	defer c.changing.Unlock()
	if booked != c.credited {
		return fmt.Sprintf("%s is booked of what came by bank, and %s came", francs(booked), francs(c.credited)), nil
	}
	return "", nil
}
