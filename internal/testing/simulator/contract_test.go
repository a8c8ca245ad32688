package simulator_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

// operations are the calls of the JSON API, each with what has to be known before it can succeed.
var operations = map[string]func(w *world) map[string]any{
	saferpay.OperationInitialize:    func(*world) map[string]any { return nil },
	saferpay.OperationAssert:        func(w *world) map[string]any { return map[string]any{"Token": w.paidPage(goodCard).Token} },
	saferpay.OperationCapture:       func(w *world) map[string]any { return map[string]any{"TransactionId": w.authorized()} },
	saferpay.OperationCancel:        func(w *world) map[string]any { return map[string]any{"TransactionId": w.authorized()} },
	saferpay.OperationInquire:       func(w *world) map[string]any { return map[string]any{"TransactionId": w.authorized()} },
	saferpay.OperationAssertCapture: (*world).capturedIDs,
	saferpay.OperationRefund:        (*world).capturedIDs,
	saferpay.OperationAssertRefund: func(w *world) map[string]any {
		refund := w.refund(w.captured(), "1.00")
		_, err := w.Capture(w.t.Context(), demo, call, refund.ID)
		require.NoError(w.t, err)
		return map[string]any{"TransactionId": refund.ID}
	},
	saferpay.OperationBatchClose:   func(*world) map[string]any { return nil },
	"Transaction/MultipartCapture": func(w *world) map[string]any { return map[string]any{"TransactionId": w.authorized()} },
	"Transaction/MultipartFinalize": func(w *world) map[string]any {
		id := w.authorized()
		w.capturePart(id, "PART1", "PARTIAL", "100")
		return map[string]any{"TransactionId": id}
	},
}

func (w *world) paidPage(means string) saferpay.PaymentPage {
	p := w.open(w.request("108.00"))
	w.pay(p, means)
	return p
}

// captured pays by card, captures, and returns the capture id.
func (w *world) captured() string {
	w.t.Helper()
	capture, err := w.Capture(w.t.Context(), demo, call, w.authorized())
	require.NoError(w.t, err)
	return capture.ID
}

func (w *world) capturedIDs() map[string]any {
	id := w.captured()
	return map[string]any{"CaptureId": id, "TransactionId": strings.TrimSuffix(id, "_c")}
}

func (w *world) refund(captureID, amount string) saferpay.Transaction {
	w.t.Helper()
	refund, err := w.Refund(w.t.Context(), demo, call, saferpay.RefundRequest{CaptureID: captureID, Amount: money.MustParse(amount, money.CHF), OrderID: "REF1"})
	require.NoError(w.t, err)
	return refund
}

// known is what every request needs, and what the operation needs besides.
func known(more map[string]any) map[string]any {
	k := map[string]any{
		"SpecVersion": "1.53", "CustomerId": "123123", "RequestId": "r-1", "RetryIndicator": 0, "TerminalId": "12345678", "OrderId": "INV20260001",
		"Url": "https://merchant.example/return", "PaymentMethods": []any{"VISA", "TWINT"}, "Description": "Invoice",
		"ConfigSet": "mine", "CountrySubdivisionCode": "CH-ZH", "TimeZoneOffsetMinutes": 120, "DateOfBirth": "1990-05-31",
	}
	maps.Copy(k, more)
	return k
}

// exchange makes a call of the demo customer and decodes the answer.
func (w *world) exchange(method, path string, body any) (int, object) {
	w.t.Helper()
	data, err := json.Marshal(body)
	require.NoError(w.t, err)
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+"/api"+path, bytes.NewReader(data))
	require.NoError(w.t, err)
	req.SetBasicAuth(demo.Username, demo.Password)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Saferpay-ApiVersion", "1.14")
	req.Header.Set("Saferpay-RequestId", "r-1")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	var answer object
	require.NoError(w.t, json.NewDecoder(resp.Body).Decode(&answer), path)
	return resp.StatusCode, answer
}

