package examples

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

var fenced = regexp.MustCompile("(?ms)^```terraform\n(.*?)^```")

// section gives the Terraform blocks of one section of a guide.
func section(t *testing.T, guide, heading string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "templates", "guides", guide+".md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("the guide %s has no section %q", guide, heading)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	var out strings.Builder
	for _, m := range fenced.FindAllStringSubmatch(rest, -1) {
		out.WriteString(m[1] + "\n")
	}
	if out.Len() == 0 {
		t.Fatalf("the section %q of the guide %s shows no configuration", heading, guide)
	}
	return out.String()
}

// world is terraform in an empty folder, beside the built-in world.
func world(t *testing.T) place {
	t.Helper()
	acctest.Needed(t)
	svc := mockservice.StartTest(t, seed(t, ""))
	return place{CLI: acctest.New(t, svc.Env()), svc: svc}
}

// ownersKept fails the test if the workspace was ever without an owner.
func (p place) ownersKept(t *testing.T) {
	t.Helper()
	if got := mockblink.Of(p.svc).FewestOwners(mockblink.DefaultWorkspace); got < 1 {
		t.Errorf("the workspace was down to %d owners", got)
	}
}

// untouched fails the test if anything was changed since the audit was reset.
func (p place) untouched(t *testing.T) {
	t.Helper()
	if writes := p.svc.Writes(); len(writes) > 0 {
		t.Errorf("somebody's access was changed: %v", writes)
	}
}

const bindings = `
resource "roster_blink_workspace_role_binding" "alice" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = "u-alice"
  role         = "owner"
}

resource "roster_blink_workspace_role_binding" "bob" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = "u-bob"
  role         = "contributor"
}
`

// The guide's ways from one form to the other work as they are written, in one
// change, and touch nobody.
func TestAccGuides_fromAdditiveToAuthoritative(t *testing.T) {
	t.Parallel()
	p := world(t)
	p.Needs("a removed block with lifecycle", acctest.Since{Terraform: "1.8", OpenTofu: "1.10"})
	p.Write("main.tf", bindings)
	p.Apply()
	p.svc.ResetAudit()
	p.Write("main.tf", section(t, "moving-between-forms", "From one resource per member to one per workspace"))
	p.Shows(p.Apply(), "1 imported, 0 added, 0 changed, 0 destroyed")
	p.Clean()
	p.untouched(t)
}

func TestAccGuides_fromAuthoritativeToAdditive(t *testing.T) {
	t.Parallel()
	p := world(t)
	p.Write("main.tf", `
resource "roster_blink_workspace_role_bindings" "payments" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  users        = { "u-alice" = "owner", "u-bob" = "contributor" }
}
`)
	p.Apply()
	p.svc.ResetAudit()
	p.Write("main.tf", section(t, "moving-between-forms", "From one resource per workspace to one per member"))
	p.Shows(p.Apply(), "Everyone in workspace", "keeps their access", "1 added, 0 changed, 1 destroyed")
	p.Clean()
	p.untouched(t)
}

// The three forms of a handover, each from Alice to Carol in one change.
func TestAccGuides_threeHandovers(t *testing.T) {
	t.Parallel()
	text := section(t, "handing-over-ownership", "Hand over in one change")
	one, two, ok := strings.Cut(text, "resource \"roster_blink_workspace_role_binding\" \"alice\"")
	if !ok {
		t.Fatal("the guide's forms are not there")
	}
	for name, form := range map[string][2]string{
		"one resource":  {strings.Replace(one, `"u-carol"`, `"u-alice"`, 1), one},
		"two resources": {bindings, "resource \"roster_blink_workspace_role_binding\" \"alice\"" + two},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := world(t)
			p.Write("main.tf", form[0])
			p.Apply()
			p.Write("main.tf", form[1])
			p.Apply()
			p.Clean()
			if got := mockblink.Of(p.svc).Role(mockblink.DefaultWorkspace, "user", "u-carol"); got != "owner" {
				t.Errorf("carol is %q", got)
			}
			p.ownersKept(t)
		})
	}
}

