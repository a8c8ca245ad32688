package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/oversight"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/refund"
)

// specification returns openapi.yaml as the API serves it.
func specification(w *world) *openapi3.T {
	w.Helper()
	served := w.get("/openapi.yaml")
	require.Equal(w, http.StatusOK, served.Code)
	doc, err := openapi3.NewLoader().LoadFromData(served.Body.Bytes())
	require.NoError(w, err)
	return doc
}

// specified finds the operation of a request.
var specified = sync.OnceValues(func() (routers.Router, error) {
	document, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, err
	}
	return gorillamux.NewRouter(doc)
})

// requireSpecified asserts that a call was answered with a status, headers and a body that the specification names. What is no
// call is none of its business.
func requireSpecified(t testing.TB, r *http.Request, got *httptest.ResponseRecorder) {
	t.Helper()
	router, err := specified()
	require.NoError(t, err)
	route, params, err := router.FindRoute(r)
	if err != nil {
		return
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 got.Code,
		Header:                 got.Header(),
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, MultiError: true, ExcludeResponseBody: strings.HasSuffix(got.Header().Get("Content-Type"), "x-ndjson") || !strings.Contains(got.Header().Get("Content-Type"), "json"),
		},
	}
	require.NoError(t, openapi3filter.ValidateResponse(r.Context(), answer.SetBodyBytes(got.Body.Bytes())), "%s %s: %s", r.Method, r.URL, got.Body)
}

func TestSpecificationIsValidAndItsExamplesFitIt(t *testing.T) {
	t.Parallel()
	require.NoError(t, specification(newWorld(t)).Validate(t.Context()))
}

func TestSpecificationNamesEveryStateAndKind(t *testing.T) {
	t.Parallel()
	schemas := specification(newWorld(t)).Components.Schemas
	for schema, want := range map[string]any{
		"InvoiceStatus": invoice.Statuses, "PaymentState": payment.States, "PaymentMethod": payment.Methods, "RefundState": refund.States, "DisputeState": dispute.States, "DisputeClaim": dispute.Claims, "DisputeOrder": listing.DisputeOrders,
		"JournalSourceKind": ledger.SourceKinds, "PaymentServiceStatus": merchant.ServiceStatuses, "ExceptionKind": exception.Kinds, "Language": invoice.Languages,
		"EventType": event.Types, "EventDeliveryState": delivery.States, "PaymentServiceWhat": merchant.Whats, "OpenItemKind": oversight.OpenKinds,
	} {
		assert.Equal(t, fmt.Sprint(want), fmt.Sprint(schemas[schema].Value.Enum), schema)
	}
}

func TestEveryCallIsSpecifiedAndEverySpecifiedCallIsRouted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var specified, routed []string
	for path, item := range specification(w).Paths.Map() {
		for method := range item.Operations() {
			specified = append(specified, method+" /v1"+path)
		}
	}
	err := chi.Walk(w.handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasPrefix(route, "/v1/") {
			routed = append(routed, method+" "+route)
		}
		return nil
	})
	require.NoError(t, err)
	assert.ElementsMatch(t, specified, routed)
}

// onlyAdmin are the calls that need the administrator's key.
var onlyAdmin = []string{
	"createCompany", "listCompanies", "getCompany", "updateCompany", "getOverview", "listApiKeys", "createApiKey", "updateApiKey", "rotateApiKey", "deleteApiKey", "decideVerification",
}

// alsoAdmin are the calls of companies that the administrator makes over all of them.
var alsoAdmin = []string{
	"listExceptions", "getException", "resolveException", "listPaymentServices", "search", "getSignInProvider", "putSignInProvider", "deleteSignInProvider",
}

// withoutKey are the calls of people who only sign in.
var withoutKey = []string{"beginConsoleSignIn", "finishConsoleSignIn", "getOperatorSignIn", "beginOperatorSignIn", "finishOperatorSignIn"}

// ofTheConsole are the calls that no key of a company opens, and what they need instead.
var ofTheConsole = map[string]func(*world) string{
	"getConsoleSession":     func(w *world) string { return w.inConsole("viewer") },
	"endConsoleSession":     func(w *world) string { return w.inConsole("viewer") },
	"enterConsole":          func(w *world) string { return w.linkFor("viewer") },
	"releaseRefund":         func(w *world) string { return w.inConsole("manager") },
	"refuseRefund":          func(w *world) string { return w.inConsole("manager") },
	"createOperatorSession": func(*world) string { return operatorKey },
}

func TestEveryCallAsksForTheRightKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	keys := map[string]string{}
	for _, scope := range merchant.Scopes {
		keys[scope] = w.newKey(w.company.ID, scope)
	}
	for path, item := range specification(w).Paths.Map() {
		path = strings.NewReplacer("{company_id}", w.company.ID, "{key_id}", id.New(id.APIKey), "{payment_service_id}", id.New(id.PaymentService),
			"{invoice_id}", id.New(id.Invoice), "{payment_id}", id.New(id.Payment), "{exception_id}", id.New(id.Exception), "{refund_id}", id.New(id.Refund), "{dispute_id}", id.New(id.Dispute),
			"{receipt_id}", id.New(id.Receipt),
			"{entry_id}", id.New(id.JournalEntry), "{event_id}", id.New(id.Event), "{endpoint_id}", id.New(id.Endpoint),
			"{number}", "1029", "{day}", "2026-11-21", "{month}", "2026-11").Replace(path)
		for method, operation := range item.Operations() {
			if slices.Contains(withoutKey, operation.OperationID) {
				assert.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, w.call(method, path, "", nil).Code, "%s %s", method, path)
				continue
			}
			w.call(method, path, "", nil).problem(http.StatusUnauthorized, "unauthorized")
			refused := w.call(method, path, "qk_test_wrong", nil)
			refused.problem(http.StatusUnauthorized, "unauthorized")
			assert.Equal(t, `Bearer realm="Quittance"`, refused.Header().Get("WWW-Authenticate"))

			if slices.Contains(onlyAdmin, operation.OperationID) {
				w.call(method, path, w.key, nil).problem(http.StatusForbidden, "forbidden")
				continue
			}
			if slices.Contains(alsoAdmin, operation.OperationID) {
				assert.NotEqual(t, http.StatusForbidden, w.call(method, path, adminKey, nil).Code, "%s %s", method, path)
			} else {
				w.call(method, path, adminKey, nil).problem(http.StatusForbidden, "forbidden")
			}
			if ofTheConsole[operation.OperationID] != nil {
				w.call(method, path, w.key, nil).problem(http.StatusForbidden, "forbidden")
				continue
			}
			scopes := fmt.Sprint(operation.Extensions["x-scopes"])
			either := strings.Contains(scopes, merchant.ScopeRead) != strings.Contains(scopes, merchant.ScopeWrite)
			assert.True(t, either, "%s needs the scope read, or write, and perhaps that of an area", operation.OperationID)
			for _, scope := range merchant.Scopes {
				if strings.Contains(scopes, scope) {
					assert.NotEqual(t, http.StatusForbidden, w.call(method, path, keys[scope], nil).Code, "%s %s", method, path)
					continue
				}
				refused := w.call(method, path, keys[scope], nil)
				refused.problem(http.StatusForbidden, "forbidden")
				assert.Contains(t, refused.Body.String(), "Yours has: "+scope)
			}
		}
	}
	assert.Empty(t, w.commands.seen())
}

