package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
)

// patience is how long a test waits for what should take a moment; only a test that fails waits so long.
const patience = 30 * time.Second

// company is an invoicing product that calls the API with the key of its company.
type company struct {
	t     *testing.T
	stack *stack.Stack
	id    string
	key   string
}

// paymentService, invoice, payment, journalEntry and event are what tests look at in the API's answers.
type (
	paymentService struct {
		ID           string `json:"id"`
		Status       string `json:"status"`
		IsDefault    bool   `json:"is_default"`
		Verification struct {
			SubmittedAt   time.Time `json:"submitted_at"`
			EarliestAt    time.Time `json:"earliest_at"`
			DueAt         time.Time `json:"due_at"`
			LastCheckedAt time.Time `json:"last_checked_at"`
		} `json:"verification"`
		Currencies []currencyStatus `json:"currencies"`
		Timeline   []serviceStep    `json:"timeline"`
	}
	currencyStatus struct {
		Currency string `json:"currency"`
		Status   string `json:"status"`
	}
	serviceStep struct {
		Status string `json:"status"`
		What   string `json:"what"`
		About  string `json:"about"`
		Note   string `json:"note"`
	}
	invoice struct {
		ID                string    `json:"id"`
		Number            string    `json:"number"`
		Status            string    `json:"status"`
		Amount            string    `json:"amount"`
		AmountPaid        string    `json:"amount_paid"`
		AmountDue         string    `json:"amount_due"`
		OnlineDocumentURL string    `json:"online_document_url"`
		Payments          []payment `json:"payments"` // newest first
		PaymentServiceIDs []string  `json:"payment_service_ids"`

		company *company
	}
	payment struct {
		ID       string `json:"id"`
		State    string `json:"state"`
		Method   string `json:"method"`
		Amount   string `json:"amount"`
		Saferpay struct {
			OrderID       string `json:"order_id"`
			TransactionID string `json:"transaction_id"`
			CaptureID     string `json:"capture_id"`
		} `json:"saferpay"`
		LiabilityShift bool `json:"liability_shift"`
		Failure        struct {
			Name string `json:"name"`
		} `json:"failure"`
		BookedAccount string        `json:"booked_account"`
		Timeline      []paymentStep `json:"timeline"`
	}
	paymentStep struct {
		State string `json:"state"`
	}
	journalEntry struct {
		Lines []journalLine `json:"lines"`
	}
	journalLine struct {
		Account  string `json:"account"`
		Debit    string `json:"debit"`
		Credit   string `json:"credit"`
		Currency string `json:"currency"`
	}
	event struct {
		Type    string `json:"type"`
		Subject string `json:"subject"`
	}
)

// object is a JSON object in a request.
type object = map[string]any

// credentials of the simulator's two accounts.
var (
	verifiedAccount = object{
		"customer_id": "123123", "terminal_id": "12345678", "api_username": "API_123123_00000001", "api_password": "Demo-Password-1",
	}
	unverifiedAccount = object{
		"customer_id": "321321", "terminal_id": "87654321", "api_username": "API_321321_00000001", "api_password": "Demo-Password-2",
	}
)

// newCompany makes a company with a key, as an administrator does.
func newCompany(t *testing.T, s *stack.Stack) *company {
	t.Helper()
	return newCompanyOf(t, s, object{"name": "Boulangerie Favre SA", "language": "fr", "canton": "VD"})
}

func newCompanyOf(t *testing.T, s *stack.Stack, description object) *company {
	t.Helper()
	admin := &company{t: t, stack: s, key: stack.AdminKey}
	var made struct{ ID, Key string }
	admin.call("POST", "/companies", description).gives(201, &made)
	c := &company{t: t, stack: s, id: made.ID}
	admin.call("POST", "/companies/"+c.id+"/api-keys", object{"scopes": []string{"read", "write"}}).gives(201, &made)
	c.key = made.Key
	return c
}

// newMerchant makes a company that can take payments: its payment service is active and the default.
func newMerchant(t *testing.T, s *stack.Stack) *company {
	t.Helper()
	c := newCompany(t, s)
	service := c.connect(verifiedAccount)
	require.Equal(t, "active", service.Status)
	c.call("POST", "/payment-services/"+service.ID+"/default", nil).gives(200, nil)
	return c
}

// connect adds a payment service with these credentials.
func (c *company) connect(credentials object) paymentService {
	c.t.Helper()
	var service paymentService
	c.call("POST", "/payment-services", object{"provider": "worldline_saferpay", "environment": "test"}).gives(201, &service)
	c.call("PUT", "/payment-services/"+service.ID+"/credentials", credentials).gives(200, &service)
	return service
}

func (c *company) paymentService(id string) paymentService {
	c.t.Helper()
	var service paymentService
	c.call("GET", "/payment-services/"+id, nil).gives(200, &service)
	return service
}

