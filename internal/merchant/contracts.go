package merchant

import (
	"slices"
	"strings"
	"time"

	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
)

// ContractedMethod is a Saferpay payment method with the currencies that the acquirer contracted for it.
type ContractedMethod struct {
	Method     string   `json:"method"` // Saferpay's name, such as VISA
	Currencies []string `json:"currencies"`
	// Assumed are those of the currencies that a person vouched for and that were never seen at Saferpay. What was never seen
	// can't vanish.
	Assumed []string `json:"assumed,omitempty"`
}

// CurrencyStatus is how far a company has come with a currency.
type CurrencyStatus string

// CHF is contracted with the terminal; the others are requested.
const (
	CurrencyRequested CurrencyStatus = "requested"
	CurrencyActive    CurrencyStatus = "active" // contracted
	CurrencyRejected  CurrencyStatus = "rejected"
)

// CurrencyStatuses lists every status of a currency.
var CurrencyStatuses = []CurrencyStatus{CurrencyRequested, CurrencyActive, CurrencyRejected}

// CurrencyRequest is a currency that the company wants and that is not contracted.
type CurrencyRequest struct {
	Currency money.Currency `json:"currency"`
	Status   CurrencyStatus `json:"status"` // requested or rejected
	At       time.Time      `json:"at"`
}

// Requestable are the currencies that a company asks the acquirer for.
var Requestable = []money.Currency{money.EUR, money.USD, money.GBP}

// CurrencyStatus returns how far the company has come with a currency; empty when it never asked.
func (s PaymentService) CurrencyStatus(currency money.Currency) CurrencyStatus {
	if slices.Contains(s.Currencies(), string(currency)) {
		return CurrencyActive
	}
	for _, r := range s.Requested {
		if r.Currency == currency {
			return r.Status
		}
	}
	return ""
}

// Awaits reports whether a currency was requested and may still be contracted.
func (s PaymentService) Awaits(currency money.Currency) bool {
	return s.CurrencyStatus(currency) == CurrencyRequested && s.Status != Disconnected && s.Status != Rejected
}

// RequestCurrency notes that the company wants the currency; the note makes Quittance write to the acquirer. A currency that is
// contracted or requested already stays as it is. Problem: payment-service-not-active.
func (s *PaymentService) RequestCurrency(currency money.Currency, at time.Time) error {
	if s.Status != Active && s.Status != InVerification && s.Status != Suspended {
		return problem.New(problem.PaymentServiceNotActive, "Payment service %s is %s. You can request a currency once its credentials work.", s.ID, s.Status)
	}
	if status := s.CurrencyStatus(currency); status == CurrencyActive || status == CurrencyRequested {
		return nil
	}
	s.forget(currency)
	s.Requested = append(s.Requested, CurrencyRequest{Currency: currency, Status: CurrencyRequested, At: at.UTC()})
	s.Note(ServiceStep{What: CurrencyWanted, About: string(currency), Note: "The company wants to be paid in " + string(currency) + "."}, at)
	return nil
}

// DecideCurrency records what a person learnt from the acquirer about a requested currency. It changes nothing when the
// currency is no longer requested.
func (s *PaymentService) DecideCurrency(currency money.Currency, approved bool, reason string, at time.Time) {
	if s.CurrencyStatus(currency) != CurrencyRequested {
		return
	}
	if !approved {
		i := slices.IndexFunc(s.Requested, func(r CurrencyRequest) bool { return r.Currency == currency })
		s.Requested[i].Status = CurrencyRejected
		s.Note(ServiceStep{What: CurrencyDeclined, About: string(currency), Note: reason}, at)
		return
	}
	s.assumeAll(currency)
	s.forget(currency)
	s.Note(ServiceStep{What: CurrencyContracted, About: string(currency), Note: reason}, at)
}

// AssumeContracts takes a person's word for it that all methods are contracted in francs, unless some are known to be.
func (s *PaymentService) AssumeContracts() {
	if slices.ContainsFunc(s.Methods, func(m ContractedMethod) bool { return slices.Contains(m.Currencies, string(money.CHF)) }) {
		return
	}
	s.assumeAll(money.CHF)
}

// assumeAll assumes the currency for every method that can have it.
func (s *PaymentService) assumeAll(currency money.Currency) {
	for _, m := range payment.Methods {
		if m.Takes(currency) {
			s.assume(m.SaferpayNames(), currency)
		}
	}
}

