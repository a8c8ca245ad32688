package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/testing/mrxtest"
)

func mrxOf(id string, p mrxtest.Payment) mrxtest.Notice {
	return mrxtest.Notice{ID: id, Accounts: []mrxtest.Account{{Payments: []mrxtest.Payment{p}}}}
}

// paidByCard stores a payment that was captured and booked on that day, of which the masked card and its authorization code are known.
func (w *world) paidByCard(amount, on, code string) payment.Payment {
	w.Helper()
	p := w.captured(chf(amount), on)
	p.Card, p.AuthorizationCode = "492113xxxxxx2364", code
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SavePayment(w.Context(), p) })
	return p
}

func first(list any) map[string]any { return list.([]any)[0].(map[string]any) }

func TestMRXOfTheAcquirerClosesTheReceiptAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.captured(chf("108.00"), "2026-11-18"), w.paidByCard("50.00", "2026-11-18", "689996")
	r := w.givenBack(a, chf("20.00"), "2026-11-19")
	file := mrxOf("MN-1", mrxtest.Payment{
		Number: "201611200000592", Date: "2026-11-20",
		Transactions: []mrxtest.Transaction{
			{ID: "T-1", Gross: "108", Fee: "2.30", Order: a.OrderID, Day: "2026-11-18"},
			{ID: "T-2", Gross: "50", Fee: "1.15", Auth: "689996", Card: "492113XXXXXX2364", Day: "2026-11-18"},
			{ID: "T-3", Gross: "-20", Order: r.OrderID, Day: "2026-11-19", Reversal: true},
		},
		Adjustments: []mrxtest.Adjustment{{Type: "12", Text: "Monatsgebühr", Net: "-5"}},
	}).String()

	imported := w.importFile("application/xml", file).json(http.StatusCreated)
	assert.Equal(t, []any{"complete", "mrx", []any{}}, []any{imported["status"], imported["format"], imported["unmatched"]})
	assert.Equal(t, "MN-1", imported["file"].(map[string]any)["message_id"])
	payout := first(imported["payouts"])
	assert.Equal(t, []any{"booked", "2026-11-20", "138.00", "8.45", "129.55", "201611200000592", "certain", "CH9300762011623852957"},
		[]any{payout["state"], payout["date"], payout["gross"], payout["fee"], payout["net"], payout["reference"], payout["confidence"], payout["account"]})
	lines := payout["lines"].([]any)
	require.Len(t, lines, 4)
	line := lines[1].(map[string]any)
	assert.Equal(t, []any{"payment", "T-2", "689996", "492113XXXXXX2364", "2026-11-18", "50.00", "1.15", "48.85"},
		[]any{line["type"], line["transaction_id"], line["authorization_code"], line["card"], line["date"], line["gross"], line["fee"], line["net"]})
	assert.Equal(t, []any{"fee", "Monatsgebühr", "-5.00"}, []any{lines[3].(map[string]any)["type"], lines[3].(map[string]any)["text"], lines[3].(map[string]any)["net"]})
	assert.Equal(t, b.ID, payout["payments"].([]any)[1].(map[string]any)["id"])
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	assert.Equal(t, [][]any{francs("129.55"), francs("8.45")}, [][]any{w.balance("1020"), w.balance("6940")})

	assert.Equal(t, imported, w.importFile("text/xml", file).json(http.StatusOK), "the same file changes nothing")
	again := w.importFile("application/xml", strings.ReplaceAll(file, "\n", " ")).json(http.StatusCreated)
	assert.Equal(t, []any{false, true}, known(again), "nor does the same notice in another form")
	told := w.importFile("application/xml", credit("2026-11-21", "129.55", "WORLDLINE")).json(http.StatusCreated)
	assert.Equal(t, []any{false, true, true}, known(told), "nor the bank")
	assert.Len(t, w.call("GET", "/journal?source=settlement", w.key, nil).json(http.StatusOK)["data"], 1)
}

