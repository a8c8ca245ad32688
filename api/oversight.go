package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/oversight"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
)

// Oversight reads over all companies, for operators.
type Oversight interface {
	Monitor(ctx context.Context) (oversight.Monitored, error)
	// Backlog returns how many deliveries of events have not ended, and how long the oldest one has waited to be started.
	Backlog(ctx context.Context) (pending int, behind time.Duration, err error)
	ListCompanies(ctx context.Context, f listing.Companies) (companies []merchant.Company, next string, err error)
	// CompaniesByID returns those companies, without those that don't exist.
	CompaniesByID(ctx context.Context, ids ...string) (map[string]merchant.Company, error)
	AllExceptions(ctx context.Context, f listing.Exceptions) (exceptions []exception.Exception, next string, err error)
	// ExceptionCompany returns whose exception it is, or problem.NotFound.
	ExceptionCompany(ctx context.Context, exceptionID string) (companyID string, err error)
	AllPaymentServices(ctx context.Context, f listing.PaymentServices) (services []merchant.PaymentService, next string, err error)
	// SearchAll returns what is called exactly that in any company.
	SearchAll(ctx context.Context, text string) ([]oversight.Found, error)
}

// SearchTx is what a search in one company needs of a transaction.
type SearchTx interface {
	Search(ctx context.Context, text string) ([]oversight.Found, error)
}

// onBehalf lets operators act on an exception of any company, and on where its people sign in, as if it were theirs. The audit log of
// that company says who it was.
func (s *server) onBehalf(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, segments := callerOf(r.Context()), segmentsOf(r)
		var err error
		switch {
		case c.admin && segments[0] == "exceptions" && len(segments) > 1:
			c.companyID, err = s.Oversight.ExceptionCompany(r.Context(), segments[1])
		case c.admin && segments[0] == "sign-in-provider":
			c.companyID, err = s.namedCompany(r)
		}
		if err != nil {
			s.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(as(r.Context(), c)))
	})
}

// namedCompany returns the company that the administrator names in the query.
func (s *server) namedCompany(r *http.Request) (companyID string, err error) {
	companyID = r.URL.Query().Get("company_id")
	if companyID == "" {
		return "", problem.InvalidFields(problem.Field{Name: "company_id", Message: "is needed with the administrator's key"})
	}
	known, err := s.Oversight.CompaniesByID(r.Context(), companyID)
	if err == nil && len(known) == 0 {
		err = problem.New(problem.NotFound, "There is no company %s.", companyID)
	}
	return companyID, err
}

// ListCompanies answers GET /companies.
func (s *server) ListCompanies(ctx context.Context, r spec.ListCompaniesRequestObject) (spec.ListCompaniesResponseObject, error) {
	companies, next, err := s.Oversight.ListCompanies(ctx, listing.Companies{
		Text: text.Identifier(deref(r.Params.Q)), Cursor: deref(r.Params.Cursor), Limit: deref(r.Params.Limit),
	})
	return spec.ListCompanies200JSONResponse{Data: mapped(companies, shownCompany), NextCursor: optional(next)}, err
}

// allExceptions lists the exceptions of all companies, with whose they are.
func (s *server) allExceptions(ctx context.Context, f listing.Exceptions) (answer spec.ListExceptions200JSONResponse, err error) {
	exceptions, next, err := s.Oversight.AllExceptions(ctx, f)
	if err != nil {
		return answer, err
	}
	companies, err := s.Oversight.CompaniesByID(ctx, mapped(exceptions, func(e exception.Exception) string { return e.CompanyID })...)
	answer.Data = mapped(exceptions, func(e exception.Exception) spec.Exception {
		shown := shownException(e)
		shown.CompanyID, shown.CompanyName = optional(e.CompanyID), optional(companies[e.CompanyID].Name)
		return shown
	})
	answer.NextCursor = optional(next)
	return answer, err
}

// allPaymentServices lists the payment services of all companies, with whose they are.
func (s *server) allPaymentServices(ctx context.Context, f listing.PaymentServices) (answer spec.ListPaymentServices200JSONResponse, err error) {
	services, next, err := s.Oversight.AllPaymentServices(ctx, f)
	if err != nil {
		return answer, err
	}
	companies, err := s.Oversight.CompaniesByID(ctx, mapped(services, func(p merchant.PaymentService) string { return p.CompanyID })...)
	answer.Data = mapped(services, func(p merchant.PaymentService) spec.PaymentService {
		shown := shownService(p, companies[p.CompanyID].Language)
		shown.CompanyID, shown.CompanyName = optional(p.CompanyID), optional(companies[p.CompanyID].Name)
		return shown
	})
	answer.NextCursor = optional(next)
	return answer, err
}

