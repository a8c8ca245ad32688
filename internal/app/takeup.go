package app

import (
	"context"
	"log/slog"

	"github.com/quittance/quittance/internal/config"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/workflows/contract"
)

// takenAtOnce is how many payments and refunds in flight are read in one transaction.
const takenAtOnce = 100

// TakenUp is how many of each a workflow looks after again.
type TakenUp struct {
	Payments, Refunds, PaymentServices, Currencies, Findings, Deliveries int
	BankReceipts                                                         int // companies with such that wait
}

// TakeUp starts a workflow for everything that the record shows as not ended, after a database was restored: payments, refunds,
// the waits and the daily looks of payment services, requested currencies, findings, and deliveries of webhooks. It may be run again. It
// needs Temporal but no worker. Refunds are safe only if no worker has run since the restore.
func TakeUp(ctx context.Context, cfg config.Config, log *slog.Logger) (TakenUp, error) {
	if err := cfg.ForCommand(); err != nil {
		return TakenUp{}, err
	}
	p, err := connect(ctx, cfg, log, origin.Quittance)
	if err != nil {
		return TakenUp{}, err
	}
	defer p.close()
	t := takingUp{store: p.store, commands: p.commands, restored: true}
	companies, err := p.store.Companies(ctx)
	if err != nil {
		return TakenUp{}, err
	}
	for _, company := range companies {
		if err := t.company(ctx, company); err != nil {
			return t.done, err
		}
	}
	t.done.Deliveries, err = p.store.DeliverAgain(ctx)
	return t.done, err
}

// takingUp sees to it that what has not ended has a workflow.
type takingUp struct {
	store    *postgres.Store
	commands contract.Commands
	// restored says that what runs may be older than the record, because a database was restored, and is told of it. Otherwise what runs
	// is left alone.
	restored bool
	// lacked are workflows that did not run at the look before, lack those that don't now. What ends at this very moment is in neither.
	lacked, lack map[string]bool
	done         TakenUp
}

// lacks reports whether what the workflow looks after needs to be taken up.
func (t *takingUp) lacks(ctx context.Context, workflowID string) (bool, error) {
	if t.restored {
		return true, nil
	}
	runs, err := t.commands.Runs(ctx, workflowID)
	if err != nil || runs {
		return false, err
	}
	t.lack[workflowID] = true
	return t.lacked[workflowID], nil
}

func (t *takingUp) company(ctx context.Context, companyID string) error {
	if err := t.findings(ctx, companyID); err != nil {
		return err
	}
	var services []merchant.PaymentService
	if err := t.store.InCompany(ctx, companyID, func(tx *postgres.Tx) (err error) {
		services, err = tx.PaymentServices(ctx)
		return err
	}); err != nil {
		return err
	}
	for _, s := range services {
		if err := t.service(ctx, s); err != nil {
			return err
		}
		for after := ""; ; {
			list, err := t.underWay(ctx, s, after)
			if err != nil {
				return err
			}
			for _, u := range list {
				if err := t.takeUp(ctx, u); err != nil {
					return err
				}
			}
			if len(list) < takenAtOnce {
				break
			}
			after = list[len(list)-1].id
		}
	}
	return t.receipts(ctx, companyID)
}

// receipts has the bank receipts of the company booked that wait: the import that should begin that may have ended before, or what it began.
func (t *takingUp) receipts(ctx context.Context, companyID string) error {
	var waiting []settlement.Receipt
	if err := t.store.InCompany(ctx, companyID, func(tx *postgres.Tx) (err error) {
		waiting, err = tx.WaitingBankReceipts(ctx, "", 1)
		return err
	}); err != nil || len(waiting) == 0 {
		return err
	}
	lacks, err := t.lacks(ctx, contract.BankReceiptsID(companyID))
	if err != nil || !lacks {
		return err
	}
	t.done.BankReceipts++
	return t.commands.BookBankReceipts(ctx, companyID, companyID)
}

// findings takes up what a nightly sweep found and nobody has decided.
func (t *takingUp) findings(ctx context.Context, companyID string) error {
	var open []exception.Exception
	if err := t.store.InCompany(ctx, companyID, func(tx *postgres.Tx) (err error) {
		open, err = tx.OpenFindings(ctx)
		return err
	}); err != nil {
		return err
	}
	for _, e := range open {
		found, _, err := contract.FindingOf(e)
		if err != nil {
			return err
		}
		lacks, err := t.lacks(ctx, contract.FindingID(e.ID))
		if err != nil {
			return err
		}
		if !lacks {
			continue
		}
		if err := t.commands.TakeUpFinding(ctx, found); err != nil {
			return err
		}
		t.done.Findings++
	}
	return nil
}

// service takes up the onboarding of a payment service, and its currencies that are awaited.
func (t *takingUp) service(ctx context.Context, s merchant.PaymentService) error {
	if t.restored || s.Unfinished() { // what has ended needs no look at Temporal
		lacks, err := t.lacks(ctx, contract.OnboardingID(s.ID))
		if err != nil {
			return err
		}
		if lacks {
			if err := t.commands.ServiceChanged(ctx, s, nil); err != nil {
				return err
			}
			t.done.PaymentServices++
		}
	}
	for _, r := range s.Requested {
		if !s.Awaits(r.Currency) {
			continue
		}
		lacks, err := t.lacks(ctx, contract.CurrencyID(s.ID, r.Currency))
		if err != nil {
			return err
		}
		if !lacks {
			continue
		}
		if err := t.commands.RestoredCurrency(ctx, s, r.Currency); err != nil {
			return err
		}
		t.done.Currencies++
	}
	return nil
}

// unfinished is a payment of the invoice that has not ended, or a refund of one.
type unfinished struct {
	id      string
	invoice invoice.Invoice
	refund  refund.Refund // empty for a payment
}

func (t *takingUp) underWay(ctx context.Context, s merchant.PaymentService, after string) (all []unfinished, err error) {
	err = t.store.InCompany(ctx, s.CompanyID, func(tx *postgres.Tx) error {
		all = nil
		list, err := tx.InFlight(ctx, s.ID, after, takenAtOnce)
		if err != nil {
			return err
		}
		for _, u := range list {
			one := unfinished{id: u.ID()}
			if one.invoice, err = tx.Invoice(ctx, u.InvoiceID); err != nil {
				return err
			}
			if u.RefundID != "" {
				if one.refund, err = tx.Refund(ctx, u.RefundID); err != nil {
					return err
				}
			}
			all = append(all, one)
		}
		return nil
	})
	return all, err
}

func (t *takingUp) takeUp(ctx context.Context, u unfinished) error {
	workflowID := contract.InvoicePaymentID(u.invoice.ID)
	if u.refund.ID != "" {
		workflowID = contract.RefundID(u.refund.ID)
	}
	lacks, err := t.lacks(ctx, workflowID)
	switch {
	case err != nil || !lacks:
		return err
	case u.refund.ID == "":
		t.done.Payments++
		return t.commands.Restored(ctx, u.invoice, u.id)
	case t.restored:
		t.done.Refunds++
		return t.commands.RestoredRefund(ctx, u.refund, u.invoice.Number)
	default:
		t.done.Refunds++
		return t.commands.TakeUpRefund(ctx, u.refund, u.invoice.Number)
	}
}
