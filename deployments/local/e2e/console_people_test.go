package e2e

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/internal/calendar"
)

// signOperatorIn is an operator who signs in, without a browser.
func (c *company) signOperatorIn(name string) consoleUser {
	c.t.Helper()
	signed := send(c.t, "POST", c.stack.APIURL()+"/operator/sign-in", []byte(url.Values{"name": {name}, "key": {stack.OperatorKey}}.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"},
	})
	require.Equal(c.t, http.StatusSeeOther, signed.status)
	return consoleUser{c, regexp.MustCompile(`quittance_operations=[^;]*`).FindString(strings.Join(signed.header.Values("Set-Cookie"), "\n"))}
}

// consoleLink opens a session for somebody of the company, and returns the link that works once.
func (c *company) consoleLink(name, role, language, page string) string {
	c.t.Helper()
	var link struct{ URL string }
	c.call("POST", "/console-sessions", object{"user": object{"id": name, "name": name}, "role": role, "language": language, "page": page}).gives(201, &link)
	return link.URL
}

// The alert AuthorizedMoneyNotTaken says that a payer's money is reserved and not captured. It is not parallel: Saferpay refuses
// every capture for a moment.
func TestAnOperatorComesFromAnAlertToTheDecisionInThreeClicks(t *testing.T) {
	b := newBrowser(t)
	d := decisions{newMerchant(t, shared)}
	again := d.refuse("Transaction/Capture", "ACTION_NOT_SUPPORTED")
	stuck := d.paidBut("2026-0429", "card", "capture_unclear")
	again()

	do, leave := b.open(browserTimeout)
	defer leave()
	do(fill(shared.APIURL()+"/operator?lang=de", "name", "Nadia Muster", "key", stack.OperatorKey), press("main button"))
	var home, page, decided string
	do(see(&home),
		press(`.tasks a[href="/operator/exceptions/`+stuck.about.ID+`"]`), see(&page), // one
		click(`input[name=choice][value=try_again]`), // two
		enter("note", "Saferpay geht wieder."),
		press("main form button"), // three
	)
	assert.Contains(t, home, "Boulangerie Favre SA")
	assert.Contains(t, page, "2026-0429")
	assert.Contains(t, page, "108.00")
	stuck.requireCollectedOnce("108.00")
	await(t, patience, func() string { return d.exceptionNow(stuck.about.ID).Status }, func(status string) bool { return status == "resolved" })
	do(chromedp.Reload(), see(&decided))
	assert.Contains(t, decided, "Nadia Muster")
	assert.Contains(t, decided, "Saferpay geht wieder.")
	var log struct {
		Data []struct{ Actor, Action, Subject string }
	}
	d.call("GET", "/audit-log", nil).gives(200, &log)
	assert.Equal(t, "operator Nadia Muster", log.Data[0].Actor)
	assert.Equal(t, stuck.about.ID, log.Data[0].Subject)

	second := d.signOperatorIn("Luca Beispiel").post("/operator/exceptions/"+stuck.about.ID+"/resolve", url.Values{"choice": {"it_did_not"}})
	assert.Equal(t, http.StatusUnprocessableEntity, second.status)
	assert.Contains(t, string(second.body), `role="alert"`, "who comes second is told")
	assert.Contains(t, string(second.body), "Nadia Muster", "and sees who decided")
}

// endSession is what time does to a session: its cookie is gone.
func endSession(cookie string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		var address string
		if err := chromedp.Location(&address).Do(ctx); err != nil {
			return err
		}
		return network.DeleteCookies(cookie).WithURL(address).Do(ctx)
	})
}