func TestSampleOfTheAcquirerIsImportedAndWaits(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../shared/acquirer/mrx-v1.5-sample-ch.xml")
	if err != nil {
		t.Skip("the acquirer's sample of an MRX is not here")
	}
	w := newWorld(t)
	w.captured(chf("50.00"), "2026-11-18")
	imported := w.importFile("application/xml", string(data)).json(http.StatusCreated)
	assert.Equal(t, []any{"needs_confirmation", "mrx.test", []any{}}, []any{imported["status"], imported["format"], imported["payouts"]})
	require.Len(t, imported["unmatched"], 1)
	payout := first(imported["unmatched"])
	assert.Equal(t, []any{"unmatched", "1126.88", "6.92", "201707240000592"}, []any{payout["state"], payout["net"], payout["fee"], payout["reference"]})
	assert.Len(t, payout["lines"], 12)
	assert.Contains(t, payout["reason"], "test")
	w.call("POST", "/payouts/"+payout["id"].(string)+"/confirm", w.key, map[string]any{"account": "6940"}).problem(http.StatusConflict, "payout-decided")
	w.call("POST", "/payouts/"+payout["id"].(string)+"/dismiss", w.key, nil).json(http.StatusOK)
	assert.Equal(t, []string{"1029 CHF 50.00"}, w.stands())
}

func TestBalanceBelowTheMinimumIsShownAndBookedWhenItIsPaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.captured(chf("5.00"), "2026-11-17"), w.captured(chf("50.00"), "2026-11-18")
	small := mrxOf("MN-1", mrxtest.Payment{Reason: "20", Date: "2026-11-19", Transactions: []mrxtest.Transaction{{ID: "T-1", Gross: "5", Fee: "0.10", Order: a.OrderID}}})
	imported := w.importFile("application/xml", small.String()).json(http.StatusCreated)
	assert.Equal(t, "complete", imported["status"], "there is nothing to decide")
	carried := first(imported["payouts"])
	assert.Equal(t, []any{"carried", "4.90"}, []any{carried["state"], carried["net"]})
	assert.Contains(t, carried["reason"], "below the minimum amount")
	assert.Len(t, w.call("GET", "/payouts?state=carried", w.key, nil).json(http.StatusOK)["data"], 1)
	assert.Equal(t, []string{"1029 CHF 55.00"}, w.stands())

	paid := mrxOf("MN-2", mrxtest.Payment{Number: "P-2", Date: "2026-11-20", Opening: "4.90", Transactions: []mrxtest.Transaction{{ID: "T-2", Gross: "50", Fee: "1", Order: b.OrderID}}})
	for range 2 {
		w.importFile("application/xml", paid.String())
		w.importFile("application/xml", small.String())
		w.importFile("application/xml", strings.ReplaceAll(small.String(), "\n", " "))
		assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
		assert.Equal(t, [][]any{francs("53.90"), francs("1.10")}, [][]any{w.balance("1020"), w.balance("6940")})
	}
	now := w.call("GET", "/payouts/"+carried["id"].(string), w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{"booked", "2026-11-20", "53.90"}, []any{now["state"], now["date"], now["total"]}, "it is a part of the payout that brought it")
	assert.NotEmpty(t, now["part_of"])
	assert.Len(t, w.call("GET", "/payouts", w.key, nil).json(http.StatusOK)["data"], 2)
}

func TestMRXThatContradictsItselfIsRefusedWithTheElementAndBothFigures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := mrxOf("MN-1", mrxtest.Payment{Number: "P-1", Transactions: []mrxtest.Transaction{{ID: "T-1", Gross: "108", Fee: "2.30"}}}).String()
	wrong := strings.Replace(file, `<aPaymentSC c="CHF" e="2">105.70`, `<aPaymentSC c="CHF" e="2">105.71`, 1)
	refused := w.importFile("application/xml", wrong)
	assert.Contains(t, refused.Body.String(), "payment/sum/sumSC/aPaymentSC is 105.71, but its entries and balances make 105.70")
	assert.Len(t, refused.problem(http.StatusUnprocessableEntity, "settlement-file-refused"), 1)
	assert.Empty(t, w.call("GET", "/settlements", w.key, nil).json(http.StatusOK)["data"])
}

