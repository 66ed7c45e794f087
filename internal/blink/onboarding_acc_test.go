package blink_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
)

// onboarding is the example, copied to where terraform may write.
func onboarding(t *testing.T, people string, changes ...func(*mockservice.Seed)) world {
	t.Helper()
	w := newWorld(t, changes...)
	folder := filepath.Join("..", "..", "examples", "scenarios", "onboarding-from-yaml")
	for _, name := range []string{"main.tf", "people.yaml"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		w.Write(name, string(content))
	}
	if people != "" {
		w.Write("people.yaml", people)
	}
	return w
}

// TestAccOnboardingFromYAML is the way for programs without `terraform query`:
// one plan imports who is there, corrects roles and creates who is missing.
func TestAccOnboardingFromYAML(t *testing.T) {
	t.Parallel()
	w := onboarding(t, "")
	w.Shows(w.Plan("-out=tfplan"), "Plan: 2 to import, 2 to add, 1 to change, 0 to destroy.")
	planning := w.svc.Audit()
	if n := planning.Requests["blink GET /workspaces/{ws_id}"]; n != 1 {
		t.Errorf("planning read the workspace %d times", n)
	}
	if len(planning.Writes) > 0 {
		t.Errorf("planning wrote: %v", planning.Writes)
	}
	w.Shows(w.OK("apply", "-no-color", "tfplan"), "Resources: 2 imported, 2 added, 1 changed, 0 destroyed.")
	for id, role := range map[string]string{"u-alice": "owner", "u-bob": "viewer", "u-carol": "owner", "u-dave": "contributor"} {
		w.roleOf(t, payments, "user", id, role)
	}
	if n := len(w.svc.Writes()); n != 3 {
		t.Errorf("%d writes for one role and two newcomers", n)
	}
	w.Clean()
}

// TestAccOnboardingNamesWhoIsMissing shows that a user whom the tenant does
// not know is named, and holds nobody else up.
func TestAccOnboardingNamesWhoIsMissing(t *testing.T) {
	t.Parallel()
	w := onboarding(t, `
workspace: Payments
people:
  alice@example.com: owner
  zoe@example.com: viewer
  Yan@Example.com: viewer
  dave@example.com: contributor
`)
	r := w.Apply()
	w.Shows(r, "Resources: 1 imported, 1 added, 0 changed, 0 destroyed.",
		"Warning: Check block assertion failed", "Not in the Blink tenant: Yan@Example.com, zoe@example.com.")
	w.roleOf(t, payments, "user", "u-dave", "contributor")
	// Bob is not in the file: left as he is, and shown.
	w.roleOf(t, payments, "user", "u-bob", "contributor")
	w.Shows(r, `"bob@example.com" = "contributor"`)

	// Zoe comes into the tenant, and the next plan takes her in.
	w.svc.Must(mockblink.Of(w.svc).AddUser(mockblink.User{ID: "u-zoe", Email: "Zoe@example.com"}))
	w.Shows(w.Apply(), "Resources: 1 added, 0 changed, 0 destroyed.", "Not in the Blink tenant: Yan@Example.com.")
	w.roleOf(t, payments, "user", "u-zoe", "viewer")
}

// TestAccOnboardingTwoHundred brings a workspace of two hundred under Terraform.
func TestAccOnboardingTwoHundred(t *testing.T) {
	t.Parallel()
	const people = 200
	var file strings.Builder
	file.WriteString("workspace: Payments\npeople:\n  alice@example.com: owner\n  bob@example.com: contributor\n")
	w := onboarding(t, "", func(s *mockservice.Seed) {
		for i := range people - 2 {
			id := "u-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
			email := id + "@example.com"
			mockblink.SeedOf(s).Users = append(mockblink.SeedOf(s).Users, mockblink.User{ID: id, Email: email})
			mockblink.SeedOf(s).Workspaces[0].Users[id] = "viewer"
			file.WriteString("  " + email + ": viewer\n")
		}
	})
	w.Write("people.yaml", file.String())
	w.Shows(w.Apply(), "Resources: 200 imported, 0 added, 0 changed, 0 destroyed.")
	if writes := w.svc.Writes(); len(writes) > 0 {
		t.Errorf("importing wrote %d times", len(writes))
	}
	w.svc.ResetAudit()
	w.Clean()
	if n := w.svc.Audit().Requests["blink GET /workspaces/{ws_id}"]; n != 1 {
		t.Errorf("a plan of %d bindings read the workspace %d times", people, n)
	}
}
