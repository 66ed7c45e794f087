package checks

import "github.com/tf-roster/terraform-provider-roster/internal/doctor"

// assumptions are what the provider assumes of Blink. Numbers stay: code and
// documentation refer to them.
var assumptions = []doctor.Assumption{
	{
		Number: 1, Text: "The listing of a workspace is a list of entities, each with an id and a type",
		Consequence: "The listing is refused with an error, and nothing is taken for gone",
	},
	{
		Number: 2, Text: "A workspace that does not exist is a 404 in Blink's own form of an error",
		Consequence: "It is an error, and nothing leaves the state: remove a deleted workspace from the state by hand",
	},
	{
		Number: 3, Text: "Assigning a role to a user outside of the workspace adds them", Changes: true,
		Consequence: "The call that adds entities follows; where that does not help either, the apply fails with both answers",
	},
	{
		Number: 4, Text: "The call that adds entities gives the role that it carries", Changes: true,
		Consequence: "The listing is read back and the role assigned; without the call, only assigning can add",
	},
	{
		Number: 5, Text: "The call that removes an entity is there", Changes: true,
		Consequence: "The removal fails with an error, the member keeps the role, and the state keeps the resource",
	},
	{
		Number: 6, Text: "The service may let the last owner be removed", Untried: "it would take away a workspace's last owner",
		Consequence: "The guard refuses first, whatever the service does",
	},
	{
		Number: 7, Text: "A refused role is a 400 in Blink's own form of an error", Changes: true,
		Consequence: "The answer is shown as it came",
	},
	{
		Number: 8, Text: "A user, not only a group, is an owner of the workspace",
		Consequence: "The guard counts no owner there, unless count_owner_groups is true",
	},
	{
		Number: 9, Text: "An active user who has accepted the invitation is an owner of the workspace",
		Consequence: "The guard counts no owner there: invited and inactive users are none",
	},
	{
		Number: 10, Text: "The members of a group are not listed as members of the workspace themselves",
		Consequence: "They count as direct members, whom the whole-workspace resource shows and removes",
	},
	{
		Number: 11, Text: "A direct role and one through a group exist side by side", Untried: "the provider shows both, and computes no role from them",
		Consequence: "Nothing: which of the two counts is left to Blink",
	},
	{
		Number: 12, Text: "A principal is listed once, with one role",
		Consequence: "All roles are shown, so that the contradiction is seen in the plan",
	},
	{
		Number: 13, Text: "A role is accepted in any letter case", Changes: true,
		Consequence: "The apply fails with Blink's message: spell the role as Blink does",
	},
	{
		Number: 14, Text: "A role that does not exist is refused", Changes: true,
		Consequence: "A misspelled role is given; the plan warns of a role that nobody has",
	},
	{
		Number: 15, Text: "The ids in the listing are the entity_id of the tenant and of the calls",
		Consequence: "Members are not found by the ids of the tenant: plans show ids in place of addresses, and writes fail",
	},
	{
		Number: 16, Text: "Both listings tell a pending invitation by is_invite",
		Consequence: "What the tenant says counts too; an invitation that neither tells counts as a member",
	},
	{
		Number: 17, Text: "Every entity of the workspace is a user or a group",
		Consequence: "Others are shown by the data source, and neither managed nor counted as people",
	},
	{
		Number: 18, Text: "The listing shows an owner, so it is complete",
		Consequence: "It proves only who is there: nobody is taken for absent, and nobody is removed",
	},
	{
		Number: 19, Text: "The tenant's listing comes in the order that is asked for",
		Consequence: "It is read without an order, and again where pages do not fit together",
	},
	{
		Number: 20, Text: "The tenant's listing comes in pages of up to 1000, and ends with an empty one or a 404 in Blink's own form",
		Consequence: "Smaller pages are read as they come; where its end is no end, looking up a member is an error",
	},
	{
		Number: 21, Text: "The list of the key's workspaces has this one, with its id",
		Consequence: "roster_blink_workspaces and looking up by name do not find it: use the id",
	},
	{
		Number: 22, Text: "A workspace has a display_name, the same in both calls that tell it",
		Consequence: "Messages show its name; looking up by display_name does not find it",
	},
	{
		Number: 23, Text: "An Owner of the workspace, or an Admin of the tenant, may change its members", Changes: true,
		Consequence: "The apply fails, and says which right is missing",
	},
	{
		Number: 24, Text: "Assigning the role that a user has succeeds and changes nothing", Changes: true,
		Consequence: "Nothing: it is not sent, and after a lost answer the listing decides",
	},
	{
		Number: 25, Text: "A change shows in the listing within 6 seconds", Changes: true,
		Consequence: "The apply fails and says that the change is not proved; the next plan shows what is there",
	},
	{
		Number: 26, Text: "There may be a rate limit, answered with 429", Untried: "it would have to be provoked",
		Consequence: "Calls to the host pause, as long as the answer says",
	},
	{
		Number: 27, Text: "Removing a member leaves the access through groups and tenant roles", Untried: "only that member can tell",
		Consequence: "Nothing: the documentation says that such access is managed elsewhere",
	},
	{
		Number: 28, Text: "A call without a key is refused with 401 or 403",
		Consequence: "A wrong key may be reported as something else; in the form of a 404 it could be taken for a workspace that is gone",
	},
	{
		Number: 29, Text: "Additions, then demotions, then removals can be sent in this order", Untried: "it needs two users, and holds by the provider's own order",
		Consequence: "The refused call is reported; no owner is taken away before the successor is there",
	},
	{
		Number: 30, Text: "It can be told whose the key is: by e-mail address, or by an id of the sign-in",
		Consequence: "No warning where a plan takes away the key's own access",
	},
	{
		Number: 31, Text: "Calls without a workspace answer for the tenant of the workspace",
		Consequence: "An error where answers name two tenants; otherwise members are not found: switch the key's user back",
	},
	{
		Number: 32, Text: "A group keeps its role in the workspace when an identity provider changes its members", Untried: "it needs a sign-in through one",
		Consequence: "The plan shows the role that the group has then",
	},
}
