package api_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

func TestEveryMethodHasItsOwnButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	service.Methods = nil
	for _, m := range payment.Methods {
		for _, name := range m.SaferpayNames() {
			service.Methods = append(service.Methods, merchant.ContractedMethod{Method: name, Currencies: []string{"CHF"}})
		}
	}
	w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SavePaymentService(t.Context(), service) })
	button := regexp.MustCompile(`(?s)<button name="method" value="([^"]*)">\s*<span class="name">([^<]*)</span>(.*?)</button>`)
	for _, language := range invoice.Languages {
		page := w.get("/i/" + w.newInvoice(invoice.Open, payableBy(service), forLanguage(language)).Token).page(http.StatusOK)
		shown := button.FindAllStringSubmatch(page, -1)
		require.Len(t, shown, len(payment.Methods))
		for i, m := range payment.Methods {
			assert.Equal(t, []string{string(m), m.Label(language)}, shown[i][1:3])
			for _, name := range m.SaferpayNames() {
				if mark, err := os.ReadFile("pages/marks/" + strings.ToLower(name) + ".svg"); err == nil {
					assert.Contains(t, shown[i][3], string(mark), "the mark of %s", name)
				}
			}
		}
	}
}

func TestEveryMarkIsOfABrandOfTheTable(t *testing.T) {
	t.Parallel()
	brands := map[string]bool{}
	for _, m := range payment.Methods {
		for _, name := range m.SaferpayNames() {
			brands[strings.ToLower(name)+".svg"] = true
		}
	}
	files, err := os.ReadDir("pages/marks")
	require.NoError(t, err)
	for _, f := range files {
		assert.True(t, brands[f.Name()], "no page shows %s", f.Name())
	}
}

func TestTheSpecificationNamesTheMethodsOfTheTable(t *testing.T) {
	t.Parallel()
	var want []any
	for _, m := range payment.Methods {
		want = append(want, string(m))
	}
	assert.Equal(t, want, specification(newWorld(t)).Components.Schemas["PaymentMethod"].Value.Enum)
}
