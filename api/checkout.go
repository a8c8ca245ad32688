package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/workflows/contract"
)

// StartCheckout answers POST /invoices/{invoice_id}/checkout.
func (s *server) StartCheckout(ctx context.Context, r spec.StartCheckoutRequestObject) (spec.StartCheckoutResponseObject, error) {
	companyID := callerOf(ctx).companyID
	wanted := contract.PayNow{
		Method: payment.Method(r.Body.Method), Language: string(deref(r.Body.Language)), ReturnURL: deref(r.Body.ReturnURL),
	}
	if err := inCompany(ctx, s.Store, companyID, func(tx PagesTx) error { return fillIn(ctx, tx, r.InvoiceID, &wanted) }); err != nil {
		return nil, err
	}
	page, err := s.openPage(ctx, companyID, r.InvoiceID, wanted)
	return spec.StartCheckout201JSONResponse{PaymentID: page.PaymentID, URL: page.RedirectURL}, err
}
