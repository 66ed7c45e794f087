package framework

import "github.com/tf-roster/terraform-provider-roster/internal/membership"

// vocabulary gives the words of the configuration language that hold for every
// product.
func vocabulary() membership.Vocabulary {
	return membership.Vocabulary{
		AdoptExisting: adoptAttribute, Enabled: enabledAttribute, OnDestroy: exitAttribute, ReassignRole: reassignAttribute,
		Ignore: func(k membership.Kind) string { return "ignore_" + string(k) + "s" },
		Mode:   "last_owner_guard.mode", MinimumOwners: "last_owner_guard.minimum_owners", NotCounted: "not_counted",
		CountOwnerGroups: "count_owner_groups", ExemptWorkspaces: "last_owner_guard.exempt_workspace_ids", HandoverWait: "last_owner_guard.handover_wait",
		Tool: "Terraform", Forget: "terraform state rm",
		SkipPlan:       "If this is a destroy: Terraform plans before it, and `terraform destroy -refresh=false` skips that.",
		ImportBlock:    "import {\n  to = {type}.NAME\n  id = {id}\n}\n\nFor \"to\", use the address shown above, module path and index included",
		Rename:         "a `moved` block",
		Keyed:          "`for_each` keyed by the principal's id, with a `moved` block for each instance, instead of `count` or a list whose items shift",
		Release:        "a `removed` block with `lifecycle { destroy = false }` (and `terraform apply`)",
		ReleaseInPlace: "`lifecycle { destroy = false }` in the resource (Terraform 1.16, OpenTofu 1.12)",
		ApplyFirst:     "-target",
		Order: []string{
			"`depends_on` to the successor's block, where both are blocks",
			"`lifecycle { create_before_destroy = true }`, where the successor depends on something else that changes in this run",
			"two runs, first the successor, then the removal: always at -parallelism=1, and where `depends_on` ties the successor to this removal",
		},
		Guide: "last-owner-guard", GuideURL: "https://github.com/tf-roster/terraform-provider-roster#last-owner-guard",
	}
}
