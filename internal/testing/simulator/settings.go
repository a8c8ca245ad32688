package simulator

import (
	"net/http"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

// settings are what can be changed about how the simulator behaves, apart from faults and notifications.
type settings struct {
	InquireLagMS int64 `json:"inquire_lag_ms"` // how long a new transaction stays invisible to Inquire
}

func (s *Simulator) showSettings(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	writeJSON(w, http.StatusOK, settings{s.inquireLag.Milliseconds()})
}

func (s *Simulator) changeSettings(w http.ResponseWriter, r *http.Request) {
	var changed settings
	if !readSteering(w, r, &changed) {
		return
	}
	if problem := s.lagBy(time.Duration(changed.InquireLagMS) * time.Millisecond); problem != "" {
		writeProblem(w, http.StatusUnprocessableEntity, problem)
		return
	}
	writeJSON(w, http.StatusOK, changed)
}

// lagBy lets Inquire lag from now on, or returns what is wrong with the lag.
func (s *Simulator) lagBy(lag time.Duration) (problem string) {
	if lag < 0 || lag > time.Hour {
		return "the lag of Inquire must be from nothing to an hour"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inquireLag = lag
	return ""
}

// longestAge keeps dates in a range that every format knows.
const longestAge = 10 * 365 * 24 * time.Hour

// letTimePass makes everything that happened here lie further back, as if so much time had passed since: tokens expire,
// reports cover it, TWINT payments can be refunded. The clock itself, which merchants compare with their own, stays right.
func (s *Simulator) letTimePass(w http.ResponseWriter, r *http.Request) {
	var request struct {
		By string `json:"by"`
	}
	if !readSteering(w, r, &request) {
		return
	}
	by, err := time.ParseDuration(request.By)
	if err != nil || by <= 0 || by > longestAge {
		writeProblem(w, http.StatusUnprocessableEntity, `by must be a positive duration such as "24h" or "90m"`)
		return
	}
	s.age(by)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) age(by time.Duration) {
	s.mu.Lock()
	var aged []record
	for _, p := range s.books.pages {
		older := *p
		older.Created, older.Expires = p.Created.Add(-by), p.Expires.Add(-by)
		if !p.Finished.IsZero() {
			older.Finished = p.Finished.Add(-by)
		}
		aged = append(aged, record{Page: &older})
	}
	for _, t := range s.books.inOrder() {
		older := *t
		older.Date = t.Date.Add(-by)
		if !t.CapturedAt.IsZero() {
			older.CapturedAt = t.CapturedAt.Add(-by)
		}
		if t.Status == saferpay.StatusPending {
			older.DecidedAt = t.DecidedAt.Add(-by)
		}
		aged = append(aged, record{Transaction: &older})
	}
	s.books.save(aged...)
	var due []*transaction
	for _, t := range s.books.inOrder() {
		if t.Status == saferpay.StatusPending && !t.DecidedAt.After(s.now()) {
			due = append(due, t)
			continue
		}
		s.decideLater(t)
	}
	s.mu.Unlock()
	for _, t := range due {
		s.decide(t)
	}
}
