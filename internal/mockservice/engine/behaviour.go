package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Behaviour switches what the vendors do not document. The zero value is the
// default everywhere: what the documents say, else the reading under which a
// careless client does the most harm.
type Behaviour struct {
	Blink      BlinkBehaviour      `json:"blink,omitzero"`
	BlazeMeter BlazeMeterBehaviour `json:"blazemeter,omitzero"`
}

// BlinkBehaviour holds the switches of the Blink side.
type BlinkBehaviour struct {
	// AssignNonMember: what assigning a role to somebody outside of the
	// workspace does: "add" (default), "refuse" (400) or "ignore" (200, nothing happens).
	AssignNonMember string `json:"assign_non_member,omitempty"`
	// RemoveRoute: whether the removal call is there: "on" (default), "404" or "405".
	RemoveRoute string `json:"remove_route,omitempty"`
	// RemoveNonMember: the answer to removing somebody who is not there:
	// "refuse" (400, default), "404" or "ok" (200).
	RemoveNonMember string `json:"remove_non_member,omitempty"`
	// AssignLastOwner: whether lowering the last owner is "refuse"d (400, documented,
	// default) or "allow"ed.
	AssignLastOwner string `json:"assign_last_owner,omitempty"`
	// RemoveLastOwner: whether removing the last owner is "allow"ed (default:
	// the documents only speak of changing the role) or "refuse"d (400).
	RemoveLastOwner string `json:"remove_last_owner,omitempty"`
	// RoleCase: how a role is kept: "as_sent" (default), "capitalised" (the first
	// letter of a built-in role in upper case, custom ones as the seed spells them), or "exact" (a role that is
	// not spelled as the seed spells it is invalid).
	RoleCase string `json:"role_case,omitempty"`
	// UnknownRole: a role that the seed does not list is "refuse"d (400, default) or "accept"ed.
	UnknownRole string `json:"unknown_role,omitempty"`
	// AddExisting: what adding somebody who is a member already does: "keep"
	// (200, role untouched, default), "reset" (200, role set) or "refuse" (400).
	AddExisting string `json:"add_existing,omitempty"`
	// AddRoute: whether the add call is there: "on" (default), "404" or "405".
	AddRoute string `json:"add_route,omitempty"`
	// AddWithRole: whether the add call heeds the role it is sent: "heed" (default) or "ignore" (the
	// last role that the seed lists as built in is given: viewer).
	AddWithRole string `json:"add_with_role,omitempty"`
	// MissingWorkspace: the status for a workspace that does not exist: 404 (default), 400 or 403.
	MissingWorkspace int `json:"missing_workspace,omitempty"`
	// EmptyEntities: the answer to a tenant search without a match: "empty" (200, default) or "404".
	EmptyEntities string `json:"empty_entities,omitempty"`
	// Listing: "all" (default), or "no_owners": the workspace listing shows nobody who is an
	// owner, as for a key that sees a part only.
	Listing string `json:"listing,omitempty"`
}

// BlazeMeterBehaviour holds the switches of the BlazeMeter side.
type BlazeMeterBehaviour struct {
	// MaxPageSize is the largest page that is served; 50 by default, -1 for no limit.
	MaxPageSize int `json:"max_page_size,omitempty"`
	// OverMaxPageSize: asking for more is "clamp"ed (default) or "refuse"d (400).
	OverMaxPageSize string `json:"over_max_page_size,omitempty"`
	// EnabledDefault: what a user list without the enabled parameter holds: "both" (default) or "enabled".
	EnabledDefault string `json:"enabled_default,omitempty"`
	// AddExisting: what adding an enabled member does: "refuse" (400, default), "overwrite" (the role is set) or "ignore" (201, nothing happens).
	AddExisting string `json:"add_existing,omitempty"`
	// AddDisabled: what adding a disabled member does: "refuse" (400, default), "enable" (role set and enabled) or "ignore".
	AddDisabled string `json:"add_disabled,omitempty"`
	// AddSeveral: a call with several ids of which one is refused does nothing ("atomic", default) or adds the others ("partial", 201).
	AddSeveral string `json:"add_several,omitempty"`
	// ListResult: the result of lists as "array" (default) or "object" (rows keyed by id).
	ListResult string `json:"list_result,omitempty"`
	// UpdateNonMember: updating somebody who is not in the workspace is "404" (default) or "create"s a member.
	UpdateNonMember string `json:"update_non_member,omitempty"`
	// UpdateLastManager: whether lowering or disabling the last enabled manager is "allow"ed (default) or "refuse"d (400).
	UpdateLastManager string `json:"update_last_manager,omitempty"`
	// UpdatePartial: an update that carries one of roles and enabled only is accepted ("keep": the other
	// stays, default), resets the other ("reset": no roles, enabled), or is "refuse"d (400).
	UpdatePartial string `json:"update_partial,omitempty"`
	// DisabledRoles: whether a disabled user keeps the roles: "keep" (default) or "clear".
	DisabledRoles string `json:"disabled_roles,omitempty"`
	// Hidden is the number of rows at the end of a workspace's user list that the key cannot see; they are counted in "hidden".
	Hidden int `json:"hidden,omitempty"`
	// Total: how the total is written: "number" (default), "string", "n/a" or "none".
	Total string `json:"total,omitempty"`
	// RowEnabled: whether the rows of user lists carry enabled: "yes" (default) or "no".
	RowEnabled string `json:"row_enabled,omitempty"`
}

// choice is one switch with its words, the default first.
type choice struct {
	path  string
	value *string
	words []string
}

