package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/quittance/quittance/deployments/local/process"
	"github.com/quittance/quittance/deployments/local/stack"
)

// town is a stack whose API and worker are processes of their own, with the demo company, as its product and its payers use it.
type town struct {
	stack    *stack.Stack
	temporal client.Client
	http     *http.Client
	gauge    gauge
	leaving  []func() error // what ends it, in the order in which it began
}

// found starts a town.
func found(ctx context.Context, progress io.Writer) (t *town, err error) {
	t = &town{http: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 2 * payers},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.leave())
		}
	}()
	folder, err := os.MkdirTemp("", "quittance-bench-stack-")
	if err != nil {
		return t, err
	}
	t.leaving = append(t.leaving, func() error { return os.RemoveAll(folder) })
	binary := filepath.Join(folder, "quittance")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "github.com/quittance/quittance/cmd/quittance").CombinedOutput(); err != nil {
		return t, fmt.Errorf("build quittance: %w: %s", err, out)
	}
	ports, err := stack.FreePorts(ctx)
	if err != nil {
		return t, err
	}
	t.stack, err = stack.Start(ctx, stack.Options{
		DataDir: filepath.Join(folder, "data"), Ports: ports, TimeScale: 1, OnlyInfra: true, Statistics: true, Progress: progress,
	})
	if err != nil {
		return t, err
	}
	t.leaving = append(t.leaving, t.stack.Stop)
	ids := map[string]int{"Temporal with simulator and payers": os.Getpid()}
	for _, part := range []struct{ name, url string }{{"worker", t.stack.WorkerURL()}, {"api", t.stack.APIURL()}} {
		p, err := t.start(ctx, folder, binary, part.name, part.url)
		if err != nil {
			return t, err
		}
		ids[part.name] = p.ID()
	}
	t.temporal, err = client.DialContext(ctx, client.Options{HostPort: t.stack.TemporalAddress(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return t, err
	}
	t.leaving = append(t.leaving, func() error {
		t.temporal.Close()
		return nil
	})
	if t.gauge, err = newGauge(ctx, t.stack.PostgresURL("postgres"), ids); err != nil {
		return t, err
	}
	t.leaving = append(t.leaving, func() error { return t.gauge.postgres.Close(context.WithoutCancel(ctx)) })
	return t, t.connect(ctx)
}

// start runs one command of the product.
func (t *town) start(ctx context.Context, folder, binary, name, url string) (*process.Process, error) {
	log, err := os.Create(filepath.Join(folder, name+".log"))
	if err != nil {
		return nil, err
	}
	p, err := process.Start(log, stack.Assignments(t.stack.Environment()), binary, name)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	t.leaving = append(t.leaving, func() error {
		p.Kill()
		return log.Close()
	})
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return p, p.AwaitOK(ctx, url+"/readyz")
}

// leave ends what was started, the last first.
func (t *town) leave() error {
	var failures []error
	for _, end := range slices.Backward(t.leaving) {
		failures = append(failures, end())
	}
	t.leaving = nil
	return errors.Join(failures...)
}

// connect makes the payment service of the simulator's verified account the default.
func (t *town) connect(ctx context.Context) error {
	var service struct{ ID string }
	if err := t.call(ctx, http.MethodPost, "/payment-services", map[string]any{"provider": "worldline_saferpay", "environment": "test"}, &service); err != nil {
		return err
	}
	credentials := map[string]any{
		"customer_id": "123123", "terminal_id": "12345678", "api_username": "API_123123_00000001", "api_password": "Demo-Password-1",
	}
	if err := t.call(ctx, http.MethodPut, "/payment-services/"+service.ID+"/credentials", credentials, nil); err != nil {
		return err
	}
	return t.call(ctx, http.MethodPost, "/payment-services/"+service.ID+"/default", nil, nil)
}

// analyze has Postgres learn what the tables of all databases hold by now, as autovacuum does every minute: a plan that was made for
// empty tables tells nothing about the next months.
func (t *town) analyze(ctx context.Context) error {
	for _, database := range []string{productDatabase, temporalDatabase, visibilityDatabase} {
		conn, err := pgx.Connect(ctx, t.stack.PostgresURL(database))
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "analyze")
		if err := errors.Join(err, conn.Close(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// drafts makes invoices that are not issued yet, and returns them.
func (t *town) drafts(ctx context.Context, prefix string, n int) ([]invoice, error) {
	all := make([]invoice, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(payers)
	for i := range all {
		group.Go(func() error {
			return t.call(ctx, http.MethodPost, "/invoices", map[string]any{
				"number": fmt.Sprintf("%s-%d", prefix, i), "currency": "CHF", "amount": "108.00", "due_date": "2099-12-31",
				"customer": map[string]any{"name": "Marie Favre", "language": "fr"},
			}, &all[i])
		})
	}
	return all, group.Wait()
}

// invoice is one of the API.
type invoice struct {
	ID  string
	URL string `json:"online_document_url"`
}

// pay has an invoice issued and paid.
func (t *town) pay(ctx context.Context, i invoice) (took timing, err error) {
	begun := time.Now()
	if err := t.call(ctx, http.MethodPost, "/invoices/"+i.ID+"/issue", nil, &i); err != nil {
		return took, err
	}
	took.start = time.Since(begun)
	begun = time.Now()
	page, err := t.click(ctx, i)
	if err != nil {
		return took, err
	}
	took.payNow = time.Since(begun)
	begun = time.Now()
	payer, err := json.Marshal(map[string]any{"redirect_url": page, "means": "9010003150000001"})
	if err != nil {
		return took, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		back, err := t.send(ctx, http.MethodPost, t.stack.SimulatorURL()+"/_sim/pay", "application/json", bytes.NewReader(payer))
		took.returned = time.Since(begun)
		if err != nil {
			return err
		}
		return back.Body.Close()
	})
	group.Go(func() error {
		err := t.temporal.GetWorkflow(ctx, "invoice/"+i.ID, "").Get(ctx, nil)
		took.paid = time.Since(begun)
		return err
	})
	err = group.Wait()
	return took, err
}

// click is a payer who presses Pay now; the payment page to which it leads.
func (t *town) click(ctx context.Context, i invoice) (string, error) {
	page, err := t.send(ctx, http.MethodPost, i.URL+"/pay", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"method": {"card"}}.Encode()))
	if err != nil {
		return "", err
	}
	return page.Header.Get("Location"), page.Body.Close()
}

func (t *town) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if in == nil {
		body = []byte("{}")
		if !strings.HasSuffix(path, "/issue") {
			body = nil
		}
	}
	return t.callAs(ctx, stack.DemoKey, method, path, "application/json", bytes.NewReader(body), out)
}

// callAs calls the API with a key; out may be nil.
func (t *town) callAs(ctx context.Context, key, method, path, contentType string, body io.Reader, out any) error {
	answer, err := t.sendAs(ctx, key, method, t.stack.APIURL()+"/v1"+path, contentType, body)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= http.StatusBadRequest {
		return errors.Join(err, fmt.Errorf("%s %s was answered with %d: %s", method, path, answer.StatusCode, content))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(content, out)
}

func (t *town) send(ctx context.Context, method, to, contentType string, body io.Reader) (*http.Response, error) {
	return t.sendAs(ctx, stack.DemoKey, method, to, contentType, body)
}

func (t *town) sendAs(ctx context.Context, key, method, to, contentType string, body io.Reader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, to, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+key)
	return t.http.Do(r)
}

// length is how long the history of a workflow is.
type length struct {
	events, bytes int
	transitions   int64
}

func (l length) String() string {
	return fmt.Sprintf("%d events, %d transitions, %d bytes", l.events, l.transitions, l.bytes)
}

func (t *town) history(ctx context.Context, workflowID string) (length, error) {
	history, err := t.events(ctx, workflowID)
	if err != nil {
		return length{}, err
	}
	described, err := t.temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	return length{len(history.GetEvents()), proto.Size(history), described.GetWorkflowExecutionInfo().GetStateTransitionCount()}, err
}
