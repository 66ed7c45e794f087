package security

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// strays are ids that would address something else than they name.
var strays = []string{"", ".", "..", "a/b", "../w", "a?b", "a#b", `a\b`, "a..b", " a", "a ", "a\n", "a\x00"}

// strayNumbers are ids that BlazeMeter has none of.
var strayNumbers = append([]string{"0", "-1", "01", "1e3", "1.5", "9223372036854775808", "１２"}, strays...)

// place is one argument that takes an id; valid is a configuration in which it
// is the only thing to be wrong.
type place struct {
	typ   string
	valid protocol.Object
	// set puts an id there.
	set func(config protocol.Object, id string)
	ids []string
}

func at(name string) func(protocol.Object, string) {
	return func(o protocol.Object, id string) { o[name] = id }
}

func keyOf(name string) func(protocol.Object, string) {
	return func(o protocol.Object, id string) { o[name] = protocol.Object{id: "viewer"} }
}

func inSet(name string) func(protocol.Object, string) {
	return func(o protocol.Object, id string) { o[name] = []any{id} }
}

func resourcePlaces() []place {
	binding := protocol.Object{"workspace_id": "w-1", "entity_type": "user", "entity_id": "u-1", "role": "viewer"}
	user := protocol.Object{"workspace_id": "901", "user_id": "5000", "role": "viewer"}
	blinkAll := protocol.Object{"workspace_id": "w-1", "users": protocol.Object{"u-1": "viewer"}}
	blazeAll := protocol.Object{"workspace_id": "901", "users": protocol.Object{"5000": "viewer"}}
	blinkRole := protocol.Object{"workspace_id": "w-1", "role": "viewer", "users": []any{"u-1"}}
	blazeRole := protocol.Object{"workspace_id": "901", "role": "viewer", "users": []any{"5000"}}
	return []place{
		{"roster_blink_workspace_role_binding", binding, at("workspace_id"), strays},
		{"roster_blink_workspace_role_binding", binding, at("entity_id"), strays},
		{"roster_blink_workspace_role_bindings", blinkAll, at("workspace_id"), strays},
		{"roster_blink_workspace_role_bindings", blinkAll, keyOf("users"), strays},
		{"roster_blink_workspace_role_bindings", blinkAll, keyOf("groups"), strays},
		{"roster_blink_workspace_role_bindings", blinkAll, inSet("ignore_users"), strays},
		{"roster_blink_workspace_role_bindings", blinkAll, inSet("ignore_groups"), strays},
		{"roster_blink_workspace_role_members", blinkRole, at("workspace_id"), strays},
		{"roster_blink_workspace_role_members", blinkRole, inSet("users"), strays},
		{"roster_blink_workspace_role_members", blinkRole, inSet("groups"), strays},
		{"roster_blink_workspace_role_members", blinkRole, inSet("ignore_users"), strays},
		{"roster_blink_workspace_role_members", blinkRole, inSet("ignore_groups"), strays},
		{"roster_blazemeter_workspace_role_members", blazeRole, at("workspace_id"), strayNumbers},
		{"roster_blazemeter_workspace_role_members", blazeRole, inSet("users"), strayNumbers},
		{"roster_blazemeter_workspace_role_members", blazeRole, inSet("ignore_users"), strayNumbers},
		{"roster_blazemeter_workspace_user", user, at("workspace_id"), strayNumbers},
		{"roster_blazemeter_workspace_user", user, at("user_id"), strayNumbers},
		{"roster_blazemeter_workspace_users", blazeAll, at("workspace_id"), strayNumbers},
		{"roster_blazemeter_workspace_users", blazeAll, keyOf("users"), strayNumbers},
		{"roster_blazemeter_workspace_users", blazeAll, inSet("ignore_users"), strayNumbers},
	}
}

// keyPlaces are the parts of the key of every resource, whatever the product.
func keyPlaces(p *protocol.Provider) []place {
	var out []place
	for typ := range p.Schemas().ResourceSchemas {
		for _, name := range p.KeyNames(typ) {
			if name != "role" { // may have slashes, and ends the id
				out = append(out, place{typ, p.Sample(typ), at(name), strays})
			}
		}
	}
	return out
}

