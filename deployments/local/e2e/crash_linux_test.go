package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/process"
	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/workflows/contract"
)

func TestWorkerAndAPIKilledBetweenCaptureAndBookingLoseNothing(t *testing.T) {
	t.Parallel()
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra = true
	s := startStack(t, options)
	worker, api := startProcess(t, s, binary, "worker"), startProcess(t, s, binary, "api")
	inv := newMerchant(t, s).issue("108.00")
	page := inv.payNow("card")

	// The money moves at once, and the worker waits for an answer that it won't live to see.
	armFault(t, s, object{"operation": "Transaction/Capture", "kind": "slow", "times": 1, "delay_ms": 60_000})
	page.payAndClose(visa)
	await(t, patience, inv.transactions, func(all []transaction) bool { return len(all) == 1 && all[0].Captures == 1 })
	worker.Kill()
	api.Kill()

	startProcess(t, s, binary, "api")
	require.Equal(t, "open", inv.now().Status, "the receipt was not booked yet")
	startProcess(t, s, binary, "worker")
	inv.requireCollectedOnce("108.00")
	assert.Equal(t, 1, page.asserts())
	assert.Equal(t, 1, saferpayCalls(t, s)["Transaction/Inquire"])
}

func TestWorkerKilledWhileTheReceiverAnswersSendsTheSameMessageAgain(t *testing.T) {
	t.Parallel()
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra = true
	s := startStack(t, options)
	worker := startProcess(t, s, binary, "worker")
	startProcess(t, s, binary, "api")
	c := newCompany(t, s)
	killed := make(chan struct{})
	r := c.listen(func(delivered) int {
		<-killed
		return http.StatusNoContent
	}, "payment_service.active")
	c.connect(verifiedAccount)
	r.gets(1) // and nobody will be told how it was answered
	worker.Kill()
	close(killed)

	startProcess(t, s, binary, "worker")
	await(t, 2*patience, func() int { return len(r.got()) }, func(n int) bool { return n == 2 }) // the outbox lent it for 20 s
	r.becomes("delivered", 1)
	messages := r.got()
	require.Len(t, messages, 2)
	assert.Equal(t, messages[0].ID, messages[1].ID)
	assert.Equal(t, messages[0].body, messages[1].body)
}

// In every round payers pay while strangers call the notification address over and over, and the worker is killed as soon as
// money has moved, every other time together with the API. Histories are called long after sixty events here, so that
// workflows continue as new in the middle of all that.
func TestManyPaymentsSurviveKillsAndLongHistories(t *testing.T) {
	t.Parallel()
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra, options.LongHistory = true, 60
	s := startStack(t, options)
	worker, api := startProcess(t, s, binary, "worker"), startProcess(t, s, binary, "api")
	c := newMerchant(t, s)
	temporal := commander(t, s)
	var all []attempt
	for round := range 3 {
		var now []attempt
		for i := range 4 {
			inv := c.issueNumbered(fmt.Sprintf("%d-%d", round, i), "108.00")
			now = append(now, attempt{inv: inv, page: inv.payNow("card")}, attempt{inv: inv, page: inv.payNow("twint")})
		}
		for n := range 20 {
			for i, p := range now {
				require.NoError(t, temporal.SignalWorkflow(t.Context(), contract.InvoicePaymentID(p.inv.ID), "",
					contract.SignalSaferpayNotified, contract.PaymentHint{PaymentID: "pay_unknown"}))
				if n%5 == 0 {
					again := p.inv.pressPayNow([]string{"card", "twint"}[i%2])
					assert.Equal(t, p.page.url, again.header.Get("Location"), "the page stays the same, whatever continues as new")
				}
			}
		}
		armFault(t, s, object{"operation": "Transaction/Capture", "kind": "slow", "times": 4, "delay_ms": 1500})
		before := captures(t, s)
		for i, p := range now {
			p.page.payAndClose([]string{visa, twint}[i%2])
		}
		await(t, patience, func() int { return captures(t, s) }, func(n int) bool { return n > before })
		worker.Kill()
		if round%2 > 0 {
			api.Kill()
			api = startProcess(t, s, binary, "api")
		}
		worker = startProcess(t, s, binary, "worker")
		all = append(all, now...)
	}
	for _, p := range all { // whoever was not heard of comes back
		await(t, patience, func() (state string) {
			send(t, "GET", p.inv.OnlineDocumentURL+"/return?payment="+p.page.payment, nil, nil).gives(200, nil)
			return p.inv.paymentNow(p.page.payment).State
		}, func(state string) bool { return state == "captured" || state == "cancelled" })
	}
	for i := 0; i < len(all); i += 2 {
		all[i].inv.becomes("paid")
	}
	c.requireBooksAgree()
	requireNoStrangers(t, s, []*company{c})

	continued, looks := 0, operator(t, s)
	for _, p := range all {
		id := contract.InvoicePaymentID(p.inv.ID)
		assert.Contains(t, currentDetails(t, looks, id), "Invoice "+p.inv.Number+" is **paid**", "an operator reads which one it is")
		raw, err := temporal.DescribeWorkflowExecution(t.Context(), id, "")
		require.NoError(t, err)
		if run := raw.GetWorkflowExecutionInfo(); run.GetFirstRunId() != run.GetExecution().GetRunId() {
			continued++
			keepRun(t, s, id, run.GetFirstRunId(), "invoice-that-continues-as-new")
			keepRun(t, s, id, run.GetExecution().GetRunId(), "invoice-that-went-on-from-a-long-history")
		}
	}
	t.Logf("%d of %d workflows continued as new", continued, len(all))
	assert.Positive(t, continued)
}

