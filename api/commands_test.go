package api_test

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/collection"
	"github.com/quittance/quittance/activities/refunding"
	"github.com/quittance/quittance/internal/booking"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/settlement"
	"github.com/quittance/quittance/workflows/contract"
)

// commands stands in for Temporal and the worker: it notes each command and does to the record what the worker would. An
// error that is set is returned instead.
type commands struct {
	store     store
	companyID string
	mu        sync.Mutex
	notes     []string
	err       error
	meanwhile func() // what happens between the API's look and the command
	ended     bool   // the workflow was ended from outside, until it is taken up again
	settled   bool   // no workflow waits for decisions any more

	credentials merchant.Credentials
	payNow      contract.PayNow
	recordedBy  string
	onReturn    func() // what happens once the payer is known to have returned
	onTakeUp    func() // what happens once the workflow goes on
}

// note writes the command down and returns the error that is set.
func (c *commands) note(name, subject string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes = append(c.notes, name+" "+subject)
	if c.meanwhile != nil {
		c.meanwhile()
	}
	if c.ended {
		return problem.New(problem.NotFound, "Nothing is under way for it any more.")
	}
	return c.err
}

func (c *commands) TakeUp(_ context.Context, inv invoice.Invoice) error {
	c.ended = false
	if c.onTakeUp != nil {
		c.onTakeUp()
	}
	return c.note("take up", inv.ID)
}

func (c *commands) TakeUpRefund(_ context.Context, r refund.Refund, invoiceNumber string) error {
	c.ended = false
	return c.note("take up "+r.ID+" of", invoiceNumber)
}

// seen returns the commands so far.
func (c *commands) seen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.notes...)
}

func (c *commands) Issue(ctx context.Context, inv invoice.Invoice, emailID string) error {
	name := "issue"
	if emailID != "" {
		name = "issue and mail"
	}
	if err := c.note(name, inv.ID); err != nil {
		return err
	}
	return c.become(ctx, inv.ID, invoice.Open)
}

func (c *commands) Send(ctx context.Context, inv invoice.Invoice, in contract.SendInvoice) error {
	if err := c.note("send", inv.ID); err != nil {
		return err
	}
	return c.store.Store.InCompany(ctx, c.companyID, func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(ctx, inv.ID)
		if err != nil {
			return err
		}
		inv.Customer.Email = cmp.Or(in.To, inv.Customer.Email)
		if err := inv.QueueEmail(in.EmailID, noon); err != nil {
			return err
		}
		return tx.SaveInvoice(ctx, inv)
	})
}

func (c *commands) Cancel(ctx context.Context, invoiceID string) error {
	if err := c.note("cancel", invoiceID); err != nil {
		return err
	}
	return c.become(ctx, invoiceID, invoice.Cancelled)
}

func (c *commands) become(ctx context.Context, invoiceID string, next invoice.Status) error {
	return c.store.Store.InCompany(ctx, c.companyID, func(tx *postgres.Tx) error {
		inv, err := tx.LockInvoice(ctx, invoiceID)
		if err != nil {
			return err
		}
		if err := inv.Become(next); err != nil {
			return err
		}
		if next == invoice.Open {
			inv.IssuedAt = noon
		}
		return tx.SaveInvoice(ctx, inv)
	})
}

func (c *commands) RecordReceipt(ctx context.Context, invoiceID string, in contract.RecordReceipt) error {
	if err := c.note("record receipt", invoiceID); err != nil {
		return err
	}
	return c.store.Store.InCompany(ctx, c.companyID, func(tx *postgres.Tx) error {
		_, err := booking.Receipt(ctx, tx, booking.OtherReceipt{
			ID: in.ReceiptID, InvoiceID: invoiceID, Amount: in.Amount, Day: in.Day, Account: in.Account, Reference: in.Reference, By: in.By,
		}, noon)
		return err
	})
}

