package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/sweep"
)

// reportPage is how many transactions are compared in one step.
const reportPage = 500

// noReport is what the timeline of a payment service says, once, when Saferpay gives it no report.
const noReport = "Saferpay gives this account no transaction report, probably because its licence lacks the Management API: " +
	"its transactions are not compared with our records at night."

// ReportPage is a page of the report of what happened from From to before To.
type ReportPage struct {
	PaymentServiceRef
	From time.Time     `json:"from"`
	To   time.Time     `json:"to"`
	Page int           `json:"page"` // from 1
	Lag  time.Duration `json:"lag"`  // by which Saferpay's data may be behind
	// Overdue is how long ago something must have been due to end to be looked after although Saferpay does not report it; 0
	// for nothing of the kind.
	Overdue time.Duration `json:"overdue,omitempty"`
}

// Compared is what came of holding a page of the report against our records.
type Compared struct {
	Skipped      string            `json:"skipped,omitempty"` // why there was nothing to compare
	Transactions int               `json:"transactions"`      // on the page
	More         bool              `json:"more"`              // there is another page
	Payments     []PaymentUnderWay `json:"payments"`          // whose transaction Saferpay reports, or that are overdue
	Refunds      []RefundUnderWay  `json:"refunds"`           // the same
	Findings     []Found           `json:"findings"`          // that a person must decide and has not
}

// PaymentUnderWay is a payment that has not ended, with the invoice whose process owns it.
type PaymentUnderWay struct {
	PaymentRef
	InvoiceID     string         `json:"invoice_id"`
	InvoiceNumber string         `json:"invoice_number"`
	InvoiceStatus invoice.Status `json:"invoice_status"`
	Amount        money.Amount   `json:"amount"`
}

// RefundUnderWay is a refund that has not ended, with its payment.
type RefundUnderWay struct {
	RefundRef
	PaymentID string       `json:"payment_id"`
	Amount    money.Amount `json:"amount"`
}

// Found is a finding with the id for its exception.
type Found struct {
	ExceptionID string `json:"exception_id"`
	sweep.Finding
}

// CompareReport reads a page of Saferpay's transaction report (Management API 1.14, transactions) and holds it against our
// records. A refund that the merchant made in the Backoffice and recorded here is given its transaction, and a payment that
// ended here without its money is begun anew; nothing else is changed. A license without the report is noted on the timeline of
// the payment service, once.
//
// With the first page comes what is overdue in our own record, whether or not there is a report.
func (s *Saferpay) CompareReport(ctx context.Context, in ReportPage) (Compared, error) {
	out, err := s.compareReport(ctx, in)
	if err != nil || in.Page > 1 || in.Overdue == 0 {
		return out, err
	}
	return out, s.addOverdue(ctx, in, &out)
}

func (s *Saferpay) compareReport(ctx context.Context, in ReportPage) (Compared, error) {
	service, err := s.paymentService(ctx, in.PaymentServiceRef)
	if err != nil {
		return Compared{}, err
	}
	if service.Status != merchant.Active { // a password that was refused is never tried again
		return Compared{Skipped: fmt.Sprintf("The payment service is %s.", service.Status)}, nil
	}
	gateway, credentials, err := s.open(service)
	if err != nil {
		return Compared{}, err
	}
	asked := s.Now()
	report, err := gateway.Transactions(ctx, credentials, fmt.Sprintf("%s-report-%d", service.ID, in.Page), saferpay.ReportQuery{
		State: saferpay.ReportSuccessful, From: in.From, To: in.To, Page: in.Page, PageSize: reportPage,
	})
	if isNamed(err, saferpay.NamePermissionDenied) {
		return Compared{Skipped: noReport}, s.remark(ctx, in.PaymentServiceRef, noReport)
	}
	if err != nil {
		return Compared{}, s.noticeRevoked(ctx, service, err)
	}
	var out Compared
	err = s.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		c := comparison{
			tx: tx, service: service, now: asked, settled: asked.Add(-in.Lag), overlooked: map[string]bool{},
			out: Compared{Transactions: len(report.Transactions), More: report.More()},
		}
		err := c.run(ctx, reported(report))
		out = c.out
		return err
	})
	return out, err
}

func (s *Saferpay) paymentService(ctx context.Context, in PaymentServiceRef) (service merchant.PaymentService, err error) {
	err = s.InCompany(ctx, in.CompanyID, func(tx Tx) (err error) {
		service, err = tx.PaymentService(ctx, in.PaymentServiceID)
		return err
	})
	return service, err
}

