package blink_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

type object = protocol.Object

const (
	paymentsID = mockblink.DefaultWorkspace
	securityID = mockblink.DefaultOtherWorkspace
)

var (
	// inProcess gives a provider that points at a mock service of its own.
	inProcess = protocol.StartBesideService
	equal     = protocol.Equal
)

func listedUser(email, name, role any) object {
	return object{"email": email, "name": name, "role": role, "is_invite": false, "member_count": int64(0)}
}

func TestWorkspaceDataSource(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(mockblink.Of(m).SetRole(securityID, "user", "u-erin", "owner"))
	m.Must(mockblink.Of(m).SetRole(securityID, "user", "u-frank", "owner"))
	got, diags := p.Data("roster_blink_workspace", object{"id": securityID})
	diags.None(t)
	owners, _ := got["owners"].([]any)
	slices.SortFunc(owners, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	frank := listedUser("frank@example.com", "Frank", "owner")
	frank["is_invite"] = true
	if users, ok := got["users"].(object); ok {
		frank["name"] = users["u-frank"].(object)["name"]
	}
	equal(t, object{
		"id": securityID, "display_name": "Security Operations", "name": "security_operations", "description": "Alerts and incidents", "type": "shared",
		"users": object{
			"u-alice": listedUser("alice@example.com", "Alice Example", "owner"),
			"u-carol": listedUser("carol@example.com", "Carol Example", "owner"),
			"u-dave":  listedUser("dave@example.com", "Dave Example", "viewer"),
			"u-erin":  listedUser("erin@example.com", "Erin Example", "owner"),
			"u-frank": frank,
		},
		"groups": object{"g-platform": object{
			"email": nil, "name": "Platform Engineers", "role": "Incident Commander", "is_invite": false, "member_count": int64(2),
		}},
		"others": object{},
		// Neither who is inactive in the tenant nor who is only invited.
		"owners": []any{"u-alice", "u-carol"},
	}, got)

	t.Run("not counted", func(t *testing.T) {
		p := protocol.Start(t, object{"last_owner_guard": object{"not_counted": []any{"ALICE@example.com"}}})
		got, diags := p.Data("roster_blink_workspace", object{"id": securityID})
		diags.None(t)
		equal(t, any([]any{"u-carol"}), got["owners"])
	})
	t.Run("groups count and are no users", func(t *testing.T) {
		m.Must(mockblink.Of(m).SetRole(paymentsID, "group", "g-platform", "owner"))
		p := protocol.Start(t, object{"last_owner_guard": object{"count_owner_groups": true}})
		got, diags := p.Data("roster_blink_workspace", object{"id": paymentsID})
		diags.None(t)
		equal(t, any([]any{"u-alice"}), got["owners"])
	})
}

func TestWorkspaceByDisplayName(t *testing.T) {
	m, p := inProcess(t, nil)
	got, diags := p.Data("roster_blink_workspace", object{"display_name": "Payments"})
	diags.None(t)
	equal(t, any(paymentsID), got["id"])

	_, diags = p.Data("roster_blink_workspace", object{"display_name": "payments"})
	diags.Error(t, `No workspace is called "payments"`, paymentsID, "compared exactly")

	m.Must(mockblink.Of(m).AddWorkspace(mockblink.Workspace{ID: "w-2", DisplayName: "Payments", Name: "payments-2", Users: map[string]string{"u-alice": "owner"}}))
	_, diags = protocol.Start(t, nil).Data("roster_blink_workspace", object{"display_name": "Payments"})
	diags.Error(t, `Several workspaces are called "Payments"`, paymentsID, "w-2")
}

func TestWorkspaceArguments(t *testing.T) {
	_, p := inProcess(t, nil)
	for name, c := range map[string]struct {
		config object
		says   string
	}{
		"neither":   {object{}, "Exactly one of these attributes must be configured"},
		"both":      {object{"id": paymentsID, "display_name": "Payments"}, "Exactly one of these attributes must be configured"},
		"a path":    {object{"id": "../x"}, "which no id does"},
		"empty":     {object{"id": ""}, "The id is empty"},
		"not there": {object{"id": "w-none"}, "Workspace w-none was not found in Blink"},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := p.Data("roster_blink_workspace", c.config)
			diags.Error(t, c.says)
		})
	}
}

