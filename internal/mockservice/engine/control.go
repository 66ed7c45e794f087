package engine

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// ControlHelp lists the control endpoints, as GET /_mock/ and the command's -help show them.
func (t Table) ControlHelp() string {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, `Control endpoints (no credentials; for scripts and tests):
  GET    /_mock/audit            writes, counts, undocumented calls, fewest owners, as JSON
  DELETE /_mock/audit            forget writes and counts; the fewest owners start anew; the state stays
  GET    /_mock/requests         every request with its status, fault and time, as JSON
  GET    /_mock/env              the environment lines again
  POST   /_mock/reset            back to the seed: state, behaviour, faults, audit trail
  GET    /_mock/state            the whole state, as a seed
  PUT    /_mock/state            load a seed (JSON body) in place of the old one
  GET    /_mock/behaviour        the switches
  PUT    /_mock/behaviour        set all switches (JSON body as in a seed; what is left out is the default)
  PATCH  /_mock/behaviour        set the switches that the JSON body names
  GET    /_mock/switches         every switch with its values, default and meaning
  PUT    /_mock/switches/NAME?value=VALUE   set one switch, such as PRODUCT.listing
  GET    /_mock/faults           what goes wrong
  PUT    /_mock/faults           set what goes wrong (JSON body as in a seed); counters start anew
  DELETE /_mock/faults           nothing goes wrong any more

Behind everybody's back (PRODUCT is %s, KIND a kind of principal; values are query parameters):
  GET    /_mock/PRODUCT/workspaces/WORKSPACE/members
  GET    /_mock/PRODUCT/workspaces/WORKSPACE/owners
  PUT    /_mock/PRODUCT/workspaces/WORKSPACE/KIND/ID?role=ROLE[&enabled=false]   add or change a member
  DELETE /_mock/PRODUCT/workspaces/WORKSPACE/KIND/ID                             take a member out
  PUT    /_mock/PRODUCT/workspaces/WORKSPACE?name=NAME                           rename the workspace
  DELETE /_mock/PRODUCT/workspaces/WORKSPACE                                     delete the workspace
`, strings.Join(t.names(), " or "))
	for _, p := range t {
		for _, r := range p.Control {
			line := fmt.Sprintf("  %-6s /_mock/%s%s", r.Method, p.Name, r.Usage)
			if r.Help != "" {
				line = fmt.Sprintf("%-80s %s", line, r.Help)
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

func isControl(path string) bool { return path == "/_mock" || strings.HasPrefix(path, "/_mock/") }

// maxSeed bounds a seed that is sent to a control endpoint.
const maxSeed = 64 << 20

// newControl builds the control endpoints once per server.
func newControl(s *Server) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxSeed)
			v, err := f(r)
			switch {
			case err != nil:
				encode(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			case v == nil:
				w.WriteHeader(http.StatusNoContent)
			default:
				encode(w, http.StatusOK, v)
			}
		})
	}
	done := func(err error) (any, error) { return nil, err }

	mux.HandleFunc("GET /_mock/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, s.products.ControlHelp()) // a client that has gone is its own affair
	})
	mux.HandleFunc("GET /_mock/env", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, ShellLines(s.Env("http://"+r.Host)))
	})
	handle("GET /_mock/audit", func(*http.Request) (any, error) { return s.Audit(), nil })
	handle("DELETE /_mock/audit", func(*http.Request) (any, error) { s.ResetAudit(); return done(nil) })
	handle("GET /_mock/requests", func(*http.Request) (any, error) {
		return append([]Request{}, s.Requests()...), nil
	})
	handle("POST /_mock/reset", func(*http.Request) (any, error) { s.Reset(); return done(nil) })
	handle("GET /_mock/state", func(*http.Request) (any, error) { return s.State(), nil })
	handle("PUT /_mock/state", func(r *http.Request) (any, error) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		seed, err := s.products.ParseSeed(text)
		if err != nil {
			return nil, err
		}
		return done(s.Load(seed))
	})
	handle("GET /_mock/behaviour", func(*http.Request) (any, error) { return s.Behaviour(), nil })
	setBehaviour := func(start func() map[string]any) func(*http.Request) (any, error) {
		return func(r *http.Request) (any, error) {
			text, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			all := start()
			if err := decodeStrict(text, object(all), func() []problem { return nil }); err != nil {
				return nil, err
			}
			return done(s.setBehaviour(all))
		}
	}
	handle("PUT /_mock/behaviour", setBehaviour(s.products.noBehaviour))
	handle("PATCH /_mock/behaviour", setBehaviour(s.Behaviour))
	handle("GET /_mock/switches", func(*http.Request) (any, error) { return s.products.Switches(), nil })
	handle("PUT /_mock/switches/{name}", func(r *http.Request) (any, error) {
		return done(s.SetSwitch(r.PathValue("name"), r.URL.Query().Get("value")))
	})
	handle("GET /_mock/faults", func(*http.Request) (any, error) { return s.Faults(), nil })
	handle("PUT /_mock/faults", func(r *http.Request) (any, error) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		f, err := s.products.ParseFaults(text)
		if err != nil {
			return nil, err
		}
		return done(s.SetFaults(f))
	})
	handle("DELETE /_mock/faults", func(*http.Request) (any, error) { return done(s.SetFaults(Faults{})) })

	handle("GET /_mock/{product}/workspaces/{workspace}/members", func(r *http.Request) (any, error) {
		st, err := s.accessTo(r)
		if err != nil {
			return nil, err
		}
		ms := st.Members(r.PathValue("workspace"))
		if ms == nil {
			return nil, fmt.Errorf("there is no %s workspace %q", st.product, r.PathValue("workspace"))
		}
		return ms, nil
	})
	handle("GET /_mock/{product}/workspaces/{workspace}/owners", func(r *http.Request) (any, error) {
		st, err := s.accessTo(r)
		if err != nil {
			return nil, err
		}
		return st.Owners(r.PathValue("workspace")), nil
	})
	handle("PUT /_mock/{product}/workspaces/{workspace}/{kind}/{id}", s.controlMember)
	handle("DELETE /_mock/{product}/workspaces/{workspace}/{kind}/{id}", func(r *http.Request) (any, error) {
		st, err := s.accessTo(r)
		if err != nil {
			return nil, err
		}
		return done(st.Remove(r.PathValue("workspace"), r.PathValue("kind"), r.PathValue("id")))
	})
	handle("PUT /_mock/{product}/workspaces/{workspace}", func(r *http.Request) (any, error) {
		st, err := s.accessTo(r)
		if err != nil {
			return nil, err
		}
		return done(st.RenameWorkspace(r.PathValue("workspace"), r.URL.Query().Get("name")))
	})
	handle("DELETE /_mock/{product}/workspaces/{workspace}", func(r *http.Request) (any, error) {
		st, err := s.accessTo(r)
		if err != nil {
			return nil, err
		}
		return done(st.DeleteWorkspace(r.PathValue("workspace")))
	})
	for _, p := range s.products {
		for _, one := range p.Control {
			handle(one.Method+" /_mock/"+p.Name+one.Path, func(r *http.Request) (any, error) { return done(one.Handle(s, r)) })
		}
	}
	return mux
}

func (s *Server) accessTo(r *http.Request) (Access, error) {
	name := r.PathValue("product")
	if s.products.product(name) == nil {
		return Access{}, fmt.Errorf("there is no product %q: %s", name, strings.Join(s.products.names(), " or "))
	}
	return s.Access(name), nil
}

func (s *Server) controlMember(r *http.Request) (any, error) {
	st, err := s.accessTo(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	m := Member{Kind: r.PathValue("kind"), ID: r.PathValue("id"), Roles: q["role"], Enabled: true}
	if q.Has("enabled") {
		if m.Enabled, err = strconv.ParseBool(q.Get("enabled")); err != nil {
			return nil, fmt.Errorf("enabled is %q: true or false is needed", q.Get("enabled"))
		}
	}
	return nil, st.SetMember(r.PathValue("workspace"), m)
}

// ShellLines writes NAME=value lines as a POSIX shell reads them.
func ShellLines(env []string) string {
	var b strings.Builder
	for _, line := range env {
		name, value, _ := strings.Cut(line, "=")
		b.WriteString("export " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'\n")
	}
	return b.String()
}