func (c *commands) VoidReceipt(ctx context.Context, _ invoice.Invoice, in contract.VoidReceipt) error {
	if err := c.note("void", in.ReceiptID); err != nil {
		return err
	}
	steps := c.steps()
	_, err := steps.VoidReceipt(ctx, collection.VoidedReceipt{InvoiceRef: activities.InvoiceRef{CompanyID: c.companyID}, VoidReceipt: in})
	return err
}

func (c *commands) LoseDispute(ctx context.Context, _ invoice.Invoice, in contract.LoseDispute) error {
	if err := c.note("lose", in.DisputeID); err != nil {
		return err
	}
	steps := c.steps()
	_, err := steps.LoseDispute(ctx, collection.LostDispute{InvoiceRef: activities.InvoiceRef{CompanyID: c.companyID}, LoseDispute: in})
	return err
}

func (c *commands) RequestRefund(ctx context.Context, in contract.RequestRefund, invoiceNumber string) error {
	if err := c.note("refund "+in.PaymentID+" of", invoiceNumber); err != nil {
		return err
	}
	_, err := c.refunding().RecordRefundRequest(ctx, in)
	return err
}

// refunding are the real activities on refunds.
func (c *commands) refunding() *refunding.Activities {
	return &refunding.Activities{Now: func() time.Time { return noon }, InCompany: func(ctx context.Context, companyID string, fn func(refunding.Tx) error) error {
		return c.store.Store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
	}}
}

func (c *commands) DecideRefund(ctx context.Context, refundID string, in contract.DecideRefund) error {
	if err := c.note("decide refund", refundID); err != nil {
		return err
	}
	_, err := c.refunding().DecideRefund(ctx, refunding.Decided{RefundRef: activities.RefundRef{CompanyID: c.companyID, RefundID: refundID}, DecideRefund: in})
	return err
}

func (c *commands) RecordRefund(ctx context.Context, refundID string, in contract.RefundRecorded) error {
	c.recordedBy = in.By
	if err := c.note("record refund", refundID); err != nil {
		return err
	}
	return c.store.Store.InCompany(ctx, c.companyID, func(tx *postgres.Tx) error {
		_, err := booking.Refund(ctx, tx, refundID, refund.Recorded, "Done in the Backoffice.", noon)
		return err
	})
}

func (c *commands) Resolve(ctx context.Context, workflowID string, in contract.ResolveException) error {
	if err := c.note("resolve", workflowID); err != nil {
		return err
	}
	if c.settled {
		return problem.New(problem.NotFound, "Nothing is under way for it any more.")
	}
	return c.store.Store.InCompany(ctx, c.companyID, func(tx *postgres.Tx) error {
		e, err := tx.LockException(ctx, in.ExceptionID)
		if err != nil {
			return err
		}
		if err := e.Resolve(in.Choice, in.Note, in.By, noon); err != nil {
			return err
		}
		return tx.SaveException(ctx, e)
	})
}

func (c *commands) DecideFinding(ctx context.Context, f contract.OpenFinding, in contract.ResolveException) error {
	c.ended = false
	return c.Resolve(ctx, contract.FindingID(f.Found.ExceptionID), in)
}

func (c *commands) PayNow(_ context.Context, invoiceID string, in contract.PayNow) (contract.Checkout, error) {
	c.payNow = in
	return contract.Checkout{PaymentID: in.PaymentID, RedirectURL: "https://test.saferpay.com/vt2/page"}, c.note("pay now", invoiceID)
}

func (c *commands) PayerReturned(_ context.Context, _, paymentID string) error {
	err := c.note("payer returned", paymentID)
	if c.onReturn != nil {
		c.onReturn()
	}
	return err
}

func (c *commands) SaferpayNotified(_ context.Context, _, paymentID string) error {
	return c.note("saferpay notified", paymentID)
}

func (c *commands) Connect(ctx context.Context, in contract.ConnectPaymentService) error {
	if err := c.note("connect", in.PaymentServiceID); err != nil {
		return err
	}
	return c.store.Store.InCompany(ctx, in.CompanyID, func(tx *postgres.Tx) error {
		return tx.InsertPaymentService(ctx, merchant.NewPaymentService(merchant.PaymentService{
			ID: in.PaymentServiceID, CompanyID: in.CompanyID, Name: in.Name, Environment: in.Environment,
		}, noon))
	})
}