func (s *Saferpay) remark(ctx context.Context, in PaymentServiceRef, note string) error {
	return s.InCompany(ctx, in.CompanyID, func(tx Tx) error {
		service, err := tx.LockPaymentService(ctx, in.PaymentServiceID)
		if err != nil || service.Noted(merchant.NoReport, "") {
			return err
		}
		service.Note(merchant.ServiceStep{What: merchant.NoReport, Note: note}, s.Now())
		return tx.SavePaymentService(ctx, service)
	})
}

// reported turns a page into the domain's words.
func reported(r saferpay.Report) []sweep.Transaction {
	transactions := make([]sweep.Transaction, len(r.Transactions))
	for i, t := range r.Transactions {
		transactions[i] = sweep.Transaction{
			ID: t.ID, OrderID: t.OrderID, Refund: t.Type == saferpay.TypeRefund, Status: sweep.Status(t.Status),
			Amount: t.Amount, Captured: t.Captured, Method: t.Method, At: t.Date,
		}
		if t.Status == saferpay.StatusCaptured && t.Captured.IsZero() { // captured at all means that some of it was
			transactions[i].Captured = t.Amount
		}
	}
	return transactions
}

// comparison holds one page against the records of one company.
type comparison struct {
	tx      Tx
	service merchant.PaymentService
	now     time.Time
	settled time.Time // see sweep.Judge
	out     Compared

	payments   map[string]payment.Payment // by order id and by transaction id
	refunds    map[string]refund.Refund   // the same
	found      map[string]money.Amount    // what was booked of transactions themselves
	overlooked map[string]bool            // transactions whose payment may be begun anew
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
			c.out.Findings = append(c.out.Findings, Found{ExceptionID: id.New(id.Exception), Finding: finding})
			c.overlooked[t.ID] = verdict == sweep.Overlooked
		case verdict == sweep.InFlight && t.Refund:
			r := record.Refund
			c.out.Refunds = append(c.out.Refunds, RefundUnderWay{
				RefundRef: RefundRef{CompanyID: r.CompanyID, RefundID: r.ID}, PaymentID: r.PaymentID, Amount: r.Amount,
			})
		case verdict == sweep.InFlight:
			left, err := underWay(ctx, c.tx, *record.Payment)
			if err != nil {
				return err
			}
			c.out.Payments = append(c.out.Payments, left)
		}
	}
	return c.sift(ctx)
}

// underWay names the payment together with its invoice.
func underWay(ctx context.Context, tx Tx, p payment.Payment) (PaymentUnderWay, error) {
	inv, err := tx.Invoice(ctx, p.InvoiceID)
	return PaymentUnderWay{PaymentRef: ref(p), InvoiceID: inv.ID, InvoiceNumber: inv.Number, InvoiceStatus: inv.Status, Amount: p.Amount}, err
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

// madeByHand tells whether the transaction explains a refund that the merchant makes, or made, in the Backoffice. One that is
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

// sift drops the findings on which a person has decided. One whose exception is still open keeps that, so that its process is
// started again should it be gone. Instead of asking a person for the first time about money that a payment of ours ended
// without, that payment is begun anew.
func (c *comparison) sift(ctx context.Context) error {
	var subjects []string
	for _, f := range c.out.Findings {
		subjects = append(subjects, f.Subject, f.TransactionID, f.PaymentID)
	}
	raised, err := c.tx.ExceptionsAbout(ctx, subjects)
	if err != nil {
		return err
	}
	var left []Found
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

// reopen begins the payment anew that ended here without its money, and leaves it to its process, unless a person was asked about
// it or about the transaction before, whatever the question: what was decided, or is being carried out, stands. Another
// transaction of the same order is for the next night, which knows what became of the payment.
func (c *comparison) reopen(ctx context.Context, f Found, raised []exception.Exception) (bool, error) {
	asked := slices.ContainsFunc(raised, func(e exception.Exception) bool {
		return (e.Subject == f.PaymentID || e.Subject == f.TransactionID) && e.Choice != exception.ClearedUp
	})
	if asked || !c.overlooked[f.TransactionID] {
		return false, nil
	}
	p, err := c.tx.LockPayment(ctx, f.PaymentID)
	if err != nil || !p.CanReopen() { // another transaction has begun it anew
		return err == nil && !p.State.Final(), err
	}
	if err := p.Reopen(c.now, fmt.Sprintf("Saferpay reports transaction %s of it after all.", f.TransactionID)); err != nil {
		return false, err
	}
	if err := c.tx.SavePayment(ctx, p); err != nil {
		return false, err
	}
	left, err := underWay(ctx, c.tx, p)
	c.out.Payments = append(c.out.Payments, left)
	return true, err
}
