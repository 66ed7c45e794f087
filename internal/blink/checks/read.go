package checks

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkcalls"
	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
)

// Read tries what reading tells.
func (c *checks) Read(ctx context.Context, f *doctor.Findings) error {
	a := c.service.Get(ctx)(blinkcalls.NewGetWorkspaceRequest(c.server(), c.workspace))
	workspace := a.Row()
	if !a.OK() || workspace == nil {
		return a.Unreadable("Blink")
	}
	c.service.Conceal("name", workspace.Text("display_name"), workspace.Text("name"))
	c.readSelf(ctx, f)
	c.readTenant(ctx, f)
	if c.readListing(f, workspace) {
		c.judgeOwners(f)
		c.judgeRows(f)
		c.compare(f, workspace)
	}
	c.findSelf(f)
	c.readWorkspaces(ctx, f, workspace)
	c.readStrange(ctx, f)
	return ctx.Err()
}

// readListing tells whether the listing can be used.
func (c *checks) readListing(f *doctor.Findings, workspace doctor.Row) bool {
	rows, ok := doctor.Rows(workspace["entities"])
	if !ok {
		f.DoesNotHold(1, "entities is %s", doctor.Shape(workspace["entities"]))
		return false
	}
	c.take(rows)
	incomplete := 0
	for _, e := range c.rows {
		if e.id == "" {
			incomplete++
		}
	}
	for _, e := range c.others {
		if e.kind == "" {
			incomplete++
		}
	}
	f.Decide(1, incomplete == 0, "an array of %s, %d without type or id", doctor.Count(len(rows), "entity row"), incomplete)
	return true
}

func (c *checks) judgeOwners(f *doctor.Findings) {
	var users, groups, others, active int
	states := doctor.Tally{}
	for _, e := range slices.Concat(c.rows, c.others) {
		switch {
		case !e.owner():
		case e.kind == user:
			users++
			state := c.state(e)
			states[state]++
			if state == "active" || state == "unknown" {
				active++
			}
		case e.kind == group:
			groups++
		default:
			others++
		}
	}
	all := users + groups + others
	f.Decide(18, all > 0, "owner rows: %d of users, %d of groups, %d of other types", users, groups, others)
	switch {
	case users > 0:
		f.Holds(8, "%d of users, %d of groups", users, groups)
	case groups > 0:
		f.DoesNotHold(8, "%d of users, %d of groups", users, groups)
	default:
		f.NotTried(8, "the listing shows no owner who is a user or a group")
	}
	if users == 0 {
		f.NotTried(9, "the listing shows no owner who is a user")
		return
	}
	f.Decide(9, active > 0, "owners who are users: %s", states)
}

// state tells whether a user of the workspace is invited, inactive or active, by
// the word of both listings; "unknown" where the tenant does not tell.
func (c *checks) state(e entity) string {
	p, known := find(c.people, e.kind, e.id)
	invited, _ := e.invited()
	invitedToo, _ := p.invited()
	status := strings.ToLower(p.Text("status"))
	switch {
	case invited, invitedToo, strings.Contains(status, "invit"):
		return "invited"
	case !known || status == "":
		return "unknown"
	case strings.Contains(status, "inactive"):
		return "inactive"
	default:
		return "active"
	}
}

func (c *checks) judgeRows(f *doctor.Findings) {
	types, roles, seen := doctor.Tally{}, doctor.Tally{}, map[string]int{}
	twice, shapeless, custom := 0, 0, 0
	for _, e := range slices.Concat(c.rows, c.others) {
		types[word(e.Text("type"))]++
		if e.kind != user && e.kind != group {
			continue
		}
		if seen[e.kind+"/"+e.id]++; seen[e.kind+"/"+e.id] > 1 {
			twice++
		}
		if _, isText := e.Row["workspace_role"].(string); !isText {
			shapeless++
		}
		if builtIn(e.role) {
			roles[e.role]++
		} else {
			custom++
		}
	}
	f.Decide(17, len(c.others) == 0, "types: %s", types)
	f.Decide(12, twice == 0 && shapeless == 0, "%s, %d of them again for the same principal, %d where the role is not one text",
		doctor.Count(len(c.rows), "row"), twice, shapeless)
	f.Seen(13, "roles are spelled %s; %d custom", roles, custom)
	c.judgeGroups(f)
}

