package blazemeter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

func envelopeOfError(status int, message, requestID string) engine.Answer {
	return engine.JSON(status, envelope{APIVersion: 4, Error: &errorBody{status, message}, RequestID: requestID})
}

// fail and result need s.mu for the request id.
func (s *state) fail(status int, reason string) engine.Answer {
	return envelopeOfError(status, http.StatusText(status)+": "+reason, s.RequestID())
}

func (s *state) result(status int, result any) engine.Answer {
	return engine.JSON(status, envelope{APIVersion: 4, Result: result, RequestID: s.RequestID()})
}

// reach finds the workspace of a call and what the caller may do there.
func (s *state) reach(c *engine.Call, need engine.Right, how *Behaviour) (*workspace, engine.Answer, bool) {
	id := c.Args["workspaceId"]
	if !numeric(id) {
		return nil, s.fail(http.StatusBadRequest, fmt.Sprintf("%q is no workspace id", id)), false
	}
	w := s.find(id)
	if w == nil {
		return nil, engine.NotFound(how.NotFoundForm, s.fail(http.StatusNotFound, "Workspace not found")), false
	}
	if s.rightIn(w, c.Caller) < need {
		return nil, s.fail(http.StatusForbidden, "The API Key does not have permission to perform this action"), false
	}
	return w, engine.Answer{}, true
}

// userRow is a member's row in a list of a workspace or an account, which type names.
func (s *state) userRow(id string, st engine.Standing, typ string, how *Behaviour) userRow {
	known := workspaceRoles
	if typ == "account" {
		known = accountRoles
	}
	r := userRow{
		Roles: rolesIn(how.RolesShape, st.Roles, known), LastAccess: lastAccess, Login: lastLogin, Access: lastAccess, Type: typ,
	}
	if how.RowEnabled == "yes" {
		r.Enabled = &st.Enabled
	}
	if u := s.users[id]; u != nil {
		r.ID, r.Email, r.DisplayName, r.FirstName, r.LastName = u.ID, u.Email, u.DisplayName, u.FirstName, u.LastName
	}
	return r
}

func (s *state) listUsers(c *engine.Call, how *Behaviour) engine.Answer {
	w, refusal, ok := s.reach(c, engine.RightRead, how)
	if !ok {
		return refusal
	}
	l, refusal, ok := s.list(c, how, workspaceRoles)
	if !ok {
		return refusal
	}
	if l.filter.enabled == nil && how.EnabledDefault == "enabled" {
		yes := true
		l.filter.enabled = &yes
	}
	all, current := s.Listing(c, w.Workspace)
	l.hidden = min(how.Hidden, len(all))
	find := func() []engine.Row { return s.shown(w, all[:len(all)-l.hidden], l) }
	var matches []engine.Row
	if current {
		matches = w.pages.get(fmt.Sprint(w.Version(), s.version, *how), l.filter.key(), find)
	} else {
		matches = find()
	}
	if how.HiddenTotal == "all" {
		l.uncounted = len(s.shown(w, all[len(all)-l.hidden:], l))
	}
	if how.Order != "stable" {
		key := l.filter.key()
		if how.Order == "page" || l.skip == 0 {
			w.turns[key]++
		}
		matches = turned(matches, w.turns[key])
	}
	return answer(s, l, matches, func(r engine.Row) (string, any) { return r.ID, s.userRow(r.ID, r.Standing, "workspace", how) })
}

// shown gives the rows of a workspace that a list shows.
func (s *state) shown(w *workspace, rows []engine.Row, l list) []engine.Row {
	var found []engine.Row
	for _, r := range rows {
		if l.how.Listing == "none" || l.how.Listing == "no_managers" && r.HasRole("manager") {
			continue
		}
		if s.disabledInAccount(w, r.ID) {
			if l.how.AccountDisabled == "left_out" {
				continue
			}
			r.Enabled = r.Enabled && l.how.AccountDisabled == "as_workspace"
		}
		if l.filter.matches(s.emailOf(r.ID), r.Roles, r.Enabled) {
			found = append(found, r)
		}
	}
	return found
}

func (s *state) emailOf(id string) string {
	if u := s.users[id]; u != nil {
		return u.Email
	}
	return ""
}

