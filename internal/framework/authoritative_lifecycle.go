package framework

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

func (r *authoritative) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	run, ok := beginPlan(r.conn, &resp.Diagnostics)
	if !ok {
		return
	}
	var prior, next *peopleModel
	var diags diag.Diagnostics
	c := roster.RolesChange{Private: getPrivate(ctx, req.Private, &resp.Diagnostics)}
	if !req.State.Raw.IsNull() {
		prior, diags = readModel(ctx, r.Authoritative, req.State)
		resp.Diagnostics.Append(diags...)
	}
	if !req.Plan.Raw.IsNull() {
		next, diags = readModel(ctx, r.Authoritative, req.Plan)
		resp.Diagnostics.Append(diags...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if next != nil {
		imported := getText(ctx, req.Private, importedKey, &resp.Diagnostics) != ""
		resp.Diagnostics.Append(r.planLeftOut(ctx, req.Config, prior, next, imported)...)
	}
	if prior != nil {
		c.Prior = r.rolesOf(prior)
	}
	if next != nil {
		if prior != nil {
			r.keepSpelling(prior, next)
		}
		c.Next = r.rolesOf(next)
		r.planID(next)
		r.planTexts(prior, next, nil)
		resp.Diagnostics.Append(r.checkRoles(prior, next, c)...)
		resp.Diagnostics.Append(write(ctx, &resp.Plan.Raw, resp.Plan.Schema, r.fields(next))...)
		c.NoChange = prior != nil && resp.Plan.Raw.Equal(req.State.Raw)
		if !c.Next.WorkspaceUnknown {
			r.Key.setIdentity(ctx, resp.Identity, subject(next), &resp.Diagnostics)
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	planned := roster.RolesPlan{Private: c.PlanPrivate()}
	if run != nil {
		planned = run.PlanRoles(ctx, c)
		resp.Diagnostics.Append(r.diagnostics(next, planned.Findings)...)
	}
	setPrivate(ctx, resp.Private, planned.Private, &resp.Diagnostics)
	if next != nil && len(planned.Texts) > 0 && !resp.Diagnostics.HasError() {
		r.planTexts(prior, next, planned.Texts)
		resp.Diagnostics.Append(write(ctx, &resp.Plan.Raw, resp.Plan.Schema, r.fields(next))...)
	}
	if next != nil && !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.checkIgnored(ctx, run, next)...)
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
	written, diags := readModel(ctx, r.Authoritative, config)
	if diags.HasError() {
		return diags
	}
	for i := range next.maps {
		rm := &next.maps[i]
		if !written.maps[i].roles.IsNull() {
			continue
		}
		rm.unmanage()
		if imported && prior != nil && prior.workspace.Equal(next.workspace) && !prior.maps[i].roles.IsNull() {
			was := &prior.maps[i]
			rm.roles, rm.members, rm.texts, rm.byText = was.roles, was.members, was.texts, was.byText
			rm.leftOut, was.leftOut = true, true
		}
	}
	return nil
}

// applyLeftOut finds the maps that a plan has left as they are, and names them.
func (r *authoritative) applyLeftOut(ctx context.Context, config tfsdk.Config, prior, next *peopleModel) (names string, diags diag.Diagnostics) {
	written, diags := readModel(ctx, r.Authoritative, config)
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
		if rm := &m.maps[i]; slices.Contains(strings.Split(names, ","), rm.Roles.Name) {
			rm.unmanage()
		}
	}
}

// unmanage makes it a map that is not set.
func (rm *roleMap) unmanage() {
	rm.roles, rm.partial = types.MapNull(types.StringType), false
	rm.toSet()
	rm.setTexts(nil)
}

// planID fills in what follows from the workspace.
func (r *authoritative) planID(m *peopleModel) {
	m.id = types.StringUnknown()
	if !m.workspace.IsUnknown() && !m.role.IsUnknown() {
		m.id = types.StringValue(r.Key.ID(subject(m)))
	}
}

func subject(m *peopleModel) Subject {
	return Subject{Workspace: m.workspace.ValueString(), Role: m.role.ValueString()}
}

// checkRoles refuses what only the service can show of a user: no role, and
// several. It may stay as it is, so that what was imported plans clean.
func (r *authoritative) checkRoles(prior, next *peopleModel, c roster.RolesChange) diag.Diagnostics {
	var diags diag.Diagnostics
	if r.ofRole() {
		return nil
	}
	shown := map[membership.Principal]string{}
	if prior != nil && strings.EqualFold(c.Prior.Workspace, c.Next.Workspace) {
		for _, entry := range c.Prior.Entries {
			shown[entry.Principal] = entry.Role
		}
	}
	at := map[membership.Kind]func(string) path.Path{}
	for i := range next.maps {
		at[next.maps[i].Kind] = next.maps[i].entries()
	}
	for _, entry := range c.Next.Entries {
		was, known := shown[entry.Principal]
		if err := r.Roles.given(entry.Role, was, known); err != nil && !entry.RoleUnknown {
			diags.AddAttributeError(at[entry.Kind](entry.ID), roleRefused(fmt.Sprintf("%s %q", entry.Kind, entry.ID)),
				membership.Wrap(membership.Capital(err.Error())+". "+nameARole))
		}
	}
	return diags
}

// checkIgnored refuses a user who is named by id and ignored by e-mail address. Only a
// plan knows which address is whose; [authoritative.validate] compares the ids.
func (r *authoritative) checkIgnored(ctx context.Context, run *roster.Run, next *peopleModel) diag.Diagnostics {
	var diags diag.Diagnostics
	for i := range next.maps {
		rm := &next.maps[i]
		ignored := rm.ignored()
		if rm.Kind != membership.User || rm.leftOut || !slices.ContainsFunc(slices.Collect(maps.Keys(ignored)), isAddress) {
			continue
		}
		emails, at := emailsOf(ctx, run, next.workspace, rm), rm.entries()
		for _, id := range rm.ids() {
			if email := emails[id]; ignored[strings.ToLower(email)] {
				rm.refuseIgnored(&diags, at(id), id, fmt.Sprintf("%s is the e-mail address of %s. ", email, id))
			}
		}
	}
	return diags
}

// emailsOf gives the e-mail addresses of the users of a plan: those that are planned,
// and for whom the tenant does not tell, those in the listing of the workspace.
func emailsOf(ctx context.Context, run *roster.Run, workspace types.String, rm *roleMap) map[string]string {
	texts := rm.texts.Elements() // a copy
	emails := make(map[string]string, len(texts))
	var unknown []string
	for id, e := range texts {
		if email, ok := e.(types.String); ok && !email.IsUnknown() {
			emails[id] = email.ValueString()
			continue
		}
		unknown = append(unknown, id)
	}
	if len(unknown) == 0 || run == nil || workspace.IsUnknown() {
		return emails
	}
	l, err := run.Listing(ctx, workspace.ValueString())
	if err != nil {
		return emails // the plan has said so
	}
	for _, id := range unknown {
		if live, there := l.Member(membership.Principal{Kind: rm.Kind, ID: id}); there {
			emails[id] = live.Email
		}
	}
	return emails
}

// keepSpelling keeps a map of the state that differs from the configuration's
// in case only: that is no change. (A planned map has to be one or the other.)
func (r *authoritative) keepSpelling(prior, next *peopleModel) {
	if strings.EqualFold(prior.role.ValueString(), next.role.ValueString()) {
		next.role = prior.role
	}
	for i := range next.maps {
		before, after := &prior.maps[i], &next.maps[i]
		if !after.partial && sameButCase(before.roles, after.roles) {
			after.roles, after.members = before.roles, before.members
		}
	}
}

func sameButCase(a, b types.Map) bool {
	before, after := a.Elements(), b.Elements() // copies
	if a.IsNull() || a.IsUnknown() || b.IsNull() || b.IsUnknown() || len(before) != len(after) {
		return false
	}
	folded := make(map[string]attr.Value, len(before))
	for id, role := range before {
		folded[strings.ToLower(id)] = role
	}
	for id, role := range after {
		was, ok := folded[strings.ToLower(id)].(types.String)
		is, okIs := role.(types.String)
		if !ok || !okIs || is.IsUnknown() || is.IsNull() || !strings.EqualFold(was.ValueString(), is.ValueString()) {
			return false
		}
	}
	return true
}

// planTexts fills in what people are called: from the prior state where it has
// them, else from the tenant; a principal who is in neither is unknown.
func (r *authoritative) planTexts(prior, next *peopleModel, tenant map[membership.Principal]string) {
	for i := range next.maps {
		rm := &next.maps[i]
		if rm.leftOut {
			continue
		}
		var was map[string]attr.Value
		if prior != nil {
			was = prior.maps[i].texts.Elements()
		}
		rm.setTexts(func(id string) (string, bool) {
			if text, ok := was[id].(types.String); ok && !text.IsUnknown() {
				return text.ValueString(), true
			}
			text, ok := tenant[membership.Principal{Kind: rm.Kind, ID: id}.Fold()]
			return text, ok
		})
		if r.ofRole() && prior != nil && rm.roles.Equal(prior.maps[i].roles) && !rm.partial {
			rm.byText = prior.maps[i].byText // the texts are only read out of it
		}
	}
}

// fillTexts sets what the plan left open from the listing that the apply ended with.
func (r *authoritative) fillTexts(m *peopleModel, l *membership.Listing) {
	r.planID(m)
	for i := range m.maps {
		rm := &m.maps[i]
		if rm.leftOut || !rm.byText.IsUnknown() {
			continue // planned as it is
		}
		known := rm.texts.Elements()
		rm.setTexts(func(id string) (string, bool) {
			if text, ok := known[id].(types.String); ok && !text.IsUnknown() {
				return text.ValueString(), true
			}
			if l == nil {
				return "", true
			}
			live, _ := l.Member(membership.Principal{Kind: rm.Kind, ID: id})
			return called(live), true
		})
	}
}

// store shows those who are there, of the kinds that are managed.
func (r *authoritative) store(m *peopleModel, entries []roster.Entry, l *membership.Listing) {
	r.planID(m)
	for i := range m.maps {
		rm := &m.maps[i]
		if rm.leftOut {
			continue
		}
		if !rm.roles.IsNull() {
			roles := make(map[string]attr.Value, len(entries))
			for _, e := range entries {
				if e.Kind == rm.Kind {
					roles[e.ID] = types.StringValue(e.Role)
				}
			}
			rm.roles = types.MapValueMust(types.StringType, roles)
		}
		rm.partial = false
		rm.toSet()
		rm.setTexts(func(id string) (string, bool) {
			live, _ := l.Member(membership.Principal{Kind: rm.Kind, ID: id})
			return called(live), true
		})
	}
}

func (r *authoritative) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	run, next, ctx, cancel := r.begin(ctx, req.Plan, createTimeout, &resp.Diagnostics)
	if next == nil {
		return
	}
	defer cancel()
	private := roster.Private{}.Applied()
	done := run.ApplyRoles(ctx, roster.RolesChange{Next: r.rolesOf(next), Private: private})
	resp.Diagnostics.Append(r.diagnostics(next, done.Findings)...)
	if resp.Diagnostics.HasError() {
		return // without state: it would be tainted, and what was done is taken over next time
	}
	setPrivate(ctx, resp.Private, private, &resp.Diagnostics)
	r.fillTexts(next, done.Listing)
	resp.Diagnostics.Append(write(ctx, &resp.State.Raw, resp.State.Schema, r.fields(next))...)
	r.Key.setIdentity(ctx, resp.Identity, subject(next), &resp.Diagnostics)
}