func (s *PaymentService) assume(methods []string, currency money.Currency) {
	code := string(currency)
	for _, name := range methods {
		i := slices.IndexFunc(s.Methods, func(m ContractedMethod) bool { return m.Method == name })
		if i < 0 {
			s.Methods = append(s.Methods, ContractedMethod{Method: name})
			i = len(s.Methods) - 1
		}
		if m := &s.Methods[i]; !slices.Contains(m.Currencies, code) {
			m.Currencies, m.Assumed = append(m.Currencies, code), append(m.Assumed, code)
		}
	}
}

// SeeContracts takes over what a look at the terminal found. It notes what is new and what is gone: requested currencies, and
// methods and currencies of an active service. An active service without any contract is suspended, although its credentials
// work.
func (s *PaymentService) SeeContracts(found []ContractedMethod, at time.Time) error {
	before := s.Methods
	s.Methods = slices.Clone(found)
	for _, m := range before {
		for _, code := range m.Assumed {
			s.assume([]string{m.Method}, money.Currency(code))
		}
	}
	known := slices.Clone(before) // and what a currency that was requested brings
	for _, r := range slices.Clone(s.Requested) {
		if s.CurrencyStatus(r.Currency) == CurrencyActive {
			for _, m := range s.Methods {
				known = append(known, ContractedMethod{Method: m.Method, Currencies: []string{string(r.Currency)}})
			}
			s.forget(r.Currency)
			s.Note(ServiceStep{What: CurrencyContracted, About: string(r.Currency), Note: string(r.Currency) + " is contracted."}, at)
		}
	}
	if s.Status != Active {
		return nil
	}
	lost, gained := strings.Join(missing(before, s.Methods), ", "), strings.Join(missing(s.Methods, known), ", ")
	if lost != "" && len(s.Methods) == 0 {
		return s.become(Suspended, at, ServiceStep{What: ContractsLost, About: lost, Note: "The acquirer has no payment method contracted for the terminal any more."})
	}
	if lost != "" {
		s.Note(ServiceStep{What: MethodsLost, About: lost, Note: "No longer contracted: " + lost + "."}, at)
	}
	if gained != "" {
		s.Note(ServiceStep{What: MethodsAdded, About: gained, Note: "Newly contracted: " + gained + "."}, at)
	}
	return nil
}

// ConfirmContracts notes that the currency was seen to be contracted, without the Management API, for methods that a person
// had vouched for.
func (s *PaymentService) ConfirmContracts(currency money.Currency) {
	for i := range s.Methods {
		s.Methods[i].Assumed = slices.DeleteFunc(slices.Clone(s.Methods[i].Assumed), func(code string) bool { return code == string(currency) })
	}
}

// WithoutContracts returns the contracted methods without a currency.
func (s PaymentService) WithoutContracts(currency money.Currency) (rest []ContractedMethod) {
	for _, m := range s.Methods {
		m.Currencies = slices.DeleteFunc(slices.Clone(m.Currencies), func(code string) bool { return code == string(currency) })
		if len(m.Currencies) > 0 {
			rest = append(rest, m)
		}
	}
	return rest
}

func (s *PaymentService) forget(currency money.Currency) {
	s.Requested = slices.DeleteFunc(slices.Clone(s.Requested), func(r CurrencyRequest) bool { return r.Currency == currency })
}

// missing lists what is in one list of contracts and not in another, such as "TWINT CHF".
func missing(from, in []ContractedMethod) (list []string) {
	for _, m := range from {
		for _, code := range m.Currencies {
			if !slices.ContainsFunc(in, func(other ContractedMethod) bool {
				return other.Method == m.Method && slices.Contains(other.Currencies, code)
			}) {
				list = append(list, m.Method+" "+code)
			}
		}
	}
	slices.Sort(list)
	return list
}

// Currencies returns the supported currencies that are contracted for any method, sorted.
func (s PaymentService) Currencies() []string {
	var list []string
	for _, c := range s.Methods {
		for _, code := range c.Currencies {
			if _, err := money.ParseCurrency(code); err == nil && !slices.Contains(list, code) {
				list = append(list, code)
			}
		}
	}
	slices.Sort(list)
	return list
}
