package collection

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/account"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/workflows/contract"
)

// StartCheckout asks for a payment page for what is still due on an invoice.
type StartCheckout struct {
	activities.InvoiceRef
	contract.PayNow
}

// PageTx is what it takes to open one.
type PageTx interface {
	Alone() // see postgres.Tx
	Checkout(ctx context.Context, invoiceID string) (merchant.Company, invoice.Invoice, []merchant.PaymentService, error)
	InsertPayment(ctx context.Context, p payment.Payment) (inserted bool, err error)
	Payment(ctx context.Context, id string) (payment.Payment, error)
}

// PaymentPage is a payment page that is ready for the payer. From ExpiresAt on it can't be opened; who is on it can still finish.
type PaymentPage struct {
	RedirectURL string       `json:"redirect_url"`
	Amount      money.Amount `json:"amount"`
	ExpiresAt   time.Time    `json:"expires_at"`
}

// invoiceWord is what the payment page calls an invoice.
var invoiceWord = map[string]string{"de": "Rechnung", "fr": "Facture", "it": "Fattura", "en": "Invoice"}

// OpenPaymentPage opens a page at Saferpay and records the payment. Running it again is harmless: another page is opened, the one
// on record is returned, and nobody is ever shown the other (Saferpay JSON API 1.53, PaymentPage/Initialize). Problems: invoice-not-open, payment-method-not-offered, payment-service-not-active.
func (a *Activities) OpenPaymentPage(ctx context.Context, in StartCheckout) (PaymentPage, error) {
	p, request, service, err := a.prepare(ctx, in)
	if err != nil {
		return PaymentPage{}, err
	}
	gateway, credentials, err := a.Saferpay.Open(service)
	if err != nil {
		return PaymentPage{}, err
	}
	page, err := gateway.InitializePaymentPage(ctx, credentials, account.Call(ctx, in.PaymentID, "open", 0), request)
	if err != nil {
		return PaymentPage{}, unpayable(a.Saferpay.NoticeRevoked(ctx, service, err))
	}
	p.Token, p.RedirectURL, p.ExpiresAt = page.Token, page.RedirectURL, page.Expiration.UTC()
	if err := p.Become(payment.Redirected, a.Now(), "The payer was sent to the payment page."); err != nil {
		return PaymentPage{}, err
	}
	err = a.InPages(ctx, in.CompanyID, func(tx PageTx) error {
		tx.Alone()
		inserted, err := tx.InsertPayment(ctx, p)
		if err == nil && !inserted { // an attempt that was given up for dead was faster
			p, err = tx.Payment(ctx, in.PaymentID)
		}
		return err
	})
	return pageOf(p), err
}

// AbandonPage ends a payment whose page nobody was sent to, because the answer to OpenPaymentPage was lost. One that is not
// recorded, or has gone further, stays as it is.
func (a *Activities) AbandonPage(ctx context.Context, ref activities.PaymentRef) error {
	return a.InCompany(ctx, ref.CompanyID, func(tx Tx) error {
		p, err := tx.LockPayment(ctx, ref.PaymentID)
		if problem.CodeOf(err) == problem.NotFound {
			return nil
		}
		if err != nil || p.State != payment.Redirected {
			return err
		}
		if err := p.Become(payment.Expired, a.Now(), "The payment page was opened, but nobody was sent there: the answer was lost."); err != nil {
			return err
		}
		return tx.SavePayment(ctx, p)
	})
}

func pageOf(p payment.Payment) PaymentPage {
	return PaymentPage{RedirectURL: p.RedirectURL, Amount: p.Amount, ExpiresAt: p.ExpiresAt}
}

// prepare builds the payment and the request from the invoice as it is now.
func (a *Activities) prepare(ctx context.Context, in StartCheckout) (payment.Payment, saferpay.PaymentPageRequest, merchant.PaymentService, error) {
	var (
		company  merchant.Company
		inv      invoice.Invoice
		services []merchant.PaymentService
	)
	err := a.InPages(ctx, in.CompanyID, func(tx PageTx) (err error) {
		tx.Alone()
		company, inv, services, err = tx.Checkout(ctx, in.InvoiceID)
		return err
	})
	if err != nil {
		return payment.Payment{}, saferpay.PaymentPageRequest{}, merchant.PaymentService{}, err
	}
	service, err := offering(services, inv, in.Method)
	if err != nil {
		return payment.Payment{}, saferpay.PaymentPageRequest{}, service, err
	}
	if !inv.Status.Payable() {
		return payment.Payment{}, saferpay.PaymentPageRequest{}, service,
			problem.New(problem.InvoiceNotOpen, "Invoice %s is %s.", inv.Number, inv.Status)
	}
	p := payment.New(payment.Payment{
		ID: in.PaymentID, CompanyID: in.CompanyID, InvoiceID: inv.ID, PaymentServiceID: service.ID, OrderID: in.OrderID,
		Method: in.Method, Amount: inv.AmountDue(), Language: in.Language, NotificationSecret: in.NotificationSecret,
	}, a.Now())
	back := url.Values{"payment": {p.ID}, "lang": {in.Language}}
	if in.ReturnURL != "" {
		back.Set("return_url", in.ReturnURL)
	}
	notify := a.PublicURL + "/webhooks/saferpay/" + in.NotificationSecret
	request := saferpay.PaymentPageRequest{
		Amount:           p.Amount,
		OrderID:          p.OrderID,
		Description:      fmt.Sprintf("%s %s, %s", invoiceWord[in.Language], inv.Number, company.Name),
		PaymentMethods:   service.SaferpayMethods(in.Method, inv.Amount.Currency()),
		Language:         in.Language,
		ReturnURL:        a.PublicURL + "/i/" + inv.Token + "/return?" + back.Encode(),
		SuccessNotifyURL: notify + "/success",
		FailNotifyURL:    notify + "/fail",
	}
	if company.Liability == merchant.Require {
		request.Condition = in.Method.LiabilityCondition()
	}
	return p, request, service, nil
}

// offering returns the first of the invoice's payment services that is active and offers the method in the invoice's currency.
func offering(services []merchant.PaymentService, inv invoice.Invoice, method payment.Method) (merchant.PaymentService, error) {
	refusal := error(problem.New(problem.PaymentMethodNotOffered, "Invoice %s can't be paid by %s.", inv.Number, method))
	for _, service := range services {
		if err := service.Collects(inv.Amount.Currency()); err != nil {
			refusal = err
			continue
		}
		if len(service.SaferpayMethods(method, inv.Amount.Currency())) > 0 {
			return service, nil
		}
	}
	return merchant.PaymentService{}, refusal
}

// unpayable turns what stops a payment page for good into the problem that the payer's page explains.
func unpayable(err error) error {
	refusal, ok := errors.AsType[*saferpay.Error](err)
	switch {
	case !ok:
		return err
	case refusal.Name == saferpay.NameAuthenticationFailed:
		return problem.New(problem.PaymentServiceNotActive, "Saferpay no longer accepts the company's credentials.")
	case refusal.Refused():
		return problem.New(problem.SaferpayUnavailable, "Saferpay refused to open a payment page: %s.", refusal.Name)
	default:
		return err
	}
}
