package main

import "math"

// event is a visitor that goes on, or a source that sends the next one.
type event struct {
	at      float64
	order   uint64 // of two at the same time, the one that was planned first comes first
	visitor *visitor
	source  int
}

func (e event) before(other event) bool {
	return e.at < other.at || e.at == other.at && e.order < other.order
}

// events is a heap, the next event first. It is written out because container/heap takes twice as long.
type events struct {
	heap    []event
	planned uint64
}

func (h *events) push(e event) {
	h.planned++
	e.order = h.planned
	h.heap = append(h.heap, e)
	i := len(h.heap) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(h.heap[parent]) {
			break
		}
		h.heap[i] = h.heap[parent]
		i = parent
	}
	h.heap[i] = e
}

func (h *events) pop() event {
	first, last := h.heap[0], len(h.heap)-1
	e := h.heap[last]
	h.heap = h.heap[:last]
	if last == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && h.heap[child+1].before(h.heap[child]) {
			child++
		}
		if !h.heap[child].before(e) {
			break
		}
		h.heap[i] = h.heap[child]
		i = child
	}
	h.heap[i] = e
	return first
}

// What a histogram can tell apart: from a microsecond up, each class two percent wider than the one before, up to two hours.
const (
	shortest = 1e-6
	classes  = 1152
)

var widening = math.Log(1.02)

// histogram counts durations in seconds. What is shorter than a microsecond counts as nothing.
type histogram struct {
	count  uint64
	sum    float64
	none   uint64
	counts [classes]uint32
}

func (h *histogram) add(seconds float64) {
	h.count++
	h.sum += seconds
	if seconds < shortest {
		h.none++
		return
	}
	h.counts[min(int(math.Log(seconds/shortest)/widening), classes-1)]++
}

func (h *histogram) mean() float64 {
	if h.count == 0 {
		return 0
	}
	return h.sum / float64(h.count)
}

// percentile returns the duration that the part p of all is at most as long as, to within two percent.
func (h *histogram) percentile(p float64) float64 {
	rank := uint64(math.Ceil(p * float64(h.count)))
	seen := h.none
	if seen >= rank {
		return 0
	}
	for i, n := range h.counts {
		if seen += uint64(n); seen >= rank {
			return shortest * math.Exp(widening*float64(i+1))
		}
	}
	return 0 // an empty one
}
