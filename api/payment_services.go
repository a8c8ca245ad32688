package api

import (
	"context"
	"slices"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/sealed"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
)

// PaymentServicesTx is what the calls for payment services need of a transaction.
type PaymentServicesTx interface {
	SecurityTx
	Company(ctx context.Context) (merchant.Company, error)
	PaymentServices(ctx context.Context) ([]merchant.PaymentService, error)
	PaymentService(ctx context.Context, id string) (merchant.PaymentService, error)
	MakeDefault(ctx context.Context, paymentServiceID string) error
}

// commandTimeout is how long a caller waits for a command. Afterwards the answer is temporarily-unavailable, and the
// command may still take effect.
const commandTimeout = 30 * time.Second

// defaultServiceName is what a payment service is called unless the company says otherwise.
const defaultServiceName = "Worldline/SIX Payment Services"

// CreatePaymentService answers POST /payment-services.
func (s *server) CreatePaymentService(ctx context.Context, r spec.CreatePaymentServiceRequestObject) (spec.CreatePaymentServiceResponseObject, error) {
	name := defaultServiceName
	if r.Body.Name != nil {
		name = *r.Body.Name
	}
	if err := problem.InvalidFields(text.Line("name", &name, 1, 100)...); err != nil {
		return nil, err
	}
	in := contract.ConnectPaymentService{
		CompanyID:        callerOf(ctx).companyID,
		PaymentServiceID: newID(ctx, id.PaymentService),
		Environment:      merchant.Environment(r.Body.Environment),
		Name:             name,
	}
	if err := inCompany(ctx, s.Store, in.CompanyID, func(tx PaymentServicesTx) error { return canAddService(ctx, tx) }); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	if err := s.Onboarding.Connect(ctx, in); err != nil {
		return nil, err
	}
	answer, err := s.paymentService(ctx, in.CompanyID, in.PaymentServiceID)
	return spec.CreatePaymentService201JSONResponse(answer), err
}

// canAddService returns problem.LimitReached when a company has as many payment services as it may have.
func canAddService(ctx context.Context, tx PaymentServicesTx) error {
	services, err := tx.PaymentServices(ctx)
	if err != nil || repeated(ctx) {
		return err
	}
	connected := 0
	for _, service := range services {
		if service.Status != merchant.Disconnected {
			connected++
		}
	}
	if connected >= merchant.MaxServices || len(services) >= merchant.MaxPastServices {
		return problem.New(problem.LimitReached, "A company can have %d payment services that are not disconnected, and %d in all.", merchant.MaxServices, merchant.MaxPastServices)
	}
	return nil
}

// ListPaymentServices answers GET /payment-services.
func (s *server) ListPaymentServices(ctx context.Context, r spec.ListPaymentServicesRequestObject) (spec.ListPaymentServicesResponseObject, error) {
	if callerOf(ctx).admin {
		return s.allPaymentServices(ctx, listing.PaymentServices{
			CompanyID: deref(r.Params.CompanyID), Status: merchant.ServiceStatus(deref(r.Params.Status)), Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit),
		})
	}
	return answered(ctx, s, func(tx PaymentServicesTx) (spec.ListPaymentServicesResponseObject, error) {
		company, err := tx.Company(ctx)
		if err != nil {
			return nil, err
		}
		services, err := tx.PaymentServices(ctx)
		services = slices.DeleteFunc(services, func(p merchant.PaymentService) bool {
			return r.Params.Status != nil && string(p.Status) != string(*r.Params.Status) || r.Params.CompanyID != nil && p.CompanyID != *r.Params.CompanyID
		})
		return spec.ListPaymentServices200JSONResponse{
			Data: mapped(services, func(p merchant.PaymentService) spec.PaymentService { return shownService(p, company.Language) }),
		}, err
	})
}

// GetPaymentService answers GET /payment-services/{payment_service_id}.
func (s *server) GetPaymentService(ctx context.Context, r spec.GetPaymentServiceRequestObject) (spec.GetPaymentServiceResponseObject, error) {
	answer, err := s.paymentService(ctx, callerOf(ctx).companyID, r.PaymentServiceID)
	return spec.GetPaymentService200JSONResponse(answer), err
}

