package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/deployments/local/stack"
	"github.com/quittance/quittance/workflows/contract"
)

func TestOperatorsWhoSignInReadPayloadsInTemporalWeb(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	inv := newMerchant(t, shared).issue("108.00")
	history := shared.TemporalWebURL() + "/namespaces/default/workflows/" + strings.ReplaceAll(contract.InvoicePaymentID(inv.ID), "/", "%2F")
	says := func(text string) chromedp.Action {
		return chromedp.Poll(`document.body.innerText.includes("`+text+`")`, nil, chromedp.WithPollingTimeout(browserTimeout))
	}

	b.visit(history, says("Sign in at the codec server"))
	b.visit(shared.CodecURL(),
		chromedp.SendKeys("#key", stack.OperatorKey, chromedp.ByQuery), chromedp.Click("button", chromedp.ByQuery),
		chromedp.WaitVisible("main p a", chromedp.ByQuery),
		chromedp.Navigate(history), says(inv.company.id))

	response, err := http.Post(shared.CodecURL()+"/decode", "application/json", strings.NewReader(`{"payloads":[]}`))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
}
