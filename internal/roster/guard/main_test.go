package guard

import (
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func blink() membership.Traits {
	return membership.Traits{
		Product: "Blink", Endpoint: "https://blink.example.com/api/v1", OwnerRole: "owner", OwnerNoun: "owner", OwnersNoun: "owners",
		WorkspaceNoun: "workspace", TenantNoun: "tenant", RolesAscending: []string{"viewer", "contributor", "owner"}, NeverOwnerless: true,
	}
}

func blazemeter() membership.Traits {
	return membership.Traits{
		Product: "BlazeMeter", Endpoint: "https://blaze.example.com/api/v4", OwnerRole: "manager", OwnerNoun: "manager", OwnersNoun: "managers",
		WorkspaceNoun: "workspace", TenantNoun: "account", RolesAscending: []string{"viewer", "tester", "manager"}, RemovalDisables: true,
	}
}

func words() membership.Vocabulary {
	return membership.Vocabulary{
		Ignore:    func(k membership.Kind) string { return "ignore_" + string(k) + "s" },
		OnDestroy: "on_destroy", Mode: "last_owner_guard.mode", MinimumOwners: "last_owner_guard.minimum_owners", NotCounted: "not_counted",
		CountOwnerGroups: "count_owner_groups", ExemptWorkspaces: "last_owner_guard.exempt_workspace_ids", HandoverWait: "last_owner_guard.handover_wait",
		Forget: "terraform state rm", Release: "a `removed` block with `lifecycle { destroy = false }`", ReleaseInPlace: "`lifecycle { destroy = false }` in the resource",
		Order: []string{"depends_on, where both are blocks", "create_before_destroy", "two runs at -parallelism=1"}, Guide: "last-owner-guard", GuideURL: "https://example.com/docs",
	}
}

func user(id string) membership.Principal {
	return membership.Principal{Kind: membership.User, ID: id}
}

func person(id, role string) membership.Member {
	return membership.Member{Principal: user(id), Email: id + "@example.com", Name: strings.ToUpper(id), Roles: []string{role}, Enabled: true}
}

func listing(t membership.Traits, ms ...membership.Member) *membership.Listing {
	return membership.NewListing(&membership.Workspace{ID: "w1", Name: "Payments", Members: ms}, t)
}
