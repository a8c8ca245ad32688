package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/quittance/quittance/internal/money"
)

func eur(value string) money.Amount { return money.MustParse(value, money.EUR) }

// worth returns the trial balance: what stands on each account, with its value in francs, such as "1021 EUR 97.20 = 91.49", or "= ?".
func (w *world) worth() (accounts []string) {
	w.Helper()
	trial := w.call("GET", "/trial-balance", w.key, nil).json(http.StatusOK)
	for _, a := range trial["accounts"].([]any) {
		a := a.(object)
		value, known := a["value"]
		if !known {
			value = "?"
		}
		accounts = append(accounts, fmt.Sprint(a["number"], " ", a["currency"], " ", a["balance"], " = ", value))
	}
	for _, total := range trial["totals"].([]any) {
		assert.Equal(w, "0.00", total.(object)["difference"])
	}
	if len(trial["missing_rates"].([]any)) > 0 {
		assert.NotContains(w, trial, "value")
		return accounts
	}
	assert.Equal(w, "0.00", trial["value"].(object)["difference"])
	sum := money.Zero(money.CHF)
	for _, a := range trial["accounts"].([]any) {
		sum = sum.Add(money.MustParse(a.(object)["value"].(string), money.CHF))
	}
	assert.Equal(w, "0.00", sum.Value(), "all accounts together are worth nothing")
	return accounts
}

// onTransit returns what the transit account is worth.
func (w *world) onTransit() string {
	w.Helper()
	sum := money.Zero(money.CHF)
	for _, a := range w.call("GET", "/trial-balance", w.key, nil).json(http.StatusOK)["accounts"].([]any) {
		if a := a.(object); a["number"] == "1090" {
			sum = sum.Add(money.MustParse(a["value"].(string), money.CHF))
		}
	}
	return sum.Value()
}

func (w *world) rate(month, currency, rate string) answer {
	w.Helper()
	return w.call("POST", "/exchange-rates", w.key, object{"month": month, "currency": currency, "rate": rate})
}

func (w *world) importRates(file string) answer {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, "/v1/exchange-rates/import", strings.NewReader(file))
	r.Header.Set("Content-Type", "application/xml")
	r.Header.Set("Authorization", "Bearer "+w.key)
	return w.send(r)
}

