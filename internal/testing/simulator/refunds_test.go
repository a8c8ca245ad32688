package simulator_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

func refundOf(captureID, amount string) saferpay.RefundRequest {
	return saferpay.RefundRequest{CaptureID: captureID, Amount: money.MustParse(amount, money.CHF), OrderID: "REF1", Description: "Returned"}
}

func TestARefundIsAuthorizedFirstAndMovesMoneyWhenCaptured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	captureID := w.captured()
	refund, err := w.Refund(t.Context(), demo, call, refundOf(captureID, "8.00"))
	require.NoError(t, err)
	assert.Equal(t, saferpay.TypeRefund, refund.Type)
	assert.Equal(t, saferpay.StatusAuthorized, refund.Status)
	assert.Equal(t, "REF1", refund.OrderID)
	assert.Equal(t, "CHF 8.00", refund.Amount.String())
	assert.EqualValues(t, 0, w.transactions()[1]["captures"])
	assert.Equal(t, w.transactions()[0]["id"], w.transactions()[1]["refund_of"])
	_, err = w.AssertRefund(t.Context(), demo, call, refund.ID)
	requireRefusal(t, err, saferpay.NameTransactionInWrongState)

	capture, err := w.Capture(t.Context(), demo, call, refund.ID)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusCaptured, capture.Status)
	_, err = w.Capture(t.Context(), demo, call, refund.ID)
	assert.Equal(t, saferpay.Done, requireRefusal(t, err, saferpay.NameTransactionAlreadyCaptured).Outcome)
	progress, err := w.AssertRefund(t.Context(), demo, call, refund.ID)
	require.NoError(t, err)
	assert.Equal(t, saferpay.Progress{TransactionID: refund.ID, OrderID: "REF1", Status: saferpay.StatusCaptured}, progress)
	found, err := w.Inquire(t.Context(), demo, call, saferpay.InquireBy{OrderID: "REF1"})
	require.NoError(t, err)
	assert.Equal(t, saferpay.TypeRefund, found.Transaction.Type)
	assert.EqualValues(t, 1, w.transactions()[1]["captures"])

	_, err = w.Refund(t.Context(), demo, call, refundOf(capture.ID, "1.00"))
	requireRefusal(t, err, saferpay.NameTransactionInWrongState)
}

func TestOnlyAClientThatAsksForItIsKeptFromRefundingTooMuch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	ids := w.capturedIDs()
	captureID := ids["CaptureId"].(string)
	cancelled := w.refund(captureID, "108.00")
	_, err := w.Refund(t.Context(), demo, call, refundOf(captureID, "0.01"))
	assert.Equal(t, saferpay.NotDone, requireRefusal(t, err, saferpay.NameAmountInvalid).Outcome, "an authorized refund counts")
	require.NoError(t, w.Cancel(t.Context(), demo, call, cancelled.ID))
	w.refund(captureID, "100.00")
	w.refund(captureID, "8.00")
	_, err = w.Refund(t.Context(), demo, call, refundOf(captureID, "0.01"))
	requireRefusal(t, err, saferpay.NameAmountInvalid)

	body := object{"RequestHeader": validHeader(), "CaptureReference": ids, "Refund": object{"Amount": object{"Value": "999999", "CurrencyCode": "CHF"}}}
	status, answer := w.exchange("POST", "/Payment/v1/Transaction/Refund", body)
	assert.Equal(t, 200, status, "Saferpay refunds more than was paid, without a word: %v", answer)
	status, answer = w.exchange("POST", "/Payment/v1/Transaction/Refund", with(body, []string{"Refund", "Amount", "CurrencyCode"}, "EUR"))
	assert.Equal(t, 402, status)
	assert.Equal(t, saferpay.NameCurrencyInvalid, answer["ErrorName"])
}

func TestOnlyWhatIsCapturedCanBeRefunded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	authorized, cancelled := w.authorized(), w.authorized()
	require.NoError(t, w.Cancel(t.Context(), demo, call, cancelled))
	for _, id := range []string{authorized, cancelled, "nonsense"} {
		_, err := w.Refund(t.Context(), demo, call, refundOf(id+"_c", "1.00"))
		requireRefusal(t, err, saferpay.NameTransactionNotFound)
	}
	status, answer := w.exchange("POST", "/Payment/v1/Transaction/Refund", object{
		"RequestHeader": validHeader(), "CaptureReference": object{"TransactionId": authorized}, "Refund": object{"Amount": object{"Value": "1", "CurrencyCode": "CHF"}},
	})
	assert.Equal(t, 402, status)
	assert.Equal(t, saferpay.NameTransactionInWrongState, answer["ErrorName"])
	_, err := w.Refund(t.Context(), unverified, call, refundOf(w.captured(), "1.00"))
	requireRefusal(t, err, saferpay.NameTransactionNotFound)
	_, err = w.AssertRefund(t.Context(), demo, call, authorized)
	requireRefusal(t, err, saferpay.NameTransactionNotFound)
}

func TestALicenseWithoutRefundsIsToldSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	captureID := w.captured()
	w.steer("PUT", "/_sim/customers/123123", map[string]any{"features": []string{"MANAGEMENT_API", "PAYMENT_API"}})
	_, err := w.Refund(t.Context(), demo, call, refundOf(captureID, "1.00"))
	assert.Equal(t, 403, requireRefusal(t, err, saferpay.NamePermissionDenied).HTTPStatus)
	assert.Len(t, w.transactions(), 1)
}

func TestATwintPaymentRestsTwoHoursBeforeItCanBeRefunded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	capture, err := w.Capture(t.Context(), demo, call, w.pay(p, "twint").TransactionID)
	require.NoError(t, err)
	_, err = w.Refund(t.Context(), demo, call, refundOf(capture.ID, "1.00"))
	assert.Equal(t, saferpay.NotDone, requireRefusal(t, err, saferpay.NameTransactionDeclined).Outcome)
	w.letPass("1h59m")
	_, err = w.Refund(t.Context(), demo, call, refundOf(capture.ID, "1.00"))
	requireRefusal(t, err, saferpay.NameTransactionDeclined)
	w.letPass("1m")
	w.refund(capture.ID, "1.00")

	fast := newWorld(t, simulator.Options{TimeScale: 86400 * 1000})
	p = fast.open(fast.request("108.00"))
	capture, err = fast.Capture(t.Context(), demo, call, fast.pay(p, "twint").TransactionID)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := fast.Refund(t.Context(), demo, call, refundOf(capture.ID, "1.00"))
		return err == nil
	}, patience, pollEvery)
}

func TestAPendingRefundIsAnnouncedWhenItIsThrough(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	capture, err := w.Capture(t.Context(), demo, call, w.pay(p, "twint").TransactionID)
	require.NoError(t, err)
	assert.Equal(t, "/success", w.arrival())
	w.letPass("3h")
	request := refundOf(capture.ID, "66.15") // decided after ten minutes
	request.NotifyURL = w.merchant.URL + "/refund"
	refund, err := w.Refund(t.Context(), demo, call, request)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusPending, refund.Status)
	progress, err := w.AssertRefund(t.Context(), demo, call, refund.ID)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusPending, progress.Status)
	_, err = w.Capture(t.Context(), demo, call, refund.ID)
	requireRefusal(t, err, saferpay.NameTransactionInWrongState)

	w.letPass("11m")
	assert.Equal(t, "/refund", w.arrival())
	progress, err = w.AssertRefund(t.Context(), demo, call, refund.ID)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusCaptured, progress.Status)
	assert.EqualValues(t, 1, w.transactions()[1]["captures"])
}
