package api

import (
	"context"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/workflows/contract"
)

// StartCheckout answers POST /invoices/{invoice_id}/checkout.
func (s *server) StartCheckout(ctx context.Context, r spec.StartCheckoutRequestObject) (spec.StartCheckoutResponseObject, error) {
	page, err := s.openPage(ctx, callerOf(ctx).companyID, r.InvoiceID, contract.PayNow{
		Method: payment.Method(r.Body.Method), Language: string(deref(r.Body.Language)), ReturnURL: deref(r.Body.ReturnURL),
	})
	return spec.StartCheckout201JSONResponse{PaymentID: page.PaymentID, URL: page.RedirectURL}, err
}
