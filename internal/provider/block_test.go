package provider_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
	"github.com/tf-roster/terraform-provider-roster/internal/test/products"
)

// Every error of the provider block stands on its attribute, and says which one
// it is where Terraform shows the line of the whole block.
func TestErrorsOfTheBlockStandOnTheirAttribute(t *testing.T) {
	p := protocol.Start(t, nil)
	guard := func(name string, v any) object { return object{"last_owner_guard": object{name: v}} }
	calls := func(name string, v any) object { return object{"http": object{name: v}} }
	for name, c := range map[string]struct {
		config object
		at     string
		says   []string
	}{
		"a duration without a unit": {guard("handover_wait", "5"), "last_owner_guard.handover_wait", []string{"Not a duration", "last_owner_guard.handover_wait", `"5"`}},
		"a time that is too short":  {calls("request_timeout", "1us"), "http.request_timeout", []string{"Not a duration", "http.request_timeout", "1ms"}},
		"an unknown mode":           {guard("mode", "on"), "last_owner_guard.mode", []string{"last_owner_guard.mode", "enforce"}},
		"no owners":                 {guard("minimum_owners", int64(0)), "last_owner_guard.minimum_owners", []string{"minimum_owners"}},
		"too many calls":            {calls("max_concurrent_requests", int64(1001)), "http.max_concurrent_requests", []string{"max_concurrent_requests"}},
		"a part of an owner":        {guard("minimum_owners", 1.5), "last_owner_guard.minimum_owners", []string{"last_owner_guard.minimum_owners", "1.5", "whole number"}},
		"countless owners":          {guard("minimum_owners", 1e30), "last_owner_guard.minimum_owners", []string{"last_owner_guard.minimum_owners", "whole number"}},
		"a part of a repetition":    {calls("max_retries", 0.5), "http.max_retries", []string{"http.max_retries", "0.5", "from 0 to 100"}},
		"a part of a call":          {calls("max_concurrent_requests", 1.5), "http.max_concurrent_requests", []string{"http.max_concurrent_requests", "1.5"}},
		"an entry in white space":   {guard("not_counted", []any{"u-1", " u-2"}), `last_owner_guard.not_counted[" u-2"]`, []string{"last_owner_guard.not_counted", `" u-2"`, "white space"}},
		"an entry with a line end":  {guard("exempt_workspace_ids", []any{"w\n"}), `last_owner_guard.exempt_workspace_ids["w\n"]`, []string{"last_owner_guard.exempt_workspace_ids", "white space"}},
		"an empty entry":            {guard("not_counted", []any{""}), `last_owner_guard.not_counted[""]`, []string{"empty"}},
		"a blank entry":             {guard("exempt_workspace_ids", []any{" "}), `last_owner_guard.exempt_workspace_ids[" "]`, []string{"white space"}},
		"a null entry":              {guard("not_counted", []any{nil, "u-1"}), "last_owner_guard.not_counted[null]", []string{"last_owner_guard.not_counted", "null"}},
		"a null workspace":          {guard("exempt_workspace_ids", []any{nil}), "last_owner_guard.exempt_workspace_ids[null]", []string{"null"}},
	} {
		t.Run(name, func(t *testing.T) {
			diags, err := p.ValidateProvider(c.config)
			if err != nil {
				t.Fatal(err)
			}
			diags.Error(t, c.says...)
			if len(diags) != 1 || place(diags[0]) != c.at {
				t.Errorf("it stands on %s, want %s", place(diags[0]), c.at)
			}
		})
	}
	for _, product := range provider.Products() {
		for _, s := range product.Settings {
			for _, empty := range []string{"", " \n"} {
				diags, err := p.ValidateProvider(object{product.Name: object{s.Attribute: empty}})
				if err != nil {
					t.Fatal(err)
				}
				diags.Error(t, product.Name+"."+s.Attribute, s.Variable)
				if at := place(diags[0]); at != product.Name+"."+s.Attribute {
					t.Errorf("an empty %s: it stands on %s", s.Attribute, at)
				}
			}
		}
		for _, s := range product.Settings {
			if !s.Required || s.Attribute == "endpoint" { // which is no header, and has its own checks
				continue
			}
			diags, err := p.ValidateProvider(object{product.Name: object{s.Attribute: "hun\nter2"}})
			if err != nil {
				t.Fatal(err)
			}
			diags.Error(t, product.Name+"."+s.Attribute, "line break")
			if at := place(diags[0]); at != product.Name+"."+s.Attribute {
				t.Errorf("a line break in %s: it stands on %s", s.Attribute, at)
			}
			if strings.Contains(diags.String(), "ter2") {
				t.Errorf("the key shows: %s", diags)
			}
		}
		diags, err := p.ValidateProvider(object{product.Name: object{"endpoint": "https://me:hunter2@example.com"}})
		if err != nil {
			t.Fatal(err)
		}
		diags.Error(t, product.Name+".endpoint", "user name")
		if strings.Contains(diags.String(), "hunter2") {
			t.Errorf("the password shows: %s", diags)
		}
	}
}

