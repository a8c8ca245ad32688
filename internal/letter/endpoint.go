package letter

import (
	"fmt"

	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/merchant"
)

// endpointWords are the fixed parts of the mail about a webhook endpoint that was disabled. Intro takes the company's name,
// Enable and Ask take the path of the endpoint.
type endpointWords struct{ Subject, Intro, ID, Address, Reason, Mend, Enable, Ask, Kept string }

// EndpointDisabled returns the mail that tells a company that one of its webhook endpoints takes no events any more. It has no
// address when the company has no contact.
func EndpointDisabled(c merchant.Company, e delivery.Endpoint) (Letter, error) {
	w := languages[c.Language]
	path := "/v1/webhook-endpoints/" + e.ID
	letter, err := page{
		Language: c.Language, From: quittance, Colour: bad, Title: w.Endpoint.Subject, Greeting: w.Greeting,
		Before: []string{fmt.Sprintf(w.Endpoint.Intro, c.Name)},
		Facts: []fact{
			{Label: w.Endpoint.ID, Value: e.ID}, {Label: w.Endpoint.Address, Value: e.URL}, {Label: w.Endpoint.Reason, Value: e.DisabledBecause},
		},
		Steps: []step{{Text: w.Endpoint.Mend}, {Text: fmt.Sprintf(w.Endpoint.Enable, path)}, {Text: fmt.Sprintf(w.Endpoint.Ask, path)}},
		After: []string{w.Endpoint.Kept}, Closing: w.Closing, Footer: fmt.Sprintf(w.Footer, c.Name),
	}.render()
	letter.ID, letter.To, letter.Subject = fmt.Sprintf("%s.disabled.%d", e.ID, e.DisabledAt.Unix()), c.ContactEmail, w.Endpoint.Subject
	return letter, err
}