func (s *state) updateUser(c *engine.Call, how *Behaviour) engine.Answer {
	w, refusal, ok := s.reach(c, engine.RightWrite, how)
	if !ok {
		return refusal
	}
	id := c.Args["userId"]
	if !numeric(id) {
		return s.fail(http.StatusBadRequest, fmt.Sprintf("%q is no user id", id))
	}
	var body struct {
		Roles   *[]string `json:"roles"`
		Enabled *bool     `json:"enabled"`
	}
	now := w.StandingOf(user(id))
	wanted := engine.Row{Key: user(id), Standing: now}
	no := func(status int, reason string) engine.Answer {
		s.Refuse(c, w.Workspace, wanted, reason)
		return s.fail(status, reason)
	}
	if err := json.Unmarshal(c.Body, &body); err != nil {
		return no(http.StatusBadRequest, "the body is no JSON object with roles and enabled")
	}
	if body.Roles != nil {
		wanted.Roles = *body.Roles
	}
	if body.Enabled != nil {
		wanted.Enabled = *body.Enabled
	}
	if body.Roles == nil || body.Enabled == nil {
		switch {
		case body.Roles == nil && body.Enabled == nil, how.UpdatePartial == "refuse":
			return no(http.StatusBadRequest, "roles and enabled are required")
		case how.UpdatePartial == "reset" && body.Roles == nil:
			wanted.Roles = nil
		case how.UpdatePartial == "reset":
			wanted.Enabled = true
		}
	}
	if body.Roles != nil {
		if len(*body.Roles) != 1 {
			return no(http.StatusBadRequest, "exactly one role should be assigned")
		}
		if r := (*body.Roles)[0]; !slices.Contains(workspaceRoles, r) {
			return no(http.StatusBadRequest, fmt.Sprintf("there is no role %q", r))
		}
	}
	if !wanted.Enabled && how.DisabledRoles == "clear" {
		wanted.Roles = nil
	}
	switch {
	case now.Present && !now.Enabled && how.UpdateDisabled == "refuse":
		return no(http.StatusBadRequest, "User is disabled in workspace")
	case now.Present && !now.Enabled && how.UpdateDisabled == "404":
		return no(http.StatusNotFound, "User not found in workspace")
	case !now.Present && how.UpdateNonMember == "404":
		wanted.Present = true
		return no(http.StatusNotFound, "User not found in workspace")
	case !now.Present:
		wanted.Present = true
		if s.accountRight(w.account, id) == engine.RightNone {
			return no(http.StatusBadRequest, "User is not a member of the account")
		}
	case how.UpdateLastManager == "refuse" && s.IsLastOwner(w.Workspace, wanted.Key) && !(wanted.Enabled && wanted.HasRole("manager")):
		return no(http.StatusBadRequest, "a workspace must have at least one manager")
	}
	s.write(c, w, wanted, how)
	if a := s.accounts[w.account].users[id]; a != nil && body.Enabled != nil && how.EnabledScope == "account" {
		a.Disabled = !*body.Enabled
		s.version++
		s.Recount()
	}
	r := s.userRow(id, wanted.Standing, "workspace", how)
	return s.result(http.StatusOK, updatedUser{r.ID, r.Roles, wanted.Enabled, r.LastAccess, r.Type, r.DisplayName, r.Login, r.Email})
}

// write does what a call asks for; listings show it late, where a switch says so.
func (s *state) write(c *engine.Call, w *workspace, after engine.Row, how *Behaviour) {
	c.Delay = time.Duration(how.WriteDelay)
	s.Write(c, w.Workspace, after)
}

func (s *state) addUsers(c *engine.Call, how *Behaviour) engine.Answer {
	w, refusal, ok := s.reach(c, engine.RightWrite, how)
	if !ok {
		return refusal
	}
	var body struct {
		UsersIDs []int64  `json:"usersIds"`
		Roles    []string `json:"roles"`
	}
	if err := json.Unmarshal(c.Body, &body); err != nil || len(body.UsersIDs) == 0 || len(body.Roles) != 1 {
		return s.fail(http.StatusBadRequest, "usersIds and exactly one of roles are required")
	}
	wanted := engine.Holds(body.Roles...)
	reasons := make([]string, len(body.UsersIDs))
	ignored := make([]bool, len(body.UsersIDs))
	allGood, anyGood := true, false
	for i, n := range body.UsersIDs {
		id := idText(n)
		now := w.StandingOf(user(id))
		switch {
		case !slices.Contains(workspaceRoles, body.Roles[0]):
			reasons[i] = fmt.Sprintf("there is no role %q", body.Roles[0])
		case s.accounts[w.account].users[id] == nil:
			reasons[i] = "User is not a member of the account"
		case now.Present && now.Enabled:
			if how.AddExisting == "refuse" {
				reasons[i] = "User is already a member on this workspace"
			}
			ignored[i] = how.AddExisting == "ignore"
			if how.AddExisting == "overwrite" && how.UpdateLastManager == "refuse" && s.IsLastOwner(w.Workspace, user(id)) && !wanted.HasRole("manager") {
				reasons[i] = "a workspace must have at least one manager"
			}
		case now.Present:
			if how.AddDisabled == "refuse" {
				reasons[i] = "User is already a member on this workspace"
			}
			ignored[i] = how.AddDisabled == "ignore"
		}
		allGood = allGood && reasons[i] == ""
		anyGood = anyGood || reasons[i] == ""
	}
	proceed := allGood || anyGood && how.AddSeveral == "partial"
	rows, firstReason := []userRow{}, ""
	for i, n := range body.UsersIDs {
		row := engine.Row{Key: user(idText(n)), Standing: wanted}
		switch {
		case reasons[i] != "" || !proceed:
			if firstReason == "" {
				firstReason = reasons[i]
			}
			s.Refuse(c, w.Workspace, row, reasons[i])
			continue
		case ignored[i]:
			s.Ignore(c, w.Workspace, row, "a member already")
		default:
			s.write(c, w, row, how)
		}
		rows = append(rows, s.added(row.ID, w.StandingOf(row.Key), how))
	}
	if !proceed {
		return s.fail(http.StatusBadRequest, firstReason)
	}
	return s.result(http.StatusCreated, rows)
}

