package engine

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Running is a [Server] that listens on a loopback address.
type Running struct {
	*Server
	// URL is the base of everything, without a slash at its end.
	URL string

	tb   testing.TB
	http *httptest.Server
}

// StartTest serves a seed until the test ends. Unless it is told otherwise, the
// test fails at its end when a request or an answer did not fit the OpenAPI
// files: a call that nobody documented, a field too many, a missing header.
// Switch that off with WithWireCheck(false) where wrong requests are the point
// or the load is large. A fault's own answer is never held against the service.
func (t Table) StartTest(tb testing.TB, seed Seed, options ...Option) *Running {
	tb.Helper()
	s, err := t.New(seed, append([]Option{WithWireCheck(true)}, options...)...)
	if err != nil {
		tb.Fatal(err)
	}
	r := &Running{Server: s, tb: tb, http: httptest.NewServer(s)}
	r.URL = r.http.URL
	tb.Cleanup(func() {
		s.Stop()
		r.http.CloseClientConnections()
		r.http.Close()
		if s.check == nil {
			return
		}
		for _, v := range s.WireViolations() {
			tb.Errorf("on the wire: %s", v)
		}
	})
	return r
}

// Must fails the test on an error, as in r.Must(r.SetSwitch(...)).
func (r *Running) Must(err error) {
	r.tb.Helper()
	if err != nil {
		r.tb.Fatal(err)
	}
}

// Client is an HTTP client of its own for the service, with no retries but those of net/http.
func (r *Running) Client() *http.Client { return r.http.Client() }

// Env gives the environment that points the provider at the service, as NAME=value.
func (r *Running) Env() []string { return r.Server.Env(r.URL) }

// Setenv sets that environment for the rest of the test.
func (r *Running) Setenv() {
	r.tb.Helper()
	for _, line := range r.Env() {
		name, value, _ := strings.Cut(line, "=")
		r.tb.Setenv(name, value)
	}
}

// Endpoint is the base URL of a product.
func (r *Running) Endpoint(product string) string {
	if p := r.products.product(product); p != nil {
		return r.URL + p.API.Prefix()
	}
	r.tb.Helper()
	r.tb.Fatalf("there is no product %q: %s", product, strings.Join(r.products.names(), ", "))
	return ""
}

// Env gives the environment that points the provider at a server under a base
// URL, as NAME=value; nothing for a product that the seed has no key for.
func (s *Server) Env(baseURL string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var env []string
	for _, site := range s.sites {
		env = append(env, site.state.Env(baseURL+site.product.API.Prefix())...)
	}
	return env
}

// IsLoopback tells if an address such as "127.0.0.1:8080" can be reached from this machine only.
func IsLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
