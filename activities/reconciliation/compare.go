package reconciliation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/sweep"
	"github.com/quittance/quittance/workflows/contract"
)

// comparison holds one page against the records of one company.
type comparison struct {
	tx      ReportTx
	service merchant.PaymentService
	now     time.Time
	settled time.Time // see sweep.Judge
	out     Compared

	payments   map[string]payment.Payment // by order id and by transaction id
	refunds    map[string]refund.Refund   // the same
	found      map[string]money.Amount    // what was booked of transactions themselves
	overlooked map[string]bool            // transactions whose payment may be reopened
	elsewhere  map[string]bool            // order ids and transaction ids of other companies
	byHand     []refund.Refund            // without a transaction yet
}

func (c *comparison) run(ctx context.Context, transactions []sweep.Transaction) error {
	if err := c.load(ctx, transactions); err != nil {
		return err
	}
	for _, t := range transactions {
		record, explained, err := c.record(ctx, t)
		if err != nil {
			return err
		}
		if explained {
			continue
		}
		verdict, finding := sweep.Judge(t, record, c.settled)
		switch {
		case verdict == sweep.Disagrees || verdict == sweep.Overlooked:
			c.out.Findings = append(c.out.Findings, contract.Found{ExceptionID: id.New(id.Exception), Finding: finding})
			c.overlooked[t.ID] = verdict == sweep.Overlooked
		case verdict == sweep.InFlight && t.Refund:
			r := record.Refund
			c.out.Refunds = append(c.out.Refunds, RefundInFlight{
				RefundRef: activities.RefundRef{CompanyID: r.CompanyID, RefundID: r.ID}, PaymentID: r.PaymentID, Amount: r.Amount,
			})
		case verdict == sweep.InFlight:
			left, err := inFlight(ctx, c.tx, *record.Payment)
			if err != nil {
				return err
			}
			c.out.Payments = append(c.out.Payments, left)
		}
	}
	return c.sift(ctx)
}

// inFlight names the payment together with its invoice.
func inFlight(ctx context.Context, tx ReportTx, p payment.Payment) (PaymentInFlight, error) {
	inv, err := tx.Invoice(ctx, p.InvoiceID)
	return PaymentInFlight{PaymentRef: activities.PaymentRef{CompanyID: p.CompanyID, PaymentID: p.ID}, InvoiceID: inv.ID, InvoiceNumber: inv.Number, InvoiceStatus: inv.Status, Amount: p.Amount}, err
}

// load looks up everything that the transactions may belong to.
func (c *comparison) load(ctx context.Context, transactions []sweep.Transaction) error {
	var orders, ids []string
	for _, t := range transactions {
		ids = append(ids, t.ID)
		if t.OrderID != "" {
			orders = append(orders, t.OrderID)
		}
	}
	payments, err := c.tx.PaymentsAtSaferpay(ctx, orders, ids)
	if err != nil {
		return err
	}
	refunds, err := c.tx.RefundsAtSaferpay(ctx, orders, ids)
	if err != nil {
		return err
	}
	c.payments, c.refunds = map[string]payment.Payment{}, map[string]refund.Refund{}
	for _, p := range payments {
		c.payments[p.OrderID] = p
		c.payments[p.TransactionID] = p
	}
	for _, r := range refunds {
		c.refunds[r.OrderID] = r
		c.refunds[r.TransactionID] = r
	}
	delete(c.payments, "") // the transaction id of those that have none yet
	delete(c.refunds, "")
	if c.found, err = c.tx.BookedAsFound(ctx, ids); err != nil {
		return err
	}
	if c.elsewhere, err = c.tx.KnownElsewhere(ctx, slices.Concat(orders, ids)); err != nil {
		return err
	}
	c.byHand, err = c.tx.RefundsByHand(ctx, c.service.ID)
	return err
}

