package main

import (
	"fmt"
	"math"
	"text/tabwriter"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/workflows/contract"
)

// What Temporal Cloud bills beside a payment, see the Actions page of its documentation: the start of a workflow, each accepted update,
// signal, timer, activity and write of search attributes is one action, and so are all local activities of a workflow task together.
const (
	refunding  = 6 // actions of a refund
	delivering = 3 // of each attempt at a webhook that a workflow makes; one that arrives at once costs nothing
	failed     = 2 // of a webhook whose first attempt failed, beside those
)

// tiers are what a million actions cost, by how many there are in a month: Temporal Cloud's list, Business plan. What follows is by contract;
// here it costs as much as the last.
var tiers = []struct{ millions, usd float64 }{{5, 50}, {5, 45}, {10, 40}, {30, 35}, {50, 30}, {100, 25}, {math.Inf(1), 25}}

const hoursOfMonth, daysOfMonth = 730, 365.0 / 12

// bill is a month at Temporal Cloud.
type bill struct {
	payments, millions                   float64 // the latter of actions
	open, rows                           float64 // invoices that are open; workflows in the visibility store, open ones and closed ones
	active, retained, visibility         float64 // GB; the last counts only for who runs Temporal
	forActions, forStorage, forPlan, sum float64 // USD
}

// paid returns what so many million actions cost in a month.
func (c costs) paid(millions float64) (usd float64) {
	for _, t := range tiers {
		in := min(millions, t.millions)
		usd += in * t.usd * c.of("cloud_million_actions_usd") / tiers[0].usd
		millions -= in
	}
	return usd
}

// aPayment is the actions of a payment, from issue to paid.
var aPayment = issuing.actions + paying.actions + settling.actions + aside.actions

// added is by how much Temporal Cloud multiplies actions: for fairness, and for each region.
func (c costs) added() float64 { return (1 + c.of("cloud_fairness")) * c.of("cloud_regions") }

// idle returns the actions of a day of companies, payments or not. A schedule's start is two, the start of its workflow is one, and so is each
// round; that there are no more companies is known only after a round that is not full. make bench counts the same.
func idle(companies float64) float64 {
	run := func(companies float64) float64 { return 2 + 1 + math.Floor(companies/activities.RoundMost) + 1 }
	buckets := float64(contract.Buckets(1))
	return 2*buckets*run(companies/buckets) + run(companies) // sweeps and looks of each bucket, and the retention of all
}

// monthly returns the bill of a plan.
func (p *plan) monthly() (b bill) {
	c := p.costs
	perDay := p.rate * 86_400
	actions := aPayment + c.of("refunds_a_payment")*refunding + events*c.of("webhook_endpoints")*c.of("webhook_attempts_again")*(failed+delivering)
	b.payments, b.millions = perDay*daysOfMonth, (perDay*actions+idle(p.companies))*daysOfMonth*c.added()/1e6
	closed := perDay * (1 + c.of("refunds_a_payment")) * c.of("retention_days")
	b.open = perDay * c.of("invoice_open_days")
	b.rows = b.open + closed
	b.visibility = b.rows * c.of("visibility_row_bytes") / 1e9
	b.active = b.open * c.of("history_open_bytes") / 1e9 * c.of("cloud_regions")
	b.retained = closed * c.of("history_paid_bytes") / 1e9 * c.of("cloud_regions")
	b.forActions = c.paid(b.millions)
	b.forStorage = hoursOfMonth * (b.active*c.of("cloud_active_gbh_usd") + b.retained*c.of("cloud_retained_gbh_usd"))
	b.forPlan = max(c.of("cloud_plan_usd"), c.of("cloud_plan_part")*(b.forActions+b.forStorage))
	b.sum = b.forActions + b.forStorage + b.forPlan
	return b
}

// cloud writes what is billed, and the bills of the plans.
func cloud(w *tabwriter.Writer, row func(...string), line func(string, func(*plan) string), c costs) error {
	row("Temporal Cloud", "actions", "1,000 of these, USD at most")
	row("---", "---", "---")
	for _, of := range []struct {
		what    string
		actions float64
	}{
		{"a payment, from issue to paid", aPayment},
		{"a webhook that arrives at once", 0},
		{"a webhook that arrives at the second attempt", failed + delivering},
		{"each attempt more", delivering},
		{"a refund", refunding},
		{"a day of 100,000 companies without payments", idle(100_000)},
	} {
		row(of.what, number(of.actions), fmt.Sprintf("%.2f", of.actions*c.added()*c.of("cloud_million_actions_usd")/1000))
	}
	_, _ = fmt.Fprintln(w)
	line("payments a second, day and night", func(p *plan) string { return number(p.rate) })
	line("---", func(*plan) string { return "---" })
	for _, of := range []struct {
		what  string
		shows func(bill) string
	}{
		{"actions a month, millions", func(b bill) string { return number(b.millions) }},
		{"open invoices, each one row of visibility", func(b bill) string { return number(b.open) }},
		{"rows of visibility with closed ones; GB of one's own Postgres", func(b bill) string { return number(b.rows) + "; " + number(b.visibility) }},
		{"active storage, retained storage, GB", func(b bill) string { return number(b.active) + ", " + number(b.retained) }},
		{"actions, storage, plan: USD a month", func(b bill) string {
			return number(b.forActions) + ", " + number(b.forStorage) + ", " + number(b.forPlan)
		}},
		{"all of it for 1,000 payments, USD", func(b bill) string { return fmt.Sprintf("%.2f", 1000*b.sum/b.payments) }},
	} {
		line(of.what, func(p *plan) string { return of.shows(p.monthly()) })
	}
	return w.Flush()
}
