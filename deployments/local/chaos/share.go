package main

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// share counts the steps that each worker has taken, over all of its lives.
type share struct {
	mu    sync.Mutex
	last  map[string]int // in the life that was seen last
	total map[string]int // in those before
}

func newShare() *share { return &share{last: map[string]int{}, total: map[string]int{}} }

// look asks each worker's metrics. One that is dead keeps what was seen last.
func (s *share) look(ctx context.Context, c *cluster) {
	for i, port := range c.ports.workers {
		steps, ok := stepsOf(ctx, "http://"+local(port)+"/metrics")
		if !ok {
			continue
		}
		name := "worker-" + strconv.Itoa(i+1)
		s.mu.Lock()
		if steps < s.last[name] { // it was started again
			s.total[name] += s.last[name]
		}
		s.last[name] = steps
		s.mu.Unlock()
	}
}

// all returns the steps by worker.
func (s *share) all() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]int{}
	for name, steps := range s.last {
		all[name] = s.total[name] + steps
	}
	return all
}

// stepsOf sums up how often the worker ran workflows and activities.
func stepsOf(ctx context.Context, url string) (steps int, ok bool) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, false
	}
	defer func() { _ = response.Body.Close() }()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, "temporal_activity_execution_latency_seconds_count") && !strings.HasPrefix(line, "temporal_workflow_task_execution_latency_seconds_count") {
			continue
		}
		if n, err := strconv.Atoi(line[strings.LastIndex(line, " ")+1:]); err == nil {
			steps += n
		}
	}
	return steps, response.StatusCode == http.StatusOK
}