// record returns what we know of a transaction. One that is explained needs no judgement.
func (c *comparison) record(ctx context.Context, t sweep.Transaction) (record sweep.Record, explained bool, err error) {
	record.Found, record.Elsewhere = c.found[t.ID], c.elsewhere[t.OrderID] || c.elsewhere[t.ID]
	if p, ok := found(c.payments, t); ok {
		record.Payment = &p
	}
	if !t.Refund {
		return record, false, nil
	}
	if r, ok := found(c.refunds, t); ok {
		record.Refund = &r
		return record, false, nil
	}
	if record.Elsewhere || !record.Found.IsZero() || t.Status == sweep.Canceled {
		return record, false, nil
	}
	if explained, err = c.madeByHand(ctx, t); explained || err != nil || record.Payment != nil {
		return record, explained, err
	}
	fitting, err := c.tx.PaymentsWithLeft(ctx, c.service.ID, t.Stake())
	if len(fitting) == 1 {
		record.Payment = &fitting[0]
	}
	return record, false, err
}

// found looks a transaction up by its own id and else by its order's.
func found[T any](known map[string]T, t sweep.Transaction) (T, bool) {
	if item, ok := known[t.ID]; ok {
		return item, true
	}
	item, ok := known[t.OrderID]
	return item, ok
}

// madeByHand reports whether the transaction explains a refund that the merchant makes, or made, in the Backoffice. One that is
// recorded gets the transaction, so that no other one explains it too.
func (c *comparison) madeByHand(ctx context.Context, t sweep.Transaction) (bool, error) {
	i := slices.IndexFunc(c.byHand, func(r refund.Refund) bool { return sweep.Fits(t, r) })
	if i < 0 {
		return false, nil
	}
	r := c.byHand[i]
	c.byHand = slices.Delete(c.byHand, i, i+1)
	if !r.State.Final() {
		return true, nil
	}
	r.TransactionID = t.ID
	return true, c.tx.SaveRefund(ctx, r)
}

// sift drops the findings on which a person has decided. One whose exception is still open keeps that, so that its workflow is
// started again should it be gone. Instead of asking a person for the first time about money that a payment of ours ended
// without, that payment is reopened.
func (c *comparison) sift(ctx context.Context) error {
	var subjects []string
	for _, f := range c.out.Findings {
		subjects = append(subjects, f.Subject, f.TransactionID, f.PaymentID)
	}
	raised, err := c.tx.ExceptionsAbout(ctx, subjects)
	if err != nil {
		return err
	}
	var left []contract.Found
	for _, f := range c.out.Findings {
		i := slices.IndexFunc(raised, func(e exception.Exception) bool { return e.Kind == f.Kind && e.Subject == f.Subject })
		switch {
		case i < 0:
			if reopened, err := c.reopen(ctx, f, raised); err != nil {
				return err
			} else if reopened {
				continue
			}
		case raised[i].Open():
			f.ExceptionID = raised[i].ID
		default:
			continue
		}
		left = append(left, f)
	}
	c.out.Findings = left
	return nil
}

// reopen reopens the payment that ended here without its money, and leaves it to its workflow, unless a person was asked about
// it or about the transaction before, whatever the question: what was decided, or is being carried out, stands. Another
// transaction of the same order is for the next night, which knows what became of the payment.
func (c *comparison) reopen(ctx context.Context, f contract.Found, raised []exception.Exception) (bool, error) {
	asked := slices.ContainsFunc(raised, func(e exception.Exception) bool {
		return (e.Subject == f.PaymentID || e.Subject == f.TransactionID) && e.Choice != exception.ClearedUp
	})
	if asked || !c.overlooked[f.TransactionID] {
		return false, nil
	}
	p, err := c.tx.LockPayment(ctx, f.PaymentID)
	if err != nil || !p.CanReopen() { // another transaction has reopened it
		return err == nil && !p.State.Final(), err
	}
	if err := p.Reopen(c.now, fmt.Sprintf("Saferpay reports transaction %s of it after all.", f.TransactionID)); err != nil {
		return false, err
	}
	if err := c.tx.SavePayment(ctx, p); err != nil {
		return false, err
	}
	left, err := inFlight(ctx, c.tx, p)
	c.out.Payments = append(c.out.Payments, left)
	return true, err
}
