package planning

import (
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func blinkTraits() membership.Traits {
	return membership.Traits{
		Product: "Blink", Endpoint: "https://blink.example.com/api/v1", OwnerRole: "owner", OwnerNoun: "owner", OwnersNoun: "owners",
		WorkspaceNoun: "workspace", CredentialNoun: "API key", RolesAscending: []string{"viewer", "contributor", "owner"}, TenantNoun: "tenant", OneTenant: true, NeverOwnerless: true,
		StatusMatters: true, ChangeRight: "The key has to belong to an owner of the workspace.",
	}
}

func user(id string) membership.Principal {
	return membership.Principal{Kind: membership.User, ID: id}
}

func group(id string) membership.Principal {
	return membership.Principal{Kind: membership.Group, ID: id}
}

func person(id, role string) membership.Member {
	return membership.Member{Principal: user(id), Email: id + "@example.com", Name: strings.ToUpper(id), Roles: []string{role}, Enabled: true}
}

func listingOf(ms ...membership.Member) *membership.Listing {
	return membership.NewListing(&membership.Workspace{ID: "w1", Name: "Payments", Members: ms}, blinkTraits())
}