// DisconnectPaymentService answers DELETE /payment-services/{payment_service_id}.
func (s *server) DisconnectPaymentService(ctx context.Context, r spec.DisconnectPaymentServiceRequestObject) (spec.DisconnectPaymentServiceResponseObject, error) {
	companyID := callerOf(ctx).companyID
	service, err := s.loadService(ctx, companyID, r.PaymentServiceID)
	if err != nil {
		return nil, err
	}
	if service.Status != merchant.Disconnected {
		ctx, cancel := context.WithTimeout(ctx, commandTimeout)
		defer cancel()
		if _, err := s.Onboarding.Disconnect(ctx, service); err != nil {
			return nil, err
		}
	}
	answer, err := s.paymentService(ctx, companyID, r.PaymentServiceID)
	return spec.DisconnectPaymentService200JSONResponse(answer), err
}

// SubmitCredentials answers PUT /payment-services/{payment_service_id}/credentials. The password is sealed here and leaves
// this function in no other form.
func (s *server) SubmitCredentials(ctx context.Context, r spec.SubmitCredentialsRequestObject) (spec.SubmitCredentialsResponseObject, error) {
	companyID := callerOf(ctx).companyID
	service, err := s.loadService(ctx, companyID, r.PaymentServiceID)
	if err != nil {
		return nil, err
	}
	c := merchant.Credentials{CustomerID: r.Body.CustomerID, TerminalID: r.Body.TerminalID, APIUsername: r.Body.APIUsername, By: callerOf(ctx).author()}
	if err := merchant.ValidateCredentials(c, r.Body.APIPassword); err != nil {
		return nil, err
	}
	if c.SealedPassword, err = s.Sealer.SealAt([]byte(r.Body.APIPassword), sealed.ServicePassword.Of(companyID, service.ID)); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	if _, err := s.Onboarding.SubmitCredentials(ctx, service, c); err != nil {
		return nil, err
	}
	answer, err := s.paymentService(ctx, companyID, r.PaymentServiceID)
	return spec.SubmitCredentials200JSONResponse(answer), err
}

// DecideVerification answers POST /payment-services/{payment_service_id}/verification, for the administrator.
func (s *server) DecideVerification(ctx context.Context, r spec.DecideVerificationRequestObject) (spec.DecideVerificationResponseObject, error) {
	if err := problem.InvalidFields(text.Line("reason", &r.Body.Reason, 1, 500)...); err != nil {
		return nil, err
	}
	companyID, err := s.Store.PaymentServiceCompany(ctx, r.PaymentServiceID)
	if err != nil {
		return nil, err
	}
	service, err := s.loadService(ctx, companyID, r.PaymentServiceID)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	decision := contract.Decision{Approved: r.Body.Decision == spec.VerificationDecisionDecisionApproved, Reason: r.Body.Reason}
	if r.Body.Currency != nil {
		_, err = s.Onboarding.DecideCurrency(ctx, service, money.Currency(*r.Body.Currency), decision)
	} else {
		_, err = s.Onboarding.Decide(ctx, service, decision)
	}
	if err != nil {
		return nil, err
	}
	answer, err := s.paymentService(ctx, companyID, r.PaymentServiceID)
	return spec.DecideVerification200JSONResponse(answer), err
}

// RequestCurrency answers POST /payment-services/{payment_service_id}/currencies.
func (s *server) RequestCurrency(ctx context.Context, r spec.RequestCurrencyRequestObject) (spec.RequestCurrencyResponseObject, error) {
	service, err := s.loadService(ctx, callerOf(ctx).companyID, r.PaymentServiceID)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	state, err := s.Onboarding.RequestCurrency(ctx, service, money.Currency(r.Body.Currency))
	return spec.RequestCurrency202JSONResponse{
		Currency: spec.Currency(r.Body.Currency), Status: spec.CurrencyStatusStatus(state.Status),
	}, err
}

