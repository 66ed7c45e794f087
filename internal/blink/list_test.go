package blink_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

const listedBindings = "roster_blink_workspace_role_binding"

func displayNames(listed []protocol.Listed) []string {
	names := make([]string, 0, len(listed))
	for _, l := range listed {
		names = append(names, l.DisplayName)
	}
	return names
}

func TestListBindings(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(mockblink.Of(m).SetRole(securityID, "user", "u-frank", "viewer"))
	got, diags := p.List(listedBindings, object{"workspace_id": securityID}, 100, false)
	diags.None(t)
	equal(t, []string{
		"alice@example.com: owner",
		"carol@example.com: owner",
		"dave@example.com: viewer",
		"frank@example.com: viewer (invited)",
		"Platform Engineers: Incident Commander (group)",
	}, displayNames(got))
	equal(t, object{"workspace_id": securityID, "entity_type": "user", "entity_id": "u-alice"}, got[0].Identity)
	if got[0].Resource != nil {
		t.Fatal("there is a resource that was not asked for")
	}

	got, diags = p.List(listedBindings, object{"workspace_id": securityID, "role": "Owner"}, 100, true)
	diags.None(t)
	equal(t, []string{"alice@example.com: owner", "carol@example.com: owner"}, displayNames(got))
	equal(t, object{
		"id": securityID + "/user/u-carol", "workspace_id": securityID, "entity_type": "user", "entity_id": "u-carol", "role": "owner",
		"adopt_existing": false, "on_destroy": "remove", "reassign_role": nil, "email": "carol@example.com", "name": "Carol Example", "timeouts": nil,
	}, got[1].Resource)
}

func TestListBindingsStopsAtTheLimit(t *testing.T) {
	_, p := inProcess(t, nil)
	got, diags := p.List(listedBindings, object{"workspace_id": securityID}, 2, false)
	diags.Warning(t, "Only 2 of 4 members of workspace "+securityID+" are listed", "limit = 4")
	equal(t, []string{"alice@example.com: owner", "carol@example.com: owner"}, displayNames(got))

	got, diags = p.List(listedBindings, object{"workspace_id": securityID}, 4, false)
	diags.None(t)
	if len(got) != 4 {
		t.Fatalf("%d results where the limit is what there is", len(got))
	}
	got, diags = p.List(listedBindings, object{"workspace_id": securityID}, 0, false)
	diags.None(t)
	if len(got) != 4 {
		t.Fatalf("%d results without a limit", len(got))
	}
}

func TestListBindingsSwallowsNoError(t *testing.T) {
	for name, c := range map[string]struct {
		config object
		rules  []mockservice.Fault
		says   string
	}{
		"no right":     {object{"workspace_id": securityID}, []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: 403}}, "The Blink API key may not read workspace " + securityID},
		"no workspace": {object{"workspace_id": "w-none"}, nil, "Workspace w-none was not found in Blink"},
		"passing":      {object{"workspace_id": securityID}, []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: 503}}, "could not be read from Blink"},
		"a path":       {object{"workspace_id": "a/b"}, nil, "which no id does"},
		"no id":        {nil, nil, "workspace_id"},
		"empty role":   {object{"workspace_id": securityID, "role": ""}, nil, "role"},
	} {
		t.Run(name, func(t *testing.T) {
			m, p := inProcess(t, object{"http": object{"max_retries": int64(0)}})
			m.Must(m.SetFaults(mockservice.Faults{Rules: c.rules}))
			got, diags := p.List(listedBindings, c.config, 100, true)
			diags.Error(t, c.says)
			if len(got) != 0 {
				t.Fatalf("%d results besides the error", len(got))
			}
		})
	}
	t.Run("missing credentials", func(t *testing.T) {
		mockservice.StartDefault(t).Setenv()
		t.Setenv("BLINK_API_KEY", "")
		_, diags := protocol.Start(t, nil).List(listedBindings, object{"workspace_id": securityID}, 100, true)
		diags.Error(t, "Missing blink.api_key", "BLINK_API_KEY")
	})
	t.Run("settings that are not known", func(t *testing.T) {
		_, p := inProcess(t, object{"blink": object{"endpoint": protocol.Unknown}})
		_, diags := p.List(listedBindings, object{"workspace_id": securityID}, 100, true)
		diags.Error(t, "The provider's settings are not known")
	})
}

