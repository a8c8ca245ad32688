package api_test

import (
	"bytes"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/console"
	"github.com/quittance/quittance/internal/event"
	"github.com/quittance/quittance/internal/exception"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/money"
	"github.com/quittance/quittance/internal/testing/sftptest"
)

// pages is the console of a world, as one person sees it.
type pages struct {
	*world
	console http.Handler
	token   string
}

// inPages opens the console in English for a person of that role.
func (w *world) inPages(role string) pages {
	w.Helper()
	return pages{w, console.New(console.Options{
		APIURL: "http://api.invalid/v1", Transport: console.InProcess{Handler: w.handler}, SignIns: 10, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Now: func() time.Time { return noon },
	}), w.inConsole(role)}
}

// visit opens a page; with a form it sends that.
func (p pages) visit(path string, form ...url.Values) *httptest.ResponseRecorder {
	p.Helper()
	if len(form) > 0 {
		return p.post(path, form[0], false)
	}
	return p.send(http.MethodGet, path, "", http.NoBody)
}

// post sends a form, with a file in it or without.
func (p pages) post(path string, form url.Values, withFile bool) *httptest.ResponseRecorder {
	p.Helper()
	if !withFile {
		return p.send(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	}
	var body bytes.Buffer
	parts := multipart.NewWriter(&body)
	file, err := parts.CreateFormFile("file", "statement.csv")
	require.NoError(p, err)
	_, err = io.WriteString(file, csvHeader)
	require.NoError(p, err)
	require.NoError(p, parts.Close())
	return p.send(http.MethodPost, path, parts.FormDataContentType(), &body)
}

func (p pages) send(method, path, contentType string, body io.Reader) *httptest.ResponseRecorder {
	p.Helper()
	r := httptest.NewRequestWithContext(p.Context(), method, path, body)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Accept-Language", "en")
	r.AddCookie(&http.Cookie{Name: "quittance_console", Value: p.token})
	r.AddCookie(&http.Cookie{Name: "quittance_language", Value: "en"})
	answer := httptest.NewRecorder()
	p.console.ServeHTTP(answer, r)
	return answer
}

var markup = regexp.MustCompile(`<[^>]*>`)

// text opens a page and returns what it says.
func (p pages) text(path string) string {
	p.Helper()
	answer := p.visit(path)
	require.Equal(p, http.StatusOK, answer.Code, answer.Body)
	return strings.Join(strings.Fields(strings.ReplaceAll(markup.ReplaceAllString(answer.Body.String(), " "), "&nbsp;", " ")), " ")
}

func TestTheFirstPageSaysWhatCameWhatIsOpenAndWhatStandsOnTheReceiptAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.captured(chf("108.00"), "2026-11-18")
	w.captured(chf("50.00"), "2026-10-31") // last month
	w.captured(money.MustParse("20.00", money.EUR), "2026-11-20")
	w.newInvoice(invoice.Open)
	w.newInvoice(invoice.PartiallyPaid, func(i *invoice.Invoice) { i.DueDate = day("2026-11-20") })
	w.newInvoice(invoice.Draft)

	s := w.call("GET", "/summary", w.key, nil).json(200)
	assert.Equal(t, []any{object{"currency": "CHF", "amount": "108.00", "count": 1.0}, object{"currency": "EUR", "amount": "20.00", "count": 1.0}}, s["received"])
	assert.Equal(t, []any{object{"currency": "CHF", "amount": "1469.00", "count": 2.0}}, s["open"])
	assert.Equal(t, []any{object{"currency": "CHF", "amount": "234.50", "count": 1.0}}, s["overdue"])
	account := s["receipt_account"].(object)
	assert.Equal(t, "1029", account["number"])
	francs := account["balances"].([]any)[0].(object)
	days := francs["days"].([]any)
	require.Len(t, days, 30)
	at := func(i int) []any { return []any{days[i].(object)["date"], days[i].(object)["amount"]} }
	assert.Equal(t, []any{[]any{"2026-10-24", "0.00"}, []any{"2026-10-31", "50.00"}, []any{"2026-11-17", "50.00"}, []any{"2026-11-18", "158.00"}, []any{"2026-11-22", "158.00"}},
		[]any{at(0), at(7), at(24), at(25), at(29)})
	assert.Equal(t, "158.00", francs["amount"])

	home := w.inPages("viewer").text("/console")
	for _, said := range []string{"Received in November 2026 CHF 108.00 1 receipt EUR 20.00", "Still open CHF 1’469.00 on 2 invoices overdue: CHF 234.50", "On account 1029, on its way to your bank CHF 158.00"} {
		assert.Contains(t, home, said)
	}
	late := w.inPages("viewer").text("/console/invoices?status=overdue")
	assert.Contains(t, late, "Overdue")
}

