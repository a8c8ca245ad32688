package merchant

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// Provider is the only provider there is.
const Provider = "worldline_saferpay"

// Environment is which Saferpay a payment service talks to.
type Environment string

// Test is test.saferpay.com, Live is www.saferpay.com (or what stands for them, see the configuration).
const (
	Test Environment = "test"
	Live Environment = "live"
)

// ServiceStatus is the state of a payment service.
type ServiceStatus string

// The states of DESIGN §2.
const (
	AwaitingCredentials ServiceStatus = "awaiting_credentials"
	InVerification      ServiceStatus = "in_verification"
	Active              ServiceStatus = "active"
	Rejected            ServiceStatus = "rejected"
	Suspended           ServiceStatus = "suspended"    // the credentials stopped working
	Disconnected        ServiceStatus = "disconnected" // by the company; history stays
)

// ServiceStatuses lists every state, in the order of a life.
var ServiceStatuses = []ServiceStatus{AwaitingCredentials, InVerification, Active, Rejected, Suspended, Disconnected}

var serviceTransitions = map[ServiceStatus][]ServiceStatus{
	AwaitingCredentials: {InVerification, Active, Disconnected},
	InVerification:      {Active, Rejected, Suspended, Disconnected},
	Active:              {Suspended, Disconnected},
	Suspended:           {Active, InVerification, Disconnected},
	Rejected:            {Disconnected},
}

// CanBecome reports whether the table has an arrow from s to next.
func (s ServiceStatus) CanBecome(next ServiceStatus) bool {
	return slices.Contains(serviceTransitions[s], next)
}

// PaymentService is a company's connection to Worldline/SIX (Saferpay).
type PaymentService struct {
	ID             string
	CompanyID      string
	Provider       string
	Name           string
	Environment    Environment
	Status         ServiceStatus
	IsDefault      bool
	CustomerID     string // 1 to 8 digits
	TerminalID     string // 8 digits
	APIUsername    string
	SealedPassword []byte // sealed by internal/secrets with the company id; never leaves but for a call to Saferpay
	Methods        []ContractedMethod
	Requested      []CurrencyRequest
	SubmittedAt    time.Time // when working credentials were first entered
	EarliestAt     time.Time // submitted + 3 business days
	DueAt          time.Time // submitted + 15 business days
	LastCheckedAt  time.Time // when the terminal was last looked at
	Timeline       []ServiceStep
	CreatedAt      time.Time
}

// NewPaymentService returns a payment service that awaits its credentials.
func NewPaymentService(s PaymentService, at time.Time) PaymentService {
	s.Provider, s.Status, s.CreatedAt = Provider, AwaitingCredentials, at.UTC()
	s.Note(ServiceStep{What: Created}, at)
	return s
}

// Label names the payment service to people.
func (s PaymentService) Label() string { return "“" + s.Name + "” (" + s.ID + ")" }

// Unfinished reports whether somebody waits for something of the payment service itself: its credentials, its verification, or, once it
// is disconnected, that its credentials are forgotten.
func (s PaymentService) Unfinished() bool {
	return s.Status == AwaitingCredentials || s.Status == InVerification || s.Status == Disconnected && len(s.SealedPassword) > 0
}

// Become moves the payment service to next and notes it on the timeline. A move to its present state changes nothing. A
// transition that is not in the table is an error.
func (s *PaymentService) Become(next ServiceStatus, at time.Time, note string) error {
	return s.become(next, at, ServiceStep{What: What(next), Note: note})
}

// Abandon disconnects a payment service whose credentials never came. A service in any other state stays as it is.
func (s *PaymentService) Abandon(at time.Time, note string) error {
	if s.Status != AwaitingCredentials {
		return nil
	}
	return s.become(Disconnected, at, ServiceStep{What: Abandoned, Note: note})
}

// Submit sets when the verification began, and by when it should be over. A verification that goes on after an interruption
// keeps its dates. A verification of a service that was active before gets new ones.
func (s *PaymentService) Submit(at, earliest, due time.Time) {
	if s.SubmittedAt.IsZero() || s.Noted(What(Active), "") {
		s.SubmittedAt, s.EarliestAt, s.DueAt = at.UTC(), earliest.UTC(), due.UTC()
	}
}

// RefuseCredentials suspends the payment service because Saferpay no longer accepts the credentials with that sealed password.
// It changes nothing if the service is suspended already, or if the credentials have been renewed since.
func (s *PaymentService) RefuseCredentials(sealedPassword []byte, at time.Time) error {
	if !s.Status.CanBecome(Suspended) || !bytes.Equal(s.SealedPassword, sealedPassword) {
		return nil
	}
	return s.Become(Suspended, at, "Saferpay no longer accepts the API user name and password.")
}

