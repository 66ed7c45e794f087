package blink

import (
	"fmt"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

const (
	bindingType  = "roster_blink_workspace_role_binding"
	bindingsType = "roster_blink_workspace_role_bindings"
	membersType  = "roster_blink_workspace_role_members"
)

// roles are free-form: workspaces may have custom ones.
var roles = framework.RoleNames{Product: "Blink", CheckName: client.CheckRole}

// workspaceRoleBinding is the additive resource: one principal in one workspace.
func workspaceRoleBinding() framework.Additive {
	return framework.Additive{
		TypeName: bindingType,
		Description: "Manages the role of **one** user or group in one Blink workspace. All other members stay as they are. " +
			"For a whole workspace in one resource, see `" + bindingsType + "`.\n\n" +
			"A plan that would remove the last owner of the workspace fails; see the guide on the last-owner guard.",
		Key: framework.Key{
			Workspace: framework.KeyPart{
				Attribute: "workspace_id", Form: ids,
				Description: "The id of the workspace. Changing it replaces the resource.",
			},
			Kind: framework.KeyPart{
				Attribute: "entity_type", Form: kinds,
				Description: "`user` or `group`. Changed in place, together with `entity_id`.",
			},
			Principal: framework.KeyPart{
				Attribute: "entity_id", Form: ids,
				Description: "The id of the user or group. Changing it hands the role over in place: first the new principal gets it, " +
					"then the old one loses it as the `on_destroy` of the state says.",
			},
		},
		Roles: roles,
		Role:  "The name of the role: `owner`, `contributor`, `viewer` or a custom role. Compared without regard to case. Changed in place.",
		Adopt: "Whether creating may change the role of a principal that is in the workspace already. If false, such a plan fails and prints an import block. " +
			"A principal that has the wanted role already is always adopted.",
		Exit:  framework.Exit{Remove: "remove", Reassigns: true},
		Email: "The e-mail address of the user; null for a group.",
		Name:  framework.Attribute{Name: "name", Description: "The name of the user or group."},
		List: &framework.List{
			Description: "Lists the role bindings of a Blink workspace for `terraform query`, pending invitations included: users before groups, sorted by e-mail address or name. " +
				"With `-generate-config-out` it writes the import blocks and the configuration for an existing workspace.\n\n" +
				"Terraform stops at 100 results unless the list block sets `limit`. A warning says if there are more.",
		},
	}
}

var kinds = framework.Form{What: "a kind of principal", Check: func(kind string) error {
	if kind != string(membership.User) && kind != string(membership.Group) {
		return fmt.Errorf("%q is neither user nor group", kind)
	}
	return nil
}}
