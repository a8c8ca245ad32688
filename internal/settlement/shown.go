package settlement

import "github.com/quittance/quittance/internal/money"

// MaxShown is how many lines, items, sightings and steps of a payout are shown with it, and how many payouts and receipts with a
// settlement. All of them are in lists of their own.
const MaxShown = 100

// Shown is a payout as it is shown: with the first of its lines and items, and the latest sightings and steps.
type Shown struct {
	Payout
	LineCount, ItemCount int          // of all
	ItemsGross           money.Amount // of all items, in their currency
}

// Shown returns the payout as it is shown.
func (p *Payout) Shown() Shown {
	s := Shown{*p, len(p.Lines), len(p.Items), p.Gross()}
	s.Lines, s.Items = first(p.Lines), first(p.Items)
	s.Seen, s.Timeline = last(p.Seen), last(p.Timeline)
	return s
}

func first[T any](list []T) []T { return list[:min(len(list), MaxShown)] }

func last[T any](list []T) []T { return list[max(len(list)-MaxShown, 0):] }
