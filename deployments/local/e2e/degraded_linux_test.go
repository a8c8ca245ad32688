package e2e

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
)

// road leads to an address, and can be closed: then nobody gets there any more.
type road struct {
	t        *testing.T
	from, to string
	mu       sync.Mutex
	listener net.Listener
	open     []net.Conn
}

func newRoad(t *testing.T, to string) *road {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	r := &road{t: t, from: listener.Addr().String(), to: to}
	t.Cleanup(r.close)
	return r
}

func (r *road) begin() {
	r.t.Helper()
	listener, err := net.Listen("tcp", r.from)
	require.NoError(r.t, err)
	r.listener = listener
	go func() {
		for {
			here, err := listener.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", r.to)
			if err != nil {
				_ = here.Close()
				continue
			}
			r.mu.Lock()
			r.open = append(r.open, here, there)
			r.mu.Unlock()
			go func() { _, _ = io.Copy(there, here); _ = there.Close() }()
			go func() { _, _ = io.Copy(here, there); _ = here.Close() }()
		}
	}()
}

func (r *road) close() {
	if r.listener != nil {
		_ = r.listener.Close()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range r.open {
		_ = conn.Close()
	}
	r.open = nil
}

// readiness asks a process how it is.
func readiness(t *testing.T, url string) (status int, said string) {
	t.Helper()
	answer, err := http.Get(url + "/readyz")
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(body)
}

func TestWithoutTemporalDocumentsReadsAndDraftsGoOn(t *testing.T) {
	t.Parallel()
	binary := buildProduct(t)
	options := ownOptions(t)
	options.OnlyInfra = true
	s := startStack(t, options)
	way := newRoad(t, s.TemporalAddress())
	temporal := stack.Variable{Name: "QUITTANCE_TEMPORAL_ADDRESS", Value: way.from}

	// Everything starts without it, says so, and takes up its work once it is there.
	worker, api := startProcess(t, s, binary, "worker", temporal), startProcess(t, s, binary, "api", temporal)
	for _, url := range []string{s.APIURL(), s.WorkerURL()} {
		status, said := readiness(t, url)
		assert.Equal(t, http.StatusOK, status)
		assert.JSONEq(t, `{"status":"degraded","checks":{"postgres":"ok","migrations":"ok","temporal":"failing"}}`, said)
	}
	assert.Contains(t, worker.said(), "waiting for Temporal")
	assert.Contains(t, api.said(), "waiting for Temporal")
	var migrated bytes.Buffer
	migrate := exec.CommandContext(t.Context(), binary, "migrate")
	migrate.Env, migrate.Stdout, migrate.Stderr = stack.Assignments(append(s.Environment(), temporal)), &migrated, &migrated
	require.NoError(t, migrate.Start())
	early := newCompany(t, s)
	early.call("GET", "/invoices", nil).gives(200, nil)
	early.draft("108.00")

	way.begin()
	require.NoError(t, migrate.Wait(), migrated.String())
	ready := func(want string) {
		t.Helper()
		await(t, patience, func() string { _, said := readiness(t, s.APIURL()); return said }, func(said string) bool { return strings.Contains(said, want) })
	}
	ready(`"status":"ready"`)
	c := newMerchant(t, s)
	open, draft := c.issue("108.00"), c.draftOf("2026-0043")
	before := open.payNow("card")

	// It goes away while all of them run.
	way.close()
	ready(`"status":"degraded"`)
	document, err := http.Get(open.OnlineDocumentURL)
	require.NoError(t, err)
	page, err := io.ReadAll(document.Body)
	require.NoError(t, err)
	require.NoError(t, document.Body.Close())
	assert.Equal(t, http.StatusOK, document.StatusCode)
	assert.Contains(t, string(page), "108.00")
	c.call("GET", "/invoices/"+open.ID, nil).gives(200, nil)
	c.call("GET", "/payments", nil).gives(200, nil)
	c.call("PATCH", "/invoices/"+draft.ID, object{"customer": object{"name": "Marie Favre"}}).gives(200, nil)
	c.draftOf("2026-0044")
	asked, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	started := time.Now()
	request, err := http.NewRequestWithContext(asked, http.MethodPost, s.APIURL()+"/v1/invoices/"+draft.ID+"/issue", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+c.key)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	t.Logf("what needs Temporal is refused after %s", time.Since(started).Round(time.Millisecond))

	// What waited goes on.
	way.begin()
	ready(`"status":"ready"`)
	before.pay(visa)
	open.requireCollectedOnce("108.00")
	c.call("POST", "/invoices/"+draft.ID+"/issue", nil).gives(200, nil)
}
