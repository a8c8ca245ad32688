package mrx

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/quittance/quittance/internal/strictxml"
)

// The amounts of entries whose sums are stated, and those that a sum is checked against in another way, see readings.
const (
	sale       = "aTrxOC" // in the currency of the sale
	gross      = "aTrxGrosSC"
	net        = "aTrxNetSC"
	commission = "aComEffSC"
	billed     = "aComEffBC"
	adjusted   = "aFAdjNetSC"
	allNet     = "aNetSC"
	allGross   = "aGrosSC"
	paid       = "aPaymentSC"
)

// The counts that are stated. Above a payment the acquirer's own sample counts summary slips twice.
const (
	transactions = "noValidTrx"
	slips        = "noSumSlip"
	payments     = "noPayments"
)

var countedSlips = names("contract", "businessPart", "payment")

// pair is an amount in two readings, since it is not documented whether the amounts of a reversal (isReversal 1) have their sign:
// as they are written, and with those of reversals turned. The sums of the file decide.
type pair [2]decimal.Decimal

func (p pair) add(q pair) pair { return pair{p[0].Add(q[0]), p[1].Add(q[1])} }

type key struct{ name, currency string }

// tally is what was found within an element.
type tally struct {
	sums   map[key]pair
	counts map[key]int
	untold map[string]bool // amounts that an entry leaves out, so that nothing can be said of their sums
}

func newTally() tally {
	return tally{map[key]pair{}, map[key]int{}, map[string]bool{}}
}

func (t tally) add(name, currency string, amount pair) {
	k := key{name, currency}
	t.sums[k] = t.sums[k].add(amount)
}

// merge adds what was found within a child.
func (t tally) merge(child tally) {
	for k, amount := range child.sums {
		t.sums[k] = t.sums[k].add(amount)
	}
	for k, n := range child.counts {
		t.counts[k] += n
	}
	for name := range child.untold {
		t.untold[name] = true
	}
}

// level is an element that states sums of what it holds.
type level struct {
	tally
	element string
	line    int
	payment int     // its index, if it is one
	stated  []field // of its sums
	blocks  int
	leaves  map[string]field
	opening Balance
	closing Balance
}

// maxBlocks is how many sums one element may state: one per currency.
const maxBlocks = 100

var (
	statedAmounts = []string{sale, gross, net, commission, billed, adjusted, allNet, allGross, paid}
	statedCounts  = []string{transactions, slips, payments}
	statedNames   = names(slices.Concat(statedAmounts, statedCounts)...)
)

// sum reads the sum of an element: sumSC in currencies of settlement and sumOC in those of sales, each once per currency.
func (r *reader) sum(l *level) error {
	return r.Children(func(child xml.StartElement) error {
		name := child.Name.Local
		if name != "sumSC" && name != "sumOC" {
			return r.skip()
		}
		if l.blocks++; l.blocks > maxBlocks {
			return r.Fault("%s has more than %d sums", l.element, maxBlocks)
		}
		found, err := r.fields("sum/"+name, statedNames)
		if err != nil {
			return err
		}
		currency := ""
		for _, amount := range statedAmounts {
			if f, ok := found[amount]; ok {
				currency = f.currency
				f.told = name
				l.stated = append(l.stated, f)
			}
		}
		for _, count := range statedCounts {
			if f, ok := found[count]; ok && currency != "" { // of nothing else is it told what it counts
				f.told, f.currency = name, currency
				l.stated = append(l.stated, f)
			}
		}
		return nil
	})
}

// check holds the stated sums of an element against what was found within it.
func (r *reader) check(l *level) error {
	for _, f := range l.stated {
		where := l.element + "/sum/" + f.told
		if slices.Contains(statedCounts, f.name) {
			if err := l.count(f, where); err != nil {
				return err
			}
			continue
		}
		stated, err := f.amount(where)
		if err != nil {
			return err
		}
		if readings := l.readings(f); len(readings) > 0 {
			if err := r.compare(f.line, where+"/"+f.name, stated, "what it holds adds up to", readings...); err != nil {
				return err
			}
		}
	}
	return nil
}

// readings returns what a stated sum may be. It is not documented whether the sums over everything count adjustments, and of
// those which amount is the gross one.
func (l *level) readings(f field) []pair {
	of := func(name string) pair { return l.sums[key{name, f.currency}] }
	switch f.name {
	case paid:
		if !slices.Contains(aboveAccounts, l.element) {
			return nil
		}
		return []pair{of(paid)}
	case allNet:
		return []pair{of(net).add(of(adjusted)), of(net)}
	case allGross:
		return []pair{of(gross).add(of(adjusted)), of(gross)}
	}
	if l.untold[f.name] {
		return nil
	}
	return []pair{of(f.name)}
}

// aboveAccounts are the elements in which payments are complete.
var aboveAccounts = []string{"stlAccount", "settlingPart", "reportingPart"}

// compare holds a stated amount against readings of what was found. A way to read reversals that doesn't fit is given up; when
// none is left, the file contradicts itself.
func (r *reader) compare(line int, what string, stated decimal.Decimal, found string, readings ...pair) error {
	var fits [2]bool
	left := false
	for way := range fits {
		fits[way] = r.possible[way] && slices.ContainsFunc(readings, func(p pair) bool { return p[way].Equal(stated) })
		left = left || fits[way]
	}
	if !left {
		way := 0
		if !r.possible[way] {
			way = 1
		}
		return strictxml.Fault(line, "%s is %s, but %s %s", what, shown(stated), found, shown(readings[0][way]))
	}
	r.possible = fits
	return nil
}

func (l *level) count(f field, where string) error {
	kind := strings.TrimPrefix(f.told, "sum")
	found := []int{l.counts[key{f.name + kind, f.currency}]}
	switch f.name {
	case slips:
		if !countedSlips[l.element] {
			return nil
		}
	case payments:
		if !slices.Contains(aboveAccounts, l.element) {
			return nil
		}
		found = append(found, found[0]+l.counts[key{carried, f.currency}])
	}
	if n, err := strconv.Atoi(f.text); err != nil || !slices.Contains(found, n) {
		return strictxml.Fault(f.line, "%s/%s is %s, but there are %d", where, f.name, strictxml.Quoted(f.text), found[0])
	}
	return nil
}

// carried counts what takes the place of a payment.
const carried = "carried"

// shown returns an amount with at least two decimals, and no more than it needs.
func shown(d decimal.Decimal) string {
	if d.Equal(d.Round(2)) {
		return d.StringFixed(2)
	}
	return d.String()
}
