package framework

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// Authoritative describes a resource that manages everybody in one workspace.
// M is the product's model of it.
type Authoritative[M any] struct {
	// TypeName is the whole resource type.
	TypeName string
	Schema   func(context.Context) schema.Schema

	// Workspace gives the attribute with the workspace's id.
	Workspace func(*M) *types.String
	// Maps gives the maps of the model, one a kind of principal.
	Maps func(*M) []RoleMap
	// Invites gives the attribute that takes pending invitations in; nil where
	// the product has none.
	Invites  func(*M) *types.Bool
	Timeouts func(*M) timeouts.Value
	// CheckID says what is wrong with an id, CheckRole what with a role.
	CheckID, CheckRole func(string) error
}

// RoleMap is one kind of principal in a model.
type RoleMap struct {
	Kind roster.Kind
	// Name and IgnoreName are the names of the attributes.
	Name, IgnoreName string
	// Roles maps ids to roles, Ignore are the ids that are left alone, and
	// Texts maps ids to what people call them.
	Roles  *types.Map
	Ignore *types.Set
	Texts  *types.Map
}

// entries gives the path of each id's entry, or of the whole map where Terraform
// cannot take that: up to 1.11 at least it crashes ("not a string") on a
// diagnostic about an entry of a map that the configuration writes with a bare
// number or keyword for a key, as in { 352749 = "manager" }. What a key was
// written like is not known here, so one that may have been bare is enough.
func (rm RoleMap) entries() func(id string) path.Path {
	root := path.Root(rm.Name)
	for key := range rm.Roles.Elements() {
		if _, err := strconv.ParseFloat(key, 64); err == nil || key == "true" || key == "false" {
			return func(string) path.Path { return root }
		}
	}
	return root.AtMapKey
}

// workspaceKey is where the private data names the workspace that an instance
// manages once the plan has been applied. The second half of a replacement is
// planned with it.
const workspaceKey = "workspace"

// workspaceAttribute is what every authoritative resource calls its workspace.
const workspaceAttribute = "workspace_id"

// New gives the resource.
func (a Authoritative[M]) New(product string) resource.Resource {
	return &authoritative[M]{Authoritative: a, product: product}
}

// NewList gives none: there is no list of whole workspaces yet.
func (a Authoritative[M]) NewList(string) list.ListResource { return nil }

// Name is for messages that show how a whole workspace is imported.
func (a Authoritative[M]) Name(n *roster.Naming) { n.Authoritative = a.TypeName }

// Carried names the maps of people, which the framework is spared.
func (a Authoritative[M]) Carried() (typeName string, attributes []string) {
	for f := range reflect.TypeFor[M]().Fields() {
		if f.Type == reflect.TypeFor[types.Map]() {
			attributes = append(attributes, f.Tag.Get("tfsdk"))
		}
	}
	return a.TypeName, attributes
}

type authoritative[M any] struct {
	Authoritative[M]
	product string
	conn    *Connection
}

func (r *authoritative[M]) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = r.TypeName
}

func (r *authoritative[M]) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.Authoritative.Schema(ctx)
}

func (r *authoritative[M]) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.conn, resp.Diagnostics = Of(req.ProviderData, r.product)
}

