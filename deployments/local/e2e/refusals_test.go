package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// isProblem requires an RFC 9457 problem of that name which names exactly these fields.
func (a answer) isProblem(status int, name string, fields ...string) {
	a.t.Helper()
	var p struct {
		Type   string
		Status int
		Detail string
		Errors []struct{ Field, Message string }
	}
	a.gives(status, &p)
	assert.Equal(a.t, "application/problem+json", a.header.Get("Content-Type"), a.question)
	assert.Equal(a.t, "urn:quittance:problem:"+name, p.Type, a.question)
	assert.Equal(a.t, status, p.Status, a.question)
	assert.NotEmpty(a.t, p.Detail, a.question)
	var named []string
	for _, e := range p.Errors {
		named = append(named, e.Field)
		assert.NotEmpty(a.t, e.Message, a.question)
	}
	assert.Equal(a.t, fields, named, "%s: %s", a.question, a.body)
}

func TestBadInvoicesAreRefusedByNameAndNothingIsStored(t *testing.T) {
	t.Parallel()
	foreign := newCompany(t, shared).connect(verifiedAccount)
	with := func(field string, value any) []byte {
		inv := newInvoice("108.00")
		inv[field] = value
		body, err := json.Marshal(inv)
		require.NoError(t, err)
		return body
	}
	for name, bad := range map[string]struct {
		body    []byte
		status  int
		problem string
		fields  []string
	}{
		"amount zero":                {with("amount", "0"), 422, "validation-failed", []string{"amount"}},
		"amount negative":            {with("amount", "-1"), 422, "validation-failed", []string{"amount"}},
		"amount with three decimals": {with("amount", "1.234"), 422, "validation-failed", []string{"amount"}},
		"amount as a number":         {with("amount", 108), 422, "validation-failed", []string{"amount"}},
		"unknown currency":           {with("currency", "XXX"), 422, "validation-failed", []string{"currency"}},
		"foreign payment service":    {with("payment_service_ids", []string{foreign.ID}), 422, "validation-failed", []string{"payment_service_ids"}},
		"unknown field":              {with("colour", "red"), 422, "validation-failed", []string{"colour"}},
		"malformed JSON":             {[]byte(`{"number": "2026-0042",`), 400, "malformed-request", nil},
		"body of 2 MiB":              {with("description", string(bytes.Repeat([]byte("x"), 2<<20))), 413, "body-too-large", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newMerchant(t, shared)
			c.call("POST", "/invoices", bad.body).isProblem(bad.status, bad.problem, bad.fields...)
			var list struct{ Data []invoice }
			c.call("GET", "/invoices", nil).gives(200, &list)
			assert.Empty(t, list.Data)
		})
	}
}

func TestWrongKeysOpenNothing(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	for _, header := range []http.Header{{}, {"Authorization": {"Bearer qk_test_guessed"}}} {
		send(t, "GET", shared.APIURL()+"/v1/invoices/"+inv.ID, nil, header).isProblem(401, "unauthorized")
	}
}

func TestThingsOfAnotherCompanyAreNotThere(t *testing.T) {
	t.Parallel()
	c, stranger := newMerchant(t, shared), newMerchant(t, shared)
	inv := c.issue("108.00")
	page := inv.payNow("card")
	service := struct{ Data []paymentService }{}
	c.call("GET", "/payment-services", nil).gives(200, &service)
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/invoices/" + inv.ID, nil},
		{"PATCH", "/invoices/" + inv.ID, object{"description": "mine"}},
		{"POST", "/invoices/" + inv.ID + "/issue", nil},
		{"POST", "/invoices/" + inv.ID + "/cancel", nil},
		{"GET", "/payments/" + page.payment, nil},
		{"GET", "/payment-services/" + service.Data[0].ID, nil},
		{"PUT", "/payment-services/" + service.Data[0].ID + "/credentials", verifiedAccount},
		{"POST", "/payment-services/" + service.Data[0].ID + "/default", nil},
	} {
		stranger.call(call.method, call.path, call.body).isProblem(404, "not-found")
	}
	assert.Empty(t, stranger.journal(inv))
	assert.Equal(t, "open", inv.now().Status)
	page.pay(visa)
	inv.requireCollectedOnce("108.00")
}
