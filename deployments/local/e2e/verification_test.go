package e2e

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/calendar"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/workflows/contract"
)

const (
	acquirer  = "partner_support_e-commerce@six-payment-services.com"
	operators = "operators@localhost"
)

// account is one at Saferpay that the acquirer has not verified, with the credentials of its owner.
type account struct {
	customer, terminal string
	credentials        object
	stack              *stack.Stack
}

// unverified opens an account at Saferpay.
func unverified(t *testing.T, s *stack.Stack, customer string) account {
	t.Helper()
	a := account{customer: customer, terminal: customer + "00", stack: s}
	a.credentials = object{"customer_id": customer, "terminal_id": a.terminal, "api_username": "API_" + customer + "_00000001", "api_password": "Password-1"}
	a.change(t, object{"user": a.credentials["api_username"], "password": "Password-1", "terminals": []object{{"terminal_id": a.terminal}}})
	return a
}

func (a account) change(t *testing.T, changes object) {
	t.Helper()
	answered := send(t, "PUT", a.stack.SimulatorURL()+"/_sim/customers/"+a.customer, changes, nil)
	require.Contains(t, []int{http.StatusOK, http.StatusCreated}, answered.status, "%s", answered.body)
}

// contract is the acquirer finishing its verification.
func (a account) contract(t *testing.T, methods ...object) {
	t.Helper()
	a.change(t, object{"terminals": []object{{"terminal_id": a.terminal, "payment_methods": methods}}})
}

// looks counts how often somebody looked at the terminal.
func (a account) looks(t *testing.T) int {
	t.Helper()
	return saferpayCalls(t, a.stack)["rest/terminals/"+a.terminal]
}

// newCompanyIn makes a company in that canton, with a contact address, which is returned.
func newCompanyIn(t *testing.T, s *stack.Stack, canton, language string) (c *company, contact string) {
	t.Helper()
	c = newCompanyOf(t, s, object{"name": "Boulangerie Favre SA", "language": language, "canton": canton})
	contact = "contact." + c.id + "@favre.example"
	c.call("PATCH", "/settings", object{"contact_email": contact}).gives(200, nil)
	return c, contact
}

// subjects waits until so many mails have come to the address and returns their subjects, oldest first.
func (c *company) subjects(address string, n int) []string {
	c.t.Helper()
	mails := await(c.t, patience, func() []message { return c.mailsTo(address) }, func(all []message) bool { return len(all) >= n })
	var list []string
	for _, m := range mails {
		list = append(list, m.Subject)
	}
	return list
}

// upload sends a document.
func (c *company) upload(serviceID, name, content string) answer {
	c.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	require.NoError(c.t, err)
	_, err = part.Write([]byte(content))
	require.NoError(c.t, err)
	require.NoError(c.t, form.Close())
	return send(c.t, "POST", c.stack.APIURL()+"/v1/payment-services/"+serviceID+"/documents", body.Bytes(), http.Header{
		"Authorization": {"Bearer " + c.key}, "Content-Type": {form.FormDataContentType()},
	})
}

// becomes waits until the payment service has that status.
func (c *company) becomes(serviceID, status string) paymentService {
	c.t.Helper()
	return await(c.t, patience, func() paymentService { return c.paymentService(serviceID) }, func(now paymentService) bool { return now.Status == status })
}

// whats are what happened to the payment service, oldest first.
func (s paymentService) whats() (list []string) {
	for _, step := range s.Timeline {
		list = append(list, step.What)
	}
	return list
}

