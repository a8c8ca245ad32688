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
		fmt.Fprintf(&lines, "WL-%d,%s,payment,%s,CHF,%s,%s,%s\n", number, calendar.Day(time.Now()).Format(time.DateOnly), p.Saferpay.OrderID,
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
