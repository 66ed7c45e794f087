package security

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// reads gives, by name, something that calls each product: a data source of a
// workspace where there is one, and a resource.
func reads() map[string]func(*protocol.Provider) protocol.Diagnostics {
	out := map[string]func(*protocol.Provider) protocol.Diagnostics{}
	for _, product := range provider.Products() {
		workspace := mockservice.SampleOf(product.Name).Workspace
		out["a resource of "+product.Title] = func(p *protocol.Provider) protocol.Diagnostics { return p.Read(product.Name, workspace) }
		out["a data source of "+product.Title] = func(p *protocol.Provider) protocol.Diagnostics {
			name := "roster_" + product.Name + "_workspace"
			if p.Schemas().DataSourceSchemas[name] == nil {
				return p.Read(product.Name, workspace)
			}
			_, diags := p.Data(name, protocol.Object{"id": workspace})
			return diags
		}
	}
	return out
}

// quick does not repeat anything.
var quick = protocol.Object{"http": protocol.Object{"max_retries": int64(0), "request_timeout": "700ms"}}

// A service that redirects to another host gets nothing there: no request, and
// so no credential.
func TestNothingFollowsARedirectToAnotherHost(t *testing.T) {
	var mu sync.Mutex
	var arrived []string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		arrived = append(arrived, r.Method+" "+r.URL.String())
	}))
	defer thief.Close()
	svc := mockservice.StartDefault(t, mockservice.WithWireCheck(false))
	svc.Setenv()
	// The other host has another name too, as a real one would.
	elsewhere := strings.Replace(thief.URL, "127.0.0.1", "localhost", 1)
	for name, read := range reads() {
		for _, location := range []string{elsewhere + "/steal", thief.URL + "/steal", "http://attacker.example.com/"} {
			svc.Must(svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultRedirect, Location: location}}}))
			diags := read(protocol.Start(t, quick))
			diags.Error(t, "redirect")
			if t.Failed() {
				t.Fatalf("%s was redirected to %s", name, location)
			}
		}
	}
	if len(arrived) > 0 {
		t.Errorf("the other host was asked: %q", arrived)
	}
}

// Endpoints that are not encrypted are refused, unless they never leave the
// machine.
func TestPlainHTTPIsRefused(t *testing.T) {
	for name, refused := range map[string]bool{
		"http://blink.example.com/api": true, "http://10.0.0.1/api": true, "http://localhost.example.com/": true, "ftp://example.com/": true, "http://[2001:db8::1]/": true,
		"https://blink.example.com/api": false, "http://127.0.0.1:8080/api": false, "http://localhost:1/api": false, "http://[::1]:1/": false,
	} {
		for _, product := range provider.Products() {
			diags, err := protocol.Start(t, nil).ValidateProvider(protocol.Object{product.Name: protocol.Object{"endpoint": name}})
			if err != nil {
				t.Fatal(err)
			}
			if diags.Failed() != refused {
				t.Errorf("%s.endpoint = %q: %s", product.Name, name, diags)
			}
		}
	}
	// One from the environment is refused where it is needed.
	for _, product := range provider.Products() {
		for _, s := range product.Settings {
			t.Setenv(s.Variable, "a-value")
			if s.Attribute == "endpoint" {
				t.Setenv(s.Variable, "http://example.com/api")
			}
		}
	}
	for _, read := range reads() {
		read(protocol.Start(t, nil)).Error(t, "_ENDPOINT", "https")
	}
}

// Answers that never end, in size or in time, end here.
func TestAnswersEnd(t *testing.T) {
	svc := mockservice.StartDefault(t, mockservice.WithWireCheck(false))
	svc.Setenv()
	for name, read := range reads() {
		for fault, says := range map[mockservice.Fault]string{
			{Kind: mockservice.FaultEndless}: "",
			{Kind: mockservice.FaultDrip, Delay: mockservice.Duration(300 * time.Millisecond)}: "request_timeout",
			{Kind: mockservice.FaultHang}: "request_timeout",
		} {
			svc.Must(svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{fault}}))
			began := time.Now()
			read(protocol.Start(t, quick)).Error(t, says)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%s, %s: it took %s", name, fault.Kind, took)
			}
		}
	}
}
