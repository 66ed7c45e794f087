package security

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblazemeter "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blazemeter"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// strays are ids that would address something else than they name.
var strays = []string{"", ".", "..", "a/b", "../w", "a?b", "a#b", `a\b`, "a..b", " a", "a ", "a\n", "a\x00"}

// strayNumbers are no ids where ids are numbers.
var strayNumbers = append([]string{"0", "-1", "01", "1e3", "1.5", "9223372036854775808", "１２"}, strays...)

// straysOf are the strays of the product of a type.
func straysOf(typ string) []string {
	if _, err := strconv.Atoi(protocol.SampleOf(typ).Workspace); err == nil {
		return strayNumbers
	}
	return strays
}

// place is an argument of a type that takes ids. An id is put there in a
// configuration in which it is the only thing to be wrong.
type place struct {
	attribute string
	with      func(id string) protocol.Object
}

// places are those of a resource, by its schema.
func places(p *protocol.Provider, typ string) []place {
	var out []place
	sample := p.Sample(typ)
	add := func(name string, value func(id string) any) {
		out = append(out, place{name, func(id string) protocol.Object {
			config := maps.Clone(sample)
			config[name] = value(id)
			return config
		}})
	}
	for _, a := range p.Schemas().ResourceSchemas[typ].Block.Attributes {
		switch {
		case !a.Required && !a.Optional, a.Type == nil:
		case slices.Contains(p.KeyNames(typ), a.Name) && a.Name != "role": // which may have slashes
			add(a.Name, func(id string) any { return id })
		case a.Type.Is(tftypes.Map{}):
			add(a.Name, func(id string) any { return protocol.Object{id: protocol.SampleOf(typ).Role} })
		case a.Type.Is(tftypes.Set{}):
			add(a.Name, func(id string) any { return []any{id} })
		}
	}
	return out
}

// lookUps are those of a data source or list: what has the name of an id.
func lookUps(schema *tfprotov6.Schema) []place {
	var out []place
	for _, a := range schema.Block.Attributes {
		if (a.Name == "id" || strings.HasSuffix(a.Name, "_id")) && (a.Required || a.Optional) {
			out = append(out, place{a.Name, func(id string) protocol.Object { return protocol.Object{a.Name: id} }})
		}
	}
	return out
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
	tried := 0
	try := func(kind, typ string, places []place) {
		for _, pl := range places {
			for _, id := range straysOf(typ) {
				tried++
				if diags := validate[kind](typ, pl.with(id)); !diags.Failed() || !strings.Contains(diags.String(), `AttributeName("`+pl.attribute+`")`) {
					t.Errorf("%s %s takes the id %q as %s: %s", kind, typ, id, pl.attribute, diags)
				}
			}
			// White space around an id is not seen, and never meant.
			for _, id := range []string{protocol.SampleOf(typ).Stranger + " ", "\t" + protocol.SampleOf(typ).Stranger} {
				validate[kind](typ, pl.with(id)).Error(t, "white space", `AttributeName("`+pl.attribute+`")`)
			}
		}
	}
	for typ := range p.Schemas().ResourceSchemas {
		if diags := validate["resource"](typ, p.Sample(typ)); diags.Failed() {
			t.Errorf("%s %v should be valid: %s", typ, p.Sample(typ), diags)
		}
		try("resource", typ, places(p, typ))
		// Nor around a role.
		for name, value := range p.Sample(typ) {
			spaced := p.Sample(typ)
			switch _, isMap := value.(protocol.Object); {
			case name == "role":
				spaced[name] = " " + protocol.SampleOf(typ).Role
				validate["resource"](typ, spaced).Error(t, "white space", `AttributeName("role")`)
			case isMap: // or a role that there is not
				spaced[name] = protocol.Object{protocol.SampleOf(typ).Stranger: protocol.SampleOf(typ).Role + " "}
				validate["resource"](typ, spaced).Error(t, name)
			}
		}
		for _, id := range slices.Concat(straySamples(p, typ), strayImports[typ]) {
			if _, diags := p.Import(typ, id, nil); !diags.Failed() {
				t.Errorf("%s is imported by %q", typ, id)
			}
		}
	}
	for typ, schema := range p.Schemas().DataSourceSchemas {
		try("data", typ, lookUps(schema))
	}
	for typ, schema := range p.Schemas().ListResourceSchemas {
		try("list", typ, lookUps(schema))
	}
	if tried < 500 {
		t.Errorf("only %d ids were tried", tried)
	}
	if n := svc.Audit().Total; n != 0 {
		t.Errorf("%d requests were sent: %v", n, svc.Audit().Requests)
	}
}

// straySamples are ids of a resource of which one part is wrong, missing or too many.
func straySamples(p *protocol.Provider, typ string) []string {
	names, sample := p.KeyNames(typ), p.Sample(typ)
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i], _ = sample[name].(string)
	}
	out := []string{""}
	for i, name := range names {
		for _, s := range straysOf(typ) {
			// What follows the first slash of the id of a role is the role.
			if name == "role" && s != "" || strings.Contains(s, "/") && names[len(names)-1] == "role" {
				continue
			}
			wrong := slices.Clone(parts)
			wrong[i] = s
			out = append(out, strings.Join(wrong, "/"))
		}
		if i > 0 {
			out = append(out, strings.Join(parts[:i], "/"))
		}
	}
	if names[len(names)-1] != "role" {
		out = append(out, strings.Join(parts, "/")+"/more")
	}
	return out
}

// strayImports are ids that are wrong for reasons of one resource alone.
var strayImports = map[string][]string{
	"roster_blink_workspace_role_binding":      {"w-1/robot/u-1"},
	"roster_blazemeter_workspace_role_members": {"901/admin", "901/viewer/more"},
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
