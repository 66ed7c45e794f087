package framework

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// Authoritative describes a resource that manages everybody in one workspace, or
// everybody with one role there: its key then has a role.
type Authoritative struct {
	// TypeName is the whole resource type.
	TypeName string
	// Description says in Markdown what the resource does.
	Description string
	// Key names the workspace.
	Key   Key
	Roles RoleNames
	// Kinds are the kinds of principal that a workspace has.
	Kinds []KindOf
	// Invites describes the attribute that takes pending invitations in; empty
	// where the product has none.
	Invites string
	// Removal says what becomes of a user with the role who is not named; it is
	// of use with a role only.
	Removal Exit
	// List describes the list of all workspaces; nil where there is none.
	List *WorkspaceList
}

// ofRole tells whether the resource manages one role.
func (a Authoritative) ofRole() bool { return a.Key.Role.Attribute != "" }

// KindOf describes the attributes for one kind of principal in an
// authoritative resource.
type KindOf struct {
	Kind membership.Kind
	// Required is true where this kind is always managed.
	Required bool
	// ID is what the ids are like.
	ID Form
	// Roles is the map of ids to roles; where one role is managed, the set of ids.
	// Ignore is the set of those who are left alone.
	Roles, Ignore Attribute
	// Texts is the map of ids to what people call them; none where one role is
	// managed. ByText is the map of what people call them to roles, or to ids
	// where one role is managed.
	Texts, ByText Attribute
}

const invitesAttribute = "include_invites"

// peopleModel is the model of an authoritative resource.
type peopleModel struct {
	id, workspace, role types.String
	onRemoval, reassign types.String
	maps                []roleMap // as Authoritative.Kinds
	invites             types.Bool
	timeouts            timeouts.Value
}

// roleMap is one kind of principal in a model.
type roleMap struct {
	KindOf
	// roles and texts are by id. Where one role is managed they are not in the
	// schema: members and byText have what they say.
	roles, texts, byText types.Map
	members, ignore      types.Set
	// partial is true where some ids are not known yet.
	partial bool
	// leftOut is true for what an import has brought into the state and the
	// configuration leaves out: it is shown as it was, and not managed.
	leftOut bool
}

func (a Authoritative) model() *peopleModel {
	m := &peopleModel{}
	for _, k := range a.Kinds {
		m.maps = append(m.maps, roleMap{KindOf: k})
	}
	return m
}

// fields gives the attributes of the resource, and where its model has them.
func (a Authoritative) fields(m *peopleModel) []field {
	fields := []field{
		{idAttribute, &m.id},
		{a.Key.Workspace.Attribute, &m.workspace},
		{timeoutsName, &m.timeouts},
	}
	if a.Invites != "" {
		fields = append(fields, field{invitesAttribute, &m.invites})
	}
	if a.ofRole() {
		fields = append(fields, field{a.Key.Role.Attribute, &m.role}, field{removalAttribute, &m.onRemoval})
		if a.Removal.Reassigns {
			fields = append(fields, field{reassignAttribute, &m.reassign})
		}
	}
	for i := range m.maps {
		rm := &m.maps[i]
		fields = append(fields, field{rm.Ignore.Name, &rm.ignore}, field{rm.ByText.Name, &rm.byText})
		if a.ofRole() {
			fields = append(fields, field{rm.Roles.Name, &rm.members})
			continue
		}
		fields = append(fields, field{rm.Roles.Name, &rm.roles}, field{rm.Texts.Name, &rm.texts})
	}
	return fields
}

// readModel reads a configuration, a plan or a state.
func readModel[S source](ctx context.Context, a Authoritative, from S) (*peopleModel, diag.Diagnostics) {
	m := a.model()
	diags := read(ctx, from, a.fields(m))
	if a.ofRole() && !diags.HasError() {
		m.fromSets()
	}
	return m, diags
}

