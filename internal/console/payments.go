package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/api/client"
)

// paymentPage is a payment with its refunds and disputes.
type paymentPage struct {
	client.Payment
	Number   string // of the invoice
	Customer string
	Refunds  []client.Refund
	Disputes []client.Dispute
	Left     string // what can still be refunded or disputed, in major units
	Asked    string // what is asked to be refunded
	Reason   string
	After    string // what is left after that
	Timeline []event
}

// Refundable reports whether something can be refunded.
func (p paymentPage) Refundable() bool {
	return p.State == client.PaymentStateCaptured && p.Left != "" && strings.Trim(p.Left, "0.-") != ""
}

func (s *server) paymentRoutes(r chi.Router) {
	r.Get("/payments", s.payments)
	r.Get("/payments/{id}", func(w http.ResponseWriter, r *http.Request) { s.showPayment(w, r, "payment") })
	r.Get("/payments/{id}/refunds/new", func(w http.ResponseWriter, r *http.Request) { s.showPayment(w, r, "refund-new") })
	r.Post("/payments/{id}/refunds", s.refund)
	r.Post("/refunds/{id}/record", s.recordRefund)
	r.Post("/refunds/{id}/release", s.releaseRefund)
	r.Post("/refunds/{id}/refuse", s.refuseRefund)
}

func (s *server) payments(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	params := &client.ListPaymentsParams{State: optional[client.PaymentState](q.Get("state")), Cursor: optional[client.Cursor](q.Get("cursor"))}
	params.From, params.To = period(q)
	found, err := s.api.ListPaymentsWithResponse(r.Context(), params)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "payments", found.JSON200, nil)
}

func (s *server) paymentPage(r *http.Request, id string) (p paymentPage, err error) {
	ctx := r.Context()
	found, err := s.api.GetPaymentWithResponse(ctx, id)
	if err != nil {
		return p, err
	}
	p.Payment = *found.JSON200
	inv, err := s.api.GetInvoiceWithResponse(ctx, p.InvoiceID)
	if err != nil {
		return p, err
	}
	p.Number, p.Customer = inv.JSON200.Number, inv.JSON200.Customer.Name
	refunds, err := s.api.ListRefundsWithResponse(ctx, &client.ListRefundsParams{PaymentID: &p.ID})
	if err != nil {
		return p, err
	}
	p.Refunds = refunds.JSON200.Data
	left, err := decimal.NewFromString(p.Amount)
	if err != nil {
		return p, err
	}
	disputes, err := s.api.ListDisputesWithResponse(ctx, &client.ListDisputesParams{PaymentID: &p.ID})
	if err != nil {
		return p, err
	}
	p.Disputes = disputes.JSON200.Data
	if taken, err := decimal.NewFromString(p.Disputed); err == nil {
		left = left.Sub(taken)
	}
	for _, refund := range p.Refunds {
		if amount, err := decimal.NewFromString(refund.Amount); err == nil && refund.State != client.RefundStateFailed {
			left = left.Sub(amount)
		}
	}
	p.Left, p.Asked, p.Reason = left.StringFixed(2), parseAmount(r.FormValue("amount")), r.FormValue("reason")
	if asked, err := decimal.NewFromString(p.Asked); err == nil {
		p.After = left.Sub(asked).StringFixed(2)
	}
	l := s.lookOf(r)
	for _, step := range slices.Backward(p.Payment.Timeline) {
		shown := l.state("payment", step.State)
		e := event{Title: shown.Word, At: step.At, Kind: map[string]string{"good": "good", "bad": "bad", "act": "act"}[shown.Shape]}
		p.Timeline = append(p.Timeline, e)
	}
	return p, nil
}

// showPayment shows a page about the payment that the path names.
func (s *server) showPayment(w http.ResponseWriter, r *http.Request, name string) {
	p, err := s.paymentPage(r, chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, name, p, nil)
}

// refund asks first: it shows the confirm page until that one is sent.
func (s *server) refund(w http.ResponseWriter, r *http.Request) {
	p, err := s.paymentPage(r, chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	asked, unread := decimal.NewFromString(p.Asked)
	left, _ := decimal.NewFromString(p.Left) // it was written above
	switch {
	case unread != nil || !asked.IsPositive():
		s.refused(w, r, unreadable("amount"), "payment", p, nil)
	case asked.GreaterThan(left):
		s.refused(w, r, &refusal{Status: http.StatusUnprocessableEntity, Type: "urn:quittance:problem:refund-exceeds-payment"}, "payment", p, map[string]string{"": "amount"})
	case strings.TrimSpace(p.Reason) == "":
		s.refused(w, r, unreadable("reason"), "payment", p, nil)
	case r.PostFormValue("sure") != "yes":
		s.show(w, r, http.StatusOK, "refund-new", p, nil)
	default:
		amount := asked.StringFixed(2)
		asked, err := s.api.RequestRefundWithResponse(r.Context(), p.ID, client.NewRefund{Amount: &amount, Reason: p.Reason}, once(r))
		if err != nil {
			s.refused(w, r, err, "payment", p, map[string]string{"refund-exceeds-payment": "amount"})
			return
		}
		n := notice{Kind: "good", Key: "refund_asked", Args: []any{money(p.Currency, amount)}}
		if asked.JSON202.State == client.RefundStateAwaitingApproval {
			n = notice{Kind: "act", Key: "refund_awaits"}
		}
		s.tell(w, r, "/console/payments/"+p.ID, n)
	}
}

func (s *server) releaseRefund(w http.ResponseWriter, r *http.Request) {
	_, err := s.api.ReleaseRefundWithResponse(r.Context(), chi.URLParam(r, "id"), once(r))
	s.refundDecided(w, r, "refund_released", err)
}

func (s *server) refuseRefund(w http.ResponseWriter, r *http.Request) {
	_, err := s.api.RefuseRefundWithResponse(r.Context(), chi.URLParam(r, "id"), once(r))
	s.refundDecided(w, r, "refund_refused", err)
}

// refundDecided shows the payment of a refund that was released or refused, or why it was not.
func (s *server) refundDecided(w http.ResponseWriter, r *http.Request, key string, err error) {
	n := notice{Kind: "good", Key: key}
	switch p := asRefusal(err); {
	case p != nil && p.Type == "urn:quittance:problem:second-person-needed":
		n = notice{Kind: "act", Key: "second_person"}
	case err != nil:
		s.fail(w, r, err)
		return
	}
	decided, err := s.api.GetRefundWithResponse(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/payments/"+decided.JSON200.PaymentID, n)
}

func (s *server) recordRefund(w http.ResponseWriter, r *http.Request) {
	recorded, err := s.api.RecordRefundWithResponse(r.Context(), chi.URLParam(r, "id"), once(r))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/payments/"+recorded.JSON200.PaymentID, notice{Kind: "good", Key: "refund_recorded"})
}