func TestWorkspaceListingWithoutOwners(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(m.SetSwitch("blink.listing", "no_owners"))
	got, diags := p.Data("roster_blink_workspace", object{"id": paymentsID})
	diags.Warning(t, "The listing of workspace Payments may not be complete")
	equal(t, any([]any{}), got["owners"])
}

func TestWorkspaceWhereTheTenantCannotBeListed(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(mockblink.Of(m).SetRole(paymentsID, "user", "u-erin", "owner"))
	m.Must(m.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: 403, Call: "tenant_entities"}}}))
	got, diags := p.Data("roster_blink_workspace", object{"id": paymentsID})
	diags.Warning(t, "All owners of workspace Payments count: the tenant is unreadable")
	if n := len(got["owners"].([]any)); n != 2 {
		t.Fatalf("%d owners: those who may be inactive count where that cannot be read", n)
	}
}

func TestWorkspacesDataSource(t *testing.T) {
	m, p := inProcess(t, nil)
	got, diags := p.Data("roster_blink_workspaces", nil)
	diags.None(t)
	equal(t, any(object{"Payments": paymentsID, "Security Operations": securityID}), got["ids_by_display_name"])
	list := got["workspaces"].([]any)
	first := list[0].(object)
	if len(list) != 2 || first["id"] != paymentsID || first["display_name"] != "Payments" || first["description"] != "Card and bank payments" {
		t.Fatalf("the workspaces are %v", list)
	}

	m.Must(mockblink.Of(m).AddWorkspace(mockblink.Workspace{ID: "w-2", DisplayName: "Payments", Name: "payments-2", Users: map[string]string{"u-alice": "owner"}}))
	got, diags = protocol.Start(t, nil).Data("roster_blink_workspaces", nil)
	diags.None(t)
	equal(t, any(object{"Security Operations": securityID}), got["ids_by_display_name"])
}

