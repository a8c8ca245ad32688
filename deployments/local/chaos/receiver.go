package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// receiver is where the companies are told of events by webhook. It notes what it took, in the order in which it came.
type receiver struct {
	mu   sync.Mutex
	took map[string][]string // ids of events, by company; each once
}

// event is one of GET /v1/events.
type event struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Subject string `json:"subject"`
}

func newReceiver() *receiver { return &receiver{took: map[string][]string{}} }

// ServeHTTP takes a message at /{company}.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var e event
	if json.NewDecoder(http.MaxBytesReader(w, request.Body, 1<<20)).Decode(&e) != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	company := request.URL.Path[1:]
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.took[company], e.ID) {
		r.took[company] = append(r.took[company], e.ID)
	}
	w.WriteHeader(http.StatusNoContent)
}

// differences holds what a company was told against the events that it has, the oldest first: each came at least once, and
// those about the same thing in the order in which they happened. Between two things of one invoice, such as a payment that is
// authorized and a bank transfer that is booked in the same millisecond by another worker, the ids of events say nothing about
// that order.
func (r *receiver) differences(company string, events []event) (differences []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	place := map[string]int{}
	for i, id := range r.took[company] {
		place[id] = i + 1
	}
	last := map[string]event{}
	for _, e := range events {
		if place[e.ID] == 0 {
			differences = append(differences, fmt.Sprintf("%s was never told of %s %s about %s", company, e.ID, e.Type, e.Subject))
			continue
		}
		if before, ok := last[e.Subject]; ok && place[before.ID] > place[e.ID] {
			differences = append(differences, fmt.Sprintf("%s was told of %s %s before %s %s, both about %s", company, e.ID, e.Type, before.ID, before.Type, e.Subject))
		}
		last[e.Subject] = e
	}
	return differences
}
