package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/api/internal/docs"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/sftptest"
)

// operation is a call of the specification.
type operation struct {
	*openapi3.Operation
	method, path string
	parameters   openapi3.Parameters // all of them, those of its path too
}

// operations returns all calls of the specification, by name.
func operations(t testing.TB) (all []operation) {
	t.Helper()
	for path, item := range specification(newWorld(t)).Paths.Map() {
		for method, o := range item.Operations() {
			all = append(all, operation{o, method, path, append(slices.Clone(item.Parameters), o.Parameters...)})
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.OperationID, b.OperationID) })
	return all
}

// json is the body that the call takes as JSON, nil for none.
func (o operation) json() *openapi3.MediaType {
	if o.RequestBody == nil {
		return nil
	}
	return o.RequestBody.Value.Content["application/json"]
}

// key is what opens the call.
func (o operation) key(w *world) string {
	if slices.Contains(onlyAdmin, o.OperationID) {
		return adminKey
	}
	if key := ofTheConsole[o.OperationID]; key != nil {
		return key(w)
	}
	return w.key
}

// example is the request that the specification shows, about things that there are.
type example struct {
	path string
	ids  map[string]string // by parameter
	body string            // empty for none
}

func (o operation) example(w *world) example {
	w.Helper()
	e := example{path: o.path, ids: w.subjects(o.OperationID)}
	for name, id := range e.ids {
		e.path = strings.Replace(e.path, "{"+name+"}", id, 1)
	}
	for _, parameter := range o.parameters {
		if p := parameter.Value; p.In == "query" && p.Required {
			e.path += "?" + p.Name + "=" + url.QueryEscape(fmt.Sprint(p.Schema.Value.Example))
		}
	}
	require.NotContains(w, e.path, "{", "the test has nothing that the call could be about")
	if media := o.json(); media != nil {
		body, err := json.Marshal(docs.ExampleOf(media))
		require.NoError(w, err)
		e.body = strings.NewReplacer(
			"psv_01k9m20s0hg5p1z9w4t7x2d6e8", w.service().ID, "pay_01k9m22v2kj7r3b1y6w9z4f8g0", e.ids["payment_id"], "whe_01k9m28b1bs3y9h7e2c5f0n4p6", e.ids["endpoint_id"],
			"https://shop.example.ch", "http://127.0.0.1", // nothing is looked up here
			"https://login.example.ch", e.ids["issuer"], "cmp_01k9m1yq8fe3m9x7t2r5v0b4c6", w.company.ID,
			"sealed-flow", e.ids["flow"], "code-of-the-provider", e.ids["code"], "state-of-the-flow", e.ids["state"],
		).Replace(string(body))
		require.NotContains(w, e.body, "…", "a field of the request has no example")
	}
	return e
}