// MakeDefaultPaymentService answers POST /payment-services/{payment_service_id}/default.
func (s *server) MakeDefaultPaymentService(ctx context.Context, r spec.MakeDefaultPaymentServiceRequestObject) (spec.MakeDefaultPaymentServiceResponseObject, error) {
	companyID := callerOf(ctx).companyID
	err := inCompany(ctx, s.Store, companyID, func(tx PaymentServicesTx) error {
		if err := tx.MakeDefault(ctx, r.PaymentServiceID); err != nil {
			return err
		}
		service, err := tx.PaymentService(ctx, r.PaymentServiceID)
		if err != nil {
			return err
		}
		return s.tellChange(ctx, tx, merchant.DefaultServiceChanged, service.Label())
	})
	if err != nil {
		return nil, err
	}
	answer, err := s.paymentService(ctx, companyID, r.PaymentServiceID)
	return spec.MakeDefaultPaymentService200JSONResponse(answer), err
}

func (s *server) loadService(ctx context.Context, companyID, serviceID string) (service merchant.PaymentService, err error) {
	err = inCompany(ctx, s.Store, companyID, func(tx PaymentServicesTx) error {
		service, err = tx.PaymentService(ctx, serviceID)
		return err
	})
	return service, err
}

// paymentService returns a payment service as the API shows it.
func (s *server) paymentService(ctx context.Context, companyID, serviceID string) (answer spec.PaymentService, err error) {
	err = inCompany(ctx, s.Store, companyID, func(tx PaymentServicesTx) error {
		company, err := tx.Company(ctx)
		if err != nil {
			return err
		}
		service, err := tx.PaymentService(ctx, serviceID)
		answer = shownService(service, company.Language)
		return err
	})
	return answer, err
}

// shownCurrencies lists the contracted currencies and then those that were requested.
func shownCurrencies(p merchant.PaymentService) []spec.CurrencyStatus {
	active := mapped(p.Currencies(), func(code string) spec.CurrencyStatus {
		return spec.CurrencyStatus{Currency: spec.Currency(code), Status: spec.CurrencyStatusStatus(merchant.CurrencyActive)}
	})
	return append(active, mapped(p.Requested, func(r merchant.CurrencyRequest) spec.CurrencyStatus {
		return spec.CurrencyStatus{Currency: spec.Currency(r.Currency), Status: spec.CurrencyStatusStatus(r.Status)}
	})...)
}

func shownService(p merchant.PaymentService, language string) spec.PaymentService {
	return spec.PaymentService{
		ID:          p.ID,
		Provider:    p.Provider,
		Name:        p.Name,
		Environment: spec.Environment(p.Environment),
		Status:      spec.PaymentServiceStatus(p.Status),
		IsDefault:   p.IsDefault,
		CustomerID:  optional(p.CustomerID),
		TerminalID:  optional(p.TerminalID),
		APIUsername: optional(p.APIUsername),
		PaymentMethods: mapped(p.Methods, func(m merchant.ContractedMethod) spec.ContractedMethod {
			return spec.ContractedMethod{Method: m.Method, Currencies: m.Currencies}
		}),
		Currencies: shownCurrencies(p),
		Verification: spec.Verification{
			SubmittedAt:   optional(p.SubmittedAt),
			EarliestAt:    optional(p.EarliestAt),
			DueAt:         optional(p.DueAt),
			LastCheckedAt: optional(p.LastCheckedAt),
		},
		Timeline: mapped(p.Timeline, func(step merchant.ServiceStep) spec.PaymentServiceStep {
			return spec.PaymentServiceStep{
				At: step.At, Status: spec.PaymentServiceStatus(step.Status), What: spec.PaymentServiceWhat(step.What), About: optional(step.About), Note: optional(step.Note),
			}
		}),
		NextSteps: mapped(p.NextSteps(), func(next merchant.NextStep) spec.NextStep {
			return spec.NextStep{Step: next.Step, Text: next.Texts[language], Texts: next.Texts, URL: optional(next.URL), Email: optional(next.Email)}
		}),
		WorkflowID: contract.OnboardingID(p.ID),
		CreatedAt:  p.CreatedAt,
	}
}
