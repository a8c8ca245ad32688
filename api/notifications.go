package api

import (
	"context"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/internal/origin"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// NotificationsTx is what Saferpay's notifications need of a transaction.
type NotificationsTx interface {
	Alone() // see postgres.Tx
	Payment(ctx context.Context, id string) (payment.Payment, error)
}

// notificationTimeout leaves Saferpay an answer within the 10 s that it waits (Saferpay integration guide).
const notificationTimeout = 8 * time.Second

// notifications routes what Saferpay calls when something happened to a payment. The two addresses do the same: anyone may
// call either, and only Assert tells what happened.
func (s *server) notifications(r chi.Router) {
	r.Use(onBehalfOf(origin.Quittance)) // hints, which command nothing
	r.Use(limit(s.Limits.Notifications, func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, problem.New(problem.TooManyRequests, "Try again in a minute."))
	}))
	r.Get("/webhooks/saferpay/{secret}/{outcome:success|fail}", s.notified)
}

// notified passes a notification on as a hint. 200 ends Saferpay's attempts, so it is given only once the hint is safe with
// Temporal, or is of no use any more.
func (s *server) notified(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), notificationTimeout)
	defer cancel()
	companyID, paymentID, err := s.Store.Notification(ctx, chi.URLParam(r, "secret"))
	var p payment.Payment
	if err == nil {
		err = inCompany(ctx, s.Store, companyID, func(tx NotificationsTx) (err error) {
			tx.Alone()
			p, err = tx.Payment(ctx, paymentID)
			return err
		})
	}
	if err == nil {
		err = s.hint(ctx, p, s.Collection.SaferpayNotified)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.heard.note(p.ID, s.now())
	w.WriteHeader(http.StatusOK)
}