// subjects are things for a call to be about, by the names of parameters, each in a state in which it can be.
func (w *world) subjects(operationID string) map[string]string {
	w.Helper()
	service, status := w.newService(merchant.Active), invoice.Open
	switch operationID {
	case "submitCredentials":
		service = w.newService(merchant.AwaitingCredentials)
	case "decideVerification", "uploadDocument":
		service = w.newService(merchant.InVerification)
	case "updateInvoice", "issueInvoice":
		status = invoice.Draft
	case "startCheckout":
		w.call("PATCH", "/settings", w.key, `{"return_origins": ["https://invoices.example"]}`).json(http.StatusOK)
	}
	inv := w.newInvoice(status, payableBy(service))
	p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(service)))
	key, err := w.store.APIKeyByHash(w.Context(), merchant.HashKey(w.newKey(w.company.ID, merchant.ScopeRead)))
	require.NoError(w, err)
	waiting := w.captured(chf("108.00"), "2026-11-17")
	imported := w.importFile("text/xml", credit("2026-11-19", "105.70", "WORLDLINE SCHWEIZ AG")).json(http.StatusCreated)
	payout := imported["payouts"].([]any)[0].(map[string]any)["id"].(string)
	if operationID == "reopenPayout" {
		w.call("POST", "/payouts/"+payout+"/confirm", w.key, nil).json(http.StatusOK)
	}
	subjects := map[string]string{
		"company_id": w.company.ID, "key_id": key.ID, "payment_service_id": service.ID, "invoice_id": inv.ID, "payment_id": p.ID,
		"refund_id": w.newRefund(p, "1.00").ID, "exception_id": w.raise(exception.CaptureUnclear, w.newPayment(inv, payment.Redirected).ID).ID,
		"entry_id": w.enter("2026-11-20", "5.00"), "event_id": w.tell(event.InvoiceOpened, inv.ID).ID, "endpoint_id": w.newEndpoint("http://127.0.0.1/1").ID,
		"settlement_id": imported["id"].(string), "payout_id": payout, "number": "1029", "day": "2026-11-21", "month": "2026-11",
		"receipt_id": w.received(w.newInvoice(invoice.Open), "1.00"), "export_id": w.exported("table"),
	}
	switch operationID {
	case "getDispute", "updateDispute", "winDispute", "loseDispute":
		subjects["dispute_id"] = w.disputes(p, `,"amount":"1.00"`)["id"].(string)
	case "releaseRefund", "refuseRefund":
		subjects["refund_id"] = w.held(p, "2.00")
	case "confirmPayout":
		subjects["payment_id"] = waiting.ID
	case "putSignInProvider", "getSignInProvider", "deleteSignInProvider", "beginConsoleSignIn", "finishConsoleSignIn", "beginOperatorSignIn", "finishOperatorSignIn":
		maps.Copy(subjects, w.signIns(operationID))
	case "deleteBankAccount":
		subjects["bank_account_id"] = w.call("POST", "/bank-accounts", w.key, `{"iban":"CH9300762011623852957","account":"1020","currency":"CHF"}`).json(http.StatusCreated)["id"].(string)
	case "getSettlementSource", "deleteSettlementSource", "testSettlementSource", "lookAtSettlementSource":
		w.fetchesFrom(sftptest.Start(w), nil).json(http.StatusOK)
	case "deleteSettlementColumns":
		subjects["columns_id"] = w.confirmedColumns()
	case "getLogo", "deleteLogo":
		w.in(w.company.ID, func(tx *postgres.Tx) error {
			return tx.SaveLogo(w.Context(), merchant.Logo{ContentType: "image/png", Content: []byte("seen")})
		})
	case "deleteInvoicePdf":
		w.in(w.company.ID, func(tx *postgres.Tx) error {
			return tx.SaveInvoicePDF(w.Context(), merchant.InvoicePDF{InvoiceID: inv.ID, Size: 1, SealedContent: []byte("sealed"), ReceivedAt: noon})
		})
	case "deleteAccount":
		w.call("POST", "/accounts", w.key, `{"number":"1024","name":"Caisse"}`).json(http.StatusCreated)
		subjects["number"] = "1024"
	}
	return subjects
}

func TestExamplesOfTheSpecificationWork(t *testing.T) {
	t.Parallel()
	for _, o := range operations(t) {
		t.Run(o.OperationID, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			e := o.example(w)
			var body any
			if e.body != "" {
				body = e.body
			}
			if o.RequestBody != nil && o.json() == nil {
				return // files, which other tests send
			}
			a := w.call(o.method, e.path, o.key(w), body)
			assert.Less(t, a.Code, http.StatusBadRequest, "%s %s %s: %s", o.method, e.path, e.body, a.Body)
		})
	}
}

func TestExamplesOfAnswersFitTheirSchemas(t *testing.T) {
	t.Parallel()
	for _, o := range operations(t) {
		for status, response := range o.Responses.Map() {
			for contentType, media := range response.Value.Content {
				if media.Schema == nil || !strings.HasSuffix(contentType, "json") {
					continue
				}
				encoded, err := json.Marshal(docs.ExampleOf(media))
				require.NoError(t, err)
				var example any
				require.NoError(t, json.Unmarshal(encoded, &example))
				assert.NoError(t, media.Schema.Value.VisitJSON(example, openapi3.VisitAsResponse()), "%s answers %s", o.OperationID, status)
			}
		}
	}
	assert.NotEmpty(t, maps.Keys(specification(newWorld(t)).Components.Schemas))
}
