package api

import "sync"

// How many return pages a process holds back at once, in all and of one payment. Each looks at its payment ten times a second.
const (
	maxHolds          = 500
	maxHoldsOfPayment = 3
)

// holds counts the return pages that are held back.
type holds struct {
	mu  sync.Mutex
	all int
	of  map[string]int // by payment
}

// begin reports whether one more page of the payment may be held back. If so, end has to be called with it.
func (h *holds) begin(paymentID string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all >= maxHolds || h.of[paymentID] >= maxHoldsOfPayment {
		return false
	}
	if h.of == nil {
		h.of = map[string]int{}
	}
	h.all++
	h.of[paymentID]++
	return true
}

func (h *holds) end(paymentID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all--
	if h.of[paymentID]--; h.of[paymentID] == 0 {
		delete(h.of, paymentID)
	}
}