// verifiedOnTheNinthDay follows a company through its verification, on a stack where a day passes in a second. The Immaculate
// Conception, Christmas and Saint Stephen's rest in its canton.
func verifiedOnTheNinthDay(t *testing.T, s *stack.Stack) {
	t.Helper()
	a := unverified(t, s, "700900")
	c, contact := newCompanyIn(t, s, "LU", "de")
	service := c.connect(a.credentials)
	require.Equal(t, "in_verification", service.Status)
	lucerne, err := calendar.ForCanton("LU")
	require.NoError(t, err)
	v := service.Verification
	assert.WithinDuration(t, lucerne.AddBusinessDays(v.SubmittedAt, 3), v.EarliestAt, 0)
	assert.WithinDuration(t, lucerne.AddBusinessDays(v.SubmittedAt, 15), v.DueAt, 0)
	person := c.inConsole("viewer")
	assert.Contains(t, string(person.get("/console/payment-services/"+service.ID).body), "In Prüfung")
	assert.Contains(t, string(person.get("/console").body), "Wartet auf Worldline/SIX, nichts zu tun")

	c.upload(service.ID, "Unterschriften.pdf", "%PDF-1.7 the signatures").gives(202, nil)
	await(t, patience, func() int { return a.looks(t) }, func(n int) bool { return n == 1+6 }) // one when the credentials came
	a.contract(t, object{"method": "TWINT", "currencies": []string{"CHF"}})
	active := c.becomes(service.ID, "active")
	assert.Equal(t, 1+7, a.looks(t), "once on each business day from the third to the ninth")
	assert.Contains(t, string(person.get("/console/payment-services/"+service.ID).body), "Aktiv")
	assert.GreaterOrEqual(t, lucerne.BusinessDaysBetween(v.SubmittedAt, active.Verification.LastCheckedAt), 9)

	assert.Equal(t, []string{"Worldline/SIX prüft Boulangerie Favre SA", "«Worldline/SIX Payment Services» ist aktiv"}, c.subjects(contact, 2))
	papers := slices.DeleteFunc(c.mailsTo(acquirer), func(m message) bool { return !strings.Contains(m.Subject, a.customer) })
	require.Len(t, papers, 1)
	assert.Equal(t, "Unterlagen von Boulangerie Favre SA (Customer ID 700900)", papers[0].Subject)
	require.Len(t, papers[0].Attachments, 1)
	assert.Equal(t, "Unterschriften.pdf", papers[0].Attachments[0].Name)
	keepHistory(t, s, contract.OnboardingID(service.ID), "onboarding-in-verification-then-active")
	told := await(t, patience, func() paymentService { return c.paymentService(service.ID) }, func(now paymentService) bool { return len(now.Timeline) == 7 })
	assert.ElementsMatch(t, []string{"created", "in_verification", "mailed", "document_received", "document_sent", "active", "mailed"}, told.whats())
	assert.Equal(t, []string{"payment_service.in_verification", "payment_service.document_sent", "payment_service.active"}, c.eventTypes())
}

