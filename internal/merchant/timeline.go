package merchant

import (
	"slices"
	"time"
)

// What names a step of a payment service's life. A step that changed the status has the name of the new status.
type What string

// The steps beside those that change the status.
const (
	Created            What = "created"
	Reminded           What = "reminded"            // the credentials are still missing; About is after how many business days
	Abandoned          What = "abandoned"           // disconnected, because the credentials never came
	CredentialsRenewed What = "credentials_renewed" // new credentials replaced those that worked
	Overdue            What = "overdue"             // the verification takes longer than it should
	DocumentReceived   What = "document_received"   // About is the document
	DocumentSent       What = "document_sent"       // the acquirer's mail server took it, and it was erased here
	DocumentRefused    What = "document_refused"    // the mail server refused it for good, and it was erased here
	CurrencyWanted     What = "currency_requested"  // About is the currency
	CurrencyContracted What = "currency_active"     // About is the currency
	CurrencyDeclined   What = "currency_rejected"   // About is the currency
	MethodsLost        What = "methods_lost"        // About lists methods with currencies, such as "TWINT CHF, VISA EUR"
	MethodsAdded       What = "methods_added"       // the same
	ContractsLost      What = "contracts_lost"      // suspended, because nothing is contracted any more
	NoReport           What = "no_report"           // Saferpay gives no report to compare with our records
	CredentialsErased  What = "credentials_erased"  // nothing is in flight any more
	Mailed             What = "mailed"              // a mail about an earlier step was taken by the mail server
	NotMailed          What = "not_mailed"          // that mail was not sent, or was refused for good
)

// Whats lists every step, in the order of a life.
var Whats = []What{
	Created, Reminded, Abandoned, What(InVerification), Overdue, What(Active), What(Rejected), CredentialsRenewed, What(Suspended),
	DocumentReceived, DocumentSent, DocumentRefused, CurrencyWanted, CurrencyContracted, CurrencyDeclined, MethodsLost, MethodsAdded,
	ContractsLost, NoReport, What(Disconnected), CredentialsErased, Mailed, NotMailed,
}

// ServiceStep is one entry of a payment service's timeline.
type ServiceStep struct {
	At     time.Time     `json:"at"`
	Status ServiceStatus `json:"status"` // after the step
	What   What          `json:"what"`
	About  string        `json:"about,omitempty"` // which one, where there are several: a number of days, the id of a document, a currency
	Note   string        `json:"note,omitempty"`  // for people
	Letter *Letter       `json:"letter,omitempty"`
}

// Recipient is who gets a mail about a step.
type Recipient string

// The recipients.
const (
	ToCompany   Recipient = "company"
	ToAcquirer  Recipient = "acquirer"
	ToOperators Recipient = "operators" // who run Quittance
)

// Letter is a mail about a step of a timeline.
type Letter struct {
	Step int       `json:"step"` // its place on the timeline
	What What      `json:"what"`
	To   Recipient `json:"to"`
}

// told lists who gets a mail about which steps.
var told = map[What][]Recipient{
	Reminded:             {ToCompany},
	Abandoned:            {ToCompany},
	What(InVerification): {ToCompany},
	Overdue:              {ToCompany, ToOperators},
	What(Active):         {ToCompany},
	What(Rejected):       {ToCompany},
	What(Suspended):      {ToCompany},
	What(Disconnected):   {ToCompany},
	DocumentReceived:     {ToAcquirer},
	CurrencyWanted:       {ToAcquirer},
	CurrencyContracted:   {ToCompany},
	CurrencyDeclined:     {ToCompany},
	MethodsLost:          {ToCompany},
	ContractsLost:        {ToCompany, ToOperators},
	DocumentRefused:      {ToCompany},
}

// Note adds a step that leaves the status as it is.
func (s *PaymentService) Note(step ServiceStep, at time.Time) {
	step.At, step.Status = at.UTC(), s.Status
	s.Timeline = append(s.Timeline, step)
}

// Noted reports whether such a step stands on the timeline.
func (s PaymentService) Noted(what What, about string) bool {
	return slices.ContainsFunc(s.Timeline, func(step ServiceStep) bool { return step.What == what && step.About == about })
}

// Late reports whether the present or last verification took too long. Steps from before the payment service was last active
// don't count.
func (s PaymentService) Late() bool {
	for _, step := range slices.Backward(s.Timeline) {
		if step.What == Overdue || step.What == What(Active) {
			return step.What == Overdue
		}
	}
	return false
}

func (s PaymentService) count(what What) (n int) {
	for _, step := range s.Timeline {
		if step.What == what {
			n++
		}
	}
	return n
}

// CredentialsRefused reports whether Saferpay refused the credentials when they were last used. Refused credentials are never
// tried again.
func (s PaymentService) CredentialsRefused() bool {
	for _, step := range slices.Backward(s.Timeline) {
		switch step.What {
		case What(Suspended):
			return true
		case What(InVerification), What(Active), CredentialsRenewed, ContractsLost:
			return false
		}
	}
	return false
}

// PendingMails returns the letters that the timeline calls for and that nobody has sent or given up, oldest first. No letter can be
// forgotten, because the transaction of a step also writes its entry on the timeline.
func (s PaymentService) PendingMails() []Letter {
	var letters []Letter
	for i, step := range s.Timeline {
		for _, to := range told[step.What] {
			letter := Letter{Step: i, What: step.What, To: to}
			if !s.dealtWith(letter) {
				letters = append(letters, letter)
			}
		}
	}
	return letters
}

func (s PaymentService) dealtWith(letter Letter) bool {
	return slices.ContainsFunc(s.Timeline, func(step ServiceStep) bool { return step.Letter != nil && *step.Letter == letter })
}