func TestAPayoutIsDecidedByTickingWhatItPays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.captured(chf("108.00"), "2026-11-18"), w.captured(chf("50.00"), "2026-11-18")
	imported := w.importFile("text/csv", csvHeader+"WL-1,2026-11-20,payment,QUNKNOWN0000000000,CHF,158.00,3.45,154.55\n").json(http.StatusCreated)
	payout := imported["unmatched"].([]any)[0].(object)["id"].(string)
	path := "/console/payouts/" + payout
	assert.NotContains(t, w.inPages("viewer").text(path), "Choose what the payout")
	p := w.inPages("bookkeeper")
	assert.Contains(t, p.text(path), "Choose what the payout of CHF 154.55 pays.")

	refused := p.visit(path+"/confirm", url.Values{"items": {a.ID}, "fee": {"3.45"}})
	assert.Equal(t, http.StatusUnprocessableEntity, refused.Code)
	assert.Contains(t, refused.Body.String(), `value="`+a.ID+`" checked`, "what was ticked is ticked")
	assert.NotContains(t, refused.Body.String(), `value="`+b.ID+`" checked`)

	booked := p.visit(path+"/confirm", url.Values{"items": {a.ID, b.ID}, "fee": {"3.45"}})
	require.Equal(t, http.StatusSeeOther, booked.Code, booked.Body)
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	assert.Contains(t, p.text(path), "Booked")
	second := p.visit(path+"/confirm", url.Values{"items": {a.ID, b.ID}, "fee": {"3.45"}})
	assert.Equal(t, http.StatusUnprocessableEntity, second.Code, "who comes second is told")
}

func TestTheReconciliationSaysWhatIsLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.captured(chf("108.00"), "2026-11-20")
	w.captured(chf("50.00"), "2026-11-16")
	w.captured(chf("20.00"), "2026-10-01")
	w.call("POST", "/manual-entries", w.key, newEntry(
		`"date":"2026-11-20"`, `"lines":[{"account":"1029","debit":"5.00"},{"account":"1020","credit":"5.00"}]`)).json(http.StatusCreated)
	b := w.call("GET", "/reconciliation", w.key, nil).json(200)["balances"].([]any)[0].(object)
	ages := map[string]any{}
	for _, age := range b["ages"].([]any) {
		ages[age.(object)["age"].(string)] = age.(object)["amount"]
	}
	assert.Equal(t, map[string]any{"not_expected_yet": "108.00", "late": "50.00", "very_late": "20.00", "no_payout": "5.00"}, ages)
	assert.Contains(t, w.inPages("viewer").text("/console/reconciliation"), "1 to 5 business days late 50.00 More than 5 business days late 20.00")
}

func TestInsideAProductTheConsoleHasItsColourAndStaysOnItsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	link := w.call("POST", "/console-sessions", w.key, object{
		"user": object{"id": "u_1", "name": "C. Favre"}, "role": "manager", "page": "/console/payment-services", "embed_origin": "https://invoices.example", "accent": "#0d5c4d",
	}).json(http.StatusCreated)
	opened, err := url.Parse(link["url"].(string))
	require.NoError(t, err)
	p := w.inPages("viewer")
	p.token = w.call("POST", "/console-sessions/enter", opened.Query().Get("code"), nil).json(http.StatusOK)["token"].(string)
	page := p.visit("/console/payment-services")
	require.Equal(t, http.StatusOK, page.Code)
	assert.Contains(t, page.Body.String(), `<link rel="stylesheet" href="/console/accent-0d5c4d.css">`)
	assert.NotContains(t, page.Body.String(), `class="menu"`)
	assert.Contains(t, page.Header().Get("Content-Security-Policy"), "frame-ancestors https://invoices.example")
	assert.Equal(t, http.StatusNotFound, p.visit("/console/invoices").Code)
}

