package mockservice

import (
	"net/http"
	"strings"
)

func isControl(path string) bool { return path == "/_mock" || strings.HasPrefix(path, "/_mock/") }

func (s *Server) serveControl(w http.ResponseWriter, r *http.Request) {
	encode(w, http.StatusOK, s.Audit())
}
