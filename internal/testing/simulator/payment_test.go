package simulator_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/saferpay"
	"github.com/quittance/quittance/internal/testing/simulator"
)

func TestAPaymentGoesFromThePageToTheCapture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	assert.WithinDuration(t, time.Now().Add(time.Hour), p.Expiration, time.Minute)

	_, err := w.assertPage(p)
	requireRefusal(t, err, saferpay.NameTransactionNotStarted)
	w.pay(p, goodCard)
	assert.Equal(t, "/success", w.arrival())

	paid, err := w.assertPage(p)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusAuthorized, paid.Transaction.Status)
	assert.True(t, paid.Transaction.Amount.Equal(money.MustParse("108.00", money.CHF)))
	assert.Equal(t, "INV20260001", paid.Transaction.OrderID)
	assert.Equal(t, "VISA", paid.Method)
	assert.Equal(t, "xxxx xxxx xxxx 0001", paid.PaymentMeans)
	assert.True(t, paid.LiabilityShift)

	capture, err := w.Capture(t.Context(), demo, call, paid.Transaction.ID)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusCaptured, capture.Status)
	_, err = w.Capture(t.Context(), demo, call, paid.Transaction.ID)
	assert.Equal(t, saferpay.Done, requireRefusal(t, err, saferpay.NameTransactionAlreadyCaptured).Outcome)
	requireRefusal(t, w.Cancel(t.Context(), demo, call, paid.Transaction.ID), saferpay.NameTransactionAlreadyCaptured)

	for _, by := range []saferpay.InquireBy{{TransactionID: paid.Transaction.ID}, {OrderID: "INV20260001"}} {
		found, err := w.Inquire(t.Context(), demo, call, by)
		require.NoError(t, err)
		assert.Equal(t, saferpay.StatusCaptured, found.Transaction.Status)
		assert.Equal(t, capture.ID, found.Transaction.CaptureID)
	}
	books := w.transactions()
	require.Len(t, books, 1)
	assert.EqualValues(t, 1, books[0]["captures"])
	assert.Equal(t, map[string]any{"value": "10800", "currency": "CHF"}, books[0]["amount"])
}

func TestACancelledTransactionIsReleasedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	id := w.authorized()
	require.NoError(t, w.Cancel(t.Context(), demo, call, id))
	requireRefusal(t, w.Cancel(t.Context(), demo, call, id), saferpay.NameTransactionInWrongState)
	_, err := w.Capture(t.Context(), demo, call, id)
	requireRefusal(t, err, saferpay.NameTransactionInWrongState)
	found, err := w.Inquire(t.Context(), demo, call, saferpay.InquireBy{TransactionID: id})
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusCanceled, found.Transaction.Status)
}

func TestOfTwentySimultaneousCapturesOneMovesMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	id := w.authorized()
	var done atomic.Int32
	var captures sync.WaitGroup
	for range 20 {
		captures.Go(func() {
			if _, err := w.Capture(t.Context(), demo, call, id); err == nil {
				done.Add(1)
			}
		})
	}
	captures.Wait()
	assert.EqualValues(t, 1, done.Load())
	assert.EqualValues(t, 1, w.transactions()[0]["captures"])
}

func TestNobodySeesOrMovesAnotherCustomersMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	id := w.pay(p, goodCard).TransactionID
	_, err := w.AssertPaymentPage(t.Context(), unverified, call, p.Token)
	requireRefusal(t, err, saferpay.NameTokenInvalid)
	_, err = w.Capture(t.Context(), unverified, call, id)
	requireRefusal(t, err, saferpay.NameTransactionNotFound)

	foreign := demo
	foreign.TerminalID = unverified.TerminalID
	_, err = w.InitializePaymentPage(t.Context(), foreign, call, w.request("1.00"))
	assert.Equal(t, 403, requireRefusal(t, err, saferpay.NamePermissionDenied).HTTPStatus)
	_, err = w.Terminal(t.Context(), foreign, "r")
	requireRefusal(t, err, saferpay.NamePermissionDenied)
	foreign = demo
	foreign.CustomerID = unverified.CustomerID
	_, err = w.InitializePaymentPage(t.Context(), foreign, call, w.request("1.00"))
	requireRefusal(t, err, saferpay.NameAuthenticationFailed)
	_, err = w.License(t.Context(), foreign, "r")
	requireRefusal(t, err, saferpay.NamePermissionDenied)
}

func TestWhatIsNotContractedCannotBeOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	_, err := w.InitializePaymentPage(t.Context(), unverified, call, w.request("1.00"))
	requireRefusal(t, err, saferpay.NameNoContract)
	dollars := w.request("1.00")
	dollars.Amount = money.MustParse("1.00", money.USD)
	_, err = w.InitializePaymentPage(t.Context(), demo, call, dollars)
	requireRefusal(t, err, saferpay.NameNoContract)

	twintOnly := w.request("1.00")
	twintOnly.PaymentMethods = []string{"TWINT"}
	status, answer := w.steer("POST", "/_sim/pay", map[string]any{"redirect_url": w.open(twintOnly).RedirectURL, "means": goodCard})
	assert.Equal(t, 422, status, "%v", answer)
}

func TestAVerificationShowsInTheTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	terminal, err := w.Terminal(t.Context(), unverified, "r")
	require.NoError(t, err)
	assert.Equal(t, "ECOM", terminal.Type)
	assert.Empty(t, terminal.PaymentMethods)

	status, _ := w.steer("PUT", "/_sim/customers/321321", map[string]any{"terminals": []any{map[string]any{
		"terminal_id": "87654321", "payment_methods": []any{map[string]any{"method": "TWINT", "currencies": []string{"CHF"}}},
	}}})
	require.Equal(t, 200, status)
	terminals, err := w.Terminals(t.Context(), unverified, "r")
	require.NoError(t, err)
	require.Len(t, terminals, 1)
	assert.Equal(t, []saferpay.PaymentMethod{{Method: "TWINT", Currencies: []string{"CHF"}}}, terminals[0].PaymentMethods)

	license, err := w.License(t.Context(), unverified, "r")
	require.NoError(t, err)
	assert.True(t, license.Has(saferpay.FeatureManagementAPI))
	w.steer("PUT", "/_sim/customers/321321", map[string]any{"features": []string{"PAYMENT_API"}})
	_, err = w.Terminal(t.Context(), unverified, "r")
	requireRefusal(t, err, saferpay.NamePermissionDenied)
	w.steer("PUT", "/_sim/customers/321321", map[string]any{"password": "rotated"})
	_, err = w.Terminal(t.Context(), unverified, "r")
	requireRefusal(t, err, saferpay.NameAuthenticationFailed)
}

func TestEveryPublishedTestCardEndsAsPublished(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../../shared/saferpay/test-means.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the list of Saferpay's test means is not beside this repository")
	}
	require.NoError(t, err)
	var published struct {
		Cards []struct {
			Number, Brand, Case string
			LiabilityShift      *bool `json:"liability_shift"`
			ByAmount            bool  `json:"by_amount"`
		}
		AmountCodes map[string]string `json:"amount_codes"`
	}
	require.NoError(t, json.Unmarshal(data, &published))
	require.NotEmpty(t, published.Cards)
	w := newWorld(t, simulator.Options{})
	for _, card := range published.Cards {
		p := w.open(w.request("100.00"))
		w.pay(p, card.Number)
		paid, err := w.assertPage(p)
		if card.LiabilityShift == nil && !card.ByAmount {
			require.Error(t, err, "%s: %s", card.Number, card.Case)
			continue
		}
		require.NoError(t, err, "%s: %s", card.Number, card.Case)
		assert.Equal(t, card.Brand, paid.Method, card.Number)
		assert.Equal(t, card.LiabilityShift == nil || *card.LiabilityShift, paid.LiabilityShift, "%s: %s", card.Number, card.Case)
	}
	for code, meaning := range published.AmountCodes {
		p := w.open(w.request("100." + code))
		w.pay(p, byAmountCard)
		paid, err := w.assertPage(p)
		switch code {
		case "00", "01":
			require.NoError(t, err, meaning)
			assert.Equal(t, code == "00", paid.LiabilityShift, meaning)
		default:
			refusal := requireRefusal(t, err, saferpay.NameTransactionDeclined)
			assert.Equal(t, code, refusal.ProcessorResult)
			assert.NotEmpty(t, refusal.PayerMessage)
			assert.NotEmpty(t, refusal.TransactionID)
		}
	}
}

