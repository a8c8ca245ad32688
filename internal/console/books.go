package console

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/oapi-codegen/runtime/types"

	"github.com/quittance/quittance/api/client"
)

// linesOfEntry is how many lines the form of a manual entry has.
const linesOfEntry = 4

// reconciliationPage is what stands on the receipt accounts.
type reconciliationPage struct {
	client.Reconciliation
	Chosen client.ReconciledBalance // the one that is shown
}

// closePage is a month that may be closed, with what is still open.
type closePage struct {
	Until       types.Date
	ClosedUntil *client.Date
	Open        []openRow
}

// openRow is one thing that is still open.
type openRow struct {
	client.OpenItem
	Money string // empty for an exception
}

func (s *server) bookRoutes(r chi.Router) {
	r.Get("/reconciliation", s.reconciliation)
	r.Get("/journal", s.journal)
	r.Get("/journal.csv", func(w http.ResponseWriter, r *http.Request) {
		s.pass(w, r, "/journal?"+r.URL.RawQuery, "text/csv", "journal.csv")
	})
	r.Get("/journal/verification", s.verifyJournal)
	r.Get("/journal/new", s.newEntry)
	r.Post("/journal", s.enterByHand)
	s.accountRoutes(r)
	s.exportRoutes(r)
	s.rateRoutes(r)
	r.Get("/journal/{id}", s.onEntry("journal-entry"))
	r.Get("/journal/{id}/reverse", s.onEntry("journal-reverse"))
	r.Post("/journal/{id}/reverse", s.reverse)
	r.Get("/trial-balance", s.trialBalance)
	r.Get("/statements/{month}", s.statement)
	r.Get("/statements/{month}.csv", func(w http.ResponseWriter, r *http.Request) {
		month := chi.URLParam(r, "month")
		s.pass(w, r, "/statements/"+month, "text/csv", month+".csv")
	})
	r.Get("/close", s.askClose)
	r.Post("/close", s.closeBooks)
}

func (s *server) reconciliation(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	found, err := s.api.GetReconciliationWithResponse(r.Context(), &client.GetReconciliationParams{
		Account: optional[client.AccountNumber](q.Get("account")), Currency: optional[client.Currency](q.Get("currency")), Cursor: optional[client.Cursor](q.Get("cursor")),
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := reconciliationPage{Reconciliation: *found.JSON200}
	if len(p.Balances) > 0 {
		p.Chosen = p.Balances[0]
	}
	s.show(w, r, http.StatusOK, "reconciliation", p, nil)
}

func (s *server) journal(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	params := &client.ListJournalParams{Account: optional[client.AccountNumber](strings.TrimSpace(q.Get("account"))), Cursor: optional[client.Cursor](q.Get("cursor"))}
	params.From, params.To = period(q)
	if q.Get("sort") == "" { // what was booked last is what is looked for
		latest := client.JournalNewest
		params.Sort = &latest
	}
	found, err := s.api.ListJournalWithResponse(r.Context(), params)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "journal", found.JSON200, nil)
}

// pass hands a file of the API through.
func (s *server) pass(w http.ResponseWriter, r *http.Request, path, media, name string) {
	api, ok := s.api.ClientInterface.(*client.Client)
	if !ok {
		panic("console: the client is not the generated one")
	}
	call, err := http.NewRequestWithContext(r.Context(), http.MethodGet, strings.TrimSuffix(api.Server, "/")+path, http.NoBody) //nolint:gosec // our own API, at a path of ours
	if err != nil {
		s.fail(w, r, err)
		return
	}
	call.Header.Set("Accept", media)
	for _, edit := range api.RequestEditors {
		if err := edit(r.Context(), call); err != nil {
			s.fail(w, r, err)
			return
		}
	}
	answer, err := api.Client.Do(call)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer func() { _ = answer.Body.Close() }()
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	if _, err := io.Copy(w, answer.Body); err != nil {
		panic(http.ErrAbortHandler) // a part must not be taken for the whole file
	}
}

func (s *server) onEntry(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found, err := s.api.GetJournalEntryWithResponse(r.Context(), chi.URLParam(r, "id"))
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.show(w, r, http.StatusOK, name, *found.JSON200, nil)
	}
}

func (s *server) verifyJournal(w http.ResponseWriter, r *http.Request) {
	found, err := s.api.VerifyJournalWithResponse(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "journal-verification", *found.JSON200, nil)
}

func (s *server) accounts(ctx context.Context) ([]client.Account, error) {
	found, err := s.api.ListAccountsWithResponse(ctx, &client.ListAccountsParams{})
	if err != nil {
		return nil, err
	}
	return found.JSON200.Data, nil
}

func (s *server) newEntry(w http.ResponseWriter, r *http.Request) {
	accounts, err := s.accounts(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "journal-new", accounts, nil)
}

