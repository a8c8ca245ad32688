package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/ledger"
)

// company is an invoicing product that uses the REST API with the key of its company, and repeats what was not answered.
type company struct {
	id, key, service string
	account          account
	endpoint         string // for webhooks
	cluster          *cluster
	decisions        []string // exceptions of which the operator has decided what becomes of the money

	changing sync.Mutex      // what follows, and the password of the account
	paidOut  map[string]bool // payments that the acquirer has paid out
	told     []bankFile      // what the bank has told
}

// account is one at Saferpay.
type account struct{ customer, terminal, user, password string }

func newAccount(number int) account {
	customer := fmt.Sprintf("7%05d", number)
	return account{customer: customer, terminal: customer + "00", user: "API_" + customer + "_00000001", password: "Password-1"}
}

func (a account) credentials() object {
	return object{"customer_id": a.customer, "terminal_id": a.terminal, "api_username": a.user, "api_password": a.password}
}

type object = map[string]any

// answer is what an HTTP server answered.
type answer struct {
	status   int
	problem  string // the name of the problem, without its prefix
	location string
	body     []byte
}

// errUnanswered says that no final answer came before the run ended.
var errUnanswered = errors.New("no answer came in time")

// once follows no redirect, so that it shows where it leads.
var once = &http.Client{
	Timeout:       40 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func send(ctx context.Context, method, url string, body []byte, header http.Header) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header = header
	response, err := once.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	var p struct{ Type string }
	_ = json.Unmarshal(content, &p)
	return answer{
		status: response.StatusCode, problem: strings.TrimPrefix(p.Type, "urn:quittance:problem:"), location: response.Header.Get("Location"), body: content,
	}, nil
}

// final tells whether it makes no sense to send the same request again.
func (a answer) final() bool {
	return a.status < http.StatusInternalServerError && a.status != http.StatusTooManyRequests && a.problem != "request-in-progress"
}

// persist sends the request until there is a final answer or ctx ends.
func persist(ctx context.Context, method, url string, body []byte, header http.Header) (answer, error) {
	for rest := 100 * time.Millisecond; ; rest = min(2*rest, 3*time.Second) {
		a, err := send(ctx, method, url, body, header)
		if err == nil && a.final() {
			return a, nil
		}
		if ctx.Err() != nil {
			return answer{}, fmt.Errorf("%s %s: %w (%d %s)", method, url, errors.Join(errUnanswered, err), a.status, a.problem)
		}
		pause(ctx, rest)
	}
}

// call makes a call of the API; a POST carries an idempotency key, so that repeating it is safe.
func (c *company) call(ctx context.Context, method, path string, body any) (answer, error) {
	content, raw := body.([]byte)
	contentType := "text/csv"
	if bytes.HasPrefix(content, []byte("<")) {
		contentType = "application/xml"
	}
	if !raw {
		contentType = "application/json"
		if body != nil {
			var err error
			if content, err = json.Marshal(body); err != nil {
				return answer{}, err
			}
		}
	}
	header := http.Header{"Authorization": {"Bearer " + c.key}, "Content-Type": {contentType}}
	if method == http.MethodPost {
		header.Set("Idempotency-Key", rand.Text())
	}
	return persist(ctx, method, c.cluster.apiURL()+"/v1"+path, content, header)
}

