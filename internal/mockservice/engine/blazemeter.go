package engine

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The shapes of the BlazeMeter API, written here from the vendor's pages and
// not taken from any client.

type bzmEnvelope struct {
	Limit      *int          `json:"limit,omitempty"`
	Skip       *int          `json:"skip,omitempty"`
	Total      any           `json:"total,omitempty"`
	Hidden     *int          `json:"hidden,omitempty"`
	APIVersion int           `json:"api_version"`
	Error      *bzmErrorBody `json:"error"`
	Result     any           `json:"result"`
	RequestID  string        `json:"request_id,omitempty"`
}

type bzmErrorBody struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type bzmMemberID struct {
	OID string `json:"$oid"`
}

// bzmUserRow is a user in a list, and what adding one answers.
type bzmUserRow struct {
	ID          int64        `json:"id"`
	Email       string       `json:"email"`
	DisplayName string       `json:"displayName"`
	FirstName   string       `json:"firstName"`
	LastName    string       `json:"lastName"`
	Login       int64        `json:"login"`
	Access      int64        `json:"access"`
	Roles       []string     `json:"roles"`
	Enabled     *bool        `json:"enabled,omitempty"`
	LastAccess  int64        `json:"lastAccess"`
	Type        string       `json:"type"`
	MemberID    *bzmMemberID `json:"memberId,omitempty"`
}

// bzmUpdated is what an update answers: fewer fields than a list's row.
type bzmUpdated struct {
	ID          int64    `json:"id"`
	Roles       []string `json:"roles"`
	Enabled     bool     `json:"enabled"`
	LastAccess  int64    `json:"lastAccess"`
	Type        string   `json:"type"`
	DisplayName string   `json:"displayName"`
	Login       int64    `json:"login"`
	Email       string   `json:"email"`
}

type bzmWorkspaceRow struct {
	ID                      int64        `json:"id"`
	Name                    string       `json:"name"`
	UserID                  int64        `json:"userId"`
	Created                 int64        `json:"created"`
	Updated                 int64        `json:"updated"`
	Enabled                 bool         `json:"enabled"`
	DedicatedIpsEnabled     bool         `json:"dedicatedIpsEnabled"`
	PrivateLocationsEnabled bool         `json:"privateLocationsEnabled"`
	Owner                   bzmOwner     `json:"owner"`
	MembersCount            int          `json:"membersCount"`
	Allowance               bzmAllowance `json:"allowance"`
	AccountID               int64        `json:"accountId"`
	Locations               *[]any       `json:"locations,omitempty"`
}

type bzmOwner struct {
	ID          int64  `json:"id"`
	Email       string `json:"email"`
	DisplayName string `json:"displayName"`
}

type bzmAllowance struct {
	Amount int    `json:"amount"`
	Type   string `json:"type"`
}

type bzmAccountRow struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

type bzmSelf struct {
	ID          int64    `json:"id"`
	Email       string   `json:"email"`
	DisplayName string   `json:"displayName"`
	Access      int64    `json:"access"`
	Login       int64    `json:"login"`
	FirstName   string   `json:"firstName"`
	LastName    string   `json:"lastName"`
	Timezone    int      `json:"timezone"`
	Enabled     bool     `json:"enabled"`
	Roles       []string `json:"roles"`
}

// Times that never change, so that listings compare equal; clients must not keep them anyway.
const (
	bzmLogin  = 1570322423
	bzmAccess = 1573503678
)

func bzmError(status int, message, requestID string) answer {
	return jsonAnswer(status, bzmEnvelope{APIVersion: 4, Error: &bzmErrorBody{status, message}, RequestID: requestID})
}

// bzmFail and bzmResult need s.mu for the request id.
func (s *Server) bzmFail(status int, reason string) answer {
	return bzmError(status, http.StatusText(status)+": "+reason, s.nextRequestID())
}

func (s *Server) bzmResult(status int, result any) answer {
	return jsonAnswer(status, bzmEnvelope{APIVersion: 4, Result: result, RequestID: s.nextRequestID()})
}

// paging is what a list was asked for and what it will serve.
type paging struct{ limit, skip int }

