package console

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// operatorServicePage is a company's payment service, about which an operator may decide.
type operatorServicePage struct {
	servicePage
	CompanyID, CompanyName string
}

// Asked are the currencies that nobody has decided about.
func (p operatorServicePage) Asked() (asked []client.Currency) {
	for _, currency := range p.Currencies {
		if currency.Status == client.CurrencyStatusStatusRequested {
			asked = append(asked, currency.Currency)
		}
	}
	return asked
}

// Verifying reports whether the acquirer's verification goes on.
func (p operatorServicePage) Verifying() bool {
	return p.Status == client.PaymentServiceStatusInVerification
}

// showOperatorService shows the payment service that the path names, with the form that was refused, if any.
func (s *server) showOperatorService(w http.ResponseWriter, r *http.Request, refused error) {
	company, service := chi.URLParam(r, "id"), chi.URLParam(r, "service")
	whose, err := s.api.GetCompanyWithResponse(r.Context(), company)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	found, err := s.api.ListPaymentServicesWithResponse(r.Context(), &client.ListPaymentServicesParams{CompanyID: &company})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, known := range found.JSON200.Data {
		if known.ID != service {
			continue
		}
		p := operatorServicePage{s.servicePage(r, known), company, whose.JSON200.Name}
		if refused != nil {
			s.refused(w, r, refused, "operator-service", p, map[string]string{})
			return
		}
		s.show(w, r, http.StatusOK, "operator-service", p, nil)
		return
	}
	s.notFound(w, r)
}

// decideVerification ends the verification of the payment service, or of a currency of it, in place of the acquirer.
func (s *server) decideVerification(w http.ResponseWriter, r *http.Request) {
	company, service := chi.URLParam(r, "id"), chi.URLParam(r, "service")
	_, err := s.api.DecideVerificationWithResponse(r.Context(), service, client.VerificationDecision{
		Currency: optional[client.VerificationDecisionCurrency](r.PostFormValue("currency")),
		Decision: client.VerificationDecisionDecision(r.PostFormValue("decision")), Reason: r.PostFormValue("reason"),
	}, once(r))
	if err != nil {
		s.showOperatorService(w, r, err)
		return
	}
	s.tell(w, r, "/operator/companies/"+company+"/payment-services/"+service, notice{Kind: "good", Key: "decided"})
}