// Search answers GET /search.
func (s *server) Search(ctx context.Context, r spec.SearchRequestObject) (spec.SearchResponseObject, error) {
	wanted, c := text.Identifier(r.Params.Q), callerOf(ctx)
	if wanted == "" {
		return nil, problem.InvalidFields(problem.Field{Name: "q", Message: "must have 1 to 100 characters"})
	}
	var found []oversight.Found
	var err error
	if c.admin {
		found, err = s.Oversight.SearchAll(ctx, wanted)
	} else {
		err = inCompany(ctx, s.Store, c.companyID, func(tx SearchTx) (err error) {
			found, err = tx.Search(ctx, wanted)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	companies, err := s.Oversight.CompaniesByID(ctx, mapped(found, func(f oversight.Found) string { return f.CompanyID })...)
	return spec.Search200JSONResponse{Data: mapped(found, func(f oversight.Found) spec.Found {
		label := f.Label
		if !c.admin && f.Customer != "" {
			label += ", " + f.Customer
		}
		return spec.Found{
			Kind: spec.FoundKind(f.Kind), ID: f.ID, CompanyID: f.CompanyID, CompanyName: companies[f.CompanyID].Name, Label: label, WorkflowID: optional(workflowOf(f)),
		}
	})}, err
}

// workflowOf returns the workflow that deals with what was found, "" for none.
func workflowOf(f oversight.Found) string {
	switch {
	case f.Kind == oversight.FoundException:
		return f.WorkflowID
	case f.Kind == oversight.FoundRefund:
		return contract.RefundID(f.ID)
	case f.Kind == oversight.FoundPaymentService:
		return contract.OnboardingID(f.ID)
	case f.InvoiceID != "":
		return contract.InvoicePaymentID(f.InvoiceID)
	}
	return ""
}

// GetOverview answers GET /overview.
func (s *server) GetOverview(ctx context.Context, _ spec.GetOverviewRequestObject) (spec.GetOverviewResponseObject, error) {
	m, err := s.Oversight.Monitor(ctx)
	if err != nil {
		return nil, err
	}
	pending, behind, err := s.Oversight.Backlog(ctx)
	if err != nil {
		return nil, err
	}
	answer := spec.GetOverview200JSONResponse{PaymentServices: map[string]int{}}
	answer.Exceptions.ByKind = map[string]int{}
	for kind, number := range m.Exceptions {
		answer.Exceptions.ByKind[string(kind)] = number
		answer.Exceptions.Open += number
	}
	answer.Exceptions.OldestSeconds = int64(m.OldestException / time.Second)
	answer.Webhooks.Pending, answer.Webhooks.BehindSeconds = pending, int64(behind/time.Second)
	answer.Webhooks.Parked, answer.Webhooks.DisabledEndpoints = m.Parked, m.Disabled
	answer.Authorized.Payments = m.Payments[payment.Authorized] + m.Payments[payment.Unknown]
	answer.Authorized.OldestSeconds = int64(m.OldestAuthorized / time.Second)
	answer.Authorized.Amounts = []spec.Balance{}
	for _, currency := range slices.Sorted(maps.Keys(m.Authorized)) {
		answer.Authorized.Amounts = append(answer.Authorized.Amounts, spec.Balance{Currency: spec.Currency(currency), Amount: m.Authorized[currency].Value()})
	}
	answer.Unsettled = []spec.UnsettledMoney{}
	for _, currency := range slices.Sorted(maps.Keys(m.Unsettled)) {
		u := m.Unsettled[currency]
		answer.Unsettled = append(answer.Unsettled, spec.UnsettledMoney{
			Currency: spec.Currency(currency), Amount: u.Amount.Value(), Entries: u.Entries, OldestDays: int(u.Oldest / (24 * time.Hour)),
			OverdueAmount: u.Overdue.Value(), OverdueEntries: u.OverdueEntries,
		})
	}
	for status, number := range m.PaymentServices {
		answer.PaymentServices[string(status)] = number
	}
	return answer, nil
}