func (s *Server) bzmPaging(q url.Values) (paging, answer, bool) {
	p := paging{limit: defaultPageLimit}
	for name, into := range map[string]*int{"limit": &p.limit, "skip": &p.skip} {
		if !q.Has(name) {
			continue
		}
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || n < 0 || name == "limit" && n == 0 {
			return p, s.bzmFail(http.StatusBadRequest, fmt.Sprintf("%s %q is not valid", name, q.Get(name))), false
		}
		*into = n
	}
	how := s.behaviour.BlazeMeter
	if how.MaxPageSize > 0 && p.limit > how.MaxPageSize {
		if how.OverMaxPageSize == "refuse" {
			return p, s.bzmFail(http.StatusBadRequest, fmt.Sprintf("limit must not be above %d", how.MaxPageSize)), false
		}
		p.limit = how.MaxPageSize
	}
	return p, answer{}, true
}

// bzmPage answers with rows out of total. The caller holds s.mu.
func (s *Server) bzmPage(c *call, p paging, total, hidden int, rows iter.Seq2[string, any]) answer {
	if p.skip > 0 {
		total += c.plan.totalDrift
	}
	e := bzmEnvelope{Limit: &p.limit, Skip: &p.skip, Hidden: &hidden, APIVersion: 4, RequestID: s.nextRequestID()}
	switch s.behaviour.BlazeMeter.Total {
	case "number":
		e.Total = total
	case "string":
		e.Total = strconv.Itoa(total)
	case "n/a":
		e.Total = "n/a"
	}
	if s.behaviour.BlazeMeter.ListResult == "object" {
		e.Result = maps.Collect(rows)
	} else {
		list := []any{}
		for _, row := range rows {
			list = append(list, row)
		}
		e.Result = list
	}
	return jsonAnswer(http.StatusOK, e)
}

// bzmFilter is what a user list can be narrowed by.
type bzmFilter struct {
	enabled        *bool
	roles, exclude []string
	text           string
}

func (s *Server) bzmFilter(q url.Values, known []string) (bzmFilter, answer, bool) {
	f := bzmFilter{roles: q["roles[]"], exclude: q["excludeRoles[]"], text: strings.ToLower(q.Get("textFilter"))}
	if q.Has("enabled") {
		b, err := strconv.ParseBool(q.Get("enabled"))
		if err != nil {
			return f, s.bzmFail(http.StatusBadRequest, fmt.Sprintf("enabled %q is not a boolean", q.Get("enabled"))), false
		}
		f.enabled = &b
	}
	for _, r := range slices.Concat(f.roles, f.exclude) {
		if !slices.Contains(known, r) {
			return f, s.bzmFail(http.StatusBadRequest, fmt.Sprintf("there is no role %q", r)), false
		}
	}
	return f, answer{}, true
}

func (f bzmFilter) matches(email string, roles []string, enabled bool) bool {
	has := func(list []string) bool {
		return slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(list, r) })
	}
	return (f.enabled == nil || *f.enabled == enabled) &&
		(len(f.roles) == 0 || has(f.roles)) && !has(f.exclude) &&
		(f.text == "" || strings.Contains(strings.ToLower(email), f.text))
}

// key tells filters apart.
func (f bzmFilter) key() string {
	enabled := "any"
	if f.enabled != nil {
		enabled = strconv.FormatBool(*f.enabled)
	}
	return fmt.Sprintf("%s %q %q %q", enabled, f.roles, f.exclude, f.text)
}

// pageCache keeps the rows that fit a filter, so that the pages of one listing
// cost one search. It forgets everything when the version changes.
type pageCache[T any] struct {
	version string
	found   map[string][]T
}

func (p *pageCache[T]) get(version, filter string, find func() []T) []T {
	if p.version != version || p.found == nil {
		p.version, p.found = version, map[string][]T{}
	}
	rows, known := p.found[filter]
	if !known {
		rows = find()
		if len(p.found) < 16 {
			p.found[filter] = rows
		}
	}
	return rows
}

// bzmReach finds the workspace of a call and what the caller may do there. The caller holds s.mu.
func (s *Server) bzmReach(c *call, need right) (*workspace, answer, bool) {
	id := c.args["workspaceId"]
	if !numeric(id) {
		return nil, s.bzmFail(http.StatusBadRequest, fmt.Sprintf("%q is no workspace id", id)), false
	}
	w := s.blazeMeter.workspaces[id]
	if w == nil {
		return nil, s.bzmFail(http.StatusNotFound, "Workspace not found"), false
	}
	if s.blazeMeter.rightIn(w, c.caller) < need {
		return nil, s.bzmFail(http.StatusForbidden, "The API Key does not have permission to perform this action"), false
	}
	return w, answer{}, true
}

