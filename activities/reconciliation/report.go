package reconciliation

import (
	"context"
	"fmt"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/sweep"
	"github.com/quittance/quittance/workflows/contract"
)

// reportPage is how many transactions are compared in one step.
const reportPage = 500

// noReport is what the timeline of a payment service says, once, when Saferpay gives it no report.
const noReport = "Saferpay gives this account no transaction report, probably because its licence lacks the Management API: " +
	"its transactions are not compared with our records at night."

// ReportPage is a page of the report of what happened from From to before To.
type ReportPage struct {
	activities.PaymentServiceRef
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
	Payments     []PaymentInFlight `json:"payments"`          // whose transaction Saferpay reports, or that are overdue
	Refunds      []RefundInFlight  `json:"refunds"`           // the same
	Findings     []contract.Found  `json:"findings"`          // that a person must decide and has not
}

// PaymentInFlight is a payment that has not ended, with the invoice whose workflow owns it.
type PaymentInFlight struct {
	activities.PaymentRef
	InvoiceID     string         `json:"invoice_id"`
	InvoiceNumber string         `json:"invoice_number"`
	InvoiceStatus invoice.Status `json:"invoice_status"`
	Amount        money.Amount   `json:"amount"`
}

// RefundInFlight is a refund that has not ended, with its payment.
type RefundInFlight struct {
	activities.RefundRef
	PaymentID string       `json:"payment_id"`
	Amount    money.Amount `json:"amount"`
}

// CompareReport reads a page of Saferpay's transaction report (Management API 1.14, transactions) and holds it against our
// records. A refund that the merchant made in the Backoffice and recorded here is given its transaction, and a payment that
// ended here without its money is reopened; nothing else is changed. A license without the report is noted on the timeline of
// the payment service, once.
//
// With the first page comes what is overdue in our own record, whether or not there is a report. With the last page it is noted that the
// report was compared.
func (a *Activities) CompareReport(ctx context.Context, in ReportPage) (Compared, error) {
	out, err := a.compareReport(ctx, in)
	if err != nil {
		return out, err
	}
	if in.Page == 1 && in.Overdue > 0 {
		if err := a.addOverdue(ctx, in, &out); err != nil {
			return out, err
		}
	}
	if out.More {
		return out, nil
	}
	return out, a.noteSwept(ctx, in, out)
}

func (a *Activities) compareReport(ctx context.Context, in ReportPage) (Compared, error) {
	service, err := a.Saferpay.Service(ctx, in.PaymentServiceRef)
	if err != nil {
		return Compared{}, err
	}
	if service.Status != merchant.Active { // a password that was refused is never tried again
		return Compared{Skipped: fmt.Sprintf("The payment service is %s.", service.Status)}, nil
	}
	gateway, credentials, err := a.Saferpay.Open(service)
	if err != nil {
		return Compared{}, err
	}
	asked := a.Now()
	report, err := gateway.Transactions(ctx, credentials, fmt.Sprintf("%s-report-%d", service.ID, in.Page), saferpay.ReportQuery{
		State: saferpay.ReportSuccessful, From: in.From, To: in.To, Page: in.Page, PageSize: reportPage,
	})
	if saferpay.IsNamed(err, saferpay.NamePermissionDenied) {
		return Compared{Skipped: noReport}, a.noteNoReport(ctx, in.PaymentServiceRef)
	}
	if err != nil {
		return Compared{}, a.Saferpay.NoticeRevoked(ctx, service, err)
	}
	var out Compared
	err = a.InReport(ctx, in.CompanyID, func(tx ReportTx) error {
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

// noteNoReport notes on the timeline, once, that Saferpay gives no report.
func (a *Activities) noteNoReport(ctx context.Context, ref activities.PaymentServiceRef) error {
	return a.Saferpay.Change(ctx, ref, func(service *merchant.PaymentService) error {
		if !service.Noted(merchant.NoReport, "") {
			service.Note(merchant.ServiceStep{What: merchant.NoReport, Note: noReport}, a.Now())
		}
		return nil
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
