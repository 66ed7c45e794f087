package security

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// reads are one data source of each product.
var reads = map[string]protocol.Object{
	"roster_blink_workspace":      {"id": mockblink.DefaultWorkspace},
	"roster_blazemeter_workspace": {"id": mockblazemeter.DefaultWorkspace},
}

// Each product is led astray, or this says which one is not.
func TestEveryProductIsLedAstray(t *testing.T) {
	for _, product := range provider.Products() {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(reads)), func(name string) bool { return strings.HasPrefix(name, "roster_"+product.Name+"_") }) {
			t.Errorf("reads has no data source of %s", product.Title)
		}
	}
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
	for name, config := range reads {
		for _, location := range []string{elsewhere + "/steal", thief.URL + "/steal", "http://attacker.example.com/"} {
			svc.Must(svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultRedirect, Location: location}}}))
			_, diags := protocol.Start(t, quick).Data(name, config)
			diags.Error(t, "redirect")
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
	for name, config := range reads {
		_, diags := protocol.Start(t, nil).Data(name, config)
		diags.Error(t, "_ENDPOINT", "https")
	}
}

// Answers that never end, in size or in time, end here.
func TestAnswersEnd(t *testing.T) {
	svc := mockservice.StartDefault(t, mockservice.WithWireCheck(false))
	svc.Setenv()
	for name, config := range reads {
		for fault, says := range map[mockservice.Fault]string{
			{Kind: mockservice.FaultEndless}: "",
			{Kind: mockservice.FaultDrip, Delay: mockservice.Duration(300 * time.Millisecond)}: "request_timeout",
			{Kind: mockservice.FaultHang}: "request_timeout",
		} {
			svc.Must(svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{fault}}))
			began := time.Now()
			_, diags := protocol.Start(t, quick).Data(name, config)
			diags.Error(t, says)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%s, %s: it took %s", name, fault.Kind, took)
			}
		}
	}
}
