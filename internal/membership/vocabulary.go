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

	// AdoptExisting, Enabled, OnDestroy and ReassignRole are attributes of resources;
	// Ignore gives the attribute that ignores principals of a kind.
	AdoptExisting, Enabled, OnDestroy, ReassignRole string
	Ignore                                          func(Kind) string
	// Settings are those of the guard, by their whole names.
	Mode, MinimumOwners, NotCounted, CountOwnerGroups, ExemptWorkspaces, HandoverWait string

	// Tool is what people call the program that runs the configuration.
	Tool string
	// Forget is the command that forgets one instance of a resource.
	Forget string
	// SkipPlan is a sentence: how a destroy skips what a plan refuses.
	SkipPlan string
	// ImportBlock is what imports one resource, and how to fill that in, with
	// {type} and {id} for the type of the resource and the id in quotes.
	ImportBlock string
	// Rename, Keyed, Release and ReleaseInPlace are phrases: what tells that a
	// resource was renamed, what keeps one instance for each principal, and what
	// ends the management of a resource without ending the access.
	Rename, Keyed, Release, ReleaseInPlace string
	// ApplyFirst is a phrase: what applies a part of a configuration first.
	ApplyFirst string
	// Order are phrases: what orders a removal after its successor.
	Order []string
	// Guide says where the guard is explained: the guide's name and an address.
	Guide, GuideURL string
}