// fromSets gives everybody in the sets the one role that is managed.
func (m *peopleModel) fromSets() {
	for i := range m.maps {
		rm := &m.maps[i]
		switch {
		case rm.members.IsNull():
			rm.roles = types.MapNull(types.StringType)
			continue
		case rm.members.IsUnknown():
			rm.roles = types.MapUnknown(types.StringType)
			continue
		}
		members := rm.members.Elements() // a copy
		roles := make(map[string]attr.Value, len(members))
		for _, e := range members {
			id, ok := e.(types.String)
			if !ok || id.IsUnknown() {
				rm.partial = true
				continue
			}
			roles[id.ValueString()] = m.role
		}
		rm.roles = types.MapValueMust(types.StringType, roles)
		rm.texts = textsOf(rm.byText)
	}
}

// toSet is the way back: the set of those who have the role. Where the whole
// workspace is managed there is no such set.
func (rm *roleMap) toSet() {
	switch {
	case rm.Texts.Name != "":
		return
	case rm.roles.IsNull():
		rm.members = types.SetNull(types.StringType)
		return
	}
	ids := rm.ids()
	members := make([]attr.Value, len(ids))
	for i, id := range ids {
		members[i] = types.StringValue(id)
	}
	rm.members = types.SetValueMust(types.StringType, members)
}

// entries gives the path of each id's entry, or of the whole map where Terraform
// cannot take that: up to 1.11 at least it crashes ("not a string") on a
// diagnostic about an entry of a map that the configuration writes with a bare
// number or keyword for a key, as in { 352749 = "manager" }. What a key was
// written like is not known here, so one that may have been bare is enough.
func (rm *roleMap) entries() func(id string) path.Path {
	root := path.Root(rm.Roles.Name)
	if rm.Texts.Name == "" {
		return func(string) path.Path { return root } // a set
	}
	for key := range rm.roles.Elements() {
		if _, err := strconv.ParseFloat(key, 64); err == nil || key == "true" || key == "false" {
			return func(string) path.Path { return root }
		}
	}
	return root.AtMapKey
}

// New gives the resource.
func (a Authoritative) New(product string) resource.Resource {
	return &authoritative{Authoritative: a, product: product}
}

// Names tells how the resource is called, and how it is imported.
func (a Authoritative) Names(n *membership.Vocabulary) {
	if !a.ofRole() {
		n.Members = a.TypeName
		return
	}
	n.RoleMembers = a.TypeName
	n.RoleImportID = func(workspace, role string) string { return a.Key.ID(Subject{Workspace: workspace, Role: role}) }
}

type authoritative struct {
	Authoritative
	product string
	conn    *Connection
}

func (r *authoritative) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.TypeName
	resp.ResourceBehavior.MutableIdentity = true // another workspace is another identity
}

// Schema is put together from what the product says of it.
func (r *authoritative) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		r.Key.Workspace.Attribute: keyAttribute(r.Key.Workspace, true),
		idAttribute:               r.Key.idSchema(),
		timeoutsName:              timeoutsAttribute(ctx),
	}
	if r.Invites != "" {
		attributes[invitesAttribute] = defaulted(false, r.Invites)
	}
	if r.ofRole() {
		attributes[r.Key.Role.Attribute] = roleKeyAttribute(r.Key.Role)
		r.Removal.add(attributes, removalAttribute, r.Roles)
	}
	for _, k := range r.Kinds {
		attributes[k.ByText.Name] = schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: k.ByText.Description}
		attributes[k.Ignore.Name] = schema.SetAttribute{
			ElementType: types.StringType, Optional: true, MarkdownDescription: k.Ignore.Description,
			Validators: []validator.Set{orEmail(k.ID).Each()},
		}
		if r.ofRole() {
			attributes[k.Roles.Name] = schema.SetAttribute{
				ElementType: types.StringType, Required: k.Required, Optional: !k.Required, Computed: !k.Required, MarkdownDescription: k.Roles.Description,
				Validators: []validator.Set{k.ID.Each()},
			}
			continue
		}
		attributes[k.Roles.Name] = schema.MapAttribute{
			ElementType: types.StringType, Required: k.Required, Optional: !k.Required, Computed: !k.Required, MarkdownDescription: k.Roles.Description,
		}
		attributes[k.Texts.Name] = schema.MapAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: k.Texts.Description}
	}
	resp.Schema = schema.Schema{MarkdownDescription: r.Description, Attributes: attributes}
}

