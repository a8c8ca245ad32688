package e2e

import (
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
	invoices "github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/problem"
	"github.com/quittance/quittance/workflows/contract"
)

func TestWrongCredentialsAreRefusedAndMayBeEnteredAgain(t *testing.T) {
	t.Parallel()
	c := newCompany(t, shared)
	var service paymentService
	c.call("POST", "/payment-services", object{"provider": "worldline_saferpay", "environment": "test"}).gives(201, &service)
	require.Equal(t, "awaiting_credentials", service.Status)

	wrong := maps.Clone(verifiedAccount)
	wrong["api_password"] = "guessed"
	c.call("PUT", "/payment-services/"+service.ID+"/credentials", wrong).isProblem(422, "credentials-rejected", "api_password")
	assert.Equal(t, "awaiting_credentials", c.paymentService(service.ID).Status)
	c.call("PUT", "/payment-services/"+service.ID+"/credentials", verifiedAccount).gives(200, &service)
	assert.Equal(t, "active", service.Status)
	keepHistory(t, shared, contract.OnboardingID(service.ID), "onboarding-wrong-credentials-first")
}

func TestUnverifiedAccountCannotBeTheDefaultAndEndsByDecision(t *testing.T) {
	t.Parallel()
	for decision, want := range map[string]string{"approved": "active", "rejected": "rejected"} {
		c := newCompany(t, shared)
		service := c.connect(unverifiedAccount)
		require.Equal(t, "in_verification", service.Status)
		c.call("POST", "/payment-services/"+service.ID+"/default", nil).isProblem(409, "payment-service-not-active")

		admin := &company{t: t, stack: shared, key: stack.AdminKey}
		admin.call("POST", "/payment-services/"+service.ID+"/verification", object{"decision": decision, "reason": "Told by mail."}).gives(200, &service)
		assert.Equal(t, want, service.Status)
		assert.Equal(t, want, c.paymentService(service.ID).Status)
		keepHistory(t, shared, contract.OnboardingID(service.ID), "onboarding-"+decision+"-by-a-person")
	}
}

func TestChangedPasswordSuspendsTheServiceUntilTheNewOneIsEntered(t *testing.T) {
	t.Parallel()
	a := unverified(t, shared, "700100")
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}})
	c, contact := newCompanyIn(t, shared, "VD", "de")
	service := c.connect(a.credentials)
	require.Equal(t, "active", service.Status)
	c.call("POST", "/payment-services/"+service.ID+"/default", nil).gives(200, nil)
	inv, waiting := c.issue("108.00"), c.issueNumbered("2026-0043", "54.00")
	page := waiting.payNow("card")

	a.change(t, object{"password": "Password-2"})
	page.pay(visa)
	assert.Equal(t, "suspended", c.becomes(service.ID, "suspended").Status)
	assert.Equal(t, 409, inv.pressPayNow("card").status)
	assert.Equal(t, "«Worldline/SIX Payment Services» braucht neue Zugangsdaten", c.subjects(contact, 2)[1])
	assert.Equal(t, "open", waiting.now().Status)

	c.call("PUT", "/payment-services/"+service.ID+"/credentials", a.credentials).isProblem(422, "credentials-rejected", "api_password")
	a.credentials["api_password"] = "Password-2"
	c.call("PUT", "/payment-services/"+service.ID+"/credentials", a.credentials).gives(200, &service)
	assert.Equal(t, "active", service.Status)
	waiting.requireCollectedOnce("54.00") // at once, and not within the hour
	inv.payNow("card").pay(visa)
	inv.requireCollectedOnce("108.00")
	assert.Len(t, c.subjects(contact, 3), 3, "that it is active, needs new credentials, and is active again")
	keepHistory(t, shared, contract.OnboardingID(service.ID), "onboarding-renewed-credentials")
	keepHistory(t, shared, contract.InvoicePaymentID(inv.ID), "invoice-refused-a-page-then-paid")
	keepHistory(t, shared, contract.InvoicePaymentID(waiting.ID), "invoice-paid-once-the-credentials-were-renewed")
}

// Between the API's look at the draft and the workflow's there is a moment in which the draft may be cancelled. A test can't
// hit it, but it can send the command that comes too late.
func TestIssueThatComesAfterTheDraftWasCancelledIsRefused(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	draft := c.draft("108.00")
	draft.cancel()
	temporal := commander(t, shared)
	amount, err := money.Parse("108.00", "CHF")
	require.NoError(t, err)

	err = contract.Commands{Temporal: temporal}.Issue(t.Context(), invoices.Invoice{
		ID: draft.ID, CompanyID: c.id, Number: draft.Number, Amount: amount, DueDate: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC),
	}, "")
	assert.Equal(t, problem.InvoiceNotDraft, problem.CodeOf(err), "%v", err)
	assert.Equal(t, "cancelled", draft.now().Status)
	assert.Equal(t, []string{"payment_service.active", "invoice.cancelled"}, c.eventTypes())
	keepHistory(t, shared, contract.InvoicePaymentID(draft.ID), "invoice-refused-to-be-issued")
}