func (r *authoritative) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	m, diags := readModel(ctx, r.Authoritative, req.State)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Before 1.12 Terraform takes an identity that is missing after a Read for a
	// fault, even where the resource is gone.
	r.Key.setIdentity(ctx, resp.Identity, subject(m), &resp.Diagnostics)
	run, ctx, cancel := beginRead(ctx, r.conn, m.timeouts, r.Key.ID(subject(m)), &resp.Diagnostics)
	if run == nil {
		return
	}
	defer cancel()
	if names := getText(ctx, req.Private, leftOutKey, &resp.Diagnostics); names != "" {
		r.dropLeftOut(m, names)
		setText(ctx, resp.Private, leftOutKey, "", &resp.Diagnostics)
		setText(ctx, resp.Private, importedKey, "", &resp.Diagnostics)
	}
	private := getPrivate(ctx, req.Private, &resp.Diagnostics)
	private.Imported = r.takeEverything(m)
	got := run.ReadRoles(ctx, *r.rolesOf(m), private)
	resp.Diagnostics.Append(r.diagnostics(m, got.Findings)...)
	setPrivate(ctx, resp.Private, got.Private, &resp.Diagnostics)
	if got.Presence == membership.Absent && !resp.Diagnostics.HasError() {
		resp.State.RemoveResource(ctx)
	}
	if got.Presence != membership.There || resp.Diagnostics.HasError() {
		return // where nothing certain can be said, the state stays as it is
	}
	r.store(m, got.Entries, got.Listing)
	if private.Imported {
		r.leaveEmpty(m)
		setText(ctx, resp.Private, importedKey, "true", &resp.Diagnostics)
	}
	if m.invites.IsNull() {
		m.invites = types.BoolValue(false)
	}
	if m.onRemoval.IsNull() {
		m.onRemoval = types.StringValue(r.Removal.Remove)
	}
	resp.Diagnostics.Append(write(ctx, &resp.State.Raw, resp.State.Schema, r.fields(m))...)
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
			rm.unmanage()
		}
	}
}

