package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/quittance/quittance/internal/money"
)

// The stories of an invoice.
const (
	storyCard          = "card"
	storyTwint         = "TWINT"
	storyClosedTab     = "pays and closes the tab"
	storyTwoTabs       = "pays in two tabs"
	storySameTabTwice  = "presses twice"
	storyDeclined      = "declined, then another card"
	storyAborted       = "aborts, then pays by bank"
	storyPending       = "TWINT decides later"
	storyCancelled     = "cancelled while the payer pays"
	storyBank          = "paid by bank while the payer pays"
	storyPartly        = "half by bank, half by card"
	storyNotice        = "the bank tells of its money while the payer pays"
	storyLeft          = "leaves the page"
	storyRefund        = "paid, then refunded"
	storyRefundInParts = "paid, then refunded in parts"
	storyOnboarding    = "onboarding"
	storySettlement    = "settlement"
)

// Means of payment that the simulator knows.
const (
	visa         = "9010003150000001"
	challenged   = "9010004950000001"
	declinedCard = "9030403153150009"
	twint        = "twint"
)

// invoice is what a company knows of one.
type invoice struct {
	company   *company
	ID        string `json:"id"`
	Number    string `json:"number"`
	Status    string `json:"status"`
	Page      string `json:"online_document_url"`
	Reference string `json:"payment_reference"`

	Payments []struct {
		ID    string `json:"id"`
		State string `json:"state"`
	} `json:"payments"`
}

// tell plays the visit. What the API may rightly refuse, such as a cancellation that comes too late, is no error.
func (c *company) tell(ctx context.Context, number int, v Visit) error {
	inv, err := c.issue(ctx, fmt.Sprintf("%d", number), v)
	if err != nil {
		return err
	}
	switch v.Story {
	case storyCard:
		return inv.pay(ctx, "card", []string{visa, challenged}[v.Chance%2], true)
	case storyTwint, storyPending:
		return inv.pay(ctx, "twint", twint, v.Chance%3 > 0)
	case storyClosedTab:
		return inv.pay(ctx, "card", visa, false)
	case storyTwoTabs:
		return inv.payTwice(ctx)
	case storySameTabTwice:
		return errors.Join(inv.pay(ctx, "card", visa, true), inv.pay(ctx, "card", visa, true))
	case storyDeclined:
		return errors.Join(inv.pay(ctx, "card", declinedCard, true), inv.pay(ctx, "card", visa, true))
	case storyAborted:
		return errors.Join(inv.act(ctx, "card", object{"action": "abort"}), inv.byBank(ctx, v.Minor))
	case storyCancelled:
		return inv.meanwhile(ctx, v, func() error { return inv.cancel(ctx) })
	case storyBank:
		return inv.meanwhile(ctx, v, func() error { return inv.byBank(ctx, v.Minor) })
	case storyNotice:
		return inv.meanwhile(ctx, v, func() error { return inv.byNotice(ctx, v) })
	case storyPartly:
		return errors.Join(inv.byBank(ctx, v.Minor/2), inv.pay(ctx, "card", visa, true))
	case storyLeft:
		return inv.act(ctx, "card", object{"action": "close"})
	default:
		return inv.payAndRefund(ctx, v)
	}
}

func (c *company) issue(ctx context.Context, number string, v Visit) (invoice, error) {
	inv := invoice{company: c}
	err := c.must(ctx, http.MethodPost, "/invoices", object{
		"number": number, "currency": "CHF", "amount": francs(v.Minor), "due_date": "2030-12-31", "description": v.Story,
		"customer": object{"name": "Anna Muster", "email": "anna@example.ch", "language": "de"},
	}, &inv)
	if err != nil {
		return inv, err
	}
	// A payment service whose password was changed at this moment is suspended, and takes no invoices.
	for {
		a, err := c.call(ctx, http.MethodPost, "/invoices/"+inv.ID+"/issue", object{"send_email": v.Chance%4 == 0})
		if err != nil {
			return inv, err
		}
		if a.status == http.StatusOK {
			return inv.now(ctx)
		}
		if a.problem != "payment-service-not-active" && a.problem != "currency-not-active" {
			return inv, fmt.Errorf("issuing %s was refused: %s", inv.Number, a.body)
		}
		pause(ctx, time.Second)
	}
}

func (inv invoice) now(ctx context.Context) (invoice, error) {
	fresh := invoice{company: inv.company}
	return fresh, inv.company.must(ctx, http.MethodGet, "/invoices/"+inv.ID, nil, &fresh)
}

// pay presses "Pay now" and pays on the page.
func (inv invoice) pay(ctx context.Context, method, means string, returns bool) error {
	return inv.act(ctx, method, object{"means": means, "return": returns})
}

func (inv invoice) act(ctx context.Context, method string, payer object) error {
	page, err := inv.press(ctx, method)
	if err != nil || page == "" {
		return err
	}
	return inv.onPage(ctx, page, payer)
}

