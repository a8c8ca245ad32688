package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
)

// inOneRound adds to what openapi.yaml refuses in a body whatever else is wrong with it, so that the caller mends it once.
func (s *server) inOneRound(r *http.Request, operation string, err error) error {
	refused, ok := errors.AsType[*problem.Error](err)
	check := bodyChecks[operation]
	if !ok || refused.Code != problem.Invalid || check == nil {
		return err
	}
	var fields map[string]any
	if json.NewDecoder(r.Body).Decode(&fields) != nil || fields == nil { // it is no object
		return err
	}
	for _, field := range refused.Fields {
		remove(fields, strings.Split(field.Name, "."))
	}
	body, unreadable := json.Marshal(fields)
	if unreadable != nil {
		return err
	}
	both, ok := errors.AsType[*problem.Error](problem.Together(err, check(s, body)))
	if !ok || both.Code != problem.Invalid {
		return err
	}
	return problem.InvalidFields(both.Fields[:min(len(both.Fields), maxFaults)]...)
}

// remove takes the value at that path out of what was read from JSON.
func remove(value any, path []string) {
	switch value := value.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(value, path[0])
		} else {
			remove(value[path[0]], path[1:])
		}
	case []any:
		if i, err := strconv.Atoi(path[0]); err == nil && i >= 0 && i < len(value) && len(path) > 1 {
			remove(value[i], path[1:])
		}
	}
}

// bodyChecks are what the domain says of a body alone, by operation. They are asked only about bodies that are refused anyway.
var bodyChecks = map[string]func(*server, []byte) error{
	"createCompany": check(func(_ *server, body spec.NewCompany) error {
		_, err := newCompany(body)
		return err
	}),
	"updateSettings": check(func(s *server, to spec.SettingsChanges) error {
		return s.changeSettings(&merchant.Company{Name: "any", Language: "de", Canton: "ZH"}, to)
	}),
	"createPaymentService": check(func(_ *server, body spec.NewPaymentService) error {
		name := defaultServiceName
		set(&name, body.Name)
		return problem.InvalidFields(text.Line("name", &name, 1, 100)...)
	}),
	"submitCredentials": check(func(_ *server, body spec.Credentials) error {
		return merchant.ValidateCredentials(merchant.Credentials{
			CustomerID: body.CustomerID, TerminalID: body.TerminalID, APIUsername: body.APIUsername,
		}, body.APIPassword)
	}),
	"decideVerification": check(func(_ *server, body spec.VerificationDecision) error {
		return problem.InvalidFields(text.Line("reason", &body.Reason, 1, 500)...)
	}),
	"createInvoice": check(func(_ *server, body spec.NewInvoice) error {
		_, err := newInvoice(body)
		return err
	}),
	"updateInvoice": check(func(_ *server, to spec.InvoiceChanges) error {
		return change(&invoice.Invoice{
			Status: invoice.Draft,
			Number: "any", Amount: money.MustParse("1.00", money.CHF), Customer: invoice.Customer{Name: "any", Language: "de"},
			DueDate: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		}, to)
	}),
	"recordReceipt": check(func(s *server, body spec.NewReceipt) error {
		receipt := contract.RecordReceipt{Day: body.Date.Time, Reference: deref(body.Reference)}
		var err error
		receipt.Amount, err = parseAmount(body.Amount, string(money.CHF))
		return problem.Together(err, s.checkReceipt(&receipt))
	}),
	"requestRefund": check(func(_ *server, body spec.NewRefund) error {
		_, err := parseAmount(deref(body.Amount), string(money.CHF))
		if body.Amount == nil {
			err = nil // all that is left
		}
		return problem.Together(problem.InvalidFields(text.Line("reason", &body.Reason, 1, 200)...), err)
	}),
	"createManualEntry": check(func(s *server, body spec.NewManualEntry) error {
		_, err := s.newManualEntry(body)
		return err
	}),
	"createWebhookEndpoint": check(func(_ *server, body spec.NewWebhookEndpoint) error {
		e := delivery.Endpoint{Description: deref(body.Description), Types: eventTypes(body.Events)}
		return e.Validate()
	}),
	"resolveException": check(func(_ *server, body spec.ExceptionDecision) error {
		note := deref(body.Note)
		return problem.InvalidFields(text.Lines("note", &note, 0, 1000)...)
	}),
}

func check[B any](fn func(*server, B) error) func(*server, []byte) error {
	return func(s *server, content []byte) error {
		var body B
		_ = json.Unmarshal(content, &body) // what could not be read is refused already, and is not in the content
		return fn(s, body)
	}
}
