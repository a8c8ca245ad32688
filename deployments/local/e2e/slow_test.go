package e2e

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/server/api/adminservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// While Saferpay takes its time to open a page, the invoice's receipt and another payer's click are answered as always.
func TestASlowSaferpayHoldsUpNobodyElse(t *testing.T) { //nolint:paralleltest // the fault hits the next page
	c := newMerchant(t, shared)
	held, cancelled, other := c.issueNumbered("S-1", "108.00"), c.issueNumbered("S-2", "108.00"), c.issueNumbered("S-3", "108.00")
	calls := func() int { return saferpayCalls(t, shared)["PaymentPage/Initialize"] }
	before := calls()
	armFault(t, shared, object{"operation": "PaymentPage/Initialize", "kind": "slow", "times": 2, "delay_ms": 5000})
	answers := make(chan answer, 2)
	for _, inv := range []invoice{held, cancelled} {
		go func() { answers <- inv.pressPayNow("card") }()
	}
	await(t, patience, calls, func(now int) bool { return now == before+2 })

	c.call("POST", "/invoices/"+held.ID+"/receipts", object{"amount": "108.00", "date": "2026-11-20", "account": "1020", "reference": "Bank"}).gives(201, nil)
	assert.Equal(t, "paid", held.now().Status)
	cancelled.cancel()
	other.payNow("card").pay(visa)
	other.requireCollectedOnce("108.00")
	assert.Empty(t, answers, "Saferpay has not answered yet")
	for range cap(answers) {
		assert.NotEqual(t, http.StatusSeeOther, (<-answers).status, "nobody is sent to the page of an invoice that is paid or cancelled")
	}
}

// Whoever clicks many times, or many who click at once, get one page.
func TestTwentyFourClicksOpenOnePage(t *testing.T) {
	t.Parallel()
	requireOnePage(t, newMerchant(t, shared).issue("108.00"))
}

// The same while Temporal loses what it holds in memory only, such as the speculative tasks by which updates reach workflows. Who is told
// to try again does, and gets the same page.
func TestTwentyFourClicksOpenOnePageAlsoWhenTemporalDropsThem(t *testing.T) { //nolint:paralleltest // it drops what others wait for, too
	inv := newMerchant(t, shared).issue("108.00")
	conn, err := grpc.NewClient(shared.TemporalAddress(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	admin := adminservice.NewAdminServiceClient(conn)
	var losing sync.WaitGroup
	defer losing.Wait()
	losing.Go(func() {
		for range 3 {
			for shard := int32(1); shard <= historyShards; shard++ {
				_, err := admin.CloseShard(t.Context(), &adminservice.CloseShardRequest{ShardId: shard})
				assert.NoError(t, err) //nolint:testifylint // not in the goroutine of the test
			}
			time.Sleep(100 * time.Millisecond) // while clicks come in
		}
	})
	requireOnePage(t, inv)
}

// historyShards are those of the local stack's Temporal.
const historyShards = 4

// requireOnePage has 24 payers click at once, and one of them pay.
func requireOnePage(t *testing.T, inv invoice) {
	t.Helper()
	answers := make(chan answer, 24)
	for range cap(answers) {
		go func() {
			pressed := inv.pressPayNow("card")
			for end := time.Now().Add(patience); pressed.status == http.StatusServiceUnavailable && time.Now().Before(end); {
				pressed = inv.pressPayNow("card")
			}
			answers <- pressed
		}()
	}
	pages := map[string]int{}
	for range cap(answers) {
		pressed := <-answers
		pressed.gives(http.StatusSeeOther, nil)
		pages[pressed.header.Get("Location")]++
	}
	assert.Len(t, pages, 1)
	require.Len(t, inv.now().Payments, 1)
	for url := range pages {
		paymentPage{t: t, stack: inv.company.stack, url: url, payment: inv.now().Payments[0].ID}.pay(visa)
	}
	inv.requireCollectedOnce("108.00")
}
