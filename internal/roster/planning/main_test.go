package planning

import (
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

func blinkTraits() membership.Traits {
	return membership.Traits{
		Product: "Blink", Endpoint: "https://blink.example.com/api/v1", OwnerRole: "owner", OwnerNoun: "owner", OwnersNoun: "owners",
		WorkspaceNoun: "workspace", CredentialNoun: "API key", RolesAscending: []string{"viewer", "contributor", "owner"}, TenantNoun: "tenant", OneTenant: true, NeverOwnerless: true,
		StatusMatters: true, ChangeRight: "The key has to belong to an owner of the workspace.",
	}
}

// The people of the tests.
var (
	user   = stage.User
	group  = stage.Group
	person = stage.Person
)

func listingOf(ms ...membership.Member) *membership.Listing {
	return membership.NewListing(&membership.Workspace{ID: "w1", Name: "Payments", Members: ms}, blinkTraits())
}
