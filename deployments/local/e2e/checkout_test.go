package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
)

// A product shows its own document. Its payers come from there, or from a mail of its own, and end on its own page.
func TestAPayerComesFromAProductAndReturnsThere(t *testing.T) {
	t.Parallel()
	product := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("<!doctype html><title>Merci</title><main>" + r.URL.Path + " " + r.URL.Query().Get("invoice_id") + " " + r.Referer() + "</main>"))
	}))
	t.Cleanup(product.Close)
	t.Run("from its document", func(t *testing.T) {
		t.Parallel()
		c := newMerchant(t, shared)
		c.call("PATCH", "/settings", object{"return_origins": []string{product.URL}}).gives(200, nil)
		inv := c.issue("108.00")
		var checkout struct {
			URL string `json:"url"`
		}
		ask := object{"method": "card", "return_url": product.URL + "/thanks"}
		c.call("POST", "/invoices/"+inv.ID+"/checkout", ask).gives(201, &checkout)
		var again struct {
			URL string `json:"url"`
		}
		c.call("POST", "/invoices/"+inv.ID+"/checkout", ask).gives(201, &again)
		assert.Equal(t, checkout.URL, again.URL, "a second click leads to the same page")
		c.call("POST", "/invoices/"+inv.ID+"/checkout", object{"method": "card"}).gives(201, &again)
		assert.NotEqual(t, checkout.URL, again.URL, "whoever shall end elsewhere needs another page")

		var end string
		newBrowser(t).visit(checkout.URL, enterCard(visa), chromedp.WaitVisible(`//main[contains(., "/thanks")]`), chromedp.Text("main", &end, chromedp.ByQuery))
		assert.Equal(t, "/thanks "+inv.ID, end, "it learns the invoice and nothing secret")
		inv.requireCollectedOnce("108.00")
	})
	t.Run("from its mail", func(t *testing.T) {
		t.Parallel()
		c := newMerchant(t, shared)
		c.call("PATCH", "/settings", object{"return_origins": []string{product.URL}}).gives(200, nil)
		inv := c.issue("54.00")
		var end string
		newBrowser(t).visit(inv.OnlineDocumentURL+"/pay/card?lang=de&return_url="+url.QueryEscape(product.URL+"/danke"), choose("card"), enterCard(visa),
			chromedp.WaitVisible(`//main[contains(., "/danke")]`), chromedp.Text("main", &end, chromedp.ByQuery))
		assert.Equal(t, "/danke "+inv.ID, end)
		inv.requireCollectedOnce("54.00")
	})
}
