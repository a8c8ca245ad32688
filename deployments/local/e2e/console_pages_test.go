package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
)

var (
	tourFolder  = flag.String("tour", "", "the folder into which the pictures of the tour are written")
	pagesFolder = flag.String("pages", "", "the folder into which a picture of every page is written, for people to look at")
)

const (
	desk, phone = 1280, 390 // widths, in pixels
	height      = 900
	// pagesTimeout bounds the visit of every page in every language.
	pagesTimeout = 15 * time.Minute
)

// scene is a page of the console in some state.
type scene struct {
	page string // the file of internal/console/pages that shows it
	path string
	then []chromedp.Action // what is done on the page first
	// desk and phone are the names of its pictures in the tour; empty for none.
	desk, phone string
}

// scenes are all pages of the console.
func (s showcase) scenes() []scene {
	manual, month := "/console/journal/"+s.manual, monthBefore().Format("2006-01")
	stuck, draft, paid, service := s.stuck.ID, "/console/invoices/"+s.draft.ID, "/console/invoices/"+s.paid.ID, "/console/payment-services/"+s.service.ID
	wrong := []chromedp.Action{press("main form[novalidate] button")} // a form that is refused
	return []scene{
		{page: "sign-in", path: "/console/sign-in"},
		{page: "sign-in", path: "/console/sign-in", then: []chromedp.Action{enter("key", "qk_wrong"), press("main button")}},
		{page: "home", path: "/console", desk: "console.png", phone: "console-phone.png"},
		{page: "exceptions", path: "/console/exceptions"},
		{page: "exceptions", path: "/console/exceptions?open=false"},
		{page: "exception", path: "/console/exceptions/" + stuck},
		{page: "invoices", path: "/console/invoices"},
		{page: "invoices", path: "/console/invoices?q=nowhere"},
		{page: "invoice-new", path: "/console/invoices/new"},
		{page: "invoice-new", path: "/console/invoices/new", then: wrong},
		{page: "invoice", path: paid, desk: "invoice.png"},
		{page: "invoice", path: "/console/invoices/" + s.partly.ID},
		{page: "invoice", path: "/console/invoices/" + s.refunded.ID},
		{page: "invoice", path: draft},
		{page: "invoice-content", path: draft + "/content"},
		{page: "invoice-content", path: paid + "/content"},
		{page: "invoice-conditions", path: draft + "/conditions"},
		{page: "invoice-entries", path: paid + "/entries"},
		{page: "invoice-issue", path: draft + "/issue"},
		{page: "invoice-cancel", path: draft + "/cancel"},
		{page: "invoice-erase", path: paid + "/erase"},
		{page: "invoice-link", path: paid + "/link"},
		{page: "receipt-void", path: "/console/receipts/" + s.partly.ID + "/" + s.receipt + "/void"},
		{page: "payments", path: "/console/payments"},
		{page: "payment", path: "/console/payments/" + s.refunded.Payments[0].ID},
		{page: "refund-new", path: "/console/payments/" + s.paid.Payments[0].ID + "/refunds/new?amount=20.00&reason=Geste"},
		{page: "disputes", path: "/console/disputes"},
		{page: "dispute-new", path: "/console/disputes/new?payment_id=" + s.paid.Payments[0].ID},
		{page: "dispute-new", path: "/console/disputes/new?payment_id=" + s.paid.Payments[0].ID, then: wrong},
		{page: "dispute", path: "/console/disputes/" + s.dispute},
		{page: "payouts", path: "/console/payouts"},
		{page: "settlements", path: "/console/payouts/files"},
		{page: "payout", path: "/console/payouts/" + s.proposed, desk: "payout.png"},
		{page: "payout", path: "/console/payouts/" + s.booked},
		{page: "payout-items", path: "/console/payouts/" + s.booked + "/items"},
		{page: "payout", path: "/console/payouts/" + s.unmatched},
		{page: "settlement-columns", path: "/console/payouts/columns"},
		{page: "reconciliation", path: "/console/reconciliation"},
		{page: "journal", path: "/console/journal"},
		{page: "journal-verification", path: "/console/journal/verification"},
		{page: "accounts", path: "/console/accounts"},
		{page: "accounts", path: "/console/accounts", then: wrong},
		{page: "account", path: "/console/accounts/1029"},
		{page: "journal-exports", path: "/console/journal/exports"},
		{page: "journal-exports", path: "/console/journal/exports", then: wrong}, // its form is right as it stands
		{page: "journal-exports", path: "/console/journal/exports", then: []chromedp.Action{enter("to", "1.1.2020"), press("main form[novalidate] button")}},
		{page: "journal-new", path: "/console/journal/new"},
		{page: "journal-new", path: "/console/journal/new", then: wrong},
		{page: "journal-entry", path: "/console/journal/" + s.entry},
		{page: "journal-entry", path: manual},
		{page: "journal-reverse", path: manual + "/reverse"},
		{page: "exchange-new", path: "/console/journal/exchange"},
		{page: "exchange-new", path: "/console/journal/exchange", then: wrong},
		{page: "exchange-rates", path: "/console/exchange-rates"},
		{page: "exchange-rates", path: "/console/exchange-rates", then: wrong},
		{page: "trial-balance", path: "/console/trial-balance"},
		{page: "statement", path: "/console/statements/" + month},
		{page: "statement", path: "/console/statements/" + day(0)[:len(month)]},
		{page: "close", path: "/console/close"},
		{page: "close", path: "/console/close?books_closed_until=" + day(0)},
		{page: "services", path: "/console/payment-services"},
		{page: "service-new", path: "/console/payment-services/new"},
		{page: "service", path: service},
		{page: "service", path: "/console/payment-services/" + s.waiting.ID, phone: "verification-phone.png"},
		{page: "service-credentials", path: service + "/credentials"},
		{page: "service-credentials", path: service + "/credentials", then: []chromedp.Action{enter("api_password", "wrong"), press("main form button")}},
		{page: "service-disconnect", path: service + "/disconnect"},
		{page: "settings", path: "/console/settings"},
		{page: "bank-accounts", path: "/console/settings/bank-accounts"},
		{page: "settlement-source", path: "/console/settings/settlement-source"},
		{page: "settlement", path: "/console/payouts/files/" + s.file},
		{page: "sign-in-provider", path: "/console/settings/sign-in"},
		{page: "sign-in-provider", path: "/console/settings/sign-in", then: wrong},
		{page: "sign-in-refused", path: "/console/sign-in/callback?state=a&code=b"},
		{page: "access", path: "/console/access"},
		{page: "access", path: "/console/access", then: []chromedp.Action{press(`form[action$="/keys"] button`)}},
		{page: "key", path: "/console/access/keys/" + s.firstKey},
		{page: "key", path: "/console/access/keys/" + s.firstKey, then: []chromedp.Action{enter("allowed_addresses", "home"), press("main form[novalidate] button")}},
		{page: "sure", path: "/console/access/endpoints/" + s.endpoint + "/remove"},
		{page: "endpoint", path: "/console/access/endpoints/" + s.endpoint},
		{page: "audit", path: "/console/audit"},
		{page: "message", path: "/console/nowhere"},
		{page: "refused", path: "/console/payments?state=nonsense"},
		{page: "operator-sign-in", path: "/operator/sign-in"},
		{page: "operator-home", path: "/operator"},
		{page: "exception", path: "/operator/exceptions/" + stuck, desk: "exception.png"},
		{page: "operator-search", path: "/operator/search?q=2026-0429"},
		{page: "operator-search", path: "/operator/search?q=nowhere"},
		{page: "operator-companies", path: "/operator/companies"},
		{page: "operator-company-new", path: "/operator/companies/new"},
		{page: "operator-company-new", path: "/operator/companies/new", then: wrong},
		{page: "operator-company", path: "/operator/companies/" + s.id},
		{page: "operator-service", path: "/operator/companies/" + s.id + "/payment-services/" + s.waiting.ID},
		{page: "operator-service", path: "/operator/companies/" + s.id + "/payment-services/" + s.waiting.ID, then: wrong},
		{page: "operator-services", path: "/operator/payment-services"},
	}
}