func TestTheConditionStopsACardWithoutLiabilityShiftButNotTwint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	for means, want := range map[string]string{noShiftCard: saferpay.NameConditionNotSatisfied, "9010004150000009": saferpay.NameConditionNotSatisfied, goodCard: "", challengeCard: "", "9010004250000008": "", "twint": ""} {
		request := w.request("108.00")
		request.Condition = "THREE_DS_AUTHENTICATION_SUCCESSFUL_OR_ATTEMPTED"
		p := w.open(request)
		w.pay(p, means)
		_, err := w.assertPage(p)
		if want == "" {
			require.NoError(t, err, means)
		} else {
			requireRefusal(t, err, want)
		}
	}
	assert.Len(t, w.transactions(), 4)
}

func TestATwintPaymentCanBePendingAndIsAnnouncedWhenDecided(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{TimeScale: 1e6})
	p := w.open(w.request("66.13")) // decided after a minute
	assert.Equal(t, "PENDING", w.pay(p, "twint").Status)
	assert.Equal(t, "/success", w.arrival())
	pending, err := w.assertPage(p)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusPending, pending.Transaction.Status)
	assert.False(t, pending.LiabilityShift)
	_, err = w.Capture(t.Context(), demo, call, pending.Transaction.ID)
	requireRefusal(t, err, saferpay.NameTransactionInWrongState)
	_, err = w.Inquire(t.Context(), demo, call, saferpay.InquireBy{TransactionID: pending.Transaction.ID})
	requireRefusal(t, err, saferpay.NameTransactionNotFound)

	assert.Equal(t, "/success", w.arrival())
	decided, err := w.assertPage(p)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusAuthorized, decided.Transaction.Status)

	declined := w.open(w.request("66.51"))
	w.pay(declined, "twint")
	_, err = w.assertPage(declined)
	requireRefusal(t, err, saferpay.NameTransactionDeclined)
}

func TestWhatWasPaidAndWhatWaitsSurvivesARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "saferpay.jsonl")
	first := newWorld(t, simulator.Options{DataFile: file})
	waiting, paid, pending := first.open(first.request("108.00")), first.open(first.request("109.00")), first.open(first.request("66.11"))
	id := first.pay(paid, goodCard).TransactionID
	_, err := first.Capture(t.Context(), demo, call, id)
	require.NoError(t, err)
	first.pay(pending, "twint")
	first.steer("PUT", "/_sim/customers/777", map[string]any{"user": "API_777_1", "password": "secret"})

	// The process is killed: nothing is closed, and the last line is cut off.
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(`{"page":{"tok`)
	require.NoError(t, err)
	require.NoError(t, f.Close())

	second := newWorld(t, simulator.Options{DataFile: file})
	again, err := second.assertPage(paid)
	require.NoError(t, err)
	assert.Equal(t, saferpay.StatusCaptured, again.Transaction.Status)
	assert.EqualValues(t, 1, second.transactions()[0]["captures"])
	second.pay(waiting, goodCard)
	_, err = second.assertPage(waiting)
	require.NoError(t, err)
	_, err = second.License(t.Context(), saferpay.Credentials{CustomerID: "777", Username: "API_777_1", Password: "secret"}, "r")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		decided, err := second.assertPage(pending)
		return err == nil && decided.Transaction.Status == saferpay.StatusAuthorized
	}, 5*time.Second, 20*time.Millisecond, "what was pending is decided after the restart")

	status, _ := second.raw("POST", "/_sim/reset", "")
	assert.Equal(t, 204, status)
	third := newWorld(t, simulator.Options{DataFile: file})
	assert.Empty(t, third.transactions())
}

func TestAForeignDataFileIsRefusedInOneSentence(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "notes.txt")
	require.NoError(t, os.WriteFile(file, []byte("shopping list\n"), 0o600))
	_, err := simulator.Open(simulator.Options{DataFile: file})
	require.ErrorContains(t, err, "line 1, is not data of the Saferpay simulator")
	_, err = simulator.Open(simulator.Options{DataFile: filepath.Join(t.TempDir(), "missing", "x")})
	require.ErrorContains(t, err, "cannot write its data file")
}

func TestTwoTabsPayOnePageOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simulator.Options{})
	p := w.open(w.request("108.00"))
	var statuses [8]int
	var tabs sync.WaitGroup
	for i := range statuses {
		tabs.Go(func() {
			statuses[i], _ = w.steer("POST", "/_sim/pay", map[string]any{"redirect_url": p.RedirectURL, "means": goodCard, "return": false})
		})
	}
	tabs.Wait()
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	assert.Equal(t, map[int]int{200: 1, 409: len(statuses) - 1}, counts, strconv.Itoa(len(w.transactions())))
}
