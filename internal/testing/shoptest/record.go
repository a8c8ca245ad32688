package shoptest

import (
	"time"

	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/ledger"
	"github.com/quittance/quittance/internal/listing"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/sealed"
)

// Payment returns the payment as it stands in the record.
func (s *Shop) Payment(paymentID string) (p payment.Payment) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) (err error) {
		p, err = tx.Payment(s.T.Context(), paymentID)
		return err
	})
	return p
}

// CurrentInvoice returns the invoice as it stands in the record.
func (s *Shop) CurrentInvoice() (i invoice.Invoice) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) (err error) {
		i, err = tx.Invoice(s.T.Context(), s.Invoice)
		return err
	})
	return i
}

// Journal returns the company's entries, oldest first.
func (s *Shop) Journal() (entries []ledger.Entry) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) (err error) {
		entries, _, err = tx.Journal(s.T.Context(), listing.Journal{})
		return err
	})
	return entries
}

// Events returns the types of the company's events, oldest first.
func (s *Shop) Events() (types []event.Type) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) error {
		types = nil
		events, _, err := tx.Events(s.T.Context(), listing.Events{})
		for i := len(events) - 1; i >= 0; i-- {
			types = append(types, events[i].Type)
		}
		return err
	})
	return types
}

// Seed stores the company, its payment service and its invoice.
func (s *Shop) Seed() {
	s.T.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	require.NoError(s.T, s.Store.CreateCompany(s.T.Context(), merchant.Company{
		ID: s.Company, Name: "Demo SA", Language: "fr", Canton: "VD", ContactEmail: "compta@demo.example", ReceiptAccount: "1029", FeeAccount: "6940", Liability: merchant.Require, CreatedAt: now,
	}))
	service := merchant.NewPaymentService(merchant.PaymentService{
		ID: s.Service, CompanyID: s.Company, Environment: merchant.Test, CustomerID: "123123", TerminalID: "12345678",
		APIUsername: "API_123123_00000001", SealedPassword: s.Seal("Demo-Password-1", sealed.ServicePassword.Of(s.Company, s.Service)),
		Methods: []merchant.ContractedMethod{{Method: "VISA", Currencies: []string{"CHF"}}, {Method: "TWINT", Currencies: []string{"CHF"}}},
	}, now)
	require.NoError(s.T, service.Become(merchant.Active, now, ""))
	s.In(func(tx *postgres.Tx) error {
		if err := tx.InsertPaymentService(s.T.Context(), service); err != nil {
			return err
		}
		return tx.InsertInvoice(s.T.Context(), invoice.Invoice{
			ID: s.Invoice, CompanyID: s.Company, Number: "R-1001", Status: invoice.Draft, Amount: money.MustParse("108.00", money.CHF),
			AmountPaid: money.Zero(money.CHF), Customer: invoice.Customer{Name: "Anna Muster", Email: "anna@example.ch", Language: "de"},
			DueDate: now.Truncate(24 * time.Hour), PaymentServiceIDs: []string{s.Service}, Token: id.NewSecret(), CreatedAt: now,
		})
	})
}

// Seal seals a secret for its place.
func (s *Shop) Seal(secret string, at sealed.Place) []byte {
	value, err := s.Keyring.SealAt([]byte(secret), at)
	require.NoError(s.T, err)
	return value
}

// In runs fn in a transaction of the company, which must succeed.
func (s *Shop) In(fn func(*postgres.Tx) error) {
	s.T.Helper()
	require.NoError(s.T, s.Store.InCompany(s.T.Context(), s.Company, fn))
}

// PaymentService returns the payment service as it stands in the record.
func (s *Shop) PaymentService(ref activities.PaymentServiceRef) (p merchant.PaymentService) {
	s.T.Helper()
	s.In(func(tx *postgres.Tx) (err error) {
		p, err = tx.PaymentService(s.T.Context(), ref.PaymentServiceID)
		return err
	})
	return p
}
