package merchant

import (
	"embed"
	"slices"

	"github.com/quittance/quittance/internal/words"
)

// Where the steps of connecting an account lead to.
const (
	orderURL       = "https://www.six-payment-services.com"
	mySaferpayURL  = "https://www.saferpay.com/BO/Login"
	mySaferpayTest = "https://test.saferpay.com/BO/Login"
)

// DocumentsMail is where Worldline/SIX takes the papers that a verification needs.
const DocumentsMail = "partner_support_e-commerce@six-payment-services.com"

// NextStep is one thing that a company has to do about its payment service.
type NextStep struct {
	Step       string            // names it for programs
	URL, Email string            // where to do it, and whom to write to; may be empty
	Texts      map[string]string // says it to a person, per language of invoice.Languages
}

var (
	//go:embed steps
	files embed.FS

	stepTexts = words.Languages[map[string]string](files, "steps") // by step
)

func nextStep(step, url, email string) NextStep {
	next := NextStep{Step: step, URL: url, Email: email, Texts: map[string]string{}}
	for language, texts := range stepTexts {
		next.Texts[language] = texts[step]
	}
	return next
}

// beforeCredentials are CredentialSteps of a live payment service.
var beforeCredentials = []NextStep{
	nextStep("order_account", orderURL, ""),
	nextStep("await_confirmation", "", ""),
	nextStep("log_in", mySaferpayURL, ""),
	nextStep("copy_ids", "", ""),
	nextStep("create_api_user", "", ""),
	nextStep("enter_credentials", "", ""),
}

// duringVerification is what remains until the acquirer is done.
var duringVerification = []NextStep{
	nextStep("send_documents", "", DocumentsMail),
	nextStep("await_verification", "", ""),
}

// whenOverdue is for a verification that takes longer than it should.
var whenOverdue = nextStep("ask_acquirer", "", DocumentsMail)

// withoutContracts is for a service that was active and has lost all its contracts.
var withoutContracts = nextStep("ask_for_contracts", "", DocumentsMail)

// whenRejected leads to another attempt.
var whenRejected = nextStep("start_again", "", DocumentsMail)

// whenSuspended leads back to a service that works.
var whenSuspended = nextStep("renew_credentials", mySaferpayURL, "")

// NextSteps returns what the company has to do until the payment service is active.
func (s PaymentService) NextSteps() []NextStep {
	switch s.Status {
	case AwaitingCredentials:
		return slices.Concat(s.CredentialSteps(), duringVerification)
	case InVerification:
		if s.Late() {
			return append(slices.Clone(duringVerification), whenOverdue)
		}
		return duringVerification
	case Rejected:
		return []NextStep{whenRejected}
	case Suspended:
		if !s.CredentialsRefused() {
			return []NextStep{withoutContracts}
		}
		return s.atSaferpay([]NextStep{whenSuspended})
	default:
		return nil
	}
}

// CredentialSteps returns the steps that lead from nothing to the credentials.
func (s PaymentService) CredentialSteps() []NextStep {
	return s.atSaferpay(slices.Clone(beforeCredentials))
}

// atSaferpay returns the steps with the address of mySaferpay in the payment service's environment.
func (s PaymentService) atSaferpay(steps []NextStep) []NextStep {
	for i := range steps {
		if steps[i].URL == mySaferpayURL && s.Environment == Test {
			steps[i].URL = mySaferpayTest
		}
	}
	return steps
}
