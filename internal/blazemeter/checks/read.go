package checks

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemetercalls"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemeterwire"
	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
)

// strangeID is the id of no workspace.
const strangeID = 2147480009

// Read tries what reading tells.
func (c *checks) Read(ctx context.Context, f *doctor.Findings) error {
	a := c.service.Get(ctx)(blazemetercalls.NewGetWorkspaceRequest(c.server(), c.workspace))
	result, _ := a.Row()["result"].(map[string]any)
	workspace := doctor.Row(result)
	if !a.OK() || workspace == nil {
		return a.Unreadable("BlazeMeter")
	}
	c.service.Conceal("name", workspace.Text("name"))
	c.service.Conceal("id", workspace.Text("accountId"), workspace.Text("userId"))
	if id, err := apiclient.ParseNumericID(workspace.Text("accountId")); err == nil {
		c.account = int64(id)
	}
	enabled, told := workspace.Bool("enabled")
	f.Decide(32, enabled || !told, "enabled: %s", cmp.Or(map[bool]string{true: doctor.YesNo(enabled)}[told], "not told"))

	c.readAccount(ctx, f)
	c.readSelf(ctx, f)
	whole := c.readUsers(ctx, f)
	if whole {
		c.judgeRows(f)
		c.judgeManagers(f)
		c.judgeCount(f, workspace)
		c.readAgain(ctx, f)
	}
	c.readStrange(ctx, f)
	return ctx.Err()
}

// readUsers reads the users of the workspace with each filter and without one.
// It gives false where they cannot be read.
func (c *checks) readUsers(ctx context.Context, f *doctor.Findings) bool {
	yes, no := true, false
	on := c.pages(ctx, c.workspaceUsers(&yes, ""))
	off := c.pages(ctx, c.workspaceUsers(&no, ""))
	all := c.pages(ctx, c.workspaceUsers(nil, ""))
	for _, l := range []list{on, off, all} {
		if l.failed != nil {
			return c.unreadable(f, *l.failed)
		}
	}
	c.complete = true
	for _, l := range []list{on, off, all} {
		c.judgePages(f, l)
	}
	ids, wrong := map[string]bool{}, 0
	for i, l := range []list{on, off} {
		for _, r := range l.rows {
			c.conceal(r)
			p := newPerson(r, i == 1)
			if p.disabled != (i == 1) {
				wrong++
			}
			ids[p.id] = true
			c.users = append(c.users, p)
		}
	}
	more, disabled := 0, 0
	for _, r := range all.rows {
		c.conceal(r)
		if !ids[r.Text("id")] {
			more++
		}
		if slices.ContainsFunc(off.rows, func(o doctor.Row) bool { return o.Text("id") == r.Text("id") }) {
			disabled++
		}
	}
	f.Decide(3, wrong == 0 && more == 0 && disabled == len(off.rows),
		"enabled=true %s, enabled=false %s, %d in the wrong list; without enabled %s, %d of them disabled",
		doctor.Count(len(on.rows), "row"), doctor.Count(len(off.rows), "row"), wrong, doctor.Count(len(all.rows), "row"), disabled)
	return true
}

// unreadable notes that the users of the workspace cannot be read.
func (c *checks) unreadable(f *doctor.Findings, a doctor.Answer) bool {
	switch {
	case a.OK() && a.Row()["error"] == nil:
		f.DoesNotHold(22, "result is %s", doctor.Shape(a.Row()["result"]))
	case a.Status == http.StatusBadRequest:
		f.DoesNotHold(20, "asking for %d rows: %s", pageSize, a)
	}
	for _, n := range []int{3, 4, 10, 11, 18, 19, 20, 21, 22, 28, 31, 34} {
		f.NotTried(n, "the users of the workspace cannot be read: %s", a)
	}
	return false
}

// judgePages looks at the form of a list, and whether it adds up.
func (c *checks) judgePages(f *doctor.Findings, l list) {
	hidden, short, odd := int64(0), 0, 0
	for i, h := range l.heads {
		if n, err := strconv.ParseInt(h.Text("hidden"), 10, 64); err == nil {
			hidden = max(hidden, n)
		}
		if total, err := strconv.ParseInt(h.Text("total"), 10, 64); err != nil || total != int64(len(l.rows)) {
			odd++
		}
		if limit := h.Text("limit"); limit != "" && limit != fmt.Sprint(pageSize) || i == 0 && len(l.heads) > 1 && len(l.rows) < pageSize {
			short++
		}
	}
	if l.cut {
		f.Seen(21, "only the first %s were read", doctor.Count(len(l.rows), "row"))
		c.complete = false
		return
	}
	if odd > 0 || hidden > 0 {
		c.complete = false
	}
	first := l.heads[0]
	f.Decide(21, odd == 0 && hidden == 0, "%s, total %s (%s), hidden %d",
		doctor.Count(len(l.rows), "row"), cmp.Or(first.Text("total"), "none"), doctor.Shape(first["total"]), hidden)
	f.Decide(20, short == 0, "%s in %s, limit %s", doctor.Count(len(l.rows), "row"), doctor.Count(len(l.heads), "page"), cmp.Or(first.Text("limit"), "not told"))
	f.Decide(22, !l.asObject, "result is %s", doctor.Shape(first["result"]))
}