// eye looks at pages.
type eye struct {
	t   *testing.T
	do  func(...chromedp.Action)
	axe string // its source
}

// at sets the width of the window, and whether the person wants it dark.
func (e eye) at(width int64, dark bool) {
	scheme := map[bool]string{true: "dark", false: "light"}[dark]
	e.do(emulation.SetDeviceMetricsOverride(width, height, 1, width == phone), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}, // else colours are still changing when they are measured
	}))
}

// read evaluates a script on the page.
func (e eye) read(script string, out any) {
	e.do(chromedp.Evaluate(script, out, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
}

// findings are what axe finds on the page as it is: a line each.
func (e eye) findings(options string) (found []string) {
	e.read(`axe.run(document, `+options+`).then(r => r.passes.length == 0 ? ["axe looked at nothing"] : r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.html.slice(0, 160) + " " + (n.any[0] || n.all[0] || n.none[0] || {message: ""}).message)))`, &found)
	return found
}

// picture keeps what the window shows, or all of the page.
func (e eye) picture(file string, whole bool) {
	var png []byte
	shot := chromedp.CaptureScreenshot(&png)
	if whole {
		shot = chromedp.FullScreenshot(&png, 100)
	}
	e.do(shot)
	require.NoError(e.t, os.MkdirAll(filepath.Dir(file), 0o750))
	require.NoError(e.t, os.WriteFile(file, png, 0o600))
}

const (
	everything = `{resultTypes: ["violations"]}`
	colours    = `{resultTypes: ["violations"], runOnly: ["color-contrast"]}`
	// overflows says what is wider than the window: nothing, when the document is not.
	overflows = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
		.filter(n => n.getBoundingClientRect().right > innerWidth + 1).map(n => n.outerHTML.slice(0, 120))`
)

// look checks the page that the window shows: in two languages, which stand for all, whether everybody can use it; in all, that
// nothing is wider than the window.
func (e eye) look(what, language string, widths ...int64) {
	checked := language == "de" || language == "fr"
	if checked {
		e.do(chromedp.Evaluate(e.axe, nil))
	}
	for _, width := range widths {
		e.at(width, false)
		var wide []string
		e.read(overflows, &wide)
		assert.Empty(e.t, wide, "%s at %d: wider than the window", what, width)
		if checked {
			assert.Empty(e.t, e.findings(everything), "%s at %d", what, width)
		}
	}
	if checked { // colours don't depend on the width
		e.at(phone, true)
		assert.Empty(e.t, e.findings(colours), "%s, dark", what)
	}
}

// show goes to the page of a scene, in a language, on a desk.
func (e eye) show(api, language string, scene scene) (path string) {
	path = scene.path + map[bool]string{true: "&", false: "?"}[strings.Contains(scene.path, "?")] + "lang=" + language
	e.at(desk, false)
	var page, spoken string
	e.do(append(append(chromedp.Tasks{chromedp.Navigate(api + path)}, scene.then...), chromedp.AttributeValue("main", "data-page", &page, nil, chromedp.ByQuery), chromedp.AttributeValue("html", "lang", &spoken, nil, chromedp.ByQuery))...)
	require.Equal(e.t, scene.page, page, path)
	require.Equal(e.t, language, spoken, "%s: the language that was chosen stays", path)
	return path
}

// openConsole starts a browser in which an operator and somebody of the company have signed in.
func (s showcase) openConsole(b browser, language string) (do func(...chromedp.Action), leave func()) {
	do, leave = b.open(pagesTimeout)
	do(fill(s.stack.APIURL()+"/operator/sign-in", "name", "Nadia Muster", "key", stack.OperatorKey), press("main button"),
		chromedp.Navigate(s.consoleLink("C. Favre", "manager", language, "/console")))
	return do, leave
}

func TestEverybodyCanUseEveryPageOfTheConsoleInEveryLanguage(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	e, seen := eye{t: t, axe: axe(t)}, map[string]bool{}
	show := newShowcase(t, startStack(t, ownOptions(t)))
	do, leave := show.openConsole(b, "fr")
	defer leave()
	e.do = do
	languages := []string{"fr", "de", "it", "en"}
	if testing.Short() {
		languages = languages[:1] // make test-deep reads the others
	}
	for _, language := range languages {
		for i, scene := range show.scenes() {
			path := e.show(show.stack.APIURL(), language, scene)
			seen[scene.page] = true
			e.look(path, language, desk, phone)
			for _, width := range []int64{desk, phone} {
				if *pagesFolder != "" {
					e.at(width, false)
					e.picture(filepath.Join(*pagesFolder, language, fmt.Sprintf("%02d-%s-%d.png", i, scene.page, width)), true)
				}
			}
		}
	}
	files, err := filepath.Glob("../../../internal/console/pages/[a-z]*.html")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		assert.True(t, seen[name], "the page %s was never looked at", name)
	}
}

func TestPicturesOfTheTour(t *testing.T) {
	if *tourFolder == "" {
		t.Skip("make screenshots takes them")
	}
	b := newBrowser(t)
	show := newShowcase(t, startStack(t, ownOptions(t)))
	do, leave := show.openConsole(b, "fr")
	defer leave()
	e := eye{t: t, do: do}
	for _, scene := range show.scenes() {
		for width, name := range map[int64]string{desk: scene.desk, phone: scene.phone} {
			if name == "" {
				continue
			}
			e.show(show.stack.APIURL(), "fr", scene)
			e.at(width, false)
			e.picture(filepath.Join(*tourFolder, name), false)
		}
	}
}