func TestRequestsThatDontFitAreRefusedAndNotHalfDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.newInvoice(invoice.Draft)
	sold := w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active)))
	w.call("PATCH", "/settings", w.key, `{"books_closed_until":"2026-09-30"}`).json(http.StatusOK)
	const manual = "/manual-entries"
	endpoint := "/webhook-endpoints/" + w.newEndpoint("http://127.0.0.1/before").ID
	receipts, refunds := "/invoices/"+draft.ID+"/receipts", "/payments/"+w.bookPayment(sold).ID+"/refunds"
	for name, call := range map[string]struct {
		method, path, body string
		status             int
		problem            string
		fields             []string
	}{
		"malformed JSON":        {"POST", "/invoices", `{"number":`, 400, "malformed-request", nil},
		"more after the JSON":   {"POST", "/invoices", newInvoice(`"amount":"1.00"`) + `{}`, 400, "malformed-request", nil},
		"no body":               {"POST", "/invoices", "", 400, "malformed-request", nil},
		"null":                  {"POST", "/invoices", `null`, 422, "validation-failed", []string{"body"}},
		"a list":                {"POST", "/invoices", `[]`, 422, "validation-failed", []string{"body"}},
		"2 MiB":                 {"POST", "/invoices", `{"number":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "body-too-large", nil},
		"unknown field":         {"POST", "/invoices", newInvoice(`"amount":"1.00"`, `"colour":"red"`), 422, "validation-failed", []string{"colour"}},
		"field in capitals":     {"POST", "/invoices", newInvoice(`"Amount":"1.00"`), 422, "validation-failed", []string{"Amount", "amount"}},
		"unknown nested field":  {"POST", "/invoices", newInvoice(`"amount":"1.00"`, `"customer":{"name":"A","language":"de","age":3}`), 422, "validation-failed", []string{"customer.age"}},
		"amount 0":              {"POST", "/invoices", newInvoice(`"amount":"0"`), 422, "validation-failed", []string{"amount"}},
		"amount -1":             {"POST", "/invoices", newInvoice(`"amount":"-1"`), 422, "validation-failed", []string{"amount"}},
		"amount 1.234":          {"POST", "/invoices", newInvoice(`"amount":"1.234"`), 422, "validation-failed", []string{"amount"}},
		"amount a number":       {"POST", "/invoices", newInvoice(`"amount":10.5`), 422, "validation-failed", []string{"amount"}},
		"amount with exponent":  {"POST", "/invoices", newInvoice(`"amount":"1e3"`), 422, "validation-failed", []string{"amount"}},
		"amount grouped":        {"POST", "/invoices", newInvoice(`"amount":"1'000.00"`), 422, "validation-failed", []string{"amount"}},
		"amount too large":      {"POST", "/invoices", newInvoice(`"amount":"1000000000"`), 422, "validation-failed", []string{"amount"}},
		"amount null":           {"POST", "/invoices", newInvoice(`"amount":null`), 422, "validation-failed", []string{"amount"}},
		"unknown currency":      {"POST", "/invoices", newInvoice(`"amount":"1.00"`, `"currency":"XBT"`), 422, "validation-failed", []string{"currency"}},
		"unknown language":      {"POST", "/invoices", newInvoice(`"amount":"1.00"`, `"customer":{"name":"A","language":"rm"}`), 422, "validation-failed", []string{"customer.language"}},
		"no such day":           {"POST", "/invoices", newInvoice(`"amount":"1.00"`, `"due_date":"2026-02-30"`), 422, "validation-failed", []string{"due_date"}},
		"not a date":            {"POST", "/invoices", newInvoice(`"amount":"1.00"`, `"due_date":"31.12.2026"`), 422, "validation-failed", []string{"due_date"}},
		"not an address":        {"POST", "/invoices", newInvoice(`"amount":"1.00"`, `"customer":{"name":"A","language":"de","email":"nobody"}`), 422, "validation-failed", []string{"customer.email"}},
		"a zero byte":           {"POST", "/invoices", newInvoice(`"amount":"1.00"`, `"number":"1\u0000"`), 422, "validation-failed", []string{"number"}},
		"foreign service":       {"POST", "/invoices", newInvoice(`"amount":"1.00"`, `"payment_service_ids":["`+id.New(id.PaymentService)+`"]`), 422, "validation-failed", []string{"payment_service_ids"}},
		"not a service":         {"POST", "/invoices", newInvoice(`"amount":"1.00"`, `"payment_service_ids":["nonsense\u0000"]`), 422, "validation-failed", []string{"payment_service_ids"}},
		"everything missing":    {"POST", "/invoices", `{}`, 422, "validation-failed", []string{"amount", "currency", "customer", "due_date", "number"}},
		"change to amount 0":    {"PATCH", "/invoices/" + draft.ID, `{"amount":"0.00"}`, 422, "validation-failed", []string{"amount"}},
		"change to null":        {"PATCH", "/invoices/" + draft.ID, `{"customer":null}`, 422, "validation-failed", []string{"customer"}},
		"change of status":      {"PATCH", "/invoices/" + draft.ID, `{"status":"paid"}`, 422, "validation-failed", []string{"status"}},
		"send_email a string":   {"POST", "/invoices/" + draft.ID + "/issue", `{"send_email":"yes"}`, 422, "validation-failed", []string{"send_email"}},
		"receipt of nothing":    {"POST", receipts, `{}`, 422, "validation-failed", []string{"account", "amount", "date"}},
		"receipt of -1":         {"POST", receipts, newReceipt(`"amount":"-1"`), 422, "validation-failed", []string{"amount"}},
		"receipt of 1.234":      {"POST", receipts, newReceipt(`"amount":"1.234"`), 422, "validation-failed", []string{"amount"}},
		"receipt of tomorrow":   {"POST", receipts, newReceipt(`"date":"2026-11-23"`), 422, "validation-failed", []string{"date"}},
		"receipt of long ago":   {"POST", receipts, newReceipt(`"date":"0001-01-01"`), 422, "validation-failed", []string{"date"}},
		"receipt on no account": {"POST", receipts, newReceipt(`"account":"9999"`), 422, "validation-failed", []string{"account"}},
		"receipt on 1100":       {"POST", receipts, newReceipt(`"account":"1100"`), 422, "validation-failed", []string{"account"}},
		"unprintable reference": {"POST", receipts, newReceipt(`"reference":"\u0000"`), 422, "validation-failed", []string{"reference"}},
		"receipt in dollars":    {"POST", receipts, newReceipt(`"currency":"USD"`), 422, "validation-failed", []string{"currency"}},
		"void for no reason":    {"POST", "/receipts/" + id.New(id.Receipt) + "/void", `{}`, 422, "validation-failed", []string{"reason"}},
		"void for blanks":       {"POST", "/receipts/" + id.New(id.Receipt) + "/void", `{"reason":" "}`, 422, "validation-failed", []string{"reason"}},
		"void of an invoice":    {"POST", "/receipts/" + id.New(id.Invoice) + "/void", `{"reason":"x"}`, 404, "not-found", nil},
		"refund for no reason":  {"POST", refunds, `{}`, 422, "validation-failed", []string{"reason"}},
		"refund for blanks":     {"POST", refunds, `{"reason":" "}`, 422, "validation-failed", []string{"reason"}},
		"refund of 0":           {"POST", refunds, `{"reason":"x","amount":"0.00"}`, 422, "validation-failed", []string{"amount"}},
		"refund of -1":          {"POST", refunds, `{"reason":"x","amount":"-1"}`, 422, "validation-failed", []string{"amount"}},
		"refund of 1.234":       {"POST", refunds, `{"reason":"x","amount":"1.234"}`, 422, "validation-failed", []string{"amount"}},
		"refund a number":       {"POST", refunds, `{"reason":"x","amount":5}`, 422, "validation-failed", []string{"amount"}},
		"unknown refund state":  {"GET", "/refunds?state=lost", "", 422, "validation-failed", []string{"state"}},
		"made-up refund":        {"GET", "/refunds?cursor=abc", "", 422, "validation-failed", []string{"cursor"}},
		"receipt account 1030":  {"PATCH", "/settings", `{"receipt_account":"1030"}`, 422, "validation-failed", []string{"receipt_account"}},
		"fee account 1030":      {"PATCH", "/settings", `{"fee_account":"1030"}`, 422, "validation-failed", []string{"fee_account"}},
		"receipt account 1100":  {"PATCH", "/settings", `{"receipt_account":"1100"}`, 422, "validation-failed", []string{"receipt_account"}},
		"receipt account 2030":  {"PATCH", "/settings", `{"receipt_account":"2030"}`, 422, "validation-failed", []string{"receipt_account"}},
		"closed until today":    {"PATCH", "/settings", `{"books_closed_until":"2026-11-22"}`, 422, "validation-failed", []string{"books_closed_until"}},
		"closed until 1999":     {"PATCH", "/settings", `{"books_closed_until":"1999-12-31"}`, 422, "validation-failed", []string{"books_closed_until"}},
		"closed until someday":  {"PATCH", "/settings", `{"books_closed_until":"soon"}`, 422, "validation-failed", []string{"books_closed_until"}},
		"unknown setting":       {"PATCH", "/settings", `{"canton":"ZH"}`, 422, "validation-failed", []string{"canton"}},
		"unknown liability":     {"PATCH", "/settings", `{"liability_shift":"ignore"}`, 422, "validation-failed", []string{"liability_shift"}},
		"open as a word":        {"GET", "/exceptions?open=perhaps", "", 422, "validation-failed", []string{"open"}},
		"unknown kind":          {"GET", "/exceptions?kind=boredom", "", 422, "validation-failed", []string{"kind"}},
		"not a subject":         {"GET", "/exceptions?subject=a%20b", "", 422, "validation-failed", []string{"subject"}},
		"made-up exception":     {"GET", "/exceptions?cursor=abc", "", 422, "validation-failed", []string{"cursor"}},
		"limit 0":               {"GET", "/invoices?limit=0", "", 422, "validation-failed", []string{"limit"}},
		"limit 201":             {"GET", "/events?limit=201", "", 422, "validation-failed", []string{"limit"}},
		"limit a word":          {"GET", "/payments?limit=many", "", 422, "validation-failed", []string{"limit"}},
		"unknown status":        {"GET", "/invoices?status=overdue", "", 422, "validation-failed", []string{"status"}},
		"made-up cursor":        {"GET", "/invoices?cursor=abc", "", 422, "validation-failed", []string{"cursor"}},
		"made-up journal place": {"GET", "/journal?cursor=abc", "", 422, "validation-failed", []string{"cursor"}},
		"no such from":          {"GET", "/journal?from=2026-13-01", "", 422, "validation-failed", []string{"from"}},
		"not an invoice id":     {"GET", "/payments?invoice_id=1", "", 422, "validation-failed", []string{"invoice_id"}},
		"a zero byte in a path": {"GET", "/invoices/%00", "", 404, "not-found", nil},
		"another kind of id":    {"GET", "/invoices/" + id.New(id.Payment), "", 404, "not-found", nil},
		"unknown account":       {"GET", "/accounts/9999", "", 404, "not-found", nil},
		"no such account":       {"PATCH", "/accounts/9999", `{"name":"x"}`, 404, "not-found", nil},
		"no account to delete":  {"DELETE", "/accounts/9999", "", 404, "not-found", nil},
		"account in words":      {"POST", "/accounts", `{"number":"bank","name":"x"}`, 422, "validation-failed", []string{"number"}},
		"account of blanks":     {"POST", "/accounts", `{"number":"1024","name":" "}`, 422, "validation-failed", []string{"name"}},
		"account in romansh":    {"POST", "/accounts", `{"number":"1024","name":"x","names":{"rm":"x"}}`, 422, "validation-failed", []string{"names.rm"}},
		"account taken":         {"POST", "/accounts", `{"number":"1020","name":"x"}`, 409, "account-number-taken", nil},
		"account of ours":       {"DELETE", "/accounts/1100", "", 409, "account-in-use", nil},
		"balances someday":      {"GET", "/accounts?at=someday", "", 422, "validation-failed", []string{"at"}},
		"no such entry":         {"GET", "/journal/" + id.New(id.JournalEntry), "", 404, "not-found", nil},
		"nothing to reverse":    {"POST", "/journal/" + id.New(id.JournalEntry) + "/reverse", "", 404, "not-found", nil},
		"head of today":         {"GET", "/journal/heads/2026-11-22", "", 422, "validation-failed", []string{"day"}},
		"head of no day":        {"GET", "/journal/heads/2026-02-30", "", 404, "not-found", nil},
		"entry of nothing":      {"POST", manual, `{}`, 422, "validation-failed", []string{"currency", "date", "lines", "text"}},
		"entry of one line":     {"POST", manual, newEntry(`"lines":[{"account":"1020","debit":"1.00"}]`), 422, "validation-failed", []string{"lines"}},
		"entry without text":    {"POST", manual, newEntry(`"text":" "`), 422, "validation-failed", []string{"text"}},
		"entry of long ago":     {"POST", manual, newEntry(`"date":"1999-12-31"`), 422, "validation-failed", []string{"date"}},
		"entry far ahead":       {"POST", manual, newEntry(`"date":"2027-11-23"`), 422, "validation-failed", []string{"date"}},
		"entry in no period":    {"POST", manual, newEntry(`"date":"2026-09-30"`), 422, "period-closed", []string{"date"}},
		"entry in bitcoin":      {"POST", manual, newEntry(`"currency":"XBT"`), 422, "validation-failed", []string{"currency"}},
		"entry off by 0.01":     {"POST", manual, newEntry(`"lines":[{"account":"1020","debit":"1.00"},{"account":"6940","credit":"0.99"}]`), 422, "entry-not-balanced", []string{"lines"}},
		"entry on no account":   {"POST", manual, newEntry(`"lines":[{"account":"1020","debit":"1.00"},{"account":"9999","credit":"1.00"}]`), 422, "validation-failed", []string{"lines.1.account"}},
		"entry of 1.234":        {"POST", manual, newEntry(`"lines":[{"account":"1020","debit":"1.234"},{"account":"6940","credit":"1.234"}]`), 422, "validation-failed", []string{"lines.0.debit", "lines.1.credit"}},
		"entry of 0 and -1":     {"POST", manual, newEntry(`"lines":[{"account":"1020","debit":"0"},{"account":"6940","credit":"-1"}]`), 422, "validation-failed", []string{"lines.0.debit", "lines.1.credit"}},
		"entry of a number":     {"POST", manual, newEntry(`"lines":[{"account":"1020","debit":1},{"account":"6940","credit":"1"}]`), 422, "validation-failed", []string{"lines.0.debit"}},
		"entry on both sides":   {"POST", manual, newEntry(`"lines":[{"account":"1020","debit":"1","credit":"1"},{"account":"6940"}]`), 422, "validation-failed", []string{"lines.0.debit", "lines.1.debit"}},
		"unknown call":          {"GET", "/coffee", "", 404, "not-found", nil},
		"unknown provider":      {"POST", "/payment-services", `{"provider":"paypal","environment":"test"}`, 422, "validation-failed", []string{"provider"}},
		"unknown environment":   {"POST", "/payment-services", `{"provider":"worldline_saferpay","environment":"prod"}`, 422, "validation-failed", []string{"environment"}},
		"endpoint at home":      {"POST", "/webhook-endpoints", `{"url":"https://10.0.0.1/"}`, 422, "validation-failed", []string{"url"}},
		"endpoint not a URL":    {"POST", "/webhook-endpoints", `{"url":"example"}`, 422, "validation-failed", []string{"url"}},
		"endpoint of nothing":   {"POST", "/webhook-endpoints", `{}`, 422, "validation-failed", []string{"url"}},
		"unknown event":         {"POST", "/webhook-endpoints", `{"url":"http://127.0.0.1/","events":["coffee.made"]}`, 422, "validation-failed", []string{"events.0"}},
		"event twice":           {"POST", "/webhook-endpoints", `{"url":"http://127.0.0.1/","events":["invoice.paid","invoice.paid"]}`, 422, "validation-failed", []string{"events"}},
		"unprintable endpoint":  {"POST", "/webhook-endpoints", `{"url":"http://127.0.0.1/","description":"\u0000"}`, 422, "validation-failed", []string{"description"}},
		"endpoint moves home":   {"PATCH", endpoint, `{"url":"http://169.254.169.254/latest"}`, 422, "validation-failed", []string{"url"}},
		"overlap of a month":    {"POST", endpoint + "/rotate-secret", `{"overlap_hours":720}`, 422, "validation-failed", []string{"overlap_hours"}},
		"unknown delivery":      {"GET", endpoint + "/deliveries?state=lost", "", 422, "validation-failed", []string{"state"}},
		"made-up delivery":      {"GET", endpoint + "/deliveries?cursor=abc", "", 422, "validation-failed", []string{"cursor"}},
		"name of blanks":        {"POST", "/payment-services", `{"provider":"worldline_saferpay","environment":"test","name":"  "}`, 422, "validation-failed", []string{"name"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.during(t)
			r := httptest.NewRequestWithContext(t.Context(), call.method, "/v1"+call.path, strings.NewReader(call.body))
			r.Header.Set("Authorization", "Bearer "+w.key)
			r.Header.Set("Content-Type", "application/json")
			assert.ElementsMatch(t, call.fields, w.send(r).problem(call.status, call.problem))
		})
	}
	invoices := w.call("GET", "/invoices", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, invoices, 2, "nothing was stored")
	assert.Equal(t, draft.Number, invoices[1].(map[string]any)["number"])
	assert.Equal(t, "1234.50", invoices[1].(map[string]any)["amount"])
	endpoints := w.call("GET", "/webhook-endpoints", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, endpoints, 1)
	assert.Equal(t, "http://127.0.0.1/before", endpoints[0].(map[string]any)["url"])
	assert.Empty(t, w.commands.seen())
}

// get opens a page as a browser does.
func (w *world) get(path string) answer {
	w.Helper()
	return w.send(httptest.NewRequestWithContext(w.Context(), http.MethodGet, path, http.NoBody))
}

// post sends a page's form.
func (w *world) post(path, form string, headers ...string) answer {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.send(r)
}