// enterByHand books a manual entry, such as the acquirer's fees.
func (s *server) enterByHand(w http.ResponseWriter, r *http.Request) {
	day, err := typedDay(r, "date")
	currency := r.PostFormValue("currency")
	body := client.NewManualEntry{Date: day, Text: r.PostFormValue("text"), Currency: client.Currency(currency)}
	for i := range linesOfEntry {
		at := strconv.Itoa(i)
		line := client.NewJournalLine{Account: strings.TrimSpace(r.PostFormValue("account" + at))}
		if debit := parseAmount(r.PostFormValue("debit" + at)); debit != "" {
			line.Debit = &debit
		}
		if credit := parseAmount(r.PostFormValue("credit" + at)); credit != "" {
			line.Credit = &credit
		}
		if line.Account != "" || line.Debit != nil || line.Credit != nil {
			body.Lines = append(body.Lines, line)
		}
	}
	if err == nil {
		var made *client.CreateManualEntryResponse
		if made, err = s.api.CreateManualEntryWithResponse(r.Context(), body, once(r)); err == nil {
			s.tell(w, r, "/console/journal/"+made.JSON201.ID, notice{Kind: "good", Key: "entry_booked"})
			return
		}
	}
	accounts, lost := s.accounts(r.Context())
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	s.refused(w, r, err, "journal-new", accounts, map[string]string{"entry-not-balanced": "lines", "period-closed": "date"})
}

func (s *server) reverse(w http.ResponseWriter, r *http.Request) {
	id := chi.URLParam(r, "id")
	made, err := s.api.ReverseJournalEntryWithResponse(r.Context(), id, client.NewReversal{Text: optional[string](r.PostFormValue("text"))}, once(r))
	if err != nil {
		found, lost := s.api.GetJournalEntryWithResponse(r.Context(), id)
		if lost != nil {
			s.fail(w, r, lost)
			return
		}
		s.refused(w, r, err, "journal-reverse", *found.JSON200, map[string]string{})
		return
	}
	s.tell(w, r, "/console/journal/"+made.JSON201.ID, notice{Kind: "good", Key: "entry_reversed"})
}

func (s *server) trialBalance(w http.ResponseWriter, r *http.Request) {
	params := &client.GetTrialBalanceParams{}
	if day, ok := parseDate(r.URL.Query().Get("at")); ok {
		params.At = &day
	}
	found, err := s.api.GetTrialBalanceWithResponse(r.Context(), params)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "trial-balance", found.JSON200, nil)
}

// statementPage is a month's statement, with the months beside it.
type statementPage struct {
	client.Statement
	Before, After string
	Closable      bool
}

func (s *server) statement(w http.ResponseWriter, r *http.Request) {
	month := chi.URLParam(r, "month")
	found, err := s.api.GetStatementWithResponse(r.Context(), month)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := statementPage{Statement: *found.JSON200}
	if begun, err := time.Parse("2006-01", month); err == nil {
		p.Before, p.After = begun.AddDate(0, -1, 0).Format("2006-01"), begun.AddDate(0, 1, 0).Format("2006-01")
		if !p.Closed {
			end, err := s.monthEnd(r, types.Date{Time: begun.AddDate(0, 1, -1)})
			if err != nil {
				s.fail(w, r, err)
				return
			}
			p.Closable = end.Closable
		}
	}
	s.show(w, r, http.StatusOK, "statement", p, nil)
}

// monthEnd returns what is open until that day, and whether it can be closed.
func (s *server) monthEnd(r *http.Request, until types.Date) (client.MonthEnd, error) {
	found, err := s.api.GetMonthEndWithResponse(r.Context(), &client.GetMonthEndParams{Until: until})
	if err != nil {
		return client.MonthEnd{}, err
	}
	return *found.JSON200, nil
}

// closePage is the latest month that can be closed, or the one that was asked for, with what is still open.
func (s *server) closePage(r *http.Request) (p closePage, err error) {
	day, asked := parseDate(r.FormValue("books_closed_until"))
	if !asked {
		today := s.Now().In(zurich)
		day = types.Date{Time: time.Date(today.Year(), today.Month()+1, 0, 0, 0, 0, 0, time.UTC)}
	}
	found, err := s.monthEnd(r, day)
	if err == nil && !asked && !found.Closable {
		found, err = s.monthEnd(r, types.Date{Time: day.AddDate(0, 0, -day.Day())})
	}
	p = closePage{Until: found.Until, ClosedUntil: found.ClosedUntil}
	for _, item := range found.Open {
		row := openRow{OpenItem: item}
		if item.Amount != nil {
			row.Money = money(valueOf(item.Currency), *item.Amount)
		}
		p.Open = append(p.Open, row)
	}
	return p, err
}

func (s *server) askClose(w http.ResponseWriter, r *http.Request) {
	p, err := s.closePage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "close", p, nil)
}

func (s *server) closeBooks(w http.ResponseWriter, r *http.Request) {
	day, err := typedDay(r, "books_closed_until")
	if err == nil {
		if _, err = s.api.UpdateSettingsWithResponse(r.Context(), client.SettingsChanges{BooksClosedUntil: &day}); err == nil {
			s.tell(w, r, "/console/statements/"+day.Format("2006-01"), notice{Kind: "good", Key: "books_closed"})
			return
		}
	}
	p, lost := s.closePage(r)
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	s.refused(w, r, err, "close", p, nil)
}
