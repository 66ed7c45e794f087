package membership

// Vocabulary has the words of the configuration language that messages use:
// types of resources, attributes, commands. The core takes them as they are.
type Vocabulary struct {
	// Member, RoleMembers and Members are the types of the resources that manage
	// one principal, one role, and everybody in a workspace.
	Member, RoleMembers, Members string
	// ImportID gives the id by which a resource of the type Member is imported,
	// RoleImportID that of the type RoleMembers.
	ImportID     func(workspace string, p Principal) string
	RoleImportID func(workspace, role string) string

	// AdoptExisting, OnDestroy, OnRemoval and ReassignRole are attributes of
	// resources; Ignore gives the attribute that ignores principals of a kind.
	AdoptExisting, OnDestroy, OnRemoval, ReassignRole string
	Ignore                                            func(Kind) string
	// Settings are those of the guard, by their whole names.
	Mode, MinimumOwners, NotCounted, CountOwnerGroups, ExemptWorkspaces, HandoverWait string

	// Forget is the command that makes Terraform forget a resource, and
	// DestroyUnrefreshed the one that destroys without planning what there is.
	Forget, DestroyUnrefreshed string
	// Guide says where the guard is explained: the guide's name and an address.
	Guide, GuideURL string
}
