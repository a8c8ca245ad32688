package console

import "github.com/go-chi/chi/v5"

func (s *server) bookRoutes(chi.Router) {}
