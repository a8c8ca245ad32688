package api_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
)

func TestASuspendedCompanysKeysAreRefusedUntilItIsActiveAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.inConsole("manager")
	changed := w.call("PATCH", "/companies/"+w.company.ID, adminKey, object{"status": "suspended", "name": "Demo AG"}).json(200)
	assert.Equal(t, []any{"suspended", "Demo AG"}, []any{changed["status"], changed["name"]})
	w.call("GET", "/invoices", w.key, nil).problem(403, "company-suspended")
	w.call("GET", "/invoices", token, nil).problem(403, "company-suspended")
	w.call("PATCH", "/companies/"+w.company.ID, adminKey, object{"status": "active"}).json(200)
	w.call("GET", "/invoices", w.key, nil).json(200)
	assert.Equal(t, []string{"name"}, w.call("PATCH", "/companies/"+w.company.ID, adminKey, object{"name": " "}).problem(422, "validation-failed"))
	w.call("GET", "/companies/cmp_01k9m1yq8fe3m9x7t2r5v0b4c6", adminKey, nil).problem(404, "not-found")

	other, _ := w.newCompany("Andere AG", "de")
	listed := w.call("GET", "/companies?q=andere", adminKey, nil).json(200)["data"].([]any)
	require.Len(t, listed, 1)
	assert.Equal(t, other.ID, listed[0].(object)["id"])
}

func TestAnOperatorDecidesForACompanyAndItsAuditLogSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.call("POST", "/operator-sessions", operatorKey, object{"name": "Nadia Muster"}).json(201)["token"].(string)
	inv := w.newInvoice(invoice.Open)
	e := w.raise(exception.EmailFailed, inv.ID)
	all := w.call("GET", "/exceptions?open=true&sort=oldest", token, nil).json(200)["data"].([]any)
	require.Len(t, all, 1)
	assert.Equal(t, []any{e.ID, w.company.ID, "Demo SA"}, []any{all[0].(object)["id"], all[0].(object)["company_id"], all[0].(object)["company_name"]})
	assert.Equal(t, w.company.ID, w.call("GET", "/exceptions/"+e.ID, token, nil).json(200)["company_id"])
	w.call("GET", "/exceptions/exc_01k9m25y5pp0v6e4b9z2c7j1k3", token, nil).problem(404, "not-found")
	decided := w.call("POST", "/exceptions/"+e.ID+"/resolve", token, object{"choice": string(e.Choices[0])}).json(200)
	assert.Equal(t, "operator Nadia Muster", decided["resolved_by"])
	log := w.call("GET", "/audit-log", w.key, nil).json(200)["data"].([]any)
	assert.Equal(t, []any{"operator Nadia Muster", "POST /exceptions/{exception_id}/resolve"}, []any{log[0].(object)["actor"], log[0].(object)["action"]})
}

func TestASearchFindsByEveryNameOfAThing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	inv := w.newInvoice(invoice.Open, payableBy(w.newService(merchant.Active)))
	p := w.newPayment(inv, payment.Redirected)
	_, stranger := w.newCompany("Andere AG", "de")
	for _, q := range []string{inv.Number, p.ID, p.OrderID} {
		for _, key := range []string{adminKey, w.key} {
			found := w.call("GET", "/search?q="+q, key, nil).json(200)["data"].([]any)
			require.NotEmpty(t, found, q)
			assert.Equal(t, w.company.ID, found[0].(object)["company_id"])
			assert.Equal(t, "invoice/"+inv.ID, found[0].(object)["workflow_id"])
		}
		assert.Empty(t, w.call("GET", "/search?q="+q, stranger, nil).json(200)["data"])
	}
	assert.Empty(t, w.call("GET", "/search?q=nothing-such", adminKey, nil).json(200)["data"])
}

func TestTheOverviewCountsWhatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.raise(exception.EmailFailed, w.newInvoice(invoice.Open).ID)
	overview := w.call("GET", "/overview", adminKey, nil).json(200)
	assert.EqualValues(t, 1, overview["exceptions"].(object)["open"])
	assert.Equal(t, object{"pending": 0.0, "behind_seconds": 0.0, "parked": 0.0, "disabled_endpoints": 0.0}, overview["webhooks"])
	services := w.call("GET", "/payment-services?status=active", adminKey, nil).json(200)["data"].([]any)
	for _, service := range services {
		assert.Equal(t, "Demo SA", service.(object)["company_name"])
	}
}