// large returns an MRX of that many sales, of which the payments are the first.
func large(t *testing.T, sales int, known ...payment.Payment) *os.File {
	t.Helper()
	padding := strings.Repeat("0", 2000) // so that a file of few sales is large
	transactions := make([]mrxtest.Transaction, sales)
	for i := range transactions {
		transactions[i] = mrxtest.Transaction{ID: strconv.Itoa(i), Gross: "10", Fee: "0.13", Auth: fmt.Sprint(100000 + i), Card: "492113XXXXXX2364", Order: padding}
		if i < len(known) {
			transactions[i].Order = known[i].OrderID
		}
	}
	file, err := os.CreateTemp(t.TempDir(), "*.xml")
	require.NoError(t, err)
	t.Cleanup(func() { _ = file.Close() })
	require.NoError(t, mrxOf("MN-1", mrxtest.Payment{Number: "P-1", Date: "2026-11-20", PerSlip: 50, Transactions: transactions}).Write(file))
	return file
}

// TestLargeMRXIsImportedInLittleMemory is not parallel: it looks at the heap.
func TestLargeMRXIsImportedInLittleMemory(t *testing.T) {
	sales := 100_000
	if testing.Short() {
		sales = 6000
	}
	w := newWorld(t)
	a, b := w.captured(chf("10.00"), "2026-11-18"), w.captured(chf("10.00"), "2026-11-18")
	file := large(t, sales, a, b)
	size, err := file.Seek(0, io.SeekEnd)
	require.NoError(t, err)
	require.Greater(t, size, int64(10<<20))
	send := func() answer {
		_, err := file.Seek(0, io.SeekStart)
		require.NoError(t, err)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/settlements", io.NopCloser(file))
		r.Header.Set("Content-Type", "application/xml")
		r.Header.Set("Authorization", "Bearer "+w.key)
		r.Header.Set("Idempotency-Key", "large")
		return w.send(r)
	}
	most := peak(t)
	started := time.Now()
	answered := send()
	t.Logf("%d sales, %d MiB, %s, heap %d MiB", sales, size>>20, time.Since(started), most()>>20)
	imported := answered.json(http.StatusCreated)
	assert.Less(t, most(), uint64(64<<20))
	assert.Less(t, answered.Body.Len(), 1<<20, "the answer leaves the lines out")

	require.Len(t, imported["payouts"], 1)
	booked := first(imported["payouts"])
	assert.Equal(t, []any{"booked", "19.74"}, []any{booked["state"], booked["net"]})
	assert.Equal(t, francs("19.74"), w.balance("1020"))
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	assert.Len(t, imported["unmatched"], (sales+999)/1000, "what nobody here knows waits in parts")
	part := w.call("GET", "/payouts/"+first(imported["unmatched"])["id"].(string), w.key, nil).json(http.StatusOK)
	assert.NotEmpty(t, part["lines"])
	assert.Equal(t, "true", send().Header().Get("Idempotent-Replayed"))

	other := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/settlements", bytes.NewReader(bytes.Repeat([]byte("<x/>"), 3<<20)))
	other.Header.Set("Content-Type", "application/xml")
	other.Header.Set("Authorization", "Bearer "+w.key)
	w.send(other).problem(http.StatusRequestEntityTooLarge, "body-too-large")
}

// peak watches the heap until the test is over, and returns its largest size beyond what it has now, in bytes.
func peak(t *testing.T) func() uint64 {
	t.Helper()
	heap := func() uint64 {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	usual := debug.SetGCPercent(100) // as in a process: tests collect less often
	t.Cleanup(func() { debug.SetGCPercent(usual) })
	runtime.GC()
	before, most := heap(), uint64(0)
	ticker := time.NewTicker(20 * time.Millisecond)
	asked, told, done := make(chan struct{}), make(chan uint64), make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				most = max(most, heap())
			case <-asked:
				told <- max(most, before) - before
			case <-done:
				return
			}
		}
	}()
	t.Cleanup(func() {
		ticker.Stop()
		close(done)
	})
	return func() uint64 {
		asked <- struct{}{}
		return <-told
	}
}
