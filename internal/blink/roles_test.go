package blink_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

const wholeBindings = "roster_blink_workspace_role_bindings"

// What the service shows of a user, generated configuration may hold: it is
// valid, and refused only where it would have to be given.
func TestARoleThatOnlyTheServiceCanShow(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(mockblink.Of(m).SetRole(paymentsID, "user", "u-carol", ""))

	t.Run("one binding", func(t *testing.T) {
		imported, diags := p.Import(listedBindings, paymentsID+"/user/u-carol", nil)
		diags.None(t)
		changed, diags := p.Plan(listedBindings, imported, p.Configuration(listedBindings, imported.State))
		diags.None(t)
		equal(t, []string(nil), changed)
	})
	t.Run("a whole workspace", func(t *testing.T) {
		p := protocol.Start(t, nil)
		imported, diags := p.Import(wholeBindings, paymentsID, nil)
		diags.None(t)
		config := p.Configuration(wholeBindings, imported.State)
		equal(t, object{"u-alice": "owner", "u-bob": "contributor", "u-carol": ""}, config["users"])
		changed, diags := p.Plan(wholeBindings, imported, config)
		diags.None(t)
		equal(t, []string(nil), changed)

		config["users"] = object{"u-alice": "owner", "u-bob": "", "u-carol": ""}
		_, diags = p.Plan(wholeBindings, imported, config)
		diags.Error(t, `The role of user "u-bob" cannot be used`, "role is empty", "users")
	})
	t.Run("somebody new", func(t *testing.T) {
		config := object{"workspace_id": paymentsID, "entity_type": "user", "entity_id": "u-dave", "role": "", "adopt_existing": false, "on_destroy": "remove"}
		diags, err := p.Validate(listedBindings, config)
		if err != nil {
			t.Fatal(err)
		}
		diags.None(t)
		_, diags, err = p.PlanChange(t.Context(), protocol.Instance{Type: listedBindings}, config)
		if err != nil {
			t.Fatal(err)
		}
		diags.Error(t, "The role of u-dave cannot be used", "role is empty", "role")
	})
	if writes := m.Writes(); len(writes) > 0 {
		t.Errorf("there were writes: %v", writes)
	}
}

// A role that is spelled in another case is no change, in either form.
func TestTheCaseOfARoleIsNoChange(t *testing.T) {
	_, p := inProcess(t, nil)
	imported, diags := p.Import(listedBindings, paymentsID+"/user/u-alice", nil)
	diags.None(t)
	config := p.Configuration(listedBindings, imported.State)
	config["role"] = "Owner"
	changed, diags := p.Plan(listedBindings, imported, config)
	diags.None(t)
	equal(t, []string(nil), changed)
}

func TestWhiteSpaceAroundAnEmailIsNamed(t *testing.T) {
	_, p := inProcess(t, nil)
	_, diags := p.Data("roster_blink_entity", object{"entity_type": "user", "email": "alice@example.com "})
	diags.Error(t, "Not an e-mail address", "white space", `AttributeName("email")`)
	_, diags = p.Data("roster_blink_entities", object{"emails": []any{"bob@example.com", "\talice@example.com"}})
	diags.Error(t, "Not an e-mail address", "In emails[1]", "white space")
	_, diags = p.Data("roster_blink_entities", object{"emails": []any{""}})
	diags.Error(t, "Not an e-mail address", "empty")
}

func TestTimeoutsSayWhichOfThemIsWrong(t *testing.T) {
	_, p := inProcess(t, nil)
	for _, wrong := range []string{"2 m", "5", "-1h", "0s", ""} {
		diags, err := p.Validate(listedBindings, object{
			"workspace_id": "w", "entity_type": "user", "entity_id": "u-1", "role": "viewer", "timeouts": object{"create": wrong, "read": "2m"},
		})
		if err != nil {
			t.Fatal(err)
		}
		diags.Error(t, "Not a duration", "In timeouts.create")
	}
}

