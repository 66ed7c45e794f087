package framework

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// NewByPrincipal gives the function that turns people by role into roles by
// person, the shape that the authoritative resources take.
func NewByPrincipal() function.Function { return byPrincipal{} }

type byPrincipal struct{}

func (byPrincipal) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "by_principal"
}

func (byPrincipal) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Turns people by role into roles by person",
		MarkdownDescription: "Turns a map of role to ids into a map of id to role: the shape of `users` and `groups` in the authoritative resources. " +
			"An id under two roles is an error that names the id and the roles.",
		Parameters: []function.Parameter{
			function.MapParameter{
				Name:                "principals_by_role",
				ElementType:         types.ListType{ElemType: types.StringType},
				MarkdownDescription: "The ids by role, as in `{ owner = [\"a\", \"b\"], viewer = [\"c\"] }`. A null list is an empty one.",
			},
		},
		Return: function.MapReturn{ElementType: types.StringType},
	}
}

func (byPrincipal) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var given map[string]types.List
	if resp.Error = req.Arguments.Get(ctx, &given); resp.Error != nil {
		return
	}
	byRole := make(map[string][]types.String, len(given))
	for role, list := range given {
		var ids []types.String
		diags := list.ElementsAs(ctx, &ids, false)
		if resp.Error = function.FuncErrorFromDiags(ctx, diags); resp.Error != nil {
			return
		}
		byRole[role] = ids
	}
	roles, err := rolesByPrincipal(byRole)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, roles)
}

// rolesByPrincipal turns the map around. Ids that differ in case only are one
// principal's, as everywhere; the first spelling under a role counts.
func rolesByPrincipal(byRole map[string][]types.String) (map[string]string, error) {
	type place struct {
		id    string
		roles []string
	}
	places := map[string]*place{}
	for _, role := range slices.Sorted(maps.Keys(byRole)) {
		for i, v := range byRole[role] {
			id := v.ValueString()
			if id == "" {
				return nil, fmt.Errorf("the role %q has an empty entry at position %d: each entry is the id of a user or group", role, i+1)
			}
			key := strings.ToLower(id)
			p := places[key]
			if p == nil {
				p = &place{id: id}
				places[key] = p
			}
			if !slices.Contains(p.roles, role) {
				p.roles = append(p.roles, role)
			}
		}
	}
	out := make(map[string]string, len(places))
	var twice []string
	for _, key := range slices.Sorted(maps.Keys(places)) {
		p := places[key]
		if len(p.roles) > 1 {
			twice = append(twice, fmt.Sprintf("%s (%s)", p.id, strings.Join(p.roles, ", ")))
			continue
		}
		out[p.id] = p.roles[0]
	}
	if len(twice) > 0 {
		return nil, fmt.Errorf("each id has exactly one role, and these are listed under several: %s. Keep each of them under one role only", strings.Join(twice, "; "))
	}
	return out, nil
}
