package engine

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The shapes of the Blink API, written here from the vendor's pages and not
// taken from any client.

type blinkErrorBody struct {
	Status     int    `json:"status"`
	Message    string `json:"message"`
	Details    string `json:"details"`
	Identifier string `json:"identifier"`
}

type blinkWorkspaceBody struct {
	Description        string            `json:"description"`
	DisplayName        string            `json:"display_name"`
	EnableOverviewPage bool              `json:"enable_overview_page"`
	Entities           []blinkEntityBody `json:"entities"`
	ID                 string            `json:"id"`
	Name               string            `json:"name"`
	Type               string            `json:"type"`
}

type blinkEntityBody struct {
	Email         string   `json:"email"`
	ID            string   `json:"id"`
	IsInvite      bool     `json:"is_invite"`
	MemberCount   int      `json:"member_count"`
	Members       []string `json:"members"`
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	WorkspaceRole string   `json:"workspace_role"`
}

type blinkWorkspaceInfo struct {
	Description string `json:"description"`
	DisplayName string `json:"display_name"`
	ID          string `json:"id"`
	Name        string `json:"name"`
	Role        string `json:"role"`
	UserCount   int    `json:"user_count"`
}

type blinkUserBody struct {
	AuthID            string                        `json:"auth_id"`
	DefaultWorkspace  string                        `json:"default_workspace"`
	Email             string                        `json:"email"`
	InnerID           string                        `json:"inner_id"`
	Name              string                        `json:"name"`
	Permissions       []string                      `json:"permissions"`
	SelectedWorkspace string                        `json:"selected_workspace"`
	Status            string                        `json:"status"`
	TenantID          string                        `json:"tenant_id"`
	TenantRole        string                        `json:"tenant_role"`
	UserRole          string                        `json:"user_role"`
	Workspaces        map[string]blinkWorkspaceInfo `json:"workspaces"`
}

type blinkAddBody struct {
	Entities []struct {
		EntityID   string `json:"entity_id"`
		EntityType string `json:"entity_type"`
		Name       string `json:"name"`
		Role       string `json:"role"`
	} `json:"entities"`
}

const blinkTenantID = "0b5e7c1a-3d0f-4c6e-9a55-5f0c0d1e2f30"

func blinkError(status int, message, details, identifier string) answer {
	return jsonAnswer(status, blinkErrorBody{status, message, details, identifier})
}

var blinkOK = answer{status: http.StatusOK}

const (
	messageAssign = "Invalid role, or ownership constraint violated"
	messageAdd    = "Can not add user"
	messageRemove = "failed to remove user from workspace"
)

// blinkReach finds the workspace of a call and what the caller may do there.
// The caller holds s.mu.
func (s *Server) blinkReach(c *call, id string, need right) (*workspace, answer, bool) {
	w := s.blink.workspaces[id]
	if w == nil {
		status := s.behaviour.Blink.MissingWorkspace
		return nil, blinkError(status, "Workspace not found", fmt.Sprintf("there is no workspace %q", id), "workspace_not_found"), false
	}
	if s.blink.rightIn(w, c.caller) < need {
		return nil, blinkError(http.StatusForbidden, "Forbidden", "you do not have the permission for this in the workspace", "forbidden"), false
	}
	return w, answer{}, true
}

func (s *Server) blinkGetWorkspace(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, refusal, ok := s.blinkReach(c, c.args["ws_id"], rightRead)
	if !ok {
		return refusal
	}
	rows := w.listing(c.plan.lag, s.now())
	w.reads++
	plain := c.plan.lag.none() && s.behaviour.Blink.Listing == "all"
	if plain && w.blinkJSON != nil && w.rowsTenant == s.blink.version {
		return jsonBytes(http.StatusOK, w.blinkJSON)
	}
	body := blinkWorkspaceBody{
		Description: w.description, DisplayName: w.displayName, EnableOverviewPage: true,
		ID: w.id, Name: w.name, Type: w.kind, Entities: make([]blinkEntityBody, 0, len(rows)),
	}
	for _, r := range rows {
		if s.behaviour.Blink.Listing == "no_owners" && r.hasRole("owner") {
			continue
		}
		body.Entities = append(body.Entities, s.blinkEntity(r))
	}
	a := jsonAnswer(http.StatusOK, body)
	if plain {
		w.blinkJSON, w.rowsTenant = a.body, s.blink.version
	}
	return a
}

