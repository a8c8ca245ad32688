package invoice

import (
	"strings"

	"github.com/quittance/quittance/internal/personal"
)

// Mentions returns what finds the customer of the invoices in texts.
func Mentions(invoices []Invoice) personal.Mentions {
	var known []string
	for _, i := range invoices {
		a := i.Content.Address
		known = append(known, i.Customer.Name, i.Customer.Email, i.Email.To, strings.TrimSpace(a.Street+" "+a.HouseNumber))
		for _, r := range i.Reminders {
			known = append(known, r.Email.To)
		}
	}
	return personal.NewMentions(known...)
}
