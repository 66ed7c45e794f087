package blink

import "github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"

// Behaviour holds the switches: what the vendor does not document. See [engine.Switch].
type Behaviour struct {
	// Reading a workspace.
	MissingWorkspace int    `json:"missing_workspace,omitempty" values:"404,400,403" help:"the status for a workspace that does not exist"`
	NotFoundForm     string `json:"not_found_form,omitempty" values:"documented,status_only,default_backend,no_route,empty,html" help:"how that 404 looks: the documented wrapper, the older one without identifier and details, or what an ingress, a gateway, an empty answer or a web page says"`
	Listing          string `json:"listing,omitempty" values:"all,no_owners" help:"the workspace listing shows everybody, or nobody who is an owner, as for a key that sees a part"`
	EntitiesShape    string `json:"entities_shape,omitempty" values:"list,object,null,missing" help:"the entities of the workspace listing are a list, an object with rows by id, null, or not there"`
	ListingIDs       string `json:"listing_ids,omitempty" values:"entity_id,inner_id" help:"the ids in the workspace listing are those of the tenant and of paths, or others"`
	RoleSpelling     string `json:"role_spelling,omitempty" values:"as_kept,lower,title,upper" help:"the workspace listing spells roles as they are kept, or owner, Owner, OWNER"`
	TypeSpelling     string `json:"type_spelling,omitempty" values:"lower,title,upper" help:"both listings spell entity types user, User or USER"`
	IsInvite         string `json:"is_invite,omitempty" values:"shown,false,missing" help:"who is invited is told by both listings, by the tenant's alone (the workspace's says false), or by neither (the field is missing; the tenant's status says it)"`
	ServiceAccounts  string `json:"service_accounts,omitempty" values:"none,member,owner" help:"both listings show a row of the type service_account, which is a viewer or an owner of every workspace"`

	// Reading the tenant.
	EmptyEntities   string `json:"empty_entities,omitempty" values:"empty,404" help:"a tenant search without a match is an empty page or a 404"`
	EntitiesSort    string `json:"entities_sort,omitempty" values:"heed,ignore,refuse,fail" help:"sort on the tenant's entities is heeded, ignored, a 400 or a 500"`
	MaxPageSize     int    `json:"max_page_size,omitempty" default:"1000" min:"1" help:"the largest page of the tenant's entities; above 1000 is a 400 (documented)"`
	OverMaxPageSize string `json:"over_max_page_size,omitempty" values:"clamp,refuse" help:"asking for more gets the largest page or a 400"`

	// Who the key is.
	UserRoute    string `json:"user_route,omitempty" values:"on,404,405" help:"if there is a call that tells whose the key is"`
	UserEmail    string `json:"user_email,omitempty" values:"shown,empty,missing" help:"the key's user has an e-mail address, an empty one, or none"`
	UserIdentity string `json:"user_identity,omitempty" values:"auth_id,inner_id,neither,missing" help:"the key's user is found in the tenant by auth_id (in auth_ids), by inner_id (the entity_id), by neither, or the fields are missing"`
	UserTenant   string `json:"user_tenant,omitempty" values:"same,other_id,other" help:"the key's user is in the tenant of the workspaces; tells another tenant_id; or has selected another tenant, which all calls without a workspace then answer for"`

	// Writing.
	AssignNonMember string          `json:"assign_non_member,omitempty" values:"add,refuse,ignore" help:"assigning a role to a user outside of the workspace adds them, is a 400, or is a 200 that does nothing"`
	AssignSameRole  string          `json:"assign_same_role,omitempty" values:"accept,refuse" help:"assigning the role that a user has already is a 200 or a 400"`
	AssignLastOwner string          `json:"assign_last_owner,omitempty" values:"refuse,allow" help:"lowering the last owner is a 400 (documented) or done"`
	RoleCase        string          `json:"role_case,omitempty" values:"as_sent,capitalised,exact" help:"roles are kept as sent; or as Owner and custom ones as the seed spells them; or only the seed's spelling is valid"`
	UnknownRole     string          `json:"unknown_role,omitempty" values:"refuse,accept" help:"a role that the seed does not list is a 400 or fine"`
	AddRoute        string          `json:"add_route,omitempty" values:"on,404,405" help:"if the call that adds entities is there"`
	AddExisting     string          `json:"add_existing,omitempty" values:"keep,reset,refuse" help:"adding a member again leaves the role, sets it, or is a 400"`
	AddWithRole     string          `json:"add_with_role,omitempty" values:"heed,ignore" help:"the role of the add call is given, or viewer always"`
	RemoveRoute     string          `json:"remove_route,omitempty" values:"on,404,405" help:"if the removal call is there at all"`
	RemoveLastOwner string          `json:"remove_last_owner,omitempty" values:"allow,refuse" help:"removing the last owner is done or a 400"`
	RemoveNonMember string          `json:"remove_non_member,omitempty" values:"refuse,404,ok" help:"removing a user who is not there is a 400, a 404 or a 200"`
	WriteDelay      engine.Duration `json:"write_delay,omitempty" default:"0s" help:"so long after a write the workspace listing still shows what was before it"`
}