// customs is the customs' list of a month: "eur 1 0.9412" and so on.
func customs(month string, rates ...string) string {
	var devises strings.Builder
	for _, r := range rates {
		var code, units, price string
		_, _ = fmt.Sscan(r, &code, &units, &price)
		fmt.Fprintf(&devises, "  <devise code=%q>\n    <land_de>Land</land_de><land_fr>Pays</land_fr><land_it>Paese</land_it><land_en>Country</land_en>\n    <waehrung>%s %s</waehrung>\n    <kurs>%s</kurs>\n  </devise>\n",
			code, units, strings.ToUpper(code), price)
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<monatsmittelkurs xmlns="https://www.backend-rates.bazg.admin.ch/avgratesmonth">
  <monat>` + month + "</monat>\n" + devises.String() + "</monatsmittelkurs>"
}

// euroPayout has a list of the acquirer pay out a sale of 100 euros.
func (w *world) euroPayout(reference string) {
	w.Helper()
	p := w.captured(eur("100.00"), "2026-11-18")
	w.importFile("text/csv", csvHeader+reference+",2026-11-20,payment,"+p.OrderID+",EUR,100.00,2.80,97.20\n").json(http.StatusCreated)
}

// exchanged is the statement of a payout of 97.20 euros that the bank exchanged into so many francs.
func exchanged(francs, order string) string {
	return camt053(stmt(bankIBAN, "", strings.Replace(paysOut(francs, order), "<TxDtls>", `<TxDtls><Amt Ccy="EUR">97.20</Amt>`, 1)))
}

func TestPayoutInEurosGoesToTheAccountForEuros(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.euroPayout("WL-1")
	assert.Contains(t, w.worth(), "1021 EUR 97.20 = ?")
	p := w.captured(eur("50.00"), "2026-11-18")
	w.importFile("application/xml", camt053(stmt(bankIBAN, "", from("WORLDLINE SCHWEIZ AG", "EUR", "48.60", p.OrderID)))).json(http.StatusCreated)
	assert.Contains(t, w.worth(), "1021 EUR 145.80 = ?", "a bank that the company hasn't named")

	w.call("POST", "/accounts", w.key, object{"number": "1026", "name": "Euros at the cantonal bank"}).json(http.StatusCreated)
	account := w.call("POST", "/bank-accounts", w.key, object{"iban": bankIBAN, "account": "1026", "currency": "EUR"}).json(http.StatusCreated)
	w.euroPayout("WL-2")
	assert.Subset(t, w.worth(), []string{"1021 EUR 145.80 = ?", "1026 EUR 97.20 = ?"}, "the company's only account in euros, though no bank told")
	w.call("POST", "/bank-accounts", w.key, object{"iban": otherIBAN, "account": "1020", "currency": "EUR"}).json(http.StatusCreated)
	w.euroPayout("WL-3")
	assert.Subset(t, w.worth(), []string{"1021 EUR 243.00 = ?", "1026 EUR 97.20 = ?"}, "nobody knows which of two")
	p = w.captured(eur("50.00"), "2026-11-18")
	w.importFile("application/xml", camt053(stmt(bankIBAN, "", from("WORLDLINE SCHWEIZ AG", "EUR", "48.60", p.OrderID)))).json(http.StatusCreated)
	assert.Contains(t, w.worth(), "1026 EUR 145.80 = ?", "the bank says")
	assert.Equal(t, http.StatusNoContent, w.call("DELETE", "/bank-accounts/"+account["id"].(string), w.key, nil).Code)
	assert.Equal(t, []string{"1029 EUR 0.00"}, w.stands())
}

func TestForeignMoneyIsWorthWhatTheRateOfItsMonthSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.euroPayout("WL-1")
	w.captured(chf("108.00"), "2026-11-18")
	trial := w.call("GET", "/trial-balance", w.key, nil).json(http.StatusOK)
	assert.Equal(t, []any{object{"month": "2026-11", "currency": "EUR", "message": "no rate for EUR in 2026-11"}}, trial["missing_rates"])
	assert.Equal(t, []string{"1021 EUR 97.20 = ?", "1029 CHF 108.00 = 108.00", "1029 EUR 0.00 = ?", "1100 CHF -108.00 = -108.00", "1100 EUR -100.00 = ?", "6940 EUR 2.80 = ?"}, w.worth())
	assert.Equal(t, []any{object{"kind": "exchange_rate", "id": "2026-11-EUR", "date": "2026-11-01", "state": "missing"}},
		w.call("GET", "/month-end?until=2026-11-30", w.key, nil).json(http.StatusOK)["open"])

	rate := w.rate("2026-11", "EUR", "0.94125").json(http.StatusCreated)
	assert.Equal(t, []any{"2026-11-EUR", "0.94125", "manual", w.keyID}, []any{rate["id"], rate["rate"], rate["source"], rate["saved_by"]})
	assert.Equal(t, []string{
		"1021 EUR 97.20 = 91.49", "1029 CHF 108.00 = 108.00", "1029 EUR 0.00 = 0.00", "1100 CHF -108.00 = -108.00", "1100 EUR -100.00 = -94.13", "6940 EUR 2.80 = 2.64",
	}, w.worth(), "91.4895 and 2.6355 are 94.125, half a centime up")
	assert.Empty(t, w.call("GET", "/month-end?until=2026-11-30", w.key, nil).json(http.StatusOK)["open"])
	w.rate("2026-10", "EUR", "0.9").json(http.StatusCreated)
	assert.Contains(t, w.worth(), "1021 EUR 97.20 = 91.49", "another month's rate is another")

	entry := w.call("POST", "/manual-entries", w.key, object{
		"date": "2026-11-21", "text": "Fees", "currency": "EUR", "exchange_rate": "0.9300",
		"lines": []any{object{"account": "6940", "debit": "10.00"}, object{"account": "1021", "credit": "10.00"}},
	}).json(http.StatusCreated)
	assert.Equal(t, "0.93", entry["exchange_rate"])
	assert.Subset(t, w.worth(), []string{"1021 EUR 87.20 = 82.19", "6940 EUR 12.80 = 11.94"}, "its own rate counts")
	w.call("POST", "/journal/"+entry["id"].(string)+"/reverse", w.key, nil).json(http.StatusCreated)
	assert.Subset(t, w.worth(), []string{"1021 EUR 97.20 = 91.49", "6940 EUR 2.80 = 2.64"}, "and that of what takes it back")
	assert.Equal(t, true, w.call("GET", "/journal/verification", w.key, nil).json(http.StatusOK)["intact"])
	refused := w.call("POST", "/manual-entries", w.key, newEntry(`"exchange_rate":"0.93"`))
	assert.Equal(t, []string{"exchange_rate"}, refused.problem(http.StatusUnprocessableEntity, "validation-failed"))
}

func TestRatesAreEnteredByHandOrTakenFromTheCustoms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	imported := w.importRates(customs("2026-11", "eur 1 0.9412", "usd 1 0.8175", "jpy 100 0.5412", "gbp 100 107.321")).json(http.StatusCreated)
	assert.Equal(t, []any{"2026-11", 1.0}, []any{imported["month"], imported["others"]})
	var rates []string
	for _, r := range w.call("GET", "/exchange-rates?month=2026-11", w.key, nil).json(http.StatusOK)["data"].([]any) {
		r := r.(object)
		rates = append(rates, fmt.Sprint(r["id"], " ", r["rate"], " ", r["source"]))
	}
	assert.Equal(t, []string{"2026-11-EUR 0.9412 customs", "2026-11-GBP 1.07321 customs", "2026-11-USD 0.8175 customs"}, rates)
	assert.Empty(t, w.call("GET", "/exchange-rates?month=2026-10", w.key, nil).json(http.StatusOK)["data"])

	for what, bad := range map[string]struct{ month, currency, rate, field string }{
		"no money":       {"2026-11", "EUR", "0", "rate"},
		"less than none": {"2026-11", "EUR", "-0.94", "rate"},
		"no number":      {"2026-11", "EUR", "0,94", "rate"},
		"an exponent":    {"2026-11", "EUR", "1e0", "rate"},
		"too fine":       {"2026-11", "EUR", "0.9412345", "rate"},
		"too much":       {"2026-11", "EUR", "9412", "rate"},
		"no month":       {"2026-13", "EUR", "0.94", "month"},
		"francs":         {"2026-11", "CHF", "1", "currency"},
	} {
		assert.Equal(t, []string{bad.field}, w.rate(bad.month, bad.currency, bad.rate).problem(http.StatusUnprocessableEntity, "validation-failed"), what)
	}
	for what, bad := range map[string]struct{ file, says string }{
		"a daily list":    {`<wechselkurse xmlns="https://www.backend-rates.bazg.admin.ch/xmldaily"><datum>20.11.2026</datum></wechselkurse>`, "daily rates"},
		"cut off":         {customs("2026-11", "eur 1 0.9412")[:200], "cut off"},
		"no rate of ours": {customs("2026-11", "jpy 100 0.5412"), "no rate of EUR, USD or GBP"},
		"a wrong month":   {customs("11.2026", "eur 1 0.9412"), "must be a month"},
		"twice":           {customs("2026-11", "eur 1 0.9412", "eur 1 0.9413"), "EUR is there twice"},
		"no units":        {customs("2026-11", "eur ein 0.9412"), "how many units"},
		"no price":        {customs("2026-11", "eur 1 0.00"), "must be more than 0"},
		"an entity trick": {`<!DOCTYPE x [<!ENTITY e "1">]>` + customs("2026-11", "eur 1 0.9412"), "not allowed"},
		"no XML":          {"month;rate", "no XML"},
	} {
		refused := w.importRates(bad.file)
		require.NotEmpty(t, refused.problem(http.StatusUnprocessableEntity, "validation-failed"), what)
		assert.Contains(t, refused.Body.String(), bad.says, what)
	}
	log := w.call("GET", "/audit-log", w.key, nil).json(http.StatusOK)["data"].([]any)
	assert.Contains(t, fmt.Sprint(log), "POST /exchange-rates/import")
	assert.Contains(t, fmt.Sprint(log), "1.07321")
}

func TestRateOfAClosedMonthStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rate("2026-10", "EUR", "0.94").json(http.StatusCreated)
	w.call("PATCH", "/settings", w.key, `{"books_closed_until":"2026-10-31"}`).json(http.StatusOK)
	w.rate("2026-10", "EUR", "0.940000").json(http.StatusCreated)
	assert.Equal(t, []string{"month"}, w.rate("2026-10", "EUR", "0.95").problem(http.StatusUnprocessableEntity, "period-closed"))
	w.importRates(customs("2026-10", "usd 1 0.8", "eur 1 0.95")).problem(http.StatusUnprocessableEntity, "period-closed")
	rates := w.call("GET", "/exchange-rates", w.key, nil).json(http.StatusOK)["data"].([]any)
	require.Len(t, rates, 1, "all of a list, or none")
	assert.Equal(t, "0.94", rates[0].(object)["rate"])
	w.rate("2026-10", "USD", "0.8").json(http.StatusCreated)
	w.rate("2026-11", "EUR", "0.95").json(http.StatusCreated)
	w.rate("2026-11", "EUR", "0.96").json(http.StatusCreated)
}

func TestExchangeOfAPayoutLosesOrWinsAgainstTheRate(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ francs, result string }{
		"loss":    {"90.40", "6949 CHF 1.09 = 1.09"},
		"gain":    {"93.00", "6999 CHF -1.51 = -1.51"},
		"neither": {"91.49", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.captured(eur("100.00"), "2026-11-18")
			imported := w.importFile("application/xml", exchanged(c.francs, p.OrderID)).json(http.StatusCreated)
			payout := imported["payouts"].([]any)[0].(object)
			assert.Equal(t, object{"amount": "97.20", "currency": "EUR", "account": "1090"}, payout["exchanged"])
			assert.Equal(t, []any{"complete", "booked"}, []any{imported["status"], payout["state"]}, "the file says all of it")
			assert.Subset(t, w.worth(), []string{"1090 EUR 97.20 = ?", "1090 CHF -" + c.francs + " = -" + c.francs}, "nobody knows yet what it lost")

			w.rate("2026-11", "EUR", "0.94125").json(http.StatusCreated)
			w.rate("2026-11", "EUR", "0.94125").json(http.StatusCreated) // changes nothing
			stands := w.worth()
			assert.Equal(t, "0.00", w.onTransit())
			assert.Subset(t, stands, []string{"1020 CHF " + c.francs + " = " + c.francs, "1029 EUR 0.00 = 0.00", "1090 CHF -91.49 = -91.49", "1090 EUR 97.20 = 91.49"})
			if c.result != "" {
				assert.Contains(t, stands, c.result)
			}

			w.rate("2026-11", "EUR", "0.9").json(http.StatusCreated) // 87.48
			assert.Equal(t, "0.00", w.onTransit(), "a rate that was mistyped")
			assert.NotContains(t, w.worth(), c.result)
			w.rate("2026-11", "EUR", "0.94125").json(http.StatusCreated)
			if c.result != "" {
				assert.Contains(t, w.worth(), c.result)
			}
			w.call("POST", "/payouts/"+payout["id"].(string)+"/reopen", w.key, nil).json(http.StatusOK)
			assert.Equal(t, "0.00", w.onTransit(), "what was taken back neither loses nor wins")
			for _, a := range w.worth() {
				assert.True(t, strings.HasPrefix(a, "1029 EUR") || strings.HasPrefix(a, "1100 EUR") || strings.HasSuffix(a, " 0.00 = 0.00"), a)
			}
			w.call("POST", "/payouts/"+payout["id"].(string)+"/confirm", w.key, object{"items": []string{p.ID}, "fee": "2.80"}).json(http.StatusOK)
			assert.Subset(t, w.worth(), stands, "booked again, with the rate known")
		})
	}
}

func TestPersonExchangesABalance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.rate("2026-11", "EUR", "0.94125").json(http.StatusCreated)
	w.euroPayout("WL-1")
	exchange := func(from, to object) answer {
		return w.call("POST", "/exchanges", w.key, object{"date": "2026-11-21", "from": from, "to": to})
	}
	entry := exchange(object{"account": "1021", "amount": "97.20", "currency": "EUR"}, object{"account": "1020", "amount": "90.40", "currency": "CHF"}).json(http.StatusCreated)
	assert.Equal(t, "Change de EUR 97.20 en CHF 90.40", entry["text"])
	assert.Subset(t, w.worth(), []string{"1020 CHF 90.40 = 90.40", "1021 EUR 0.00 = 0.00", "6949 CHF 1.09 = 1.09"})
	assert.Equal(t, "0.00", w.onTransit())
	difference := w.call("GET", "/journal?source=exchange", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(object)
	assert.Equal(t, []any{entry["id"].(string) + ".1", "2026-11-21", fmt.Sprintf("Différence de change de l’écriture %v: %v", entry["sequence"], entry["text"])},
		[]any{difference["source"].(object)["id"], difference["date"], difference["text"]})
	w.call("POST", "/journal/"+difference["id"].(string)+"/reverse", w.key, nil).problem(http.StatusConflict, "entry-not-reversible")

	w.call("POST", "/journal/"+entry["id"].(string)+"/reverse", w.key, nil).json(http.StatusCreated)
	assert.Subset(t, w.worth(), []string{"1020 CHF 0.00 = 0.00", "1021 EUR 97.20 = 91.49", "6949 CHF 0.00 = 0.00"})
	assert.Equal(t, "0.00", w.onTransit())

	exchange(object{"account": "1020", "amount": "100.00", "currency": "CHF"}, object{"account": "1022", "amount": "120.00", "currency": "USD"}).json(http.StatusCreated)
	w.rate("2026-11", "USD", "0.8500").json(http.StatusCreated)
	assert.Contains(t, w.worth(), "6999 CHF -2.00 = -2.00", "dollars for 102 francs")
	exchange(object{"account": "1021", "amount": "10.00", "currency": "EUR"}, object{"account": "1022", "amount": "10.00", "currency": "USD"}).json(http.StatusCreated)
	assert.Contains(t, w.worth(), "6949 CHF 0.91 = 0.91", "between two foreign currencies")
	assert.Equal(t, "0.00", w.onTransit())

	bank := object{"account": "1020", "amount": "1.00", "currency": "CHF"}
	for field, from := range map[string]object{
		"from.amount": {"account": "1021", "amount": "0.00", "currency": "EUR"}, "from.account": {"account": "1090", "amount": "1.00", "currency": "EUR"}, "to.currency": bank,
	} {
		assert.Equal(t, []string{field}, exchange(from, bank).problem(http.StatusUnprocessableEntity, "validation-failed"))
	}
	w.call("PATCH", "/settings", w.key, `{"books_closed_until":"2026-11-21"}`).json(http.StatusOK)
	assert.Equal(t, []string{"date"}, exchange(object{"account": "1021", "amount": "1.00", "currency": "EUR"}, bank).problem(http.StatusUnprocessableEntity, "period-closed"))
}

func TestDifferenceOfAClosedMonthIsBookedOnTheFirstOpenDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	entry := w.call("POST", "/exchanges", w.key, object{
		"date": "2026-10-21", "from": object{"account": "1021", "amount": "100.00", "currency": "EUR"}, "to": object{"account": "1020", "amount": "93.00", "currency": "CHF"},
	}).json(http.StatusCreated)
	w.call("PATCH", "/settings", w.key, `{"books_closed_until":"2026-10-31"}`).json(http.StatusOK)
	w.rate("2026-10", "EUR", "0.94").json(http.StatusCreated)
	difference := w.call("GET", "/journal?source=exchange", w.key, nil).json(http.StatusOK)["data"].([]any)[0].(object)
	assert.Equal(t, []any{"2026-11-01", "2026-10-21"}, []any{difference["date"], difference["value_date"]})
	assert.Equal(t, "0.00", w.onTransit())
	w.call("POST", "/journal/"+entry["id"].(string)+"/reverse", w.key, nil).json(http.StatusCreated)
	assert.Equal(t, "0.00", w.onTransit())
	assert.Contains(t, w.worth(), "6949 CHF 0.00 = 0.00")
}

func TestBooksAreWorthNothingInAllWhateverIsExchangedAtWhateverRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rapid.Check(t, func(r *rapid.T) {
		w := w.during(t)
		w.company, w.key = w.newCompany("Demo SA", "en")
		amount := func(label string) string {
			return money.FromMinor(rapid.Int64Range(1, 99_999).Draw(r, label), money.CHF).Value()
		}
		bank := map[string]string{"CHF": "1020", "EUR": "1021", "USD": "1022", "GBP": "1023"}
		side := func(currency string) object {
			return object{"account": bank[currency], "amount": amount("amount"), "currency": currency}
		}
		day := func() string {
			return rapid.SampledFrom([]string{"2026-10-15", "2026-11-03", "2026-11-21"}).Draw(r, "day")
		}
		months := []string{"2026-10", "2026-11"}
		var made []string
		for range rapid.IntRange(1, 8).Draw(r, "steps") {
			currencies := rapid.Permutation([]string{"CHF", "EUR", "USD", "GBP"}).Draw(r, "currencies")
			switch rapid.SampledFrom([]string{"exchange", "exchange", "entry", "rate", "take back"}).Draw(r, "step") {
			case "exchange":
				e := w.call("POST", "/exchanges", w.key, object{"date": day(), "from": side(currencies[0]), "to": side(currencies[1])}).json(http.StatusCreated)
				made = append(made, e["id"].(string))
			case "entry":
				a, b := money.MustParse(amount("one"), money.EUR), money.MustParse(amount("other"), money.EUR)
				e := w.call("POST", "/manual-entries", w.key, object{"date": day(), "text": "x", "currency": "EUR", "lines": []any{
					object{"account": "6940", "debit": a.Value()}, object{"account": "1021", "debit": b.Value()}, object{"account": "1029", "credit": a.Add(b).Value()},
				}}).json(http.StatusCreated)
				made = append(made, e["id"].(string))
			case "rate":
				w.rate(rapid.SampledFrom(months).Draw(r, "month"), rapid.SampledFrom([]string{"EUR", "USD", "GBP"}).Draw(r, "of"), rapid.StringMatching(`[01]\.[0-9]{3}[1-9]`).Draw(r, "rate")).json(http.StatusCreated)
			case "take back":
				if len(made) > 0 {
					w.call("POST", "/journal/"+made[0]+"/reverse", w.key, nil).json(http.StatusCreated)
					made = made[1:]
				}
			}
		}
		for _, month := range months {
			for _, currency := range []string{"EUR", "USD", "GBP"} {
				w.rate(month, currency, rapid.StringMatching(`[01]\.[0-9]{3}[1-9]`).Draw(r, "rate")).json(http.StatusCreated)
			}
		}
		w.worth()
		require.Equal(r, "0.00", w.onTransit())
	})
}
