package main

// The stations, by their place in simulation.stations.
const (
	atAPI = iota
	atFrontend
	atHistory
	atMatching
	atShard
	atPersistence
	atPersistenceLog
	atWorker
	atRecord
	atRecordLog
	atJournal
	atTerminal
	stationCount
)

// journeys are what is done for one payment. A payment takes each of them once, days or minutes apart.
type journeys struct {
	issue journey // an invoice is made and issued
	pay   journey // a payer opens the document, presses Pay now, thinks, pays; then everything until the workflow has ended
	// returns is the second part of pay, for those who were on the payment page before the clock started.
	returns journey
}

// rates are what one visit of each kind takes, in seconds unless it says otherwise.
type rates struct {
	api, frontend, history, matching, worker float64
	write, writeTrips, writeCommits          float64 // of a history: CPU, round trips to Postgres, commits
	statement, statementTrips                float64 // of the record: CPU, round trips
}

// plainly are rates that count: one for each visit.
var plainly = rates{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}

// ratesOf divides what a payment costs by the visits that it makes. What it does besides, such as Temporal's queues and polls, is in
// what was measured, and so in the visits.
func ratesOf(c costs) rates {
	count := build(costs{}, plainly, true) // make bench pays at once, when the worker still has the workflow
	visits := func(at int) float64 { return heldBy(count.issue, at, 1) + heldBy(count.pay, at, 1) }
	return rates{
		api: c.seconds(apiCPU) / visits(atAPI), worker: c.seconds(workerCPU) / visits(atWorker),
		frontend: c.seconds(temporalCPU) * c.of(frontendPart) / visits(atFrontend),
		matching: c.seconds(temporalCPU) * c.of(matchingPart) / visits(atMatching),
		history:  c.seconds(temporalCPU) * (1 - c.of(frontendPart) - c.of(matchingPart)) / visits(atHistory),
		write:    c.seconds(persistenceCPU) / visits(atPersistence), writeTrips: c.of(persistenceSQL) / visits(atPersistence),
		writeCommits: c.of(persistenceTx) / visits(atPersistence),
		statement:    c.seconds(recordCPU) / visits(atRecord), statementTrips: c.of(recordSQL) / visits(atRecord),
	}
}

// journeysOf builds what is done for one payment at those costs.
func journeysOf(c costs) journeys { return build(c, ratesOf(c), false) }

// builder strings steps together.
type builder struct {
	costs costs
	rates rates
	steps journey
}

// build strings the journeys together. Kept says that a worker still has the workflow in its memory when the payer comes.
func build(c costs, r rates, kept bool) journeys {
	b := func() *builder { return &builder{costs: c, rates: r} }

	// A webhook: the relay starts its workflow, which sends it and records that.
	told := b()
	told.task()
	told.transaction(3, true)
	told.temporal()
	told.write()
	told.transaction(2, true)
	told.workflowTask()
	told.task() // SendEvent, started with the answer to the workflow task
	told.transaction(5, false)
	told.pause(c.seconds(endpointLatency), half)
	told.temporal()
	told.write()
	told.workflowTask()
	told.transaction(7, true)
	told.answerTask()
	events := func(b *builder, n float64) {
		if told := told.steps; c.of(endpoints) > 0 {
			b.steps = append(b.steps, step{do: fork, mean: n * c.of(endpoints), forked: told})
		}
	}

	// An invoice is made, then issued by Update-with-Start.
	issue := b()
	issue.api()
	issue.transaction(6, true)
	issue.measure(begin, issuing)
	issue.api()
	issue.transaction(4, false)
	issue.temporal()
	issue.write()
	issue.workflowTask()
	issue.transaction(7, true) // OpenInvoice
	events(issue, 1)
	issue.answerTask()
	issue.transaction(4, false)
	issue.measure(end, issuing)

	// The payer's browser comes back; nobody waits for it.
	back := b()
	back.api()
	back.transaction(4, false)
	back.temporal()
	back.write()

	// Saferpay notifies.
	returns := b()
	returns.measure(begin, notifiedToPaid)
	returns.api()
	returns.transaction(3, false)
	returns.temporal()
	returns.write()
	returns.steps = append(returns.steps, step{do: fork, mean: 1, forked: back.steps})
	returns.workflowTask()
	returns.transaction(5, false) // AssertPayment, inside the workflow task
	returns.saferpay()
	returns.transaction(6, true)
	events(returns, 1)
	returns.answerTask()
	returns.task() // CapturePayment, started with the answer to the workflow task
	returns.transaction(5, false)
	returns.saferpay()
	returns.temporal()
	returns.write()
	returns.workflowTask()
	returns.booking()
	events(returns, 2)
	returns.answerTask()
	returns.measure(end, notifiedToPaid)

	// The payer opens the document and presses Pay now, days after the invoice was issued.
	pay := b()
	pay.api()
	pay.transaction(6, false)
	pay.measure(begin, payingNow)
	pay.api()
	pay.transaction(6, false)
	pay.temporal()
	if !kept {
		pay.replay()
	}
	pay.serve(atMatching, pay.rates.matching)
	pay.hop(1)
	pay.task()
	pay.transaction(6, false)
	pay.saferpay()
	pay.transaction(5, true)
	pay.answerTask()
	pay.measure(end, payingNow)
	pay.pause(c.of(thinking), exponential)

	return journeys{issue: issue.steps, returns: returns.steps, pay: append(pay.steps, returns.steps...)}
}

