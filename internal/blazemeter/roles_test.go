package blazemeter_test

import (
	"testing"

	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

const wholeUsers = "roster_blazemeter_workspace_users"

// What the service shows of a user, generated configuration may hold: it is
// valid, and refused only where it would have to be given.
func TestARoleThatOnlyTheServiceCanShow(t *testing.T) {
	m, p := inProcess(t, nil)
	m.Must(mockblazemeter.Of(m).Set(checkoutID, "352751", true))
	m.Must(mockblazemeter.Of(m).Set(checkoutID, "352750", true, "manager", "tester"))
	for _, user := range []string{"352750", "352751"} {
		imported, diags := p.Import(listedUsers, checkoutID+"/"+user, nil)
		diags.None(t)
		changed, diags := p.Plan(listedUsers, imported, p.Configuration(listedUsers, imported.State))
		diags.None(t)
		equal(t, []string(nil), changed)
	}
	p = protocol.Start(t, nil)
	imported, diags := p.Import(wholeUsers, checkoutID, nil)
	diags.None(t)
	config := p.Configuration(wholeUsers, imported.State)
	equal(t, object{"352749": "manager", "352750": "manager,tester", "352751": ""}, config["users"])
	changed, diags := p.Plan(wholeUsers, imported, config)
	diags.None(t)
	equal(t, []string(nil), changed)
	for _, role := range []string{"", "tester,viewer"} {
		config["users"] = object{"352749": "manager", "352750": role, "352751": ""}
		_, diags = p.Plan(wholeUsers, imported, config)
		diags.Error(t, `The role of user "352750" cannot be used`)
	}
	config["users"] = object{"352749": "owner"}
	valid, err := p.Validate(wholeUsers, config)
	if err != nil {
		t.Fatal(err)
	}
	valid.Error(t, `"owner" is none of the roles that BlazeMeter has`)
	if writes := m.Writes(); len(writes) > 0 {
		t.Errorf("there were writes: %v", writes)
	}
}

// A role is taken in any case, sent as the service spells it, and no change where
// only its case differs.
func TestTheCaseOfARoleIsNoChange(t *testing.T) {
	m, p := inProcess(t, nil)
	config := object{"workspace_id": checkoutID, "user_id": "352751", "role": "Manager", "enabled": true, "adopt_existing": false, "on_destroy": "disable"}
	c, diags, err := p.PlanChange(t.Context(), protocol.Instance{Type: listedUsers}, config)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	made, diags, err := p.Apply(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	equal(t, "Manager", made.State["role"])
	if writes := m.Writes(); len(writes) != 1 || writes[0].To != "manager" {
		t.Errorf("the writes are %+v", writes)
	}
	p = protocol.Start(t, nil)
	made, diags, err = p.Refresh(t.Context(), made)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	equal(t, "Manager", made.State["role"])
	config["role"] = "MANAGER"
	c, diags, err = p.PlanChange(t.Context(), made, config)
	if err != nil {
		t.Fatal(err)
	}
	diags.None(t)
	equal(t, made.State, c.Planned)

	p = protocol.Start(t, nil)
	imported, diags := p.Import(wholeUsers, searchID, nil)
	diags.None(t)
	whole := p.Configuration(wholeUsers, imported.State)
	whole["users"] = object{"352750": "Manager", "352751": "MANAGER"}
	changed, diags := p.Plan(wholeUsers, imported, whole)
	diags.None(t)
	equal(t, []string(nil), changed)
}

func TestAWholeWorkspaceHasAnIdentity(t *testing.T) {
	_, p := inProcess(t, nil)
	identity := object{"workspace_id": searchID}
	imported, diags := p.Import(wholeUsers, "", identity)
	diags.None(t)
	equal(t, identity, imported.Identity)
	equal(t, searchID, imported.State["id"])
	equal(t, object{"bob@example.com": "manager", "carol@example.com": "manager"}, imported.State["user_roles_by_email"])
	byID, diags := p.Import(wholeUsers, searchID, nil)
	diags.None(t)
	equal(t, imported.State, byID.State)
	changed, diags := p.Plan(wholeUsers, imported, p.Configuration(wholeUsers, imported.State))
	diags.None(t)
	equal(t, []string(nil), changed)
	_, diags = p.Import(wholeUsers, "", object{"workspace_id": "x"})
	diags.Error(t, "Not an identity to import by", "workspace_id")
}
