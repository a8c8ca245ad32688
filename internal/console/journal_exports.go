package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/oapi-codegen/runtime/types"

	"github.com/quittance/quittance/api/client"
)

// exportsPage is the files of the journal that were taken, and the form for another one.
type exportsPage struct {
	client.JournalExportList
	From, To types.Date // last month
}

func (s *server) exportRoutes(r chi.Router) {
	r.Get("/journal/exports", s.exports)
	r.Post("/journal/exports", s.takeExport)
	r.Get("/journal/exports/{export}/file", s.exportFile)
}

func (s *server) exportsPage(r *http.Request) (exportsPage, error) {
	found, err := s.api.ListJournalExportsWithResponse(r.Context(), &client.ListJournalExportsParams{Cursor: optional[client.Cursor](r.URL.Query().Get("cursor"))})
	if err != nil {
		return exportsPage{}, err
	}
	today := s.Now().In(zurich)
	first := time.Date(today.Year(), today.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	return exportsPage{*found.JSON200, types.Date{Time: first}, types.Date{Time: first.AddDate(0, 1, -1)}}, nil
}

func (s *server) exports(w http.ResponseWriter, r *http.Request) {
	p, err := s.exportsPage(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "journal-exports", p, nil)
}

func (s *server) takeExport(w http.ResponseWriter, r *http.Request) {
	wanted, err := typedExport(r)
	if err == nil {
		if _, err = s.api.TakeJournalExportWithResponse(r.Context(), wanted, once(r)); err == nil {
			s.tell(w, r, "/console/journal/exports", notice{Kind: "good", Key: "export_taken"})
			return
		}
	}
	p, lost := s.exportsPage(r)
	if lost != nil {
		s.fail(w, r, lost)
		return
	}
	s.refused(w, r, err, "journal-exports", p, map[string]string{"": "format"})
}

// typedExport reads the form; the refusal of a field that can't be read.
func typedExport(r *http.Request) (wanted client.NewJournalExport, err error) {
	wanted.Format = client.JournalExportFormat(r.PostFormValue("format"))
	if wanted.From, err = typedDay(r, "from"); err != nil {
		return wanted, err
	}
	if wanted.To, err = typedDay(r, "to"); err != nil || wanted.Format != client.Datev {
		return wanted, err
	}
	wanted.Datev = &client.DATEVClient{}
	for field, into := range map[string]*int{"datev.consultant_number": &wanted.Datev.ConsultantNumber, "datev.client_number": &wanted.Datev.ClientNumber} {
		if *into, err = strconv.Atoi(strings.TrimSpace(r.PostFormValue(field))); err != nil {
			return wanted, unreadable(field)
		}
	}
	currency := client.Currency(r.PostFormValue("datev.currency"))
	wanted.Datev.Currency = &currency
	if r.PostFormValue("datev.year_begins") == "" {
		return wanted, nil
	}
	begins, err := typedDay(r, "datev.year_begins")
	wanted.Datev.YearBegins = &begins
	return wanted, err
}

func (s *server) exportFile(w http.ResponseWriter, r *http.Request) {
	found, err := s.api.GetJournalExportWithResponse(r.Context(), chi.URLParam(r, "export"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.pass(w, r, "/journal-exports/"+found.JSON200.ID+"/file", "text/csv", found.JSON200.File)
}
