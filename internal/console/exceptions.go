package console

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/quittance/quittance/api/client"
)

func (s *server) exceptionRoutes(r chi.Router) {
	r.Get("/exceptions", s.exceptions)
	r.Get("/exceptions/{id}", s.exception)
	r.Post("/exceptions/{id}/resolve", s.resolve)
}

func (s *server) exceptions(w http.ResponseWriter, r *http.Request) {
	q, open := r.URL.Query(), r.URL.Query().Get("open") != "false"
	found, err := s.api.ListExceptionsWithResponse(r.Context(), &client.ListExceptionsParams{Open: &open, Cursor: optional[client.Cursor](q.Get("cursor"))})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "exceptions", found.JSON200, nil)
}

func (s *server) exception(w http.ResponseWriter, r *http.Request) {
	found, err := s.api.GetExceptionWithResponse(r.Context(), chi.URLParam(r, "id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "exception", *found.JSON200, nil)
}

// resolve decides. Who comes second is told: the page then shows what was decided.
func (s *server) resolve(w http.ResponseWriter, r *http.Request) {
	id, side := chi.URLParam(r, "id"), "/console"
	if visitorOf(r.Context()).Operator != "" {
		side = "/operator"
	}
	decided, err := s.api.ResolveExceptionWithResponse(r.Context(), id, client.ExceptionDecision{
		Choice: r.PostFormValue("choice"), Note: optional[string](r.PostFormValue("note")),
	}, once(r))
	if err != nil {
		found, lost := s.api.GetExceptionWithResponse(r.Context(), id)
		if lost != nil {
			s.fail(w, r, lost)
			return
		}
		s.refused(w, r, err, "exception", *found.JSON200, map[string]string{})
		return
	}
	n := notice{Kind: "good", Key: "decided"}
	if decided.JSON200.Status == client.ExceptionStatusOpen {
		n = notice{Kind: "act", Key: "decision_taken"}
	}
	s.tell(w, r, side+"/exceptions/"+id, n)
}
