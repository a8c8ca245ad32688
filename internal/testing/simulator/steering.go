package simulator

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
)

// routeSteering serves the /_sim calls, which Saferpay itself does not have.
func (s *Simulator) routeSteering() {
	s.mux.HandleFunc("POST /_sim/pay", s.steerPay)
	s.mux.HandleFunc("GET /_sim/transactions", s.listTransactions)
	s.mux.HandleFunc("PATCH /_sim/transactions/{transactionId}", s.rewriteTransaction)
	s.mux.HandleFunc("GET /_sim/calls", s.listCalls)
	s.mux.HandleFunc("POST /_sim/faults", s.armFault)
	s.mux.HandleFunc("DELETE /_sim/faults", s.disarmFaults)
	s.mux.HandleFunc("POST /_sim/notifications", s.chooseNotifications)
	s.mux.HandleFunc("PUT /_sim/customers/{customerId}", s.changeCustomer)
	s.mux.HandleFunc("POST /_sim/orphans", s.addOrphan)
	s.mux.HandleFunc("GET /_sim/settings", s.showSettings)
	s.mux.HandleFunc("PUT /_sim/settings", s.changeSettings)
	s.mux.HandleFunc("POST /_sim/age", s.letTimePass)
	s.mux.HandleFunc("POST /_sim/reset", s.reset)
}

// What a payer can do on a page.
const (
	actionPay   = "pay"
	actionAbort = "abort"
	actionClose = "close" // leaves without having done anything
)

// steerPay is a payer without a browser. The answer has the status of the payment (AUTHORIZED, PENDING, FAILED, ABORTED
// or OPEN), and what the merchant answered to the payer's return.
func (s *Simulator) steerPay(w http.ResponseWriter, r *http.Request) {
	request := struct {
		RedirectURL string `json:"redirect_url"`
		Means       string `json:"means"`
		Action      string `json:"action"`
		Return      bool   `json:"return"`
	}{Action: actionPay, Return: true}
	if !readSteering(w, r, &request) {
		return
	}
	p, err := s.openPage(path.Base(request.RedirectURL))
	if err != nil {
		writeProblem(w, pageErrorStatus(err), err.Error())
		return
	}
	answer := reply{}
	switch request.Action {
	case actionClose:
		writeJSON(w, http.StatusOK, reply{"status": "OPEN"})
		return
	case actionAbort:
		answer["status"] = "ABORTED"
		_, err = s.finish(p.Token, failed(saferpay.NameTransactionAborted))
	case actionPay:
		var v verdict
		if v, err = p.payWith(request.Means); err != nil {
			writeProblem(w, http.StatusUnprocessableEntity, err.Error())
			return
		}
		var t *transaction
		t, err = s.finish(p.Token, v)
		if t != nil {
			answer["status"], answer["transaction_id"] = t.Status, t.ID
		} else if v.failure != nil {
			answer["status"], answer["error"] = "FAILED", v.failure.Name
		}
	default:
		writeProblem(w, http.StatusUnprocessableEntity, "action must be pay, abort or close")
		return
	}
	if err != nil {
		writeProblem(w, pageErrorStatus(err), err.Error())
		return
	}
	if request.Return {
		maps.Copy(answer, returnTo(r.Context(), p.ReturnURL))
	}
	writeJSON(w, http.StatusOK, answer)
}

// returnTo does what the payer's browser does after paying.
func returnTo(ctx context.Context, url string) reply {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return reply{"return_error": err.Error()}
	}
	req.Header.Set("Accept", "text/html")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{"return_error": err.Error()}
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxRequest))
	return reply{"return_status": resp.StatusCode, "return_url": resp.Request.URL.String()}
}

func pageErrorStatus(err error) int {
	switch {
	case errors.Is(err, errNoPage):
		return http.StatusNotFound
	case errors.Is(err, errPageExpired):
		return http.StatusGone
	default:
		return http.StatusConflict
	}
}

// listTransactions shows the books. Amounts are in minor units, as everywhere at Saferpay.
func (s *Simulator) listTransactions(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []reply{}
	for _, t := range s.books.inOrder() {
		list = append(list, reply{
			"id": t.ID, "type": t.Type, "status": t.Status, "amount": reply{"value": strconv.FormatInt(t.Minor, 10), "currency": t.Currency},
			"order_id": t.OrderID, "customer_id": t.CustomerID, "terminal_id": t.TerminalID, "method": t.Means.Method,
			"capture_id": t.CaptureID, "captures": t.Captures, "refund_of": t.RefundOf, "date": t.Date,
			"batch_closed": !t.ClosedAt.IsZero(),
		})
	}
	writeJSON(w, http.StatusOK, list)
}

func (s *Simulator) listCalls(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	writeJSON(w, http.StatusOK, s.calls)
}

func (s *Simulator) armFault(w http.ResponseWriter, r *http.Request) {
	f := &fault{Times: 1}
	if !readSteering(w, r, f) {
		return
	}
	armed := *f // the one that is armed counts down from here on
	if problem := s.arm(f); problem != "" {
		writeProblem(w, http.StatusUnprocessableEntity, problem)
		return
	}
	writeJSON(w, http.StatusCreated, armed)
}