func (c *checks) judgeRows(f *doctor.Findings) {
	if len(c.users) == 0 {
		for _, n := range []int{4, 10, 11, 18, 28, 31} {
			f.NotTried(n, "the workspace lists nobody")
		}
		return
	}
	numbers, roles, shapes := doctor.Tally{}, doctor.Tally{}, doctor.Tally{}
	odd, strange, nameless, disabled, without := 0, 0, 0, 0, 0
	for _, p := range c.users {
		numbers[fmt.Sprint(len(p.roles))]++
		shapes[p.rolesShape]++
		for _, r := range p.roles {
			if blazemeterwire.WorkspaceRole(r).Valid() {
				roles[r]++
			} else {
				strange++
			}
		}
		if _, isNumber := p.Row["id"].(json.Number); !isNumber || client.CheckID(p.id) != nil {
			odd++
		}
		if p.id == "" || p.email == "" {
			nameless++
		}
		if p.disabled {
			disabled++
			if len(p.roles) == 0 {
				without++
			}
		}
	}
	rows := doctor.Count(len(c.users), "user")
	f.Decide(10, numbers["1"] == len(c.users), "users by the number of roles: %s", numbersOf(numbers))
	f.Decide(11, strange == 0, "%s; others %d", roles, strange)
	f.Decide(22, shapes["an array"] == len(c.users), "roles: %s", shapes)
	f.Decide(31, odd == 0, "%s, %d with another id", rows, odd)
	f.Decide(28, nameless == 0, "%s, %d without id or e-mail address", rows, nameless)
	if disabled == 0 {
		f.NotTried(4, "the workspace has no disabled user; -write disables one")
	} else {
		f.Decide(4, without == 0, "%s, %d without a role", doctor.Count(disabled, "disabled user"), without)
	}
}

// numbersOf words a tally of numbers, as in "1 role: 3".
func numbersOf(t doctor.Tally) string {
	words := doctor.Tally{}
	for n, count := range t {
		words[strings.Replace(doctor.Count(map[bool]int{true: 1, false: 2}[n == "1"], "role"), "2", n, 1)+":"] = count
	}
	return words.String()
}

// judgeManagers tells whether the account says of each manager if it has disabled them.
func (c *checks) judgeManagers(f *doctor.Findings) {
	if c.people == nil {
		f.NotTried(18, "the users of the account cannot be read")
		return
	}
	managers, told, blocked, shownEnabled := 0, 0, 0, 0
	for _, p := range c.users {
		there, _ := find(c.people, p.id)
		_, tells := there.Bool("enabled")
		if tells && there.disabled {
			blocked++
			if !p.disabled {
				shownEnabled++
			}
		}
		if p.disabled || !p.manager() {
			continue
		}
		managers++
		if tells {
			told++
		}
	}
	seen := fmt.Sprintf("%s, told of %d; %d users of the workspace are disabled in the account, %d of them listed as enabled",
		doctor.Count(managers, "enabled manager"), told, blocked, shownEnabled)
	if managers == 0 {
		f.NotTried(18, "the workspace lists no enabled manager")
		f.Seen(18, "%s", seen)
		return
	}
	f.Decide(18, told == managers, "%s", seen)
}

func (c *checks) judgeCount(f *doctor.Findings, workspace doctor.Row) {
	enabled := 0
	for _, p := range c.users {
		if !p.disabled {
			enabled++
		}
	}
	count := workspace.Text("membersCount")
	f.Decide(34, count == fmt.Sprint(len(c.users)) || count == fmt.Sprint(enabled), "membersCount %s; %s listed, %d enabled",
		cmp.Or(count, "not told"), doctor.Count(len(c.users), "user"), enabled)
}

