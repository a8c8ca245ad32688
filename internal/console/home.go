package console

import (
	"net/http"

	"github.com/go-chi/chi/v5"
)

func (s *server) home(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "home", nil, nil)
}

func (s *server) settingRoutes(chi.Router) {}
func (s *server) accessRoutes(chi.Router)  {}