func TestEveryPublishedRequestIsAccepted(t *testing.T) {
	t.Parallel()
	spec := readSpecification(t)
	w := newWorld(t, simulator.Options{})
	examples := 0
	for operation, prepare := range operations {
		e := spec.endpoint(t, "/Payment/v1/"+operation)
		assert.NotEmpty(t, e.RequestExamples, operation)
		for _, example := range e.RequestExamples {
			examples++
			request := complete(example, known(prepare(w)))
			status, answer := w.exchange("POST", e.URL, request)
			assert.Equal(t, 200, status, "%s: %v → %v", operation, request, answer)
			assert.Empty(t, spec.violations(operation, e.Response, answer))
		}
	}
	t.Logf("%d operations, %d published requests completed and accepted", len(operations), examples)
}

func TestRequestsAreCheckedFieldByFieldAsTheSpecificationReads(t *testing.T) {
	t.Parallel()
	spec := readSpecification(t)
	w := newWorld(t, simulator.Options{})
	fields, removals, violations := 0, 0, 0
	for operation, prepare := range operations {
		e := spec.endpoint(t, "/Payment/v1/"+operation)
		full := spec.everything(e.Request, known(prepare(w)))
		status, answer := w.exchange("POST", e.URL, full)
		require.Equal(t, 200, status, "%s with all fields: %v", operation, answer)

		requireInvalid := func(path []string, value any) {
			t.Helper()
			status, answer := w.exchange("POST", e.URL, with(full, path, value))
			assert.Equal(t, 400, status, "%s: %s = %v", operation, path, value)
			assert.Equal(t, saferpay.NameValidationFailed, answer["ErrorName"], "%s: %s = %v", operation, path, value)
			assert.Contains(t, answer["ErrorDetail"], problemOf(path, value), "%s: %s = %v", operation, path, value)
		}
		var check func(of []specField, at []string)
		check = func(of []specField, at []string) {
			for _, f := range of {
				fields++
				path := append(slices.Clone(at), f.Name)
				if f.Mandatory {
					removals++
					requireInvalid(path, nil)
				}
				for _, wrong := range f.wrongValues() {
					violations++
					requireInvalid(path, wrong)
				}
				if f.Type == "object" {
					check(spec.Containers[f.Container], path)
				}
				if f.Type == "array of objects" {
					check(spec.Containers[f.Container], append(path, "0"))
				}
			}
		}
		check(e.Request, nil)
	}
	for _, f := range spec.endpoint(t, reportURL).Request {
		fields++
		query := map[string]string{"StartDate": "2026-01-01", "EndDate": "2026-01-01T23:59", "TransactionState": "FAILED", "TerminalId": "12345678", "PageSize": "5", "PageNumber": "1"}
		if f.Mandatory {
			removals++
			delete(query, f.Name)
		} else {
			violations++
			query[f.Name] = "wrong"
		}
		status, answer := w.exchange("GET", reportPath(query), nil)
		assert.Equal(t, 400, status, f.Name)
		assert.Contains(t, answer["ErrorDetail"], problemOf([]string{f.Name}, query[f.Name]))
	}
	t.Logf("%d operations, %d request fields: %d mandatory ones removed, %d wrong values sent, each answered with 400 VALIDATION_FAILED naming the field",
		len(operations)+1, fields, removals, violations)
}

// problemOf is the ErrorDetail that a wrong value, or a removal, must be answered with.
func problemOf(path []string, value any) string {
	name := path[len(path)-1]
	at := strings.ReplaceAll(strings.Join(path, "."), ".0.", "[0].")
	if value == nil || value == "" && !strings.Contains(at, ".") && strings.HasSuffix(name, "Date") {
		return at + ": The field " + name + " is required."
	}
	if list, ok := value.([]any); ok && len(list) == 1 {
		at, name = at+"[0]", name+"[0]"
	}
	return at + ": The field " + name + " is invalid."
}