func jsonBytes(status int, body []byte) answer {
	return answer{status: status, header: http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body: body}
}

func (s *Server) blinkEntity(r row) blinkEntityBody {
	e := blinkEntityBody{ID: r.id, Type: r.kind, WorkspaceRole: strings.Join(r.roles, ","), Members: []string{}}
	if u := s.blink.users[r.id]; r.kind == KindUser && u != nil {
		e.Email, e.Name, e.IsInvite = u.Email, u.Name, u.Status == StatusInvited
	}
	if g := s.blink.groups[r.id]; r.kind == KindGroup && g != nil {
		e.Name, e.MemberCount = g.Name, len(g.Members)
		e.Members = append(e.Members, g.Members...)
	}
	return e
}

// blinkPrincipal finds the user or group of a call in the tenant.
func (s *Server) blinkPrincipal(kind, id string) (key, string) {
	switch kind {
	case KindUser:
		if s.blink.users[id] == nil {
			return key{kind, id}, fmt.Sprintf("there is no user %q in the tenant", id)
		}
	case KindGroup:
		if s.blink.groups[id] == nil {
			return key{kind, id}, fmt.Sprintf("there is no group %q in the tenant", id)
		}
	default:
		return key{kind, id}, fmt.Sprintf("%q is no entity type: user or group", kind)
	}
	return key{kind, id}, ""
}

func (s *Server) blinkAssign(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, refusal, ok := s.blinkReach(c, c.args["ws_id"], rightWrite)
	if !ok {
		return refusal
	}
	how := s.behaviour.Blink
	k, unknown := s.blinkPrincipal(c.args["entity_type"], c.args["entity_id"])
	wanted := standing{present: true, roles: []string{c.args["role"]}, enabled: true}
	no := func(details, identifier string) answer {
		s.refuse(c, w, k, wanted, OutcomeRefused, details)
		return blinkError(http.StatusBadRequest, messageAssign, details, identifier)
	}
	if unknown != "" {
		return no(unknown, "entity_not_found")
	}
	role, known := s.blink.canonicalRole(c.args["role"], how)
	if !known {
		return no(fmt.Sprintf("there is no role %q", c.args["role"]), "invalid_role")
	}
	wanted.roles = []string{role}
	now := w.standingOf(k)
	switch {
	case !now.present && how.AssignNonMember == "refuse":
		return no("the entity is not a member of the workspace", "not_a_member")
	case !now.present && how.AssignNonMember == "ignore":
		s.refuse(c, w, k, wanted, OutcomeIgnored, "not a member")
		return blinkOK
	case how.AssignLastOwner == "refuse" && !wanted.hasRole("owner") && s.isLastOwner(w, k):
		return no("a workspace must have at least one owner at all times", "ownership_constraint")
	}
	s.write(c, w, k, wanted)
	return blinkOK
}

// isLastOwner tells if the workspace would have no owner left without k.
func (s *Server) isLastOwner(w *workspace, k key) bool {
	owner, _ := s.countsAsOwner(w, k, w.standingOf(k))
	return owner == 1 && w.owners.Now == 1
}

func routeOff(how string) (answer, bool) {
	switch how {
	case "404":
		return textAnswer(http.StatusNotFound, "404 page not found"), true
	case "405":
		a := textAnswer(http.StatusMethodNotAllowed, "405 method not allowed")
		a.header.Set("Allow", http.MethodPost)
		return a, true
	}
	return answer{}, false
}