// place writes a path as Terraform does.
func place(d *tfprotov6.Diagnostic) string {
	var b strings.Builder
	if d.Attribute == nil {
		return "nothing"
	}
	for i, step := range d.Attribute.Steps() {
		switch s := step.(type) {
		case tftypes.AttributeName:
			if i > 0 {
				b.WriteString(".")
			}
			b.WriteString(string(s))
		case tftypes.ElementKeyValue:
			v := tftypes.Value(s)
			var text string
			if v.IsNull() || v.As(&text) != nil {
				b.WriteString("[null]")
				continue
			}
			b.WriteString(`["` + strings.ReplaceAll(text, "\n", `\n`) + `"]`)
		default:
			b.WriteString("[?]")
		}
	}
	return b.String()
}

// call has the provider call a product, with nothing but the settings: it imports from
// the sample's workspace a user who is no member there. That it says so shows that the
// workspace was read.
func call(p *protocol.Provider, product string) protocol.Diagnostics {
	return slices.DeleteFunc(p.Read(product, mockservice.SampleOf(product).Workspace), func(d *tfprotov6.Diagnostic) bool {
		return strings.Contains(d.Detail, "nothing to import")
	})
}

// The block and the environment are treated alike: white space around an
// endpoint or a key is nothing, and a bare host gets the path of the API.
func TestWhiteSpaceAroundSettingsIsNothing(t *testing.T) {
	all, err := products.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, product := range all {
		t.Run(product.Name, func(t *testing.T) {
			block := product.SettingsFrom(mockservice.StartDefault(t).Env())
			for name, value := range block {
				block[name] = fmt.Sprintf("\t%s \r\n", value)
			}
			t.Run("from the block", func(t *testing.T) {
				unset(t)
				call(protocol.Start(t, object{product.Name: block}), product.Name).None(t)
			})
			t.Run("from the environment", func(t *testing.T) {
				unset(t)
				for _, s := range product.Settings {
					t.Setenv(s.Variable, fmt.Sprint(block[s.Attribute]))
				}
				call(protocol.Start(t, nil), product.Name).None(t)
			})
		})
	}
}

func unset(t *testing.T) {
	t.Helper()
	for _, name := range provider.Variables() {
		t.Setenv(name, "")
	}
}

// A product that has no standard endpoint says in its own tests what a bare host gets.
func TestABareHostGetsThePathOfTheAPI(t *testing.T) {
	for _, product := range provider.Products() {
		standard := ""
		for _, s := range product.Settings {
			if s.Attribute == "endpoint" {
				standard = s.Default
			}
		}
		if standard == "" {
			continue
		}
		_, path, _ := strings.Cut(strings.TrimPrefix(standard, "https://"), "/")
		if path == "" {
			t.Fatalf("%s has no standard endpoint with a path: %q", product.Name, standard)
		}
		for end, want := range map[string]string{"": "/" + path + "/", "/": "/" + path + "/", "/" + path: "/" + path + "/", "/elsewhere/v9/": "/elsewhere/v9/"} {
			var mu sync.Mutex
			var asked []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, r.URL.Path)
				w.WriteHeader(http.StatusForbidden)
			}))
			block := object{"endpoint": server.URL + end}
			for _, s := range product.Settings {
				if s.Required {
					block[s.Attribute] = "a-value"
				}
			}
			diags := call(protocol.Start(t, object{product.Name: block}), product.Name)
			server.Close()
			if !diags.Failed() || len(asked) == 0 || !strings.HasPrefix(asked[0], want) {
				t.Errorf("%s%s: %q were asked, want %s...\n%s", product.Name, end, asked, want, diags)
			}
		}
	}
}