// newInvoice is what a company sends to have an invoice over that amount.
func newInvoice(amount string) object {
	return object{
		"number": "2026-0042", "currency": "CHF", "amount": amount, "due_date": "2026-12-31", "description": "Pain et viennoiseries",
		"customer": object{"name": "Anna Muster", "email": "anna.muster@example.ch", "language": "de"},
	}
}

// draft makes a draft over that amount in CHF.
func (c *company) draft(amount string) invoice {
	c.t.Helper()
	inv := invoice{company: c}
	c.call("POST", "/invoices", newInvoice(amount)).gives(201, &inv)
	require.Equal(c.t, "draft", inv.Status)
	return inv
}

// draftOf makes a draft of that number.
func (c *company) draftOf(number string) invoice {
	c.t.Helper()
	inv, body := invoice{company: c}, newInvoice("108.00")
	body["number"] = number
	c.call("POST", "/invoices", body).gives(201, &inv)
	return inv
}

// issue makes and issues an invoice over that amount in CHF.
func (c *company) issue(amount string) invoice {
	c.t.Helper()
	inv := c.draft(amount)
	c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
	require.Equal(c.t, "open", inv.Status)
	return inv
}

// now returns the invoice as it is now.
func (inv invoice) now() invoice {
	inv.company.t.Helper()
	fresh := invoice{company: inv.company}
	inv.company.call("GET", "/invoices/"+inv.ID, nil).gives(200, &fresh)
	return fresh
}

func (inv invoice) cancel() {
	inv.company.t.Helper()
	inv.company.call("POST", "/invoices/"+inv.ID+"/cancel", nil).gives(200, nil)
}

// becomes waits until the invoice has that status.
func (inv invoice) becomes(status string) invoice {
	inv.company.t.Helper()
	return await(inv.company.t, patience, inv.now, func(now invoice) bool { return now.Status == status })
}

// paymentBecomes waits until the payment on that page is in that state.
func (inv invoice) paymentBecomes(id, state string) payment {
	t := inv.company.t
	t.Helper()
	return await(t, patience, func() payment { return inv.paymentNow(id) }, func(p payment) bool { return p.State == state })
}

// paymentNow returns a payment of the invoice as it is now.
func (inv invoice) paymentNow(id string) (p payment) {
	inv.company.t.Helper()
	inv.company.call("GET", "/payments/"+id, nil).gives(200, &p)
	return p
}

func (c *company) journal(inv invoice) []journalEntry {
	c.t.Helper()
	var list struct{ Data []journalEntry }
	c.call("GET", "/journal?invoice_id="+inv.ID, nil).gives(200, &list)
	return list.Data
}

// eventTypes lists the types of all events of the company, oldest first.
func (c *company) eventTypes() []string {
	c.t.Helper()
	var list struct{ Data []event }
	c.call("GET", "/events", nil).gives(200, &list)
	types := make([]string, len(list.Data))
	for i, e := range list.Data {
		types[len(types)-1-i] = e.Type
	}
	return types
}

// call makes a call of the REST API; a body of bytes is sent as it is, anything else as JSON.
func (c *company) call(method, path string, body any) answer {
	c.t.Helper()
	return send(c.t, method, c.stack.APIURL()+"/v1"+path, body, http.Header{"Authorization": {"Bearer " + c.key}})
}

// answer is what an HTTP server answered.
type answer struct {
	t        *testing.T
	status   int
	header   http.Header
	body     []byte
	question string // for messages
}

// gives requires the status and reads the body into out, unless that is nil.
func (a answer) gives(status int, out any) {
	a.t.Helper()
	require.Equal(a.t, status, a.status, "%s: %s", a.question, a.body)
	if out != nil {
		require.NoError(a.t, json.Unmarshal(a.body, out), "%s: %s", a.question, a.body)
	}
}

// browserless follows no redirect, so that a test sees where it leads.
var browserless = &http.Client{
	Timeout:       time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func send(t *testing.T, method, url string, body any, header http.Header) answer {
	t.Helper()
	content, raw := body.([]byte)
	if !raw && body != nil {
		var err error
		content, err = json.Marshal(body)
		require.NoError(t, err)
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, url, bytes.NewReader(content))
	require.NoError(t, err)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := browserless.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	got, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{t: t, status: response.StatusCode, header: response.Header, body: got, question: method + " " + url}
}

// await asks until the answer is good and returns it. When that takes too long the test fails with the last answer.
func await[T any](t *testing.T, within time.Duration, ask func() T, good func(T) bool) T {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		got := ask()
		if good(got) {
			return got
		}
		select {
		case <-tick.C:
		case <-deadline:
			require.FailNow(t, "It did not happen in time.", "after %s there is still %+v", within, got)
		}
	}
}