// TestOnboardAWorkspaceOfTwoHundred lists two hundred, imports each by the
// identity that the list gave, and plans what -generate-config-out writes.
func TestOnboardAWorkspaceOfTwoHundred(t *testing.T) {
	const people, groups = 190, 10
	roles := []string{"owner", "contributor", "viewer", "Incident Commander"}
	w := mockblink.Workspace{ID: "w-big", DisplayName: "Big", Users: map[string]string{}, Groups: map[string]string{}}
	seed := mockblink.Seed{
		Roles: []string{"Incident Commander"},
		Users: []mockblink.User{{ID: "u-admin", Email: "admin@example.com", Role: "Admin"}},
	}
	for i := range people {
		id := fmt.Sprintf("u-%03d", i)
		seed.Users = append(seed.Users, mockblink.User{ID: id, Email: fmt.Sprintf("person-%03d@example.com", i)})
		w.Users[id] = roles[i%len(roles)]
	}
	for i := range groups {
		id := fmt.Sprintf("g-%03d", i)
		seed.Groups = append(seed.Groups, mockblink.Group{ID: id, Name: fmt.Sprintf("Group %03d", i)})
		w.Groups[id] = roles[i%len(roles)]
	}
	seed.Workspaces = []mockblink.Workspace{w}
	m := mockservice.StartTest(t, seed.Alone())
	m.Setenv()

	p := protocol.Start(t, nil)
	cut, diags := p.List(listedBindings, object{"workspace_id": "w-big"}, 100, true)
	diags.Warning(t, "Only 100 of 200 members of workspace w-big are listed")
	if len(cut) != 100 {
		t.Fatalf("%d results at a limit of 100", len(cut))
	}
	listed, diags := p.List(listedBindings, object{"workspace_id": "w-big"}, 1000, true)
	diags.None(t)
	if len(listed) != people+groups {
		t.Fatalf("%d listed of %d", len(listed), people+groups)
	}
	p.TakeOver(listedBindings, listed)
	if calls := m.Audit().Requests; len(calls) != 1 || m.Audit().Total != 1 {
		t.Errorf("listing, importing and planning %d took %v", len(listed), calls)
	}
	if writes := m.Writes(); len(writes) > 0 {
		t.Errorf("there were %d writes", len(writes))
	}
}

// Every workspace of the key is listed, by name, each as an import would have it.
func TestListWorkspaces(t *testing.T) {
	const listed = "roster_blink_workspace_role_bindings"
	m, p := inProcess(t, nil)
	// The key sees the workspaces of which its user is a member.
	for _, id := range []string{securityID, payments} {
		m.Must(mockblink.Of(m).SetRole(id, "user", "u-terraform", "owner"))
	}
	got, diags := p.List(listed, object{}, 100, true)
	diags.None(t)
	names := displayNames(got)
	if !slices.Contains(names, "Payments") || !slices.Contains(names, "Security Operations") || !slices.IsSorted(names) {
		t.Fatalf("listed %v", names)
	}
	all := got[slices.Index(names, "Payments")]
	equal(t, object{"workspace_id": payments}, all.Identity)
	equal(t, object{
		"id": payments, "workspace_id": payments, "include_invites": false, "ignore_users": nil, "ignore_groups": nil, "timeouts": nil,
		"users":               object{"u-alice": "owner", "u-bob": "contributor", "u-terraform": "owner"},
		"user_emails":         object{"u-alice": "alice@example.com", "u-bob": "bob@example.com", "u-terraform": "terraform@example.com"},
		"user_roles_by_email": object{"alice@example.com": "owner", "bob@example.com": "contributor", "terraform@example.com": "owner"},
		"groups":              nil, "group_names": nil, "group_roles_by_name": nil,
	}, all.Resource)

	got, diags = p.List(listed, object{}, 1, false)
	diags.Warning(t, "workspaces are listed", "limit = ")
	if len(got) != 1 || got[0].Resource != nil {
		t.Errorf("%d results: %v", len(got), got)
	}
}

// A whole tenant is taken over with one query: three workspaces with people of
// every role, groups and an invitation.
func TestOnboardATenant(t *testing.T) {
	seed := mockblink.Seed{
		Roles:  []string{"Incident Commander"},
		Users:  []mockblink.User{{ID: "u-admin", Email: "admin@example.com", Role: "Admin"}, {ID: "u-new", Email: "new@example.com", Status: mockblink.StatusInvited}},
		Groups: []mockblink.Group{{ID: "g-1", Name: "Platform"}},
	}
	for i := range 3 {
		person := fmt.Sprintf("u-%d", i)
		seed.Users = append(seed.Users, mockblink.User{ID: person, Email: person + "@example.com"})
		seed.Workspaces = append(seed.Workspaces, mockblink.Workspace{
			ID: fmt.Sprintf("w-%d", i), DisplayName: fmt.Sprintf("Team %d", i),
			Users: map[string]string{"u-admin": "owner", person: "contributor"},
		})
	}
	seed.Workspaces[1].Groups = map[string]string{"g-1": "Incident Commander"}
	seed.Workspaces[2].Users["u-new"] = "viewer"
	m := mockservice.StartTest(t, seed.Alone())
	m.Setenv()
	p := protocol.Start(t, nil)

	const whole = "roster_blink_workspace_role_bindings"
	listed, diags := p.List(whole, object{}, 100, true)
	diags.None(t)
	equal(t, []string{"Team 0", "Team 1", "Team 2"}, displayNames(listed))
	equal(t, object{"g-1": "Incident Commander"}, listed[1].Resource["groups"])
	p.TakeOver(whole, listed)
	if writes := m.Writes(); len(writes) > 0 {
		t.Errorf("there were %d writes", len(writes))
	}
}