func (s *Server) blinkRemove(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	how := s.behaviour.Blink
	if a, off := routeOff(how.RemoveRoute); off {
		return a
	}
	w, refusal, ok := s.blinkReach(c, c.args["id"], rightWrite)
	if !ok {
		return refusal
	}
	k, unknown := s.blinkPrincipal(strings.ToLower(c.args["entity_type"]), c.args["entity_id"])
	no := func(status int, details, identifier string) answer {
		s.refuse(c, w, k, standing{}, OutcomeRefused, details)
		return blinkError(status, messageRemove, details, identifier)
	}
	switch {
	case unknown != "":
		return no(http.StatusBadRequest, unknown, "entity_not_found")
	case !w.standingOf(k).present && how.RemoveNonMember == "refuse":
		return no(http.StatusBadRequest, "the entity is not a member of the workspace", "not_a_member")
	case !w.standingOf(k).present && how.RemoveNonMember == "404":
		return no(http.StatusNotFound, "the entity is not a member of the workspace", "not_a_member")
	case how.RemoveLastOwner == "refuse" && s.isLastOwner(w, k):
		return no(http.StatusBadRequest, "a workspace must have at least one owner at all times", "ownership_constraint")
	}
	s.write(c, w, k, standing{})
	return blinkOK
}

func (s *Server) blinkAdd(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	how := s.behaviour.Blink
	if a, off := routeOff(how.AddRoute); off {
		return a
	}
	w, refusal, ok := s.blinkReach(c, c.args["ws_id"], rightWrite)
	if !ok {
		return refusal
	}
	var body blinkAddBody
	if err := json.Unmarshal(c.body, &body); err != nil || len(body.Entities) == 0 {
		return blinkError(http.StatusBadRequest, messageAdd, "the body must be an object with a list of entities", "bad_request")
	}
	type step struct {
		k key
		s standing
	}
	var steps []step
	for _, e := range body.Entities {
		k, unknown := s.blinkPrincipal(e.EntityType, e.EntityID)
		role, known := "viewer", true
		if e.Role != "" && how.AddWithRole == "heed" {
			role, known = s.blink.canonicalRole(e.Role, how)
		}
		wanted := standing{present: true, roles: []string{role}, enabled: true}
		details := unknown
		if details == "" && !known {
			wanted.roles[0] = e.Role
			details = fmt.Sprintf("there is no role %q", e.Role)
		}
		now := w.standingOf(k)
		switch {
		case details != "" || !now.present:
		case how.AddExisting == "refuse":
			details = "the entity is a member of the workspace already"
		case how.AddExisting == "keep":
			wanted = now
		case how.AssignLastOwner == "refuse" && !wanted.hasRole("owner") && s.isLastOwner(w, k):
			details = "a workspace must have at least one owner at all times"
		}
		if details != "" {
			s.refuse(c, w, k, wanted, OutcomeRefused, details)
			return blinkError(http.StatusBadRequest, messageAdd, details, "can_not_add")
		}
		steps = append(steps, step{k, wanted})
	}
	for _, st := range steps {
		s.write(c, w, st.k, st.s)
	}
	return blinkOK
}

// blinkWorkspaceInfos maps the workspaces that a user sees. The vendor does not
// say what the keys are; here they are not the ids.
func (s *Server) blinkWorkspaceInfos(user string) map[string]blinkWorkspaceInfo {
	infos := map[string]blinkWorkspaceInfo{}
	u := s.blink.users[user]
	admin := u != nil && isAdmin(u.Role)
	for _, w := range s.blink.order {
		role := s.blink.roleIn(w, user)
		if w.gone || role == "" && !admin {
			continue
		}
		name := w.name
		if _, taken := infos[name]; taken {
			name += "_" + w.id
		}
		infos[name] = blinkWorkspaceInfo{w.description, w.displayName, w.id, w.name, role, len(w.members)}
	}
	return infos
}

func (s *Server) blinkUserWorkspaces(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return jsonAnswer(http.StatusOK, s.blinkWorkspaceInfos(c.caller))
}

