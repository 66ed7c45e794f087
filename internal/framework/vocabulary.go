package framework

import "github.com/tf-roster/terraform-provider-roster/internal/roster"

// vocabulary gives the words of the configuration language that hold for every
// product.
func vocabulary() roster.Naming {
	return roster.Naming{
		AdoptExisting: adoptAttribute, OnDestroy: exitAttribute, OnRemoval: removalAttribute, ReassignRole: reassignAttribute,
		Ignore: func(k roster.Kind) string { return "ignore_" + string(k) + "s" },
		Mode:   "last_owner_guard.mode", MinimumOwners: "last_owner_guard.minimum_owners", NotCounted: "not_counted",
		CountOwnerGroups: "count_owner_groups", ExemptWorkspaces: "last_owner_guard.exempt_workspace_ids", HandoverWait: "last_owner_guard.handover_wait",
		Forget: "terraform state rm", DestroyUnrefreshed: "terraform destroy -refresh=false",
		Guide: "last-owner-guard", GuideURL: "https://registry.terraform.io/providers/tf-roster/roster/latest/docs",
	}
}
