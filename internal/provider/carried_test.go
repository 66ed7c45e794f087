package provider_test

import (
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// attributes gives all attributes of all schemas that are served, by path.
func attributes(t *testing.T) map[string]any {
	t.Helper()
	out := map[string]any{}
	for _, product := range provider.Products() {
		for _, r := range product.Resources {
			one := r.New(product.Name)
			var meta resource.MetadataResponse
			one.Metadata(t.Context(), resource.MetadataRequest{ProviderTypeName: "roster"}, &meta)
			var s resource.SchemaResponse
			one.Schema(t.Context(), resource.SchemaRequest{}, &s)
			add(out, "resource "+meta.TypeName, s.Schema.Attributes)
		}
		for _, d := range product.DataSources {
			one := d.New(product.Name)
			var meta datasource.MetadataResponse
			one.Metadata(t.Context(), datasource.MetadataRequest{ProviderTypeName: "roster"}, &meta)
			var s datasource.SchemaResponse
			one.Schema(t.Context(), datasource.SchemaRequest{}, &s)
			add(out, "data "+meta.TypeName, s.Schema.Attributes)
		}
	}
	var s frameworkprovider.SchemaResponse
	provider.New("test", roster.NewActivity(), nil).Schema(t.Context(), frameworkprovider.SchemaRequest{}, &s)
	add(out, "provider", s.Schema.Attributes)
	return out
}

// add adds the attributes of a schema or of a nested one, which all are maps of
// a type of attribute of their own.
func add(out map[string]any, at string, attributes any) {
	for name, a := range reflect.ValueOf(attributes).Seq2() {
		path := at + "." + name.String()
		out[path] = a.Interface()
		if nested := a.Elem().FieldByName("Attributes"); a.Elem().Kind() == reflect.Struct && nested.IsValid() {
			add(out, path, nested.Interface())
		}
	}
}

// Maps and sets of strings are carried past the framework, so its own validators,
// plan modifiers and defaults would look at a ticket instead of at people.
func TestNothingLooksAtTickets(t *testing.T) {
	ours := reflect.TypeFor[framework.Product]().PkgPath()
	carried := 0
	for path, a := range attributes(t) {
		typ := a.(interface{ GetType() attr.Type }).GetType()
		if !typ.Equal(types.SetType{ElemType: types.StringType}) && !typ.Equal(types.MapType{ElemType: types.StringType}) {
			continue
		}
		carried++
		var validators []any
		if a, ok := a.(interface{ SetValidators() []validator.Set }); ok {
			for _, v := range a.SetValidators() {
				validators = append(validators, v)
			}
		}
		if a, ok := a.(interface{ MapValidators() []validator.Map }); ok {
			for _, v := range a.MapValidators() {
				validators = append(validators, v)
			}
		}
		for _, v := range validators {
			if reflect.TypeOf(v).PkgPath() != ours {
				t.Errorf("%s has a validator that cannot see its elements: %T; use one of %s, such as EachOf", path, v, ours)
			}
		}
		for _, method := range []string{"SetPlanModifiers", "MapPlanModifiers", "SetDefaultValue", "MapDefaultValue"} {
			if m := reflect.ValueOf(a).MethodByName(method); m.IsValid() {
				if got := m.Call(nil)[0]; got.Kind() == reflect.Slice && got.Len() > 0 || got.Kind() == reflect.Interface && !got.IsNil() {
					t.Errorf("%s has %s, which cannot see its elements", path, method)
				}
			}
		}
	}
	if carried < 12 {
		t.Errorf("only %d maps and sets of strings were found", carried)
	}
}

// No state is taken over from another type, so nothing is carried for a move.
func TestNoResourceMovesState(t *testing.T) {
	for _, product := range provider.Products() {
		for _, r := range product.Resources {
			if _, moves := r.New(product.Name).(resource.ResourceWithMoveState); moves {
				t.Errorf("%T moves state: let internal/protocol carry what MoveResourceState answers", r)
			}
		}
	}
}

// crowd is n ids that nobody has.
func crowd(n int) []any {
	out := make([]any, 0, n)
	for i := range n {
		out = append(out, fmt.Sprintf("p-%05d", i))
	}
	return out
}

// blinkOwners is a Blink workspace of n owners.
func blinkOwners(n int) mockservice.Seed {
	seed := mockblink.Seed{}
	w := mockblink.Workspace{ID: "w-big", DisplayName: "Big", Users: map[string]string{}}
	for i := range n {
		id := fmt.Sprintf("o-%05d", i)
		seed.Users = append(seed.Users, mockblink.User{ID: id, Email: id + "@example.com", Role: "Admin"})
		w.Users[id] = "owner"
	}
	seed.Workspaces = []mockblink.Workspace{w}
	return seed.Alone()
}

// blazemeterManagers is a BlazeMeter workspace of n managers.
func blazemeterManagers(n int) mockservice.Seed {
	seed := mockblazemeter.Seed{}
	account := mockblazemeter.Account{ID: 5001, Name: "Big"}
	w := mockblazemeter.Workspace{ID: 70001, Name: "Big", Account: 5001}
	for i := range n {
		id := int64(100_000 + i)
		seed.Users = append(seed.Users, mockblazemeter.User{ID: id, Email: fmt.Sprintf("m-%05d@example.com", i)})
		account.Users = append(account.Users, mockblazemeter.AccountUser{ID: id, Roles: []string{"admin"}})
		w.Users = append(w.Users, mockblazemeter.WorkspaceUser{ID: id, Role: "manager"})
	}
	seed.Accounts, seed.Workspaces = []mockblazemeter.Account{account}, []mockblazemeter.Workspace{w}
	return seed.Alone()
}

// owners are the ids of blinkOwners, managers those of blazemeterManagers.
func owners(n int) []any {
	out := make([]any, 0, n)
	for i := range n {
		out = append(out, fmt.Sprintf("o-%05d", i))
	}
	return out
}

func managers(n int) []any {
	out := make([]any, 0, n)
	for i := range n {
		out = append(out, fmt.Sprint(100_000+i))
	}
	return out
}

// largeSets is what is done with a set of n elements, prepared, for each attribute
// of every schema that is a set of texts.
var largeSets = map[string]func(t *testing.T, n int) (work func()){
	"resource roster_blink_workspace_role_bindings.ignore_users": func(t *testing.T, n int) func() {
		t.Helper()
		return planned(t, blinkOwners(1), "roster_blink_workspace_role_bindings", object{"workspace_id": "w-big", "users": object{"o-00000": "owner"}, "ignore_users": crowd(n)})
	},
	"resource roster_blink_workspace_role_bindings.ignore_groups": func(t *testing.T, n int) func() {
		t.Helper()
		return planned(t, blinkOwners(1), "roster_blink_workspace_role_bindings", object{"workspace_id": "w-big", "groups": object{}, "ignore_groups": crowd(n)})
	},
	"resource roster_blazemeter_workspace_users.ignore_users": func(t *testing.T, n int) func() {
		t.Helper()
		ignored := make([]any, 0, n)
		for i := range n {
			ignored = append(ignored, fmt.Sprint(900_000+i))
		}
		return planned(t, blazemeterManagers(1), "roster_blazemeter_workspace_users", object{"workspace_id": "70001", "users": object{"100000": "manager"}, "ignore_users": ignored})
	},
	"resource roster_blink_workspace_role_members.users": func(t *testing.T, n int) func() {
		t.Helper()
		return planned(t, blinkOwners(n), "roster_blink_workspace_role_members", object{"workspace_id": "w-big", "role": "owner", "users": owners(n)})
	},
	"resource roster_blink_workspace_role_members.groups": func(t *testing.T, n int) func() {
		t.Helper()
		seed := mockblink.Seed{}
		w := mockblink.Workspace{ID: "w-big", DisplayName: "Big", Users: map[string]string{"o-00000": "owner"}, Groups: map[string]string{}}
		seed.Users = []mockblink.User{{ID: "o-00000", Email: "o-00000@example.com", Role: "Admin"}}
		var groups []any
		for i := range n {
			id := fmt.Sprintf("g-%05d", i)
			seed.Groups = append(seed.Groups, mockblink.Group{ID: id, Name: "Group " + id})
			w.Groups[id], groups = "viewer", append(groups, id)
		}
		seed.Workspaces = []mockblink.Workspace{w}
		return planned(t, seed.Alone(), "roster_blink_workspace_role_members", object{"workspace_id": "w-big", "role": "viewer", "groups": groups})
	},
	"resource roster_blink_workspace_role_members.ignore_users": func(t *testing.T, n int) func() {
		t.Helper()
		return planned(t, blinkOwners(1), "roster_blink_workspace_role_members", object{"workspace_id": "w-big", "role": "owner", "users": owners(1), "ignore_users": crowd(n)})
	},
	"resource roster_blink_workspace_role_members.ignore_groups": func(t *testing.T, n int) func() {
		t.Helper()
		return planned(t, blinkOwners(1), "roster_blink_workspace_role_members", object{"workspace_id": "w-big", "role": "owner", "groups": []any{}, "ignore_groups": crowd(n)})
	},
	"resource roster_blazemeter_workspace_role_members.users": func(t *testing.T, n int) func() {
		t.Helper()
		return planned(t, blazemeterManagers(n), "roster_blazemeter_workspace_role_members", object{"workspace_id": "70001", "role": "manager", "users": managers(n)})
	},
	"resource roster_blazemeter_workspace_role_members.ignore_users": func(t *testing.T, n int) func() {
		t.Helper()
		ignored := make([]any, 0, n)
		for i := range n {
			ignored = append(ignored, fmt.Sprint(900_000+i))
		}
		return planned(t, blazemeterManagers(1), "roster_blazemeter_workspace_role_members", object{"workspace_id": "70001", "role": "manager", "users": managers(1), "ignore_users": ignored})
	},
	"provider.last_owner_guard.not_counted": func(t *testing.T, n int) func() {
		t.Helper()
		return configured(t, "not_counted", n)
	},
	"provider.last_owner_guard.exempt_workspace_ids": func(t *testing.T, n int) func() {
		t.Helper()
		return configured(t, "exempt_workspace_ids", n)
	},
	"data roster_blink_workspace.owners": func(t *testing.T, n int) func() {
		t.Helper()
		return listed(t, blinkOwners(n), "roster_blink_workspace", "w-big", "owners", n)
	},
	"data roster_blazemeter_workspace.managers": func(t *testing.T, n int) func() {
		t.Helper()
		return listed(t, blazemeterManagers(n), "roster_blazemeter_workspace", "70001", "managers", n)
	},
}

func serving(t *testing.T, seed mockservice.Seed) *protocol.Provider {
	t.Helper()
	mockservice.StartTest(t, seed, mockservice.WithWireCheck(false)).Setenv()
	return protocol.Start(t, nil)
}

// planned validates, refreshes and plans a resource with a large set in its
// configuration and its state.
func planned(t *testing.T, seed mockservice.Seed, name string, config object) func() {
	t.Helper()
	p := serving(t, seed)
	state := maps.Clone(config)
	return func() {
		p.Configure(nil) // a walk of its own
		diags, err := p.Validate(name, config)
		if err != nil {
			t.Fatal(err)
		}
		diags.None(t)
		now, diags, err := p.Refresh(t.Context(), protocol.Instance{Type: name, State: state})
		if err != nil || diags.Failed() {
			t.Fatal(err, diags)
		}
		_, diags, err = p.PlanChange(t.Context(), now, config)
		if err != nil || diags.Failed() {
			t.Fatal(err, diags)
		}
	}
}

// configured validates and configures the guard with n entries.
func configured(t *testing.T, attribute string, n int) func() {
	t.Helper()
	p := serving(t, blinkOwners(1))
	config := object{"last_owner_guard": object{attribute: crowd(n)}}
	return func() {
		diags, err := p.ValidateProvider(config)
		if err != nil {
			t.Fatal(err)
		}
		diags.None(t)
		p.Configure(config)
	}
}

// listed reads a data source whose attribute has n entries.
func listed(t *testing.T, seed mockservice.Seed, name, id, attribute string, n int) func() {
	t.Helper()
	p := serving(t, seed)
	return func() {
		got, diags := p.Data(name, object{"id": id})
		diags.None(t)
		if all, _ := got[attribute].([]any); len(all) != n {
			t.Fatalf("%s has %d entries, want %d", attribute, len(all), n)
		}
	}
}

// A set that is not measured below would be one more that nobody looks at.
func TestEverySetIsMeasured(t *testing.T) {
	sets := map[string]bool{}
	for path, a := range attributes(t) {
		if a.(interface{ GetType() attr.Type }).GetType().Equal(types.SetType{ElemType: types.StringType}) {
			sets[path] = true
			if largeSets[path] == nil {
				t.Errorf("%s is a set, and its cost is not measured: add it to largeSets", path)
			}
		}
	}
	for path := range largeSets {
		if !sets[path] {
			t.Errorf("%s is measured, and is no set", path)
		}
	}
}

// A set of four times as many elements costs about four times as much: nothing
// compares each with each other one. That would be sixteen times.
func TestSetsDoNotCostTheSquare(t *testing.T) {
	const n, times, most = 500, 4, 9
	for _, name := range slices.Sorted(maps.Keys(largeSets)) {
		t.Run(name, func(t *testing.T) {
			small := cost(t, largeSets[name](t, n), 5, 0)
			large := cost(t, largeSets[name](t, times*n), 3, most*small)
			t.Logf("%d elements: %s, %d elements: %s", n, small, times*n, large)
			if large > most*small {
				t.Errorf("%d elements cost %.1f times as much as %d", times*n, float64(large)/float64(small), n)
			}
		})
	}
}

// cost tells the least that work computed in so many runs, garbage collection
// included. It runs no more once that is little enough.
func cost(t *testing.T, work func(), runs int, enough time.Duration) time.Duration {
	t.Helper()
	least := time.Duration(1<<63 - 1)
	for range runs {
		runtime.GC()
		before := cpuTime(t)
		work()
		runtime.GC()
		if least = min(least, cpuTime(t)-before); least <= enough {
			break
		}
	}
	return least
}