// builtIn tells the roles that the vendor's pages name. Custom ones are only
// counted: their names are the customer's.
func builtIn(role string) bool {
	return slices.ContainsFunc([]string{"owner", "contributor", "viewer", "member"}, func(r string) bool { return strings.EqualFold(r, role) })
}

// word gives an entity's type if it looks like one, for the report.
func word(s string) string {
	if s == "" || len(s) > 30 || strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz_-") != "" {
		return "other"
	}
	return s
}

// judgeGroups looks for members of groups who are listed by themselves as well.
func (c *checks) judgeGroups(f *doctor.Findings) {
	groups, apart, alike := 0, 0, 0
	for _, g := range c.rows {
		if g.kind != group {
			continue
		}
		members, _ := g.Row["members"].([]any)
		if len(members) == 0 {
			continue
		}
		groups++
		for _, m := range members {
			id, _ := m.(string)
			c.service.Conceal("id", id)
			if e, listed := c.member(id); listed && strings.EqualFold(e.role, g.role) {
				alike++
			} else if !listed {
				apart++
			}
		}
	}
	switch {
	case groups == 0:
		f.NotTried(10, "the workspace has no group with members")
	case apart > 0:
		f.Holds(10, "%s with members, of whom %d are not listed by themselves", doctor.Count(groups, "group"), apart)
	case alike > 0:
		f.DoesNotHold(10, "%s with members, of whom all are listed by themselves, %d with the role of the group", doctor.Count(groups, "group"), alike)
	default:
		f.NotTried(10, "all members of groups have a role of their own too")
	}
}

// readTenant reads all of the tenant's listing, with an order where that works.
func (c *checks) readTenant(ctx context.Context, f *doctor.Findings) {
	const limit, mostPages = 1000, 50
	sort := []string{"+entity_id"}
	first := c.page(ctx, 0, limit, sort...)
	if !first.OK() && first.Err == nil {
		f.DoesNotHold(19, "with an order: %s", first)
		sort = nil
		first = c.page(ctx, 0, limit)
	}
	if !first.OK() {
		f.NotTried(19, "the tenant's listing cannot be read: %s", first)
		f.NotTried(20, "the tenant's listing cannot be read: %s", first)
		return
	}
	c.people = []entity{}
	total, pages := first.Row().Text("total"), 0
	for a := first; ; {
		rows, ok := doctor.Rows(a.Row()["results"])
		if !ok {
			f.DoesNotHold(20, "results is %s", doctor.Shape(a.Row()["results"]))
			return
		}
		for _, r := range rows {
			e := entity{Row: r, kind: strings.ToLower(r.Text("entity_type")), id: r.Text("entity_id"), email: r.Text("email")}
			c.conceal(e)
			c.people = append(c.people, e)
		}
		pages++
		if len(rows) == 0 || fmt.Sprint(len(c.people)) == total || pages == mostPages {
			break
		}
		if a = c.page(ctx, len(c.people), limit, sort...); !a.OK() {
			f.DoesNotHold(20, "page %d: %s", pages+1, a)
			return
		}
	}
	inOrder := slices.IsSortedFunc(c.people, func(a, b entity) int { return strings.Compare(a.id, b.id) })
	whole := fmt.Sprint(len(c.people)) == total || pages == mostPages
	asAsked := pages == (max(len(c.people), 1)+limit-1)/limit
	f.Decide(19, sort != nil && inOrder, "%s, in order: %s", doctor.Count(len(c.people), "row"), doctor.YesNo(inOrder))
	f.Decide(20, whole && asAsked, "%d of %s rows in %s of up to %d", len(c.people), cmp.Or(total, "an untold number of"), doctor.Count(pages, "page"), limit)
	c.readSmallPages(ctx, f, sort)

	after := c.page(ctx, len(c.people)+limit, limit, sort...)
	rows, listed := doctor.Rows(after.Row()["results"])
	empty := after.OK() && (listed && len(rows) == 0 || after.Row() != nil && after.Row()["results"] == nil)
	f.Decide(20, empty || notFound(after), "after the last page: %s, %s", after, doctor.Count(len(rows), "row"))
}