func dataSources() []place {
	return []place{
		{"roster_blink_workspace", protocol.Object{"id": "w-1"}, at("id"), strays},
		{"roster_blink_entity", protocol.Object{"entity_type": "user", "entity_id": "u-1"}, at("entity_id"), strays},
		{"roster_blazemeter_workspace", protocol.Object{"id": "901"}, at("id"), strayNumbers},
		{"roster_blazemeter_workspace", protocol.Object{"name": "Load", "account_id": "77"}, at("account_id"), strayNumbers},
		{"roster_blazemeter_workspaces", protocol.Object{"account_id": "77"}, at("account_id"), strayNumbers},
		{"roster_blazemeter_account_user", protocol.Object{"account_id": "77", "user_id": "5000"}, at("account_id"), strayNumbers},
		{"roster_blazemeter_account_user", protocol.Object{"account_id": "77", "user_id": "5000"}, at("user_id"), strayNumbers},
		{"roster_blazemeter_account_users", protocol.Object{"account_id": "77"}, at("account_id"), strayNumbers},
	}
}

func lists() []place {
	return []place{
		{"roster_blink_workspace_role_binding", protocol.Object{"workspace_id": "w-1"}, at("workspace_id"), strays},
		{"roster_blazemeter_workspace_user", protocol.Object{"workspace_id": "901"}, at("workspace_id"), strayNumbers},
		{"roster_blazemeter_workspace_users", protocol.Object{"account_id": "77"}, at("account_id"), strayNumbers},
	}
}

func (p place) with(id string) protocol.Object {
	config := maps.Clone(p.valid)
	p.set(config, id)
	return config
}

// An id that would leave its segment of the path is refused before anything is
// asked: there is nobody here to ask.
func TestIDsStayInTheirPlace(t *testing.T) {
	var seed mockservice.Seed
	mockblink.SeedOf(&seed).Users = []mockblink.User{{ID: "u-terraform", Email: "terraform@example.com", Role: "Admin"}}
	mockblazemeter.SeedOf(&seed).Users = []mockblazemeter.User{{ID: 1, Email: "terraform@example.com"}}
	mockblazemeter.SeedOf(&seed).Keys = []mockblazemeter.Key{{ID: "an-id", Secret: "a-secret", User: 1}}
	svc := mockservice.StartTest(t, seed)
	svc.Setenv()
	p := protocol.Start(t, nil)
	validate := map[string]func(typ string, config protocol.Object) protocol.Diagnostics{
		"resource": func(typ string, config protocol.Object) protocol.Diagnostics {
			diags, err := p.Validate(typ, config)
			if err != nil {
				t.Fatal(err)
			}
			return diags
		},
		"data": func(typ string, config protocol.Object) protocol.Diagnostics {
			_, diags := p.Data(typ, config)
			return diags
		},
		"list": func(typ string, config protocol.Object) protocol.Diagnostics {
			_, diags := p.List(typ, config, 10, false)
			return diags
		},
	}
	covered := map[string]bool{}
	for kind, places := range map[string][]place{"resource": append(resourcePlaces(), keyPlaces(p)...), "data": dataSources(), "list": lists()} {
		for _, pl := range places {
			covered[kind+" "+pl.typ] = true
			if kind == "resource" {
				if diags := validate[kind](pl.typ, pl.valid); diags.Failed() {
					t.Errorf("%s %v should be valid: %s", pl.typ, pl.valid, diags)
				}
			}
			for _, id := range pl.ids {
				if diags := validate[kind](pl.typ, pl.with(id)); !diags.Failed() {
					t.Errorf("%s %s takes the id %q: %v", kind, pl.typ, id, pl.with(id))
				}
			}
		}
	}
	for typ := range p.Schemas().ResourceSchemas {
		if !covered["resource "+typ] {
			t.Errorf("the ids of the resource %s are not tried", typ)
		}
		for _, id := range append(strayImports(typ), straySamples(p, typ)...) {
			if _, diags := p.Import(typ, id, nil); !diags.Failed() {
				t.Errorf("%s is imported by %q", typ, id)
			}
		}
	}
	for kind, schemas := range map[string]map[string]*tfprotov6.Schema{"data": p.Schemas().DataSourceSchemas, "list": p.Schemas().ListResourceSchemas} {
		for typ, schema := range schemas {
			for _, a := range schema.Block.Attributes {
				if (a.Name == "id" || strings.HasSuffix(a.Name, "_id")) && (a.Required || a.Optional) && !covered[kind+" "+typ] {
					t.Errorf("%s of %s %s is not tried", a.Name, kind, typ)
				}
			}
		}
	}
	if n := svc.Audit().Total; n != 0 {
		t.Errorf("%d requests were sent: %v", n, svc.Audit().Requests)
	}
}