func TestADisputeIsRecordedFromItsPaymentAndLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	page := w.inPages("bookkeeper")
	assert.Contains(t, page.visit("/console/payments/"+p.ID).Body.String(), `<a href="/console/disputes/new?payment_id=`+p.ID+`">Record a dispute</a>`)
	form := url.Values{"payment_id": {p.ID}, "reason": {"Card was stolen"}, "amount": {"108.01"}, "opened_on": {"22.11.2026"}, "respond_by": {"10.12.2026"}, "fee": {"25"}, "reference": {"CB-1"}}
	refused := page.visit("/console/disputes", form)
	assert.Equal(t, http.StatusUnprocessableEntity, refused.Code)
	assert.Contains(t, refused.Body.String(), "This is more than is left of the payment.")
	form.Set("respond_by", "soon")
	assert.Contains(t, page.visit("/console/disputes", form).Body.String(), "Give a day after the letter")
	form.Set("amount", "108.00")
	form.Set("respond_by", "10.12.2026")
	opened := page.visit("/console/disputes", form)
	require.Equal(t, http.StatusSeeOther, opened.Code, opened.Body)
	at := opened.Header().Get("Location")
	assert.Contains(t, page.text(at), "Open CHF 108.00 Card was stolen")
	assert.Contains(t, page.text("/console/disputes"), "Card was stolen CB-1 10.12.2026 Open CHF 108.00")
	assert.NotContains(t, page.visit("/console/payments/"+p.ID).Body.String(), "/console/disputes/new", "nothing is left to dispute")
	assert.NotContains(t, w.inPages("viewer").text(at), "Book as lost")

	assert.Equal(t, http.StatusUnprocessableEntity, page.visit(at+"/lose", url.Values{}).Code)
	require.Equal(t, http.StatusSeeOther, page.visit(at+"/lose", url.Values{"claim": {"invoice"}}).Code)
	assert.Contains(t, page.text(at), "The customer owes the amount again")
	assert.Equal(t, []any{"open", "0.00", "108.00"}, w.invoiceOf(p))
	again := page.visit(at+"/win", url.Values{})
	assert.Equal(t, http.StatusUnprocessableEntity, again.Code)
	assert.Contains(t, again.Body.String(), "This dispute is won or lost already.")
}

// everyField is a form that answers what any form of the console asks for.
var everyField = url.Values{
	"date": {"20.11.2026"}, "due_date": {"30.12.2026"}, "books_closed_until": {"31.10.2026"}, "amount": {"1.00"}, "reason": {"x"}, "sure": {"yes"}, "text": {"Frais"},
	"currency": {"CHF"}, "account0": {"6940"}, "debit0": {"1.00"}, "account1": {"1020"}, "credit1": {"1.00"}, "url": {"http://127.0.0.1:9/"}, "scopes": {"write"}, "allowed_addresses": {"192.0.2.0/24"},
	"number": {"N-1"}, "customer.name": {"Anna"}, "customer.language": {"fr"}, "customer.email": {"anna@example.ch"}, "environment": {"test"}, "name": {"Shop"},
	"customer_id": {"123123"}, "terminal_id": {"12345678"}, "api_username": {"API_123123_00000001"}, "api_password": {"Demo-Password-1"}, "choice": {"try_again"}, "note": {"x"},
	"refund_approval_above": {"500.00"}, "receipt_account": {"1020"}, "fee_account": {"6940"}, "language": {"de"}, "issuer": {"https://login.example.ch"}, "client_id": {"c"}, "reference": {"Bank"}, "account": {"1020"},
	"email": {"anna@example.ch"}, "default_role": {"viewer"}, "canton": {"VD"}, "liability_shift": {"require"}, "payout_days": {"3"}, "from": {"1.11.2026"}, "to": {"30.11.2026"}, "format": {"table"}, "month": {"2026-11"}, "rate": {"0.9412"},
	"from.account": {"1021"}, "from.amount": {"1.00"}, "from.currency": {"EUR"}, "to.account": {"1020"}, "to.amount": {"1.00"}, "to.currency": {"CHF"},
	"retention.links_days": {"30"}, "retention.books_years": {"12"}, "retention.unpaid_days": {"60"}, "retention.logs_days": {"60"}, "claim": {"invoice"}, "opened_on": {"22.11.2026"}, "fee": {"25.00"},
}

