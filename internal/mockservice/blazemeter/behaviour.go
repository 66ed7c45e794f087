package blazemeter

// Behaviour holds the switches: what the vendor does not document. See [engine.Switch].
type Behaviour struct {
	MaxPageSize       int    `json:"max_page_size,omitempty" default:"50" min:"-1" help:"the largest page, -1 for no limit; a list without limit has 10 rows"`
	OverMaxPageSize   string `json:"over_max_page_size,omitempty" values:"clamp,refuse" help:"asking for more gets the largest page or a 400"`
	EnabledDefault    string `json:"enabled_default,omitempty" values:"both,enabled" help:"what a workspace's user list without enabled holds"`
	AddExisting       string `json:"add_existing,omitempty" values:"refuse,overwrite,ignore" help:"adding an enabled member is a 400, sets the role, or does nothing"`
	AddDisabled       string `json:"add_disabled,omitempty" values:"refuse,enable,ignore" help:"adding a disabled member is a 400, sets the role and enables, or does nothing"`
	AddSeveral        string `json:"add_several,omitempty" values:"atomic,partial" help:"with several ids of which one is refused, nobody is added, or the others"`
	UpdateNonMember   string `json:"update_non_member,omitempty" values:"404,create" help:"updating somebody who is not in the workspace is a 404 or makes a member"`
	UpdateLastManager string `json:"update_last_manager,omitempty" values:"allow,refuse" help:"lowering or disabling the last enabled manager is done or a 400"`
	UpdatePartial     string `json:"update_partial,omitempty" values:"keep,reset,refuse" help:"an update with one of roles and enabled keeps the other, clears it (no roles; enabled), or is a 400"`
	DisabledRoles     string `json:"disabled_roles,omitempty" values:"keep,clear" help:"a disabled user keeps the roles or loses them"`
	ListResult        string `json:"list_result,omitempty" values:"array,object" help:"the result of lists; an object has rows by id"`
	Hidden            int    `json:"hidden,omitempty" default:"0" help:"so many rows at the end of a workspace's user list are only counted"`
	Total             string `json:"total,omitempty" values:"number,string,n/a,none" help:"how a list tells its total"`
	RowEnabled        string `json:"row_enabled,omitempty" values:"yes,no" help:"if rows of user lists carry enabled"`
}
