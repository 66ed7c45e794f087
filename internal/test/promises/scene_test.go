package promises

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
	"github.com/tf-roster/terraform-provider-roster/internal/test/products"
)

// The people of a scene.
const (
	alice = iota
	bob
	carol
	dave
	people
)

// The roles of a product, whatever it calls them.
type role int

const (
	none role = iota
	low
	middle
	owner
)

// scene is terraform beside a service with one product's workspace.
type scene struct {
	*acctest.CLI
	t   *testing.T
	p   products.Product
	svc *mockservice.Running
	// first is the workspace with the members, second one that the key's user owns.
	first, second string
}

// perProduct runs a test with every product, beside each other.
func perProduct(t *testing.T, test func(t *testing.T, p products.Product)) {
	t.Helper()
	t.Parallel()
	acctest.Needed(t)
	for _, p := range served {
		t.Run(p.Title, func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

// begin makes a scene: a service that lets a workspace lose its last owner, and
// in it one with these members.
func begin(t *testing.T, p products.Product, members map[int]role) *scene {
	t.Helper()
	s := &scene{t: t, p: p, first: p.Workspace(0), second: p.Workspace(1)}
	roles := map[string]string{}
	for who, r := range members {
		roles[p.Person(who)] = s.called(r)
	}
	var seed mockservice.Seed
	mockservice.Populate(&seed, p.Name, mockservice.Population{People: people, Members: []map[string]string{roles, {p.Self: p.Owner()}}})
	for name, value := range p.Lenient {
		if err := mockservice.SetSwitch(&seed, p.Name+"."+name, value); err != nil {
			t.Fatal(err)
		}
	}
	s.svc = mockservice.StartTest(t, seed)
	s.CLI = acctest.New(t, s.svc.Env())
	return s
}

// called is a role by the product's name for it.
func (s *scene) called(r role) string {
	switch r {
	case low:
		return s.p.Roles[0]
	case middle:
		return s.p.Roles[1]
	case owner:
		return s.p.Owner()
	default:
		return ""
	}
}

func (s *scene) email(who int) string { return mockservice.EmailOf(s.p.Person(who)) }

// configure writes a configuration of several blocks.
func (s *scene) configure(blocks ...string) {
	s.t.Helper()
	s.Write("main.tf", strings.Join(blocks, "\n"))
}

// apply writes a configuration and applies it.
func (s *scene) apply(blocks ...string) acctest.Result {
	s.t.Helper()
	s.configure(blocks...)
	return s.Apply()
}

// block is a resource with the workspace and further lines.
func (s *scene) block(typeName, name string, lines ...string) string {
	return fmt.Sprintf("resource %q %q {\n  %s = %q\n  %s\n}\n", typeName, name, s.p.At(), s.first, strings.Join(lines, "\n  "))
}

// one is the resource for one user.
func (s *scene) one(name string, who int, r role, extra ...string) string {
	lines := []string{s.p.Arguments(strconv.Quote(s.p.Person(who))), fmt.Sprintf("role = %q", s.called(r))}
	return s.block(s.p.Additive.TypeName, name, append(lines, extra...)...)
}

// form gives the type of a resource that not every product has. A test that needs it
// is over where there is none.
func (s *scene) form(of *framework.Authoritative) string {
	s.t.Helper()
	if of == nil {
		s.t.Skipf("%s has no resource of this form", s.p.Title)
	}
	return of.TypeName
}

// all is the resource for everybody in the workspace.
func (s *scene) all(name string, members map[int]role, extra ...string) string {
	var entries []string
	for _, who := range slices.Sorted(maps.Keys(members)) {
		entries = append(entries, fmt.Sprintf("%q = %q", s.p.Person(who), s.called(members[who])))
	}
	lines := []string{"users = { " + strings.Join(entries, ", ") + " }"}
	return s.block(s.form(s.p.Whole), name, append(lines, extra...)...)
}

// holders is the resource for everybody with one role.
func (s *scene) holders(name string, r role, who []int, extra ...string) string {
	lines := []string{fmt.Sprintf("role = %q", s.called(r)), "users = " + s.ids(who...)}
	return s.block(s.form(s.p.OfRole), name, append(lines, extra...)...)
}

// ids is a list of people in HCL.
func (s *scene) ids(who ...int) string {
	quoted := make([]string, len(who))
	for i, n := range who {
		quoted[i] = strconv.Quote(s.p.Person(n))
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// later makes a block's workspace known only after apply.
func (s *scene) later(block string) string {
	known := fmt.Sprintf("%s = %q", s.p.At(), s.first)
	return fmt.Sprintf("resource \"terraform_data\" \"later\" {\n  input = %q\n}\n", s.first) +
		strings.Replace(block, known, s.p.At()+" = terraform_data.later.output", 1)
}

// lowers gives a resource of one role that leaves the low one behind.
func (s *scene) lowers() string {
	return fmt.Sprintf("on_removal = \"reassign\"\n  reassign_role = %q", s.called(low))
}

// set changes a member's role beside the provider; none takes the person out.
func (s *scene) set(who int, r role) {
	s.t.Helper()
	access := s.svc.Access(s.p.Name)
	if r == none {
		s.svc.Must(access.Remove(s.first, mockservice.KindUser, s.p.Person(who)))
		return
	}
	s.svc.Must(access.SetMember(s.first, mockservice.Member{
		Kind: mockservice.KindUser, ID: s.p.Person(who), Roles: []string{s.called(r)}, Enabled: true,
	}))
}

// has fails the test unless a user has access with the role, or has none.
func (s *scene) has(who int, want role) {
	s.t.Helper()
	if got := s.now(who); !strings.EqualFold(got, s.called(want)) {
		s.t.Errorf("%s has the role %q, want %q", s.email(who), got, s.called(want))
	}
}

func (s *scene) now(who int) string {
	standing := s.svc.Access(s.p.Name).Standing(s.first, mockservice.KindUser, s.p.Person(who))
	if !standing.Enabled {
		return ""
	}
	return strings.Join(standing.Roles, ",")
}

// ownersKept fails the test if the workspace was ever seen without an owner.
func (s *scene) ownersKept() {
	s.t.Helper()
	if o := s.svc.Access(s.p.Name).Owners(s.first); o.Fewest < 1 || o.Now < 1 {
		s.t.Errorf("the workspace has %d owners, and was down to %d", o.Now, o.Fewest)
	}
}

// callsOf counts the calls that have read something of a workspace.
func (s *scene) callsOf(workspace string) int {
	n := 0
	for _, r := range s.svc.Requests() {
		if r.Method == http.MethodGet && strings.Contains(r.Path, "/"+workspace) {
			n++
		}
	}
	return n
}

// sentNothing fails the test if anything was written since the audit was reset.
func (s *scene) sentNothing() {
	s.t.Helper()
	if n := len(s.svc.Writes()); n > 0 {
		s.t.Errorf("%d writes were sent, first %+v", n, s.svc.Writes()[0])
	}
}

// settingValues lists what the product's settings are, in HCL.
func (s *scene) settingValues() string {
	var quoted []string
	for _, value := range s.p.SettingsFrom(s.svc.Env()) {
		quoted = append(quoted, strconv.Quote(fmt.Sprint(value)))
	}
	return strings.Join(quoted, ", ")
}

// part has all listings from now on be a part that does not show the owner.
func (s *scene) part() {
	s.t.Helper()
	if len(s.p.Partial) == 0 {
		s.t.Skipf("no listing of %s is seen to be a part", s.p.Title)
	}
	for name, value := range s.p.Partial {
		s.svc.Must(s.svc.SetSwitch(s.p.Name+"."+name, value))
	}
}

// planned writes a configuration and saves a plan of it.
func (s *scene) planned(blocks ...string) {
	s.t.Helper()
	s.configure(blocks...)
	s.Plan("-out=planned")
	s.svc.ResetAudit()
}

// applyPlanned applies what [scene.planned] has planned.
func (s *scene) applyPlanned() acctest.Result {
	s.t.Helper()
	return s.Run("apply", "-no-color", "planned")
}

// applyFails applies and fails the test unless that fails, with these texts.
func (s *scene) applyFails(blocks []string, texts ...string) {
	s.t.Helper()
	s.configure(blocks...)
	s.Fails([]string{"apply", "-auto-approve", "-no-color"}, texts...)
}
