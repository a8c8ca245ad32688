package main

// station is something that payments want to use at the same time.
type station int

const (
	atAPI station = iota
	atFrontend
	atHistory
	atMatching
	atWorker
	atPersistence
	atRecord
	atConnection
	atShard
	atJournal
	atTerminal
	nowhere // nothing is used
)

var stationNames = [nowhere]string{
	"API, pods", "Temporal's frontend, pods", "Temporal's history service, pods", "Temporal's matching, pods", "workers, pods",
	"Temporal's Postgres, cores", "Quittance's Postgres, cores", "Quittance's Postgres, connections", "Temporal's history shards",
	"the largest company's journal", "the largest company's terminals, calls",
}

// work is how often a part of a payment's life uses things.
type work struct {
	requests, temporal, writes, reads float64 // to the API, to Temporal; of a history
	matched, tasks                    float64 // workflow tasks handed out, everything that a worker computes
	transactions, commits, statements float64 // of the record; commits are those that write
	saferpay, bookings                float64 // calls; receipts, whose transactions are among those above
	actions                           float64 // that Temporal Cloud bills
}

// A payment is issued, and paid at the first attempt. An activity starts with the answer to the workflow task that asks for it.
// Paying comes days after issuing: no worker keeps a workflow so long, so one reads its history and replays it.
var (
	issuing  = work{requests: 1, temporal: 2, writes: 3, matched: 1, tasks: 1, transactions: 3, commits: 1, statements: 15, actions: 3}
	paying   = work{requests: 1, temporal: 5, writes: 4, reads: 1, matched: 2, tasks: 4, transactions: 3, commits: 1, statements: 17, saferpay: 1, actions: 3}
	settling = work{requests: 1, temporal: 6, writes: 9, matched: 3, tasks: 5, transactions: 5, commits: 2, statements: 32, saferpay: 2, bookings: 1, actions: 5}
	aside    = work{requests: 3, temporal: 1, writes: 1, transactions: 3, commits: 1, statements: 16, actions: 1} // make, look, come back from Saferpay
	telling  = work{tasks: 1, transactions: 3, commits: 2, statements: 16}                                        // by the relay; what does not arrive at once is a workflow
	benched  = work{requests: 6, temporal: 13, writes: 17, matched: 6, tasks: 9, statements: 80}                  // by make bench: no replay, no webhook
)

const events, statementsOfBooking = 4, 8 // that a payment tells each webhook endpoint; while nobody else can book in this journal

// step is one use of a station, some times. A lock is held during other steps, so that only its wait takes time of its own.
type step struct {
	at      station
	times   float64
	service spell
	lock    bool
}

// steps returns the steps of some work. A visit takes what was measured of all visits, divided by their number.
func (c costs) steps(w work) []step {
	cpu := func(key string, visits float64) spell { return exponential(c.seconds(key) / visits) }
	frontend, matching := c.of("temporal_frontend_part"), c.of("temporal_matching_part")
	hop, flush := spell{mean: c.seconds("hop_ms")}, spell{mean: c.seconds("commit_flush_ms")}
	store := cpu("temporal_postgres_cpu_ms", benched.writes)
	written := spell{}.plus(c.of("temporal_statements")/benched.writes, hop).plus(c.of("temporal_commits")/benched.writes, flush)
	query := func(n float64) spell { return cpu("quittance_postgres_cpu_ms", benched.statements/n) }
	sent := func(n float64) spell { return spell{}.plus(n*c.of("quittance_statements")/benched.statements, hop) }
	each, half := w.statements/w.transactions, c.seconds("saferpay_ms")/2
	committed := sent(each).plus(w.commits/w.transactions, flush)
	return []step{
		{atAPI, w.requests, cpu("api_cpu_ms", benched.requests), false},
		{atFrontend, w.temporal, cpu("temporal_cpu_ms", benched.temporal/frontend), false},
		{atHistory, w.writes + w.reads, cpu("temporal_cpu_ms", benched.writes/(1-frontend-matching)), false},
		{atMatching, w.matched, cpu("temporal_cpu_ms", benched.matched/matching), false},
		{nowhere, 2*w.temporal + w.matched, hop, false}, // to the frontend and to the history service behind it; to the worker
		{atWorker, w.tasks, cpu("worker_cpu_ms", benched.tasks), false},
		{atPersistence, w.writes + w.reads, store, false},
		{nowhere, w.writes, written, false},
		{atShard, w.writes, store.plus(1, written), true}, // takes one write at a time
		{atRecord, w.transactions, query(each), false},
		{nowhere, w.transactions, committed, false},
		{atConnection, w.transactions, query(each).plus(1, committed), true},
		{atJournal, w.bookings, query(statementsOfBooking).plus(1, sent(statementsOfBooking)).plus(1, flush), true},
		{atTerminal, w.saferpay, spell{mean: half}.plus(1, exponential(half)), false}, // half of it never varies
	}
}