// wrongValues are values that the field must not take.
func (f specField) wrongValues() (wrong []any) {
	switch f.Type {
	case "object":
		return []any{"text", 5}
	case "array of objects", "array of strings":
		wrong = []any{"text", []any{5}}
		if f.Values != nil {
			wrong = append(wrong, []any{"NOT_ONE_OF_THEM"})
		}
		return wrong
	case "integer", "boolean":
		return []any{"5", 1.5}
	case "date":
		return []any{5, "yesterday"}
	}
	wrong = []any{5, true}
	if f.Values != nil {
		wrong = append(wrong, "NOT_ONE_OF_THEM")
	}
	if characters, _, longest, limited := f.format(); limited {
		wrong = append(wrong, strings.Repeat("1", longest+1), "")
		if characters == "Iso885915" {
			wrong = append(wrong, "漢")
		} else if characters != "Utf8" {
			wrong = append(wrong, strings.Repeat("é", max(1, longest/2)))
		}
	}
	return wrong
}

const reportURL = "/rest/customers/[customerId]/transactions"

func reportPath(query map[string]string) string {
	var parameters []string
	for name, value := range query {
		parameters = append(parameters, name+"="+value)
	}
	return "/rest/customers/123123/transactions?" + strings.Join(parameters, "&")
}

func TestEveryAnswerHasTheFieldsOfTheSpecification(t *testing.T) {
	t.Parallel()
	spec := readSpecification(t)
	w := newWorld(t, simulator.Options{})
	answers := 0
	requireValid := func(method, url, path string, request any) {
		t.Helper()
		answers++
		status, answer := w.exchange(method, path, request)
		require.Equal(t, 200, status, "%s: %v", path, answer)
		assert.Empty(t, spec.violations(path, spec.endpoint(t, url).Response, answer))
	}
	post := func(operation string, ids map[string]any) {
		t.Helper()
		e := spec.endpoint(t, "/Payment/v1/"+operation)
		requireValid("POST", e.URL, e.URL, complete(e.RequestExamples[0], known(ids)))
	}

	// Every way to pay, in every state.
	for _, means := range []string{goodCard, challengeCard, noShiftCard, "9010403104000000", "9010004250000008", "twint"} {
		p := w.open(w.request("108.00"))
		id := w.pay(p, means).TransactionID
		post(saferpay.OperationAssert, map[string]any{"Token": p.Token})
		post(saferpay.OperationCapture, map[string]any{"TransactionId": id})
		post(saferpay.OperationAssert, map[string]any{"Token": p.Token})
		post(saferpay.OperationInquire, map[string]any{"TransactionId": id})
	}
	pending := w.open(w.request("66.15"))
	w.pay(pending, "twint")
	post(saferpay.OperationAssert, map[string]any{"Token": pending.Token})
	w.letPass("3h")
	for operation, prepare := range operations {
		post(operation, prepare(w))
	}
	for _, t := range w.transactions() {
		if t["method"] == "TWINT" && t["status"] == "CAPTURED" {
			post(saferpay.OperationRefund, map[string]any{"CaptureId": t["capture_id"], "Value": "6615"})
		}
	}
	for _, t := range w.transactions() {
		if t["type"] == "REFUND" {
			post(saferpay.OperationInquire, map[string]any{"TransactionId": w.decided(t["id"].(string))})
		}
	}

	const customer = "/rest/customers/[customerId]"
	requireValid("GET", customer+"/license", "/rest/customers/123123/license", nil)
	requireValid("GET", customer+"/terminals", "/rest/customers/123123/terminals", nil)
	requireValid("GET", customer+"/terminals/[terminalId]", "/rest/customers/123123/terminals/12345678", nil)
	for _, failing := range []string{"9010403153150003", "9010004350000007"} {
		w.paidPage(failing)
	}
	declined := w.open(w.request("100.51"))
	w.pay(declined, byAmountCard)
	late := w.open(w.request("66.15"))
	w.pay(late, "twint")
	yesterday := time.Now().Add(-24 * time.Hour).Format("2006-01-02T15:04")
	for state, letPass := range map[string]string{"SUCCESSFUL": "25h", "FAILED": "1s", "PENDING": "1s"} {
		w.letPass(letPass)
		requireValid("GET", reportURL, reportPath(map[string]string{"StartDate": "2020-01-01", "EndDate": yesterday, "TransactionState": state}), nil)
	}

	// Errors, too.
	refusals := 0
	requireRefused := func(operation string, ids map[string]any) {
		t.Helper()
		refusals++
		e := spec.endpoint(t, "/Payment/v1/"+operation)
		status, answer := w.exchange("POST", e.URL, complete(e.RequestExamples[0], known(ids)))
		assert.GreaterOrEqual(t, status, 400)
		assert.Empty(t, spec.violations(operation, spec.ErrorResponse.Fields, answer))
	}
	fresh := w.open(w.request("100.51"))
	w.pay(fresh, byAmountCard)
	requireRefused(saferpay.OperationAssert, map[string]any{"Token": fresh.Token})
	requireRefused(saferpay.OperationAssert, map[string]any{"Token": w.open(w.request("1.00")).Token})
	requireRefused(saferpay.OperationAssert, map[string]any{"Token": "nonsense"})
	requireRefused(saferpay.OperationInitialize, map[string]any{"TerminalId": "99999999"})
	requireRefused(saferpay.OperationInitialize, map[string]any{"CustomerId": "5"})
	requireRefused(saferpay.OperationInitialize, map[string]any{"CurrencyCode": "USD"})
	requireRefused(saferpay.OperationInitialize, map[string]any{"Value": "1.00"})
	requireRefused(saferpay.OperationCapture, map[string]any{"TransactionId": "nonsense"})
	requireRefused(saferpay.OperationRefund, map[string]any{"CaptureId": "nonsense_c"})
	for _, path := range []string{"/rest/customers/5/license", "/rest/customers/123123/terminals/1", reportPath(map[string]string{"StartDate": "x"})} {
		refusals++
		status, answer := w.exchange("GET", path, nil)
		assert.GreaterOrEqual(t, status, 400)
		assert.Empty(t, spec.violations(path, spec.ErrorResponse.Fields, answer))
	}
	t.Logf("%d answers and %d errors compared with the specification", answers, refusals)
}

