package framework

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

func (r *authoritative) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.conn == nil {
		return // not configured: nothing can be said about people
	}
	run, ok, diags := r.conn.UsableInPlan()
	resp.Diagnostics.Append(diags...)
	if !ok {
		return
	}
	var prior, next *peopleModel
	c := roster.SetPlan{}
	if !req.State.Raw.IsNull() {
		prior = r.model()
		resp.Diagnostics.Append(read(ctx, req.State, r.fields(prior))...)
	}
	if !req.Plan.Raw.IsNull() {
		next = r.model()
		resp.Diagnostics.Append(read(ctx, req.Plan, r.fields(next))...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if next != nil {
		imported := getText(ctx, req.Private, importedKey, &resp.Diagnostics) != ""
		resp.Diagnostics.Append(r.planLeftOut(ctx, req.Config, prior, next, imported)...)
	}
	if prior != nil {
		c.Prior = r.setOf(prior)
	}
	if next != nil {
		if prior != nil {
			r.keepSpelling(prior, next)
		}
		c.Next = r.setOf(next)
		r.planID(next)
		r.planTexts(prior, next, c, nil)
		resp.Diagnostics.Append(r.checkRoles(prior, next, c)...)
		resp.Diagnostics.Append(r.write(ctx, &resp.Plan.Raw, resp.Plan.Schema, next)...)
		c.NoChange = prior != nil && resp.Plan.Raw.Equal(req.State.Raw)
		if !next.workspace.IsUnknown() {
			r.Key.setIdentity(ctx, resp.Identity, subject(next), &resp.Diagnostics)
		}
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
		resp.Diagnostics.Append(r.write(ctx, &resp.Plan.Raw, resp.Plan.Schema, next)...)
	}
}

// An import takes every kind of principal into the state, since it does not know
// the configuration. A kind that the configuration leaves out is not managed, and
// that it comes out of the state again is no change that a reviewer should see as
// one. So a plan leaves it in the state as it is, and the refresh after the next
// update takes it out.
const (
	// importedKey marks an instance that has not been updated since its import.
	importedKey = "imported"
	// leftOutKey names the maps that the last update left in the state.
	leftOutKey = "left_out"
)

// planLeftOut plans the maps that the configuration leaves out: as none, or as the
// import has left them.
func (r *authoritative) planLeftOut(ctx context.Context, config tfsdk.Config, prior, next *peopleModel, imported bool) diag.Diagnostics {
	written := r.model()
	diags := read(ctx, config, r.fields(written))
	if diags.HasError() {
		return diags
	}
	for i := range next.maps {
		rm := &next.maps[i]
		if !written.maps[i].roles.IsNull() {
			continue
		}
		rm.roles = types.MapNull(types.StringType)
		if imported && prior != nil && prior.workspace.Equal(next.workspace) && !prior.maps[i].roles.IsNull() {
			rm.roles, rm.texts = prior.maps[i].roles, prior.maps[i].texts
			rm.leftOut, prior.maps[i].leftOut = true, true
		}
	}
	return nil
}

// applyLeftOut finds the maps that a plan has left as they are, and names them.
func (r *authoritative) applyLeftOut(ctx context.Context, config tfsdk.Config, prior, next *peopleModel) (names string, diags diag.Diagnostics) {
	written := r.model()
	diags = read(ctx, config, r.fields(written))
	var left []string
	for i := range next.maps {
		if written.maps[i].roles.IsNull() && !next.maps[i].roles.IsNull() {
			next.maps[i].leftOut, prior.maps[i].leftOut = true, true
			left = append(left, next.maps[i].Roles.Name)
		}
	}
	return strings.Join(left, ","), diags
}

// dropLeftOut takes the maps that the last update left in the state out of it.
func (r *authoritative) dropLeftOut(m *peopleModel, names string) {
	for i := range m.maps {
		if slices.Contains(strings.Split(names, ","), m.maps[i].Roles.Name) {
			m.maps[i].roles, m.maps[i].texts = types.MapNull(types.StringType), types.MapNull(types.StringType)
		}
	}
}

// write sets a plan or a state to a model, with what follows from it.
func (r *authoritative) write(ctx context.Context, to *tftypes.Value, schema interface{ Type() attr.Type }, m *peopleModel) diag.Diagnostics {
	for i := range m.maps {
		m.maps[i].byText = rolesByText(m.maps[i].roles, m.maps[i].texts)
	}
	return write(ctx, to, schema, r.fields(m))
}

// rolesByText gives the roles by what people are called. The id stands in for a
// text that is missing, and comes after one that several have. While one text is
// not known, the map is not.
func rolesByText(roles, texts types.Map) types.Map {
	switch {
	case roles.IsNull():
		return types.MapNull(types.StringType)
	case roles.IsUnknown() || texts.IsUnknown():
		return types.MapUnknown(types.StringType)
	}
	held, known := roles.Elements(), texts.Elements()
	called, count := make(map[string]string, len(held)), make(map[string]int, len(held))
	for id := range held {
		text, _ := known[id].(types.String)
		if text.IsUnknown() {
			return types.MapUnknown(types.StringType)
		}
		called[id] = cmp.Or(text.ValueString(), id)
		count[called[id]]++
	}
	byText := make(map[string]attr.Value, len(held))
	for id, role := range held {
		text := called[id]
		if count[text] > 1 {
			text = fmt.Sprintf("%s (%s)", text, id)
		}
		byText[text] = role
	}
	return types.MapValueMust(types.StringType, byText)
}

// planID fills in what follows from the workspace.
func (r *authoritative) planID(m *peopleModel) {
	m.id = types.StringUnknown()
	if !m.workspace.IsUnknown() {
		m.id = types.StringValue(r.Key.ID(subject(m)))
	}
}

func subject(m *peopleModel) Subject { return Subject{Workspace: m.workspace.ValueString()} }

// checkRoles refuses what only the service can show of somebody: no role, and
// several. It may stay as it is, so that what was imported plans clean.
func (r *authoritative) checkRoles(prior, next *peopleModel, c roster.SetPlan) diag.Diagnostics {
	var diags diag.Diagnostics
	shown := map[roster.Principal]string{}
	if prior != nil && c.Prior.Workspace == c.Next.Workspace {
		for _, seat := range c.Prior.Seats {
			shown[seat.Principal] = seat.Role
		}
	}
	at := map[roster.Kind]func(string) path.Path{}
	for i := range next.maps {
		at[next.maps[i].Kind] = next.maps[i].entries()
	}
	for _, seat := range c.Next.Seats {
		was, known := shown[seat.Principal]
		if err := r.Roles.given(seat.Role, was, known); err != nil && !seat.RoleUnknown {
			diags.AddAttributeError(at[seat.Kind](seat.ID), roleRefused(fmt.Sprintf("%s %q", seat.Kind, seat.ID)),
				capital(err.Error())+". "+nameARole)
		}
	}
	return diags
}

// keepSpelling keeps a map of the state that differs from the configuration's
// in case only: that is no change. (A planned map has to be one or the other.)
func (r *authoritative) keepSpelling(prior, next *peopleModel) {
	for i := range next.maps {
		if sameButCase(prior.maps[i].roles, next.maps[i].roles) {
			next.maps[i].roles = prior.maps[i].roles
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
func (r *authoritative) planTexts(prior, next *peopleModel, c roster.SetPlan, l *roster.Listing) (used bool) {
	same := prior != nil && !c.Next.WorkspaceUnknown && c.Prior.Workspace == c.Next.Workspace
	for i := range next.maps {
		rm := &next.maps[i]
		switch {
		case rm.leftOut:
			continue
		case rm.roles.IsNull():
			rm.texts = types.MapNull(types.StringType)
			continue
		case rm.roles.IsUnknown():
			rm.texts = types.MapUnknown(types.StringType)
			continue
		}
		var was map[string]attr.Value
		if same {
			was = prior.maps[i].texts.Elements()
		}
		texts := make(map[string]attr.Value, len(rm.roles.Elements()))
		for id := range rm.roles.Elements() {
			texts[id] = types.StringUnknown()
			if text, ok := was[id]; ok {
				texts[id] = text
			} else if l != nil {
				if m, ok := l.Member(roster.Principal{Kind: rm.Kind, ID: id}); ok {
					texts[id], used = types.StringValue(called(m)), true
				}
			}
		}
		rm.texts = types.MapValueMust(types.StringType, texts)
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
func (r *authoritative) fillTexts(m *peopleModel, l *roster.Listing) {
	r.planID(m)
	for i := range m.maps {
		rm := &m.maps[i]
		if rm.leftOut {
			continue
		}
		texts := make(map[string]attr.Value, len(rm.roles.Elements()))
		known := rm.texts.Elements()
		for id := range rm.roles.Elements() {
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
		if rm.roles.IsNull() {
			rm.texts = types.MapNull(types.StringType)
			continue
		}
		rm.texts = types.MapValueMust(types.StringType, texts)
	}
}

// store shows those who are there, of the kinds that are managed.
func (r *authoritative) store(m *peopleModel, seats []roster.Seat, l *roster.Listing) {
	r.planID(m)
	for i := range m.maps {
		rm := &m.maps[i]
		if rm.leftOut {
			continue
		}
		if rm.roles.IsNull() {
			rm.texts = types.MapNull(types.StringType)
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
		rm.roles = types.MapValueMust(types.StringType, roles)
		rm.texts = types.MapValueMust(types.StringType, texts)
	}
}

func (r *authoritative) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	run, next, ctx, cancel := r.begin(ctx, req.Plan, createTimeout, &resp.Diagnostics)
	if next == nil {
		return
	}
	defer cancel()
	private := roster.Private{}.Applied()
	done := run.ApplySet(ctx, roster.SetApply{Next: *r.setOf(next), Token: private.Instance})
	resp.Diagnostics.Append(r.diagnostics(next, done.Findings)...)
	if resp.Diagnostics.HasError() {
		return // without state: it would be tainted, and what was done is taken over next time
	}
	setText(ctx, resp.Private, instanceKey, private.Instance, &resp.Diagnostics)
	r.fillTexts(next, done.Listing)
	resp.Diagnostics.Append(r.write(ctx, &resp.State.Raw, resp.State.Schema, next)...)
	r.Key.setIdentity(ctx, resp.Identity, subject(next), &resp.Diagnostics)
}

func (r *authoritative) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	m := r.model()
	resp.Diagnostics.Append(read(ctx, req.State, r.fields(m))...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Before 1.12 Terraform takes an identity that is missing after a Read for a
	// fault, even where the resource is gone.
	r.Key.setIdentity(ctx, resp.Identity, subject(m), &resp.Diagnostics)
	run, ok, diags := r.conn.UsableInPlan()
	resp.Diagnostics.Append(diags...)
	if !ok {
		return
	}
	workspace := m.workspace.ValueString()
	if run == nil {
		resp.Diagnostics.AddWarning("Workspace "+workspace+" was not refreshed",
			"The provider's settings are not known yet, so the state is shown as it was. The apply reads what is there.")
		return
	}
	ctx, cancel := within(ctx, m.timeouts, readTimeout, &resp.Diagnostics)
	defer cancel()
	if names := getText(ctx, req.Private, leftOutKey, &resp.Diagnostics); names != "" {
		r.dropLeftOut(m, names)
		setText(ctx, resp.Private, leftOutKey, "", &resp.Diagnostics)
		setText(ctx, resp.Private, importedKey, "", &resp.Diagnostics)
	}
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
		setText(ctx, resp.Private, importedKey, "true", &resp.Diagnostics)
	}
	if m.invites.IsNull() {
		m.invites = types.BoolValue(false)
	}
	resp.Diagnostics.Append(r.write(ctx, &resp.State.Raw, resp.State.Schema, m)...)
}

// takeEverything makes a state that was just imported manage every kind.
func (r *authoritative) takeEverything(m *peopleModel) bool {
	for _, rm := range m.maps {
		if !rm.roles.IsNull() {
			return false
		}
	}
	for i := range m.maps {
		m.maps[i].roles = types.MapValueMust(types.StringType, map[string]attr.Value{})
	}
	return true
}

// leaveEmpty takes a kind of which nobody is there for one that is not
// managed, so that the configuration of an import need not name it. The first
// kind stays: something has to be managed.
func (r *authoritative) leaveEmpty(m *peopleModel) {
	for i := range m.maps {
		rm := &m.maps[i]
		if i > 0 && len(rm.roles.Elements()) == 0 {
			rm.roles, rm.texts = types.MapNull(types.StringType), types.MapNull(types.StringType)
		}
	}
}

func (r *authoritative) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	// What the plan wrote there is of use to a replacement only.
	setText(ctx, resp.Private, workspaceKey, "", &resp.Diagnostics)

	prior := r.model()
	resp.Diagnostics.Append(read(ctx, req.State, r.fields(prior))...)
	run, next, ctx, cancel := r.begin(ctx, req.Plan, updateTimeout, &resp.Diagnostics)
	if next == nil {
		return
	}
	defer cancel()
	leftOut, diags := r.applyLeftOut(ctx, req.Config, prior, next)
	resp.Diagnostics.Append(diags...)
	setText(ctx, resp.Private, leftOutKey, leftOut, &resp.Diagnostics)
	if leftOut == "" {
		setText(ctx, resp.Private, importedKey, "", &resp.Diagnostics)
	}
	wanted := r.setOf(next)
	private := roster.Private{Instance: getText(ctx, req.Private, instanceKey, &resp.Diagnostics)}.Applied()
	setText(ctx, resp.Private, instanceKey, private.Instance, &resp.Diagnostics)
	done := run.ApplySet(ctx, roster.SetApply{Prior: r.setOf(prior), Next: *wanted, Token: private.Instance})
	resp.Diagnostics.Append(r.diagnostics(next, done.Findings)...)
	switch {
	case !resp.Diagnostics.HasError():
		r.fillTexts(next, done.Listing)
	case done.Listing == nil:
		return // nothing was done and nothing is known: the state stays
	default:
		r.store(next, run.Seated(*wanted, done.Listing), done.Listing)
	}
	resp.Diagnostics.Append(r.write(ctx, &resp.State.Raw, resp.State.Schema, next)...)
	r.Key.setIdentity(ctx, resp.Identity, subject(next), &resp.Diagnostics)
}

// Delete touches nobody.
func (r *authoritative) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	m := r.model()
	resp.Diagnostics.Append(read(ctx, req.State, r.fields(m))...)
	if resp.Diagnostics.HasError() {
		return
	}
	if run, _ := r.conn.Usable(); run != nil {
		run.DisbandSet(*r.setOf(m))
	}
}

func (r *authoritative) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	r.Key.importState(ctx, req, resp)
}

func (r *authoritative) begin(ctx context.Context, plan tfsdk.Plan, timeout timeoutOf, diags *diag.Diagnostics) (*roster.Run, *peopleModel, context.Context, context.CancelFunc) {
	m := r.model()
	diags.Append(read(ctx, plan, r.fields(m))...)
	run, ctx, cancel := begin(ctx, r.conn, m.timeouts, timeout, diags)
	if run == nil {
		return nil, nil, ctx, nil
	}
	return run, m, ctx, cancel
}
