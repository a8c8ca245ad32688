package console

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

func (s *server) home(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "home", nil, nil)
}

func (s *server) search(w http.ResponseWriter, r *http.Request) { s.notFound(w, r) }

func (s *server) invoiceRoutes(chi.Router)   {}
func (s *server) paymentRoutes(chi.Router)   {}
func (s *server) exceptionRoutes(chi.Router) {}
func (s *server) settingRoutes(chi.Router)   {}
func (s *server) accessRoutes(chi.Router)    {}
