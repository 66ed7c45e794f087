package client

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"go.uber.org/goleak"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testKey  = "key-that-nobody-may-see"
	basePath = "/api/v1"
	// uncheckedHeader lets a handler answer what the description does not allow.
	uncheckedHeader = "X-Test-Unchecked"
)

// specRouter finds the operations of the OpenAPI description below basePath.
var specRouter = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(blinkwire.Spec)
	if err != nil {
		return nil, err
	}
	doc.Servers = openapi3.Servers{{URL: basePath}}
	return gorillamux.NewRouter(doc)
})

// service is a stand-in for Blink that holds every request and answer against
// the OpenAPI description.
type service struct {
	t       *testing.T
	handler http.Handler
	url     string

	mu       sync.Mutex
	requests []string
}

// serve starts a service and gives a client for it.
func serve(t *testing.T, handler http.HandlerFunc) (*Client, *service) {
	t.Helper()
	s := &service{t: t, handler: handler}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL + basePath
	return clientFor(t, s.url), s
}

func clientFor(t *testing.T, endpoint string) *Client {
	t.Helper()
	hc, err := transport.New(transport.Options{
		Product:        "Blink",
		Endpoint:       endpoint,
		Authenticate:   Authenticate(testKey),
		Secrets:        []string{testKey},
		RequestTimeout: 10 * time.Second,
		MaxRetries:     2,
		Backoff:        transport.Backoff{Base: time.Millisecond, Max: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hc.CloseIdleConnections)
	c, err := New(Options{Endpoint: endpoint, HTTP: hc})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sent gives the request lines so far, as they came over the wire.
func (s *service) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.RequestURI)
	s.mu.Unlock()
	if got := r.Header.Get(KeyHeader); got != testKey {
		s.t.Errorf("%s %s: the key on the wire is %q", r.Method, r.RequestURI, got)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("reading the request: %v", err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))

	router, err := specRouter()
	if err != nil {
		s.t.Errorf("the description: %v", err)
		return
	}
	route, params, err := router.FindRoute(r)
	if err != nil {
		s.t.Errorf("%s %s is not in the description: %v", r.Method, r.RequestURI, err)
		w.WriteHeader(http.StatusTeapot)
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		s.t.Errorf("%s %s does not fit the description: %v", r.Method, r.RequestURI, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))

	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, r)
	unchecked := rec.Header().Get(uncheckedHeader) != ""
	rec.Header().Del(uncheckedHeader)
	if !unchecked {
		out := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: in, Status: rec.Code, Header: rec.Header(),
			Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())),
		}
		if err := openapi3filter.ValidateResponse(r.Context(), out); err != nil {
			s.t.Errorf("the answer to %s %s does not fit the description: %v", r.Method, r.RequestURI, err)
		}
	}
	maps.Copy(w.Header(), rec.Header())
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// answer writes JSON that has to fit the description.
func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// raw writes an answer that may break the description.
func raw(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set(uncheckedHeader, "1")
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// object is a JSON object.
type object map[string]any
