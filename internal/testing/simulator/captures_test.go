package simulator_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

func TestACaptureIsConfirmedByItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	ids := w.capturedIDs()
	progress, err := w.AssertCapture(t.Context(), demo, call, ids["CaptureId"].(string))
	require.NoError(t, err)
	assert.Equal(t, saferpay.Progress{TransactionID: ids["TransactionId"].(string), OrderID: "INV20260001", Status: saferpay.StatusCaptured}, progress)
	_, err = w.AssertCapture(t.Context(), demo, call, "nonsense")
	requireRefusal(t, err, saferpay.NameTransactionNotFound)
}

func TestTheBatchOfOnesOwnTerminalCanBeClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	w.captured()
	w.authorized()
	require.NoError(t, w.CloseBatch(t.Context(), demo, call))
	w.captured()
	var closed []any
	for _, transaction := range w.transactions() {
		closed = append(closed, transaction["batch_closed"])
	}
	assert.Equal(t, []any{true, false, false}, closed, "what was captured by then")
	foreign := demo
	foreign.TerminalID = unverified.TerminalID
	requireRefusal(t, w.CloseBatch(t.Context(), foreign, call), saferpay.NamePermissionDenied)
}

func TestAReservationCanBeCapturedForAWeekByTwintAndForTenDaysByCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	byCard, byTwint := w.authorized(), w.pay(w.open(w.request("1.00")), "twint").TransactionID
	w.letPass("169h")
	_, err := w.Capture(t.Context(), demo, call, byTwint)
	requireRefusal(t, err, saferpay.NameTransactionInWrongState)
	late := w.authorized()
	_, err = w.Capture(t.Context(), demo, call, byCard)
	require.NoError(t, err)
	w.letPass("241h")
	_, err = w.Capture(t.Context(), demo, call, late)
	requireRefusal(t, err, saferpay.NameTransactionInWrongState)
}

func TestACaptureThatTheAcquirerLeavesOpenIsAnnouncedWhenItIsThrough(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	id := w.authorized()
	assert.Equal(t, "/success", w.arrival())
	w.arm(map[string]any{"operation": "Transaction/Capture", "kind": "pending", "delay_ms": 3_600_000})
	status, answer := w.exchange("POST", "/Payment/v1/Transaction/Capture", object{
		"RequestHeader": validHeader(), "TransactionReference": object{"TransactionId": id},
		"PendingNotification": object{"NotifyUrl": w.merchant.URL + "/capture"},
	})
	assert.Equal(t, []any{200, "PENDING"}, []any{status, answer["Status"]})
	captureID := answer["CaptureId"].(string)
	assert.EqualValues(t, 0, w.transactions()[0]["captures"])
	progress, err := w.AssertCapture(t.Context(), demo, call, captureID)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusPending, progress.Status)
	_, err = w.Capture(t.Context(), demo, call, id)
	requireRefusal(t, err, saferpay.NameTransactionInWrongState)
	requireRefusal(t, w.Cancel(t.Context(), demo, call, id), saferpay.NameTransactionInWrongState)

	w.letPass("61m")
	assert.Equal(t, "/capture", w.arrival())
	progress, err = w.AssertCapture(t.Context(), demo, call, captureID)
	require.NoError(t, err)
	assert.Equal(t, saferpay.Progress{TransactionID: id, OrderID: "INV20260001", Status: saferpay.StatusCaptured}, progress)
	assert.EqualValues(t, 1, w.transactions()[0]["captures"])
}

func TestOnlyCapturesAndRefundsCanBePending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	status, _ := w.steer("POST", "/_sim/faults", map[string]any{"operation": "Transaction/Cancel", "kind": "pending"})
	assert.Equal(t, 422, status)
	captureID := w.captured()
	w.arm(map[string]any{"operation": "Transaction/Refund", "kind": "pending", "delay_ms": 3_600_000})
	assert.Equal(t, saferpay.StatusPending, w.refund(captureID, "8.00").Status, "by card too")
}

// capturePart captures a part of a payment of CHF 108.00, in minor units, and returns status and answer.
func (w *world) capturePart(id, partID, kind, minor string) (int, map[string]any) {
	w.t.Helper()
	return w.exchange("POST", "/Payment/v1/Transaction/MultipartCapture", object{
		"RequestHeader": validHeader(), "TransactionReference": object{"TransactionId": id}, "OrderPartId": partID, "Type": kind,
		"Amount": object{"Value": minor, "CurrencyCode": "CHF"},
	})
}

func (w *world) finalize(id string) (int, map[string]any) {
	w.t.Helper()
	return w.exchange("POST", "/Payment/v1/Transaction/MultipartFinalize", object{
		"RequestHeader": validHeader(), "TransactionReference": object{"TransactionId": id},
	})
}

func TestACardPaymentCanBeCapturedInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	id := w.authorized()
	status, first := w.capturePart(id, "P1", "PARTIAL", "8000")
	require.Equal(t, 200, status, "%v", first)
	for what, c := range map[string]struct {
		partID, minor, name string
	}{
		"more than is left":    {"P2", "2801", saferpay.NameAmountInvalid},
		"the same part again":  {"P1", "100", saferpay.NameValidationFailed},
		"a part without an id": {"", "100", saferpay.NameValidationFailed},
	} {
		_, refused := w.capturePart(id, c.partID, "PARTIAL", c.minor)
		assert.Equal(t, c.name, refused["ErrorName"], what)
	}
	_, err := w.Capture(t.Context(), demo, call, id)
	requireRefusal(t, err, saferpay.NameTransactionInWrongState)
	requireRefusal(t, w.Cancel(t.Context(), demo, call, id), saferpay.NameTransactionInWrongState)
	w.refund(first["CaptureId"].(string), "80.00")

	status, last := w.capturePart(id, "P2", "FINAL", "800")
	require.Equal(t, 200, status, "%v", last)
	assert.NotEqual(t, first["CaptureId"], last["CaptureId"])
	_, refused := w.capturePart(id, "P3", "PARTIAL", "100")
	assert.Equal(t, saferpay.NameTransactionAlreadyCaptured, refused["ErrorName"])
	payment := w.transactions()[0]
	assert.Equal(t, []any{"CAPTURED", 2.0, map[string]any{"value": "8800", "currency": "CHF"}}, []any{payment["status"], payment["captures"], payment["amount"]})
}

func TestPartsCanBeFinalizedWithoutTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	id := w.authorized()
	_, refused := w.finalize(id)
	assert.Equal(t, saferpay.NameTransactionInWrongState, refused["ErrorName"], "nothing is captured yet")
	w.capturePart(id, "P1", "PARTIAL", "8000")
	status, _ := w.finalize(id)
	assert.Equal(t, 200, status)
	_, refused = w.finalize(id)
	assert.Equal(t, saferpay.NameTransactionAlreadyCaptured, refused["ErrorName"])
	assert.Equal(t, "CAPTURED", w.transactions()[0]["status"])

	_, refused = w.capturePart(strings.TrimSuffix(w.captured(), "_c"), "P1", "PARTIAL", "100")
	assert.Equal(t, saferpay.NameTransactionAlreadyCaptured, refused["ErrorName"], "parts don't mix with a capture of the whole")
	twint := w.pay(w.open(w.request("1.00")), "twint").TransactionID
	_, refused = w.capturePart(twint, "P1", "PARTIAL", "10")
	assert.Equal(t, saferpay.NameActionNotSupported, refused["ErrorName"])
}