// must is call for what can't be refused.
func (c *company) must(ctx context.Context, method, path string, body, into any) error {
	a, err := c.call(ctx, method, path, body)
	if err != nil {
		return err
	}
	if a.status >= http.StatusBadRequest {
		return fmt.Errorf("%s %s was refused: %d %s", method, path, a.status, a.body)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(a.body, into)
}

// read is how a company looks into its books.
func (c *company) read(ctx context.Context) func(path string, into any) error {
	return func(path string, into any) error { return c.must(ctx, http.MethodGet, path, nil, into) }
}

// newCompany makes a company that can take payments and hears of all events.
func (c *cluster) newCompany(ctx context.Context, number int) (*company, error) {
	admin := &company{key: stack.AdminKey, cluster: c}
	made := &company{cluster: c, account: newAccount(number), paidOut: map[string]bool{}}
	var answer struct{ ID, Key string }
	if err := admin.must(ctx, http.MethodPost, "/companies", object{"name": fmt.Sprintf("Boulangerie %d SA", number), "language": "fr", "canton": "VD"}, &answer); err != nil {
		return nil, err
	}
	made.id = answer.ID
	if err := admin.must(ctx, http.MethodPost, "/companies/"+made.id+"/api-keys", object{"scopes": []string{"read", "write"}}, &answer); err != nil {
		return nil, err
	}
	made.key = answer.Key
	if err := made.must(ctx, http.MethodPost, "/webhook-endpoints", object{"url": c.receiverURL() + "/" + made.id, "events": []string{}}, &answer); err != nil {
		return nil, err
	}
	made.endpoint = answer.ID
	if err := c.openAccount(ctx, made.account, true); err != nil {
		return nil, err
	}
	service, err := made.connect(ctx, made.account)
	if err != nil {
		return nil, err
	}
	made.service = service
	if err := made.must(ctx, http.MethodPost, "/bank-accounts", object{
		"iban": bankIBAN, "account": bankLedger, "currency": "CHF", "use_for_invoices": true,
		"holder": object{"name": "Boulangerie SA", "postcode": "1003", "city": "Lausanne", "country": "CH"},
	}, nil); err != nil {
		return nil, err
	}
	if err := made.must(ctx, http.MethodPost, "/bank-accounts", object{"iban": payoutIBAN, "account": ledger.Bank, "currency": "CHF"}, nil); err != nil {
		return nil, err // else payouts, of which no bank tells here, would go to the only account in francs
	}
	return made, made.must(ctx, http.MethodPost, "/payment-services/"+service+"/default", nil, nil)
}

// connect adds a payment service of the account.
func (c *company) connect(ctx context.Context, a account) (id string, err error) {
	var service struct{ ID string }
	if err := c.must(ctx, http.MethodPost, "/payment-services", object{"provider": "worldline_saferpay", "environment": "test"}, &service); err != nil {
		return "", err
	}
	return service.ID, c.enterCredentials(ctx, service.ID, a)
}

// enterCredentials enters them until they are taken: while Saferpay is disturbed they may be refused.
func (c *company) enterCredentials(ctx context.Context, service string, a account) error {
	for {
		err := c.must(ctx, http.MethodPut, "/payment-services/"+service+"/credentials", a.credentials(), nil)
		if err == nil || ctx.Err() != nil {
			return err
		}
		pause(ctx, time.Second)
	}
}

// openAccount opens an account at Saferpay, verified or not.
func (c *cluster) openAccount(ctx context.Context, a account, verified bool) error {
	changes := object{"user": a.user, "password": a.password}
	if verified {
		return c.steer(ctx, http.MethodPut, "/_sim/customers/"+a.customer, withTerminal(changes, a, contracts()), nil)
	}
	return c.steer(ctx, http.MethodPut, "/_sim/customers/"+a.customer, withTerminal(changes, a, nil), nil)
}

func withTerminal(changes object, a account, methods []object) object {
	changes["terminals"] = []object{{"terminal_id": a.terminal, "payment_methods": methods}}
	return changes
}

func contracts() (methods []object) {
	for _, method := range []string{"VISA", "MASTERCARD", "TWINT"} {
		methods = append(methods, object{"method": method, "currencies": []string{"CHF"}})
	}
	return methods
}

// steer makes a call of the simulator, which is never disturbed by itself.
func (c *cluster) steer(ctx context.Context, method, path string, body, into any) error {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	a, err := send(ctx, method, c.saferpayURL()+path, content, http.Header{"Content-Type": {"application/json"}})
	if err != nil {
		return err
	}
	if a.status >= http.StatusBadRequest {
		return &refusal{a}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(a.body, into)
}

// refusal is the simulator's no.
type refusal struct{ answer }

func (r *refusal) Error() string {
	return fmt.Sprintf("the simulator refused: %d %s", r.status, r.body)
}
