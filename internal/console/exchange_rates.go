package console

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// ratesPage is the exchange rates, and the month and currency that the form proposes.
type ratesPage struct {
	Rates    []client.ExchangeRate
	Month    string
	Currency string
}

func (s *server) rateRoutes(r chi.Router) {
	r.Get("/exchange-rates", s.rates)
	r.Post("/exchange-rates", s.setRate)
	r.Post("/exchange-rates/import", s.importRates)
	r.Get("/journal/exchange", func(w http.ResponseWriter, r *http.Request) { s.show(w, r, http.StatusOK, "exchange-new", nil, nil) })
	r.Post("/journal/exchange", s.exchange)
}

func (s *server) ratesPage(r *http.Request) (p ratesPage, err error) {
	found, err := s.api.ListExchangeRatesWithResponse(r.Context(), &client.ListExchangeRatesParams{})
	if err != nil {
		return p, err
	}
	p = ratesPage{Rates: found.JSON200.Data, Month: s.Now().In(zurich).Format("2006-01"), Currency: "EUR"}
	if asked := r.URL.Query(); asked.Has("month") {
		p.Month, p.Currency = asked.Get("month"), asked.Get("currency")
	}
	return p, nil
}

func (s *server) rates(w http.ResponseWriter, r *http.Request) {
	p, err := s.ratesPage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "exchange-rates", p, nil)
}

func (s *server) setRate(w http.ResponseWriter, r *http.Request) {
	rate := client.NewExchangeRate{
		Month: typedMonth(r.PostFormValue("month")), Currency: client.ForeignCurrency(r.PostFormValue("currency")),
		Rate: strings.ReplaceAll(strings.TrimSpace(r.PostFormValue("rate")), ",", "."),
	}
	_, err := s.api.SetExchangeRateWithResponse(r.Context(), rate, once(r))
	s.toRates(w, r, err)
}

func (s *server) importRates(w http.ResponseWriter, r *http.Request) {
	content, err := uploaded(r, "file")
	if err == nil {
		_, err = s.api.ImportExchangeRatesWithBodyWithResponse(r.Context(), "application/xml", bytes.NewReader(content), once(r))
		if p := asRefusal(err); p != nil && len(p.Errors) > 0 && strings.HasPrefix(p.Errors[0].Field, "line ") {
			p.Type = fileRefused
		}
	}
	s.toRates(w, r, err)
}

// toRates goes back to the rates, or shows the form that was refused.
func (s *server) toRates(w http.ResponseWriter, r *http.Request, err error) {
	if err == nil {
		s.tell(w, r, "/console/exchange-rates", notice{Kind: "good", Key: "saved"})
		return
	}
	p, lost := s.ratesPage(r)
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	s.refused(w, r, err, "exchange-rates", p, map[string]string{"period-closed": "month", "": "file"})
}

// typedMonth reads a month as people type it: 11.2026 or 2026-11. What it can't read is for the API to refuse.
func typedMonth(typed string) string {
	typed = strings.TrimSpace(typed)
	if month, err := time.Parse("1.2006", typed); err == nil {
		return month.Format("2006-01")
	}
	return typed
}

// exchange books what a person exchanged at the bank.
func (s *server) exchange(w http.ResponseWriter, r *http.Request) {
	side := func(name string) client.ExchangeSide {
		return client.ExchangeSide{
			Account: strings.TrimSpace(r.PostFormValue(name + ".account")), Amount: parseAmount(r.PostFormValue(name + ".amount")),
			Currency: client.Currency(r.PostFormValue(name + ".currency")),
		}
	}
	day, err := typedDay(r, "date")
	if err == nil {
		var made *client.CreateExchangeResponse
		body := client.NewExchange{Date: day, Text: optional[string](strings.TrimSpace(r.PostFormValue("text"))), From: side("from"), To: side("to")}
		if made, err = s.api.CreateExchangeWithResponse(r.Context(), body, once(r)); err == nil {
			s.tell(w, r, "/console/journal/"+made.JSON201.ID, notice{Kind: "good", Key: "entry_booked"})
			return
		}
	}
	s.refused(w, r, err, "exchange-new", nil, map[string]string{"period-closed": "date"})
}
