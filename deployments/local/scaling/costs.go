package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// cost is one figure of the table, and where it comes from.
type cost struct {
	Value float64 `json:"value"`
	From  string  `json:"from"`
}

// costs are what a payment costs, by key. All keys are always there: those of builtIn.
type costs map[string]cost

// The keys of the table. What is "of a payment" is of one that is issued, paid at the first attempt and booked, webhooks apart.
const (
	apiCPU           = "api_cpu_ms"                // of a payment, in the API's processes
	workerCPU        = "worker_cpu_ms"             // of a payment, in the workers
	temporalCPU      = "temporal_cpu_ms"           // of a payment, in Temporal's own processes
	frontendPart     = "temporal_frontend_part"    // of temporalCPU, in the frontend
	matchingPart     = "temporal_matching_part"    // of temporalCPU, in matching; the rest is the history service
	persistenceCPU   = "temporal_postgres_cpu_ms"  // of a payment, in Temporal's Postgres
	persistenceSQL   = "temporal_statements"       // of a payment
	persistenceTx    = "temporal_commits"          // of a payment, those that write
	recordCPU        = "quittance_postgres_cpu_ms" // of a payment, in Quittance's Postgres
	recordSQL        = "quittance_statements"      // of a payment, round trips
	logged           = "commit_log_ms"             // for which a commit keeps everybody else out of the log of a Postgres server
	flushed          = "commit_flush_ms"           // until a commit is on disk; those of others are flushed with it
	hop              = "hop_ms"                    // to another part and back
	saferpayLatency  = "saferpay_ms"               // until Saferpay answers
	saferpayAtOnce   = "saferpay_calls_at_once"    // at a terminal
	thinking         = "payer_seconds"             // from Pay now to the notification
	endpoints        = "webhook_endpoints"         // of a company, each of which is told of every event
	endpointLatency  = "webhook_endpoint_ms"       // until one answers
	companySkew      = "company_skew"              // the n-th largest company has 1/n^skew as many payments as the largest
	largestPostgres  = "largest_postgres_cores"    // of a server that you would buy
	keptWorkflows    = "worker_kept_workflows"     // that a worker process keeps in memory
	secondsPerMillis = 1e-3
)

// builtIn is the table that is used unless another one is given.
var builtIn = costs{
	apiCPU:          {15, divided},
	workerCPU:       {24, divided},
	temporalCPU:     {60, divided},
	frontendPart:    {.25, "a guess: which service of Temporal takes how much of its CPU is not told apart in one process"},
	matchingPart:    {.15, "a guess, as above"},
	persistenceCPU:  {33, divided},
	persistenceSQL:  {143, "make bench"},
	persistenceTx:   {26, "counted: 11 writes of a history, each with its new events and its state, and 4 of the visibility store"},
	recordCPU:       {19, divided},
	recordSQL:       {118, "make bench: 137 statements, of which begin and the choice of the company are one round trip"},
	logged:          {.02, "a guess: good disks and a large server take some 50,000 small commits a second"},
	flushed:         {1, "a guess: a local SSD; storage over a network takes 2 ms and more"},
	hop:             {.3, "a guess: one zone of a data centre; nothing on the machine where the rest was measured"},
	saferpayLatency: {300, "a guess; the simulator answers at once"},
	saferpayAtOnce:  {32, "internal/saferpay/limits.go; Saferpay publishes none"},
	thinking:        {90, "a guess: card number and 3-D Secure"},
	endpoints:       {1, "a guess: the invoicing product wants all events; four events a payment"},
	endpointLatency: {150, "a guess"},
	companySkew:     {.8, "a guess: the largest of 100,000 companies has two of a hundred payments"},
	largestPostgres: {64, "a guess: what clouds rent out without asking"},
	keptWorkflows:   {10_000, "the default of Temporal's Go SDK"},
}

const divided = "make bench on two cores: 10.5 payments a second with everything on them, 165 ms of CPU each, of which 9 % are taken off for the simulator and the payers"

// keys are those of the table, in the order in which a reader wants them.
var keys = []string{
	apiCPU, workerCPU, temporalCPU, frontendPart, matchingPart, persistenceCPU, persistenceSQL, persistenceTx, recordCPU, recordSQL, logged, flushed,
	hop, saferpayLatency, saferpayAtOnce, thinking, endpoints, endpointLatency, companySkew, largestPostgres, keptWorkflows,
}

// readCosts reads a table as print writes it. What is not in it stays as it is built in; what is unknown is an error, because it is
// a key that somebody mistyped.
func readCosts(from io.Reader) (costs, error) {
	var given map[string]cost
	decoder := json.NewDecoder(from)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&given); err != nil {
		return nil, fmt.Errorf("read the costs: %w", err)
	}
	c := costs{}
	for key, known := range builtIn {
		c[key] = known
	}
	for key, of := range given {
		if _, known := builtIn[key]; !known {
			return nil, fmt.Errorf("read the costs: there is no %q; the keys are %s", key, strings.Join(keys, ", "))
		}
		c[key] = of
	}
	return c, c.check()
}

// check tells what no payment can cost.
func (c costs) check() error {
	var wrong []error
	for _, key := range keys {
		v := c[key].Value
		if v < 0 || math.IsInf(v, 0) {
			wrong = append(wrong, fmt.Errorf("%s can't be %v", key, v))
		}
	}
	for _, key := range []string{persistenceSQL, persistenceTx, recordSQL, saferpayAtOnce, thinking, largestPostgres} {
		if c[key].Value == 0 {
			wrong = append(wrong, fmt.Errorf("%s can't be 0", key))
		}
	}
	if c[saferpayAtOnce].Value < 1 || c[largestPostgres].Value < 1 {
		wrong = append(wrong, fmt.Errorf("%s and %s are whole numbers from 1", saferpayAtOnce, largestPostgres))
	}
	if c[frontendPart].Value+c[matchingPart].Value > 1 {
		wrong = append(wrong, fmt.Errorf("%s and %s are more than the whole", frontendPart, matchingPart))
	}
	return errors.Join(wrong...)
}

// print writes the table as JSON that readCosts understands, a line for each key.
func (c costs) print(to io.Writer) error {
	lines := make([]string, len(keys))
	for i, key := range keys {
		from, err := json.Marshal(c[key].From)
		if err != nil {
			return err
		}
		lines[i] = fmt.Sprintf("  %-28s {\"value\": %v, \"from\": %s}", fmt.Sprintf("%q:", key), c[key].Value, from)
	}
	_, err := fmt.Fprintf(to, "{\n%s\n}\n", strings.Join(lines, ",\n"))
	return err
}

// of returns a figure as it stands in the table.
func (c costs) of(key string) float64 { return c[key].Value }

// seconds returns a figure of milliseconds.
func (c costs) seconds(key string) float64 { return c[key].Value * secondsPerMillis }
