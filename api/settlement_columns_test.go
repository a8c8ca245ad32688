package api_test

import (
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/quittance/quittance/internal/payment"
	"github.com/quittance/quittance/internal/postgres"
)

const listHeader = "Auszahlungsdatum;Kartenmarke;Transaktionsdatum;Händlerreferenz;Betrag;Kommission;Netto\n"

// listOf is an acquirer's list of invented shape that pays those payments of 18 November, with a commission of 1.00 each.
func listOf(payments ...payment.Payment) string {
	file := "sep=;\n" + listHeader
	total := chf("0.00")
	for _, p := range payments {
		file += fmt.Sprintf("20.11.2026;VISA;18.11.2026;Shop %s;%s;1,00;%s\n", p.OrderID, comma(p.Amount.Value()), comma(p.Amount.Sub(chf("1.00")).Value()))
		total = total.Add(p.Amount)
	}
	return file + fmt.Sprintf("Gesamttotal;;;;%s;;\n", comma(total.Value()))
}

func comma(amount string) string { return strings.ReplaceAll(amount, ".", ",") }

// confirmedColumns confirms the columns of a list, and returns their id.
func (w *world) confirmedColumns() string {
	w.Helper()
	return w.call("PUT", "/settlement-columns", w.key, `{
		"header": ["Date", "Order", "Gross", "Net"], "columns": {"payout_date": "Date", "order_id": "Order", "gross": "Gross", "net": "Net"}, "currency": "CHF", "payouts": "date"
	}`).json(http.StatusOK)["id"].(string)
}

// proposed returns what the refusal of a list proposes.
func (w *world) proposed(file string) object {
	w.Helper()
	refused := w.importFile("text/csv", file)
	refused.problem(http.StatusUnprocessableEntity, "settlement-columns-unknown")
	return refused.json(http.StatusUnprocessableEntity)["columns"].(object)
}

func TestAListOfTheAcquirerIsImportedOnceItsColumnsAreConfirmed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.captured(chf("108.00"), "2026-11-18"), w.captured(chf("1050.00"), "2026-11-18")
	file := listOf(a, b)
	columns := w.proposed(file)
	assert.Equal(t, []any{"Auszahlungsdatum", "Kartenmarke", "Transaktionsdatum", "Händlerreferenz", "Betrag", "Kommission", "Netto"}, columns["header"])
	assert.Equal(t, object{
		"payout_date": "Auszahlungsdatum", "brand": "Kartenmarke", "transaction_date": "Transaktionsdatum", "order_id": "Händlerreferenz", "gross": "Betrag", "fee": "Kommission", "net": "Netto",
	}, columns["columns"])
	assert.Equal(t, []any{"CHF", "brand_and_day"}, []any{columns["currency"], columns["payouts"]})
	rows := columns["rows"].([]any)
	assert.Equal(t, []any{"20.11.2026", "VISA", "18.11.2026", "Shop " + a.OrderID, "108,00", "1,00", "107,00"}, rows[0])
	assert.Len(t, rows, 3)
	assert.Empty(t, w.call("GET", "/settlements", w.key, nil).json(http.StatusOK)["data"], "nothing was kept")

	delete(columns, "rows")
	saved := w.call("PUT", "/settlement-columns", w.key, columns).json(http.StatusOK)
	imported := w.importFile("text/csv", file).json(http.StatusCreated)
	assert.Equal(t, "csv.list", imported["format"])
	require.Len(t, imported["payouts"], 1, "%v", imported)
	payout := imported["payouts"].([]any)[0].(object)
	assert.Equal(t, []any{"booked", "1156.00", "2.00", "2026-11-20"}, []any{payout["state"], payout["net"], payout["fee"], payout["date"]})
	assert.Equal(t, "2026-11-18", payout["lines"].([]any)[0].(object)["date"], "the day of the sale")
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	w.importFile("text/csv", file).json(http.StatusOK)

	columns["payouts"] = "date"
	again := w.call("PUT", "/settlement-columns", w.key, columns).json(http.StatusOK)
	assert.Equal(t, saved["id"], again["id"], "one for each header")
	w.confirmedColumns()
	listed := w.call("GET", "/settlement-columns", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, listed, 2)
	assert.Equal(t, "date", listed[0].(object)["payouts"])
	require.Equal(t, http.StatusNoContent, w.call("DELETE", "/settlement-columns/"+saved["id"].(string), w.key, nil).Code)
	w.call("DELETE", "/settlement-columns/"+saved["id"].(string), w.key, nil).problem(http.StatusNotFound, "not-found")
	w.importFile("text/csv", listOf(a)).problem(http.StatusUnprocessableEntity, "settlement-columns-unknown")
}