// press presses "Pay now" a few times at most, and returns the page at Saferpay, or nothing when the invoice can't be paid.
func (inv invoice) press(ctx context.Context, method string) (page string, err error) {
	form := []byte(url.Values{"method": {method}}.Encode())
	for range 20 {
		a, err := send(ctx, http.MethodPost, inv.Page+"/pay", form, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err == nil && a.status == http.StatusSeeOther:
			return a.location, nil
		case err == nil && a.final():
			return "", nil // paid or cancelled meanwhile
		}
		pause(ctx, time.Second)
	}
	return "", nil // a payer's patience is finite
}

// onPage does something on the page, unless it is too late for that.
func (inv invoice) onPage(ctx context.Context, page string, payer object) error {
	payer["redirect_url"] = page
	err := inv.company.cluster.steer(ctx, http.MethodPost, "/_sim/pay", payer, nil)
	if late, ok := errors.AsType[*refusal](err); ok && (late.status == http.StatusConflict || late.status == http.StatusGone) {
		return nil
	}
	return err
}

// payTwice pays in two tabs at once, with two means.
func (inv invoice) payTwice(ctx context.Context) error {
	card, err := inv.press(ctx, "card")
	if err != nil || card == "" {
		return err
	}
	other, err := inv.press(ctx, "twint")
	if err != nil {
		return err
	}
	return together(
		func() error { return inv.onPage(ctx, card, object{"means": visa}) },
		func() error {
			if other == "" {
				return nil
			}
			return inv.onPage(ctx, other, object{"means": twint, "return": false})
		})
}

// meanwhile lets the payer pay while the company does something about the invoice.
func (inv invoice) meanwhile(ctx context.Context, v Visit, company func() error) error {
	page, err := inv.press(ctx, "card")
	if err != nil || page == "" {
		return err
	}
	return together(
		func() error {
			pause(ctx, time.Duration(v.Chance%100)*time.Millisecond)
			return inv.onPage(ctx, page, object{"means": visa, "return": v.Chance%2 == 0})
		},
		func() error {
			pause(ctx, v.Pause/10)
			return company()
		})
}

func together(steps ...func() error) error {
	failures := make([]error, len(steps))
	var group sync.WaitGroup
	for i, step := range steps {
		group.Go(func() { failures[i] = step() })
	}
	group.Wait()
	return errors.Join(failures...)
}

// cancel cancels the invoice, unless it is too late.
func (inv invoice) cancel(ctx context.Context) error {
	a, err := inv.company.call(ctx, http.MethodPost, "/invoices/"+inv.ID+"/cancel", nil)
	if err == nil && a.status != http.StatusOK && a.status != http.StatusConflict {
		return fmt.Errorf("cancelling %s: %d %s", inv.Number, a.status, a.body)
	}
	return err
}

// byBank records a receipt by other means, unless the payer was faster.
func (inv invoice) byBank(ctx context.Context, minor int64) error {
	a, err := inv.company.call(ctx, http.MethodPost, "/invoices/"+inv.ID+"/receipts",
		object{"amount": francs(minor), "date": time.Now().UTC().Format(time.DateOnly), "account": "1020", "reference": inv.Number})
	if err == nil && a.status != http.StatusCreated && a.status != http.StatusConflict && a.problem != "receipt-exceeds-invoice" {
		return fmt.Errorf("a receipt for %s: %d %s", inv.Number, a.status, a.body)
	}
	return err
}

// payAndRefund pays, waits until that is booked, and gives all or parts of it back.
func (inv invoice) payAndRefund(ctx context.Context, v Visit) error {
	method := []string{"card", "twint"}[v.Chance%2]
	if err := inv.pay(ctx, method, map[string]string{"card": visa, "twint": twint}[method], true); err != nil {
		return err
	}
	paid := inv
	for paid.Status != "paid" {
		pause(ctx, 500*time.Millisecond)
		var err error
		if paid, err = inv.now(ctx); err != nil || paid.cameToNothing() {
			return err
		}
	}
	pause(ctx, v.Pause)
	for _, p := range paid.Payments {
		if p.State != "captured" {
			continue
		}
		if v.Story == storyRefund {
			return inv.refund(ctx, p.ID, object{"reason": "All of it"})
		}
		part := object{"amount": francs(v.Minor / 3), "reason": "A third of it"}
		return together(func() error { return inv.refund(ctx, p.ID, part) }, func() error { return inv.refund(ctx, p.ID, part) },
			func() error {
				return inv.refund(ctx, p.ID, object{"amount": francs(v.Minor / 2), "reason": "More than is left, perhaps"})
			})
	}
	return nil
}

// cameToNothing tells whether nothing more comes of what the payer did: patience was lost, or the page died.
func (inv invoice) cameToNothing() bool {
	for _, p := range inv.Payments {
		if p.State == "captured" || !slices.Contains(endedPayments, p.State) {
			return false
		}
	}
	return true
}

func (inv invoice) refund(ctx context.Context, payment string, body object) error {
	a, err := inv.company.call(ctx, http.MethodPost, "/payments/"+payment+"/refunds", body)
	if err == nil && a.status != http.StatusAccepted && a.problem != "refund-exceeds-payment" {
		return fmt.Errorf("refunding %s: %d %s", inv.Number, a.status, a.body)
	}
	return err
}

func francs(minor int64) string { return money.FromMinor(minor, money.CHF).Value() }