// Every page and every form that there is, as the router knows them: nobody sees what is another company's, and nobody does what
// the role forbids.
func TestNoPageAndNoFormIsOpenToAStrangerOrToASmallRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	p := w.captured(chf("108.00"), "2026-11-18")
	draft := w.newInvoice(invoice.Draft, payableBy(service))
	open := w.newInvoice(invoice.Open)
	receipt := w.received(open, "1.00")
	exc, endpoint, entry := w.raise(exception.CaptureUnclear, p.ID), w.newEndpoint("http://127.0.0.1/1"), w.enter("2026-11-20", "5.00")
	told := w.tell(event.InvoiceOpened, draft.ID)
	require.Equal(t, http.StatusNoContent, w.put("/company/logo", "image/png", picture(t, 30, 20)).Code)
	imported := w.importFile("text/csv", csvHeader+"WL-1,2026-11-20,payment,QUNKNOWN0000000000,CHF,158.00,3.45,154.55\n").json(http.StatusCreated)
	payout := imported["unmatched"].([]any)[0].(object)["id"].(string)
	bank := w.call("POST", "/bank-accounts", w.key, `{"iban": "CH9300762011623852957", "account": "1020", "currency": "CHF"}`).json(http.StatusCreated)["id"].(string)
	w.fetchesFrom(sftptest.Start(w), nil).json(http.StatusOK)
	disputed := w.disputes(w.captured(chf("20.00"), "2026-11-18"), "")["id"].(string)
	ids := strings.NewReplacer("disputes/{id}", "disputes/"+disputed, "payment-services/{id}", "payment-services/"+service.ID, "invoices/{id}", "invoices/"+draft.ID, "payments/{id}", "payments/"+p.ID,
		"exceptions/{id}", "exceptions/"+exc.ID, "payouts/{id}", "payouts/"+payout, "journal/{id}", "journal/"+entry, "endpoints/{id}", "endpoints/"+endpoint.ID,
		"{event}", told.ID, "{key}", w.keyID, "{invoice}", open.ID, "{receipt}", receipt, "{month}", "2026-11",
		"{file}", imported["id"].(string), "{account}", bank, "{export}", w.exported("table"), "{columns}", w.confirmedColumns(), "{number}", "1024")
	w.call("POST", "/accounts", w.key, object{"number": "1024", "name": "Compte courant"}).json(http.StatusCreated)

	viewer, bookkeeper := w.inPages("viewer"), w.inPages("bookkeeper")
	other, key := w.newCompany("Andere AG", "de")
	theirs := *w
	theirs.company, theirs.key = other, key
	stranger := theirs.inPages("manager")
	state := func() (all string) {
		for _, list := range []string{"/payment-services", "/invoices", "/payments", "/refunds", "/disputes", "/journal", "/settings", "/webhook-endpoints", "/accounts", "/payouts", "/exceptions", "/bank-accounts", "/journal-exports", "/settlement-source", "/settlement-columns", "/exchange-rates"} {
			all += w.call("GET", list, w.key, nil).Body.String()
		}
		return all
	}
	before, pages, forms := state(), 0, 0
	forBookkeepers := regexp.MustCompile(`^/console/(journal|accounts|exchange-rates|payouts|exceptions|disputes|close|receipts|invoices/[^/]+/receipts)`)
	require.NoError(t, chi.Walk(viewer.console.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		path := strings.TrimSuffix(ids.Replace(route), "/")
		public := strings.HasPrefix(route, "/console/sign-") || strings.HasPrefix(route, "/console/enter") || strings.Contains(route, ".css")
		if !strings.HasPrefix(route, "/console") || public || path == "/console/sign-out" {
			return nil
		}
		foreign := path != strings.TrimSuffix(route, "/") && !strings.Contains(route, "{month}")
		if method == http.MethodGet {
			pages++
			if foreign {
				assert.Equal(t, http.StatusNotFound, stranger.visit(path).Code, "a stranger reads %s", path)
			} else {
				assert.NotContains(t, stranger.visit(path).Body.String(), "Marie Favre", path)
			}
			assert.Contains(t, []int{http.StatusOK, http.StatusSeeOther, http.StatusForbidden}, viewer.visit(path).Code, "a viewer reads %s", path)
			return nil
		}
		forms++
		files := strings.HasSuffix(route, "/documents") || strings.HasSuffix(route, "/pdf") || strings.TrimSuffix(route, "/") == "/console/payouts" || strings.HasSuffix(route, "/exchange-rates/import")
		if foreign {
			assert.Equal(t, http.StatusNotFound, stranger.post(path, everyField, files).Code, "a stranger sends %s", path)
		}
		assert.Equal(t, http.StatusForbidden, viewer.post(path, everyField, files).Code, "a viewer sends %s", path)
		if !forBookkeepers.MatchString(path) {
			assert.Equal(t, http.StatusForbidden, bookkeeper.post(path, everyField, files).Code, "a bookkeeper sends %s", path)
		}
		return nil
	}))
	assert.Equal(t, before, state(), "nothing has changed")
	t.Logf("%d pages and %d forms", pages, forms)
	assert.Greater(t, pages, 30)
	assert.Greater(t, forms, 30)
}

