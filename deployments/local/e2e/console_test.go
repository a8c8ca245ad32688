package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/calendar"
)

// theWholeArticle is what the invoicing product's article describes, click by click, in French, on a stack where a day passes in a
// second: add the service, a wrong password, the right one, wait for the acquirer, active, default; an earlier draft, its terms,
// issue; the customer pays; paid; the receipt on 1029; fees by hand; a further currency.
func theWholeArticle(t *testing.T, s *stack.Stack) {
	t.Helper()
	b := newBrowser(t)
	c := newCompany(t, s)
	a := unverified(t, s, "700930")
	do, leave := b.open(2 * browserTimeout)
	defer leave()
	draft := func(number string) chromedp.Tasks {
		return chromedp.Tasks{
			press(`.menu a[href="/console/invoices"]`), press(`a[href="/console/invoices/new"]`),
			enter("number", number), enter("customer.name", "Marie Favre"), enter("amount", "108"), press("main form button"),
		}
	}

	var home, wrong, waiting string
	do(chromedp.Navigate(s.APIURL()+"/console?lang=fr"), enter("key", c.key), press("main button"), see(&home))
	assert.Contains(t, home, "Pas encore de service de paiement")
	do(draft("2026-0041")...)
	do(press(`.menu a[href="/console/payment-services"]`), press(`a[href="/console/payment-services/new"]`),
		enter("name", "Boutique en ligne"), click("#test"), press("main form button"),
		enter("customer_id", a.customer), enter("terminal_id", a.terminal), enter("api_username", "API_"+a.customer+"_00000001"), enter("api_password", "wrong"), press("main form button"),
		chromedp.WaitVisible(".field.wrong #api_password", chromedp.ByQuery), see(&wrong),
		enter("api_password", "Password-1"), press("main form button"), see(&waiting))
	assert.Contains(t, wrong, "Saferpay refuse ces données d’accès")
	assert.Contains(t, wrong, "Rien n’est enregistré.")
	var services struct{ Data []paymentService }
	c.call("GET", "/payment-services", nil).gives(200, &services)
	require.Len(t, services.Data, 1)
	vaud, err := calendar.ForCanton("VD")
	require.NoError(t, err)
	due := vaud.AddBusinessDays(services.Data[0].Verification.SubmittedAt, 15).Format("02.01.2006")
	assert.Contains(t, waiting, "Worldline/SIX vérifie votre entreprise, au plus tard jusqu’au "+due)

	await(t, patience, func() int { return a.looks(t) }, func(n int) bool { return n >= 3 }) // days later
	a.contract(t, object{"method": "VISA", "currencies": []string{"CHF"}}, object{"method": "TWINT", "currencies": []string{"CHF"}})
	active := await(t, patience, func() (page string) {
		do(chromedp.Reload(), see(&page))
		return page
	}, func(page string) bool { return !strings.Contains(page, "Vous n’avez rien à faire") })
	assert.Contains(t, active, "Actif")
	assert.Contains(t, active, "Visa, TWINT")

	var asDefault, ticked, document, paid, journal, currencies string
	var goesWithIt bool
	do(press(`form[action$="/default"] button`), see(&asDefault))
	do(draft("2026-0042")...)
	do(chromedp.Evaluate(`document.querySelector("input[name=payment_service_ids]").checked`, &goesWithIt),
		press(`.menu a[href="/console/invoices"]`), chromedp.SendKeys(".menu [name=q]", "2026-0041\r", chromedp.ByQuery), press(`.tabs a[href$="/conditions"]`),
		click(`input[name=payment_service_ids]`), press("main form button"), see(&ticked),
		press(`.actions a[href$="/issue"]`), press("main form button"),
		chromedp.AttributeValue(`.actions a[target=_blank]`, "href", &document, nil, chromedp.ByQuery))
	assert.Contains(t, asDefault, "Par défaut")
	assert.True(t, goesWithIt, "the default goes with every new draft")
	assert.Contains(t, ticked, "Les conditions sont enregistrées.")

	var notice string
	b.visit(document, choose("twint"), chromedp.Click("#pay", chromedp.ByQuery, chromedp.NodeVisible), seePaid(&notice)) // its page lives for ten seconds here
	do(chromedp.Reload(), see(&paid),
		press(`.menu a[href="/console/journal"]`), press(`a[href="/console/journal/new"]`),
		enter("date", day(0)), enter("text", "Frais Worldline"), enter("account0", "6940"), enter("debit0", "1.40"), enter("account1", "1029"), enter("credit1", "1.40"), press("main form button"),
		press(`.menu a[href="/console/journal"]`), see(&journal),
		press(`.menu a[href="/console/payment-services"]`), press(".rows h2 a"), press(`button[name=currency][value=EUR]`), see(&currencies))
	assert.Contains(t, paid, "Payé")
	assert.Contains(t, paid, "1029")
	assert.Contains(t, journal, "1029 / 1100")
	assert.Contains(t, journal, "6940 / 1029")
	assert.Contains(t, currencies, "EUR, Demandé")
	assert.Equal(t, []balance{{"CHF", "106.60"}}, c.balances("1029"))
}

