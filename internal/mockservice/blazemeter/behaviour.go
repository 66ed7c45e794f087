package blazemeter

import "github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"

// Behaviour holds the switches: what the vendor does not document. See [engine.Switch].
type Behaviour struct {
	// Lists.
	NotFoundForm    string `json:"not_found_form,omitempty" values:"documented,default_backend,no_route,empty,html" help:"how the 404 for a workspace that does not exist looks: the documented envelope, or what an ingress, a gateway, an empty answer or a web page says"`
	MaxPageSize     int    `json:"max_page_size,omitempty" default:"50" min:"-1" help:"the largest page, -1 for no limit; a list without limit has 10 rows"`
	OverMaxPageSize string `json:"over_max_page_size,omitempty" values:"clamp,refuse" help:"asking for more gets the largest page or a 400"`
	ListResult      string `json:"list_result,omitempty" values:"array,object" help:"the result of lists; an object has rows by id"`
	Total           string `json:"total,omitempty" values:"number,string,n/a,none" help:"how a list tells its total"`
	TotalOff        int    `json:"total_off,omitempty" default:"0" min:"-1000000" help:"the total of every list is wrong by so many"`
	Hidden          int    `json:"hidden,omitempty" default:"0" help:"so many rows at the end of a workspace's user list are only counted"`
	HiddenTotal     string `json:"hidden_total,omitempty" values:"visible,all" help:"the total counts the rows that are shown, or the hidden ones too, so that there are too few rows for it"`
	Order           string `json:"order,omitempty" values:"stable,reading,page" help:"a workspace's user list has one order, another one whenever it is read from its start, or another one with each page"`
	EnabledDefault  string `json:"enabled_default,omitempty" values:"both,enabled" help:"what a workspace's user list without enabled holds"`
	RowEnabled      string `json:"row_enabled,omitempty" values:"yes,no" help:"if rows of user lists carry enabled"`
	RolesShape      string `json:"roles_shape,omitempty" values:"array,object,null,missing,empty,several" help:"the roles of rows of user lists are an array, an object with a gap as PHP writes one, null, not there, empty, or one more than there is"`
	Listing         string `json:"listing,omitempty" values:"all,no_managers,none" help:"a workspace's user list shows everybody, nobody who is a manager, or nobody"`
	MembersCount    string `json:"members_count,omitempty" values:"members,enabled,zero,missing" help:"the membersCount of a workspace counts all members, those who are enabled, nobody, or is missing"`
	AccountDisabled string `json:"account_disabled,omitempty" values:"as_workspace,disabled,left_out" help:"a workspace's user list shows a user whom the account has disabled as the workspace has them, as disabled, or not at all"`

	// Writing.
	AddExisting       string          `json:"add_existing,omitempty" values:"refuse,overwrite,ignore" help:"adding an enabled member is a 400, sets the role, or does nothing"`
	AddDisabled       string          `json:"add_disabled,omitempty" values:"refuse,enable,ignore" help:"adding a disabled member is a 400, sets the role and enables, or does nothing"`
	AddSeveral        string          `json:"add_several,omitempty" values:"atomic,partial" help:"with several ids of which one is refused, nobody is added, or the others"`
	UpdateNonMember   string          `json:"update_non_member,omitempty" values:"404,create" help:"updating a user who is not in the workspace is a 404 or makes a member"`
	UpdateDisabled    string          `json:"update_disabled,omitempty" values:"accept,refuse,404" help:"updating a disabled member is done, a 400 or a 404"`
	UpdateLastManager string          `json:"update_last_manager,omitempty" values:"allow,refuse" help:"lowering or disabling the last enabled manager is done or a 400"`
	UpdatePartial     string          `json:"update_partial,omitempty" values:"keep,reset,refuse" help:"an update with one of roles and enabled keeps the other, clears it (no roles; enabled), or is a 400"`
	EnabledScope      string          `json:"enabled_scope,omitempty" values:"workspace,account" help:"enabled of an update holds in the workspace, or reaches the account's row as well"`
	DisabledRoles     string          `json:"disabled_roles,omitempty" values:"keep,clear" help:"a disabled user keeps the roles or loses them"`
	WriteDelay        engine.Duration `json:"write_delay,omitempty" default:"0s" help:"so long after a write the user list still shows what was before it"`
}