// Why owners of the examples are created first: the successor depends on a thing
// that is replaced in the same run, as the outgoing owner did.
func TestAccGuides_whoFollowsDependsOnAChange(t *testing.T) {
	t.Parallel()
	config := func(who, generation, lifecycle string) string {
		return `
provider "roster" {
  last_owner_guard = { handover_wait = "500ms" }
}

resource "terraform_data" "group" {
  triggers_replace = "` + generation + `"
}

resource "roster_blink_workspace_role_binding" "` + who + `" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = "u-` + who + `"
  role         = "owner"
  depends_on   = [terraform_data.group]
  ` + lifecycle + `
}
`
	}
	for name, test := range map[string]struct {
		lifecycle string
		refused   bool
	}{
		"created first":   {"lifecycle { create_before_destroy = true }", false},
		"destroyed first": {"", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := world(t)
			p.Write("main.tf", config("alice", "one", test.lifecycle))
			p.Apply()
			p.Write("main.tf", config("carol", "two", test.lifecycle))
			if test.refused {
				p.Fails([]string{"apply", "-auto-approve", "-no-color"}, "Workspace would lose its last owner", "create_before_destroy = true")
			} else {
				p.Apply()
				p.Clean()
			}
			p.ownersKept(t)
		})
	}
}

// A handover with depends_on leaves an order in the state, which the next one in the
// other direction meets. Both ways that the guide has lead out of it.
func TestAccGuides_dependenciesOfAnEarlierHandover(t *testing.T) {
	t.Parallel()
	binding := func(who, role, more string) string {
		return `
resource "roster_blink_workspace_role_binding" "` + who + `" {
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = "u-` + who + `"
  role         = "` + role + `"
` + more + `
}
`
	}
	const guard = "provider \"roster\" {\n  last_owner_guard = { handover_wait = \"500ms\" }\n}\n"
	for name, between := range map[string]string{
		"two runs":                 binding("alice", "owner", "") + binding("carol", "owner", ""),
		"without the depends_on":   binding("alice", "viewer", "") + binding("carol", "owner", ""),
		"two runs, still in order": binding("alice", "owner", "depends_on = [roster_blink_workspace_role_binding.carol]") + binding("carol", "owner", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := world(t)
			p.Write("main.tf", guard+binding("alice", "owner", ""))
			p.Apply()
			p.Write("main.tf", guard+binding("alice", "viewer", "depends_on = [roster_blink_workspace_role_binding.carol]")+binding("carol", "owner", ""))
			p.Apply()
			back := guard + binding("alice", "owner", "")
			p.Write("main.tf", back)
			for range 2 {
				p.Fails([]string{"apply", "-auto-approve", "-no-color"}, "Workspace would lose its last owner", "carol@example.com")
			}
			p.Write("main.tf", guard+between)
			p.Apply()
			p.Write("main.tf", back)
			p.Apply()
			p.Clean()
			p.ownersKept(t)
		})
	}
}

// Destroy does not look at a removed block; what has left the state stays.
func TestAccGuides_destroyEverythingButTheOwner(t *testing.T) {
	t.Parallel()
	p := world(t)
	p.Needs("a removed block with lifecycle", acctest.Since{Terraform: "1.8", OpenTofu: "1.10"})
	p.Write("main.tf", bindings)
	p.Apply()
	_, bob, _ := strings.Cut(bindings, "\n\n")
	p.Write("main.tf", bob+"\nremoved {\n  from = roster_blink_workspace_role_binding.alice\n  lifecycle {\n    destroy = false\n  }\n}\n")
	p.Fails([]string{"destroy", "-auto-approve", "-no-color"}, "Workspace would lose its last owner")
	p.OK("state", "rm", "roster_blink_workspace_role_binding.alice")
	p.OK("destroy", "-auto-approve", "-no-color")
	for user, want := range map[string]string{"u-alice": "owner", "u-bob": ""} {
		if got := mockblink.Of(p.svc).Role(mockblink.DefaultWorkspace, "user", user); got != want {
			t.Errorf("%s is %q", user, got)
		}
	}
}

// A moved block for each instance leads from count to for_each, and a member can go
// in the same change.
func TestAccGuides_fromCountToForEach(t *testing.T) {
	t.Parallel()
	p := world(t)
	config := func(people, repeat, who string) string {
		return `
locals {
  people = [` + people + `]
}

resource "roster_blink_workspace_role_binding" "p" {
  ` + repeat + `
  workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"
  entity_type  = "user"
  entity_id    = ` + who + `
  role         = "contributor"
}
`
	}
	forEach := func(people string) string {
		return config(people, "for_each = { for id in local.people : id => id }", "each.key")
	}
	p.Write("main.tf", config(`"u-bob", "u-carol", "u-dave"`, "count = length(local.people)", "local.people[count.index]"))
	p.Apply()
	p.Write("main.tf", forEach(`"u-bob", "u-carol"`))
	p.Fails([]string{"plan", "-no-color"}, "One resource removes what another keeps")
	moved := section(t, "troubleshooting", "Two resources for one member")
	p.Write("main.tf", forEach(`"u-bob", "u-carol"`)+moved)
	p.svc.ResetAudit()
	p.Shows(p.Apply(), "0 added, 0 changed, 1 destroyed")
	p.Clean()
	if writes := p.svc.Writes(); len(writes) != 1 {
		t.Errorf("more than Dave's access was changed: %v", writes)
	}
}