func (r *authoritative) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = r.Key.IdentitySchema()
}

func (r *authoritative) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.conn, resp.Diagnostics = Of(req.ProviderData, r.product)
}

// ValidateConfig checks what the schema cannot: that something is managed, and
// that nobody is named twice.
func (r *authoritative) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	m, diags := readModel(ctx, r.Authoritative, req.Config)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !slices.ContainsFunc(m.maps, func(rm roleMap) bool { return !rm.roles.IsNull() }) {
		var names []string
		for _, rm := range m.maps {
			names = append(names, rm.Roles.Name)
		}
		resp.Diagnostics.AddAttributeError(path.Root(names[0]), "Nothing is managed",
			fmt.Sprintf("Set at least one of %s. One that is not set is not managed. An empty one removes all members of its kind.", strings.Join(names, ", ")))
	}
	for i := range m.maps {
		r.validate(&m.maps[i], &resp.Diagnostics)
	}
	if to := m.reassign.ValueString(); to != "" && strings.EqualFold(to, m.role.ValueString()) {
		resp.Diagnostics.AddAttributeError(path.Root(reassignAttribute), "reassign_role is the managed role",
			fmt.Sprintf("A member who is no longer named would keep the role %q, and each plan would take it away again. Set another role.", to))
	}
}

// validate checks one map. The schema's own validators for maps are of no use
// here: they report at the entry, see [roleMap.entries].
func (r *authoritative) validate(rm *roleMap, diags *diag.Diagnostics) {
	ignored := rm.ignored()
	name := rm.Roles.Name
	seen := map[string]string{}
	elements, at := rm.roles.Elements(), rm.entries()
	for _, id := range sortedIDs(elements) {
		refuse := func(summary, detail string) { diags.AddAttributeError(at(id), summary, detail) }
		who := fmt.Sprintf("%s %q", rm.Kind, id)
		if err := rm.ID.check(id); err != nil {
			refuse("Not the id of a "+string(rm.Kind), fmt.Sprintf("In %s: %s. The keys of the map are the ids of the service.", name, err))
		}
		role, _ := elements[id].(types.String)
		switch {
		case role.IsUnknown(), r.ofRole():
		case role.IsNull():
			refuse(fmt.Sprintf("The role of %s is null", who), fmt.Sprintf("In %s every id has a role. To give no role, remove the entry.", name))
		default:
			if err := r.Roles.shown(role.ValueString()); err != nil {
				refuse(roleRefused(who), fmt.Sprintf("In %s: %s. The values of the map are the names of roles.", name, err))
			}
		}
		k := strings.ToLower(id)
		if other, twice := seen[k]; twice {
			refuse(who+" is named twice", fmt.Sprintf("%q and %q differ only in case, and are the same %s. Name it once.", other, id, rm.Kind))
		}
		seen[k] = id
		if ignored[k] {
			rm.refuseIgnored(diags, at(id), id, "")
		}
	}
}

// ignored gives the known entries of the set of those who are ignored, in lower case.
func (rm *roleMap) ignored() map[string]bool {
	entries := rm.ignore.Elements() // a copy
	ignored := make(map[string]bool, len(entries))
	for _, e := range entries {
		if text, ok := e.(types.String); ok && !text.IsUnknown() {
			ignored[strings.ToLower(text.ValueString())] = true
		}
	}
	return ignored
}

