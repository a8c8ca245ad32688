package api_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
)

// message returns what the answer, which must be a 422, says of that field.
func (a answer) message(field string) string {
	a.t.Helper()
	for _, e := range a.json(http.StatusUnprocessableEntity)["errors"].([]any) {
		if fault := e.(map[string]any); fault["field"] == field {
			return fault["message"].(string)
		}
	}
	require.Fail(a.t, "nothing is said of "+field, a.Body.String())
	return ""
}

func TestTextThatPeopleAndProgramsWriteIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.call("POST", "/invoices", w.key, newInvoice(`"amount":"1.00"`, `"description":"Menge\tPreis\r\nRech\u00adnung 👩\u200d💻"`,
		`"customer":{"name":"Mu\u0308ller می\u200cخواهم","language":"de"}`)).json(http.StatusCreated)
	assert.Equal(t, "Menge Preis\nRechnung 👩\u200d💻", created["description"])
	assert.Equal(t, "Müller می\u200cخواهم", created["customer"].(map[string]any)["name"])
	path := "/invoices/" + created["id"].(string)
	assert.Equal(t, created["description"], w.call("GET", path, w.key, nil).json(http.StatusOK)["description"])
	changed := w.call("PATCH", path, w.key, `{"description":"eins\r\nzwei"}`).json(http.StatusOK)
	assert.Equal(t, "eins\nzwei", changed["description"])
}

func TestRefusedTextIsNamedByCharacterAndPlaceWhereverItIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	service := w.newService(merchant.Active)
	inv := w.newInvoice(invoice.Open, payableBy(service))
	p := w.bookPayment(w.newInvoice(invoice.Paid, payableBy(service)))
	e := w.raise("orphan_transaction", id.New(id.Payment))
	const strange = `"ab\u200bc"`
	for path, c := range map[string]struct{ method, body, field, key string }{
		"/invoices":                         {"POST", newInvoice(`"amount":"1.00"`, `"number":`+strange), "number", w.key},
		"/settings":                         {"PATCH", `{"contact_email":` + strange + `}`, "contact_email", w.key},
		"/companies":                        {"POST", `{"name":` + strange + `,"language":"it","canton":"TI"}`, "name", adminKey},
		"/payment-services":                 {"POST", `{"provider":"worldline_saferpay","environment":"test","name":` + strange + `}`, "name", w.key},
		"/payments/" + p.ID + "/refunds":    {"POST", `{"reason":` + strange + `}`, "reason", w.key},
		"/invoices/" + inv.ID + "/receipts": {"POST", newReceipt(`"reference":` + strange), "reference", w.key},
		"/manual-entries":                   {"POST", newEntry(`"text":` + strange), "text", w.key},
		"/accounts":                         {"POST", `{"number":"1028","name":` + strange + `}`, "name", w.key},
		"/webhook-endpoints":                {"POST", `{"url":"https://example.ch/","description":` + strange + `}`, "description", w.key},
		"/exceptions/" + e.ID + "/resolve":  {"POST", `{"choice":"try_again","note":` + strange + `}`, "note", w.key},
		"/payment-services/" + service.ID + "/verification": {"POST", `{"decision":"approved","reason":` + strange + `}`, "reason", adminKey},
	} {
		message := w.call(c.method, path, c.key, c.body).message(c.field)
		if c.field != "contact_email" {
			assert.Equal(t, "must not hold U+200B ZERO WIDTH SPACE (character 3)", message, path)
		}
	}
	broken := w.call("POST", "/invoices", w.key, newInvoice(`"amount":"1.00"`, `"description":"eins\nzw\u202eei"`))
	assert.Equal(t, "must not hold U+202E RIGHT-TO-LEFT OVERRIDE (line 2, character 3)", broken.message("description"))
}

func TestAddressThatNoMailServerTakesIsRefusedWhereItIsEntered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const refusal = "must not hold U+00EB LATIN SMALL LETTER E WITH DIAERESIS before the @ (character 3): mail servers do not take it"
	draft := w.newInvoice(invoice.Draft)
	for field, a := range map[string]answer{
		"customer.email": w.call("POST", "/invoices", w.key, newInvoice(`"amount":"1.00"`, `"customer":{"name":"Zoë","language":"de","email":"zoë@example.ch"}`)),
		"contact_email":  w.call("PATCH", "/settings", w.key, `{"contact_email":"zoë@example.ch"}`),
	} {
		assert.Equal(t, refusal, a.message(field))
	}
	assert.Equal(t, refusal, w.call("PATCH", "/invoices/"+draft.ID, w.key, `{"customer":{"email":"zoë@example.ch"}}`).message("customer.email"))
	assert.Equal(t, refusal, w.call("POST", "/companies", adminKey, `{"name":"A","language":"it","canton":"TI","contact_email":"zoë@example.ch"}`).message("contact_email"))

	changed := w.call("PATCH", "/invoices/"+draft.ID, w.key, `{"customer":{"email":"zoe@bücher.example"}}`).json(http.StatusOK)
	assert.Equal(t, "zoe@bücher.example", changed["customer"].(map[string]any)["email"])
	assert.Equal(t, "kontakt@bücher.example", w.call("PATCH", "/settings", w.key, `{"contact_email":"kontakt@bücher.example"}`).json(http.StatusOK)["contact_email"])
}

func TestNumbersThatLookTheSameAreOneInvoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	created := w.call("POST", "/invoices", w.key, newInvoice(`"amount":"1.00"`, `"number":" Fu\u0308-1\t"`)).json(http.StatusCreated)
	assert.Equal(t, "Fü-1", created["number"])
	draft := w.newInvoice(invoice.Draft)
	for _, number := range []string{"Fü-1", "Fü-1 ", "Fu\u0308-1", "\u00a0Fü-1", "Fü\u00ad-1"} {
		quoted, err := json.Marshal(number)
		require.NoError(t, err)
		w.call("POST", "/invoices", w.key, newInvoice(`"amount":"1.00"`, `"number":`+string(quoted))).problem(http.StatusConflict, "invoice-number-taken")
		w.call("PATCH", "/invoices/"+draft.ID, w.key, `{"number":`+string(quoted)+`}`).problem(http.StatusConflict, "invoice-number-taken")
		found := w.call("GET", "/invoices?number="+url.QueryEscape(number), w.key, nil).json(http.StatusOK)["data"].([]any)
		require.Len(t, found, 1, strconv.Quote(number))
		assert.Equal(t, created["id"], found[0].(map[string]any)["id"])
	}
}