func TestThePageOfPayoutsTakesWhatBanksSendAndSaysWhatAFileIs(t *testing.T) {
	t.Parallel()
	w := payee(t)
	w.call("PATCH", "/settings", w.key, object{"payout_ibans": []string{bankIBAN}}).json(http.StatusOK)
	p := w.inPages("bookkeeper")
	upload := func(name, content string) *httptest.ResponseRecorder {
		var body bytes.Buffer
		parts := multipart.NewWriter(&body)
		file, err := parts.CreateFormFile("file", name)
		require.NoError(t, err)
		_, err = io.WriteString(file, content)
		require.NoError(t, err)
		require.NoError(t, parts.Close())
		return p.send(http.MethodPost, "/console/payouts", parts.FormDataContentType(), &body)
	}
	assert.Contains(t, p.visit("/console/payouts").Body.String(), `accept=".xml,.csv,.zip,.gz,`)
	for content, says := range map[string]string{
		":20:X\n:25:CH93\n:60F:C261119CHF1,00\n": "This is an MT940 or MT942 (SWIFT), which says too little of payouts. Order camt.053 or camt.054 from your bank",
		"%PDF-1.7 ":                              "This is a PDF, made for people.", "PK\x05\x06": "This archive is damaged, encrypted or empty.",
		camt053(stmt(otherIBAN, "")): "We can’t import this file (line 2: the statement is of the account CH5604835012345678009,",
	} {
		refused := upload("file", content)
		assert.Equal(t, http.StatusUnprocessableEntity, refused.Code)
		assert.Contains(t, refused.Body.String(), `<p class="wrongly">`+says)
	}
	page := "<StmtPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></StmtPgntn><ElctrncSeqNb>9</ElctrncSeqNb>"
	taken := upload("november.zip", zipped(t, "a.xml", camt053(stmt(bankIBAN, page, paysOut("60.00", "A")), stmt(otherIBAN, "", paysOut("50.00", "B"))), "b.pdf", "%PDF-"))
	require.Equal(t, http.StatusSeeOther, taken.Code, taken.Body)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, taken.Header().Get("Location"), http.NoBody)
	for _, cookie := range append(taken.Result().Cookies(), &http.Cookie{Name: "quittance_console", Value: p.token}, &http.Cookie{Name: "quittance_language", Value: "en"}) {
		r.AddCookie(cookie)
	}
	shown := httptest.NewRecorder()
	p.console.ServeHTTP(shown, r)
	assert.Contains(t, shown.Body.String(), "0 payouts recognised, 1 unexplained. Receipts for invoices: 0. Of the statement of account CH9300762011623852957, this is still missing: page 2. "+
		"Left out, because it is not your account: CH5604835012345678009 (1 entries). Not read: b.pdf.")
}

func TestADraftOfACustomerWithoutAddressIsShownWithoutOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.newInvoice(invoice.Draft)
	page := w.inPages("manager").visit("/console/invoices/" + draft.ID + "/content")
	require.Equal(t, http.StatusOK, page.Code)
	assert.NotContains(t, page.Body.String(), "null")
	assert.Contains(t, page.Body.String(), `name="customer.address.street" class="full" type="text" value=""`)
}

