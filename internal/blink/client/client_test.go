package client

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func TestNew(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"", "app.blinkops.com", "ftp://app.blinkops.com", "http://app.blinkops.com/api/v1", "https://u:p@app.blinkops.com", "https://app.blinkops.com/?q=1", "https://app.blinkops.com/#x"} {
		if _, err := New(Options{Endpoint: endpoint, HTTP: http.DefaultClient}); err == nil {
			t.Errorf("%q is taken", endpoint)
		}
	}
	if _, err := New(Options{Endpoint: DefaultEndpoint}); err == nil {
		t.Error("no HTTP client is taken")
	}
	c, err := New(Options{Endpoint: DefaultEndpoint + "/", HTTP: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Traits().Endpoint; got != DefaultEndpoint {
		t.Errorf("the endpoint is %q: one workspace would have two names", got)
	}
}

func TestTraits(t *testing.T) {
	t.Parallel()
	c, err := New(Options{Endpoint: DefaultEndpoint, HTTP: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	got := c.Traits()
	if got.AddBatch < 1 || !strings.HasSuffix(got.ChangeRight, ".") {
		t.Errorf("%+v", got)
	}
	got.AddBatch, got.ChangeRight = 0, ""
	want := membership.Traits{
		Product: "Blink", Endpoint: DefaultEndpoint, OwnerRole: "owner", OwnerNoun: "owner", OwnersNoun: "owners",
		RolesAscending: []string{"viewer", "member", "contributor", "owner"},
		WorkspaceNoun:  "workspace", CredentialNoun: "API key", TenantNoun: "tenant", OneTenant: true, NeverOwnerless: true, StatusMatters: true, AssignMayAdd: true,
		AssignCall: "POST /workspaces/{workspace}/{kind}/{id}/role/{role}",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