func TestAWholeWorkspaceHasAnIdentity(t *testing.T) {
	_, p := inProcess(t, nil)
	identity := object{"workspace_id": securityID}
	imported, diags := p.Import(wholeBindings, "", identity)
	diags.None(t)
	equal(t, identity, imported.Identity)
	equal(t, securityID, imported.State["id"])
	equal(t, object{"alice@example.com": "owner", "carol@example.com": "owner", "dave@example.com": "viewer"}, imported.State["user_roles_by_email"])
	equal(t, object{"Platform Engineers": "Incident Commander"}, imported.State["group_roles_by_name"])
	byID, diags := p.Import(wholeBindings, securityID, nil)
	diags.None(t)
	equal(t, imported.State, byID.State)
	changed, diags := p.Plan(wholeBindings, imported, p.Configuration(wholeBindings, imported.State))
	diags.None(t)
	equal(t, []string(nil), changed)
	_, diags = p.Import(wholeBindings, "", object{"workspace_id": "a/b"})
	diags.Error(t, "Not an identity to import by", "workspace_id")

	// Made here, it has them from the plan on.
	p = protocol.Start(t, nil)
	config := object{"workspace_id": securityID, "users": imported.State["users"], "groups": imported.State["groups"], "include_invites": false}
	c, diags, err := p.PlanChange(t.Context(), protocol.Instance{Type: wholeBindings}, config)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	equal(t, securityID, c.Planned["id"])
	made, diags, err := p.Apply(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	equal(t, identity, made.Identity)
	equal(t, securityID, made.State["id"])
}

// An import takes everybody in, and a configuration that leaves a kind out does not
// manage it: that is nothing to show as a change, nor to do.
func TestAnImportWithoutGroupsShowsNoChangeOfGroups(t *testing.T) {
	m, p := inProcess(t, nil)
	imported, diags := p.Import(wholeBindings, securityID, nil)
	diags.None(t)
	config := p.Configuration(wholeBindings, imported.State)
	config["groups"] = nil
	changed, diags := p.Plan(wholeBindings, imported, config)
	diags.None(t)
	equal(t, []string(nil), changed)

	// Nor with the first change, after which the groups leave the state.
	config["users"] = object{"u-alice": "owner", "u-carol": "owner", "u-dave": "contributor"}
	p = protocol.Start(t, nil)
	c, diags, err := p.PlanChange(t.Context(), imported.Instance(wholeBindings), config)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	equal(t, imported.State["groups"], c.Planned["groups"])
	equal(t, imported.State["group_names"], c.Planned["group_names"])
	made, diags, err := p.Apply(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	p = protocol.Start(t, nil)
	made, diags, err = p.Refresh(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	equal(t, nil, made.State["groups"])
	c, diags, err = p.PlanChange(t.Context(), made, config)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	equal(t, made.State, c.Planned)
	if got := mockblink.Of(m).Role(securityID, "group", "g-platform"); got != "Incident Commander" {
		t.Errorf("the group's role is %q", got)
	}

	// Once the groups have been managed, that they no longer are is shown.
	config["groups"] = object{"g-platform": "Incident Commander"}
	c, diags, err = protocol.Start(t, nil).PlanChange(t.Context(), made, config)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	equal(t, config["groups"], c.Planned["groups"])
	made, diags, err = protocol.Start(t, nil).Apply(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	config["groups"] = nil
	c, diags, err = protocol.Start(t, nil).PlanChange(t.Context(), made, config)
	if err != nil {
		t.Fatal(err)
	}
	diags.Warning(t, "The groups of workspace Security Operations are no longer managed")
	equal(t, nil, c.Planned["groups"])
	equal(t, nil, c.Planned["group_names"])
}

// A user who is ignored by e-mail address is not named by id: the state would never
// show them, and each plan would add them again.
func TestNobodyIsNamedByIDAndIgnoredByEmail(t *testing.T) {
	m, _ := inProcess(t, nil)
	named := object{"workspace_id": paymentsID, "users": object{"u-alice": "owner", "u-bob": "contributor"}}
	with := func(config object, ignored ...any) object {
		config = maps.Clone(config)
		config["ignore_users"] = ignored
		return config
	}
	refused := func(t *testing.T, p *protocol.Provider, i protocol.Instance, config object, who string) {
		t.Helper()
		_, diags, err := p.PlanChange(t.Context(), i, config)
		if err != nil {
			t.Fatal(err)
		}
		diags.Error(t, fmt.Sprintf("user %q is named and ignored", who), "users", "ignore_users")
	}
	t.Run("who is in the workspace", func(t *testing.T) {
		refused(t, protocol.Start(t, nil), protocol.Instance{Type: wholeBindings}, with(named, "BOB@example.com"), "u-bob")
	})
	t.Run("who is to join", func(t *testing.T) {
		config := object{"workspace_id": paymentsID, "users": object{"u-alice": "owner", "u-bob": "contributor", "u-carol": "viewer"}}
		refused(t, protocol.Start(t, nil), protocol.Instance{Type: wholeBindings}, with(config, "carol@example.com"), "u-carol")
	})
	t.Run("who is in the state", func(t *testing.T) {
		p := protocol.Start(t, nil)
		imported, diags := p.Import(wholeBindings, paymentsID, nil)
		diags.None(t)
		refused(t, p, imported.Instance(wholeBindings), with(named, "alice@example.com"), "u-alice")
	})
	t.Run("whom the tenant does not tell", func(t *testing.T) {
		m.Must(m.SetFaults(mockservice.Faults{Rules: []mockservice.Fault{{Kind: mockservice.FaultStatus, Status: 403, Call: "tenant_entities"}}}))
		defer func() { m.Must(m.SetFaults(mockservice.Faults{})) }()
		refused(t, protocol.Start(t, nil), protocol.Instance{Type: wholeBindings}, with(named, "bob@example.com"), "u-bob")
	})
	t.Run("with one role", func(t *testing.T) {
		config := object{"workspace_id": paymentsID, "role": "owner", "users": []any{"u-alice"}}
		refused(t, protocol.Start(t, nil), protocol.Instance{Type: "roster_blink_workspace_role_members"}, with(config, "alice@example.com"), "u-alice")
	})
	t.Run("another member", func(t *testing.T) {
		_, diags, err := protocol.Start(t, nil).PlanChange(t.Context(), protocol.Instance{Type: wholeBindings}, with(named, "nobody@example.com"))
		if err != nil {
			t.Fatal(err)
		}
		if diags.Failed() {
			t.Errorf("it is refused: %s", diags)
		}
	})
	if writes := m.Writes(); len(writes) > 0 {
		t.Errorf("there were writes: %v", writes)
	}
}

// A role that is taken away cannot be the one that is left behind.
func TestTheManagedRoleIsNotLeftBehind(t *testing.T) {
	_, p := inProcess(t, nil)
	config := object{"workspace_id": paymentsID, "role": "owner", "users": []any{"u-alice"}, "on_removal": "reassign", "reassign_role": "OWNER"}
	diags, err := p.Validate("roster_blink_workspace_role_members", config)
	if err != nil {
		t.Fatal(err)
	}
	diags.Error(t, "reassign_role is the managed role", `"OWNER"`)
	config["reassign_role"] = "viewer"
	if diags, err = p.Validate("roster_blink_workspace_role_members", config); err != nil {
		t.Fatal(err)
	}
	diags.None(t)
}