// arm makes a fault wait for its calls, or returns what is wrong with it.
func (s *Simulator) arm(f *fault) (problem string) {
	if problem := f.problem(); problem != "" {
		return problem
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
	return ""
}

func (s *Simulator) disarmFaults(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) chooseNotifications(w http.ResponseWriter, r *http.Request) {
	mode := notificationMode{DelayMS: 5000}
	if !readSteering(w, r, &mode) {
		return
	}
	if problem := s.announceBy(mode); problem != "" {
		writeProblem(w, http.StatusUnprocessableEntity, problem)
		return
	}
	writeJSON(w, http.StatusOK, mode)
}

// announceBy sends notifications in that mode from now on, or returns what is wrong with it.
func (s *Simulator) announceBy(mode notificationMode) (problem string) {
	if !slices.Contains(notificationModes, mode.Mode) || mode.DelayMS < 0 {
		return fmt.Sprintf("mode must be one of %q, delay_ms not negative", notificationModes)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notifications = mode
	return ""
}

// changeCustomer creates an account or changes what the request names of it.
func (s *Simulator) changeCustomer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	existing := s.books.accounts[r.PathValue("customerId")]
	s.mu.Unlock()
	status, changed := http.StatusCreated, account{CustomerID: r.PathValue("customerId"), Features: businessLicense()}
	if existing != nil {
		status, changed = http.StatusOK, *existing
	}
	request := struct {
		Password  *string     `json:"password"`
		User      *string     `json:"user"`
		Features  *[]string   `json:"features"`
		Terminals *[]terminal `json:"terminals"`
	}{&changed.Password, &changed.User, nil, nil}
	if !readSteering(w, r, &request) {
		return
	}
	if request.Features != nil {
		changed.Features = *request.Features
	}
	if request.Terminals != nil {
		changed.Terminals = *request.Terminals
	}
	if len(text(numericCharacters, 1, 8)("", changed.CustomerID)) > 0 || changed.User == "" || changed.Password == "" {
		writeProblem(w, http.StatusUnprocessableEntity, "a customer needs an id of 1 to 8 digits, a user and a password")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.books.userNamed(changed.User); other != nil && other.CustomerID != changed.CustomerID {
		writeProblem(w, http.StatusUnprocessableEntity, "this user belongs to another customer")
		return
	}
	s.books.save(record{Account: &changed})
	writeJSON(w, status, reply{"customer_id": changed.CustomerID, "user": changed.User, "features": changed.Features, "terminals": changed.Terminals})
}

// orphanRequest asks for a captured transaction that the merchant knows nothing of. The amount is in minor units, or with
// a decimal point in major units: 10800 and "108.00" are the same.
type orphanRequest struct {
	CustomerID string         `json:"customer_id"`
	TerminalID string         `json:"terminal_id"`
	Amount     json.Number    `json:"amount"`
	Currency   money.Currency `json:"currency"`
	OrderID    string         `json:"order_id"`
}

func (s *Simulator) addOrphan(w http.ResponseWriter, r *http.Request) {
	var request orphanRequest
	if !readSteering(w, r, &request) {
		return
	}
	t, problem := s.orphan(request)
	if problem != "" {
		writeProblem(w, http.StatusUnprocessableEntity, problem)
		return
	}
	writeJSON(w, http.StatusCreated, reply{"id": t.ID, "capture_id": t.CaptureID})
}

// orphan adds the transaction, or returns what is wrong with the request.
func (s *Simulator) orphan(request orphanRequest) (added *transaction, problem string) {
	amount, err := orphanAmount(request.Amount.String(), request.Currency)
	if err != nil || !amount.IsPositive() {
		return nil, "amount must be positive, in minor units or with a decimal point; currency one of CHF, EUR, USD, GBP"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	customer := s.books.accounts[request.CustomerID]
	if customer == nil {
		return nil, "customer_id is unknown"
	}
	if _, ok := customer.terminal(request.TerminalID); !ok {
		return nil, "terminal_id is not one of the customer"
	}
	t := s.newTransaction(rand.Text(), request.CustomerID, request.TerminalID, string(request.Currency), amount.Minor())
	t.OrderID, t.Means = request.OrderID, means{Method: methodTwint, DisplayText: "TWINT"}
	t.settle(t.Date)
	s.books.save(record{Transaction: t})
	return t, ""
}

func orphanAmount(value string, currency money.Currency) (money.Amount, error) {
	if strings.Contains(value, ".") {
		return money.Parse(value, currency)
	}
	minor, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return money.Amount{}, err
	}
	if _, err := money.ParseCurrency(string(currency)); err != nil {
		return money.Amount{}, err
	}
	return money.FromMinor(minor, currency), nil
}

// reset forgets everything but the two accounts that the simulator starts with.
func (s *Simulator) reset(w http.ResponseWriter, _ *http.Request) {
	if err := s.forget(); err != nil {
		writeProblem(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Simulator) forget() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.faults, s.notifications, s.settings = map[string]int{}, nil, notificationMode{Mode: modeNormal}, s.options.initialSettings()
	return s.books.reset()
}

// readSteering reads the JSON of a /_sim call, or answers what is wrong with it and returns false.
func readSteering(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		writeProblem(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

func writeProblem(w http.ResponseWriter, status int, sentence string) {
	writeJSON(w, status, reply{"error": sentence})
}
