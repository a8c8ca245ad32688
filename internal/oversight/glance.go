package oversight

import "github.com/quittance/quittance/internal/money"

// Glance is what a company sees of itself at a glance.
type Glance struct {
	Exceptions int     // that are open
	Payouts    int     // that wait for a person
	Received   []Tally // since the first of the month, by payments and other receipts
	Open       []Tally // what is missing on invoices that are issued
	Overdue    []Tally // the part of Open whose due date has passed
}

// Tally is money in one currency, and of how many things it is the sum.
type Tally struct {
	Amount money.Amount
	Count  int
}
