package products

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
)

// Each product in a folder of its own is served: whatever has a client.
func TestEveryProductIsServed(t *testing.T) {
	clients, err := filepath.Glob("../../*/client")
	if err != nil || len(clients) == 0 {
		t.Fatalf("%d clients, %v", len(clients), err)
	}
	for _, client := range clients {
		name := filepath.Base(filepath.Dir(client))
		if !slices.ContainsFunc(provider.Products(), func(p framework.Product) bool { return p.Name == name }) {
			t.Errorf("the folder internal/%s is not among the products that are served: add a line to internal/provider/provider.go", name)
		}
	}
}

// Everything that is served takes part in the worlds of the tests and of the
// benchmarks, and the worlds can be made.
func TestEveryProductHasWorlds(t *testing.T) {
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.Person == nil || p.Workspace == nil || p.Part == nil || p.Self == "" || len(p.Roles) < 2 || p.Partial == nil {
			t.Fatalf("the World of %s is not complete: it needs Roles (two at least), Self, Person, Workspace, Partial and Part", p.Title)
		}
		var seed mockservice.Seed
		people := mockservice.Population{People: 5, Members: []map[string]string{
			{p.Self: p.Owner(), p.Person(0): p.Roles[0], p.Person(1): p.Owner()}, {p.Person(1): p.Owner()},
		}}
		mockservice.Populate(&seed, p.Name, people)
		for name, values := range p.Open {
			for _, value := range values {
				if err := mockservice.SetSwitch(&seed, p.Name+"."+name, value); err != nil {
					t.Error(err)
				}
			}
		}
		for _, switches := range []map[string]string{p.Strict, p.Lenient, p.Partial} {
			for name, value := range switches {
				if err := mockservice.SetSwitch(&seed, p.Name+"."+name, value); err != nil {
					t.Error(err)
				}
			}
		}
		svc := mockservice.StartTest(t, seed)
		if o := svc.Access(p.Name).Owners(p.Workspace(0)); len(svc.Access(p.Name).Members(p.World.Workspace(0))) != 3 || o.Now != 2 {
			t.Errorf("%s: the first workspace has %+v, want three members of whom two are owners", p.Title, svc.Access(p.Name).Members(p.Workspace(0)))
		}
		if block := p.SettingsFrom(svc.Env()); len(block) != len(p.Settings) {
			t.Errorf("%s: the environment of the mock service gives %d of %d settings", p.Title, len(block), len(p.Settings))
		}
	}
}

// What cannot take part is named, with what is missing.
func TestWhatIsMissingIsNamed(t *testing.T) {
	served := provider.Products()[0]
	additive := served.Resources[slices.IndexFunc(served.Resources, func(r framework.Resource) bool { _, is := r.(framework.Additive); return is })]
	for says, p := range map[string]framework.Product{
		"set one in internal/mockservice/elsewhere":              {Name: "elsewhere", Title: "Elsewhere", Resources: []framework.Resource{additive}},
		"it has no resource for one principal":                   {Name: served.Name, Title: served.Title},
		"is a second resource for one principal":                 {Name: served.Name, Title: served.Title, Resources: []framework.Resource{additive, additive}},
		"nothing plays a resource that is a *products.something": {Name: served.Name, Title: served.Title, Resources: []framework.Resource{additive, &something{}}},
	} {
		if _, err := of(p); err == nil || !strings.Contains(err.Error(), p.Title+": ") || !strings.Contains(err.Error(), says) {
			t.Errorf("the error is %v, and should say %q", err, says)
		}
	}
}

type something struct{ framework.Resource }

// FuzzImportID: an id that is taken names one principal, whose parts stay in their
// segments of a path, and is written again as it was read.
func FuzzImportID(f *testing.F) {
	for _, id := range []string{
		"w-1/user/u-1", "w/group/g", "", "/", "//", "w/user/", "/user/u", "w/robot/u", "w/user/u/more", "../user/u", "w/user/..", "w/user/a?b", "w/user/a#b", "w /user/u", "w/User/u", "w/user/\x00", "w/user/ü", "w%2fx/user/u",
		"901/5000", "901", "901/", "/5000", "901/5000/1", "0/1", "01/5", "-1/5", "1/9223372036854775808", "1/٣", "1/ 2", "1/2\n",
	} {
		f.Add(id)
	}
	all, err := All()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id string) {
		for _, p := range all {
			key := p.Additive.Key
			subject, err := key.Parse(id)
			if err != nil {
				if strings.ContainsAny(err.Error(), "\n\x00\x1b") {
					t.Errorf("%s: not one readable line: %q", p.Title, err)
				}
				continue
			}
			if got := key.ID(subject); got != id || !subject.Principal.Kind.Managed() {
				t.Errorf("%s: %q is read as %+v, and written as %q", p.Title, id, subject, got)
			}
			for _, part := range []string{subject.Workspace, subject.Principal.ID} {
				if u, err := url.Parse("https://example.com/a/" + url.PathEscape(part) + "/z"); err != nil || u.Path != "/a/"+part+"/z" || u.RawQuery != "" {
					t.Errorf("%s: %q leaves its segment: %v, %v", p.Title, part, u, err)
				}
			}
		}
	})
}