// The way out of a refused plan with a variable, as the guide has it.
func TestAccGuides_modeFromAVariable(t *testing.T) {
	t.Parallel()
	p := world(t)
	policy := strings.Replace(section(t, "last-owner-guard", "Configure the guard"), "exempt_workspace_ids", "# exempt_workspace_ids", 1)
	p.Write("main.tf", policy+bindings)
	p.Apply()
	p.Write("main.tf", policy)
	p.Fails([]string{"plan", "-no-color"}, "Workspace would fall below 2 owners")
	p.Shows(p.Plan("-var", "last_owner_guard=warn"), "Workspace would fall below 2 owners: alice@example.com in workspace Payments", "2 to destroy")
}

// Who is the sole owner, as the guide to off-boarding finds out.
func TestAccGuides_soleOwner(t *testing.T) {
	t.Parallel()
	p := world(t)
	text := section(t, "off-boarding", "Find workspaces with a single owner")
	p.Write("main.tf", text)
	p.Shows(p.Plan(), `sole_owner = [ + "Payments", ]`)
}

// The recipe with a YAML file warns of what it does with a wrong address of
// a user who is a member already.
func TestAccGuides_wrongAddressInTheYAMLFile(t *testing.T) {
	t.Parallel()
	p := set(t, "scenarios/onboarding-from-yaml")
	p.Apply()
	file, err := os.ReadFile(filepath.Join(p.Dir, "people.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.Write("people.yaml", strings.Replace(string(file), "dave@", "dvae@", 1))
	p.Shows(p.Plan(), "0 to add, 0 to change, 1 to destroy", "Not in the Blink tenant: dvae@example.com",
		"If Terraform manages one of them already, this plan REMOVES that member from Payments.")
}

// The modules name the entry that is wrong, and compare addresses without regard
// to case.
func TestAccModules_sayWhichEntryIsWrong(t *testing.T) {
	t.Parallel()
	for module, test := range map[string]struct{ arguments, owner, members string }{
		"workspace-team":            {`workspace_id = "3f8b1c52-6a0e-4d0b-9b0a-2f6f6a4d1e01"`, "owner", "members"},
		"blazemeter-workspace-team": {"account_id = 5001\n  workspace_id = 70001", "manager", "users"},
	} {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			p := set(t, "modules/"+module)
			p.Write("root/main.tf", "")
			p.Dir = filepath.Join(p.Dir, "root")
			plan := func(people string) acctest.Result {
				p.Write("main.tf", "module \"team\" {\n  source = \"../\"\n  "+test.arguments+"\n  people = { "+people+" }\n}\n")
				p.OK("get", "-no-color")
				return p.Run("plan", "-no-color")
			}
			p.Shows(plan(test.owner+` = ["cara"]`), `Not an e-mail address: "cara".`)
			p.Shows(plan(test.owner+` = ["a@x.com", "Cara@x.com"], viewer = ["cara@x.com"]`), "has one role. Several roles for: cara@x.com ("+test.owner+", viewer).")
			p.Shows(plan(test.owner+` = [], viewer = ["cara@x.com"]`), "The roles with "+test.members+" are: viewer.")
			p.Shows(plan(test.owner+` = ["carol@example.com", "nobody@example.com"]`), "nobody@example.com. Invite them first, or correct the addresses.")
			p.Shows(plan(test.owner+` = ["Carol@Example.com", "carol@example.com"]`), "1 to add, 0 to change, 0 to destroy")
		})
	}
}

// The owners are pinned in one state and the members managed in another: neither
// touches what the other one manages.
func TestAccPinnedOwners(t *testing.T) {
	t.Parallel()
	p := set(t, "scenarios/pinned-owners/owners")
	p.Apply()
	members := p
	members.CLI = acctest.New(t, p.svc.Env())
	text, err := os.ReadFile(filepath.Join(tree, "scenarios", "pinned-owners", "members", "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	members.Write("main.tf", string(text))
	members.Shows(members.Apply(), "2 added, 0 changed, 0 destroyed")
	p.Clean()

	// A contributor who is made an owner by hand becomes a contributor again.
	p.svc.Must(mockblink.Of(p.svc).SetRole(mockblink.DefaultOtherWorkspace, "user", "u-bob", "owner"))
	p.Shows(p.Apply(), "0 added, 1 changed, 0 destroyed")
	members.Clean()
	if got := mockblink.Of(p.svc).Role(mockblink.DefaultOtherWorkspace, "user", "u-bob"); got != "contributor" {
		t.Errorf("bob is %q", got)
	}
}
