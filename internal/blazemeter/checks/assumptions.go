package checks

import "github.com/tf-roster/terraform-provider-roster/internal/doctor"

// assumptions are what the provider assumes of BlazeMeter. Numbers stay: code and
// documentation refer to them.
var assumptions = []doctor.Assumption{
	{
		Number: 1, Text: "No call deletes a user of a workspace", Untried: "a call that nobody documents is not made",
		Consequence: "Nothing: users are disabled, which BlazeMeter calls the equivalent",
	},
	{
		Number: 2, Text: "No call reads one user of a workspace", Untried: "a call that nobody documents is not made",
		Consequence: "Nothing: the lists are read",
	},
	{
		Number: 3, Text: "A list without enabled shows both states, and with it the one that is asked for",
		Consequence: "Nothing: both states are asked for, and the row's own enabled counts",
	},
	{
		Number: 4, Text: "A disabled user keeps the role",
		Consequence: "Nothing: disabled users have no access, whatever their roles; enabling gives the role again",
	},
	{
		Number: 5, Text: "An update with one of roles and enabled leaves the other as it is", Changes: true,
		Consequence: "Nothing: updates carry both; only a user without a known role is disabled by enabled alone",
	},
	{
		Number: 6, Text: "An update makes nobody a member, and can be repeated", Changes: true,
		Consequence: "Only listed users are updated; an update of a user who has just left may bring them back",
	},
	{
		Number: 7, Text: "Adding a user who is listed changes nothing", Changes: true,
		Consequence: "Listed users are updated, not added; a user who has just joined may get another role",
	},
	{
		Number: 8, Text: "An update enables a disabled user", Changes: true,
		Consequence: "The apply fails with BlazeMeter's message: enable the user by hand",
	},
	{
		Number: 9, Text: "Adding a user by id gives the role that the call carries", Changes: true,
		Consequence: "The list is read back, and the apply fails with what both showed",
	},
	{
		Number: 10, Text: "A user has exactly one role",
		Consequence: "All roles are shown as a difference in the plan; an update sends one",
	},
	{
		Number: 11, Text: "Roles are tester, manager and viewer",
		Consequence: "Others are kept and shown as they are, and cannot be configured",
	},
	{
		Number: 12, Text: "The service may let the last manager be disabled", Untried: "it would take away a workspace's last manager",
		Consequence: "The guard refuses first, whatever the service does",
	},
	{
		Number: 13, Text: "It can be told whose the key is, by an id that the account lists",
		Consequence: "No warning where a plan takes away the key's own access",
	},
	{
		Number: 14, Text: "Account admins have rights in workspaces without being members", Untried: "nothing is concluded from it",
		Consequence: "Nothing: they count as managers only where the list shows them as such",
	},
	{
		Number: 15, Text: "An account admin or a workspace manager may change members", Changes: true,
		Consequence: "The apply fails, and says which right is missing",
	},
	{
		Number: 16, Text: "The call delete-managers is not needed", Untried: "it is not used",
		Consequence: "Nothing: managers are disabled like everybody else",
	},
	{
		Number: 17, Text: "enabled of an update holds for the workspace, not for the whole account", Changes: true,
		Consequence: "Disabling a user here takes away all access to the account: do not use the provider there",
	},
	{
		Number: 18, Text: "The account tells of each manager of the workspace whether it has disabled them",
		Consequence: "A manager whom the account has disabled counts as one",
	},
	{
		Number: 19, Text: "The order of users stays the same",
		Consequence: "Pages overlap, and the list is read again where they do not fit together",
	},
	{
		Number: 20, Text: "A page has up to 50 rows, as many as are asked for",
		Consequence: "Pages are read on by the number of rows received",
	},
	{
		Number: 21, Text: "total counts the rows of a list, and none are hidden",
		Consequence: "With fewer rows than total, the list proves only who is there; without a total it is read to an empty page",
	},
	{
		Number: 22, Text: "The result of a list and the roles of a user are arrays",
		Consequence: "Objects are read too",
	},
	{
		Number: 23, Text: "There may be a rate limit, answered with 429", Untried: "it would have to be provoked",
		Consequence: "Calls to the host pause, as long as the answer says",
	},
	{
		Number: 24, Text: "A failure has the same status in the answer's head and in its body",
		Consequence: "An error in the body counts at any status",
	},
	{
		Number: 25, Text: "A workspace that does not exist is a 404 in BlazeMeter's own form, and one that does is in its account's list",
		Consequence: "It is an error, and nothing leaves the state: remove a deleted workspace from the state by hand",
	},
	{
		Number: 26, Text: "402 is a refusal", Untried: "it cannot be provoked",
		Consequence: "The message is shown, and the call is not repeated",
	},
	{
		Number: 27, Text: "A change shows in the list within 6 seconds", Changes: true,
		Consequence: "The apply fails and says that the change is not proved; the next plan shows what is there",
	},
	{
		Number: 28, Text: "Every user is listed with an id and an e-mail address",
		Consequence: "A row without an id is an error; plans show the id where the address is missing",
	},
	{
		Number: 29, Text: "Within an account, an e-mail address is that of one user",
		Consequence: "Looking up that address is an error that names the ids",
	},
	{
		Number: 30, Text: "A role that an update gives stays", Changes: true,
		Consequence: "The plan shows the difference: roles by single sign-on are managed there",
	},
	{
		Number: 31, Text: "Ids are whole numbers from 1 to 2^63-1",
		Consequence: "The list is refused with an error, and nothing is taken for gone",
	},
	{
		Number: 32, Text: "The workspace is enabled",
		Consequence: "The data sources show it; changes are sent all the same",
	},
	{
		Number: 33, Text: "No call withdraws an invitation", Untried: "invitations are not managed",
		Consequence: "Nothing",
	},
	{
		Number: 34, Text: "membersCount of the workspace counts its users, with or without the disabled ones",
		Consequence: "An empty list cannot be told from one that is not shown",
	},
}