// consoleUser is a person in the console, without a browser.
type consoleUser struct {
	c      *company
	cookie string
}

func (c *company) inConsole(role string) consoleUser {
	c.t.Helper()
	var link struct{ URL string }
	c.call("POST", "/console-sessions", object{"user": object{"id": "u_1", "name": "C. Favre"}, "role": role}).gives(201, &link)
	entered := send(c.t, "GET", link.URL, nil, nil)
	require.Equal(c.t, http.StatusSeeOther, entered.status)
	assert.Equal(c.t, "/console", entered.header.Get("Location"))
	for _, cookie := range entered.header.Values("Set-Cookie") {
		if strings.HasPrefix(cookie, "quittance_console=") {
			assert.Contains(c.t, cookie, "HttpOnly")
			assert.Contains(c.t, cookie, "SameSite=Lax")
			value, _, _ := strings.Cut(cookie, ";")
			return consoleUser{c, value}
		}
	}
	c.t.Fatal("no session was opened")
	return consoleUser{}
}

func (u consoleUser) get(path string) answer {
	u.c.t.Helper()
	return send(u.c.t, "GET", u.c.stack.APIURL()+path, nil, http.Header{"Cookie": {u.cookie}})
}

func (u consoleUser) post(path string, form url.Values) answer {
	u.c.t.Helper()
	return send(u.c.t, "POST", u.c.stack.APIURL()+path, []byte(form.Encode()), http.Header{
		"Cookie": {u.cookie}, "Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"},
	})
}

