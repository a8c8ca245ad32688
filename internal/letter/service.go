package letter

import (
	"fmt"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
)

// quittance signs what is not written in the name of a company.
const quittance = "Quittance"

// words are everything that letters say in one language.
type words struct {
	greeting, closing string
	footer            string // why a company gets such mails
	next              string // comes before what is to be done
	and               string // joins the last two of a list
	labels            map[label]string
	invoice           invoiceWords
	endpoint          endpointWords
	company           map[merchant.What]notice // to the company, by what happened
	acquirer          map[merchant.What]notice // to the acquirer, in the name of the company
}

// notice is what is particular to one letter. The texts are templates over details.
type notice struct {
	subject string
	before  []string
	after   []string
}

type label int

// The labels of facts.
const (
	company label = iota
	canton
	contact
	customerID
	terminalID
	username
	submitted
	earliest
	due
)

// languages are what letters can be written in: those of invoice.Languages.
var languages = map[string]words{"de": german, "fr": french, "it": italian, "en": english}

// details are what notices can speak of.
type details struct {
	Company, Contact, Service, ServiceID, CustomerID, TerminalID string

	Submitted, Earliest, Due string // dates
	About, Reason            string // of the step
	List                     string // About, where that lists methods with currencies, as people write it
	Methods                  string // what payers can pay by, as in "card and TWINT"
	DocumentsMail            string
}

// look is how a notice looks: the colour of its bar, and which facts stand in it. Methods are the contracted ones with their
// currencies.
type look struct {
	colour  string
	facts   []label
	methods bool
}

var looks = map[merchant.What]look{
	merchant.Reminded:                      {colour: wait},
	merchant.Abandoned:                     {colour: bad},
	merchant.What(merchant.InVerification): {colour: wait, facts: []label{customerID, terminalID, submitted, earliest, due}},
	merchant.Overdue:                       {colour: bad, facts: []label{customerID, terminalID, submitted, due}},
	merchant.What(merchant.Active):         {colour: good, methods: true},
	merchant.What(merchant.Rejected):       {colour: bad},
	merchant.What(merchant.Suspended):      {colour: bad, facts: []label{customerID, terminalID, username}},
	merchant.MethodsLost:                   {colour: bad, methods: true},
	merchant.ContractsLost:                 {colour: bad, facts: []label{customerID, terminalID}},
	merchant.CurrencyWanted:                {colour: good, facts: []label{company, canton, customerID, terminalID, contact}},
	merchant.CurrencyContracted:            {colour: good, methods: true},
	merchant.CurrencyDeclined:              {colour: bad},
	merchant.What(merchant.Disconnected):   {colour: wait},
	merchant.DocumentReceived:              {colour: good, facts: []label{company, canton, customerID, terminalID, contact}},
	merchant.DocumentRefused:               {colour: bad},
}

// ToCompany returns the mail that tells a company of a step on the timeline of its payment service.
func ToCompany(c merchant.Company, s merchant.PaymentService, at int) (Letter, error) {
	s, step := asOf(s, at)
	w := languages[c.Language]
	p := page{Language: c.Language, From: quittance, Greeting: w.greeting, Closing: w.closing, Footer: fmt.Sprintf(w.footer, c.Name)}
	switch step.What {
	case merchant.Reminded:
		p.Steps = stepsOf(s.CredentialSteps(), c.Language)
	case merchant.What(merchant.Suspended), merchant.What(merchant.Rejected), merchant.ContractsLost:
		p.Lead, p.Steps = w.next, stepsOf(s.NextSteps(), c.Language)
	}
	letter, err := p.about(c, s, step, w.company[step.What], w.labels)
	letter.ID, letter.To = identify(s, at, merchant.ToCompany), c.ContactEmail
	return letter, err
}

// AcquirerAddress is where Worldline/SIX takes mails about such a step.
func AcquirerAddress(what merchant.What) string {
	if what == merchant.CurrencyWanted {
		return "cs.ecom@six-payment-services.com"
	}
	return merchant.DocumentsMail
}

// ToAcquirer returns the mail to Worldline/SIX about a step, in the name of the company and in its language: answers go to the
// company, not to Quittance.
func ToAcquirer(c merchant.Company, s merchant.PaymentService, at int, attachments ...Attachment) (Letter, error) {
	s, step := asOf(s, at)
	w := languages[c.Language]
	p := page{Language: c.Language, From: c.Name, Greeting: w.greeting, Closing: w.closing}
	letter, err := p.about(c, s, step, w.acquirer[step.What], w.labels)
	letter.ID, letter.To, letter.ReplyTo, letter.Attachments = identify(s, at, merchant.ToAcquirer), AcquirerAddress(step.What), c.ContactEmail, attachments
	return letter, err
}