func TestLinesWithoutOrderAreMatchedByBrandDayAndGross(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sold := func(amount, brand, on string) payment.Payment {
		p := w.captured(chf(amount), on)
		p.Brand = brand
		w.in(w.company.ID, func(tx *postgres.Tx) error { return tx.SavePayment(w.Context(), p) })
		return p
	}
	a, b, c := sold("108.00", "VISA", "2026-11-18"), sold("50.00", "VISA", "2026-11-18"), sold("50.00", "TWINT", "2026-11-18")
	const header = "Paym. date,Brand,Trx Date,Gross Amount,Comm. Amount,Net amount\n"
	file := header + "2026-11-20,VISA,2026-11-18,108.00,2.30,105.70\n2026-11-20,TWINT,2026-11-18,50.00,0.65,49.35\n2026-11-20,Visa Debit,2026-11-18,50.00,0.50,49.50\n"
	columns := w.proposed(file)
	delete(columns, "rows")
	w.call("PUT", "/settlement-columns", w.key, columns).json(http.StatusOK)
	payouts := w.importFile("text/csv", file).json(http.StatusCreated)["payouts"].([]any)
	require.Len(t, payouts, 3)
	paid := map[string]any{}
	for _, p := range payouts {
		p := p.(object)
		paid[p["net"].(string)] = []any{p["state"], p["payments"].([]any)[0].(object)["id"]}
	}
	assert.Equal(t, map[string]any{
		"105.70": []any{"booked", a.ID}, "49.35": []any{"booked", c.ID}, "49.50": []any{"booked", b.ID},
	}, paid, "together they are all sales of that brand and day")
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
}

func TestOurOwnFormHasFeesAndChargebacksThatWereWon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.captured(chf("108.00"), "2026-11-18")
	imported := w.importFile("text/csv", csvHeader+"WL-1,2026-11-20,payment,"+p.OrderID+",CHF,108.00,2.30,105.70\nWL-1,2026-11-20,fee,,CHF,0.00,5.00,-5.00\n"+
		"WL-2,2026-11-20,fee,,CHF,0.00,4.00,-4.00\nWL-3,2026-11-20,chargeback_won,"+p.OrderID+",CHF,50.00,0.00,50.00\n").json(http.StatusCreated)
	for _, booked := range imported["payouts"].([]any) {
		assert.Equal(t, "booked", booked.(object)["state"])
	}
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	assert.Equal(t, francs("11.30"), w.balance("6940"), "fees are a cost without a sale")
	require.Len(t, imported["unmatched"], 1)
	won := imported["unmatched"].([]any)[0].(object)
	assert.Contains(t, won["reason"], "A chargeback that was won")
	w.call("POST", "/payouts/"+won["id"].(string)+"/confirm", w.key, `{"account": "1234"}`).problem(http.StatusUnprocessableEntity, "validation-failed")
	w.call("POST", "/payouts/"+won["id"].(string)+"/confirm", w.key, `{"account": "1100"}`).json(http.StatusOK)
	assert.Equal(t, francs("146.70"), w.balance("1020"), "it came to the bank")
}

func TestColumnsOfAListAreRefusedByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := object{
		"header": []string{"Date", "Order", "Gross", "Net"}, "columns": object{"payout_date": "Date", "order_id": "Order", "gross": "Gross", "net": "Net"}, "currency": "CHF", "payouts": "date",
	}
	for name, c := range map[string]struct {
		change object
		field  string
	}{
		"a header of other names than ours":  {object{"header": []string{"Date", "Date", "Order", "Gross", "Net"}}, "header"},
		"a column that is not in the header": {object{"columns": object{"payout_date": "Day", "order_id": "Order", "gross": "Gross", "net": "Net"}}, "columns.payout_date"},
		"a column for two things":            {object{"columns": object{"payout_date": "Date", "order_id": "Order", "gross": "Gross", "net": "Gross"}}, "columns.net"},
		"no day":                             {object{"columns": object{"order_id": "Order", "gross": "Gross", "net": "Net"}}, "columns.payout_date"},
		"one amount":                         {object{"columns": object{"payout_date": "Date", "order_id": "Order", "net": "Net"}}, "columns.gross"},
		"nothing that names a payment":       {object{"columns": object{"payout_date": "Date", "gross": "Gross", "net": "Net"}}, "columns.order_id"},
		"no currency":                        {object{"currency": nil}, "currency"},
		"a payout by what no column says":    {object{"payouts": "reference"}, "columns.payout_reference"},
	} {
		body := object{}
		for key, value := range good {
			body[key] = value
		}
		for key, value := range c.change {
			if body[key] = value; value == nil {
				delete(body, key)
			}
		}
		refused := w.call("PUT", "/settlement-columns", w.key, body).problem(http.StatusUnprocessableEntity, "validation-failed")
		assert.Equal(t, c.field, refused[0], name)
	}
	w.call("PUT", "/settlement-columns", w.key, good).json(http.StatusOK)
	broken := w.importFile("text/csv", "Date,Order,Gross,Net\n2026-11-20,Q,1.00,x\n").json(http.StatusUnprocessableEntity)
	assert.Equal(t, []any{object{"field": "line 2", "message": `"Net" must be an amount such as 108.00`}}, broken["errors"])
}

