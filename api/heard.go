package api

import (
	"maps"
	"sync"
	"time"
)

// heardFor is how long a payer's return says nothing new after Saferpay's own notification of the same payment.
const heardFor = 10 * time.Second

// heard remembers the payments of which Saferpay has just notified this process. A notification carries a secret and comes when
// the payer is through, so the return that follows it asks the same question. A return says something new again after heardFor.
type heard struct {
	mu sync.Mutex
	at map[string]time.Time
}

// note remembers a notification.
func (h *heard) note(paymentID string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.at, func(_ string, at time.Time) bool { return now.Sub(at) > heardFor })
	if h.at == nil {
		h.at = map[string]time.Time{}
	}
	h.at[paymentID] = now
}

// lately reports whether there was a notification of the payment a moment ago.
func (h *heard) lately(paymentID string, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, ok := h.at[paymentID]
	return ok && now.Sub(at) <= heardFor
}