// ValidateConfig checks what the schema cannot: that something is managed, and
// that nobody is named twice.
func (r *authoritative[M]) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	m := new(M)
	resp.Diagnostics.Append(get(ctx, req.Config, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	maps := r.Maps(m)
	if !slices.ContainsFunc(maps, func(rm RoleMap) bool { return !rm.Roles.IsNull() }) {
		var names []string
		for _, rm := range maps {
			names = append(names, rm.Name)
		}
		resp.Diagnostics.AddAttributeError(path.Root(maps[0].Name), "Nothing is managed",
			fmt.Sprintf("At least one of %s has to be set. A map that is left out is not managed; an empty one means that nobody of that kind shall be there.", strings.Join(names, ", ")))
	}
	for _, rm := range maps {
		r.validate(rm, &resp.Diagnostics)
	}
}

// validate checks one map. The schema's own validators for maps are of no use
// here: they report at the entry, see [RoleMap.entries].
func (r *authoritative[M]) validate(rm RoleMap, diags *diag.Diagnostics) {
	ignored := map[string]bool{}
	for _, e := range rm.Ignore.Elements() {
		if id, ok := e.(types.String); ok && !id.IsUnknown() {
			ignored[strings.ToLower(id.ValueString())] = true
		}
	}
	seen := map[string]string{}
	elements, at := rm.Roles.Elements(), rm.entries()
	for _, id := range sortedIDs(rm.Roles) {
		refuse := func(summary, detail string) { diags.AddAttributeError(at(id), summary, detail) }
		who := fmt.Sprintf("%s %q", rm.Kind, id)
		if err := r.CheckID(id); err != nil {
			refuse("Not the id of a "+string(rm.Kind), fmt.Sprintf("In %s %s. The keys of the map are ids as the service tells them.", rm.Name, err))
		}
		role, _ := elements[id].(types.String)
		switch {
		case role.IsUnknown():
		case role.IsNull():
			refuse(fmt.Sprintf("The role of %s is null", who), fmt.Sprintf("In %s every id has a role. Whoever shall have none is left out of the map.", rm.Name))
		default:
			if err := r.CheckRole(role.ValueString()); err != nil {
				refuse(fmt.Sprintf("The role of %s cannot be used", who), fmt.Sprintf("In %s %s. The values of the map are the names of roles.", rm.Name, err))
			}
		}
		k := strings.ToLower(id)
		if other, twice := seen[k]; twice {
			refuse(who+" is named twice", fmt.Sprintf("%q and %q differ in case only, and are one %s. Name it once.", other, id, rm.Kind))
		}
		seen[k] = id
		if ignored[k] {
			refuse(who+" is named and ignored", fmt.Sprintf("It stands in %s and in %s. An ignored %s is never written: take it out of one of the two.", rm.Name, rm.IgnoreName, rm.Kind))
		}
	}
}

func sortedIDs(m *types.Map) []string {
	elements := m.Elements()
	ids := make([]string, 0, len(elements))
	for id := range elements {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// diagnostics turns findings into diagnostics on the attributes of the model;
// m is nil where there is none.
func (r *authoritative[M]) diagnostics(m *M, findings []roster.Finding) diag.Diagnostics {
	if m == nil {
		return Paths{}.Diagnostics(findings)
	}
	var diags diag.Diagnostics
	paths := Paths{roster.AtWorkspace: path.Root(workspaceAttribute)}
	entries := map[roster.Attribute]func(string) path.Path{}
	for _, rm := range r.Maps(m) {
		at := roster.Attribute(rm.Kind + "s")
		paths[at], entries[at] = path.Root(rm.Name), rm.entries()
	}
	for _, f := range findings {
		at := paths
		if entry := entries[f.At]; entry != nil && f.Key != "" {
			at = Paths{f.At: entry(f.Key)}
		}
		diags.Append(at.Diagnostics([]roster.Finding{f})...)
	}
	return diags
}

// setOf says in the core's words what the model says.
func (r *authoritative[M]) setOf(m *M) *roster.Set {
	workspace := r.Workspace(m)
	s := &roster.Set{Workspace: workspace.ValueString(), WorkspaceUnknown: workspace.IsUnknown(), Kinds: map[roster.Kind]roster.Scope{}}
	if r.Invites != nil {
		s.IncludeInvites = r.Invites(m).ValueBool()
	}
	for _, rm := range r.Maps(m) {
		if rm.Roles.IsNull() {
			continue
		}
		s.Kinds[rm.Kind] = scopeOf(rm)
		elements := rm.Roles.Elements()
		for _, id := range sortedIDs(rm.Roles) {
			role, _ := elements[id].(types.String)
			s.Seats = append(s.Seats, roster.Seat{
				Principal:   roster.Principal{Kind: rm.Kind, ID: id},
				Role:        role.ValueString(),
				RoleUnknown: role.IsUnknown(),
			})
		}
	}
	return s
}

func scopeOf(rm RoleMap) roster.Scope {
	scope := roster.Scope{Unknown: rm.Roles.IsUnknown(), IgnoreUnknown: rm.Ignore.IsUnknown()}
	var ids []string
	for _, e := range rm.Ignore.Elements() {
		id, ok := e.(types.String)
		if !ok || id.IsUnknown() {
			scope.IgnoreUnknown = true
			continue
		}
		ids = append(ids, id.ValueString())
	}
	scope.Ignore = roster.NewIgnore(ids...)
	return scope
}

func (r *authoritative[M]) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.conn == nil {
		return // not configured: nothing can be said about people
	}
	run, diags := r.conn.Usable()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	var prior, next *M
	c := roster.SetPlan{}
	if !req.State.Raw.IsNull() {
		prior = new(M)
		resp.Diagnostics.Append(get(ctx, req.State, prior)...)
	}
	if !req.Plan.Raw.IsNull() {
		next = new(M)
		resp.Diagnostics.Append(get(ctx, req.Plan, next)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if prior != nil {
		c.Prior = r.setOf(prior)
	}
	if next != nil {
		if prior != nil {
			r.keepSpelling(prior, next)
		}
		c.Next = r.setOf(next)
		r.planTexts(prior, next, c, nil)
		resp.Diagnostics.Append(set(ctx, &resp.Plan, next)...)
		c.NoChange = prior != nil && resp.Plan.Raw.Equal(req.State.Raw)
	}
	if run == nil || resp.Diagnostics.HasError() {
		return
	}
	c.Second = prior == nil && getText(ctx, req.Private, workspaceKey, &resp.Diagnostics) != ""
	key := ""
	if next != nil {
		key = c.Next.Workspace
		if c.Next.WorkspaceUnknown {
			key = "?" // no workspace's id: known after apply
		}
	}
	planned := run.PlanSet(ctx, c)
	resp.Diagnostics.Append(r.diagnostics(next, planned.Findings)...)
	setText(ctx, resp.Private, workspaceKey, key, &resp.Diagnostics)
	if next == nil || planned.Listing == nil || resp.Diagnostics.HasError() {
		return
	}
	if r.planTexts(prior, next, c, planned.Listing) {
		resp.Diagnostics.Append(set(ctx, &resp.Plan, next)...)
	}
}

// keepSpelling keeps a map of the state that differs from the configuration's
// in case only: that is no change. (A planned map has to be one or the other.)
func (r *authoritative[M]) keepSpelling(prior, next *M) {
	before := r.Maps(prior)
	for i, rm := range r.Maps(next) {
		if sameButCase(*before[i].Roles, *rm.Roles) {
			*rm.Roles = *before[i].Roles
		}
	}
}

func sameButCase(a, b types.Map) bool {
	if a.IsNull() || a.IsUnknown() || b.IsNull() || b.IsUnknown() || len(a.Elements()) != len(b.Elements()) {
		return false
	}
	folded := make(map[string]attr.Value, len(a.Elements()))
	for id, role := range a.Elements() {
		folded[strings.ToLower(id)] = role
	}
	for id, role := range b.Elements() {
		was, ok := folded[strings.ToLower(id)].(types.String)
		is, okIs := role.(types.String)
		if !ok || !okIs || is.IsUnknown() || is.IsNull() || !strings.EqualFold(was.ValueString(), is.ValueString()) {
			return false
		}
	}
	return true
}

// planTexts fills in what people are called: from the prior state where it
// has them, else from the listing; whoever is in neither is unknown. It tells
// whether the listing was of use.
func (r *authoritative[M]) planTexts(prior, next *M, c roster.SetPlan, l *roster.Listing) (used bool) {
	var before []RoleMap
	if prior != nil && !c.Next.WorkspaceUnknown && c.Prior.Workspace == c.Next.Workspace {
		before = r.Maps(prior)
	}
	for i, rm := range r.Maps(next) {
		switch {
		case rm.Roles.IsNull():
			*rm.Texts = types.MapNull(types.StringType)
			continue
		case rm.Roles.IsUnknown():
			*rm.Texts = types.MapUnknown(types.StringType)
			continue
		}
		var was map[string]attr.Value
		if before != nil && !before[i].Texts.IsUnknown() {
			was = before[i].Texts.Elements()
		}
		texts := make(map[string]attr.Value, len(rm.Roles.Elements()))
		for id := range rm.Roles.Elements() {
			texts[id] = types.StringUnknown()
			if text, ok := was[id]; ok {
				texts[id] = text
			} else if l != nil {
				if m, ok := l.Member(roster.Principal{Kind: rm.Kind, ID: id}); ok {
					texts[id], used = types.StringValue(called(m)), true
				}
			}
		}
		*rm.Texts = types.MapValueMust(types.StringType, texts)
	}
	return used
}

// called is what people call a member: a user by the e-mail address, a group
// by its name. It is empty where the service does not tell.
func called(m roster.Member) string {
	if m.Kind == roster.Group {
		return m.Name
	}
	return m.Email
}

// fillTexts sets what the plan left open from the listing that the apply ended with.
func (r *authoritative[M]) fillTexts(m *M, l *roster.Listing) {
	for _, rm := range r.Maps(m) {
		texts := make(map[string]attr.Value, len(rm.Roles.Elements()))
		known := rm.Texts.Elements()
		for id := range rm.Roles.Elements() {
			if text, ok := known[id]; ok && !text.IsUnknown() {
				texts[id] = text
				continue
			}
			text := ""
			if l != nil {
				if m, ok := l.Member(roster.Principal{Kind: rm.Kind, ID: id}); ok {
					text = called(m)
				}
			}
			texts[id] = types.StringValue(text)
		}
		if rm.Roles.IsNull() {
			*rm.Texts = types.MapNull(types.StringType)
			continue
		}
		*rm.Texts = types.MapValueMust(types.StringType, texts)
	}
}

// store shows those who are there, of the kinds that are managed.
func (r *authoritative[M]) store(m *M, seats []roster.Seat, l *roster.Listing) {
	for _, rm := range r.Maps(m) {
		if rm.Roles.IsNull() {
			*rm.Texts = types.MapNull(types.StringType)
			continue
		}
		roles, texts := map[string]attr.Value{}, map[string]attr.Value{}
		for _, seat := range seats {
			if seat.Kind != rm.Kind {
				continue
			}
			roles[seat.ID] = types.StringValue(seat.Role)
			live, _ := l.Member(seat.Principal)
			texts[seat.ID] = types.StringValue(called(live))
		}
		*rm.Roles = types.MapValueMust(types.StringType, roles)
		*rm.Texts = types.MapValueMust(types.StringType, texts)
	}
}

func (r *authoritative[M]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	run, next, ctx, cancel := r.begin(ctx, req.Plan, createTimeout, &resp.Diagnostics)
	if next == nil {
		return
	}
	defer cancel()
	done := run.ApplySet(ctx, nil, *r.setOf(next))
	resp.Diagnostics.Append(r.diagnostics(next, done.Findings)...)
	if resp.Diagnostics.HasError() {
		return // without state: it would be tainted, and what was done is taken over next time
	}
	r.fillTexts(next, done.Listing)
	resp.Diagnostics.Append(set(ctx, &resp.State, next)...)
}

func (r *authoritative[M]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	run, diags := r.conn.Usable()
	resp.Diagnostics.Append(diags...)
	m := new(M)
	resp.Diagnostics.Append(get(ctx, req.State, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	workspace := r.Workspace(m).ValueString()
	if run == nil {
		resp.Diagnostics.AddWarning("Workspace "+workspace+" was not refreshed",
			"The provider's settings are not known yet, so the state is shown as it was. The apply reads what is there.")
		return
	}
	ctx, cancel := within(ctx, r.Timeouts(m), readTimeout, &resp.Diagnostics)
	defer cancel()
	imported := r.takeEverything(m)
	managed := r.setOf(m)
	l, found, findings := run.ReadSet(ctx, *managed)
	resp.Diagnostics.Append(r.diagnostics(m, findings)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !found {
		resp.State.RemoveResource(ctx)
		return
	}
	r.store(m, run.Seated(*managed, l), l)
	if imported {
		r.leaveEmpty(m)
	}
	if r.Invites != nil && r.Invites(m).IsNull() {
		*r.Invites(m) = types.BoolValue(false)
	}
	resp.Diagnostics.Append(set(ctx, &resp.State, m)...)
}

// takeEverything makes a state that was just imported manage every kind.
func (r *authoritative[M]) takeEverything(m *M) bool {
	maps := r.Maps(m)
	for _, rm := range maps {
		if !rm.Roles.IsNull() {
			return false
		}
	}
	for _, rm := range maps {
		*rm.Roles = types.MapValueMust(types.StringType, map[string]attr.Value{})
	}
	return true
}

// leaveEmpty takes a kind of which nobody is there for one that is not
// managed, so that the configuration of an import need not name it. The first
// kind stays: something has to be managed.
func (r *authoritative[M]) leaveEmpty(m *M) {
	for i, rm := range r.Maps(m) {
		if i > 0 && len(rm.Roles.Elements()) == 0 {
			*rm.Roles, *rm.Texts = types.MapNull(types.StringType), types.MapNull(types.StringType)
		}
	}
}

func (r *authoritative[M]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	// What the plan wrote there is of use to a replacement only.
	setText(ctx, resp.Private, workspaceKey, "", &resp.Diagnostics)

	prior := new(M)
	resp.Diagnostics.Append(get(ctx, req.State, prior)...)
	run, next, ctx, cancel := r.begin(ctx, req.Plan, updateTimeout, &resp.Diagnostics)
	if next == nil {
		return
	}
	defer cancel()
	wanted := r.setOf(next)
	done := run.ApplySet(ctx, r.setOf(prior), *wanted)
	resp.Diagnostics.Append(r.diagnostics(next, done.Findings)...)
	switch {
	case !resp.Diagnostics.HasError():
		r.fillTexts(next, done.Listing)
	case done.Listing == nil:
		return // nothing was done and nothing is known: the state stays
	default:
		r.store(next, run.Seated(*wanted, done.Listing), done.Listing)
	}
	resp.Diagnostics.Append(set(ctx, &resp.State, next)...)
}

// Delete touches nobody.
func (r *authoritative[M]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	m := new(M)
	resp.Diagnostics.Append(get(ctx, req.State, m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if run, _ := r.conn.Usable(); run != nil {
		run.DisbandSet(*r.setOf(m))
	}
}

func (r *authoritative[M]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	if err := r.CheckID(req.ID); err != nil {
		resp.Diagnostics.AddError("Not an id to import by", fmt.Sprintf("%s is imported by the id of its workspace. %s.", r.TypeName, capital(err.Error())))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(workspaceAttribute), req.ID)...)
}

func (r *authoritative[M]) begin(ctx context.Context, from getter, timeout timeoutOf, diags *diag.Diagnostics) (*roster.Run, *M, context.Context, context.CancelFunc) {
	return begin(ctx, r.conn, from, r.Timeouts, timeout, diags)
}