func TestNobodyDoesInTheConsoleWhatHisRoleForbidsOrWhatIsAnothers(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	inv.payNow("card").pay(visa)
	p := inv.requireCollectedOnce("108.00").Payments[0]
	var services struct{ Data []paymentService }
	c.call("GET", "/payment-services", nil).gives(200, &services)
	service, draft := services.Data[0].ID, c.draftOf("D-1")
	var entries struct{ Data []struct{ ID string } }
	c.call("GET", "/journal", nil).gives(200, &entries)

	pages := []string{
		"/console/payment-services/" + service, "/console/payment-services/" + service + "/credentials", "/console/payment-services/" + service + "/disconnect",
		"/console/invoices/" + inv.ID, "/console/invoices/" + inv.ID + "/content", "/console/invoices/" + inv.ID + "/conditions", "/console/invoices/" + inv.ID + "/entries",
		"/console/invoices/" + draft.ID + "/issue", "/console/invoices/" + draft.ID + "/cancel", "/console/payments/" + p.ID, "/console/journal/" + entries.Data[0].ID,
		"/console/journal/" + entries.Data[0].ID + "/reverse",
	}
	lists := []string{
		"/console", "/console/payment-services", "/console/payment-services/new", "/console/invoices", "/console/invoices/new", "/console/payments", "/console/exceptions", "/console/payouts",
		"/console/reconciliation", "/console/journal", "/console/journal/new", "/console/journal.csv", "/console/trial-balance", "/console/statements/2026-11", "/console/statements/2026-11.csv",
		"/console/close", "/console/settings", "/console/access", "/console/audit", "/console/invoices?q=nothing",
	}
	managers := map[string]url.Values{ // acts that only a manager may do
		"/console/payment-services":                             {"environment": {"test"}},
		"/console/payment-services/" + service + "/credentials": {"customer_id": {"123123"}, "terminal_id": {"12345678"}, "api_username": {"API_123123_00000001"}, "api_password": {"Demo-Password-1"}},
		"/console/payment-services/" + service + "/default":     {},
		"/console/payment-services/" + service + "/currencies":  {"currency": {"USD"}},
		"/console/payment-services/" + service + "/disconnect":  {},
		"/console/invoices":                                     {"number": {"N-1"}, "currency": {"CHF"}, "amount": {"5.00"}, "due_date": {"31.12.2026"}, "customer.name": {"Anna"}, "customer.language": {"fr"}},
		"/console/invoices/" + draft.ID + "/conditions":         {"due_date": {"30.12.2026"}},
		"/console/invoices/" + draft.ID + "/issue":              {},
		"/console/invoices/" + draft.ID + "/cancel":             {},
		"/console/payments/" + p.ID + "/refunds":                {"amount": {"1.00"}, "reason": {"x"}, "sure": {"yes"}},
		"/console/settings":                                     {"receipt_account": {"1020"}, "fee_account": {"6940"}, "language": {"de"}},
		"/console/access/keys":                                  {"scopes": {"write"}},
		"/console/access/endpoints":                             {"url": {"http://127.0.0.1:9/"}},
	}
	bookkeepers := map[string]url.Values{ // and these a bookkeeper may do as well
		"/console/journal": {"date": {"20.11.2026"}, "text": {"Frais"}, "currency": {"CHF"}, "account0": {"6940"}, "debit0": {"1.00"}, "account1": {"1029"}, "credit1": {"1.00"}},
		"/console/journal/" + entries.Data[0].ID + "/reverse": {},
		"/console/close": {"books_closed_until": {"31.10.2026"}},
	}
	state := func() string {
		var all strings.Builder
		for _, list := range []string{"/payment-services", "/invoices", "/payments", "/refunds", "/journal", "/settings", "/webhook-endpoints", "/accounts"} {
			all.Write(c.call("GET", list, nil).body)
		}
		return all.String()
	}
	before := state()

	stranger := newCompany(t, shared).inConsole("manager")
	for _, page := range pages {
		assert.Equal(t, 404, stranger.get(page).status, page)
	}
	for path, form := range managers {
		if strings.Contains(path, service) || strings.Contains(path, draft.ID) || strings.Contains(path, p.ID) {
			assert.Equal(t, 404, stranger.post(path, form).status, path)
		}
	}
	viewer, bookkeeper := c.inConsole("viewer"), c.inConsole("bookkeeper")
	for _, page := range append(lists, pages...) {
		assert.Equal(t, 200, viewer.get(page).status, page)
	}
	for path, form := range managers {
		assert.Equal(t, 403, viewer.post(path, form).status, path)
		assert.Equal(t, 403, bookkeeper.post(path, form).status, path)
	}
	for path, form := range bookkeepers {
		assert.Equal(t, 403, viewer.post(path, form).status, path)
	}
	assert.Equal(t, before, state(), "nothing changed")
	assert.Equal(t, 303, bookkeeper.post("/console/journal", bookkeepers["/console/journal"]).status)
	foreign := send(t, "POST", shared.APIURL()+"/console/invoices/"+draft.ID+"/cancel", []byte(""), http.Header{"Cookie": {c.inConsole("manager").cookie}, "Sec-Fetch-Site": {"cross-site"}})
	assert.Equal(t, 403, foreign.status)
	assert.Equal(t, "draft", draft.now().Status)

	require.Equal(t, 303, viewer.post("/console/sign-out", nil).status)
	out := viewer.get("/console/invoices?status=paid")
	assert.Equal(t, "/console/sign-in?next=%2Fconsole%2Finvoices%3Fstatus%3Dpaid", out.header.Get("Location"), "it comes back to where it was")
}