// neverVerified waits until the verification is overdue, and then a person rejects it.
func neverVerified(t *testing.T, s *stack.Stack) {
	t.Helper()
	a := unverified(t, s, "700910")
	c, contact := newCompanyIn(t, s, "ZH", "fr")
	service := c.connect(a.credentials)
	subjects := c.subjects(contact, 2)
	assert.Equal(t, "La vérification de Boulangerie Favre SA dure plus longtemps que d’habitude", subjects[1])
	await(t, patience, func() int {
		return len(slices.DeleteFunc(c.mailsTo(operators), func(m message) bool { return !strings.Contains(m.Text, a.customer) }))
	}, func(n int) bool { return n == 1 })
	overdue := c.paymentService(service.ID)
	assert.Equal(t, "in_verification", overdue.Status)
	assert.Contains(t, string(c.inConsole("viewer").get("/console").body), "Vérification en retard")
	zurich, err := calendar.ForCanton("ZH")
	require.NoError(t, err)
	assert.GreaterOrEqual(t, zurich.BusinessDaysBetween(overdue.Verification.SubmittedAt, overdue.Verification.LastCheckedAt), 15)
	temporal := operator(t, s)
	list := fmt.Sprintf("WorkflowId = '%s' AND NeedsAttention = true", contract.OnboardingID(service.ID))
	await(t, patience, func() []string { return listWorkflows(t, temporal, list) }, func(ids []string) bool { return len(ids) == 1 })
	assert.Contains(t, currentDetails(t, temporal, contract.OnboardingID(service.ID)), "overdue")

	person, page := c.signOperatorIn("Nadia Muster"), "/operator/companies/"+c.id+"/payment-services/"+service.ID
	home := string(person.get("/operator?lang=de").body)
	assert.Contains(t, home, `href="`+page+`"`, "it stands among what needs a person")
	assert.Contains(t, home, "Prüfung überfällig")
	assert.Contains(t, string(person.get(page).body), "/workflows/"+url.PathEscape(contract.OnboardingID(service.ID)))
	undecided := person.post(page+"/decide", url.Values{"decision": {"rejected"}})
	assert.Equal(t, http.StatusUnprocessableEntity, undecided.status)
	assert.Contains(t, string(undecided.body), `id="reason-error"`)
	require.Equal(t, http.StatusSeeOther, person.post(page+"/decide", url.Values{"decision": {"rejected"}, "reason": {"Les signatures manquent."}}).status)
	assert.Equal(t, "rejected", c.paymentService(service.ID).Status)
	second := person.post(page+"/decide", url.Values{"decision": {"approved"}, "reason": {"Too late."}})
	assert.Equal(t, http.StatusUnprocessableEntity, second.status)
	assert.Contains(t, string(second.body), `role="alert"`, "who comes second is told")
	subjects = c.subjects(contact, 3)
	assert.Equal(t, "«Worldline/SIX Payment Services» a été refusé", subjects[2])
	assert.Contains(t, c.mailsTo(contact)[2].Text, "Les signatures manquent.")
	keepHistory(t, s, contract.OnboardingID(service.ID), "onboarding-overdue-then-rejected")
	await(t, patience, func() []string { return listWorkflows(t, temporal, list) }, func(ids []string) bool { return len(ids) == 0 })
	assert.Equal(t, []string{"payment_service.in_verification", "payment_service.overdue", "payment_service.rejected"}, c.eventTypes())
	assert.Len(t, c.mailsTo(contact), 3)
}

// reminded is a company that enters its credentials only after it was reminded of them twice.
func reminded(t *testing.T, s *stack.Stack) {
	t.Helper()
	a := unverified(t, s, "700920")
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}})
	c, contact := newCompanyIn(t, s, "TI", "it")
	var service paymentService
	c.call("POST", "/payment-services", object{"provider": "worldline_saferpay", "environment": "test", "name": "Negozio"}).gives(201, &service)
	assert.Equal(t, []string{"Mancano ancora i dati di accesso di «Negozio»", "Mancano ancora i dati di accesso di «Negozio»"}, c.subjects(contact, 2))
	now := await(t, patience, func() paymentService { return c.paymentService(service.ID) }, func(now paymentService) bool { return len(now.Timeline) == 5 })
	assert.Equal(t, []string{"created", "reminded", "mailed", "reminded", "mailed"}, now.whats())
	assert.Equal(t, []string{"2", "7"}, []string{now.Timeline[1].About, now.Timeline[3].About})
	c.call("PUT", "/payment-services/"+service.ID+"/credentials", a.credentials).gives(200, &service)
	assert.Equal(t, "active", service.Status)
	assert.Equal(t, "«Negozio» è attivo", c.subjects(contact, 3)[2])
	keepHistory(t, s, contract.OnboardingID(service.ID), "onboarding-reminded-then-active")
}