// ToOperators returns the mail that tells the operators, in English, of a step that needs a person.
func ToOperators(c merchant.Company, s merchant.PaymentService, at int, address string) (Letter, error) {
	s, step := asOf(s, at)
	p := page{Language: "en", From: quittance, Greeting: english.greeting, Closing: english.closing}
	letter, err := p.about(c, s, step, operators[step.What], english.labels)
	letter.ID, letter.To, letter.ReplyTo = identify(s, at, merchant.ToOperators), address, c.ContactEmail
	return letter, err
}

// asOf returns the payment service as it stood at a step of its timeline, and the step: a letter that had to wait tells what
// was to be told. Contracts are those of now.
func asOf(s merchant.PaymentService, at int) (merchant.PaymentService, merchant.ServiceStep) {
	step := s.Timeline[at]
	s.Status, s.Timeline = step.Status, s.Timeline[:at+1]
	return s, step
}

// identify names a letter for good.
func identify(s merchant.PaymentService, at int, to merchant.Recipient) string {
	return fmt.Sprintf("%s.%d.%s", s.ID, at, to)
}

// about fills the page with what a notice says and returns the letter.
func (p page) about(c merchant.Company, s merchant.PaymentService, step merchant.ServiceStep, n notice, labels map[label]string) (Letter, error) {
	d := details{
		Company: c.Name, Contact: c.ContactEmail, Service: s.Name, ServiceID: s.ID, CustomerID: s.CustomerID, TerminalID: s.TerminalID,
		Submitted: date(s.SubmittedAt, p.Language), Earliest: date(s.EarliestAt, p.Language), Due: date(s.DueAt, p.Language),
		About: step.About, Reason: step.Note, List: methodNames.Replace(step.About), DocumentsMail: merchant.DocumentsMail, Methods: methodsIn(p.Language),
	}
	lines, err := d.fill(slices.Concat([]string{n.subject}, n.before, n.after))
	if err != nil {
		return Letter{}, fmt.Errorf("the mail about %s in %q: %w", step.What, p.Language, err)
	}
	look := looks[step.What]
	p.Title, p.Before, p.After, p.Colour = lines[0], lines[1:1+len(n.before)], lines[1+len(n.before):], look.colour
	values := map[label]string{
		company: c.Name, canton: c.Canton, contact: c.ContactEmail, customerID: s.CustomerID, terminalID: s.TerminalID, username: s.APIUsername,
		submitted: d.Submitted, earliest: d.Earliest, due: d.Due,
	}
	for _, l := range look.facts {
		if values[l] != "" {
			p.Facts = append(p.Facts, fact{Label: labels[l], Value: values[l]})
		}
	}
	if look.methods {
		for _, m := range s.Methods {
			p.Facts = append(p.Facts, fact{Label: methodNames.Replace(m.Method), Value: strings.Join(m.Currencies, ", ")})
		}
	}
	letter, err := p.render()
	letter.Subject = p.Title
	return letter, err
}

// fill executes templates over the details.
func (d details) fill(templates []string) ([]string, error) {
	filled := make([]string, len(templates))
	for i, t := range templates {
		parsed, err := texttemplate.New("").Parse(t)
		if err != nil {
			return nil, err
		}
		var b strings.Builder
		if err := parsed.Execute(&b, d); err != nil {
			return nil, err
		}
		filled[i] = b.String()
	}
	return filled, nil
}

func stepsOf(next []merchant.NextStep, language string) []step {
	steps := make([]step, len(next))
	for i, n := range next {
		steps[i] = step{Text: n.Texts[language], URL: n.URL}
	}
	return steps
}

// date is how the day in Switzerland is written; empty for no time at all.
func date(t time.Time, language string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(calendar.Zurich).Format(dateLayouts[language])
}

// methodNames puts what people call payment methods in the place of Saferpay's names.
var methodNames = func() *strings.Replacer {
	var pairs []string
	for _, m := range payment.Methods {
		for _, b := range m.Brands() {
			pairs = append(pairs, b.Saferpay, b.Name)
		}
	}
	return strings.NewReplacer(pairs...)
}()

// methodsIn lists all methods within a sentence, in that language.
func methodsIn(language string) string {
	var list []string
	for _, m := range payment.Methods {
		list = append(list, m.Word(language))
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + languages[language].and + list[last]
}