// readSmallPages tells whether small pages follow each other.
func (c *checks) readSmallPages(ctx context.Context, f *doctor.Findings, sort []string) {
	if len(c.people) < 2 {
		return
	}
	for i := range 2 {
		a := c.page(ctx, i, 1, sort...)
		rows, _ := doctor.Rows(a.Row()["results"])
		same := len(rows) == 1 && (sort == nil || rows[0].Text("entity_id") == c.people[i].id)
		f.Decide(20, same, "a page of 1 at offset %d: %s, %s", i, a, doctor.Count(len(rows), "row"))
	}
}

// compare holds the listing of the workspace against that of the tenant.
func (c *checks) compare(f *doctor.Findings, workspace doctor.Row) {
	if len(c.people) == 0 {
		for _, n := range []int{15, 31} {
			f.NotTried(n, "the tenant's listing cannot be read")
		}
		return
	}
	byID, byEmail, disagree, untold := 0, 0, 0, 0
	for _, e := range c.rows {
		invited, told := e.invited()
		if !told && e.kind == user {
			untold++
		}
		p, found := find(c.people, e.kind, e.id)
		if !found {
			if e.email != "" && slices.ContainsFunc(c.people, func(p entity) bool { return strings.EqualFold(p.email, e.email) }) {
				byEmail++
			}
			continue
		}
		byID++
		invitedThere, toldThere := p.invited()
		if told && toldThere && invited != invitedThere {
			disagree++
		}
	}
	rows := doctor.Count(len(c.rows), "row")
	switch {
	case len(c.rows) == 0:
		f.NotTried(15, "the workspace has no users and groups")
		f.NotTried(31, "the workspace has no users and groups")
	case byID == 0 && byEmail == 0:
		f.NotTried(15, "the tenant lists nobody of the workspace")
		f.DoesNotHold(31, "the tenant lists none of the %s of the workspace", rows)
	default:
		f.Decide(15, byEmail == 0, "%s: %d in the tenant by id, %d by e-mail address with another id", rows, byID, byEmail)
		f.Holds(31, "%s of the workspace, %d of them in the tenant", rows, byID+byEmail)
	}
	c.compareTenants(f, workspace)

	untoldThere, invitations := 0, 0
	for _, p := range c.people {
		is, told := p.invited()
		if !told && p.kind == user {
			untoldThere++
		}
		if is || strings.Contains(strings.ToLower(p.Text("status")), "invit") {
			invitations++
		}
	}
	f.Decide(16, untold+untoldThere+disagree == 0, "users without is_invite: %d in the workspace, %d in the tenant; %d on which they disagree; %s in the tenant",
		untold, untoldThere, disagree, doctor.Count(invitations, "invitation"))
}

// compareTenants compares the tenants that answers name.
func (c *checks) compareTenants(f *doctor.Findings, workspace doctor.Row) {
	tenants := map[string]bool{}
	for _, r := range []doctor.Row{workspace, c.self} {
		if t := strings.ToLower(r.Text("tenant_id")); t != "" {
			tenants[t] = true
		}
	}
	for _, p := range c.people {
		if t := strings.ToLower(p.Text("tenant_id")); t != "" {
			tenants[t] = true
		}
	}
	for t := range tenants {
		c.service.Conceal("id", t)
	}
	if len(tenants) > 1 {
		f.DoesNotHold(31, "answers name %d tenants", len(tenants))
	}
}

func (c *checks) readSelf(ctx context.Context, f *doctor.Findings) {
	a := c.service.Get(ctx)(blinkcalls.NewGetUserDetailsRequest(c.server()))
	if !a.OK() || a.Row() == nil {
		f.DoesNotHold(30, "GET /user: %s", a)
		return
	}
	c.self = a.Row()
	c.service.Conceal("id", c.self.Text("auth_id"), c.self.Text("inner_id"))
	c.service.Conceal("e-mail", c.self.Text("email"))
	c.service.Conceal("name", c.self.Text("name"))
}

