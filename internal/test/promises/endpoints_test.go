package promises

import (
	"net/url"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/products"
)

// Only the product itself can say that a workspace is gone: a 404 of another server
// drops nothing from the state.
func TestAccForeign404DropsNothing(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		for name, fault := range map[string]mockservice.Fault{
			"an ingress":     {Kind: mockservice.FaultBody, Body: "default backend - 404"},
			"a gateway":      {Kind: mockservice.FaultBody, Body: `{"message":"no Route matched with those values"}`, ContentType: "application/json"},
			"an empty body":  {Kind: mockservice.FaultEmpty, Status: 404},
			"a page of HTML": {Kind: mockservice.FaultHTML, Status: 404},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := begin(t, p, map[int]role{alice: owner, bob: low})
				s.apply(quick, s.one("x", bob, low))
				before := s.State()
				s.svc.Must(s.svc.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{fault}}))
				for _, command := range [][]string{{"plan", "-no-color"}, {"apply", "-refresh-only", "-auto-approve", "-no-color"}} {
					s.Fails(command, "404")
				}
				if after := s.State(); len(after) != len(before) {
					t.Errorf("the state holds %v, and held %v", after, before)
				}
			})
		}
	})
}

// A host without a path is the product's API on that host: that is how the vendors'
// own tools ask for it. Another path is taken as it is.
func TestAccEndpointOfAHostAlone(t *testing.T) {
	perProduct(t, func(t *testing.T, p products.Product) {
		s := begin(t, p, map[int]role{alice: owner})
		s.configure(quick, s.one("x", bob, low))
		for i, entry := range s.Env {
			name, value, _ := strings.Cut(entry, "=")
			if name != strings.ToUpper(p.Name)+"_ENDPOINT" {
				continue
			}
			u, err := url.Parse(value)
			if err != nil {
				t.Fatal(err)
			}
			s.Env[i] = name + "=" + u.Scheme + "://" + u.Host
			s.Shows(s.Plan(), "1 to add")
			s.Env[i] = name + "=" + u.Scheme + "://" + u.Host + "/elsewhere"
			s.Fails([]string{"plan", "-no-color"}, "404", "endpoint")
			s.svc.ResetAudit() // which holds these calls to be none of the API's
			return
		}
		t.Errorf("the product has no endpoint among %v", s.Env)
	})
}
