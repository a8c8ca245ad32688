package shoptest

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Directly does something at Saferpay past Quittance, as the merchant does in the Backoffice.
func (s *Shop) Directly(operation string, body map[string]any) {
	s.T.Helper()
	body["RequestHeader"] = map[string]any{"SpecVersion": "1.53", "CustomerId": "123123", "RequestId": "backoffice", "RetryIndicator": 0}
	require.Equal(s.T, http.StatusOK, s.call(http.MethodPost, "/api/Payment/v1/"+operation, body, nil))
}

// call makes a call of the simulator, which must work, reads its answer and returns the status.
func (s *Shop) call(method, path string, body, into any) int {
	s.T.Helper()
	data, err := json.Marshal(body)
	require.NoError(s.T, err)
	req, err := http.NewRequestWithContext(s.T.Context(), method, s.Simulator+path, bytes.NewReader(data))
	require.NoError(s.T, err)
	req.SetBasicAuth("API_123123_00000001", "Demo-Password-1")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(s.T, err)
	defer func() { assert.NoError(s.T, resp.Body.Close()) }()
	require.Less(s.T, resp.StatusCode, 300, path)
	if into != nil {
		require.NoError(s.T, json.NewDecoder(resp.Body).Decode(into))
	}
	return resp.StatusCode
}

// Pay is a payer who closes the tab afterwards.
func (s *Shop) Pay(page, means, action string) {
	s.T.Helper()
	s.Steer("/_sim/pay", map[string]any{"redirect_url": page, "means": means, "action": action, "return": false})
}

// Fault lets the next call of an operation go wrong.
func (s *Shop) Fault(operation, kind string) {
	s.T.Helper()
	s.Steer("/_sim/faults", map[string]any{"operation": operation, "kind": kind, "times": 1})
}

// Steer tells the simulator by POST what to do.
func (s *Shop) Steer(path string, body any) {
	s.T.Helper()
	s.Send(http.MethodPost, path, body)
}

// Put tells the simulator by PUT what to be.
func (s *Shop) Put(path string, body any) {
	s.T.Helper()
	s.Send(http.MethodPut, path, body)
}

// Send tells the simulator something.
func (s *Shop) Send(method, path string, body any) {
	s.T.Helper()
	s.call(method, path, body, nil)
}

// AtSaferpay lists the transactions of Saferpay's own books, oldest first.
func (s *Shop) AtSaferpay() (list []Transaction) {
	s.T.Helper()
	s.Look("/_sim/transactions", &list)
	return list
}

// Calls counts what Saferpay was asked.
func (s *Shop) Calls() (counts map[string]int) {
	s.T.Helper()
	s.Look("/_sim/calls", &counts)
	return counts
}

// Look reads what the simulator tells.
func (s *Shop) Look(path string, into any) {
	s.T.Helper()
	s.call(http.MethodGet, path, nil, into)
}

// Transactions returns Saferpay's own books by order id.
func (s *Shop) Transactions() map[string]Transaction {
	s.T.Helper()
	out := map[string]Transaction{}
	for _, t := range s.AtSaferpay() {
		out[t.OrderID] = t
	}
	return out
}

// Transaction is one as Saferpay's own books have it.
type Transaction struct {
	ID       string `json:"id"`
	OrderID  string `json:"order_id"`
	Status   string `json:"status"`
	Captures int    `json:"captures"`
}

// Refuse lets the next call of an operation be answered with Saferpay's own error.
func (s *Shop) Refuse(operation, name string) {
	s.T.Helper()
	s.Steer("/_sim/faults", map[string]any{"operation": operation, "kind": "error", "error": name, "times": 1})
}
