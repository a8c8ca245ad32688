package workflows

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	collectionacts "github.com/quittance/quittance/activities/collection"
	deliveryacts "github.com/quittance/quittance/activities/delivery"
	escalationacts "github.com/quittance/quittance/activities/escalation"
	onboardingacts "github.com/quittance/quittance/activities/onboarding"
	reconciliationacts "github.com/quittance/quittance/activities/reconciliation"
	refundingacts "github.com/quittance/quittance/activities/refunding"
)

// A bare string would stay readable in Temporal Web, where only summaries may be, see internal/temporalkit.
func TestNoArgumentOrResultIsABareString(t *testing.T) {
	t.Parallel()
	var (
		invoices   *invoicePayment
		services   *onboarding
		refunds    *refunding
		findings   *finding
		currencies *currencyActivation
	)
	callables := map[string]any{
		"InvoicePayment": Workflows{}.InvoicePayment, "Onboarding": Workflows{}.Onboarding, "Refund": Workflows{}.Refund,
		"NightlySweep": Workflows{}.NightlySweep, "Finding": Workflows{}.Finding, "resolve of Finding": findings.resolve,
		"EventDelivery": Workflows{}.EventDelivery,
		UpdateIssue:     invoices.issue, UpdatePayNow: invoices.payNow, UpdateCancel: invoices.cancel,
		UpdateReceipt: invoices.recordReceipt, UpdateResolve: (&desk{}).resolve, UpdateRefund: refunds.request, UpdateRecorded: refunds.recordByHand,
		UpdateConnect: services.connect, UpdateCredentials: services.submitCredentials, UpdateDecide: services.decide, UpdateDocument: services.mailDocument, UpdateDisconnect: services.disconnect,
		"CurrencyActivation": Workflows{}.CurrencyActivation, UpdateCurrency: currencies.request, "decide of CurrencyActivation": currencies.decide,
		"ServiceHealth": Workflows{}.ServiceHealth,
	}
	for _, steps := range []any{
		&collectionacts.Activities{}, &refundingacts.Activities{}, &onboardingacts.Activities{}, &onboardingacts.Schedules{}, &reconciliationacts.Activities{}, &deliveryacts.Activities{}, &escalationacts.Activities{},
	} {
		typ := reflect.TypeOf(steps)
		for m := range typ.Methods() {
			callables[typ.Elem().Name()+"."+m.Name] = reflect.ValueOf(steps).MethodByName(m.Name).Interface()
		}
	}
	assert.Greater(t, len(callables), 15)
	for name, callable := range callables {
		typ := reflect.TypeOf(callable)
		for in := range typ.Ins() {
			assert.NotEqual(t, reflect.String, in.Kind(), "an argument of %s", name)
		}
		for out := range typ.Outs() {
			assert.NotEqual(t, reflect.String, out.Kind(), "a result of %s", name)
		}
	}
}