func (s *Server) bzmRow(id string, st standing, typ string) bzmUserRow {
	r := bzmUserRow{
		Roles: append([]string{}, st.roles...), LastAccess: bzmAccess, Login: bzmLogin, Access: bzmAccess, Type: typ,
	}
	if s.behaviour.BlazeMeter.RowEnabled == "yes" {
		r.Enabled = &st.enabled
	}
	if u := s.blazeMeter.users[id]; u != nil {
		r.ID, r.Email, r.DisplayName, r.FirstName, r.LastName = u.ID, u.Email, u.DisplayName, u.FirstName, u.LastName
	}
	return r
}

func (s *Server) bzmWorkspaceUsers(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, refusal, ok := s.bzmReach(c, rightRead)
	if !ok {
		return refusal
	}
	q := c.r.URL.Query()
	p, refusal, ok := s.bzmPaging(q)
	if !ok {
		return refusal
	}
	f, refusal, ok := s.bzmFilter(q, blazeMeterWorkspaceRoles)
	if !ok {
		return refusal
	}
	how := s.behaviour.BlazeMeter
	if f.enabled == nil && how.EnabledDefault == "enabled" {
		yes := true
		f.enabled = &yes
	}
	all := w.listing(c.plan.lag, s.now())
	w.reads++
	hidden := min(how.Hidden, len(all))
	find := func() []row {
		var found []row
		for _, r := range all[:len(all)-hidden] {
			if f.matches(s.blazeMeter.emailOf(r.id), r.roles, r.enabled) {
				found = append(found, r)
			}
		}
		return found
	}
	var matches []row
	if c.plan.lag.none() {
		matches = w.pages.get(fmt.Sprint(w.version, s.blazeMeter.version, hidden), f.key(), find)
	} else {
		matches = find()
	}
	return s.bzmPage(c, p, len(matches), hidden, func(yield func(string, any) bool) {
		for _, r := range shifted(matches, p.skip, p.limit, c.plan.shift) {
			if !yield(r.id, s.bzmRow(r.id, r.standing, "workspace")) {
				return
			}
		}
	})
}

func (b *blazeMeterState) emailOf(id string) string {
	if u := b.users[id]; u != nil {
		return u.Email
	}
	return ""
}

func (s *Server) bzmUpdateUser(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, refusal, ok := s.bzmReach(c, rightWrite)
	if !ok {
		return refusal
	}
	how := s.behaviour.BlazeMeter
	id := c.args["userId"]
	k := key{KindUser, id}
	if !numeric(id) {
		return s.bzmFail(http.StatusBadRequest, fmt.Sprintf("%q is no user id", id))
	}
	var body struct {
		Roles   *[]string `json:"roles"`
		Enabled *bool     `json:"enabled"`
	}
	now := w.standingOf(k)
	wanted := now
	no := func(status int, reason string) answer {
		s.refuse(c, w, k, wanted, OutcomeRefused, reason)
		return s.bzmFail(status, reason)
	}
	if err := json.Unmarshal(c.body, &body); err != nil {
		return no(http.StatusBadRequest, "the body is no JSON object with roles and enabled")
	}
	if body.Roles != nil {
		wanted.roles = *body.Roles
	}
	if body.Enabled != nil {
		wanted.enabled = *body.Enabled
	}
	if body.Roles == nil || body.Enabled == nil {
		switch {
		case body.Roles == nil && body.Enabled == nil, how.UpdatePartial == "refuse":
			return no(http.StatusBadRequest, "roles and enabled are required")
		case how.UpdatePartial == "reset" && body.Roles == nil:
			wanted.roles = nil
		case how.UpdatePartial == "reset":
			wanted.enabled = true
		}
	}
	if body.Roles != nil {
		if len(*body.Roles) != 1 {
			return no(http.StatusBadRequest, "exactly one role should be assigned")
		}
		if r := (*body.Roles)[0]; !slices.Contains(blazeMeterWorkspaceRoles, r) {
			return no(http.StatusBadRequest, fmt.Sprintf("there is no role %q", r))
		}
	}
	if !wanted.enabled && how.DisabledRoles == "clear" {
		wanted.roles = nil
	}
	switch {
	case !now.present && how.UpdateNonMember == "404":
		wanted.present = true
		return no(http.StatusNotFound, "User not found in workspace")
	case !now.present:
		wanted.present = true
		if s.blazeMeter.accountRight(w.account, id) == rightNone {
			return no(http.StatusBadRequest, "User is not a member of the account")
		}
	case how.UpdateLastManager == "refuse" && s.isLastOwner(w, k) && !(wanted.enabled && wanted.hasRole("manager")):
		return no(http.StatusBadRequest, "a workspace must have at least one manager")
	}
	s.write(c, w, k, wanted)
	r := s.bzmRow(id, wanted, "workspace")
	return s.bzmResult(http.StatusOK, bzmUpdated{r.ID, r.Roles, wanted.enabled, r.LastAccess, r.Type, r.DisplayName, r.Login, r.Email})
}

