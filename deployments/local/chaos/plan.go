package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/workflows/contract"
)

// Plan is all that a run does. It follows from the seed and the size alone; what comes of it also depends on how fast the
// machine is.
type Plan struct {
	Visits []Visit
	Faults []Fault
}

// Visit is one invoice and what its payer and its company do.
type Visit struct {
	At      time.Duration
	Company int
	Story   string
	Minor   int64 // of the invoice, in CHF
	Pause   time.Duration
	Chance  uint64 // decides what the story leaves open
}

// Fault is something that goes wrong for a while, or once.
type Fault struct {
	At     time.Duration
	Kind   string // what a table counts it as
	Target string // an operation of Saferpay, a link of the network, a part, or a type of workflows
	Times  int    // how many calls of Saferpay it hits
	For    time.Duration
	Name   string // the ErrorName, for errors of Saferpay; or forgetting
	Upward bool   // on the way to the one who answers, for faults of the network
	Chance uint64 // chooses a workflow among those that are there, and where it is reset to
}

// String is a line for whoever reads the plan.
func (f Fault) String() string {
	return fmt.Sprintf("%6.1fs  %-24s %s %s", f.At.Seconds(), f.Kind, f.Target, f.Name)
}

// counted is what a table counts the fault as.
func (f Fault) counted() string {
	if _, network := toxics[f.Kind]; network {
		return "network: " + f.Kind
	}
	switch f.Kind {
	case faultKill:
		return f.Kind + " of " + kindOfPart(f.Target)
	case faultNotifications, faultReset, faultTerminate:
		return f.Kind + ": " + f.Target
	case faultClock, faultAge, faultDeploy, faultPassword, faultBackup, faultRestore, faultCut, faultFailover:
		return f.Kind
	default:
		return ofSaferpay + f.Kind
	}
}

// ofSaferpay begins what faults of Saferpay are counted as. They wait for their call, and the simulator says when it came.
const ofSaferpay = "Saferpay: "

// forgetting is a reset after which a workflow is not told again what it was told later.
const forgetting = "forgetting"

// Kinds of faults besides those of Saferpay and of the network.
const (
	faultKill          = "kill -9"
	faultNotifications = "notifications"
	faultClock         = "clock of Saferpay jumps"
	faultAge           = "Saferpay's pages age"
	faultDeploy        = "worker redeployed"
	faultPassword      = "password changed"
	faultReset         = "workflow reset"
	faultTerminate     = "workflow terminated"
	faultBackup        = "backup made"
	faultRestore       = "everything lost, backup restored"
	faultCut           = "standby cut off"
	faultFailover      = "region lost, standby promoted"
)

// The faults of Saferpay: of each kind one for each operation that the product calls. Errors that would be a lie about money,
// such as a decline of what was paid, are not among them.
var (
	saferpayOperations = []string{
		"PaymentPage/Initialize", "PaymentPage/Assert", "Transaction/Capture", "Transaction/Cancel", "Transaction/Refund",
		"Transaction/Inquire", "Transaction/AssertCapture", "Transaction/AssertRefund", "rest/terminals", "rest/license", "rest/transactions",
	}
	saferpayKinds  = []string{"error", "http_500_before", "http_500_after", "reset_before", "reset_after", "html_502", "slow", "hang"}
	saferpayErrors = []string{
		"ACTION_NOT_SUPPORTED", "RETRY_LATER", "COMMUNICATION_FAILED", "COMMUNICATION_TIMEOUT", "INTERNAL_ERROR", "UNEXPECTED_ERROR_BY_ACQUIRER",
	}
	notificationModes = []string{"none", "twice", "late", "before_return"}
)

// stories with how often each is told.
var stories = map[string]int{
	storyCard: 6, storyTwint: 6, storyClosedTab: 5, storyTwoTabs: 4, storySameTabTwice: 2, storyDeclined: 3, storyAborted: 2,
	storyPending: 4, storyCancelled: 4, storyBank: 4, storyNotice: 4, storyPartly: 2, storyLeft: 2, storyRefund: 5, storyRefundInParts: 4,
}

// unreplicated is how much of what happened the other region does not know.
const unreplicated = 3 * time.Second

// newPlan derives the plan from the seed.
func newPlan(o Options) Plan {
	r := rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15)) // #nosec G404 -- a plan must be repeatable
	p := Plan{Visits: visits(r, o)}
	switch {
	case o.Restore:
		p.Faults = []Fault{{At: o.Duration / 2, Kind: faultBackup}, {At: o.Duration * 4 / 5, Kind: faultRestore}}
	case o.Failover:
		p.Faults = []Fault{{At: o.Duration / 2, Kind: faultCut}, {At: o.Duration/2 + unreplicated, Kind: faultFailover}}
	default:
		p.Faults = faults(r, o)
	}
	return p
}