func TestEntityDataSource(t *testing.T) {
	m, p := inProcess(t, nil)
	for name, c := range map[string]struct{ config, want object }{
		"by e-mail, in another case": {
			object{"entity_type": "user", "email": "Alice@Example.com"},
			object{"entity_type": "user", "entity_id": "u-alice", "email": "Alice@Example.com", "name": "Alice Example", "status": "active", "is_invite": false},
		},
		"by name": {
			object{"entity_type": "group", "name": "Platform Engineers"},
			object{"entity_type": "group", "entity_id": "g-platform", "email": nil, "name": "Platform Engineers", "is_invite": false},
		},
		"by id": {
			object{"entity_type": "user", "entity_id": "u-frank"},
			object{"entity_type": "user", "entity_id": "u-frank", "email": "frank@example.com", "status": "invited", "is_invite": true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, diags := p.Data("roster_blink_entity", c.config)
			diags.None(t)
			for k := range got {
				if _, given := c.want[k]; !given {
					c.want[k] = got[k] // what the service alone decides
				}
			}
			equal(t, c.want, got)
		})
	}
	for name, c := range map[string]struct {
		config object
		says   []string
	}{
		"nobody":             {object{"entity_type": "user", "email": "zoe@example.com"}, []string{`No user with the e-mail address "zoe@example.com"`, "Invite a new user to the tenant"}},
		"a group by e-mail":  {object{"entity_type": "group", "email": "alice@example.com"}, []string{"Groups have no e-mail address"}},
		"no argument":        {object{"entity_type": "user"}, []string{"Exactly one of these attributes must be configured"}},
		"two arguments":      {object{"entity_type": "user", "email": "alice@example.com", "name": "Alice Example"}, []string{"Exactly one of these attributes must be configured"}},
		"no type":            {object{"email": "alice@example.com"}, []string{"entity_type"}},
		"another type":       {object{"entity_type": "robot", "email": "alice@example.com"}, []string{"entity_type"}},
		"an id of the other": {object{"entity_type": "group", "entity_id": "u-alice"}, []string{`No group with the id "u-alice"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := p.Data("roster_blink_entity", c.config)
			diags.Error(t, c.says...)
		})
	}

	m.Must(mockblink.Of(m).Rename("user", "u-bob", "Alice Example", "ALICE@example.com"))
	p = protocol.Start(t, nil)
	_, diags := p.Data("roster_blink_entity", object{"entity_type": "user", "email": "alice@example.com"})
	diags.Error(t, `Several users with the e-mail address "alice@example.com"`, "u-alice", "u-bob")
	_, diags = p.Data("roster_blink_entity", object{"entity_type": "user", "name": "Alice Example"})
	diags.Error(t, `Several users with the name "Alice Example"`, "u-alice", "u-bob")
	_, diags = p.Data("roster_blink_entities", object{"emails": []any{"bob@example.com", "alice@example.com"}})
	diags.Error(t, `Several entities with the e-mail address "alice@example.com"`, "u-alice", "u-bob")
	_, diags = p.Data("roster_blink_entities", nil)
	diags.Error(t, `Several entities with the e-mail address "alice@example.com"`, "u-alice", "u-bob")
	got, diags := p.Data("roster_blink_entities", object{"emails": []any{"carol@example.com"}})
	diags.None(t)
	equal(t, any(object{"carol@example.com": "u-carol"}), got["ids_by_email"])
}

func TestEntitiesDataSource(t *testing.T) {
	_, p := inProcess(t, nil)
	got, diags := p.Data("roster_blink_entities", object{"emails": []any{"Carol@Example.com", "zoe@example.com", "alice@example.com", "zoe@example.com", "ALICE@example.com"}})
	diags.None(t)
	equal(t, any(object{"Carol@Example.com": "u-carol", "alice@example.com": "u-alice", "ALICE@example.com": "u-alice"}), got["ids_by_email"])
	equal(t, any([]any{"zoe@example.com"}), got["missing_emails"])
	equal(t, any(object{"Alice Example": "u-alice", "Carol Example": "u-carol"}), got["ids_by_name"])
	if n := len(got["entities"].([]any)); n != 2 {
		t.Fatalf("%d entities instead of the two that were asked for", n)
	}

	got, diags = p.Data("roster_blink_entities", nil)
	diags.None(t)
	if n := len(got["entities"].([]any)); n != 9 {
		t.Fatalf("%d entities instead of 7 users and 2 groups", n)
	}
	equal(t, any([]any{}), got["missing_emails"])
	if id := got["ids_by_email"].(object)["frank@example.com"]; id != "u-frank" {
		t.Fatalf("the id of frank@example.com is %v", id)
	}

	got, diags = p.Data("roster_blink_entities", object{"entity_type": "group"})
	diags.None(t)
	equal(t, any(object{"Platform Engineers": "g-platform", "Nobody Yet": "g-empty"}), got["ids_by_name"])
	equal(t, any(object{}), got["ids_by_email"])

	got, diags = p.Data("roster_blink_entities", object{"emails": []any{}})
	diags.None(t)
	equal(t, any([]any{}), got["entities"])

	_, diags = p.Data("roster_blink_entities", object{"entity_type": "group", "emails": []any{"alice@example.com"}})
	diags.Error(t, "Groups have no e-mail address")
	_, diags = p.Data("roster_blink_entities", object{"emails": []any{""}})
	diags.Error(t, "emails")
	_, diags = p.Data("roster_blink_entities", object{"emails": []any{nil}})
	diags.Error(t, "emails")
}

func TestCurrentUserDataSource(t *testing.T) {
	m, p := inProcess(t, nil)
	got, diags := p.Data("roster_blink_current_user", nil)
	diags.None(t)
	if got["entity_id"] != "u-terraform" || got["email"] != "terraform@example.com" || got["name"] != "Terraform" || got["tenant_role"] != "Admin" {
		t.Fatalf("the current user is %v", got)
	}

	m.Must(m.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: 403, Call: "tenant_entities"}}}))
	got, diags = protocol.Start(t, nil).Data("roster_blink_current_user", nil)
	diags.None(t)
	if got["entity_id"] != nil || got["email"] != "terraform@example.com" {
		t.Fatalf("without the right to list the tenant the current user is %v", got)
	}
}

// Entities of other types are shown, and are neither people nor groups. A
// service account that is the only owner shows that the listing is not a part.
func TestEntitiesOfOtherTypes(t *testing.T) {
	endpoint := protocol.Answers(t, "/api/v1", map[string]any{
		"/workspaces/w-1": object{"id": "w-1", "display_name": "Payments", "entities": []object{
			{"id": "u-1", "type": "user", "email": "alice@example.com", "workspace_role": "viewer"},
			{"id": "s-1", "type": "Service_Account", "name": "Robot", "workspace_role": "Owner"},
			{"type": "something", "workspace_role": "viewer"},
		}},
		"/tenant/entities": object{"total": 4, "results": []object{
			{"entity_id": "u-1", "entity_type": "user", "email": "alice@example.com", "name": "Alice"},
			{"entity_id": "g-1", "entity_type": "group", "name": "Robot"},
			{"entity_id": "s-1", "entity_type": "Service_Account", "email": "Alice@example.com", "name": "Robot", "auth_ids": []string{"auth|s"}},
			{"entity_id": "s-2", "entity_type": "service_account", "name": "Alice", "status": "Active"},
		}},
		"/user": object{"name": "Robot", "auth_id": "auth|s", "tenant_id": "t-1"},
	})
	p := protocol.Start(t, object{"blink": object{"endpoint": endpoint, "api_key": "key"}})
	got, diags := p.Data("roster_blink_workspace", object{"id": "w-1"})
	diags.None(t)
	robot := listedUser(nil, "Robot", "Owner")
	robot["entity_type"] = "service_account"
	equal(t, any(object{"s-1": robot}), got["others"])
	equal(t, any(object{"u-1": listedUser("alice@example.com", nil, "viewer")}), got["users"])
	equal(t, any(object{}), got["groups"])
	equal(t, any([]any{}), got["owners"])

	got, diags = p.Data("roster_blink_entities", nil)
	diags.None(t)
	types := map[string]any{}
	for _, e := range got["entities"].([]any) {
		types[e.(object)["entity_id"].(string)] = e.(object)["entity_type"]
	}
	equal(t, map[string]any{"u-1": "user", "g-1": "group", "s-1": "service_account", "s-2": "service_account"}, types)
	equal(t, any(object{"alice@example.com": "u-1"}), got["ids_by_email"])
	equal(t, any(object{"Alice": "u-1", "Robot": "g-1"}), got["ids_by_name"])

	got, diags = p.Data("roster_blink_entities", object{"emails": []any{"ALICE@example.com"}})
	diags.None(t)
	equal(t, any(object{"ALICE@example.com": "u-1"}), got["ids_by_email"])

	got, diags = p.Data("roster_blink_current_user", nil)
	diags.None(t)
	equal(t, any("s-1"), got["entity_id"])
}

// TestLookUpsByEmailCostOneListing counts calls: that is what the look-up by
// e-mail address promises.
func TestLookUpsByEmailCostOneListing(t *testing.T) {
	const people = 1000
	seed := mockblink.Seed{Users: []mockblink.User{{ID: "u-admin", Email: "admin@example.com", Role: "Admin"}}}
	for i := range people {
		seed.Users = append(seed.Users, mockblink.User{ID: fmt.Sprintf("u-%04d", i), Email: fmt.Sprintf("person-%04d@example.com", i)})
	}
	m := mockservice.StartTest(t, seed.Alone())
	m.Setenv()

	listing := protocol.Start(t, nil)
	_, diags := listing.Data("roster_blink_entities", nil)
	diags.None(t)
	cost := m.Audit().Total
	if cost == 0 {
		t.Fatal("a listing costs no call, so nothing would be shown here")
	}

	m.ResetAudit()
	p := protocol.Start(t, nil)
	for i := range people {
		got, diags := p.Data("roster_blink_entity", object{"entity_type": "user", "email": fmt.Sprintf("Person-%04d@example.com", i)})
		diags.None(t)
		if want := fmt.Sprintf("u-%04d", i); got["entity_id"] != want {
			t.Fatalf("%v instead of %s", got["entity_id"], want)
		}
	}
	if calls := m.Audit().Total; calls != cost {
		t.Fatalf("%d look-ups took %d calls, one listing takes %d", people, calls, cost)
	}
	t.Logf("%d look-ups by e-mail: %d calls, one listing of %d: %d calls", people, m.Audit().Total, people+1, cost)
}

// TestDataSourcesShareReadings asks for everything twice and at the same time.
func TestDataSourcesShareReadings(t *testing.T) {
	m, p := inProcess(t, nil)
	for range 2 {
		for name, config := range map[string]object{
			"roster_blink_workspace":    {"display_name": "Payments"},
			"roster_blink_workspaces":   nil,
			"roster_blink_entities":     nil,
			"roster_blink_current_user": nil,
		} {
			_, diags := p.Data(name, config)
			diags.None(t)
		}
		_, diags := p.Data("roster_blink_workspace", object{"id": paymentsID})
		diags.None(t)
	}
	for call, n := range m.Audit().Requests {
		if n != 1 {
			t.Errorf("%s was called %d times", call, n)
		}
	}
	if n := len(m.Audit().Requests); n != 4 {
		t.Errorf("%d different calls instead of the workspace, its listing, the tenant and the key's user: %v", n, slices.Sorted(maps.Keys(m.Audit().Requests)))
	}
}

// Another resource of the run may have made the user who is looked up, or the
// workspace: a miss is no answer from a reading that is older than the question.
func TestLookUpsFindWhatTheRunHasMade(t *testing.T) {
	m, p := inProcess(t, nil)
	for _, ask := range []struct {
		name   string
		config object
	}{
		{"roster_blink_entity", object{"entity_type": "user", "email": "zoe@example.com"}},
		{"roster_blink_entity", object{"entity_type": "user", "entity_id": "u-zoe"}},
		{"roster_blink_workspace", object{"display_name": "New"}},
	} {
		_, diags := p.Data(ask.name, ask.config)
		if !diags.Failed() {
			t.Fatalf("%s %v is there already", ask.name, ask.config)
		}
	}
	emails := object{"emails": []any{"zoe@example.com"}}
	got, diags := p.Data("roster_blink_entities", emails)
	diags.None(t)
	equal(t, any([]any{"zoe@example.com"}), got["missing_emails"])

	m.Must(mockblink.Of(m).AddUser(mockblink.User{ID: "u-zoe", Email: "zoe@example.com", Name: "Zoe Example"}))
	m.Must(mockblink.Of(m).AddWorkspace(mockblink.Workspace{ID: "w-new", DisplayName: "New", Users: map[string]string{"u-zoe": "owner"}}))
	m.ResetAudit()
	got, diags = p.Data("roster_blink_entities", emails)
	diags.None(t)
	equal(t, any([]any{}), got["missing_emails"])
	for _, by := range []object{{"email": "zoe@example.com"}, {"name": "Zoe Example"}, {"entity_id": "u-zoe"}} {
		by["entity_type"] = "user"
		got, diags = p.Data("roster_blink_entity", by)
		diags.None(t)
		equal(t, any("u-zoe"), got["entity_id"])
	}
	got, diags = p.Data("roster_blink_workspace", object{"display_name": "New"})
	diags.None(t)
	equal(t, any([]any{"u-zoe"}), got["owners"])
	for call, n := range m.Audit().Requests {
		if n != 1 {
			t.Errorf("%s was called %d times, where one look after the miss is enough", call, n)
		}
	}
}

// TestConcurrentLookUpsShareOneReading asks while the answer is on its way.
func TestConcurrentLookUpsShareOneReading(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(m.SetFaults(mockservice.Faults{Latency: mockservice.Duration(100 * time.Millisecond)}))
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, diags := p.Data("roster_blink_workspace", object{"display_name": "Payments"}); len(diags) > 0 {
				t.Error(diags)
			}
		})
		group.Go(func() {
			if _, diags := p.Data("roster_blink_entity", object{"entity_type": "user", "email": "alice@example.com"}); len(diags) > 0 {
				t.Error(diags)
			}
		})
	}
	group.Wait()
	for call, n := range m.Audit().Requests {
		if n != 1 {
			t.Errorf("%s was called %d times", call, n)
		}
	}
	if n := len(m.Audit().Requests); n != 3 {
		t.Errorf("%d different calls instead of 3", n)
	}
}

func TestReadErrors(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		says   string
	}{
		"wrong key": {401, "Blink does not accept the API key"},
		"no right":  {403, "The Blink API key may not read the users and groups of the tenant"},
		"passing":   {503, "The users and groups of the tenant could not be read from Blink"},
	} {
		t.Run(name, func(t *testing.T) {
			m, p := inProcess(t, object{"http": object{"max_retries": int64(0)}})
			m.Must(m.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: c.status}}}))
			_, diags := p.Data("roster_blink_entity", object{"entity_type": "user", "email": "alice@example.com"})
			diags.Error(t, c.says)
		})
	}
}

func TestDataSourceWithoutCredentials(t *testing.T) {
	mockservice.StartDefault(t).Setenv()
	t.Setenv("BLINK_API_KEY", "")
	_, diags := protocol.Start(t, nil).Data("roster_blink_workspaces", nil)
	diags.Error(t, "Missing blink.api_key", "BLINK_API_KEY")
}

func TestDataSourceWithSettingsThatAreNotKnown(t *testing.T) {
	_, p := inProcess(t, object{"blink": object{"api_key": protocol.Unknown}})
	_, diags := p.Data("roster_blink_workspaces", nil)
	diags.Error(t, "roster_blink_workspaces cannot be read yet", "depends_on")
}
