package blink

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

type errorBody struct {
	Status     int    `json:"status"`
	Message    string `json:"message"`
	Details    string `json:"details"`
	Identifier string `json:"identifier"`
}

type workspaceBody struct {
	Description        string `json:"description"`
	DisplayName        string `json:"display_name"`
	EnableOverviewPage bool   `json:"enable_overview_page"`
	Entities           any    `json:"entities,omitempty"`
	ID                 string `json:"id"`
	Name               string `json:"name"`
	Type               string `json:"type"`
}

type entityBody struct {
	Email         string   `json:"email"`
	ID            string   `json:"id"`
	IsInvite      *bool    `json:"is_invite,omitempty"`
	MemberCount   int      `json:"member_count"`
	Members       []string `json:"members"`
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	WorkspaceRole string   `json:"workspace_role"`
}

type workspaceInfo struct {
	Description string `json:"description"`
	DisplayName string `json:"display_name"`
	ID          string `json:"id"`
	Name        string `json:"name"`
	Role        string `json:"role"`
	UserCount   int    `json:"user_count"`
}

type userBody struct {
	AuthID            string                   `json:"auth_id,omitempty"`
	DefaultWorkspace  string                   `json:"default_workspace"`
	Email             *string                  `json:"email,omitempty"`
	InnerID           string                   `json:"inner_id,omitempty"`
	Name              string                   `json:"name"`
	Permissions       []string                 `json:"permissions"`
	SelectedWorkspace string                   `json:"selected_workspace"`
	Status            string                   `json:"status"`
	TenantID          string                   `json:"tenant_id"`
	TenantRole        string                   `json:"tenant_role"`
	UserRole          string                   `json:"user_role"`
	Workspaces        map[string]workspaceInfo `json:"workspaces"`
}

type addBody struct {
	Entities []struct {
		EntityID   string `json:"entity_id"`
		EntityType string `json:"entity_type"`
		Name       string `json:"name"`
		Role       string `json:"role"`
	} `json:"entities"`
}

// The tenant of the seed, and another one that the key's user belongs to.
const (
	tenantID      = "0b5e7c1a-3d0f-4c6e-9a55-5f0c0d1e2f30"
	otherTenantID = "7d41a9f2-88c3-4b10-9a6e-2f4f0c7be611"
)

func failure(status int, message, details, identifier string) engine.Answer {
	return engine.JSON(status, errorBody{status, message, details, identifier})
}

var done = engine.Answer{Status: http.StatusOK}

const (
	messageAssign = "Invalid role, or ownership constraint violated"
	messageAdd    = "Can not add user"
	messageRemove = "failed to remove user from workspace"
)

// reach finds the workspace of a call, if the caller may do there what is needed.
func (s *state) reach(c *engine.Call, id string, need engine.Right, how *Behaviour) (*workspace, engine.Answer, bool) {
	w := s.find(id)
	if w == nil {
		return nil, missingWorkspace(id, how), false
	}
	if s.rightIn(w, c.Caller) < need {
		return nil, failure(http.StatusForbidden, "Forbidden", "you do not have the permission for this in the workspace", "forbidden"), false
	}
	return w, engine.Answer{}, true
}

func missingWorkspace(id string, how *Behaviour) engine.Answer {
	own := failure(how.MissingWorkspace, "Workspace not found", fmt.Sprintf("there is no workspace %q", id), "workspace_not_found")
	switch {
	case how.MissingWorkspace != http.StatusNotFound:
		return own
	case how.NotFoundForm == "status_only":
		return engine.JSON(http.StatusNotFound, map[string]any{"status": http.StatusNotFound, "message": "Workspace not found"})
	}
	return engine.NotFound(how.NotFoundForm, own)
}