// straySamples are ids of a resource of which one part is wrong.
func straySamples(p *protocol.Provider, typ string) []string {
	names, sample := p.KeyNames(typ), p.Sample(typ)
	out := []string{""}
	for i, name := range names {
		for _, s := range strays {
			if name == "role" || strings.Contains(s, "/") {
				continue
			}
			parts := make([]string, len(names))
			for j, other := range names {
				parts[j], _ = sample[other].(string)
			}
			parts[i] = s
			out = append(out, strings.Join(parts, "/"))
		}
	}
	return out
}

func strayImports(typ string) []string {
	var out []string
	switch typ {
	case "roster_blink_workspace_role_binding":
		for _, s := range strays {
			if strings.Contains(s, "/") {
				continue
			}
			out = append(out, s+"/user/u-1", "w-1/user/"+s, "w-1/"+s+"/u-1")
		}
		out = append(out, "", "w-1", "w-1/user", "w-1/user/u-1/more", "w-1/robot/u-1")
	case "roster_blazemeter_workspace_user":
		for _, s := range strayNumbers {
			out = append(out, s+"/5000", "901/"+s)
		}
		out = append(out, "", "901", "901/5000/1")
	case "roster_blink_workspace_role_members":
		for _, s := range strays {
			if !strings.Contains(s, "/") { // what follows the first slash is the role
				out = append(out, s+"/viewer")
			}
		}
		out = append(out, "w-1", "w-1/", "/viewer")
	case "roster_blazemeter_workspace_role_members":
		for _, s := range strayNumbers {
			out = append(out, s+"/viewer")
		}
		out = append(out, "901", "901/", "901/admin", "901/viewer/more")
	case "roster_blink_workspace_role_bindings":
		out = strays
	case "roster_blazemeter_workspace_users":
		out = strayNumbers
	}
	return out
}

// Ids with everything that may be in one arrive as one segment, whatever they
// hold.
func TestOddIDsArriveWhole(t *testing.T) {
	const workspace, user = "w ;=@:&+$,!*'()~é", "u|ü {x}"
	var seed mockservice.Seed
	mockblink.SeedOf(&seed).Users = []mockblink.User{
		{ID: "u-terraform", Email: "terraform@example.com", Role: "Admin"},
		{ID: user, Email: "odd@example.com"},
		{ID: "u-1", Email: "alice@example.com"},
	}
	mockblink.SeedOf(&seed).Roles = []string{"Duty; Night & Day"}
	mockblink.SeedOf(&seed).Workspaces = []mockblink.Workspace{{ID: workspace, DisplayName: "Odd", Users: map[string]string{"u-1": "owner"}}}
	svc := mockservice.StartTest(t, seed)
	svc.Setenv()
	p := protocol.Start(t, nil)
	attrs := protocol.Object{"workspace_id": workspace, "entity_type": "user", "entity_id": user, "role": "Duty; Night & Day", "adopt_existing": false, "on_destroy": "remove"}
	prior := protocol.Instance{Type: "roster_blink_workspace_role_binding"}
	c, diags, err := p.PlanChange(t.Context(), prior, attrs)
	if err != nil || diags.Failed() {
		t.Fatal(err, diags)
	}
	made, diags, err := p.Apply(t.Context(), c)
	if err != nil || diags.Failed() {
		t.Fatal(err, diags)
	}
	if got := mockblink.Of(svc).Role(workspace, mockservice.KindUser, user); got != "Duty; Night & Day" {
		t.Errorf("the role is %q", got)
	}
	// The removal is a run of its own, planned and applied.
	p = protocol.Start(t, nil)
	if c, diags, err = p.PlanChange(t.Context(), made, nil); err != nil || diags.Failed() || c.Planned != nil {
		t.Fatal(err, diags)
	}
	if _, diags, err = p.Apply(t.Context(), protocol.Change{Prior: made, Private: c.Private}); err != nil || diags.Failed() {
		t.Fatal(err, diags)
	}
	if got := mockblink.Of(svc).Role(workspace, mockservice.KindUser, user); got != "" {
		t.Errorf("the role is still %q", got)
	}
	for _, r := range svc.Requests() {
		for segment := range strings.SplitSeq(r.Path, "/") {
			if plain, err := url.PathUnescape(segment); err != nil || slices.Contains([]string{".", ".."}, plain) {
				t.Errorf("%s: the segment %q", r.Path, segment)
			}
		}
	}
	if calls := svc.Undocumented(); len(calls) > 0 {
		t.Errorf("these left their place: %q", calls)
	}
}
