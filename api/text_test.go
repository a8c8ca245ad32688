package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/id"
	"github.com/quittance/quittance/internal/invoice"
	"github.com/quittance/quittance/internal/merchant"
	"github.com/quittance/quittance/internal/testing/mrxtest"
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
	metadata := func(pairs string) answer { return w.call("PATCH", path, w.key, `{"metadata":{`+pairs+`}}`) }
	assert.Equal(t, map[string]any{"Bestellnummer": "A 1"}, metadata(`"Bestell\u00adnummer":"A\t1"`).json(http.StatusOK)["metadata"])
	assert.Equal(t, `has the key "a\u200bb", which must not hold U+200B ZERO WIDTH SPACE (character 2)`, metadata(`"a\u200bb":"1"`).message("metadata"))
	assert.Equal(t, `has the key "ab" twice`, metadata(`"ab":"1","a\u00adb":"2"`).message("metadata"))
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

func TestTextsOfFilesAreKeptInOneForm(t *testing.T) {
	t.Parallel()
	const written = "Zu\u0308\u00adrich 1"
	for name, file := range map[string]func(w *world) (contentType, content string){
		"what a bank tells": func(*world) (string, string) {
			return "text/xml", strings.ReplaceAll(credit("2026-11-19", "105.70", "WORLDLINE SCHWEIZ AG "+written), "<Id>N-", "<Id>"+written)
		},
		"a reconciliation file": func(*world) (string, string) {
			adjustments := []mrxtest.Adjustment{{Type: "12", Text: "Gebu\u0308hr", Net: "-5"}}
			return "text/xml", mrxOf("MN-1", mrxtest.Payment{Number: written, Transactions: []mrxtest.Transaction{{ID: "T-" + written, Gross: "108", Fee: "2.30", Order: written}}, Adjustments: adjustments}).String()
		},
		"our own form": func(*world) (string, string) {
			return "text/csv", strings.Replace(csvHeader, "net", "n\u00adet", 1) + written + ",2026-11-20,payment," + written + ",CHF,108.00,2.30,105.70\n"
		},
		"a list of the acquirer": func(w *world) (string, string) {
			list := "Auszahlungsdatum;Kartenmarke;Transaktionsdatum;Ha\u0308ndlerreferenz;Betrag;Kommission;Netto\n20.11.2026;" + written + ";18.11.2026;" + written + ";108,00;1,00;107,00\n"
			columns := w.proposed(list)
			delete(columns, "rows")
			w.call("PUT", "/settlement-columns", w.key, columns).json(http.StatusOK)
			return "text/csv", list
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.importFile(file(w))
			require.Equal(t, http.StatusCreated, a.Code, a.Body)
			assert.NotRegexp(t, odder, a.Body.String())
			assert.Empty(t, w.tablesWith(odder), "written as it was sent")
		})
	}
}

// secret are the fields that are kept as they were typed, sealed.
var secret = []string{"api_password", "client_secret", "password", "private_key"}

// formatted are the texts that must have a form of their own as well.
var formatted = []string{"email", "contact_email", "website", "host"}

// TestEveryTextOfEveryCallIsTakenByOneRule walks the specification. Every text is refused by the name of the character that it must not
// hold, in one round with what the specification refuses; and written as word processors do, it is kept in one form.
func TestEveryTextOfEveryCallIsTakenByOneRule(t *testing.T) {
	t.Parallel()
	for _, o := range operations(t) {
		if o.json() == nil {
			continue
		}
		t.Run(o.OperationID, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			e := o.example(w)
			ordinary, taken := e.body, 0
			for _, field := range textsOf(t, e.body) {
				if slices.Contains(secret, field[len(field)-1]) {
					continue
				}
				name := strings.Join(field, ".")
				broken := spoil(e.body, field, `"a\u200bb"`)
				refused := w.call(o.method, e.path, o.key(w), broken)
				require.GreaterOrEqual(t, refused.Code, http.StatusBadRequest, "%s is taken with a character that nobody sees", name)
				assert.NotContains(t, refused.Body.String(), "allOf", "it says what must be instead")
				if !strings.Contains(refused.Body.String(), "U+200B ZERO WIDTH SPACE") {
					continue // it is no text, but an amount, a date, a choice
				}
				assert.Contains(t, refused.problem(http.StatusUnprocessableEntity, "validation-failed"), name)
				both := w.call(o.method, e.path, o.key(w), spoil(broken, []string{"colour"}, `"red"`))
				assert.Subset(t, both.problem(http.StatusUnprocessableEntity, "validation-failed"), []string{name, "colour"}, "in one round")
				if !slices.Contains(formatted, field[len(field)-1]) {
					ordinary = spoil(ordinary, field, `"Re\u00adne\u0301\tA"`)
					taken++
				}
			}
			if taken == 0 {
				return
			}
			a := w.call(o.method, e.path, o.key(w), ordinary)
			require.Less(t, a.Code, http.StatusMultipleChoices, "%s: %s", ordinary, a.Body)
			assert.NotRegexp(t, odder, a.Body.String())
			assert.Empty(t, w.tablesWith(odder), "written as it was sent")
		})
	}
}

// odder are characters that no text is kept with.
const odder = "[\u00ad\u0301\t]"

// textsOf returns the paths of all texts of a body.
func textsOf(t *testing.T, body string) (texts [][]string) {
	t.Helper()
	var value any
	require.NoError(t, json.Unmarshal([]byte(body), &value))
	var walk func(value any, at []string)
	walk = func(value any, at []string) {
		switch v := value.(type) {
		case map[string]any:
			for name, inner := range v {
				walk(inner, append(slices.Clone(at), name))
			}
		case []any:
			if len(v) > 0 {
				walk(v[0], append(slices.Clone(at), "0"))
			}
		case string:
			texts = append(texts, at)
		}
	}
	walk(value, nil)
	slices.SortFunc(texts, slices.Compare)
	return texts
}

// tablesWith returns the tables of which a row fits the pattern.
func (w *world) tablesWith(pattern string) (names string) {
	w.Helper()
	conn, err := pgx.Connect(w.Context(), w.superuserURL)
	require.NoError(w, err)
	defer func() { _ = conn.Close(context.WithoutCancel(w.Context())) }()
	var search string
	require.NoError(w, conn.QueryRow(w.Context(), `
		select 'select concat_ws('' '', ' || string_agg(format('(select %L from %I t where t::text ~ $1 limit 1)', relname, relname), ', ') || ')'
		from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`).Scan(&search))
	require.NoError(w, conn.QueryRow(w.Context(), search, pattern).Scan(&names))
	return names
}
