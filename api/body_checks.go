package api

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/quittance/quittance/api/internal/spec"
	"github.com/quittance/quittance/internal/delivery"
	"github.com/quittance/quittance/internal/dispute"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/session"
	"github.com/quittance/quittance/internal/text"
	"github.com/quittance/quittance/workflows/contract"
)

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
	"updateCompany": check(func(_ *server, to spec.CompanyChanges) error {
		c := merchant.Company{Name: "any", Language: "de", Canton: "ZH"}
		changeCompany(&c, to)
		return c.Validate()
	}),
	"createApiKey": check(func(s *server, body spec.NewAPIKey) error {
		return s.restrict(&merchant.APIKey{}, body)
	}),
	"updateApiKey": check(func(_ *server, body spec.APIKeyChanges) error {
		_, err := merchant.ParseAllowedAddresses(body.AllowedAddresses)
		return err
	}),
	"createConsoleSession": check(func(s *server, body spec.NewConsoleSession) error {
		_, _, err := session.New(wantedSession(body, cmp.Or(string(deref(body.Language)), "de")), s.now())
		return err
	}),
	"putSignInProvider": check(func(_ *server, body spec.NewSignInProvider) error {
		p := wantedProvider(body)
		return p.Validate()
	}),
	"createOperatorSession": check(func(s *server, body spec.CreateOperatorSessionJSONRequestBody) error {
		_, _, err := session.NewOperator(body.Name, s.OperatorKey(), s.Sealer, s.now())
		return err
	}),
	"sendInvoice": check(func(_ *server, body spec.SendOptions) error {
		to := deref(body.Email)
		return problem.InvalidFields(text.Email("email", &to)...)
	}),
	"eraseCustomer": check(func(_ *server, body spec.CustomerToErase) error {
		email := deref(body.Email)
		return oneCustomer(&email, deref(body.InvoiceID), body.InvoiceID != nil)
	}),
	"voidReceipt": check(func(_ *server, body spec.ReceiptVoid) error {
		return problem.InvalidFields(text.Line("reason", &body.Reason, 1, 200)...)
	}),
	"openDispute": check(func(_ *server, body spec.NewDispute) error {
		d := dispute.Dispute{Reason: body.Reason, Reference: deref(body.Reference)}
		return problem.InvalidFields(d.CheckTexts()...)
	}),
	"updateDispute": check(func(_ *server, to spec.DisputeChanges) error {
		d := dispute.Dispute{Reason: "any"}
		set(&d.Reason, to.Reason)
		set(&d.Reference, to.Reference)
		return problem.InvalidFields(d.CheckTexts()...)
	}),
	"createAccount": check(func(_ *server, body spec.NewAccount) error {
		_, err := newAccount(body)
		return err
	}),
	"updateAccount": check(func(_ *server, to spec.AccountChanges) error {
		account, _ := newAccount(spec.NewAccount{Name: "any"})
		if to.Name != nil {
			account.Names["de"] = *to.Name
		}
		return rename(account, to.Names)
	}),
	"reverseJournalEntry": check(func(s *server, body spec.NewReversal) error {
		words := cmp.Or(deref(body.Text), "any")
		return problem.InvalidFields(s.faultsByHand(&words, s.dayOr(body.Date))...)
	}),
	"setExchangeRate": check(func(_ *server, body spec.NewExchangeRate) error {
		_, err := newRate(body)
		return err
	}),
	"createExchange": check(func(s *server, body spec.NewExchange) error {
		body.From.Currency = cmp.Or(body.From.Currency, anyBut(body.To.Currency))
		body.To.Currency = cmp.Or(body.To.Currency, anyBut(body.From.Currency))
		_, _, fields := s.exchangeSides(body, new(cmp.Or(deref(body.Text), "-")))
		return problem.InvalidFields(fields...)
	}),
	"putSettlementColumns": check(func(_ *server, body spec.NewSettlementColumns) error {
		return problem.InvalidFields(wantedColumns(body).Check(body.Header)...)
	}),
	"putSettlementSource": check(func(s *server, body spec.NewSettlementSource) error {
		_, err := s.wantedSource(body)
		return err
	}),
	"confirmPayout": check(func(_ *server, body spec.PayoutDecision) error { return checkNote(body.Note) }),
	"dismissPayout": check(func(_ *server, body spec.PayoutNote) error { return checkNote(body.Note) }),
	"reopenPayout":  check(func(_ *server, body spec.PayoutNote) error { return checkNote(body.Note) }),
	"createBankAccount": check(func(_ *server, body spec.NewBankAccount) error {
		b := newBankAccount(body)
		return b.Validate()
	}),
	"updateWebhookEndpoint": check(func(_ *server, to spec.WebhookEndpointChanges) error {
		e := delivery.Endpoint{Description: deref(to.Description), Types: eventTypes(to.Events)}
		return e.Validate()
	}),
}

func anyBut(other spec.Currency) spec.Currency {
	if other == spec.Currency(money.CHF) {
		return spec.Currency(money.EUR)
	}
	return spec.Currency(money.CHF)
}

func checkNote(note *string) error {
	return problem.InvalidFields(text.Lines("note", new(deref(note)), 0, 1000)...)
}

func check[B any](fn func(*server, B) error) func(*server, []byte) error {
	return func(s *server, content []byte) error {
		var body B
		_ = json.Unmarshal(content, &body) // what could not be read is refused already, and is not in the content
		return fn(s, body)
	}
}
