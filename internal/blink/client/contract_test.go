package client

import (
	"slices"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// standIn gives a client for the stateful stand-in of the service, which shares
// nothing with the client but the OpenAPI description that both are held against.
func standIn(t *testing.T, edit func(*mockblink.Behaviour)) (*Client, *mockservice.Running) {
	t.Helper()
	seed, err := mockservice.DefaultSeed()
	if err != nil {
		t.Fatal(err)
	}
	edit(mockblink.BehaviourOf(&seed))
	run := mockservice.StartTest(t, seed)
	hc, err := transport.New(transport.Options{
		Product: "Blink", Endpoint: run.Endpoint(mockblink.Name), Authenticate: Authenticate(mockblink.DefaultKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hc.CloseIdleConnections)
	c, err := New(Options{Endpoint: run.Endpoint(mockblink.Name), HTTP: hc})
	if err != nil {
		t.Fatal(err)
	}
	return c, run
}

func roleOf(t *testing.T, c *Client, p membership.Principal) string {
	t.Helper()
	ws, err := c.ReadWorkspace(t.Context(), mockblink.DefaultWorkspace)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(ws.Members, func(m membership.Member) bool { return m.Principal == p })
	if i < 0 {
		return ""
	}
	return ws.Members[i].Role()
}

func TestAgainstTheStandIn(t *testing.T) {
	t.Parallel()
	c, _ := standIn(t, func(*mockblink.Behaviour) {})
	const ws = mockblink.DefaultWorkspace
	bob, platform := principal(membership.User, "u-bob"), principal(membership.Group, "g-platform")

	if d, err := c.DescribeWorkspace(t.Context(), ws); err != nil || d.Name != "Payments" {
		t.Errorf("DescribeWorkspace: %+v, %v", d, err)
	}
	if got := roleOf(t, c, bob); got != "contributor" {
		t.Fatalf("bob begins as %q", got)
	}
	if _, err := c.Assign(t.Context(), ws, platform, "Incident Commander", true); err != nil {
		t.Errorf("Assign: %v", err)
	}
	if got := roleOf(t, c, platform); got != "Incident Commander" {
		t.Errorf("the group has the role %q", got)
	}
	if _, err := c.Remove(t.Context(), ws, membership.Member{Principal: bob}); err != nil {
		t.Errorf("Remove: %v", err)
	}
	if got := roleOf(t, c, bob); got != "" {
		t.Errorf("bob still is %q", got)
	}
	if _, err := c.Add(t.Context(), ws, "viewer", []membership.Principal{bob}); err != nil {
		t.Errorf("Add: %v", err)
	}
	if got := roleOf(t, c, bob); got != "viewer" {
		t.Errorf("bob came back as %q", got)
	}
	_, err := c.Assign(t.Context(), ws, principal(membership.User, "u-alice"), "viewer", true)
	if e := failure(t, err, membership.Refused); e.Status != 400 || e.Identifier == "" || e.Details == "" {
		t.Errorf("the last owner's demotion: %+v", e)
	}
	_, err = c.ReadWorkspace(t.Context(), "no-such-workspace")
	failure(t, err, membership.Gone)

	people, err := c.People(t.Context(), "")
	if err != nil || !slices.ContainsFunc(people, func(p membership.Person) bool { return p.Principal == bob }) {
		t.Errorf("People: %+v, %v", people, err)
	}
	self, err := c.Self(t.Context())
	if err != nil || self.Email == "" || !slices.ContainsFunc(people, func(p membership.Person) bool {
		return p.Email == self.Email && p.Principal == self.Principal
	}) {
		t.Errorf("Self: %+v, %v", self, err)
	}
	mine, err := c.UserWorkspaces(t.Context())
	if err != nil || !slices.ContainsFunc(mine, func(w UserWorkspace) bool { return w.ID == ws && w.DisplayName == "Payments" }) {
		t.Errorf("UserWorkspaces: %+v, %v", mine, err)
	}
}

// A service without the calls that only older sources know says so in its own
// way; neither way may look like a success or like an absent workspace.
func TestStandInWithoutOldRoutes(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"404", "405"} {
		c, _ := standIn(t, func(b *mockblink.Behaviour) { b.RemoveRoute, b.AddRoute = how, how })
		bob := principal(membership.User, "u-bob")
		_, err := c.Remove(t.Context(), mockblink.DefaultWorkspace, membership.Member{Principal: bob})
		failure(t, err, membership.Unsupported)
		_, err = c.Add(t.Context(), mockblink.DefaultWorkspace, "viewer", []membership.Principal{principal(membership.User, "u-carol")})
		failure(t, err, membership.Unsupported)
	}
}