// upload sends a file by the form of the page of payouts.
func (p pages) upload(file string) *httptest.ResponseRecorder {
	p.Helper()
	var body strings.Builder
	parts := multipart.NewWriter(&body)
	part, err := parts.CreateFormFile("file", "list.csv")
	require.NoError(p, err)
	_, err = part.Write([]byte(file))
	require.NoError(p, err)
	require.NoError(p, parts.Close())
	return p.send(http.MethodPost, "/console/payouts", parts.FormDataContentType(), strings.NewReader(body.String()))
}

var (
	hiddenField = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)">`)
	chosen      = regexp.MustCompile(`<select id="([\w.]+)"(?:.|\n)*?</select>`)
	chosenValue = regexp.MustCompile(`<option value="([^"]*)" selected>`)
)

// filled returns what a page's form has in it.
func filled(page string) url.Values {
	form := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	for _, field := range chosen.FindAllStringSubmatch(page, -1) {
		if value := chosenValue.FindStringSubmatch(field[0]); value != nil {
			form.Set(field[1], html.UnescapeString(value[1]))
		}
	}
	return form
}

func TestTheConsoleAsksOnceWhatTheColumnsOfAListAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.captured(chf("108.00"), "2026-11-18"), w.captured(chf("50.00"), "2026-11-18")
	p := w.inPages("bookkeeper")
	asked := p.upload(listOf(a))
	require.Equal(t, http.StatusOK, asked.Code, asked.Body)
	form := filled(asked.Body.String())
	assert.Contains(t, asked.Body.String(), "Shop "+a.OrderID, "the first lines are shown")
	assert.Equal(t, []string{"Auszahlungsdatum", "Betrag", "", "brand_and_day"}, []string{form.Get("columns.payout_date"), form.Get("columns.gross"), form.Get("columns.type"), form.Get("payouts")})

	wrong := url.Values{}
	for name, values := range form {
		wrong[name] = values
	}
	wrong["columns.payout_date"], wrong["payouts"] = []string{"Händlerreferenz"}, []string{"date"}
	wrong["columns.order_id"] = []string{"Auszahlungsdatum"}
	refused := p.visit("/console/payouts/columns", wrong)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Code)
	assert.Contains(t, html.UnescapeString(refused.Body.String()), `line 3: "Händlerreferenz" must be a day such as`, "the line and the column are named")
	kept := filled(refused.Body.String())
	assert.Equal(t, []string{"Händlerreferenz", "date", form.Get("content")}, []string{kept.Get("columns.payout_date"), kept.Get("payouts"), kept.Get("content")}, "nothing has to be chosen again")
	kept.Del("columns.payout_date")
	assert.Contains(t, p.visit("/console/payouts/columns", kept).Body.String(), "Name the column with the day of the payout")
	assert.Equal(t, http.StatusForbidden, w.inPages("viewer").visit("/console/payouts/columns", form).Code)

	require.Equal(t, http.StatusSeeOther, p.visit("/console/payouts/columns", form).Code)
	require.Equal(t, http.StatusSeeOther, p.upload(listOf(b)).Code, "the next list is read at once")
	assert.Equal(t, []string{"1029 CHF 0.00"}, w.stands())
	page := p.text("/console/payouts/columns")
	assert.Contains(t, page, "Auszahlungsdatum: Day of the payout")
	id := w.call("GET", "/settlement-columns", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(object)["id"].(string)
	require.Equal(t, http.StatusSeeOther, p.visit("/console/payouts/columns/"+id+"/remove", url.Values{}).Code)
	assert.Contains(t, p.text("/console/payouts/columns"), "Nothing yet.")
}