func (b *Behaviour) choices() []choice {
	k, z := &b.Blink, &b.BlazeMeter
	return []choice{
		{"blink.assign_non_member", &k.AssignNonMember, []string{"add", "refuse", "ignore"}},
		{"blink.remove_route", &k.RemoveRoute, []string{"on", "404", "405"}},
		{"blink.remove_non_member", &k.RemoveNonMember, []string{"refuse", "404", "ok"}},
		{"blink.assign_last_owner", &k.AssignLastOwner, []string{"refuse", "allow"}},
		{"blink.remove_last_owner", &k.RemoveLastOwner, []string{"allow", "refuse"}},
		{"blink.role_case", &k.RoleCase, []string{"as_sent", "capitalised", "exact"}},
		{"blink.unknown_role", &k.UnknownRole, []string{"refuse", "accept"}},
		{"blink.add_existing", &k.AddExisting, []string{"keep", "reset", "refuse"}},
		{"blink.add_route", &k.AddRoute, []string{"on", "404", "405"}},
		{"blink.add_with_role", &k.AddWithRole, []string{"heed", "ignore"}},
		{"blink.empty_entities", &k.EmptyEntities, []string{"empty", "404"}},
		{"blink.listing", &k.Listing, []string{"all", "no_owners"}},
		{"blazemeter.over_max_page_size", &z.OverMaxPageSize, []string{"clamp", "refuse"}},
		{"blazemeter.enabled_default", &z.EnabledDefault, []string{"both", "enabled"}},
		{"blazemeter.add_existing", &z.AddExisting, []string{"refuse", "overwrite", "ignore"}},
		{"blazemeter.add_disabled", &z.AddDisabled, []string{"refuse", "enable", "ignore"}},
		{"blazemeter.add_several", &z.AddSeveral, []string{"atomic", "partial"}},
		{"blazemeter.list_result", &z.ListResult, []string{"array", "object"}},
		{"blazemeter.update_non_member", &z.UpdateNonMember, []string{"404", "create"}},
		{"blazemeter.update_last_manager", &z.UpdateLastManager, []string{"allow", "refuse"}},
		{"blazemeter.update_partial", &z.UpdatePartial, []string{"keep", "reset", "refuse"}},
		{"blazemeter.disabled_roles", &z.DisabledRoles, []string{"keep", "clear"}},
		{"blazemeter.total", &z.Total, []string{"number", "string", "n/a", "none"}},
		{"blazemeter.row_enabled", &z.RowEnabled, []string{"yes", "no"}},
	}
}

// number is one switch that is a number.
type number struct {
	path  string
	value *int
	help  string
}

func (b *Behaviour) numbers() []number {
	return []number{
		{"blink.missing_workspace", &b.Blink.MissingWorkspace, "404, 400 or 403"},
		{"blazemeter.max_page_size", &b.BlazeMeter.MaxPageSize, "50, or another number; -1 for no limit"},
		{"blazemeter.hidden", &b.BlazeMeter.Hidden, "0, or how many rows the key cannot see"},
	}
}

// Set sets one switch by its path in JSON, such as "blink.role_case".
func (b *Behaviour) Set(path, value string) error {
	for _, c := range b.choices() {
		if c.path != path {
			continue
		}
		if !slices.Contains(c.words, value) {
			return fmt.Errorf("%q is not one of %s", value, quoted(c.words))
		}
		*c.value = value
		return nil
	}
	for _, n := range b.numbers() {
		if n.path != path {
			continue
		}
		v, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("%q is no whole number", value)
		}
		*n.value = v
		return nil
	}
	return fmt.Errorf("there is no switch %q", path)
}

// BehaviourHelp lists the switches with their values, one a line.
func BehaviourHelp() string {
	var text strings.Builder
	b := new(Behaviour)
	for _, c := range b.choices() {
		_, _ = fmt.Fprintf(&text, "  %-32s %s\n", c.path, strings.Join(c.words, " | "))
	}
	for _, n := range b.numbers() {
		_, _ = fmt.Fprintf(&text, "  %-32s %s\n", n.path, n.help)
	}
	return text.String()
}

const (
	defaultPageLimit   = 10 // what every unpaged sample of the vendor shows
	defaultMaxPageSize = 50
)

// withDefaults gives the behaviour with every switch spelled out.
func (b Behaviour) withDefaults() Behaviour {
	for _, c := range b.choices() {
		if *c.value == "" {
			*c.value = c.words[0]
		}
	}
	if b.Blink.MissingWorkspace == 0 {
		b.Blink.MissingWorkspace = 404
	}
	if b.BlazeMeter.MaxPageSize == 0 {
		b.BlazeMeter.MaxPageSize = defaultMaxPageSize
	}
	return b
}

// validate names the switches that do not have one of their values.
func (b Behaviour) validate() []problem {
	var ps []problem
	for _, c := range b.choices() {
		if *c.value != "" && !slices.Contains(c.words, *c.value) {
			ps = append(ps, problem{"behaviour." + c.path, fmt.Sprintf("%q is not one of %s", *c.value, quoted(c.words))})
		}
	}
	if s := b.Blink.MissingWorkspace; s != 0 && s != 400 && s != 403 && s != 404 {
		ps = append(ps, problem{"behaviour.blink.missing_workspace", fmt.Sprintf("%d is not one of 404, 400, 403", s)})
	}
	if n := b.BlazeMeter.MaxPageSize; n < -1 {
		ps = append(ps, problem{"behaviour.blazemeter.max_page_size", fmt.Sprintf("%d is below -1 (-1 means no limit)", n)})
	}
	if n := b.BlazeMeter.Hidden; n < 0 {
		ps = append(ps, problem{"behaviour.blazemeter.hidden", fmt.Sprintf("%d is negative", n)})
	}
	return ps
}

func quoted(words []string) string {
	q := make([]string, len(words))
	for i, w := range words {
		q[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(q, ", ")
}