func (b *builder) measure(do verb, m measure) { b.steps = append(b.steps, step{do: do, measure: m}) }

func (b *builder) pause(mean float64, s spread) {
	if mean > 0 {
		b.steps = append(b.steps, step{do: spend, mean: mean, spread: s})
	}
}

func (b *builder) hop(times float64) { b.pause(times*b.costs.seconds(hop), fixed) }

func (b *builder) serve(at int, mean float64) {
	b.holding(at, func() { b.pause(mean, exponential) })
}

func (b *builder) holding(at int, inside func()) {
	b.steps = append(b.steps, step{do: acquire, at: at})
	inside()
	b.steps = append(b.steps, step{do: release, at: at})
}

// api is one request.
func (b *builder) api() { b.serve(atAPI, b.rates.api) }

// temporal is one request to Temporal.
func (b *builder) temporal() {
	b.serve(atFrontend, b.rates.frontend)
	b.hop(2) // to the frontend, and to the history service behind it
}

// write adds to a history. Its shard takes nothing else meanwhile.
func (b *builder) write() {
	b.serve(atHistory, b.rates.history)
	b.holding(atShard, func() {
		b.serve(atPersistence, b.rates.write)
		b.hop(b.rates.writeTrips)
		b.serve(atPersistenceLog, b.rates.writeCommits*b.costs.seconds(logged))
		b.pause(b.rates.writeCommits*b.costs.seconds(flushed), fixed)
	})
}

// workflowTask hands a workflow to a worker.
func (b *builder) workflowTask() {
	b.serve(atMatching, b.rates.matching)
	b.hop(1)
	b.write()
	b.task()
}

// task is what a worker computes.
func (b *builder) task() { b.serve(atWorker, b.rates.worker) }

// answerTask is the worker's answer to a workflow task.
func (b *builder) answerTask() {
	b.temporal()
	b.write()
}

// replay has a worker read the history of a workflow that it has not kept.
func (b *builder) replay() {
	b.temporal()
	b.serve(atHistory, b.rates.history)
	b.serve(atPersistence, b.rates.write)
	b.task()
}

// transaction is one of the record, with begin and commit among its statements.
func (b *builder) transaction(statements float64, writes bool) {
	b.statements(statements)
	if writes {
		b.commit()
	}
}

func (b *builder) statements(n float64) {
	b.holding(atRecord, func() { b.pause(n*b.rates.statement, exponential) })
	b.hop(n * b.rates.statementTrips)
}

func (b *builder) commit() {
	b.serve(atRecordLog, b.costs.seconds(logged))
	b.pause(b.costs.seconds(flushed), fixed)
}

// booking is BookReceipt. From the head of the company's journal to the end of the transaction nobody else can book there.
func (b *builder) booking() {
	b.statements(5)
	b.holding(atJournal, func() {
		b.statements(8)
		b.commit()
	})
}

// saferpay is one call.
func (b *builder) saferpay() {
	b.holding(atTerminal, func() { b.pause(b.costs.seconds(saferpayLatency), half) })
}

// heldBy returns for how many seconds a journey, and who sets out on its way, holds a server of a station when nobody waits for
// anything, times n.
func heldBy(j journey, at int, n float64) (seconds float64) {
	now, taken := 0.0, 0.0
	for _, s := range j {
		switch s.do {
		case acquire:
			if s.at == at {
				taken = now
			}
		case release:
			if s.at == at {
				seconds += now - taken
			}
		case spend:
			now += s.mean
		case fork:
			seconds += heldBy(s.forked, at, s.mean)
		case begin, end:
		}
	}
	return n * seconds
}

// takes returns how long what is measured takes when nobody waits for anything.
func takes(j journey, m measure) float64 {
	now, begun := 0.0, 0.0
	for _, s := range j {
		switch {
		case s.do == spend:
			now += s.mean
		case s.do == begin && s.measure == m:
			begun = now
		case s.do == end && s.measure == m:
			return now - begun
		}
	}
	return 0
}