// furtherCurrency asks for euros and waits until they are contracted.
func furtherCurrency(t *testing.T, s *stack.Stack) {
	t.Helper()
	a := unverified(t, s, "700960")
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}})
	c, contact := newCompanyIn(t, s, "VS", "fr")
	service := c.connect(a.credentials)
	c.call("POST", "/payment-services/"+service.ID+"/default", nil).gives(200, nil)
	inv, body := invoice{company: c}, newInvoice("108.00")
	body["currency"] = "EUR"
	c.call("POST", "/invoices", body).gives(201, &inv)
	c.call("POST", "/invoices/"+inv.ID+"/issue", nil).isProblem(409, "currency-not-active")

	looks := a.looks(t)
	for range 2 {
		var asked currencyStatus
		c.call("POST", "/payment-services/"+service.ID+"/currencies", object{"currency": "EUR"}).gives(202, &asked)
		assert.Equal(t, currencyStatus{"EUR", "requested"}, asked)
	}
	assert.Equal(t, []currencyStatus{{"CHF", "active"}, {"EUR", "requested"}}, c.paymentService(service.ID).Currencies)
	await(t, patience, func() int { return a.looks(t) }, func(n int) bool { return n >= looks+2 })
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF", "EUR"}})
	await(t, patience, func() []currencyStatus { return c.paymentService(service.ID).Currencies }, func(now []currencyStatus) bool {
		return slices.Equal(now, []currencyStatus{{"CHF", "active"}, {"EUR", "active"}})
	})
	c.call("POST", "/invoices/"+inv.ID+"/issue", nil).gives(200, &inv)
	assert.Equal(t, "open", inv.Status)
	assert.Equal(t, []string{"«Worldline/SIX Payment Services» est actif", "EUR est activé pour «Worldline/SIX Payment Services»"}, c.subjects(contact, 2))
	asked := slices.DeleteFunc(c.mailsTo("cs.ecom@six-payment-services.com"), func(m message) bool { return !strings.Contains(m.Subject, a.terminal) })
	require.Len(t, asked, 1)
	assert.Equal(t, "EUR pour le terminal 70096000 de Boulangerie Favre SA", asked[0].Subject)
	assert.Equal(t, []string{"payment_service.active", "payment_service.currency_requested", "payment_service.currency_active"}, c.eventTypes()[:3])
	keepHistory(t, s, contract.CurrencyID(service.ID, "EUR"), "currency-requested-then-active")
	c.call("POST", "/payment-services/"+service.ID+"/currencies", object{"currency": "EUR"}).gives(202, nil)
	keepHistory(t, s, contract.CurrencyID(service.ID, "EUR"), "currency-contracted-already")

	c.call("POST", "/payment-services/"+service.ID+"/currencies", object{"currency": "USD"}).gives(202, nil)
	admin := &company{t: t, stack: s, key: stack.AdminKey}
	admin.call("POST", "/payment-services/"+service.ID+"/verification", object{"decision": "rejected", "reason": "Pas de dollars.", "currency": "USD"}).gives(200, &service)
	assert.Equal(t, []currencyStatus{{"CHF", "active"}, {"EUR", "active"}, {"USD", "rejected"}}, service.Currencies)
	assert.Equal(t, "USD ne sera pas activé pour «Worldline/SIX Payment Services»", c.subjects(contact, 3)[2])
	keepHistory(t, s, contract.CurrencyID(service.ID, "USD"), "currency-rejected-by-a-person")
	inv.cancel()
}

// contractsLost is an acquirer who takes first a method, then everything away, and gives it back.
func contractsLost(t *testing.T, s *stack.Stack) {
	t.Helper()
	a := unverified(t, s, "700970")
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}}, object{"method": "TWINT", "currencies": []string{"CHF"}})
	c, contact := newCompanyIn(t, s, "ZG", "de")
	service := c.connect(a.credentials)
	c.call("POST", "/payment-services/"+service.ID+"/default", nil).gives(200, nil)
	inv := c.issue("108.00")

	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}})
	subjects := c.subjects(contact, 2)
	assert.Equal(t, "Bei «Worldline/SIX Payment Services» fehlen Zahlungsmittel", subjects[1])
	assert.Equal(t, http.StatusConflict, inv.pressPayNow("twint").status)
	page := inv.payNow("card")
	a.contract(t)
	c.becomes(service.ID, "suspended")
	assert.Contains(t, c.subjects(contact, 3)[2], "kein Zahlungsmittel mehr freigeschaltet")
	page.pay(visa)
	inv.requireCollectedOnce("108.00") // what is under way goes on: the credentials still work
	a.contract(t, object{"method": "TWINT", "currencies": []string{"CHF"}})
	back := c.becomes(service.ID, "active")
	assert.True(t, back.IsDefault)
	assert.Equal(t, "«Worldline/SIX Payment Services» ist aktiv", c.subjects(contact, 4)[3])
	assert.Equal(t, []string{"payment_service.active", "invoice.opened", "payment_service.methods_changed", "payment_service.suspended"}, c.eventTypes()[:4])
	temporal := commander(t, s)
	looks := listWorkflows(t, temporal, "ExecutionStatus = 'Completed' AND WorkflowType = '"+contract.HealthBucketType+"'")
	require.NotEmpty(t, looks)
	keepHistory(t, s, looks[0], "health-of-a-bucket")
	alone := contract.CheckPaymentService{CompanyID: c.id, PaymentServiceID: service.ID}
	require.NoError(t, contract.Commands{Temporal: temporal}.CheckHealth(t.Context(), alone))
	var state contract.ServiceState
	require.NoError(t, temporal.GetWorkflow(t.Context(), contract.HealthID(service.ID), "").Get(t.Context(), &state))
	assert.Equal(t, merchant.Active, state.Status)
}

