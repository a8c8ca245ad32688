package activities_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
)

func TestCurrencyIsAskedOfTheAcquirerAndActiveOnceContracted(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := activities.CurrencyRef{PaymentServiceRef: s.merchantAt("701100", method("VISA", "CHF")), Currency: money.EUR}
	for range 2 {
		standing := do[activities.CurrencyStanding](s, s.merchants.RequestCurrency, ref)
		assert.Equal(t, activities.CurrencyStanding{Status: merchant.CurrencyRequested, Pending: true, Canton: "VD", PendingMails: true}, standing)
	}
	untold := s.paymentService(ref.PaymentServiceRef).PendingMails()
	require.Len(t, untold, 2, "that it is active, and that the currency is wanted")
	s.told(ref.PaymentServiceRef, untold[1])
	mail := s.letters[0]
	assert.Equal(t, "cs.ecom@six-payment-services.com", mail.To)
	assert.Equal(t, "EUR pour le terminal 70110001 de Demo SA", mail.Subject)
	assert.Equal(t, "compta@demo.example", mail.ReplyTo)

	assert.True(t, do[activities.CurrencyStanding](s, s.merchants.CheckCurrency, ref).Pending)
	s.put("/_sim/customers/701100", contracts("70110001", method("VISA", "CHF", "EUR")))
	for range 2 {
		standing := do[activities.CurrencyStanding](s, s.merchants.CheckCurrency, ref)
		assert.Equal(t, merchant.CurrencyActive, standing.Status)
		assert.False(t, standing.Pending)
	}
	require.NoError(t, s.paymentService(ref.PaymentServiceRef).Collects(money.EUR))
	assert.Equal(t, 1, count(s.events(), event.PaymentServiceCurrencyActive))
	assert.Equal(t, 1, count(s.events(), event.PaymentServiceCurrencyRequested))

	again := do[activities.CurrencyStanding](s, s.merchants.RequestCurrency, ref)
	assert.Equal(t, merchant.CurrencyActive, again.Status)
}

func TestVerificationLooksForTheCurrencyTooAndOnceADay(t *testing.T) {
	t.Parallel()
	s := open(t)
	service := s.connected()
	_, err := s.submit(service, "321321", "87654321", "API_321321_00000001", "Demo-Password-2")
	require.NoError(t, err)
	ref := activities.CurrencyRef{PaymentServiceRef: service, Currency: money.EUR}
	do[activities.CurrencyStanding](s, s.merchants.RequestCurrency, ref)
	before := s.looks()
	standing := do[activities.CurrencyStanding](s, s.merchants.CheckCurrency, ref)
	assert.True(t, standing.Pending)
	assert.Equal(t, before, s.looks(), "Saferpay was not asked")
}

func TestCurrencyIsNotWaitedForWhenTheServiceIsOver(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := activities.CurrencyRef{PaymentServiceRef: s.merchantAt("701110", method("VISA", "CHF")), Currency: money.USD}
	do[activities.CurrencyStanding](s, s.merchants.RequestCurrency, ref)
	do[activities.Verification](s, s.merchants.Disconnect, ref.PaymentServiceRef)
	assert.False(t, do[activities.CurrencyStanding](s, s.merchants.CheckCurrency, ref).Pending)
	_, err := s.run(s.merchants.RequestCurrency, activities.CurrencyRef{PaymentServiceRef: ref.PaymentServiceRef, Currency: money.GBP})
	name, _ := errorType(t, err)
	assert.Equal(t, string(problem.PaymentServiceNotActive), name)
}

func TestRevokedCredentialsShowWhileACurrencyIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := activities.CurrencyRef{PaymentServiceRef: s.merchantAt("701120", method("VISA", "CHF")), Currency: money.USD}
	do[activities.CurrencyStanding](s, s.merchants.RequestCurrency, ref)
	s.put("/_sim/customers/701120", map[string]any{"password": "Password-2"})
	for range 2 {
		assert.True(t, do[activities.CurrencyStanding](s, s.merchants.CheckCurrency, ref).Pending)
	}
	assert.Equal(t, merchant.Suspended, s.paymentService(ref.PaymentServiceRef).Status)
	_, err := s.run(s.merchants.PassOn, ref.PaymentServiceRef)
	require.NoError(t, err)
	assert.Equal(t, []string{ref.PaymentServiceID + " "}, s.processes.told, "the onboarding writes the letters")
}

func TestCurrencyIsDecidedByAPersonWhereNobodyCanLook(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.withoutManagementAPI("701130", terminal{"terminal_id": "70113001"})
	ref := activities.CurrencyRef{PaymentServiceRef: s.connected(), Currency: money.EUR}
	_, err := s.submit(ref.PaymentServiceRef, "701130", "70113001", "API_701130_00000001", "Password-1")
	require.NoError(t, err)
	do[activities.Verification](s, s.merchants.RecordDecision, activities.DecideVerification{PaymentServiceRef: ref.PaymentServiceRef, Approved: true, Reason: "Told by mail."})
	do[activities.CurrencyStanding](s, s.merchants.RequestCurrency, ref)
	assert.True(t, do[activities.CurrencyStanding](s, s.merchants.CheckCurrency, ref).Unmanaged)
	decided := do[activities.CurrencyStanding](s, s.merchants.RecordCurrencyDecision, activities.DecideCurrency{CurrencyRef: ref, Approved: true, Reason: "Told by phone."})
	assert.Equal(t, merchant.CurrencyActive, decided.Status)
	require.NoError(t, s.paymentService(ref.PaymentServiceRef).Collects(money.EUR))
}

// looks counts how often a terminal was looked at.
func (s *shop) looks() int {
	s.t.Helper()
	return s.calls()["rest/terminals"]
}
