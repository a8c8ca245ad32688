package letter

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/words"
)

// quittance signs what is not written in the name of a company.
const quittance = "Quittance"

// vocabulary is everything that letters say in one language.
type vocabulary struct {
	Greeting, Closing string
	Footer            string // why a company gets such mails
	Next              string // comes before what is to be done
	And               string // joins the last two of a list
	Test              string // why a mail to the acquirer comes to the company; takes the payment service and the acquirer's address
	Labels            map[label]string
	Invoice           invoiceWords
	Receipts          receiptWords
	Reminder          reminderWords
	Endpoint          endpointWords
	Security          securityWords
	Company           map[merchant.What]notice // to the company, by what happened
	Acquirer          map[merchant.What]notice // to the acquirer, in the name of the company
}

// notice is what is particular to one letter. The texts are templates over details.
type notice struct {
	Subject string
	Before  []string
	After   []string
}

// label names a fact.
type label string

const (
	company    label = "company"
	canton     label = "canton"
	contact    label = "contact"
	customerID label = "customer_id"
	terminalID label = "terminal_id"
	username   label = "username"
	submitted  label = "submitted"
	earliest   label = "earliest"
	due        label = "due"
)

var (
	//go:embed words
	files embed.FS

	// languages are what letters can be written in.
	languages = words.Languages[vocabulary](files, "words")
	// operators are the notices to those who run Quittance.
	operators = words.Read[map[merchant.What]notice](files, "words/operators.yaml")
)

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
	p := page{Language: c.Language, From: quittance, Greeting: w.Greeting, Closing: w.Closing, Footer: fmt.Sprintf(w.Footer, c.Name)}
	switch step.What {
	case merchant.Reminded:
		p.Steps = stepsOf(s.CredentialSteps(), c.Language)
	case merchant.What(merchant.Suspended), merchant.What(merchant.Rejected), merchant.ContractsLost:
		p.Lead, p.Steps = w.Next, stepsOf(s.NextSteps(), c.Language)
	}
	letter, err := p.about(c, s, step, w.Company[step.What], w.Labels)
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
	return onBehalf(c, s, at, "", AcquirerAddress(s.Timeline[at].What), attachments)
}

// InsteadOfAcquirer returns the same mail to the company's contact, with a note on top that names where it would go if the payment
// service were live.
func InsteadOfAcquirer(c merchant.Company, s merchant.PaymentService, at int, attachments ...Attachment) (Letter, error) {
	note := fmt.Sprintf(languages[c.Language].Test, s.Name, AcquirerAddress(s.Timeline[at].What))
	return onBehalf(c, s, at, note, c.ContactEmail, attachments)
}

func onBehalf(c merchant.Company, s merchant.PaymentService, at int, note, to string, attachments []Attachment) (Letter, error) {
	s, step := asOf(s, at)
	w := languages[c.Language]
	p := page{Language: c.Language, Note: note, From: c.Name, Greeting: w.Greeting, Closing: w.Closing}
	letter, err := p.about(c, s, step, w.Acquirer[step.What], w.Labels)
	letter.ID, letter.To, letter.ReplyTo, letter.Attachments = identify(s, at, merchant.ToAcquirer), to, c.ContactEmail, attachments
	return letter, err
}

// ToOperators returns the mail that tells the operators, in English, of a step that needs a person.
func ToOperators(c merchant.Company, s merchant.PaymentService, at int, address string) (Letter, error) {
	s, step := asOf(s, at)
	w := languages["en"]
	p := page{Language: "en", From: quittance, Greeting: w.Greeting, Closing: w.Closing}
	letter, err := p.about(c, s, step, operators[step.What], w.Labels)
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
	lines, err := d.fill(slices.Concat([]string{n.Subject}, n.Before, n.After))
	if err != nil {
		return Letter{}, fmt.Errorf("the mail about %s in %q: %w", step.What, p.Language, err)
	}
	look := looks[step.What]
	p.Title, p.Before, p.After, p.Colour = lines[0], lines[1:1+len(n.Before)], lines[1+len(n.Before):], look.colour
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
	return strings.Join(list[:last], ", ") + languages[language].And + list[last]
}