func (s *Server) bzmAddUsers(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, refusal, ok := s.bzmReach(c, rightWrite)
	if !ok {
		return refusal
	}
	var body struct {
		UsersIDs []int64  `json:"usersIds"`
		Roles    []string `json:"roles"`
	}
	if err := json.Unmarshal(c.body, &body); err != nil || len(body.UsersIDs) == 0 || len(body.Roles) != 1 {
		return s.bzmFail(http.StatusBadRequest, "usersIds and exactly one of roles are required")
	}
	how := s.behaviour.BlazeMeter
	wanted := standing{present: true, roles: body.Roles, enabled: true}
	reasons := make([]string, len(body.UsersIDs))
	ignored := make([]bool, len(body.UsersIDs))
	allGood, anyGood := true, false
	for i, n := range body.UsersIDs {
		id := idText(n)
		now := w.standingOf(key{KindUser, id})
		switch {
		case !slices.Contains(blazeMeterWorkspaceRoles, body.Roles[0]):
			reasons[i] = fmt.Sprintf("there is no role %q", body.Roles[0])
		case s.blazeMeter.accounts[w.account].users[id] == nil:
			reasons[i] = "User is not a member of the account"
		case now.present && now.enabled:
			if how.AddExisting == "refuse" {
				reasons[i] = "User is already a member on this workspace"
			}
			ignored[i] = how.AddExisting == "ignore"
			if how.AddExisting == "overwrite" && how.UpdateLastManager == "refuse" && s.isLastOwner(w, key{KindUser, id}) && !wanted.hasRole("manager") {
				reasons[i] = "a workspace must have at least one manager"
			}
		case now.present:
			if how.AddDisabled == "refuse" {
				reasons[i] = "User is already a member on this workspace"
			}
			ignored[i] = how.AddDisabled == "ignore"
		}
		allGood = allGood && reasons[i] == ""
		anyGood = anyGood || reasons[i] == ""
	}
	proceed := allGood || anyGood && how.AddSeveral == "partial"
	rows, firstReason := []bzmUserRow{}, ""
	for i, n := range body.UsersIDs {
		k := key{KindUser, idText(n)}
		switch {
		case reasons[i] != "" || !proceed:
			if firstReason == "" {
				firstReason = reasons[i]
			}
			s.refuse(c, w, k, wanted, OutcomeRefused, reasons[i])
		case ignored[i]:
			s.refuse(c, w, k, wanted, OutcomeIgnored, "a member already")
			rows = append(rows, s.bzmAdded(k.id, w.standingOf(k)))
		default:
			s.write(c, w, k, wanted)
			rows = append(rows, s.bzmAdded(k.id, wanted))
		}
	}
	if !proceed {
		return s.bzmFail(http.StatusBadRequest, firstReason)
	}
	return s.bzmResult(http.StatusCreated, rows)
}

func (s *Server) bzmAdded(id string, st standing) bzmUserRow {
	r := s.bzmRow(id, st, "workspace")
	r.Enabled = &st.enabled
	r.MemberID = &bzmMemberID{fmt.Sprintf("%024x", r.ID)}
	return r
}

func (s *Server) bzmUser(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.blazeMeter.users[c.caller]
	if u == nil {
		return s.bzmFail(http.StatusNotFound, "User not found")
	}
	return s.bzmResult(http.StatusOK, bzmSelf{
		ID: u.ID, Email: u.Email, DisplayName: u.DisplayName, Access: bzmAccess, Login: bzmLogin,
		FirstName: u.FirstName, LastName: u.LastName, Enabled: true, Roles: []string{"user", "new-billing", "authenticated"},
	})
}

