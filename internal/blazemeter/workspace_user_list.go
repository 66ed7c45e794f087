package blazemeter

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/list"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// NewWorkspaceUserList gives the list resource of the additive resource:
// everybody who is enabled in one workspace.
func NewWorkspaceUserList() list.ListResource {
	return workspaceUser().NewList(framework.List{
		Description: "Lists the enabled users of a BlazeMeter workspace for `terraform query`, by e-mail address. " +
			"With `-generate-config-out` it writes the import blocks and the configuration for an existing workspace. Needs Terraform 1.14 or later.\n\n" +
			"Users who are disabled in the workspace have no access to it, which is BlazeMeter's way of removing somebody, and are not listed. " +
			"Terraform stops at 100 results unless `limit` is set in the list block; a warning tells when there are more.",
		WorkspaceID: validID,
		Role:        stringvalidator.OneOf(client.RoleTester, client.RoleManager, client.RoleViewer),
		Listed:      func(m roster.Member) bool { return m.Enabled },
	})
}