func visits(r *rand.Rand, o Options) (all []Visit) {
	var deck []string
	for _, story := range sortedKeys(stories) {
		deck = append(deck, slices.Repeat([]string{story}, stories[story])...)
	}
	for i := range o.Payments {
		v := Visit{
			At: time.Duration(i) * o.Duration / time.Duration(o.Payments), Company: r.IntN(o.Companies), Story: deck[r.IntN(len(deck))],
			Minor: 1000 + 5*r.Int64N(20_000), Pause: time.Duration(r.IntN(1500)) * time.Millisecond, Chance: r.Uint64(),
		}
		if v.Story == storyPending {
			v.Minor = 6611 + r.Int64N(4) // the provider decides after 1 s, 10 s, 1 min or 2 min (Saferpay's test amounts)
		}
		all = append(all, v)
	}
	for i := range o.Onboardings {
		all = append(all, Visit{At: time.Duration(i) * o.Duration / 3 / time.Duration(o.Onboardings), Company: r.IntN(o.Companies), Story: storyOnboarding, Chance: r.Uint64()})
	}
	for i := range o.Settlements {
		all = append(all, Visit{At: o.Duration/2 + time.Duration(i)*o.Duration/2/time.Duration(o.Settlements), Company: r.IntN(o.Companies), Story: storySettlement, Chance: r.Uint64()})
	}
	slices.SortStableFunc(all, func(a, b Visit) int { return int(a.At - b.At) })
	return all
}

// faults deals every fault once, evenly over the time that payers come, and as many as fit: kills, resets and terminations before others.
func faults(r *rand.Rand, o Options) []Fault {
	deck, others := outsideDeck(r, o), append(saferpayDeck(r, o), networkDeck(r)...)
	r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	deck = append(deck, others[:max(0, min(int(o.Duration/o.FaultEvery)-len(deck), len(others)))]...)
	r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	for i := range deck {
		deck[i].At = time.Duration(i+1) * o.Duration / time.Duration(len(deck)+1)
	}
	for i := range o.Deploys {
		deck = append(deck, Fault{At: time.Duration(i+1) * o.Duration / time.Duration(o.Deploys+1), Kind: faultDeploy, Target: fmt.Sprint(i + 2)})
	}
	slices.SortStableFunc(deck, func(a, b Fault) int { return int(a.At - b.At) })
	return deck
}

// outsideDeck has what happens to processes and to workflows.
func outsideDeck(r *rand.Rand, o Options) (deck []Fault) {
	for _, part := range o.parts() {
		for range o.Kills {
			deck = append(deck, Fault{Kind: faultKill, Target: part, For: between(r, 100*time.Millisecond, 4*time.Second)})
		}
	}
	for _, workflows := range meddled {
		times := o.Meddlings
		if workflows == contract.InvoicePaymentType || workflows == contract.RefundType { // which move money
			times *= 3
		}
		for i := range times {
			deck = append(deck, Fault{Kind: faultTerminate, Target: workflows, Chance: r.Uint64()},
				Fault{Kind: faultReset, Target: workflows, Chance: r.Uint64(), Name: []string{"", forgetting}[(i+r.IntN(2))%2]})
		}
	}
	return deck
}

// never returns the kinds of faults that were planned and did not happen once. In a short run, for which the deck was too large, a fault of
// Saferpay may wait for a call that does not come, and one of a workflow for a workflow.
func (p Plan) never(o Options, happened map[string]int) (kinds []string) {
	short := len(p.Faults) >= int(o.Duration/max(o.FaultEvery, 1))
	for _, f := range p.Faults {
		kind := f.counted()
		mayWait := short && (strings.HasPrefix(kind, ofSaferpay) || slices.Contains([]string{faultReset, faultTerminate}, f.Kind))
		if happened[kind] == 0 && !mayWait && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

func saferpayDeck(r *rand.Rand, o Options) (deck []Fault) {
	for _, operation := range saferpayOperations {
		for _, kind := range saferpayKinds {
			f := Fault{Kind: kind, Target: operation, Times: 1 + r.IntN(2), For: between(r, 100*time.Millisecond, 3*time.Second)}
			if kind == "error" {
				f.Name = saferpayErrors[r.IntN(len(saferpayErrors))]
			}
			deck = append(deck, f)
		}
	}
	for _, operation := range []string{"Transaction/Capture", "Transaction/Refund"} {
		deck = append(deck, Fault{Kind: "pending", Target: operation, Times: 2, For: between(r, 500*time.Millisecond, 3*time.Second)})
	}
	for _, mode := range notificationModes {
		for range 2 {
			deck = append(deck, Fault{Kind: faultNotifications, Target: mode, For: between(r, 2*time.Second, 6*time.Second)})
		}
	}
	for range 4 {
		deck = append(deck,
			Fault{Kind: faultClock, Target: "±", For: between(r, -3*time.Second, 3*time.Second)},
			Fault{Kind: faultAge, Target: "all", For: between(r, time.Second, 10*time.Second)},
			Fault{Kind: faultPassword, Target: fmt.Sprint(r.IntN(o.Companies)), For: between(r, time.Second, 5*time.Second)})
	}
	return deck
}

// networkDeck has every toxic on every link, some of them longer than a heartbeat of an activity is waited for.
func networkDeck(r *rand.Rand) (deck []Fault) {
	for _, link := range links {
		for _, kind := range sortedKeys(toxics) {
			f := Fault{Kind: kind, Target: link, For: between(r, 300*time.Millisecond, 5*time.Second), Upward: r.IntN(2) == 0}
			if r.IntN(12) == 0 {
				f.For += 11 * time.Second
			}
			deck = append(deck, f)
		}
	}
	return deck
}

func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)))
}