func TestAnIssuedInvoiceShowsItsLinesAndItsTax(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := newInvoice(`"amount":"108.10"`, `"prices_include_vat":true`, `"lines":[{"description":"Flour","quantity":"2","unit":"kg","unit_price":"54.05","vat_rate":"8.1"}]`)
	made := w.call("POST", "/invoices", w.key, order).json(http.StatusCreated)
	viewer := w.inPages("viewer").text("/console/invoices/" + made["id"].(string) + "/content")
	assert.Contains(t, viewer, "Flour 2 kg 8.1 % 54.05")
	assert.Contains(t, viewer, "VAT 8.1 % on 100.00 8.10 Total, CHF 108.10 The prices include VAT")
}

func TestAManagerReplacesAndRevokesAKeyOnItsPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.inPages("manager")
	page := "/console/access/keys/" + w.keyID
	refused := p.visit(page+"/addresses", url.Values{"allowed_addresses": {"home"}})
	assert.Equal(t, http.StatusUnprocessableEntity, refused.Code)
	assert.Contains(t, refused.Body.String(), `value="home"`, "what was typed is kept")
	assert.Contains(t, refused.Body.String(), "An address is not right.")
	require.Equal(t, http.StatusSeeOther, p.visit(page+"/addresses", url.Values{"allowed_addresses": {"192.0.2.0/24"}}).Code)
	assert.Contains(t, p.text("/console/access"), "192.0.2.0/24")
	require.Equal(t, http.StatusSeeOther, p.visit(page+"/addresses", url.Values{}).Code)

	replaced := p.visit(page+"/rotate", url.Values{})
	require.Equal(t, http.StatusOK, replaced.Code)
	secret := regexp.MustCompile(`qk_[A-Za-z0-9_-]{20,}`).FindString(replaced.Body.String())
	w.call("GET", "/invoices", secret, nil).json(http.StatusOK)
	assert.Contains(t, p.text(page), "Expires", "the old one ends")
	require.Equal(t, http.StatusSeeOther, p.visit(page+"/revoke", url.Values{}).Code)
	assert.Equal(t, http.StatusNotFound, p.visit(page).Code)
}

func TestTheJournalBeginsWithWhatWasBookedLastAndPaymentsSayTheirInvoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, last := w.enter("2026-11-19", "5.00"), w.enter("2026-11-20", "6.00")
	ids := func(query string) (list []string) {
		for _, entry := range w.call("GET", "/journal?"+query, w.key, nil).json(http.StatusOK)["data"].([]any) {
			list = append(list, entry.(object)["id"].(string))
			assert.Len(t, entry.(object)["lines"], 2, query)
		}
		return list
	}
	assert.Equal(t, []string{first, last}, ids(""))
	assert.Equal(t, []string{last, first}, ids("sort=-sequence"))
	assert.Equal(t, []string{last, first}, ids("sort=-sequence&account=1020&from=2026-11-01"))
	page := w.call("GET", "/journal?sort=-sequence&limit=1", w.key, nil).json(http.StatusOK)
	assert.Equal(t, []string{first}, ids("sort=-sequence&limit=1&cursor="+page["next_cursor"].(string)))
	p := w.inPages("viewer")
	body := p.visit("/console/journal").Body.String()
	assert.Less(t, strings.Index(body, last), strings.Index(body, first))
	body = p.visit("/console/journal?sort=sequence").Body.String()
	assert.Less(t, strings.Index(body, first), strings.Index(body, last))

	paid := w.captured(chf("108.00"), "2026-11-18")
	number := w.call("GET", "/invoices/"+paid.InvoiceID, w.key, nil).json(http.StatusOK)["number"].(string)
	assert.Equal(t, number, w.call("GET", "/payments/"+paid.ID, w.key, nil).json(http.StatusOK)["invoice_number"])
	assert.Contains(t, p.text("/console/payments"), "Invoice "+number)
}

func TestTheBookkeeperKeepsTheChartOfAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.inPages("bookkeeper")
	assert.Equal(t, http.StatusUnprocessableEntity, p.visit("/console/accounts", url.Values{"number": {"1029"}, "name": {"Again"}}).Code)
	require.Equal(t, http.StatusSeeOther, p.visit("/console/accounts", url.Values{"number": {"1024"}, "name": {"Compte courant"}}).Code)
	require.Equal(t, http.StatusSeeOther, p.visit("/console/accounts/1024", url.Values{"names.en": {"Current account"}}).Code)
	assert.Contains(t, p.visit("/console/accounts/1024").Body.String(), `value="Current account"`)
	used := p.visit("/console/accounts/1029/remove", url.Values{})
	assert.Equal(t, http.StatusUnprocessableEntity, used.Code)
	assert.Contains(t, used.Body.String(), "the settings name it")
	require.Equal(t, http.StatusSeeOther, p.visit("/console/accounts/1024/remove", url.Values{}).Code)
	assert.NotContains(t, p.text("/console/accounts"), "Compte courant")
}