// disconnected is a company that leaves while a payer is on the payment page.
func disconnected(t *testing.T, s *stack.Stack) {
	t.Helper()
	a := unverified(t, s, "700950")
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}})
	c, contact := newCompanyIn(t, s, "BS", "en")
	service := c.connect(a.credentials)
	c.call("POST", "/payment-services/"+service.ID+"/default", nil).gives(200, nil)
	inv, late := c.issue("108.00"), c.issueNumbered("2026-0043", "54.00")
	page := inv.payNow("card")

	c.call("DELETE", "/payment-services/"+service.ID, nil).gives(200, &service)
	assert.Equal(t, "disconnected", service.Status)
	assert.False(t, service.IsDefault)
	assert.Equal(t, http.StatusConflict, late.pressPayNow("card").status, "no new payment begins")
	assert.Equal(t, []string{}, c.draftOf("2026-0044").PaymentServiceIDs)
	page.pay(visa)
	paid := inv.requireCollectedOnce("108.00").Payments[0]
	erased := await(t, patience, func() paymentService { return c.paymentService(service.ID) }, func(now paymentService) bool {
		return slices.Contains(now.whats(), "credentials_erased")
	})
	assert.Equal(t, []string{"“Worldline/SIX Payment Services” is active", "“Worldline/SIX Payment Services” is disconnected"}, c.subjects(contact, 2))
	assert.NotEmpty(t, erased.Timeline, "the history stays")
	keepHistory(t, s, contract.OnboardingID(service.ID), "onboarding-disconnected")
	keepHistory(t, s, contract.OnboardingID(service.ID), "onboarding-disconnected-from-a-bucket")

	r := c.refund(paid.ID, object{"amount": "8.00", "reason": "Returned"})
	await(t, patience, func() int {
		var open struct{ Data []exception }
		c.call("GET", "/exceptions?open=true&subject="+r.ID, nil).gives(200, &open)
		return len(open.Data)
	}, func(n int) bool { return n == 1 })
	c.call("POST", "/refunds/"+r.ID+"/record", nil).gives(200, nil)
	keepHistory(t, s, contract.RefundID(r.ID), "refund-by-hand-after-disconnecting")
	late.cancel()
}

func TestLicenseWithoutTheManagementAPIIsConfirmedByAPerson(t *testing.T) {
	t.Parallel()
	a := unverified(t, shared, "700930")
	a.change(t, object{"features": []string{}})
	c := newCompany(t, shared)
	service := c.connect(a.credentials)
	require.Equal(t, "in_verification", service.Status)
	assert.Contains(t, service.Timeline[1].Note, "a person will confirm")
	temporal := operator(t, shared)
	await(t, patience, func() string { return currentDetails(t, temporal, contract.OnboardingID(service.ID)) },
		func(details string) bool { return strings.Contains(details, "lacks the Management API") })
	admin := &company{t: t, stack: shared, key: stack.AdminKey}
	admin.call("POST", "/payment-services/"+service.ID+"/verification", object{"decision": "approved", "reason": "Confirmed by phone."}).gives(200, &service)
	assert.Equal(t, "active", service.Status)
	keepHistory(t, shared, contract.OnboardingID(service.ID), "onboarding-unmanaged-approved-by-a-person")
	assert.Equal(t, "not_mailed", c.paymentService(service.ID).Timeline[2].What, "there is nobody to write to")
}
