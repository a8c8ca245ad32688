package onboarding_test

import (
	"testing"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

func TestCurrencyIsAskedOfTheAcquirerAndActiveOnceContracted(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := onboarding.CurrencyRef{PaymentServiceRef: s.merchantAt("701100", method("VISA", "CHF")), Currency: money.EUR}
	for range 2 {
		standing := do[onboarding.CurrencyStanding](s, s.Onboarding.RequestCurrency, ref)
		assert.Equal(t, onboarding.CurrencyStanding{Status: merchant.CurrencyRequested, Pending: true, Canton: "VD", PendingMails: true}, standing)
	}
	untold := s.PaymentService(ref.PaymentServiceRef).PendingMails()
	require.Len(t, untold, 2, "that it is active, and that the currency is wanted")
	s.told(ref.PaymentServiceRef, untold[1])
	mail := s.Letters[0]
	assert.Equal(t, "cs.ecom@six-payment-services.com", mail.To)
	assert.Equal(t, "EUR pour le terminal 70110001 de Demo SA", mail.Subject)
	assert.Equal(t, "compta@demo.example", mail.ReplyTo)

	assert.True(t, do[onboarding.CurrencyStanding](s, s.Onboarding.CheckCurrency, ref).Pending)
	s.Put("/_sim/customers/701100", contracts("70110001", method("VISA", "CHF", "EUR")))
	for range 2 {
		standing := do[onboarding.CurrencyStanding](s, s.Onboarding.CheckCurrency, ref)
		assert.Equal(t, merchant.CurrencyActive, standing.Status)
		assert.False(t, standing.Pending)
	}
	require.NoError(t, s.PaymentService(ref.PaymentServiceRef).Collects(money.EUR))
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.PaymentServiceCurrencyActive))
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.PaymentServiceCurrencyRequested))

	again := do[onboarding.CurrencyStanding](s, s.Onboarding.RequestCurrency, ref)
	assert.Equal(t, merchant.CurrencyActive, again.Status)
}

func TestVerificationLooksForTheCurrencyTooAndOnceADay(t *testing.T) {
	t.Parallel()
	s := open(t)
	service := s.connected()
	_, err := s.submit(service, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	ref := onboarding.CurrencyRef{PaymentServiceRef: service, Currency: money.EUR}
	do[onboarding.CurrencyStanding](s, s.Onboarding.RequestCurrency, ref)
	before := s.looks()
	standing := do[onboarding.CurrencyStanding](s, s.Onboarding.CheckCurrency, ref)
	assert.True(t, standing.Pending)
	assert.Equal(t, before, s.looks(), "Saferpay was not asked")
}

func TestCurrencyIsNotWaitedForWhenTheServiceIsOver(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := onboarding.CurrencyRef{PaymentServiceRef: s.merchantAt("701110", method("VISA", "CHF")), Currency: money.USD}
	do[onboarding.CurrencyStanding](s, s.Onboarding.RequestCurrency, ref)
	do[onboarding.Verification](s, s.Onboarding.Disconnect, ref.PaymentServiceRef)
	assert.False(t, do[onboarding.CurrencyStanding](s, s.Onboarding.CheckCurrency, ref).Pending)
	_, err := s.Run(s.Onboarding.RequestCurrency, onboarding.CurrencyRef{PaymentServiceRef: ref.PaymentServiceRef, Currency: money.GBP})
	name, _ := shoptest.ErrorType(t, err)
	assert.Equal(t, string(problem.PaymentServiceNotActive), name)
}

func TestRevokedCredentialsShowWhileACurrencyIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := onboarding.CurrencyRef{PaymentServiceRef: s.merchantAt("701120", method("VISA", "CHF")), Currency: money.USD}
	do[onboarding.CurrencyStanding](s, s.Onboarding.RequestCurrency, ref)
	s.Put("/_sim/customers/701120", map[string]any{"password": "Password-2"})
	for range 2 {
		assert.True(t, do[onboarding.CurrencyStanding](s, s.Onboarding.CheckCurrency, ref).Pending)
	}
	assert.Equal(t, merchant.Suspended, s.PaymentService(ref.PaymentServiceRef).Status)
	_, err := s.Run(s.Onboarding.PassOn, ref.PaymentServiceRef)
	require.NoError(t, err)
	assert.Equal(t, []string{ref.PaymentServiceID + " "}, s.Workflows.Told, "the onboarding writes the letters")
}

func TestCurrencyIsDecidedByAPersonWhereNobodyCanLook(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.withoutManagementAPI("701130", terminal{"terminal_id": "70113001"})
	ref := onboarding.CurrencyRef{PaymentServiceRef: s.connected(), Currency: money.EUR}
	_, err := s.submit(ref.PaymentServiceRef, "701130", "70113001", "API_701130_00000001", "Password-1")
	require.NoError(t, err)
	do[onboarding.Verification](s, s.Onboarding.RecordDecision, onboarding.DecideVerification{PaymentServiceRef: ref.PaymentServiceRef, Decision: contract.Decision{Approved: true, Reason: "Told by mail."}})
	do[onboarding.CurrencyStanding](s, s.Onboarding.RequestCurrency, ref)
	assert.True(t, do[onboarding.CurrencyStanding](s, s.Onboarding.CheckCurrency, ref).Unmanaged)
	decided := do[onboarding.CurrencyStanding](s, s.Onboarding.RecordCurrencyDecision, onboarding.DecideCurrency{CurrencyRef: ref, Decision: contract.Decision{Approved: true, Reason: "Told by phone."}})
	assert.Equal(t, merchant.CurrencyActive, decided.Status)
	require.NoError(t, s.PaymentService(ref.PaymentServiceRef).Collects(money.EUR))
}

// looks counts how often a terminal was looked at.
func (s *shop) looks() int {
	s.T.Helper()
	return s.Calls()["rest/terminals"]
}
