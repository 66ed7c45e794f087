package blink

// Behaviour holds the switches: what the vendor does not document. See [engine.Switch].
type Behaviour struct {
	AssignNonMember  string `json:"assign_non_member,omitempty" values:"add,refuse,ignore" help:"assigning a role to somebody outside of the workspace adds them, is a 400, or is a 200 that does nothing"`
	AssignLastOwner  string `json:"assign_last_owner,omitempty" values:"refuse,allow" help:"lowering the last owner is a 400 (documented) or done"`
	RemoveRoute      string `json:"remove_route,omitempty" values:"on,404,405" help:"if the removal call is there at all"`
	RemoveLastOwner  string `json:"remove_last_owner,omitempty" values:"allow,refuse" help:"removing the last owner is done or a 400"`
	RemoveNonMember  string `json:"remove_non_member,omitempty" values:"refuse,404,ok" help:"removing somebody who is not there is a 400, a 404 or a 200"`
	RoleCase         string `json:"role_case,omitempty" values:"as_sent,capitalised,exact" help:"roles are kept as sent; or as Owner and custom ones as the seed spells them; or only the seed's spelling is valid"`
	UnknownRole      string `json:"unknown_role,omitempty" values:"refuse,accept" help:"a role that the seed does not list is a 400 or fine"`
	AddRoute         string `json:"add_route,omitempty" values:"on,404,405" help:"if the call that adds entities is there"`
	AddExisting      string `json:"add_existing,omitempty" values:"keep,reset,refuse" help:"adding a member again leaves the role, sets it, or is a 400"`
	AddWithRole      string `json:"add_with_role,omitempty" values:"heed,ignore" help:"the role of the add call is given, or viewer always"`
	MissingWorkspace int    `json:"missing_workspace,omitempty" values:"404,400,403" help:"the status for a workspace that does not exist"`
	EmptyEntities    string `json:"empty_entities,omitempty" values:"empty,404" help:"a tenant search without a match is an empty page or a 404"`
	Listing          string `json:"listing,omitempty" values:"all,no_owners" help:"the workspace listing shows everybody, or nobody who is an owner, as for a key that sees a part"`
}