func (s *Server) blinkUser(c *call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.blink.users[c.caller]
	if u == nil { // deleted since the key was looked at
		return blinkError(http.StatusUnauthorized, "Unauthorized", "the API key is invalid or expired", "unauthorized")
	}
	infos := s.blinkWorkspaceInfos(c.caller)
	body := blinkUserBody{
		AuthID: "auth0|" + u.ID, Email: u.Email, InnerID: "inner-" + u.ID, Name: u.Name, Permissions: []string{},
		Status: u.Status, TenantID: blinkTenantID, TenantRole: u.Role, UserRole: u.Role, Workspaces: infos,
	}
	if names := sortedKeys(infos); len(names) > 0 {
		body.DefaultWorkspace = infos[names[0]].ID
		body.SelectedWorkspace = body.DefaultWorkspace
	}
	return jsonAnswer(http.StatusOK, body)
}

type blinkPersonBody struct {
	AuthIDs     []string `json:"auth_ids"`
	Description string   `json:"description"`
	Email       string   `json:"email"`
	EntityID    string   `json:"entity_id"`
	EntityType  string   `json:"entity_type"`
	IsInvite    bool     `json:"is_invite"`
	MemberCount int      `json:"member_count"`
	Name        string   `json:"name"`
	Role        string   `json:"role"`
	Status      string   `json:"status"`
}

func (b *blinkState) person(k key) blinkPersonBody {
	if k.kind == KindGroup {
		g := b.groups[k.id]
		return blinkPersonBody{
			AuthIDs: []string{}, Description: g.Description, EntityID: g.ID, EntityType: KindGroup,
			MemberCount: len(g.Members), Name: g.Name, Status: StatusActive,
		}
	}
	u := b.users[k.id]
	return blinkPersonBody{
		AuthIDs: []string{"auth0|" + u.ID}, Email: u.Email, EntityID: u.ID, EntityType: KindUser,
		IsInvite: u.Status == StatusInvited, Name: u.Name, Role: u.Role, Status: u.Status,
	}
}

type blinkPage struct {
	Limit   int   `json:"limit"`
	Offset  int   `json:"offset"`
	Total   int   `json:"total"`
	Results []any `json:"results"`
}

func (s *Server) blinkTenantEntities(c *call) answer {
	q, err := parseRQL(c.r.URL.Query().Get("q"))
	if err != nil {
		return blinkError(http.StatusBadRequest, "Bad Request", err.Error(), "bad_query")
	}
	s.mu.Lock()
	people := make([]blinkPersonBody, len(s.blink.people))
	for i, k := range s.blink.people {
		people[i] = s.blink.person(k)
	}
	empty404 := s.behaviour.Blink.EmptyEntities == "404"
	s.mu.Unlock()

	matches := people[:0]
	for _, p := range people {
		if q.matches(p) {
			matches = append(matches, p)
		}
	}
	slices.SortStableFunc(matches, q.compare)
	if len(matches) == 0 && empty404 {
		return blinkError(http.StatusNotFound, "Entity not found", "nobody matches the query", "entity_not_found")
	}
	page := blinkPage{Limit: q.limit, Offset: q.offset, Total: len(matches), Results: []any{}}
	if c.plan.totalDrift != 0 && q.offset > 0 {
		page.Total += c.plan.totalDrift
	}
	for _, p := range shifted(matches, q.offset, q.limit, c.plan.shift) {
		page.Results = append(page.Results, q.project(p))
	}
	return jsonAnswer(http.StatusOK, page)
}

// shifted cuts a page out of rows; a page other than the first is cut as if the rows had moved by so many.
func shifted[T any](rows []T, offset, limit, by int) []T {
	if offset > 0 && by != 0 {
		offset = max(0, offset+by)
	}
	if offset >= len(rows) {
		return nil
	}
	return rows[offset:min(len(rows), offset+limit)]
}