// findSelf finds the key's user in the tenant, as the provider does.
func (c *checks) findSelf(f *doctor.Findings) {
	if c.self == nil {
		return
	}
	_, by, n := c.selfEntity()
	has := doctor.Tally{}
	for _, field := range []string{"email", "auth_id", "inner_id", "tenant_id", "tenant_role"} {
		if c.self.Text(field) != "" {
			has[field]++
		}
	}
	switch {
	case n == 1:
		f.Holds(30, "found by %s; told: %s", by, has)
	case len(c.people) == 0 && c.self.Text("email") != "":
		f.Holds(30, "told by e-mail address, the tenant cannot be read; told: %s", has)
	default:
		f.DoesNotHold(30, "%d in the tenant fit; told: %s", n, has)
	}
}

// selfEntity gives the one entity of the tenant who the key's user is, by what, and
// how many fit.
func (c *checks) selfEntity() (self entity, by string, n int) {
	email := c.self.Text("email")
	inner, auth := c.self.Text("inner_id"), c.self.Text("auth_id")
	for _, way := range []struct {
		name string
		fits func(entity) bool
	}{
		{"e-mail address", func(e entity) bool { return email != "" && strings.EqualFold(e.email, email) }},
		{"inner_id", func(e entity) bool { return inner != "" && e.id == inner }},
		{"auth_id", func(e entity) bool {
			ids, _ := e.Row["auth_ids"].([]any)
			return auth != "" && (e.id == auth || slices.Contains(ids, any(auth)))
		}},
	} {
		found := slices.DeleteFunc(slices.Clone(c.people), func(e entity) bool { return !way.fits(e) })
		if len(found) > 0 {
			return found[0], way.name, len(found)
		}
	}
	return entity{}, "", 0
}

// readWorkspaces looks for the workspace among those of the key's user.
func (c *checks) readWorkspaces(ctx context.Context, f *doctor.Findings, workspace doctor.Row) {
	name := workspace.Text("display_name")
	a := c.service.Get(ctx)(blinkcalls.NewListUserWorkspacesRequest(c.server()))
	if !a.OK() || a.Row() == nil {
		f.DoesNotHold(21, "%s", a)
		f.Decide(22, name != "", "display_name of the workspace told: %s", doctor.YesNo(name != ""))
		return
	}
	var mine doctor.Row
	byKey := false
	for key, v := range a.Row() {
		info, _ := v.(map[string]any)
		c.service.Conceal("name", doctor.Row(info).Text("display_name"), doctor.Row(info).Text("name"))
		if strings.EqualFold(doctor.Row(info).Text("id"), c.workspace) {
			mine, byKey = info, strings.EqualFold(key, c.workspace)
		}
	}
	f.Decide(21, mine != nil, "%s, this one among them: %s, its id is the key of the map: %s", doctor.Count(len(a.Row()), "workspace"), doctor.YesNo(mine != nil), doctor.YesNo(byKey))
	same := mine == nil || mine.Text("display_name") == name
	f.Decide(22, name != "" && same, "told: %s; the same in both calls: %s", doctor.YesNo(name != ""), doctor.YesNo(same))
}

// readStrange asks for what is not there, and without a key.
func (c *checks) readStrange(ctx context.Context, f *doctor.Findings) {
	a := c.service.Get(ctx)(blinkcalls.NewGetWorkspaceRequest(c.server(), strangeID()))
	f.Decide(2, notFound(a), "%s, in Blink's own form: %s", a, doctor.YesNo(a.Err == nil && a.Said().Own))
	a = c.service.GetWithoutKey(ctx)(blinkcalls.NewGetWorkspaceRequest(c.server(), c.workspace))
	f.Decide(28, a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden, "%s", a)
}

// strangeID is a UUID that no workspace has.
func strangeID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