// refuseIgnored refuses a principal who is named and ignored; why is a sentence
// before the advice.
func (rm *roleMap) refuseIgnored(diags *diag.Diagnostics, at path.Path, id, why string) {
	diags.AddAttributeError(at, fmt.Sprintf("%s %q is named and ignored", rm.Kind, id),
		fmt.Sprintf("%sIt is in %s and in %s. An ignored %s is never written: remove it from one of the two.", why, rm.Roles.Name, rm.Ignore.Name, rm.Kind))
}

// nameARole is the way out for a role that only the service can show of a user.
const nameARole = "Name the role to give. A role like this is accepted only for a member whom the service shows with it already."

func roleRefused(who string) string { return fmt.Sprintf("The role of %s cannot be used", who) }

// ids gives the ids of those who are named, sorted.
func (rm *roleMap) ids() []string { return sortedIDs(rm.roles.Elements()) }

func sortedIDs(elements map[string]attr.Value) []string {
	ids := make([]string, 0, len(elements))
	for id := range elements {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// diagnostics turns findings into diagnostics on the attributes of the model;
// m is nil where there is none.
func (r *authoritative) diagnostics(m *peopleModel, findings []membership.Finding) diag.Diagnostics {
	if m == nil {
		return Paths{}.Diagnostics(findings)
	}
	var diags diag.Diagnostics
	paths := r.Key.Paths()
	entries := map[membership.Attribute]func(string) path.Path{}
	for i := range m.maps {
		rm := &m.maps[i]
		at := membership.Attribute(rm.Kind + "s")
		paths[at], entries[at] = path.Root(rm.Roles.Name), rm.entries()
	}
	for _, f := range findings {
		at := paths
		if entry := entries[f.At]; entry != nil && f.Key != "" {
			at = Paths{f.At: entry(f.Key)}
		}
		diags.Append(at.Diagnostics([]membership.Finding{f})...)
	}
	return diags
}

// rolesOf says in the core's words what the model says.
func (r *authoritative) rolesOf(m *peopleModel) *roster.Roles {
	s := &roster.Roles{
		Workspace: m.workspace.ValueString(), WorkspaceUnknown: m.workspace.IsUnknown() || m.role.IsUnknown(),
		Role: r.Roles.Spelling(m.role.ValueString()), OnRemoval: r.Removal.of(m.onRemoval, m.reassign).To(),
		Kinds: map[membership.Kind]roster.Scope{}, IncludeInvites: m.invites.ValueBool(),
	}
	for i := range m.maps {
		rm := &m.maps[i]
		if rm.roles.IsNull() || rm.leftOut {
			continue
		}
		s.Kinds[rm.Kind] = rm.scope()
		elements := rm.roles.Elements()
		s.Entries = slices.Grow(s.Entries, len(elements))
		for _, id := range sortedIDs(elements) {
			role, _ := elements[id].(types.String)
			s.Entries = append(s.Entries, roster.Entry{
				Principal:   membership.Principal{Kind: rm.Kind, ID: id},
				Role:        r.Roles.Spelling(role.ValueString()),
				RoleUnknown: role.IsUnknown(),
			})
		}
	}
	return s
}

func (rm *roleMap) scope() roster.Scope {
	var ids []string
	unknown := rm.ignore.IsUnknown()
	for _, e := range rm.ignore.Elements() {
		id, ok := e.(types.String)
		if !ok || id.IsUnknown() {
			unknown = true
			continue
		}
		ids = append(ids, id.ValueString())
	}
	ignore := roster.NewIgnore(ids...)
	ignore.Unknown = unknown
	return roster.Scope{Unknown: rm.roles.IsUnknown() || rm.partial, Ignore: ignore}
}

func (r *authoritative) ConfigValidators(context.Context) []resource.ConfigValidator {
	if !r.ofRole() || !r.Removal.Reassigns {
		return nil
	}
	return []resource.ConfigValidator{reassignNeedsRole{removalAttribute}}
}