// pageOf answers with the page that the caller asked for, and makes only the rows of that page.
func pageOf[T any](s *Server, c *call, p paging, all []T, render func(T) (id string, row any)) answer {
	return s.bzmPage(c, p, len(all), 0, func(yield func(string, any) bool) {
		for _, one := range shifted(all, p.skip, p.limit, c.plan.shift) {
			if !yield(render(one)) {
				return
			}
		}
	})
}

func (s *Server) bzmAccounts(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, refusal, ok := s.bzmPaging(c.r.URL.Query())
	if !ok {
		return refusal
	}
	rows := []bzmAccountRow{}
	for _, id := range s.blazeMeter.accountIDs {
		if s.blazeMeter.accountRight(id, c.caller) > rightNone {
			rows = append(rows, s.blazeMeter.accounts[id].row())
		}
	}
	return pageOf(s, c, p, rows, func(r bzmAccountRow) (string, any) { return idText(r.ID), r })
}

func (a *bzmAccount) row() bzmAccountRow {
	return bzmAccountRow{parseID(a.id), a.name}
}

// bzmReachAccount finds an account and what the caller may do there. The caller holds s.mu.
func (s *Server) bzmReachAccount(c *call, id string, need right) (*bzmAccount, answer, bool) {
	a := s.blazeMeter.accounts[id]
	if a == nil {
		return nil, s.bzmFail(http.StatusNotFound, "Account not found"), false
	}
	if s.blazeMeter.accountRight(id, c.caller) < need {
		return nil, s.bzmFail(http.StatusForbidden, "The API Key does not have permission to perform this action"), false
	}
	return a, answer{}, true
}

func (s *Server) bzmAccountUsers(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, refusal, ok := s.bzmReachAccount(c, c.args["accountId"], rightWrite)
	if !ok {
		return refusal
	}
	q := c.r.URL.Query()
	p, refusal, ok := s.bzmPaging(q)
	if !ok {
		return refusal
	}
	f, refusal, ok := s.bzmFilter(q, blazeMeterAccountRoles)
	if !ok {
		return refusal
	}
	matches := a.pages.get(fmt.Sprint(s.blazeMeter.version), f.key(), func() []string {
		var found []string
		for _, id := range a.order {
			if u := a.users[id]; f.matches(s.blazeMeter.emailOf(id), u.Roles, !u.Disabled) {
				found = append(found, id)
			}
		}
		return found
	})
	return pageOf(s, c, p, matches, func(id string) (string, any) {
		u := a.users[id]
		return id, s.bzmRow(id, standing{present: true, roles: u.Roles, enabled: !u.Disabled}, "account")
	})
}

func (s *Server) bzmWorkspaceRow(w *workspace) bzmWorkspaceRow {
	r := bzmWorkspaceRow{
		ID: parseID(w.id), Name: w.displayName, Created: w.created, Updated: w.created, Enabled: !w.disabled,
		MembersCount: len(w.members), Allowance: bzmAllowance{Type: "credits"}, AccountID: parseID(w.account),
	}
	if len(w.order) > 0 && w.order[0] != nil {
		if u := s.blazeMeter.users[w.order[0].id]; u != nil {
			r.UserID, r.Owner = u.ID, bzmOwner{u.ID, u.Email, u.DisplayName}
		}
	}
	return r
}

func (s *Server) bzmWorkspaces(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := c.r.URL.Query()
	account := q.Get("accountId")
	if !numeric(account) {
		return s.bzmFail(http.StatusBadRequest, "accountId is required")
	}
	if _, refusal, ok := s.bzmReachAccount(c, account, rightRead); !ok {
		return refusal
	}
	p, refusal, ok := s.bzmPaging(q)
	if !ok {
		return refusal
	}
	f, refusal, ok := s.bzmFilter(q, nil)
	if !ok {
		return refusal
	}
	rows := []bzmWorkspaceRow{}
	for _, w := range s.blazeMeter.order {
		if w.account == account && !w.gone && s.blazeMeter.rightIn(w, c.caller) > rightNone && f.matches(w.displayName, nil, !w.disabled) {
			rows = append(rows, s.bzmWorkspaceRow(w))
		}
	}
	return pageOf(s, c, p, rows, func(r bzmWorkspaceRow) (string, any) { return idText(r.ID), r })
}

func (s *Server) bzmWorkspace(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, refusal, ok := s.bzmReach(c, rightRead)
	if !ok {
		return refusal
	}
	r := s.bzmWorkspaceRow(w)
	r.Locations = &[]any{}
	return s.bzmResult(http.StatusOK, r)
}