// statementOf is a bank's statement (camt.053) of today with one credit.
func (c *company) statementOf(reference, amount string) string {
	today := calendar.Day(time.Now()).Format(time.DateOnly)
	return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>` + c.id + reference + `</MsgId><CreDtTm>2026-11-24T05:00:00Z</CreDtTm></GrpHdr>
<Stmt><Id>1</Id><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id></Acct>
<Ntry><Amt Ccy="CHF">` + amount + `</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>` + today + `</Dt></BookgDt><AddtlNtryInf>WORLDLINE ` + reference + `</AddtlNtryInf></Ntry>
</Stmt></BkToCstmrStmt></Document>`
}

// monthBefore returns the last day of the month before this one.
func monthBefore() time.Time {
	today := calendar.Day(time.Now())
	return time.Date(today.Year(), today.Month(), 0, 0, 0, 0, 0, time.UTC)
}

func TestABookkeeperDoesTheMonthEndInABrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	c := newMerchant(t, shared)
	c.paidInvoice("2026-1", "108.00")
	c.paidInvoice("2026-2", "50.00")
	file := filepath.Join(t.TempDir(), "auszug.xml")
	require.NoError(t, os.WriteFile(file, []byte(c.statementOf("WL-0001", "154.55")), 0o600))
	api, end := shared.APIURL(), monthBefore()
	month, lastDay := end.Format("2006-01"), end.Format("02.01.2006")

	do, leave := b.open(browserTimeout)
	defer leave()
	var before, imported, proposed, booked, account, entry, trial, statement string
	do(chromedp.Navigate(c.consoleLink("C. Favre", "bookkeeper", "de", "/console")),
		press(`.menu a[href="/console/reconciliation"]`), see(&before),
		press(`.menu a[href="/console/payouts"]`),
		chromedp.SetUploadFiles(`input[name=file]`, []string{file}, chromedp.ByQuery), press(`form.drop button`), see(&imported),
		press(`table.list a`), see(&proposed),
		press(`form[action$="/confirm"] button.primary`), see(&booked),
		press(`.menu a[href="/console/reconciliation"]`), see(&account),
		fill(api+"/console/journal/new", "date", lastDay, "text", "Worldline Monatsgebühr", "account0", "6940", "debit0", "9.90", "account1", "1020", "credit1", "9.90"),
		press("main form button"), see(&entry),
		press(`.menu a[href="/console/journal"]`), press(`a[href="/console/trial-balance"]`), see(&trial),
		chromedp.Navigate(api+"/console/statements/"+month), see(&statement),
	)
	assert.Contains(t, before, "158.00")
	assert.Contains(t, imported, "1 Auszahlungen erkannt, 0 ungeklärt.")
	assert.Contains(t, proposed, "Vorgeschlagen")
	assert.Contains(t, proposed, "−3.45", "the fee is what is missing")
	assert.Contains(t, booked, "Die Auszahlung ist gebucht.")
	assert.Contains(t, account, "Nichts steht auf dem Konto")
	assert.Equal(t, []balance{{"CHF", "0.00"}}, c.balances("1029"))
	assert.Contains(t, entry, "Worldline Monatsgebühr")
	assert.Contains(t, trial, "Differenz 0.00")
	assert.Contains(t, statement, "Provisorisch")
	assert.Contains(t, statement, "9.90")

	var closed, refused, text, debit string
	do(chromedp.Navigate(api+"/console/close"), press("main form button"), see(&closed),
		fill(api+"/console/journal/new", "date", lastDay, "text", "Noch eine Gebühr", "account0", "6940", "debit0", "1.10", "account1", "1020", "credit1", "1.10"),
		press("main form button"),
		chromedp.Text(".field.wrong", &refused, chromedp.ByQuery),
		chromedp.Value(`[name=text]`, &text, chromedp.ByQuery), chromedp.Value(`[name=debit0]`, &debit, chromedp.ByQuery),
		chromedp.WaitVisible(`.field.wrong #date[aria-invalid=true]`, chromedp.ByQuery),
	)
	assert.Contains(t, closed, "Definitiv")
	assert.Contains(t, refused, "abgeschlossen")
	assert.Equal(t, []string{"Noch eine Gebühr", "1.10"}, []string{text, debit}, "what was typed is kept")
	assert.Equal(t, []balance{{"CHF", "13.35"}}, c.balances("6940"), "nothing was booked")
	c.requireBooksAgree()
}

func TestTheSecondOfTwoPeopleIsToldWhatTheFirstDecided(t *testing.T) {
	t.Parallel()
	c := newMerchant(t, shared)
	c.paidInvoice("2026-1", "50.00")
	var imported settlement
	c.imports("application/xml", c.statementOf("WL-0009", "48.85")).gives(201, &imported)
	require.Equal(t, "proposed", imported.Payouts[0].State)
	payout := "/console/payouts/" + imported.Payouts[0].ID
	first, second := c.inConsole("bookkeeper"), c.inConsole("manager")
	require.Equal(t, http.StatusOK, second.get(payout).status, "both look at it")
	require.Equal(t, http.StatusSeeOther, first.post(payout+"/confirm", nil).status)
	told := second.post(payout+"/dismiss", url.Values{"note": {"Another shop's."}})
	assert.Equal(t, http.StatusUnprocessableEntity, told.status)
	assert.Contains(t, string(told.body), `role="alert"`)
	assert.Contains(t, string(told.body), payout+"/reopen", "the page shows how it stands now")
	assert.Equal(t, []balance{{"CHF", "0.00"}}, c.balances("1029"))
}

func TestWhoseSessionEndsComesBackToThePageAfterSigningIn(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	c := newMerchant(t, shared)
	draft := c.draftOf("D-1")
	page := shared.APIURL() + "/console/invoices/" + draft.ID + "/content"
	var asked, link, form string
	b.visit(shared.APIURL()+"/console/sign-in?lang=fr", enter("key", c.key), press("main button"),
		fill(page, "description", "Pain"),
		endSession("quittance_console"),
		press("main form button"), see(&asked), // a form is not sent again: its page is shown
		enter("key", c.key), press("main button"), chromedp.Location(&form),
		endSession("quittance_console"),
		press(`.tabs a[href$="/conditions"]`),
		enter("key", c.key), press("main button"), chromedp.Location(&link),
	)
	assert.Contains(t, asked, "Clé")
	assert.Equal(t, page, form)
	assert.Equal(t, shared.APIURL()+"/console/invoices/"+draft.ID+"/conditions", link)
	assert.Equal(t, "draft", draft.now().Status)
}
