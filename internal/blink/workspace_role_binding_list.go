package blink

import (
	"github.com/hashicorp/terraform-plugin-framework/list"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
)

// NewWorkspaceRoleBindingList gives the list resource of the additive resource:
// everybody in one workspace.
func NewWorkspaceRoleBindingList() list.ListResource {
	return binding().NewList(framework.List{
		Description: "Lists the role bindings of a Blink workspace for `terraform query`, users before groups and by e-mail address or name, pending invitations among them. " +
			"With `-generate-config-out` it writes the import blocks and the configuration for an existing workspace. Needs Terraform 1.14 or later.\n\n" +
			"Terraform stops at 100 results unless `limit` is set in the list block; a warning tells when there are more.",
		WorkspaceID: validID,
		Role:        validRole,
	})
}
