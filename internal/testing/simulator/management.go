package simulator

import (
	"cmp"
	"net/http"
	"slices"

	"github.com/quittance/quittance/internal/saferpay"
)

func (s *Simulator) routeManagement() {
	route := func(path, operation string, read func(*account, *http.Request) (reply, *refusal)) {
		s.mux.HandleFunc("GET /api/rest/customers/{customerId}/"+path, s.faulty(operation, func(w http.ResponseWriter, r *http.Request) {
			s.serveManagement(w, r, operation, read)
		}))
	}
	route("license", saferpay.OperationLicense, readLicense)
	route("terminals", saferpay.OperationTerminals, readTerminals)
	route("terminals/{terminalId}", saferpay.OperationTerminals, readTerminal)
	route("transactions", saferpay.OperationTransactions, s.readReport)
}

func (s *Simulator) serveManagement(w http.ResponseWriter, r *http.Request, operation string, read func(*account, *http.Request) (reply, *refusal)) {
	if !acceptsJSON(r) {
		http.Error(w, "Accept must allow application/json", http.StatusNotAcceptable)
		return
	}
	var answer reply
	customer, refused := s.authenticate(r)
	if refused == nil {
		refused = mayManage(customer, r)
	}
	if refused == nil {
		answer, refused = read(customer, r)
	}
	w.Header().Set("Saferpay-RequestId", r.Header.Get("Saferpay-RequestId"))
	if refused != nil {
		s.log.Debug("simulator call refused", "operation", operation, "result", refused.name, "details", refused.details)
		answer = refused.reply()
		answer["ResponseHeader"] = headerOf(r, nil).reply()
		writeJSON(w, refused.status(), answer)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// mayManage checks the headers that take the place of the RequestHeader, and whose data is asked for.
func mayManage(customer *account, r *http.Request) *refusal {
	problems := slices.Concat(
		oneOf(managementVersions()...)("Saferpay-ApiVersion", r.Header.Get("Saferpay-ApiVersion")),
		id(50)("Saferpay-RequestId", r.Header.Get("Saferpay-RequestId")),
	)
	switch {
	case len(problems) > 0:
		return refuse(saferpay.NameValidationFailed, problems...)
	case r.PathValue("customerId") != customer.CustomerID:
		return refuse(saferpay.NamePermissionDenied, "Invalid customer")
	case !slices.Contains(customer.Features, saferpay.FeatureManagementAPI):
		return refuse(saferpay.NamePermissionDenied, "Invalid license")
	}
	return nil
}

func managementVersions() []string { return specVersions()[:15] } // 1.0 to 1.14

func readLicense(customer *account, _ *http.Request) (reply, *refusal) {
	features := []reply{}
	for _, feature := range customer.Features {
		if feature == withoutInquire {
			continue
		}
		features = append(features, reply{"Id": feature, "DisplayName": feature})
	}
	return reply{"Package": reply{"Id": "SAFERPAY_BUSINESS", "DisplayName": "Saferpay Business"}, "Features": features}, nil
}

func readTerminals(customer *account, _ *http.Request) (reply, *refusal) {
	terminals := []reply{}
	for _, t := range customer.Terminals {
		terminals = append(terminals, t.reply())
	}
	return reply{"Terminals": terminals}, nil
}

func readTerminal(customer *account, r *http.Request) (reply, *refusal) {
	t, ok := customer.terminal(r.PathValue("terminalId"))
	if !ok {
		return nil, refuse(saferpay.NamePermissionDenied, "Invalid terminal")
	}
	return t.reply(), nil
}

func (t terminal) reply() reply {
	methods := []reply{}
	for _, m := range t.PaymentMethods {
		methods = append(methods, reply{"PaymentMethod": m.Method, "Currencies": m.Currencies})
	}
	return reply{"TerminalId": t.TerminalID, "Type": cmp.Or(t.Type, "ECOM"), "Description": "Simulated terminal", "PaymentMethods": methods, "Wallets": []reply{}}
}