func (s *PaymentService) become(next ServiceStatus, at time.Time, step ServiceStep) error {
	if s.Status == next {
		return nil
	}
	if !s.Status.CanBecome(next) {
		return fmt.Errorf("payment service %s is %s and can't become %s", s.ID, s.Status, next)
	}
	s.Status = next
	if next != Active && next != Suspended { // suspended, it waits for new credentials and is the default again with them
		s.IsDefault = false
	}
	s.Note(step, at)
	return nil
}

// InFlight is a payment that has not ended; or, when there is a RefundID, a refund of it.
type InFlight struct {
	PaymentID string
	InvoiceID string
	RefundID  string
}

// ID is the id of the payment or refund itself.
func (u InFlight) ID() string { return cmp.Or(u.RefundID, u.PaymentID) }

// Collects returns nil when the service can take payments in the currency, else the problem that says what to do.
func (s PaymentService) Collects(currency money.Currency) error {
	if s.Status != Active {
		return problem.New(problem.PaymentServiceNotActive,
			"Payment service %s is %s. Only an active one can take payments of an invoice.", s.ID, s.Status)
	}
	if len(s.Offers(currency)) == 0 {
		return problem.New(problem.CurrencyNotActive,
			"Payment service %s has no contract for %s%s. Issue the invoice in one of %v, or ask for the currency with POST /v1/payment-services/%s/currencies.",
			s.ID, currency, map[CurrencyStatus]string{CurrencyRequested: " yet", CurrencyRejected: ": the acquirer declined it"}[s.CurrencyStatus(currency)], s.Currencies(), s.ID)
	}
	return nil
}

// Collectable returns nil when every payment service that is attached to the invoice can take its payments, else the first
// one's problem. The services are read with service.
func Collectable(ctx context.Context, inv invoice.Invoice, service func(ctx context.Context, id string) (PaymentService, error)) error {
	for _, id := range inv.PaymentServiceIDs {
		s, err := service(ctx, id)
		if err != nil {
			return err
		}
		if err := s.Collects(inv.Amount.Currency()); err != nil {
			return err
		}
	}
	return nil
}

// Offers returns what a payer can choose from in that currency, in the order of payment.Methods.
func (s PaymentService) Offers(currency money.Currency) []payment.Method {
	var offers []payment.Method
	for _, m := range payment.Methods {
		if len(s.SaferpayMethods(m, currency)) > 0 {
			offers = append(offers, m)
		}
	}
	return offers
}

// SaferpayMethods returns the Saferpay payment methods behind m that are contracted for the currency.
func (s PaymentService) SaferpayMethods(m payment.Method, currency money.Currency) []string {
	var names []string
	for _, c := range s.Methods {
		if slices.Contains(m.SaferpayNames(), c.Method) && slices.Contains(c.Currencies, string(currency)) {
			names = append(names, c.Method)
		}
	}
	return names
}

// Credentials are what a company enters from mySaferpay. The password is sealed before it goes anywhere.
type Credentials struct {
	CustomerID     string `json:"customer_id"`
	TerminalID     string `json:"terminal_id"`
	APIUsername    string `json:"api_username"`
	SealedPassword []byte `json:"sealed_password"`
	By             Author `json:"by,omitzero"` // who entered them
}

// Credentials returns what the payment service was connected with.
func (s PaymentService) Credentials() Credentials {
	return Credentials{CustomerID: s.CustomerID, TerminalID: s.TerminalID, APIUsername: s.APIUsername, SealedPassword: s.SealedPassword}
}

var (
	customerPattern = regexp.MustCompile(`^[0-9]{1,8}$`)
	terminalPattern = regexp.MustCompile(`^[0-9]{8}$`)
	usernamePattern = regexp.MustCompile(`^[!-~]{1,100}$`)
)

// ValidateCredentials checks the formats of Saferpay JSON API 1.53 (CustomerId 1–8 digits, TerminalId exactly 8) before
// anything is sent; the password is the one in clear. It returns an Invalid problem that names every field at fault.
func ValidateCredentials(c Credentials, password string) error {
	var fields []problem.Field
	fault := func(ok bool, name, message string) {
		if !ok {
			fields = append(fields, problem.Field{Name: name, Message: message})
		}
	}
	fault(customerPattern.MatchString(c.CustomerID), "customer_id", "must have 1 to 8 digits")
	fault(terminalPattern.MatchString(c.TerminalID), "terminal_id", "must have exactly 8 digits")
	fault(usernamePattern.MatchString(c.APIUsername), "api_username", "must have 1 to 100 printable characters without blanks")
	fault(password != "" && len(password) <= 100, "api_password", "must have 1 to 100 characters")
	return problem.InvalidFields(fields...)
}