// What a product lacks is said on whatever needs it, with the attribute and the
// variable, and keeps nothing of another product from working.
func TestAMissingSettingIsNamedWhereItIsNeeded(t *testing.T) {
	svc := mockservice.StartDefault(t)
	for _, product := range provider.Products() {
		svc.Setenv()
		for _, s := range product.Settings {
			t.Setenv(s.Variable, " ")
		}
		p := protocol.Start(t, nil)
		for _, other := range provider.Products() {
			diags := call(p, other.Name)
			if other.Name != product.Name {
				diags.None(t)
				continue
			}
			for _, s := range product.Settings {
				if s.Required {
					diags.Error(t, "Missing "+product.Name+"."+s.Attribute, s.Variable)
				}
			}
		}
	}
}

// max_concurrent_requests bounds the process, not each product.
func TestCallsAreBoundedOverAllProducts(t *testing.T) {
	const each = 8
	all, err := products.All()
	if err != nil {
		t.Fatal(err)
	}
	var seed mockservice.Seed
	for _, p := range all {
		mockservice.Populate(&seed, p.Name, mockservice.Population{People: 1, Members: slices.Repeat([]map[string]string{{p.Person(0): p.Owner()}}, each)})
	}
	seed.Faults.Latency = mockservice.Duration(20 * time.Millisecond)
	svc := mockservice.StartTest(t, seed)
	block := object{"http": object{"max_concurrent_requests": int64(2)}}
	for _, p := range all {
		block[p.Name] = p.SettingsFrom(svc.Env())
	}
	configured := protocol.Start(t, block)
	var wg sync.WaitGroup
	for _, p := range all {
		for n := range each {
			wg.Go(func() { configured.Read(p.Name, p.Workspace(n)) })
		}
	}
	wg.Wait()
	audit := svc.Audit()
	if audit.PeakInFlightTotal != 2 {
		t.Errorf("%d calls at a time, want 2", audit.PeakInFlightTotal)
	}
	for _, p := range all {
		if audit.PeakInFlight[p.Name] == 0 {
			t.Errorf("nothing of %s was called", p.Title)
		}
	}
}

func TestVariablesAreUnique(t *testing.T) {
	names := provider.Variables()
	slices.Sort(names)
	if len(names) < 5 || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the environment variables are %q", names)
	}
}

// A plan fails as a whole, so it is told once what a product lacks, whatever
// number of resources need it. Each operation of an apply is told.
func TestAPlanIsToldOnceWhatIsMissing(t *testing.T) {
	unset(t)
	for _, product := range provider.Products() {
		p := protocol.Start(t, nil)
		var first protocol.Diagnostics
		for name, schema := range p.Schemas().ResourceSchemas {
			if !strings.HasPrefix(name, "roster_"+product.Name+"_") {
				continue
			}
			state := object{}
			for _, a := range schema.Block.Attributes {
				if a.Required && a.Type.Is(tftypes.String) {
					state[a.Name] = "1"
				}
			}
			i := protocol.Instance{Type: name, State: state}
			for range 3 {
				after, diags, err := p.Refresh(t.Context(), i)
				if err != nil {
					t.Fatal(err)
				}
				if len(diags) > 0 && len(first) > 0 {
					t.Errorf("%s says it again: %s", name, diags)
				}
				first = append(first, diags...)
				if !diags.Failed() && after.State == nil {
					t.Errorf("%s is dropped from the state", name)
				}
				_, diags, err = p.PlanChange(t.Context(), i, nil)
				if err != nil {
					t.Fatal(err)
				}
				diags.None(t)
			}
			for range 2 {
				_, diags, err := p.Apply(t.Context(), protocol.Change{Prior: protocol.Instance{Type: name}, Config: state, Planned: state})
				if err != nil {
					t.Fatal(err)
				}
				diags.Error(t, "Missing "+product.Name+".")
			}
		}
		if len(first) == 0 {
			t.Fatalf("nothing of %s says what is missing", product.Title)
		}
		for _, s := range product.Settings {
			if s.Required {
				first.Error(t, "Missing "+product.Name+"."+s.Attribute, s.Variable, product.Title)
			}
		}
	}
}
