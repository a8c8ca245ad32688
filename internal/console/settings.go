package console

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/oapi-codegen/runtime/types"

	"github.com/quittance/quittance/api/client"
)

// settingsPage is what the company's settings show.
type settingsPage struct {
	client.Settings
	Accounts []client.Account
	HasLogo  bool
}

// IBANs writes the accounts to which the acquirer pays, one in a line.
func (p settingsPage) IBANs() string { return strings.Join(p.PayoutIbans, "\n") }

// Origins writes the websites to which payers may return, one in a line.
func (p settingsPage) Origins() string { return strings.Join(p.ReturnOrigins, "\n") }

// letterheadAddress is an address as the form shows it; Switzerland is proposed.
type letterheadAddress struct{ Street, HouseNumber, Postcode, City, Country string }

// Address returns the address of the letterhead.
func (p settingsPage) Address() letterheadAddress {
	a := p.Letterhead.Address
	if a == nil {
		return letterheadAddress{Country: "CH"}
	}
	shown := letterheadAddress{Postcode: a.Postcode, City: a.City, Country: a.Country}
	if a.Street != nil {
		shown.Street = *a.Street
	}
	if a.HouseNumber != nil {
		shown.HouseNumber = *a.HouseNumber
	}
	return shown
}

func (s *server) settingRoutes(r chi.Router) {
	r.Get("/settings", s.settings)
	r.Post("/settings", s.changeSettings)
	r.Post("/settings/letterhead", s.changeLetterhead)
	r.Post("/settings/reminders", s.changeReminders)
	r.Post("/settings/retention", s.changeRetention)
	r.Get("/settings/logo", s.logo)
	r.Post("/settings/logo", s.putLogo)
	r.Post("/settings/logo/remove", s.removeLogo)
	s.bankAccountRoutes(r)
	s.sourceRoutes(r)
	r.Get("/audit", s.auditLog)
}

func (s *server) settingsPage(r *http.Request) (p settingsPage, err error) {
	found, err := s.api.GetSettingsWithResponse(r.Context())
	if err != nil {
		return p, err
	}
	accounts, err := s.api.ListAccountsWithResponse(r.Context(), &client.ListAccountsParams{})
	if err != nil {
		return p, err
	}
	_, err = s.api.GetLogoWithResponse(r.Context())
	if refusal := asRefusal(err); err != nil && (refusal == nil || refusal.Status != http.StatusNotFound) {
		return p, err
	}
	return settingsPage{*found.JSON200, accounts.JSON200.Data, err == nil}, nil
}

func (s *server) settings(w http.ResponseWriter, r *http.Request) {
	p, err := s.settingsPage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "settings", p, nil)
}

func (s *server) changeSettings(w http.ResponseWriter, r *http.Request) {
	receipts, fees, email := strings.TrimSpace(r.PostFormValue("receipt_account")), strings.TrimSpace(r.PostFormValue("fee_account")), strings.TrimSpace(r.PostFormValue("contact_email"))
	ibans := []client.IBAN{}
	for line := range strings.Lines(r.PostFormValue("payout_ibans")) {
		if iban := strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(line), " ", "")); iban != "" {
			ibans = append(ibans, iban)
		}
	}
	origins := client.ReturnOrigins{}
	for origin := range strings.FieldsSeq(r.PostFormValue("return_origins")) {
		origins = append(origins, strings.TrimSuffix(origin, "/"))
	}
	tolerance := parseAmount(r.PostFormValue("payment_tolerance"))
	changes := client.SettingsChanges{
		ReceiptAccount: &receipts, FeeAccount: &fees, ContactEmail: &email, PayoutIbans: &ibans, PaymentTolerance: optional[client.Amount](tolerance), ReturnOrigins: &origins,
		Language: optional[client.Language](r.PostFormValue("language")), LiabilityShift: optional[client.LiabilityShift](r.PostFormValue("liability_shift")),
	}
	if approval := parseAmount(r.PostFormValue("refund_approval_above")); r.PostForm.Has("refund_approval_above") { // empty turns it off
		changes.RefundApprovalAbove = &approval
	}
	changed, err := s.saveSettings(r, changes)
	if err != nil {
		s.refusedSettings(w, r, err)
		return
	}
	n := notice{Kind: "good", Key: "saved"}
	for _, warning := range changed.JSON200.Warnings {
		if warning == client.ReceiptAccountChanged {
			n = notice{Kind: "act", Key: "receipt_account_changed"}
		}
	}
	s.tell(w, r, "/console/settings", n)
}

// midnight returns when a day, or one so many days later, begins in Zurich.
func midnight(day types.Date, later int) *time.Time {
	begins := time.Date(day.Year(), day.Month(), day.Day()+later, 0, 0, 0, 0, zurich)
	return &begins
}

func (s *server) auditLog(w http.ResponseWriter, r *http.Request) {
	params := &client.ListAuditLogParams{Cursor: optional[client.Cursor](r.URL.Query().Get("cursor"))}
	from, to := period(r.URL.Query())
	if from != nil {
		params.From = midnight(*from, 0)
	}
	if to != nil {
		params.To = midnight(*to, 1)
	}
	found, err := s.api.ListAuditLogWithResponse(r.Context(), params)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "audit", found.JSON200, nil)
}
