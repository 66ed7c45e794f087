package framework

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func part(name string) KeyPart {
	return KeyPart{Attribute: name, Description: "The `" + name + "`. And more.", Form: Form{What: "a part", Check: func(s string) error {
		if s == "" || strings.Contains(s, "?") || name != "role" && strings.Contains(s, "/") {
			return errors.New("the value cannot be used")
		}
		return nil
	}}}
}

var (
	ofPrincipal = Key{Workspace: part("workspace_id"), Kind: part("entity_type"), Principal: part("entity_id")}
	ofUser      = Key{Workspace: part("organisation_id"), Principal: part("user_id")}
	ofWorkspace = Key{Workspace: part("workspace_id")}
	ofRole      = Key{Workspace: part("workspace_id"), Role: part("role")}
)

func TestKeys(t *testing.T) {
	for id, c := range map[string]struct {
		key  Key
		want Subject
	}{
		"w/group/g":   {ofPrincipal, Subject{Workspace: "w", Principal: membership.Principal{Kind: membership.Group, ID: "g"}}},
		"7/8":         {ofUser, Subject{Workspace: "7", Principal: membership.Principal{Kind: membership.User, ID: "8"}}},
		"w":           {ofWorkspace, Subject{Workspace: "w"}},
		"w/owner":     {ofRole, Subject{Workspace: "w", Role: "owner"}},
		"w/a/b":       {ofRole, Subject{Workspace: "w", Role: "a/b"}}, // at the first slash
		"w/On Call/x": {ofRole, Subject{Workspace: "w", Role: "On Call/x"}},
	} {
		got, err := c.key.Parse(id)
		if err != nil || got != c.want {
			t.Errorf("%q is read as %+v, %v; want %+v", id, got, err, c.want)
		}
		if again := c.key.ID(c.want); again != id {
			t.Errorf("%+v is written as %q, want %q", c.want, again, id)
		}
		identity := &tfsdk.ResourceIdentity{Schema: c.key.IdentitySchema()}
		var diags diag.Diagnostics
		c.key.setIdentity(t.Context(), identity, c.want, &diags)
		noErrors(t, diags)
		got, diags = c.key.fromIdentity(t.Context(), identity)
		noErrors(t, diags)
		if got != c.want {
			t.Errorf("the identity of %q is read as %+v", id, got)
		}
	}
	for _, c := range []struct {
		key  Key
		id   string
		says string
	}{
		{ofPrincipal, "w/user", "workspace_id/entity_type/entity_id"},
		{ofPrincipal, "w/user/u/more", "workspace_id/entity_type/entity_id"},
		{ofPrincipal, "w/user/", "entity_id"},
		{ofPrincipal, " w/user/u", "white space"},
		{ofUser, "7", "organisation_id/user_id"},
		{ofUser, "7/8/9", "organisation_id/user_id"},
		{ofUser, "7/8 ", "white space"},
		{ofUser, "7/8?", "user_id"},
		{ofWorkspace, "", "workspace_id"},
		{ofWorkspace, "w/x", "not of the form workspace_id"},
		{ofRole, "w", "workspace_id/role"},
		{ofRole, "w/", "role"},
	} {
		if got, err := c.key.Parse(c.id); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q is read as %+v, %v; want an error with %q", c.id, got, err, c.says)
		}
	}
	// An identity is checked as an id is.
	identity := &tfsdk.ResourceIdentity{Schema: ofUser.IdentitySchema()}
	var diags diag.Diagnostics
	ofUser.setIdentity(t.Context(), identity, Subject{Workspace: "7?", Principal: membership.Principal{ID: "8"}}, &diags)
	noErrors(t, diags)
	if _, diags = ofUser.fromIdentity(t.Context(), identity); !diags.HasError() {
		t.Error("an identity that names nothing is taken")
	}
	ofUser.setIdentity(t.Context(), nil, Subject{}, &diags) // a Terraform without identities
}

func TestKeysDescribeThemselves(t *testing.T) {
	attributes := ofPrincipal.IdentitySchema().Attributes
	if got := slices.Sorted(maps.Keys(attributes)); !slices.Equal(got, []string{"entity_id", "entity_type", "workspace_id"}) {
		t.Errorf("the identity has %q", got)
	}
	if got := attributes["entity_id"].GetDescription(); got != "The entity_id." {
		t.Errorf("the identity is described as %q", got)
	}
	paths := ofUser.Paths()
	if !paths[membership.AtWorkspace].Equal(path.Root("organisation_id")) || !paths[membership.AtPrincipal].Equal(path.Root("user_id")) {
		t.Errorf("diagnostics stand at %v", paths)
	}
	if paths := ofRole.Paths(); !paths[membership.AtRole].Equal(path.Root("role")) {
		t.Errorf("diagnostics stand at %v", paths)
	}
}
