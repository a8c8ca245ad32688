package simulator

import (
	"net/http"
	"time"

	"github.com/quittance/quittance/internal/saferpay"
)

// settings are what can be changed about how the simulator behaves, apart from faults and notifications.
type settings struct {
	// InquireLagMS is how long a new transaction stays invisible to Inquire.
	InquireLagMS int64 `json:"inquire_lag_ms"`
	// PageLifeMS is how long the pages of coming calls of Initialize can be opened, before the time scale shortens it.
	PageLifeMS int64 `json:"page_life_ms"`
	// EarlyAssertInWrongState lets Assert answer TRANSACTION_IN_WRONG_STATE, not TRANSACTION_NOT_STARTED, while the payer is
	// on the page.
	EarlyAssertInWrongState bool `json:"early_assert_in_wrong_state"`
}

// initialSettings are those that the simulator starts with.
func (o Options) initialSettings() settings {
	return settings{InquireLagMS: o.InquireLag.Milliseconds(), PageLifeMS: pageLife.Milliseconds()}
}

func (c settings) inquireLag() time.Duration { return time.Duration(c.InquireLagMS) * time.Millisecond }

func (c settings) pageLife() time.Duration { return time.Duration(c.PageLifeMS) * time.Millisecond }

// problem returns what is wrong with the settings.
func (c settings) problem() string {
	switch {
	case c.InquireLagMS < 0 || c.InquireLagMS > time.Hour.Milliseconds():
		return "the lag of Inquire must be from nothing to an hour"
	case c.PageLifeMS < time.Second.Milliseconds() || c.PageLifeMS > tokenLife.Milliseconds():
		return "the life of a payment page must be from a second to a day"
	default:
		return ""
	}
}

func (s *Simulator) showSettings(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	writeJSON(w, http.StatusOK, s.settings)
}

// changeSettings changes what the request names.
func (s *Simulator) changeSettings(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	changed := s.settings
	s.mu.Unlock()
	if !readSteering(w, r, &changed) {
		return
	}
	if problem := s.set(changed); problem != "" {
		writeProblem(w, http.StatusUnprocessableEntity, problem)
		return
	}
	writeJSON(w, http.StatusOK, changed)
}

// set makes the settings apply from now on, or returns what is wrong with them.
func (s *Simulator) set(changed settings) (problem string) {
	if problem := changed.problem(); problem != "" {
		return problem
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings = changed
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
		if !p.Opened.IsZero() {
			older.Opened = p.Opened.Add(-by)
		}
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
