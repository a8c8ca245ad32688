package simulator

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
)

// rewriteTransaction changes what the books say of a transaction, behind the merchant's back: what somebody does in the
// Backoffice, and what should never happen.
func (s *Simulator) rewriteTransaction(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Amount json.Number                `json:"amount"`
		Status saferpay.TransactionStatus `json:"status"`
	}
	if !readSteering(w, r, &request) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	existing := s.books.transactions[r.PathValue("transactionId")]
	if existing == nil {
		writeProblem(w, http.StatusNotFound, "there is no such transaction")
		return
	}
	changed := *existing
	if request.Amount != "" {
		amount, err := orphanAmount(request.Amount.String(), money.Currency(changed.Currency))
		if err != nil || !amount.IsPositive() {
			writeProblem(w, http.StatusUnprocessableEntity, "amount must be positive, in minor units or with a decimal point")
			return
		}
		changed.Minor = amount.Minor()
	}
	switch request.Status {
	case "", changed.Status:
	case saferpay.StatusCaptured:
		changed.settle(s.now())
	case saferpay.StatusAuthorized, saferpay.StatusCanceled:
		changed.Status, changed.CaptureID, changed.Captures, changed.CapturedAt = request.Status, "", 0, time.Time{}
	case saferpay.StatusPending:
		changed.decidedLater(s.now().AddDate(1, 0, 0), changed.NotifyURL)
	default:
		writeProblem(w, http.StatusUnprocessableEntity, "status must be AUTHORIZED, CAPTURED, CANCELED or PENDING")
		return
	}
	s.books.save(record{Transaction: &changed})
	w.WriteHeader(http.StatusNoContent)
}
