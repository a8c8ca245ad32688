package api_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/exchange"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

// held asks with the company's key for a refund that awaits approval, and returns its id.
func (w *world) held(p payment.Payment, francs string) string {
	w.Helper()
	w.call("PATCH", "/settings", w.key, `{"refund_approval_above":"0.00"}`).json(200)
	asked := w.call("POST", "/payments/"+p.ID+"/refunds", w.key, object{"amount": francs, "reason": "Returned goods"}).json(http.StatusAccepted)
	require.Equal(w, "awaiting_approval", asked["state"])
	return asked["id"].(string)
}

// manager opens a session of a manager of that name.
func (w *world) manager(name string) (token string) {
	w.Helper()
	made := w.call("POST", "/console-sessions", w.key, object{"user": object{"id": name, "name": "Nom " + name}, "role": "manager"}).json(http.StatusCreated)
	u, err := url.Parse(made["url"].(string))
	require.NoError(w, err)
	return w.call("POST", "/console-sessions/enter", u.Query().Get("code"), nil).json(200)["token"].(string)
}

func TestARefundAboveTheLimitIsReleasedByASecondPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active))))
	anna, bruno, byKey := w.manager("anna"), w.manager("bruno"), w.manager("key")
	w.call("PATCH", "/settings", w.key, `{"refund_approval_above":"500.00"}`).json(200)
	ask := func(key, amount string) map[string]any {
		return w.call("POST", "/payments/"+p.ID+"/refunds", key, object{"amount": amount, "reason": "Returned goods"}).json(http.StatusAccepted)
	}
	assert.Equal(t, "requested", ask(w.key, "500.00")["state"])
	small := ask(anna, "0.01")
	assert.Equal(t, []any{"awaiting_approval", "Nom anna (anna)"}, []any{small["state"], small["asked_by"]}, "splitting does not get round the limit")
	told := w.call("GET", "/events?type=refund.awaiting_approval", w.key, nil).json(200)["data"].([]any)
	require.Len(t, told, 1)
	assert.Equal(t, small["id"], told[0].(map[string]any)["data"].(map[string]any)["refund_id"])
	assert.Equal(t, []string{"amount"}, w.call("POST", "/payments/"+p.ID+"/refunds", w.key, object{"amount": "734.50", "reason": "The rest"}).problem(422, "refund-exceeds-payment"), "its amount is set aside")

	path := "/refunds/" + small["id"].(string)
	w.call("POST", path+"/release", w.key, nil).problem(403, "forbidden")
	w.call("POST", path+"/release", adminKey, nil).problem(403, "forbidden")
	w.call("POST", path+"/release", w.inConsole("bookkeeper"), nil).problem(403, "forbidden")
	other := w.during(t)
	other.company, other.key = w.newCompany("Other AG", "de")
	for _, decision := range []string{"/release", "/refuse"} {
		w.call("POST", path+decision, other.manager("bruno"), nil).problem(404, "not-found")
	}
	w.call("POST", path+"/release", anna, nil).problem(403, "second-person-needed")
	w.call("POST", path+"/release", byKey, nil).problem(403, "second-person-needed")
	released := w.call("POST", path+"/release", bruno, nil).json(200)
	assert.Equal(t, "requested", released["state"])
	steps := released["timeline"].([]any)
	assert.Equal(t, "Released by Nom bruno (bruno).", steps[len(steps)-1].(map[string]any)["note"])
	w.call("POST", path+"/refuse", bruno, nil).problem(409, "refund-not-awaiting-approval")
	noted := w.call("GET", "/audit-log?subject="+small["id"].(string), w.key, nil).json(200)["data"].([]any)
	assert.Equal(t, []any{"Nom bruno (bruno)", "POST /refunds/{refund_id}/release", 200.0}, []any{
		noted[1].(map[string]any)["actor"], noted[1].(map[string]any)["action"], noted[1].(map[string]any)["status"],
	}, "after the refusal")

	second := ask(w.key, "700.00")
	path = "/refunds/" + second["id"].(string)
	refused := w.call("POST", path+"/refuse", anna, nil).json(200)
	assert.Equal(t, []any{"failed", object{"name": "refused"}}, []any{refused["state"], refused["failure"]})
	assert.Equal(t, "awaiting_approval", ask(w.key, "734.00")["state"], "a refused one sets nothing aside")
	mine := ask(anna, "0.01")
	assert.Equal(t, "failed", w.call("POST", "/refunds/"+mine["id"].(string)+"/refuse", anna, nil).json(200)["state"], "who asked for it takes it back")
}

