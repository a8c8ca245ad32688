package e2e

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// browserTimeout bounds a whole visit in the browser.
const browserTimeout = 90 * time.Second

// browser is a payer with a headless Chromium.
type browser struct {
	t    *testing.T
	path string
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return browser{t, path}
		}
	}
	t.Skip("no Chromium is installed: install the package chromium to have the pages tested in a browser")
	return browser{}
}

// visit opens a page in a fresh browser and does what a person would.
func (b browser) visit(url string, actions ...chromedp.Action) {
	b.t.Helper()
	do, leave := b.open(browserTimeout)
	defer leave()
	do(append(chromedp.Tasks{chromedp.Navigate(url)}, actions...)...)
}

// open starts a fresh browser for that long at most. It returns what does things in it, one after the other, and what ends it.
func (b browser) open(within time.Duration) (do func(...chromedp.Action), leave func()) {
	b.t.Helper()
	profile, err := os.MkdirTemp(builds, "browser-") // not the test's own folder: a part of Chromium may write a moment longer than it runs
	require.NoError(b.t, err)
	ctx, timeIsUp := context.WithTimeout(b.t.Context(), within)
	ctx, stop := chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(b.path), chromedp.UserDataDir(profile), chromedp.Headless, chromedp.NoSandbox, chromedp.NoFirstRun,
		chromedp.DisableGPU, chromedp.WindowSize(1280, 1000), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("hide-scrollbars", true))
	ctx, closeTab := chromedp.NewContext(ctx, chromedp.WithErrorf(b.t.Logf))
	do = func(actions ...chromedp.Action) {
		b.t.Helper()
		require.NoError(b.t, chromedp.Run(ctx, actions...))
	}
	leave = func() {
		b.t.Helper()
		assert.NoError(b.t, chromedp.Cancel(ctx)) //nolint:testifylint // what follows must happen in any case
		closeTab()
		stop()
		timeIsUp()
	}
	return do, leave
}

// see reads what a page says.
func see(text *string) chromedp.Action { return chromedp.Text("main", text, chromedp.ByQuery) }

// click presses what leads to no other page, or to one that the next action waits for.
func click(selector string) chromedp.Action {
	return chromedp.Click(selector, chromedp.ByQuery, chromedp.NodeVisible)
}

// press presses what leads to another page, and waits until that has come.
func press(selector string) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := chromedp.RunResponse(ctx, click(selector))
		return err
	})
}

// enter fills in a field of the form.
func enter(name, value string) chromedp.Action {
	field := `[name="` + name + `"]`
	return chromedp.Tasks{chromedp.WaitVisible(field, chromedp.ByQuery), chromedp.SetValue(field, value, chromedp.ByQuery)}
}

// fill goes to a page and fills in its form: names and values by turns.
func fill(url string, form ...string) chromedp.Action {
	tasks := chromedp.Tasks{chromedp.Navigate(url)}
	for i := 0; i < len(form); i += 2 {
		tasks = append(tasks, enter(form[i], form[i+1]))
	}
	return tasks
}

// enterCard fills in the form of the payment page and sends it.
func enterCard(number string) chromedp.Action {
	return chromedp.Tasks{
		chromedp.WaitVisible("#card-number", chromedp.ByQuery),
		chromedp.SendKeys("#card-number", number, chromedp.ByQuery),
		chromedp.SendKeys("#card-expiry", "12/30", chromedp.ByQuery),
		chromedp.SendKeys("#card-cvc", "123", chromedp.ByQuery),
		chromedp.SendKeys("#card-holder", "Anna Muster", chromedp.ByQuery),
		chromedp.Click("#pay", chromedp.ByQuery),
	}
}

// choose presses a button below "Pay now".
func choose(method string) chromedp.Action {
	return chromedp.Click(`button[name=method][value=`+method+`]`, chromedp.ByQuery, chromedp.NodeVisible)
}

// seePaid waits for the page that says so, and reads what it says.
func seePaid(notice *string) chromedp.Action {
	return chromedp.Tasks{
		chromedp.WaitVisible("main .notice.success", chromedp.ByQuery),
		chromedp.WaitVisible("main .status.paid", chromedp.ByQuery),
		chromedp.Text("main .notice.success", notice, chromedp.ByQuery),
	}
}

func TestPayerPaysByCardInABrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	inv := newMerchant(t, shared).issue("108.00")
	var notice string
	b.visit(inv.OnlineDocumentURL, choose("card"), enterCard(visa), seePaid(&notice))
	assert.Contains(t, notice, "108.00")
	inv.requireCollectedOnce("108.00")
}

func TestPayerPaysByTwintInABrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	inv := newMerchant(t, shared).issue("1234.50")
	var notice string
	b.visit(inv.OnlineDocumentURL, choose("twint"), chromedp.Click("#pay", chromedp.ByQuery, chromedp.NodeVisible), seePaid(&notice))
	assert.Contains(t, notice, "1’234.50")
	inv.requireCollectedOnce("1234.50")
}

func TestPayerConfirmsAThreeDSecureChallengeInABrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	inv := newMerchant(t, shared).issue("108.00")
	var notice string
	b.visit(inv.OnlineDocumentURL, choose("card"), enterCard(challenged),
		chromedp.Click("#challenge-confirm", chromedp.ByQuery, chromedp.NodeVisible), seePaid(&notice))
	assert.True(t, inv.requireCollectedOnce("108.00").Payments[0].LiabilityShift)
}
