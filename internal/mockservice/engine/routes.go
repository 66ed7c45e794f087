package engine

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one documented call.
type route struct {
	product Product
	method  string
	// path is the template below the product's prefix, as the vendor writes it.
	path string
	// call is the short name used in faults, counts and the audit trail.
	call   string
	handle func(*Server, *call) answer
}

func (r *route) label() string {
	return string(r.product) + " " + r.method + " " + r.path
}

// The paths under which the products are served.
const (
	blinkPrefix      = "/api/v1"
	blazeMeterPrefix = "/api/v4"
)

var routes = []*route{
	{ProductBlink, http.MethodPost, "/workspaces/{ws_id}/{entity_type}/{entity_id}/role/{role}", "assign", (*Server).blinkAssign},
	{ProductBlink, http.MethodGet, "/workspaces/{ws_id}", "get_workspace", (*Server).blinkGetWorkspace},
	{ProductBlink, http.MethodGet, "/user-workspaces", "user_workspaces", (*Server).blinkUserWorkspaces},
	{ProductBlink, http.MethodGet, "/tenant/entities", "tenant_entities", (*Server).blinkTenantEntities},
	{ProductBlink, http.MethodPost, "/workspaces/{ws_id}/entities", "add", (*Server).blinkAdd},
	{ProductBlink, http.MethodDelete, "/workspaces/{id}/{entity_type}/{entity_id}", "remove", (*Server).blinkRemove},
	{ProductBlink, http.MethodGet, "/user", "user", (*Server).blinkUser},

	{ProductBlazeMeter, http.MethodGet, "/user", "user", (*Server).bzmUser},
	{ProductBlazeMeter, http.MethodGet, "/accounts", "accounts", (*Server).bzmAccounts},
	{ProductBlazeMeter, http.MethodGet, "/accounts/{accountId}/users", "account_users", (*Server).bzmAccountUsers},
	{ProductBlazeMeter, http.MethodGet, "/workspaces", "workspaces", (*Server).bzmWorkspaces},
	{ProductBlazeMeter, http.MethodGet, "/workspaces/{workspaceId}", "get_workspace", (*Server).bzmWorkspace},
	{ProductBlazeMeter, http.MethodGet, "/workspaces/{workspaceId}/users", "workspace_users", (*Server).bzmWorkspaceUsers},
	{ProductBlazeMeter, http.MethodPost, "/workspaces/{workspaceId}/users", "add_users", (*Server).bzmAddUsers},
	{ProductBlazeMeter, http.MethodPut, "/workspaces/{workspaceId}/users/{userId}", "update_user", (*Server).bzmUpdateUser},
}

// RouteInfo describes a route for those who count or disturb it.
type RouteInfo struct {
	Product            Product
	Method, Path, Call string
}

// Routes lists the calls that the service knows.
func Routes() []RouteInfo {
	infos := make([]RouteInfo, len(routes))
	for i, r := range routes {
		infos[i] = RouteInfo{r.product, r.method, r.path, r.call}
	}
	return infos
}

// productOf tells which product a path belongs to, and the rest of the path.
func productOf(escapedPath string) (p Product, rest string) {
	if rest, ok := strings.CutPrefix(escapedPath, blinkPrefix+"/"); ok {
		return ProductBlink, rest
	}
	if rest, ok := strings.CutPrefix(escapedPath, blazeMeterPrefix+"/"); ok {
		return ProductBlazeMeter, rest
	}
	return "", ""
}

// findRoute matches segment by segment on the path as it was sent, so that an
// escaped slash stays inside of its segment, and never cleans a path up.
// methodWrong is true where the path fits a route of another method.
func findRoute(p Product, method, rest string) (found *route, args map[string]string, methodWrong bool) {
	parts := strings.Split(rest, "/")
	for _, r := range routes {
		if r.product != p {
			continue
		}
		a, ok := matchPath(r.path, parts)
		if !ok {
			continue
		}
		if r.method == method {
			return r, a, false
		}
		methodWrong = true
	}
	return nil, nil, methodWrong
}

func matchPath(template string, parts []string) (map[string]string, bool) {
	segments := strings.Split(strings.TrimPrefix(template, "/"), "/")
	if len(segments) != len(parts) {
		return nil, false
	}
	args := map[string]string{}
	for i, seg := range segments {
		text, err := url.PathUnescape(parts[i])
		if err != nil || text == "" || text == "." || text == ".." {
			return nil, false
		}
		if name, ok := strings.CutPrefix(seg, "{"); ok {
			args[strings.TrimSuffix(name, "}")] = text
		} else if parts[i] != seg {
			return nil, false
		}
	}
	return args, true
}
