package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
)

// The start page shows a person what the simulator holds, and does with buttons what /_sim does for programs.

// What is shown of long lists, the newest first.
const (
	shownTransactions = 100
	shownPages        = 20
)

// overview is what the start page shows.
type overview struct {
	Problem      string // what is wrong with what was entered
	Accounts     []*account
	Transactions []*transaction
	MoreThan     int // how many transactions are shown of more; 0 when all are
	Waiting      []*page
	Calls        []callCount
	Faults       []fault

	Notifications notificationMode
	Settings      settings
	TimeScale     float64

	Operations, Kinds, Errors, Modes []string
}

type callCount struct {
	Operation string
	Times     int
}

func (s *Simulator) routeOverview() {
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { s.showOverview(w, http.StatusOK, "") })
	// Other sites must not press these buttons in a developer's browser.
	protection := http.NewCrossOriginProtection()
	for name, do := range map[string]func(*http.Request) (problem string){
		"arm":           s.pressArm,
		"disarm":        s.pressDisarm,
		"notifications": s.pressNotifications,
		"verify":        s.pressVerify,
		"age":           s.pressAge,
		"settings":      s.pressSettings,
		"orphan":        s.pressOrphan,
		"reset":         s.pressReset,
	} {
		s.mux.Handle("POST /do/"+name, protection.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
			if problem := do(r); problem != "" {
				s.showOverview(w, http.StatusUnprocessableEntity, problem)
				return
			}
			http.Redirect(w, r, "/", http.StatusSeeOther)
		})))
	}
}

func (s *Simulator) showOverview(w http.ResponseWriter, status int, problem string) {
	s.mu.Lock()
	o := overview{
		Problem: problem, Transactions: s.books.inOrder(), Notifications: s.notifications, Settings: s.settings, TimeScale: s.options.TimeScale,
		Operations: faultOperations, Kinds: faultKinds, Errors: saferpayErrors(), Modes: notificationModes,
	}
	for _, a := range s.books.accounts {
		o.Accounts = append(o.Accounts, a)
	}
	for _, p := range s.books.pages {
		if !p.finished() && s.now().Before(p.Expires) {
			o.Waiting = append(o.Waiting, p)
		}
	}
	for operation, times := range s.calls {
		if slices.Contains(faultOperations, operation) {
			o.Calls = append(o.Calls, callCount{operation, times})
		}
	}
	for _, f := range s.faults {
		o.Faults = append(o.Faults, *f)
	}
	s.mu.Unlock()

	slices.SortFunc(o.Accounts, func(a, b *account) int { return cmp.Compare(a.CustomerID, b.CustomerID) })
	slices.SortFunc(o.Waiting, func(a, b *page) int { return b.Created.Compare(a.Created) })
	o.Waiting = o.Waiting[:min(len(o.Waiting), shownPages)]
	slices.SortFunc(o.Calls, func(a, b callCount) int {
		return slices.Index(faultOperations, a.Operation) - slices.Index(faultOperations, b.Operation)
	})
	slices.Reverse(o.Transactions)
	if len(o.Transactions) > shownTransactions {
		o.Transactions, o.MoreThan = o.Transactions[:shownTransactions], shownTransactions
	}
	render(w, status, "overview", o)
}

func saferpayErrors() []string {
	names := make([]string, 0, len(refusals))
	for name := range refusals {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *Simulator) pressArm(r *http.Request) string {
	times, _ := strconv.Atoi(r.FormValue("times")) // what is no number is not allowed either
	delay, err := strconv.Atoi(cmp.Or(r.FormValue("delay_ms"), "0"))
	if err != nil {
		return "The delay must be a number of milliseconds."
	}
	f := &fault{Operation: r.FormValue("operation"), Kind: r.FormValue("kind"), Times: times, DelayMS: delay}
	if f.Kind == faultError {
		f.Error = r.FormValue("error")
	}
	return s.arm(f)
}

// pressDisarm takes the fault at that place away, or all of them.
func (s *Simulator) pressDisarm(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.FormValue("fault") == "all" {
		s.faults = nil
		return ""
	}
	if i, err := strconv.Atoi(r.FormValue("fault")); err == nil && i >= 0 && i < len(s.faults) {
		s.faults = slices.Delete(s.faults, i, i+1)
	}
	return ""
}

func (s *Simulator) pressNotifications(r *http.Request) string {
	delay, err := strconv.Atoi(cmp.Or(r.FormValue("delay_ms"), "5000"))
	if err != nil {
		return "The delay must be a number of milliseconds."
	}
	return s.announceBy(notificationMode{Mode: r.FormValue("mode"), DelayMS: delay})
}

// pressVerify finishes the verification of a terminal: everything that the demo account has is contracted.
func (s *Simulator) pressVerify(r *http.Request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.books.accounts[r.FormValue("customer_id")]
	if a == nil {
		return "There is no such customer."
	}
	verified := *a
	verified.Terminals = slices.Clone(a.Terminals)
	for i, t := range verified.Terminals {
		if t.TerminalID == r.FormValue("terminal_id") {
			verified.Terminals[i].PaymentMethods = usualContracts()
		}
	}
	s.books.save(record{Account: &verified})
	return ""
}

func (s *Simulator) pressAge(r *http.Request) string {
	hours, err := strconv.Atoi(r.FormValue("hours"))
	by := time.Duration(hours) * time.Hour
	if err != nil || by <= 0 || by > longestAge {
		return "The time must be a number of hours, 1 or more."
	}
	s.age(by)
	return ""
}

func (s *Simulator) pressSettings(r *http.Request) string {
	lag, err := strconv.ParseInt(r.FormValue("inquire_lag_ms"), 10, 64)
	if err != nil {
		return "The lag must be a number of milliseconds."
	}
	life, err := strconv.ParseInt(r.FormValue("page_life_ms"), 10, 64)
	if err != nil {
		return "The life of a page must be a number of milliseconds."
	}
	return s.set(settings{InquireLagMS: lag, PageLifeMS: life, EarlyAssertInWrongState: r.FormValue("early_assert_in_wrong_state") != ""})
}

func (s *Simulator) pressOrphan(r *http.Request) string {
	customerID, terminalID, _ := strings.Cut(r.FormValue("terminal"), "/")
	_, problem := s.orphan(orphanRequest{
		CustomerID: customerID, TerminalID: terminalID, Amount: json.Number(r.FormValue("amount")), Currency: money.Currency(r.FormValue("currency")), OrderID: r.FormValue("order_id"),
	})
	return problem
}

func (s *Simulator) pressReset(*http.Request) string {
	if err := s.forget(); err != nil {
		return err.Error()
	}
	return ""
}

// Sum renders the transaction's amount for people.
func (t *transaction) Sum() string { return sum(t.Minor, t.Currency) }

// Sum renders the amount to pay for people.
func (p *page) Sum() string { return sum(p.Minor, p.Currency) }

func sum(minor int64, currency string) string {
	return fmt.Sprintf("%s %d.%02d", currency, minor/100, minor%100)
}

// Path lets the template link to the page.
func (p *page) Path() string { return p.path() }

// Tone lets the template color the status.
func (t *transaction) Tone() string {
	switch t.Status {
	case saferpay.StatusCaptured:
		return "good"
	case saferpay.StatusCanceled:
		return "off"
	default:
		return "open"
	}
}
