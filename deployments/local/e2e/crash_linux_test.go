package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
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
	worker.kill()
	api.kill()

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
	worker.kill()
	close(killed)

	startProcess(t, s, binary, "worker")
	r.becomes("delivered", 1)
	messages := r.got()
	require.Len(t, messages, 2)
	assert.Equal(t, messages[0].ID, messages[1].ID)
	assert.Equal(t, messages[0].body, messages[1].body)
}

// process is a part of the product that runs on its own, as in production.
type process struct {
	t       *testing.T
	command *exec.Cmd
	ended   chan struct{}
}

// startProcess starts "quittance worker" or "quittance api" on the stack, with these variables besides or instead, and returns
// when it is ready. It is killed at the end of the test, however that comes about.
func startProcess(t *testing.T, s *stack.Stack, binary, part string, others ...stack.Variable) *process {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), part)
	require.NoError(t, err)
	p := &process{t: t, command: exec.Command(binary, part), ended: make(chan struct{})}
	p.command.Env = os.Environ()
	ready := ""
	for _, v := range append(s.Environment(), others...) {
		p.command.Env = append(p.command.Env, v.Name+"="+v.Value)
		if v.Name == "QUITTANCE_"+strings.ToUpper(part)+"_ADDRESS" {
			ready = "http://" + v.Value + "/readyz"
		}
	}
	p.command.Stdout, p.command.Stderr = log, log
	p.start()
	t.Cleanup(func() {
		p.kill()
		if content, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the %s said:\n%s", part, content)
		}
		_ = log.Close()
	})
	await(t, patience, func() int {
		response, err := http.Get(ready)
		if err != nil {
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}, func(status int) bool { return status == http.StatusOK })
	return p
}

// start has the kernel kill the process when the test binary is gone. The kernel goes by the thread that started it, so
// that thread must live as long.
func (p *process) start() {
	p.t.Helper()
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		defer close(p.ended)
		runtime.LockOSThread()
		err := p.command.Start()
		started <- err
		if err == nil {
			_ = p.command.Wait() // how it ends is up to the test
		}
	}()
	require.NoError(p.t, <-started)
}

// kill is kill -9; one that has ended stays as it is.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}