func (c *commands) SubmitCredentials(ctx context.Context, s merchant.PaymentService, in merchant.Credentials) (contract.ServiceState, error) {
	c.credentials = in
	if err := c.note("submit credentials", s.ID); err != nil {
		return contract.ServiceState{}, err
	}
	s.CustomerID, s.TerminalID, s.APIUsername, s.SealedPassword, s.SubmittedAt = in.CustomerID, in.TerminalID, in.APIUsername, in.SealedPassword, noon
	return c.becomeService(ctx, s, merchant.InVerification, "")
}

func (c *commands) Decide(ctx context.Context, s merchant.PaymentService, d contract.Decision) (contract.ServiceState, error) {
	if err := c.note("decide", s.ID); err != nil {
		return contract.ServiceState{}, err
	}
	next := merchant.Rejected
	if d.Approved {
		next = merchant.Active
	}
	return c.becomeService(ctx, s, next, d.Reason)
}

func (c *commands) Disconnect(ctx context.Context, s merchant.PaymentService) (contract.ServiceState, error) {
	if err := c.note("disconnect", s.ID); err != nil {
		return contract.ServiceState{}, err
	}
	return c.becomeService(ctx, s, merchant.Disconnected, "")
}

func (c *commands) RequestCurrency(_ context.Context, _ merchant.PaymentService, currency money.Currency) (contract.CurrencyState, error) {
	return contract.CurrencyState{Status: merchant.CurrencyRequested}, c.note("request currency", string(currency))
}

func (c *commands) DecideCurrency(_ context.Context, _ merchant.PaymentService, currency money.Currency, _ contract.Decision) (contract.CurrencyState, error) {
	return contract.CurrencyState{Status: merchant.CurrencyRejected}, c.note("decide currency", string(currency))
}

func (c *commands) MailDocument(_ context.Context, _ merchant.PaymentService, documentID string) error {
	return c.note("mail document", documentID)
}

func (c *commands) becomeService(ctx context.Context, s merchant.PaymentService, next merchant.ServiceStatus, note string) (contract.ServiceState, error) {
	if err := s.Become(next, noon, note); err != nil {
		return contract.ServiceState{}, err
	}
	return contract.ServiceState{Status: next}, c.store.Store.InCompany(ctx, s.CompanyID, func(tx *postgres.Tx) error {
		return tx.SavePaymentService(ctx, s)
	})
}

// BookBankReceipts does what the worker does with what waits.
func (c *commands) BookBankReceipts(ctx context.Context, companyID, cause string) error {
	if err := c.note("book bank receipts of", cause); err != nil {
		return err
	}
	steps := c.steps()
	var waiting []settlement.Receipt
	if err := c.store.Store.InCompany(ctx, companyID, func(tx *postgres.Tx) (err error) {
		waiting, err = tx.WaitingBankReceipts(ctx, "", 10_000)
		return err
	}); err != nil {
		return err
	}
	for _, r := range waiting {
		in := collection.BankReceipt{InvoiceRef: activities.InvoiceRef{CompanyID: companyID, InvoiceID: r.InvoiceID}}
		in.ReceiptID = r.ID
		for range 2 { // as after a crash
			if _, err := steps.BookBankReceipt(ctx, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// steps are those of the worker about money that comes by bank.
func (c *commands) steps() collection.Activities {
	return collection.Activities{
		Now: func() time.Time { return noon },
		InBank: func(ctx context.Context, companyID string, fn func(collection.BankTx) error) error {
			return c.store.Store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
		},
		InDisputes: func(ctx context.Context, companyID string, fn func(booking.DisputeTx) error) error {
			return c.store.Store.InCompany(ctx, companyID, func(tx *postgres.Tx) error { return fn(tx) })
		},
	}
}
