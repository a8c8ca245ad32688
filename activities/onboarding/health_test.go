package onboarding_test

import (
	"testing"

	"github.com/quittance/quittance/workflows/contract"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/activities"
	"github.com/quittance/quittance/activities/onboarding"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/testing/shoptest"
)

// contracts are what the acquirer has contracted for a terminal.
func contracts(terminalID string, methods ...map[string]any) map[string]any {
	return map[string]any{"terminals": []terminal{{"terminal_id": terminalID, "payment_methods": methods}}}
}

func method(name string, currencies ...string) map[string]any {
	return map[string]any{"method": name, "currencies": currencies}
}

// merchantAt is a payment service of the shop that is active with the account at Saferpay of that customer.
func (s *shop) merchantAt(customer string, methods ...map[string]any) activities.PaymentServiceRef {
	s.T.Helper()
	s.customer(customer)
	s.Put("/_sim/customers/"+customer, contracts(customer+"01", methods...))
	ref := s.connected()
	v, err := s.submit(ref, customer, customer+"01", "API_"+customer+"_00000001", "Password-1")
	require.NoError(s.T, err)
	require.Equal(s.T, merchant.Active, v.Status)
	return ref
}

func (s *shop) healthOf(ref activities.PaymentServiceRef) onboarding.Verification {
	s.T.Helper()
	return do[onboarding.Verification](s, s.Onboarding.CheckHealth, ref)
}

func TestVanishedMethodIsNoticedBeforeAPayerDoes(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.merchantAt("701000", method("VISA", "CHF"), method("TWINT", "CHF"))
	assert.Equal(t, merchant.Active, s.healthOf(ref).Status)
	assert.Equal(t, []merchant.What{merchant.What(merchant.Active)}, s.untold(ref), "all is well")

	s.Put("/_sim/customers/701000", contracts("70100001", method("VISA", "CHF")))
	for range 2 {
		assert.Equal(t, merchant.Active, s.healthOf(ref).Status)
	}
	assert.Equal(t, []merchant.What{merchant.What(merchant.Active), merchant.MethodsLost}, s.untold(ref))
	assert.Empty(t, s.PaymentService(ref).SaferpayMethods("twint", money.CHF))
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.PaymentServiceMethodsChanged))
}

func TestServiceThatLostEveryContractIsSuspendedUntilOneIsBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.merchantAt("701010", method("VISA", "CHF"))
	s.Put("/_sim/customers/701010", contracts("70101001"))
	for range 2 {
		assert.Equal(t, merchant.Suspended, s.healthOf(ref).Status)
	}
	assert.Equal(t, []merchant.What{merchant.What(merchant.Active), merchant.ContractsLost, merchant.ContractsLost}, s.untold(ref), "the company and the operators")
	assert.Equal(t, 1, shoptest.Count(s.Events(), event.PaymentServiceSuspended))

	s.Put("/_sim/customers/701010", contracts("70101001", method("TWINT", "CHF")))
	assert.Equal(t, merchant.Active, s.healthOf(ref).Status)
}

func TestRevokedCredentialsAreNoticedByTheDailyLookAndNeverTriedAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.merchantAt("701020", method("VISA", "CHF"))
	s.Put("/_sim/customers/701020", map[string]any{"password": "Password-2"})
	assert.Equal(t, merchant.Suspended, s.healthOf(ref).Status)
	s.Put("/_sim/customers/701020", map[string]any{"password": "Password-1"})
	assert.Equal(t, merchant.Suspended, s.healthOf(ref).Status, "nobody asked Saferpay")
	assert.True(t, s.PaymentService(ref).CredentialsRefused())
}

func TestHealthWithoutTheManagementAPIIsAPageThatOpens(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.withoutManagementAPI("701030", terminal{"terminal_id": "70103001"})
	ref := s.connected()
	_, err := s.submit(ref, "701030", "70103001", "API_701030_00000001", "Password-1")
	require.NoError(t, err)
	do[onboarding.Verification](s, s.Onboarding.RecordDecision, onboarding.DecideVerification{PaymentServiceRef: ref, Decision: contract.Decision{Approved: true, Reason: "Told by mail."}})
	assert.Equal(t, merchant.Active, s.healthOf(ref).Status, "a person's word stands until something else was seen")

	s.Put("/_sim/customers/701030", contracts("70103001", method("VISA", "CHF")))
	assert.Equal(t, merchant.Active, s.healthOf(ref).Status)
	s.Put("/_sim/customers/701030", contracts("70103001"))
	assert.Equal(t, merchant.Suspended, s.healthOf(ref).Status)
	s.Put("/_sim/customers/701030", contracts("70103001", method("VISA", "CHF")))
	assert.Equal(t, merchant.Active, s.healthOf(ref).Status)
	s.Put("/_sim/customers/701030", map[string]any{"password": "Password-2"})
	assert.Equal(t, merchant.Suspended, s.healthOf(ref).Status)
	assert.True(t, s.PaymentService(ref).CredentialsRefused())
	assert.Empty(t, s.Transactions(), "no money moved")
}

func TestNobodyLooksAtAServiceThatDoesNotCollect(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.connected()
	s.Fault("rest/terminals", "html_502")
	assert.Equal(t, merchant.AwaitingCredentials, s.healthOf(ref).Status)
}

func TestLookThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	ref := s.merchantAt("701040", method("VISA", "CHF"))
	before := s.PaymentService(ref)
	s.Fault("rest/terminals", "html_502")
	_, err := s.Run(s.Onboarding.CheckHealth, ref)
	_, again := shoptest.ErrorType(t, err)
	assert.True(t, again)
	assert.Equal(t, before, s.PaymentService(ref))
}

func TestRotationOfALicenseWithoutTheManagementAPIKeepsWhatIsKnown(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.withoutManagementAPI("701050", terminal{"terminal_id": "70105001"})
	ref := s.connected()
	_, err := s.submit(ref, "701050", "70105001", "API_701050_00000001", "Password-1")
	require.NoError(t, err)
	do[onboarding.Verification](s, s.Onboarding.RecordDecision, onboarding.DecideVerification{PaymentServiceRef: ref, Decision: contract.Decision{Approved: true, Reason: "Told by mail."}})
	before := s.PaymentService(ref)
	s.Put("/_sim/customers/701050", map[string]any{"password": "Password-2"})
	v, err := s.submit(ref, "701050", "70105001", "API_701050_00000001", "Password-2")
	require.NoError(t, err)
	assert.Equal(t, merchant.Active, v.Status)
	assert.Equal(t, before.Methods, s.PaymentService(ref).Methods)
}