func TestTheLimitForRefundsIsRaisedOnlyByPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.company.ContactEmail = "compta@demo.example"
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SaveCompany(t.Context(), w.company) })
	set := func(key, limit string) answer {
		return w.call("PATCH", "/settings", key, object{"refund_approval_above": limit})
	}
	assert.Equal(t, "500.00", set(w.key, "500").json(200)["refund_approval_above"])
	set(w.key, "499.99").json(200)
	for _, looser := range []string{"500.00", ""} {
		set(w.key, looser).problem(403, "forbidden")
	}
	for _, wrong := range []string{"-1", "1.001", "much"} {
		assert.Equal(t, []string{"refund_approval_above"}, set(w.key, wrong).problem(422, "validation-failed"))
	}
	assert.Len(t, w.noticed(), 2)
	assert.NotContains(t, set(w.manager("anna"), "").json(200), "refund_approval_above")
	assert.Equal(t, []string{"refund_limit_changed  499.99  Nom anna (anna) 192.0.2.1"}, w.noticed())
}

func TestForeignRefundsCountAtTheRateOfTheMonthOrAwaitApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("PATCH", "/settings", w.key, `{"refund_approval_above":"95.00"}`).json(200)
	euros := func() map[string]any {
		p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active)), func(inv *invoice.Invoice) {
			inv.Amount, inv.AmountPaid = money.MustParse("100.00", money.EUR), money.MustParse("100.00", money.EUR)
		}))
		return w.call("POST", "/payments/"+p.ID+"/refunds", w.key, `{"reason":"Returned goods"}`).json(http.StatusAccepted)
	}
	assert.Equal(t, "awaiting_approval", euros()["state"], "without a rate nobody knows")
	for rate, state := range map[string]string{"0.95": "requested", "0.9501": "awaiting_approval"} {
		w.in(w.company.ID, func(tx *postgres.Tx) error {
			return tx.SaveExchangeRate(t.Context(), exchange.Rate{
				CompanyID: w.company.ID, Month: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Currency: money.EUR, Value: decimal.RequireFromString(rate), Source: exchange.Manual, SavedAt: noon, SavedBy: "key_1",
			})
		})
		assert.Equal(t, state, euros()["state"], rate)
	}
}

func TestInTheConsoleARefundWaitsForSomebodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(w.newService(merchant.Active))))
	id := w.held(p, "1000.00")
	anna := w.inPages("manager")
	assert.Contains(t, anna.visit("/console").Body.String(), `href="/console/payments/`+p.ID+`"`, "it is told where people look first")
	assert.Contains(t, anna.visit("/console").Body.String(), w.keyID)
	page := anna.visit("/console/payments/" + p.ID).Body.String()
	assert.Contains(t, page, "/console/refunds/"+id+"/release")
	assert.Contains(t, page, w.keyID)
	assert.NotContains(t, w.inPages("viewer").visit("/console/payments/"+p.ID).Body.String(), "/release")
	assert.Equal(t, http.StatusSeeOther, anna.visit("/console/refunds/"+id+"/release", url.Values{}).Code)
	assert.Equal(t, "requested", w.call("GET", "/refunds/"+id, w.key, nil).json(200)["state"])

	assert.Equal(t, http.StatusSeeOther, anna.visit("/console/payments/"+p.ID+"/refunds", url.Values{"amount": {"1.00"}, "reason": {"x"}, "sure": {"yes"}}).Code)
	own := w.call("GET", "/refunds?state=awaiting_approval", w.key, nil).json(200)["data"].([]any)[0].(map[string]any)["id"].(string)
	answered := anna.visit("/console/refunds/"+own+"/release", url.Values{})
	assert.Equal(t, http.StatusSeeOther, answered.Code)
	assert.Equal(t, "/console/payments/"+p.ID, answered.Header().Get("Location"), "the page says why")
	assert.Equal(t, "awaiting_approval", w.call("GET", "/refunds/"+own, w.key, nil).json(200)["state"])
	anna.visit("/console/refunds/"+own+"/refuse", url.Values{})
	assert.Equal(t, "failed", w.call("GET", "/refunds/"+own, w.key, nil).json(200)["state"])
}