// captures is how often Saferpay has moved money.
func captures(t *testing.T, s *stack.Stack) (n int) {
	t.Helper()
	for _, at := range saferpayTransactions(t, s) {
		n += at.Captures
	}
	return n
}

// running is a part of the product that runs on its own, as in production.
type running struct {
	*process.Process
	t   *testing.T
	log string // a file
}

// said is what the process has logged so far.
func (p running) said() string {
	p.t.Helper()
	content, err := os.ReadFile(p.log)
	require.NoError(p.t, err)
	return string(content)
}

// startProcess starts "quittance worker" or "quittance api" on the stack, with these variables besides or instead, and returns
// when it is ready. It is killed at the end of the test, however that comes about.
func startProcess(t *testing.T, s *stack.Stack, binary, part string, others ...stack.Variable) running {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), part)
	require.NoError(t, err)
	variables := append(s.Environment(), others...)
	ready := ""
	for _, v := range variables {
		if v.Name == "QUITTANCE_"+strings.ToUpper(part)+"_ADDRESS" {
			ready = "http://" + v.Value + "/readyz"
		}
	}
	p, err := process.Start(log, stack.Assignments(variables), binary, part)
	require.NoError(t, err)
	t.Cleanup(func() {
		p.Kill()
		if content, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the %s said:\n%s", part, content)
		}
		_ = log.Close()
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, p.AwaitOK(ctx, ready))
	return running{Process: p, t: t, log: log.Name()}
}

// Kubernetes asks a worker to stop with SIGTERM. It finishes what it has asked Saferpay: a refund whose answer takes longer than the
// patience of most workers is not left as unknown.
func TestAWorkerThatIsAskedToStopFinishesItsRefund(t *testing.T) {
	t.Parallel()
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra = true
	s := startStack(t, options)
	worker := startProcess(t, s, binary, "worker")
	startProcess(t, s, binary, "api")
	c := newMerchant(t, s)
	inv := c.issue("108.00")
	page := inv.payNow("card")
	page.pay(visa)
	inv.requireCollectedOnce("108.00")

	armFault(t, s, object{"operation": "Transaction/Refund", "kind": "slow", "times": 1, "delay_ms": 15_000})
	r := c.refund(page.payment, object{"amount": "108.00", "reason": "Returned."})
	await(t, patience, func() int { return saferpayCalls(t, s)["Transaction/Refund"] }, func(calls int) bool { return calls == 1 })
	require.NoError(t, syscall.Kill(worker.ID(), syscall.SIGTERM))
	select {
	case <-worker.Ended():
	case <-time.After(time.Minute):
		t.Fatal("the worker did not stop")
	}
	require.True(t, worker.Succeeded())
	assert.NotEqual(t, "unknown", r.now(c).State)

	startProcess(t, s, binary, "worker")
	r.becomes(c, "captured")
	assert.Equal(t, 1, saferpayCalls(t, s)["Transaction/Refund"])
	assert.Zero(t, saferpayCalls(t, s)["Transaction/AssertRefund"]+saferpayCalls(t, s)["Transaction/Inquire"], "nothing had to be looked up")
}