func (s *state) added(id string, st engine.Standing, how *Behaviour) userRow {
	r := s.userRow(id, st, "workspace", how)
	r.Enabled = &st.Enabled
	r.MemberID = &memberID{fmt.Sprintf("%024x", r.ID)}
	return r
}

func (s *state) user(c *engine.Call, _ *Behaviour) engine.Answer {
	u := s.users[c.Caller]
	if u == nil {
		return s.fail(http.StatusNotFound, "User not found")
	}
	return s.result(http.StatusOK, self{
		ID: u.ID, Email: u.Email, DisplayName: u.DisplayName, Access: lastAccess, Login: lastLogin,
		FirstName: u.FirstName, LastName: u.LastName, Enabled: true, Roles: []string{"user", "new-billing", "authenticated"},
	})
}

func (s *state) listAccounts(c *engine.Call, how *Behaviour) engine.Answer {
	l, refusal, ok := s.list(c, how, nil)
	if !ok {
		return refusal
	}
	rows := []accountRow{}
	for _, id := range s.accountIDs {
		if s.accountRight(id, c.Caller) > engine.RightNone {
			rows = append(rows, s.accounts[id].row())
		}
	}
	return answer(s, l, rows, func(r accountRow) (string, any) { return idText(r.ID), r })
}

func (a *account) row() accountRow {
	return accountRow{parseID(a.id), a.name}
}

// reachAccount finds an account and what the caller may do there.
func (s *state) reachAccount(c *engine.Call, id string, need engine.Right) (*account, engine.Answer, bool) {
	a := s.accounts[id]
	if a == nil {
		return nil, s.fail(http.StatusNotFound, "Account not found"), false
	}
	if s.accountRight(id, c.Caller) < need {
		return nil, s.fail(http.StatusForbidden, "The API Key does not have permission to perform this action"), false
	}
	return a, engine.Answer{}, true
}

func (s *state) listAccountUsers(c *engine.Call, how *Behaviour) engine.Answer {
	a, refusal, ok := s.reachAccount(c, c.Args["accountId"], engine.RightWrite)
	if !ok {
		return refusal
	}
	l, refusal, ok := s.list(c, how, accountRoles)
	if !ok {
		return refusal
	}
	matches := a.pages.get(fmt.Sprint(s.version), l.filter.key(), func() []string {
		var found []string
		for _, id := range a.order {
			if u := a.users[id]; l.filter.matches(s.emailOf(id), u.Roles, !u.Disabled) {
				found = append(found, id)
			}
		}
		return found
	})
	return answer(s, l, matches, func(id string) (string, any) {
		u := a.users[id]
		return id, s.userRow(id, engine.Standing{Present: true, Roles: u.Roles, Enabled: !u.Disabled}, "account", how)
	})
}

func (s *state) workspaceRow(w *workspace, how *Behaviour) workspaceRow {
	r := workspaceRow{
		ID: parseID(w.ID), Name: w.DisplayName, Created: w.created, Updated: w.created, Enabled: !w.disabled,
		MembersCount: membersCount(w, how), Allowance: allowance{Type: "credits"}, AccountID: parseID(w.account),
	}
	if rows := w.Members(); len(rows) > 0 {
		if u := s.users[rows[0].ID]; u != nil {
			r.UserID, r.Owner = u.ID, owner{u.ID, u.Email, u.DisplayName}
		}
	}
	return r
}

func membersCount(w *workspace, how *Behaviour) *int {
	n := w.Len()
	switch how.MembersCount {
	case "enabled":
		n = 0
		for _, r := range w.Members() {
			if r.Enabled {
				n++
			}
		}
	case "zero":
		n = 0
	case "missing":
		return nil
	}
	return &n
}

func (s *state) listWorkspaces(c *engine.Call, how *Behaviour) engine.Answer {
	account := c.Request.URL.Query().Get("accountId")
	if !numeric(account) {
		return s.fail(http.StatusBadRequest, "accountId is required")
	}
	if _, refusal, ok := s.reachAccount(c, account, engine.RightRead); !ok {
		return refusal
	}
	l, refusal, ok := s.list(c, how, nil)
	if !ok {
		return refusal
	}
	rows := []workspaceRow{}
	for _, shared := range s.All() {
		w := s.workspaces[shared.ID]
		if w.account == account && s.rightIn(w, c.Caller) > engine.RightNone && l.filter.matches(w.DisplayName, nil, !w.disabled) {
			rows = append(rows, s.workspaceRow(w, how))
		}
	}
	return answer(s, l, rows, func(r workspaceRow) (string, any) { return idText(r.ID), r })
}

func (s *state) getWorkspace(c *engine.Call, how *Behaviour) engine.Answer {
	w, refusal, ok := s.reach(c, engine.RightRead, how)
	if !ok {
		return refusal
	}
	r := s.workspaceRow(w, how)
	r.Locations = &[]any{}
	return s.result(http.StatusOK, r)
}