func (s *state) getWorkspace(c *engine.Call, how *Behaviour) engine.Answer {
	w, refusal, ok := s.reach(c, c.Args["ws_id"], engine.RightRead, how)
	if !ok {
		return refusal
	}
	rows, current := s.Listing(c, w.Workspace)
	if known := w.listing; current && known.body != nil && known.version == w.Version() && known.tenant == s.version && known.how == *how {
		return engine.RawJSON(http.StatusOK, known.body)
	}
	entities := make([]entityBody, 0, len(rows))
	for _, r := range rows {
		if how.Listing != "no_owners" || !r.HasRole("owner") {
			entities = append(entities, s.entity(r, how))
		}
	}
	if how.ServiceAccounts != "none" {
		entities = append(entities, serviceAccountIn(how))
	}
	shape, described := entitiesIn(how.EntitiesShape, entities)
	a := engine.JSON(http.StatusOK, workspaceBody{
		Description: w.description, DisplayName: w.DisplayName, EnableOverviewPage: true,
		ID: w.ID, Name: w.name, Type: w.kind, Entities: shape,
	})
	a.Undescribed = !described
	if current && described {
		w.listing = cachedListing{a.Body, w.Version(), s.version, *how}
	}
	return a
}

// entitiesIn gives the rows in a shape, and whether the vendor describes it.
func entitiesIn(shape string, rows []entityBody) (entities any, described bool) {
	switch shape {
	case "object":
		byID := map[string]entityBody{}
		for _, e := range rows {
			byID[e.ID] = e
		}
		return byID, false
	case "null":
		return json.RawMessage("null"), false
	case "missing":
		return nil, false
	}
	return rows, true
}

func (s *state) entity(r engine.Row, how *Behaviour) entityBody {
	invited := false
	e := entityBody{
		ID: r.ID, Type: spelled(r.Kind, how.TypeSpelling), WorkspaceRole: spelled(strings.Join(r.Roles, ","), how.RoleSpelling),
		Members: []string{}, IsInvite: &invited,
	}
	if u := s.users[r.ID]; r.Kind == engine.KindUser && u != nil {
		e.Email, e.Name = u.Email, u.Name
		invited = u.Status == StatusInvited && how.IsInvite == "shown"
	}
	if g := s.groups[r.ID]; r.Kind == engine.KindGroup && g != nil {
		e.Name, e.MemberCount = g.Name, len(g.Members)
		e.Members = append(e.Members, g.Members...)
	}
	if how.ListingIDs == "inner_id" {
		e.ID = innerID(r.ID)
	}
	if how.IsInvite == "missing" {
		e.IsInvite = nil
	}
	return e
}

// innerID is an id of a user or group that no path takes.
func innerID(id string) string { return "inner-" + id }

