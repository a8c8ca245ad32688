package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

const (
	goodCard      = "9010003150000001"
	noShiftCard   = "9010003750000005"
	challengeCard = "9010004950000001"
	byAmountCard  = "9010403153900001"
)

var (
	demo       = saferpay.Credentials{CustomerID: "123123", TerminalID: "12345678", Username: "API_123123_00000001", Password: "Demo-Password-1"}
	unverified = saferpay.Credentials{CustomerID: "321321", TerminalID: "87654321", Username: "API_321321_00000001", Password: "Demo-Password-2"}
	call       = saferpay.Call{RequestID: "33e8af17-35c1-4165-a343-c1c86a320f3b"}
)

// world is a simulator with a client of it and a merchant whom it notifies and sends payers back to.
type world struct {
	*saferpay.Client
	t        *testing.T
	url      string
	merchant *httptest.Server
	arrivals chan string // the paths that were called at the merchant: /success, /fail, /return
	failures atomic.Int32
}

func newWorld(t *testing.T, options simulator.Options) *world {
	t.Helper()
	if options.NotifyRetry == 0 {
		options.NotifyRetry = time.Millisecond
	}
	sim, err := simulator.Open(options)
	require.NoError(t, err)
	return serveWorld(t, sim)
}

func serveWorld(t *testing.T, sim *simulator.Simulator) *world {
	t.Helper()
	w := &world{t: t, arrivals: make(chan string, 64)}
	w.merchant = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.arrivals <- r.URL.Path
		if w.failures.Add(-1) >= 0 {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	server := httptest.NewServer(sim)
	w.url = server.URL
	w.Client = saferpay.NewClient(server.URL + "/api")
	t.Cleanup(func() {
		assert.NoError(t, sim.Close())
		server.Close()
		w.merchant.Close()
	})
	return w
}

// request is what a merchant usually asks for: CHF amount in major units.
func (w *world) request(amount string) saferpay.PaymentPageRequest {
	return saferpay.PaymentPageRequest{
		Amount: money.MustParse(amount, money.CHF), OrderID: "INV20260001", Description: "Invoice 2026-0001", Language: "en",
		ReturnURL: w.merchant.URL + "/return", SuccessNotifyURL: w.merchant.URL + "/success", FailNotifyURL: w.merchant.URL + "/fail",
	}
}

func (w *world) open(request saferpay.PaymentPageRequest) saferpay.PaymentPage {
	w.t.Helper()
	p, err := w.InitializePaymentPage(w.t.Context(), demo, call, request)
	require.NoError(w.t, err)
	return p
}

// paid is the answer to a payment without a browser.
type paid struct {
	Status        string
	TransactionID string `json:"transaction_id"`
}

// pay pays without coming back.
func (w *world) pay(p saferpay.PaymentPage, means string) (answer paid) {
	w.t.Helper()
	status, data := w.raw("POST", "/_sim/pay", `{"redirect_url":"`+p.RedirectURL+`","means":"`+means+`","return":false}`)
	require.Equal(w.t, http.StatusOK, status, "%s", data)
	require.NoError(w.t, json.Unmarshal(data, &answer))
	return answer
}

func (w *world) assertPage(p saferpay.PaymentPage) (saferpay.Assertion, error) {
	return w.AssertPaymentPage(w.t.Context(), demo, call, p.Token)
}

// authorized pays with the good card and returns the transaction id.
func (w *world) authorized() string {
	w.t.Helper()
	return w.pay(w.open(w.request("108.00")), goodCard).TransactionID
}

// steer makes a call under /_sim with a JSON body, and decodes the answer if it is an object.
func (w *world) steer(method, path string, body any) (int, map[string]any) {
	w.t.Helper()
	data, err := json.Marshal(body)
	require.NoError(w.t, err)
	status, answer := w.raw(method, path, string(data))
	var object map[string]any
	_ = json.Unmarshal(answer, &object)
	return status, object
}

func (w *world) raw(method, path, body string) (int, []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, bytes.NewReader([]byte(body)))
	require.NoError(w.t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, answer
}

// transactions reads the simulator's books.
func (w *world) transactions() []map[string]any {
	w.t.Helper()
	_, data := w.raw("GET", "/_sim/transactions", "")
	var list []map[string]any
	require.NoError(w.t, json.Unmarshal(data, &list))
	return list
}

func (w *world) arm(fault map[string]any) {
	w.t.Helper()
	status, answer := w.steer("POST", "/_sim/faults", fault)
	require.Equal(w.t, http.StatusCreated, status, "%v", answer)
}

func (w *world) notify(mode map[string]any) {
	w.t.Helper()
	status, answer := w.steer("POST", "/_sim/notifications", mode)
	require.Equal(w.t, http.StatusOK, status, "%v", answer)
}

// arrival waits for the next call at the merchant.
func (w *world) arrival() string {
	w.t.Helper()
	select {
	case path := <-w.arrivals:
		return path
	case <-time.After(10 * time.Second):
		require.Fail(w.t, "nothing arrived at the merchant")
		return ""
	}
}

// requireRefusal returns the error of that name by value: it is there to be looked at, not to be handled.
func requireRefusal(t *testing.T, err error, name string) saferpay.Error {
	t.Helper()
	var refusal *saferpay.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, name, refusal.Name, "%s", err)
	return *refusal
}

// api posts a JSON API request as it stands and returns status, ErrorName and ErrorDetail of the answer.
func (w *world) api(operation, body string, change func(*http.Request)) (status int, name, detail string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/api/Payment/v1/"+operation, strings.NewReader(body))
	require.NoError(w.t, err)
	req.SetBasicAuth(demo.Username, demo.Password)
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Accept", "application/json")
	if change != nil {
		change(req)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	var answer struct {
		ErrorName   string
		ErrorDetail []string
	}
	_ = json.NewDecoder(resp.Body).Decode(&answer)
	return resp.StatusCode, answer.ErrorName, strings.Join(answer.ErrorDetail, " ")
}

func jsonBody(t testing.TB, body any) io.Reader {
	t.Helper()
	data, err := json.Marshal(body)
	require.NoError(t, err)
	return bytes.NewReader(data)
}
