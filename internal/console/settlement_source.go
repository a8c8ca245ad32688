package console

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

// sourcePage is from where settlement files are fetched, and what a test of it found.
type sourcePage struct {
	client.SettlementSource // empty when there is none
	Exists                  bool
	Every                   string // the choice of the schedule; "" for once a day
	AtHour                  string
	Folder                  *client.SettlementFolder // after a test that went well
	Failure                 *fault                   // of a test, or else of the last look
}

func (s *server) sourceRoutes(r chi.Router) {
	r.Get("/settings/settlement-source", func(w http.ResponseWriter, r *http.Request) { s.showSource(w, r, nil, nil) })
	r.Post("/settings/settlement-source", s.saveSource)
	r.Post("/settings/settlement-source/test", s.testSource)
	r.Post("/settings/settlement-source/remove", s.removeSource)
	r.Post("/payouts/look", s.lookForFiles)
}

// showSource shows the source, after a change when there is one, or the form that was refused.
func (s *server) showSource(w http.ResponseWriter, r *http.Request, change func(*sourcePage), refusal error) {
	p := sourcePage{AtHour: "7"}
	found, err := s.api.GetSettlementSourceWithResponse(r.Context())
	if missing := asRefusal(err); err != nil && (missing == nil || missing.Status != http.StatusNotFound) {
		s.fail(w, r, err)
		return
	}
	if err == nil {
		p.SettlementSource, p.Exists = *found.JSON200, true
		if p.Hour != nil {
			p.AtHour = strconv.Itoa(*p.Hour)
		}
		if p.EveryHours != nil {
			p.Every = strconv.Itoa(*p.EveryHours)
		}
		if f := p.SettlementSource.Failure; f != nil {
			p.Failure = &fault{Field: f.Field, Message: f.Message}
		}
	}
	if change != nil {
		change(&p)
	}
	if refusal != nil {
		s.refused(w, r, refusal, "settlement-source", p, nil)
		return
	}
	s.show(w, r, http.StatusOK, "settlement-source", p, nil)
}

func (s *server) saveSource(w http.ResponseWriter, r *http.Request) {
	typed := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	number := func(name string) *int {
		if n, err := strconv.Atoi(typed(name)); err == nil {
			return &n
		}
		return nil
	}
	enabled := typed("enabled") == "true"
	body := client.NewSettlementSource{
		Host: typed("host"), Port: number("port"), User: typed("user"), Folder: optional[string](typed("folder")), FilePattern: optional[string](typed("file_pattern")),
		HostKey: typed("host_key"), Password: optional[string](r.PostFormValue("password")), PrivateKey: optional[string](r.PostFormValue("private_key")),
		EveryHours: number("every_hours"), Enabled: &enabled,
	}
	if body.EveryHours == nil {
		body.Hour = number("hour")
	}
	if _, err := s.api.PutSettlementSourceWithResponse(r.Context(), body); err != nil {
		s.showSource(w, r, nil, err)
		return
	}
	s.tell(w, r, "/console/settings/settlement-source", notice{Kind: "good", Key: "saved"})
}

// testSource shows what the folder holds, or which field is wrong.
func (s *server) testSource(w http.ResponseWriter, r *http.Request) {
	tested, err := s.api.TestSettlementSourceWithResponse(r.Context(), once(r))
	if refused := asRefusal(err); refused != nil && len(refused.Errors) > 0 {
		s.showSource(w, r, func(p *sourcePage) { p.Failure = &refused.Errors[0] }, nil)
		return
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showSource(w, r, func(p *sourcePage) { p.Folder, p.Failure = tested.JSON200, nil }, nil)
}

func (s *server) lookForFiles(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.LookAtSettlementSourceWithResponse(r.Context(), once(r)); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/settings/settlement-source", notice{Kind: "good", Key: "looking"})
}

func (s *server) removeSource(w http.ResponseWriter, r *http.Request) {
	if _, err := s.api.DeleteSettlementSourceWithResponse(r.Context()); err != nil {
		s.fail(w, r, err)
		return
	}
	s.tell(w, r, "/console/settings/settlement-source", notice{Kind: "good", Key: "source_removed"})
}
