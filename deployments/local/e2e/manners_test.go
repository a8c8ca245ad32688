package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
)

func TestPayNowInAnotherLanguageOpensAPageInIt(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	inv := newMerchant(t, shared).issue("108.00")
	var first, second string
	openPage := func(language string, shown *string) chromedp.Action {
		return chromedp.Tasks{
			chromedp.Navigate(inv.OnlineDocumentURL + "?lang=" + language), choose("card"),
			chromedp.WaitVisible("#card-number", chromedp.ByQuery), chromedp.AttributeValue("html", "lang", shown, nil, chromedp.ByQuery),
		}
	}
	b.visit(inv.OnlineDocumentURL, openPage("fr", &first), openPage("de", &second))
	assert.Equal(t, "fr", first)
	assert.Equal(t, "de", second)
}

func TestPageThatRefreshesItselfAddsNothingToTheHistory(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	inv := newMerchant(t, shared).issue("108.00")
	opened := inv.payNow("card")
	var entries []*page.NavigationEntry
	var current int64
	b.visit(inv.OnlineDocumentURL, chromedp.Navigate(inv.OnlineDocumentURL+"/return?payment="+opened.payment),
		chromedp.WaitReady(`meta[http-equiv=refresh][content*="wait=3"]`, chromedp.ByQuery), // this is the second refresh already
		chromedp.NavigationEntries(&current, &entries))
	var returns int
	for _, entry := range entries {
		if strings.Contains(entry.URL, "/return?") {
			returns++
		}
	}
	assert.Equal(t, 1, returns, "the back button leads to where the payer was before")
}