// In the frame of the invoicing product the console shows the page for which the session was opened, and only to that site.
func TestTheInvoicingProductFramesAPageOfTheConsole(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	var link struct{ URL string }
	c.call("POST", "/console-sessions", object{
		"user": object{"id": "u_1", "name": "C. Favre"}, "role": "manager", "page": "/console/payment-services", "embed_origin": "https://invoices.example",
	}).gives(201, &link)
	entered := send(t, "GET", link.URL, nil, nil)
	assert.Equal(t, "/console/payment-services", entered.header.Get("Location"))
	cookie := regexp.MustCompile(`quittance_console=[^;]*`).FindString(strings.Join(entered.header.Values("Set-Cookie"), "\n"))
	assert.Contains(t, strings.Join(entered.header.Values("Set-Cookie"), "\n"), "SameSite=None; Partitioned")
	u := consoleUser{c, cookie}
	page := u.get("/console/payment-services")
	require.Equal(t, 200, page.status)
	assert.Contains(t, page.header.Get("Content-Security-Policy"), "frame-ancestors https://invoices.example")
	assert.Contains(t, string(page.body), `class="embedded"`)
	assert.NotContains(t, string(page.body), `id="menu"`)
	assert.Equal(t, 404, u.get("/console/journal").status)
	assert.Equal(t, 401, send(t, "GET", link.URL, nil, nil).status, "the link works once")
}

func TestAnOperatorFindsACompanyByAnOrderAndSuspendsIt(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	inv := c.issue("108.00")
	inv.payNow("card").pay(visa)
	p := inv.requireCollectedOnce("108.00").Payments[0]
	o := c.signOperatorIn("Nadia Muster")
	for _, page := range []string{"/operator", "/operator/companies", "/operator/companies/new", "/operator/companies/" + c.id, "/operator/payment-services", "/operator/search?q=" + p.Saferpay.OrderID} {
		for _, language := range []string{"de", "fr", "it", "en"} {
			shown := o.get(page + map[bool]string{true: "&", false: "?"}[strings.Contains(page, "?")] + "lang=" + language)
			assert.Equal(t, 200, shown.status, "%s in %s", page, language)
		}
	}
	found := string(o.get("/operator/search?q=" + p.Saferpay.OrderID).body)
	assert.Contains(t, found, `href="/operator/companies/`+c.id+`"`)
	assert.Contains(t, found, "/workflows/invoice%2F"+inv.ID)

	require.Equal(t, 303, o.post("/operator/companies/"+c.id, url.Values{"status": {"suspended"}}).status)
	c.call("GET", "/invoices", nil).isProblem(403, "company-suspended")
	assert.Equal(t, 200, send(t, "GET", inv.OnlineDocumentURL, nil, nil).status, "its customers go on")
	require.Equal(t, 303, o.post("/operator/companies/"+c.id, url.Values{"status": {"active"}}).status)
	var log struct {
		Data []struct{ Actor, Action string }
	}
	c.call("GET", "/audit-log", nil).gives(200, &log)
	assert.Equal(t, "operator Nadia Muster", log.Data[0].Actor)
	assert.Equal(t, http.StatusSeeOther, consoleUser{c, "quittance_operations=" + "x"}.get("/operator").status, "who is nobody is asked to sign in")
	stranger := consoleUser{c, "quittance_operations=TmFkaWE." + c.key}
	assert.Equal(t, 403, stranger.get("/operator").status, "a company's key is no operator's")
}