// decided is the transaction id, once it is no longer pending.
func (w *world) decided(id string) string {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		for _, t := range w.transactions() {
			if t["id"] == id {
				if t["status"] == "PENDING" {
					w.letPass("10m")
				}
				return t["status"] != "PENDING"
			}
		}
		return false
	}, 10*time.Second, 5*time.Millisecond)
	return id
}

// letPass lets time pass at Saferpay.
func (w *world) letPass(duration string) {
	w.t.Helper()
	status, answer := w.steer("POST", "/_sim/age", map[string]any{"by": duration})
	require.Equal(w.t, http.StatusNoContent, status, "%v", answer)
}

func TestEveryErrorNameCanBeArmedAndReachesTheClient(t *testing.T) {
	t.Parallel()
	spec := readSpecification(t)
	require.NotEmpty(t, spec.ErrorNames)
	w := newWorld(t, simulator.Options{})
	for _, name := range spec.ErrorNames {
		w.arm(map[string]any{"operation": saferpay.OperationCancel, "kind": "error", "error": name})
		refusal := requireRefusal(t, w.Cancel(t.Context(), demo, call, "x"), name)
		assert.Contains(t, spec.Behaviors, refusal.Behavior, name)
		assert.GreaterOrEqual(t, refusal.HTTPStatus, 400, name)
		assert.NotEmpty(t, refusal.Message, name)
	}
}