func TestAnybodyVerifiesTheJournalAndReadsInWordsWhoDidWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enter("2026-11-20", "5.00")
	w.call("PATCH", "/settings", w.key, object{"fee_account": "6945"}).json(http.StatusOK)
	p := w.inPages("viewer")
	assert.Contains(t, p.text("/console/journal/verification"), "The journal is what was booked 1 entries recomputed.")
	log := p.text("/console/audit")
	assert.Contains(t, log, "Settings changed")
	assert.Contains(t, log, "fee_account: 6940 → 6945")
	assert.Contains(t, p.text("/console/audit?to=2020-01-01"), "Nothing matches this filter.")
}

func TestAPDFOfTheCompanysOwnStandsInPlaceOfOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	page := "/console/invoices/" + w.newInvoice(invoice.Draft).ID
	p := w.inPages("manager")
	refused := p.post(page+"/pdf", nil, true) // it is a table
	assert.Equal(t, http.StatusUnprocessableEntity, refused.Code)
	assert.Contains(t, refused.Body.String(), `id="pdf-error">Choose a PDF of at most 5 MiB`)
	assert.Contains(t, p.visit(page+"/pdf/remove", url.Values{}).Header().Get("Location"), page)
}

func TestTheSecondWhoChangesTheSameIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	draft := w.newInvoice(invoice.Draft)
	first, second := w.inPages("manager"), w.inPages("manager")
	mark := func(page string) string {
		return regexp.MustCompile(`name="_seen" value="([0-9a-f]+)"`).FindStringSubmatch(second.visit(page).Body.String())[1]
	}
	content, settings := "/console/invoices/"+draft.ID+"/content", "/console/settings"
	form := func(mark, what string) url.Values {
		return url.Values{
			"_seen": {mark}, "number": {draft.Number}, "currency": {"CHF"}, "amount": {"234.50"}, "due_date": {"31.12.2026"}, "customer.name": {"Marie"},
			"customer.language": {"fr"}, "description": {what},
		}
	}
	seen := mark(content)
	require.Equal(t, http.StatusSeeOther, first.visit(content, form(seen, "Bread")).Code)
	told := second.visit(content, form(seen, "Cake"))
	assert.Equal(t, http.StatusUnprocessableEntity, told.Code)
	assert.Contains(t, told.Body.String(), "Somebody else has changed this meanwhile.")
	assert.Contains(t, told.Body.String(), `value="Cake"`, "what was typed is kept")
	assert.Contains(t, second.text("/console/invoices/"+draft.ID+"/content"), "Invoice "+draft.Number)
	require.Equal(t, http.StatusSeeOther, second.visit(content, form(mark(content), "Cake")).Code)

	seen = mark(settings)
	days := url.Values{"_seen": {seen}, "retention.books_years": {"12"}, "retention.unpaid_days": {"60"}, "retention.links_days": {"30"}, "retention.logs_days": {"60"}}
	require.Equal(t, http.StatusSeeOther, first.visit(settings+"/retention", days).Code)
	assert.Equal(t, http.StatusUnprocessableEntity, second.visit(settings+"/retention", days).Code)
}

func TestWhoGuessesKeysHasToWait(t *testing.T) {
	t.Parallel()
	p := newWorld(t).inPages("viewer")
	for range 10 {
		refused := p.visit("/console/sign-in", url.Values{"key": {"qk_test_guessed"}})
		require.Equal(t, http.StatusUnprocessableEntity, refused.Code)
		require.Contains(t, refused.Body.String(), `id="key-error"`)
	}
	assert.Equal(t, http.StatusTooManyRequests, p.visit("/console/sign-in", url.Values{"key": {"qk_test_guessed"}}).Code)
	assert.Equal(t, http.StatusOK, p.visit("/console/sign-in").Code, "the page itself is shown")
}
