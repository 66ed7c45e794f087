package engine

import (
	_ "embed"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

//go:embed seed/default.json
var defaultSeed []byte

// DefaultSeedJSON is the seed that the command serves when it is given none.
func DefaultSeedJSON() []byte { return append([]byte{}, defaultSeed...) }

// DefaultSeed is the same, read. Its ids are the Default... constants.
func DefaultSeed() (Seed, error) { return ParseSeed(defaultSeed) }

// What stands in the default seed.
const (
	DefaultBlinkWorkspace           = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01" // Payments: alice owner, bob contributor
	DefaultBlinkOtherWorkspace      = "8d2e7a90-41cf-4b7e-8a55-0c9de1b7aa02" // Security Operations: alice and carol owners, dave viewer, g-platform
	DefaultBlazeMeterAccount        = "5001"
	DefaultBlazeMeterWorkspace      = "70001" // alice (352749) manager, bob (352750) tester, dave (352752) disabled viewer
	DefaultBlazeMeterOtherWorkspace = "70002" // bob and carol (352751) managers
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
func StartTest(tb testing.TB, seed Seed, options ...Option) *Running {
	tb.Helper()
	s, err := New(seed, append([]Option{WithWireCheck(true)}, options...)...)
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

// StartDefault is [StartTest] with the default seed.
func StartDefault(tb testing.TB, options ...Option) *Running {
	tb.Helper()
	seed, err := DefaultSeed()
	if err != nil {
		tb.Fatal(err)
	}
	return StartTest(tb, seed, options...)
}

// Must fails the test on an error, as in r.Must(r.Blink().SetRole(...)).
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

// BlinkEndpoint and BlazeMeterEndpoint are the base URLs of the products.
func (r *Running) BlinkEndpoint() string { return r.URL + blinkPrefix }

// BlazeMeterEndpoint is the base URL of BlazeMeter.
func (r *Running) BlazeMeterEndpoint() string { return r.URL + blazeMeterPrefix }

// Env gives the environment that points the provider at a server under a base
// URL, as NAME=value; nothing for a product that the seed has no key for.
func (s *Server) Env(baseURL string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var env []string
	if s.blink.key != "" {
		env = append(env, "BLINK_ENDPOINT="+baseURL+blinkPrefix, "BLINK_API_KEY="+s.blink.key)
	}
	if k := s.blazeMeter.key; k.ID != "" {
		env = append(env,
			"BLAZEMETER_ENDPOINT="+baseURL+blazeMeterPrefix,
			"BLAZEMETER_API_KEY_ID="+k.ID,
			"BLAZEMETER_API_KEY_SECRET="+k.Secret,
		)
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