// readAgain reads the users twice in small pages, and compares their order.
func (c *checks) readAgain(ctx context.Context, f *doctor.Findings) {
	if len(c.users) < 2 {
		f.NotTried(19, "the workspace lists fewer than two users")
		return
	}
	// At most ten pages, which hold all users of most workspaces.
	limit := max(1, min(pageSize, (len(c.users)+9)/10))
	var orders [3][]string
	for i := range orders {
		for range 10 {
			r, err := c.workspaceUsers(nil, "")(len(orders[i]), limit)
			a := c.service.Get(ctx)(r, err)
			rows, _, ok := rowsOf(a)
			if !ok {
				f.DoesNotHold(20, "asking for %s: %s", doctor.Count(limit, "row"), a)
				return
			}
			if len(rows) > limit {
				f.DoesNotHold(20, "asking for %s gave %d", doctor.Count(limit, "row"), len(rows))
			}
			if len(rows) == 0 {
				break
			}
			for _, row := range rows {
				orders[i] = append(orders[i], row.Text("id"))
			}
		}
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(orders[0])))
	same := slices.Equal(orders[0], orders[1]) && slices.Equal(orders[1], orders[2])
	f.Decide(19, same && len(distinct) == len(orders[0]), "%s in pages of %d, %d of them different; three readings alike: %s",
		doctor.Count(len(orders[0]), "row"), limit, len(distinct), doctor.YesNo(same))
}

// readAccount reads the users of the account, and looks for the workspace in its list.
func (c *checks) readAccount(ctx context.Context, f *doctor.Findings) {
	if c.account == 0 {
		f.NotTried(29, "the workspace does not tell its account")
		return
	}
	l := c.pages(ctx, c.accountUsers(""))
	if l.failed != nil {
		f.NotTried(29, "the users of the account cannot be read: %s", *l.failed)
		return
	}
	c.people = []person{}
	addresses := map[string]int{}
	twice := 0
	for _, r := range l.rows {
		c.conceal(r)
		p := newPerson(r, false)
		c.people = append(c.people, p)
		if email := strings.ToLower(p.email); email != "" {
			if addresses[email]++; addresses[email] == 2 {
				twice++
			}
		}
	}
	f.Decide(29, twice == 0, "%s in the account, %d addresses of several", doctor.Count(len(l.rows), "user"), twice)
}

// readSelf finds out whose the key is.
func (c *checks) readSelf(ctx context.Context, f *doctor.Findings) {
	a := c.service.Get(ctx)(blazemetercalls.NewGetUserRequest(c.server()))
	result, _ := a.Row()["result"].(map[string]any)
	self := doctor.Row(result)
	c.conceal(self)
	if !a.OK() || client.CheckID(self.Text("id")) != nil {
		f.DoesNotHold(13, "%s, with an id: %s", a, doctor.YesNo(self.Text("id") != ""))
		return
	}
	c.self = self.Text("id")
	if c.people == nil {
		f.Holds(13, "%s, with an id; the users of the account cannot be read", a)
		return
	}
	_, listed := find(c.people, c.self)
	f.Decide(13, listed, "%s, with an id, in the account: %s", a, doctor.YesNo(listed))
}

// readStrange asks for what is not there, and without a key.
func (c *checks) readStrange(ctx context.Context, f *doctor.Findings) {
	a := c.service.Get(ctx)(blazemetercalls.NewGetWorkspaceRequest(c.server(), strangeID))
	f.Decide(25, notFound(a), "%s, in BlazeMeter's own form: %s", a, doctor.YesNo(a.Err == nil && a.Said().Own))
	f.Decide(24, sameStatus(a), "%d with the code %d", a.Status, a.Said().Status)
	b := c.service.GetWithoutKey(ctx)(blazemetercalls.NewGetWorkspaceRequest(c.server(), c.workspace))
	f.Decide(24, sameStatus(b), "without a key %d with the code %d", b.Status, b.Said().Status)
	if c.account == 0 {
		return
	}
	l := c.pages(ctx, func(skip, limit int) (*http.Request, error) {
		return blazemetercalls.NewListWorkspacesRequest(c.server(), &blazemeterwire.ListWorkspacesParams{AccountID: c.account, Limit: &limit, Skip: &skip})
	})
	if l.failed != nil {
		f.DoesNotHold(25, "the workspaces of the account: %s", *l.failed)
		return
	}
	listed := slices.ContainsFunc(l.rows, func(r doctor.Row) bool { return r.Text("id") == fmt.Sprint(c.workspace) })
	f.Decide(25, listed || l.cut, "%s in the account, this one among them: %s", doctor.Count(len(l.rows), "workspace"), doctor.YesNo(listed))
}
