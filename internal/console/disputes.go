package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/oapi-codegen/runtime/types"

	"github.com/quittance/quittance/api/client"
)

// disputePage is a dispute with the number of its invoice.
type disputePage struct {
	client.Dispute
	Number string
	Story  []event
}

// Open reports whether it is neither won nor lost.
func (d disputePage) Open() bool { return d.State == client.DisputeStateOpen }

// Bears names who bears a lost one, as claim does; empty for any other.
func (d disputePage) Bears() string { return string(valueOf(d.Claim)) }

func (s *server) disputeRoutes(r chi.Router) {
	r.Get("/disputes", s.disputes)
	r.Get("/disputes/new", s.newDispute)
	r.Post("/disputes", s.openDispute)
	r.Get("/disputes/{id}", s.showDispute)
	r.Post("/disputes/{id}", s.changeDispute)
	r.Post("/disputes/{id}/win", s.winDispute)
	r.Post("/disputes/{id}/lose", s.loseDispute)
}

// disputes lists what has to be answered next first.
func (s *server) disputes(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	order := client.DisputeOrderRespondBy
	found, err := s.api.ListDisputesWithResponse(r.Context(), &client.ListDisputesParams{
		State: optional[client.DisputeState](q.Get("state")), Sort: &order, Cursor: optional[client.Cursor](q.Get("cursor")),
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "disputes", found.JSON200, nil)
}

// newDispute shows the form for a payment, or the payments to choose one.
func (s *server) newDispute(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("payment_id")
	if id == "" {
		http.Redirect(w, r, "/console/payments?"+url.Values{"state": {string(client.PaymentStateCaptured)}}.Encode(), http.StatusSeeOther)
		return
	}
	p, err := s.paymentPage(r, id)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "dispute-new", p, nil)
}

func (s *server) openDispute(w http.ResponseWriter, r *http.Request) {
	body := client.NewDispute{
		PaymentID: r.PostFormValue("payment_id"), Reason: r.PostFormValue("reason"), Reference: optional[string](strings.TrimSpace(r.PostFormValue("reference"))),
		Amount: optional[string](parseAmount(r.PostFormValue("amount"))), Fee: optional[string](parseAmount(r.PostFormValue("fee"))),
	}
	err := typedDays(r, map[string]**types.Date{"opened_on": &body.OpenedOn, "respond_by": &body.RespondBy})
	var opened *client.OpenDisputeResponse
	if err == nil {
		opened, err = s.api.OpenDisputeWithResponse(r.Context(), body, once(r))
	}
	if err != nil {
		p, lost := s.paymentPage(r, body.PaymentID)
		if lost != nil {
			s.fail(w, r, err)
			return
		}
		s.refused(w, r, err, "dispute-new", p, map[string]string{"dispute-exceeds-payment": "amount"})
		return
	}
	dispute := opened.JSON201
	if dispute == nil { // the same case was recorded before
		dispute = opened.JSON200
	}
	s.tell(w, r, "/console/disputes/"+dispute.ID, notice{Kind: "good", Key: "dispute_opened"})
}

// typedDays reads days of a form, each of which may be empty.
func typedDays(r *http.Request, days map[string]**types.Date) error {
	for field, into := range days {
		if strings.TrimSpace(r.PostFormValue(field)) == "" {
			continue
		}
		day, err := typedDay(r, field)
		if err != nil {
			return err
		}
		*into = &day
	}
	return nil
}

func (s *server) disputePage(r *http.Request) (d disputePage, err error) {
	found, err := s.api.GetDisputeWithResponse(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		return d, err
	}
	d.Dispute = *found.JSON200
	inv, err := s.api.GetInvoiceWithResponse(r.Context(), d.InvoiceID)
	if err != nil {
		return d, err
	}
	d.Number = inv.JSON200.Number
	l := s.lookOf(r)
	for _, step := range slices.Backward(d.Timeline) {
		shown := l.state("dispute", step.State)
		d.Story = append(d.Story, event{Title: shown.Word, At: step.At, Kind: map[string]string{"good": "good", "bad": "bad", "act": "act"}[shown.Shape]})
	}
	return d, nil
}

func (s *server) showDispute(w http.ResponseWriter, r *http.Request) {
	d, err := s.disputePage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "dispute", d, nil)
}

// changeDispute takes what the letter says; a day that is empty stays as it is.
func (s *server) changeDispute(w http.ResponseWriter, r *http.Request) {
	reason, reference := r.PostFormValue("reason"), strings.TrimSpace(r.PostFormValue("reference"))
	body := client.DisputeChanges{Reason: &reason, Reference: &reference}
	err := typedDays(r, map[string]**types.Date{"respond_by": &body.RespondBy})
	if err == nil {
		_, err = s.api.UpdateDisputeWithResponse(r.Context(), chi.URLParam(r, "id"), body)
	}
	s.disputeChanged(w, r, err, "saved")
}

func (s *server) winDispute(w http.ResponseWriter, r *http.Request) {
	_, err := s.api.WinDisputeWithResponse(r.Context(), chi.URLParam(r, "id"), client.DisputeWin{}, once(r))
	s.disputeChanged(w, r, err, "dispute_decided")
}

func (s *server) loseDispute(w http.ResponseWriter, r *http.Request) {
	body := client.DisputeLoss{Claim: client.DisputeClaim(r.PostFormValue("claim"))}
	_, err := s.api.LoseDisputeWithResponse(r.Context(), chi.URLParam(r, "id"), body, once(r))
	s.disputeChanged(w, r, err, "dispute_decided")
}

// disputeChanged leads back to the dispute and says what was done, or shows what was refused.
func (s *server) disputeChanged(w http.ResponseWriter, r *http.Request, err error, said string) {
	if err == nil {
		s.tell(w, r, "/console/disputes/"+chi.URLParam(r, "id"), notice{Kind: "good", Key: said})
		return
	}
	d, lost := s.disputePage(r)
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	s.refused(w, r, err, "dispute", d, map[string]string{})
}