func (r *authoritative) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	prior, diags := readModel(ctx, r.Authoritative, req.State)
	resp.Diagnostics.Append(diags...)
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
	wanted := r.rolesOf(next)
	private := getPrivate(ctx, req.Private, &resp.Diagnostics).Applied()
	setPrivate(ctx, resp.Private, private, &resp.Diagnostics)
	done := run.ApplyRoles(ctx, roster.RolesChange{Prior: r.rolesOf(prior), Next: wanted, Private: private})
	resp.Diagnostics.Append(r.diagnostics(next, done.Findings)...)
	switch {
	case !resp.Diagnostics.HasError():
		r.fillTexts(next, done.Listing)
	case done.Listing == nil:
		return // nothing was done and nothing is known: the state stays
	default:
		r.store(next, wanted.Shown(done.Listing), done.Listing)
	}
	resp.Diagnostics.Append(write(ctx, &resp.State.Raw, resp.State.Schema, r.fields(next))...)
	r.Key.setIdentity(ctx, resp.Identity, subject(next), &resp.Diagnostics)
}

// Delete touches nobody.
func (r *authoritative) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	m, diags := readModel(ctx, r.Authoritative, req.State)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if run, _ := r.conn.Usable(); run != nil {
		run.DeleteRoles(*r.rolesOf(m), getPrivate(ctx, req.Private, &resp.Diagnostics))
	}
}

func (r *authoritative) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	r.Key.importState(ctx, req, resp)
}

func (r *authoritative) begin(ctx context.Context, plan tfsdk.Plan, timeout timeoutOf, diags *diag.Diagnostics) (*roster.Run, *peopleModel, context.Context, context.CancelFunc) {
	m, ds := readModel(ctx, r.Authoritative, plan)
	diags.Append(ds...)
	run, ctx, cancel := begin(ctx, r.conn, m.timeouts, timeout, diags)
	if run == nil {
		return nil, nil, ctx, nil
	}
	return run, m, ctx, cancel
}
