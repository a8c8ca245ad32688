package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/postgres"
	"github.com/quittance/quittance/internal/problem"
)

// connected is a second payment service of the shop that awaits its credentials.
func (s *shop) connected() activities.PaymentServiceRef {
	s.t.Helper()
	ref := activities.PaymentServiceRef{CompanyID: s.company, PaymentServiceID: id.New(id.PaymentService)}
	for range 2 {
		v := do[activities.Verification](s, s.merchants.RecordPaymentService, activities.Connect{PaymentServiceRef: ref, Environment: merchant.Test, Name: "Shop"})
		assert.Equal(s.t, activities.Verification{Status: merchant.AwaitingCredentials, Canton: "VD"}, v)
	}
	return ref
}

func (s *shop) submit(ref activities.PaymentServiceRef, customer, terminal, user, password string) (activities.Verification, error) {
	s.t.Helper()
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	value, err := s.run(s.merchants.SaveCredentials, activities.SubmitCredentials{
		PaymentServiceRef: ref, SubmittedAt: at, EarliestAt: at.AddDate(0, 0, 3), DueAt: at.AddDate(0, 0, 21),
		Credentials: merchant.Credentials{CustomerID: customer, TerminalID: terminal, APIUsername: user, SealedPassword: s.seal(password)},
	})
	if err != nil {
		return activities.Verification{}, err
	}
	var v activities.Verification
	require.NoError(s.t, value.Get(&v))
	return v, nil
}

func (s *shop) paymentService(ref activities.PaymentServiceRef) (p merchant.PaymentService) {
	s.t.Helper()
	s.in(func(tx *postgres.Tx) (err error) {
		p, err = tx.PaymentService(s.t.Context(), ref.PaymentServiceID)
		return err
	})
	return p
}

func TestContractedTerminalIsActiveAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	v, err := s.submit(ref, "123123", "12345678", "API_123123_00000001", "Demo-Password-1")
	require.NoError(t, err)
	assert.Equal(t, merchant.Active, v.Status)
	p := s.paymentService(ref)
	assert.Equal(t, []string{"CHF", "EUR"}, p.Currencies())
	assert.NotContains(t, string(p.SealedPassword), "Demo-Password-1")
	assert.Equal(t, []event.Type{event.PaymentServiceActive}, s.events())
}

func TestVerificationEndsWhenTheAcquirerContractsAMethod(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	v, err := s.submit(ref, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	assert.Equal(t, merchant.InVerification, v.Status)
	look := activities.LookAtTerminal{PaymentServiceRef: ref, At: time.Now()}
	assert.Equal(t, merchant.InVerification, do[activities.Verification](s, s.merchants.CheckVerification, look).Status)
	s.verify("321321", "87654321")
	assert.Equal(t, merchant.Active, do[activities.Verification](s, s.merchants.CheckVerification, look).Status)
	p := s.paymentService(ref)
	assert.Equal(t, []merchant.ContractedMethod{{Method: "VISA", Currencies: []string{"CHF"}}}, p.Methods)
	assert.WithinDuration(t, look.At, p.LastCheckedAt, time.Millisecond)
}

// verify is the acquirer finishing its verification.
func (s *shop) verify(customer, terminal string) {
	s.t.Helper()
	s.put("/_sim/customers/"+customer, map[string]any{"terminals": []any{map[string]any{
		"terminal_id": terminal, "payment_methods": []any{map[string]any{"method": "VISA", "currencies": []string{"CHF"}}},
	}}})
}

func TestWrongCredentialsNameTheFieldAndSaveNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	for _, c := range []struct{ customer, terminal, user, password, field string }{
		{"123123", "12345678", "API_123123_00000001", "wrong", "api_password"},
		{"123123", "12345678", "API_999999_00000001", "Demo-Password-1", "api_password"},
		{"123123", "87654321", "API_123123_00000001", "Demo-Password-1", "terminal_id"},
		{"321321", "87654321", "API_123123_00000001", "Demo-Password-1", "terminal_id"},
	} {
		_, err := s.submit(ref, c.customer, c.terminal, c.user, c.password)
		name, again := errorType(t, err)
		assert.Equal(t, string(problem.CredentialsRejected), name)
		assert.False(t, again)
		app, _ := errors.AsType[*temporal.ApplicationError](err)
		var fields []problem.Field
		require.NoError(t, app.Details(&fields))
		require.Len(t, fields, 1)
		assert.Equal(t, c.field, fields[0].Name)
		assert.NotContains(t, err.Error(), c.password+" ")
	}
	p := s.paymentService(ref)
	assert.Equal(t, merchant.AwaitingCredentials, p.Status)
	assert.Empty(t, p.CustomerID+p.TerminalID+p.APIUsername+string(p.SealedPassword))
	assert.Empty(t, s.events())
}

func TestSaferpayOutOfOrderIsNobodysFault(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	s.fault("rest/terminals", "html_502")
	_, err := s.submit(ref, "123123", "12345678", "API_123123_00000001", "Demo-Password-1")
	name, again := errorType(t, err)
	assert.Equal(t, activities.SaferpayUnclear, name)
	assert.True(t, again)
}

func TestOnlyAVerificationCanBeDecidedOn(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	_, err := s.run(s.merchants.RecordDecision, activities.DecideVerification{PaymentServiceRef: ref, Approved: true})
	name, _ := errorType(t, err)
	assert.Equal(t, string(problem.NotInVerification), name)
	_, err = s.submit(ref, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	for range 2 {
		v := do[activities.Verification](s, s.merchants.RecordDecision, activities.DecideVerification{PaymentServiceRef: ref, Reason: "The papers never came."})
		assert.Equal(t, merchant.Rejected, v.Status)
	}
	p := s.paymentService(ref)
	assert.Equal(t, "The papers never came.", p.Timeline[len(p.Timeline)-1].Note)
	assert.Equal(t, []event.Type{event.PaymentServiceRejected}, s.events())
}
