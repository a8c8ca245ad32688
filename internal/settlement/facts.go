package settlement

import "time"

// Facts returns what events tell of the payout.
func (p *Payout) Facts() map[string]string {
	return map[string]string{
		"payout_id": p.ID, "state": string(p.State), "reference": p.Reference, "date": p.Date.Format(time.DateOnly),
		"net": p.Net.Value(), "currency": string(p.Net.Currency()),
	}
}