// spelled gives a word as a switch spells it.
func spelled(word, how string) string {
	switch how {
	case "lower":
		return strings.ToLower(word)
	case "upper":
		return strings.ToUpper(word)
	case "title":
		if word != "" {
			return strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return word
}

// The service account that a switch puts into the tenant and every workspace.
const (
	serviceAccountID   = "sa-automation"
	serviceAccountType = "service_account"
	serviceAccountName = "Automation"
)

func serviceAccountIn(how *Behaviour) entityBody {
	role, invited := "viewer", false
	if how.ServiceAccounts == "owner" {
		role = "owner"
	}
	return entityBody{
		ID: serviceAccountID, Type: spelled(serviceAccountType, how.TypeSpelling), Name: serviceAccountName,
		WorkspaceRole: spelled(role, how.RoleSpelling), Members: []string{}, IsInvite: &invited,
	}
}

// principal finds the user or group of a call in the tenant.
func (s *state) principal(kind, id string) (k engine.Key, unknown string) {
	k = engine.Key{Kind: kind, ID: id}
	switch {
	case kind != engine.KindUser && kind != engine.KindGroup:
		unknown = fmt.Sprintf("%q is no entity type: user or group", kind)
	case kind == engine.KindUser && s.users[id] == nil, kind == engine.KindGroup && s.groups[id] == nil:
		unknown = fmt.Sprintf("there is no %s %q in the tenant", kind, id)
	}
	return k, unknown
}

func (s *state) assign(c *engine.Call, how *Behaviour) engine.Answer {
	w, refusal, ok := s.reach(c, c.Args["ws_id"], engine.RightWrite, how)
	if !ok {
		return refusal
	}
	k, unknown := s.principal(c.Args["entity_type"], c.Args["entity_id"])
	wanted := engine.Row{Key: k, Standing: engine.Holds(c.Args["role"])}
	no := func(details, identifier string) engine.Answer {
		s.Refuse(c, w.Workspace, wanted, details)
		return failure(http.StatusBadRequest, messageAssign, details, identifier)
	}
	if unknown != "" {
		return no(unknown, "entity_not_found")
	}
	role, known := s.canonicalRole(c.Args["role"], how)
	if !known {
		return no(fmt.Sprintf("there is no role %q", c.Args["role"]), "invalid_role")
	}
	wanted.Roles[0] = role
	now := w.StandingOf(k)
	switch {
	case !now.Present && how.AssignNonMember == "refuse":
		return no("the entity is not a member of the workspace", "not_a_member")
	case !now.Present && how.AssignNonMember == "ignore":
		s.Ignore(c, w.Workspace, wanted, "not a member")
		return done
	case now.HasRole(role) && how.AssignSameRole == "refuse":
		return no("the entity has this role already", "role_unchanged")
	case how.AssignLastOwner == "refuse" && !wanted.HasRole("owner") && s.IsLastOwner(w.Workspace, k):
		return no("a workspace must have at least one owner at all times", "ownership_constraint")
	}
	s.write(c, w, wanted, how)
	return done
}

// write does what a call asks for; listings show it late, where a switch says so.
func (s *state) write(c *engine.Call, w *workspace, after engine.Row, how *Behaviour) {
	c.Delay = time.Duration(how.WriteDelay)
	s.Write(c, w.Workspace, after)
}

// routeOff is the answer of a route that is not there; false for one that is.
func routeOff(how string) (engine.Answer, bool) {
	switch how {
	case "404":
		return engine.Text(http.StatusNotFound, "404 page not found"), true
	case "405":
		a := engine.Text(http.StatusMethodNotAllowed, "405 method not allowed")
		a.Header.Set("Allow", http.MethodPost)
		return a, true
	}
	return engine.Answer{}, false
}

func (s *state) remove(c *engine.Call, how *Behaviour) engine.Answer {
	if a, off := routeOff(how.RemoveRoute); off {
		return a
	}
	w, refusal, ok := s.reach(c, c.Args["id"], engine.RightWrite, how)
	if !ok {
		return refusal
	}
	k, unknown := s.principal(strings.ToLower(c.Args["entity_type"]), c.Args["entity_id"])
	no := func(status int, details, identifier string) engine.Answer {
		s.Refuse(c, w.Workspace, engine.Row{Key: k}, details)
		return failure(status, messageRemove, details, identifier)
	}
	switch {
	case unknown != "":
		return no(http.StatusBadRequest, unknown, "entity_not_found")
	case !w.StandingOf(k).Present && how.RemoveNonMember == "refuse":
		return no(http.StatusBadRequest, "the entity is not a member of the workspace", "not_a_member")
	case !w.StandingOf(k).Present && how.RemoveNonMember == "404":
		return no(http.StatusNotFound, "the entity is not a member of the workspace", "not_a_member")
	case how.RemoveLastOwner == "refuse" && s.IsLastOwner(w.Workspace, k):
		return no(http.StatusBadRequest, "a workspace must have at least one owner at all times", "ownership_constraint")
	}
	s.write(c, w, engine.Row{Key: k}, how)
	return done
}

func (s *state) add(c *engine.Call, how *Behaviour) engine.Answer {
	if a, off := routeOff(how.AddRoute); off {
		return a
	}
	w, refusal, ok := s.reach(c, c.Args["ws_id"], engine.RightWrite, how)
	if !ok {
		return refusal
	}
	var body addBody
	if err := json.Unmarshal(c.Body, &body); err != nil || len(body.Entities) == 0 {
		return failure(http.StatusBadRequest, messageAdd, "the body must be an object with a list of entities", "bad_request")
	}
	var steps []engine.Row
	for _, e := range body.Entities {
		k, unknown := s.principal(e.EntityType, e.EntityID)
		role, known := "viewer", true
		if e.Role != "" && how.AddWithRole == "heed" {
			role, known = s.canonicalRole(e.Role, how)
		}
		wanted := engine.Row{Key: k, Standing: engine.Holds(role)}
		details := unknown
		if details == "" && !known {
			wanted.Roles[0] = e.Role
			details = fmt.Sprintf("there is no role %q", e.Role)
		}
		now := w.StandingOf(k)
		switch {
		case details != "" || !now.Present:
		case how.AddExisting == "refuse":
			details = "the entity is a member of the workspace already"
		case how.AddExisting == "keep":
			wanted.Standing = now
		case how.AssignLastOwner == "refuse" && !wanted.HasRole("owner") && s.IsLastOwner(w.Workspace, k):
			details = "a workspace must have at least one owner at all times"
		}
		if details != "" {
			s.Refuse(c, w.Workspace, wanted, details)
			return failure(http.StatusBadRequest, messageAdd, details, "can_not_add")
		}
		steps = append(steps, wanted)
	}
	for _, wanted := range steps {
		s.write(c, w, wanted, how)
	}
	return done
}

// workspaceInfos maps the workspaces that a user sees. The vendor does not
// say what the keys are; here they are not the ids.
func (s *state) workspaceInfos(user string) map[string]workspaceInfo {
	infos := map[string]workspaceInfo{}
	u := s.users[user]
	admin := u != nil && isAdmin(u.Role)
	for _, shared := range s.All() {
		w, role := s.workspaces[shared.ID], ""
		if all := s.standingsOf(w, user); len(all) > 0 {
			role = all[0].String()
		} else if !admin {
			continue
		}
		name := w.name
		if _, taken := infos[name]; taken {
			name += "_" + w.ID
		}
		infos[name] = workspaceInfo{w.description, w.DisplayName, w.ID, w.name, role, w.Len()}
	}
	return infos
}

func (s *state) userWorkspaces(c *engine.Call, how *Behaviour) engine.Answer {
	return engine.JSON(http.StatusOK, s.workspacesOf(c.Caller, how))
}

// workspacesOf gives the workspaces that a user sees in the selected tenant.
func (s *state) workspacesOf(user string, how *Behaviour) map[string]workspaceInfo {
	if how.UserTenant == "other" {
		return map[string]workspaceInfo{}
	}
	return s.workspaceInfos(user)
}

func (s *state) user(c *engine.Call, how *Behaviour) engine.Answer {
	if a, off := routeOff(how.UserRoute); off {
		return a
	}
	u := s.users[c.Caller]
	if u == nil { // deleted since the key was looked at
		return failure(http.StatusUnauthorized, "Unauthorized", "the API key is invalid or expired", "unauthorized")
	}
	infos := s.workspacesOf(c.Caller, how)
	email := u.Email
	body := userBody{
		AuthID: authID(u.ID), Email: &email, InnerID: innerID(u.ID), Name: u.Name, Permissions: []string{},
		Status: u.Status, TenantID: tenantID, TenantRole: u.Role, UserRole: u.Role, Workspaces: infos,
	}
	switch how.UserEmail {
	case "empty":
		email = ""
	case "missing":
		body.Email = nil
	}
	switch how.UserIdentity {
	case "inner_id":
		body.AuthID, body.InnerID = authID("nobody"), u.ID
	case "neither":
		body.AuthID = authID("nobody")
	case "missing":
		body.AuthID, body.InnerID = "", ""
	}
	if how.UserTenant != "same" {
		body.TenantID = otherTenantID
	}
	if names := slices.Sorted(maps.Keys(infos)); len(names) > 0 {
		body.DefaultWorkspace = infos[names[0]].ID
		body.SelectedWorkspace = body.DefaultWorkspace
	}
	return engine.JSON(http.StatusOK, body)
}

// authID is the identity with which a user signs in.
func authID(user string) string { return "auth0|" + user }

type personBody struct {
	AuthIDs     []string `json:"auth_ids"`
	Description string   `json:"description"`
	Email       string   `json:"email"`
	EntityID    string   `json:"entity_id"`
	EntityType  string   `json:"entity_type"`
	IsInvite    *bool    `json:"is_invite,omitempty"`
	MemberCount int      `json:"member_count"`
	Name        string   `json:"name"`
	Role        string   `json:"role"`
	Status      string   `json:"status"`
}

func (s *state) person(k engine.Key, how *Behaviour) personBody {
	if k.Kind == engine.KindGroup {
		g := s.groups[k.ID]
		return personBody{
			AuthIDs: []string{}, Description: g.Description, EntityID: g.ID, EntityType: spelled(engine.KindGroup, how.TypeSpelling),
			MemberCount: len(g.Members), Name: g.Name, Status: StatusActive, IsInvite: invited(false, how),
		}
	}
	u := s.users[k.ID]
	return personBody{
		AuthIDs: []string{authID(u.ID)}, Email: u.Email, EntityID: u.ID, EntityType: spelled(engine.KindUser, how.TypeSpelling),
		Name: u.Name, Role: u.Role, Status: u.Status, IsInvite: invited(u.Status == StatusInvited, how),
	}
}

// invited is the field that tells who is invited, where it is told.
func invited(is bool, how *Behaviour) *bool {
	if how.IsInvite == "missing" {
		return nil
	}
	return &is
}

// peopleOf gives everybody whom the tenant listing can show.
func (s *state) peopleOf(caller string, how *Behaviour) []personBody {
	if how.UserTenant == "other" {
		return []personBody{s.person(user(caller), how)}
	}
	all := make([]personBody, 0, len(s.people)+1)
	for _, k := range s.people {
		all = append(all, s.person(k, how))
	}
	if how.ServiceAccounts != "none" {
		all = append(all, personBody{
			AuthIDs: []string{}, EntityID: serviceAccountID, EntityType: spelled(serviceAccountType, how.TypeSpelling),
			Name: serviceAccountName, Status: StatusActive, IsInvite: invited(false, how),
		})
	}
	return all
}

type page struct {
	Limit   int   `json:"limit"`
	Offset  int   `json:"offset"`
	Total   int   `json:"total"`
	Results []any `json:"results"`
}

func (s *state) tenantEntities(c *engine.Call, how *Behaviour) engine.Answer {
	q, err := parseRQL(c.Request.URL.Query().Get("q"))
	if err != nil {
		return failure(http.StatusBadRequest, "Bad Request", err.Error(), "bad_query")
	}
	switch {
	case q.limit > how.MaxPageSize && how.OverMaxPageSize == "refuse":
		return failure(http.StatusBadRequest, "Bad Request", fmt.Sprintf("limit %d is above %d", q.limit, how.MaxPageSize), "bad_query")
	case len(q.sort) > 0 && how.EntitiesSort == "refuse":
		return failure(http.StatusBadRequest, "Bad Request", "the entities cannot be sorted", "bad_query")
	case len(q.sort) > 0 && how.EntitiesSort == "fail":
		return failure(http.StatusInternalServerError, "Internal Server Error", "the query failed", "internal")
	case how.EntitiesSort == "ignore":
		q.sort = nil
	}
	q.limit = min(q.limit, how.MaxPageSize)
	matches := []personBody{}
	for _, p := range s.peopleOf(c.Caller, how) {
		if q.matches(p) {
			matches = append(matches, p)
		}
	}
	slices.SortStableFunc(matches, q.compare)
	if len(matches) == 0 && how.EmptyEntities == "404" {
		return failure(http.StatusNotFound, "Entity not found", "nobody matches the query", "entity_not_found")
	}
	body := page{Limit: q.limit, Offset: q.offset, Total: len(matches) + c.TotalDrift(q.offset), Results: []any{}}
	for _, p := range engine.CutPage(c, matches, q.offset, q.limit) {
		body.Results = append(body.Results, q.project(p))
	}
	return engine.JSON(http.StatusOK, body)
}
