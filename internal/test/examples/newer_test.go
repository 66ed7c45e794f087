package examples

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/provider"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

// What only newer programs understand is held against the provider's schema, so
// that an example is wrong with an older one too.

func TestIdentitiesAreTheSchemas(t *testing.T) {
	t.Parallel()
	server := provider.NewServer("test")
	identities, err := server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders(t, "import-by-identity.tf") {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			block := only(t, folder, "import-by-identity.tf", "import")
			object, ok := block.Body.Attributes["identity"].Expr.(*hclsyntax.ObjectConsExpr)
			if !ok {
				t.Fatal("the identity is no object")
			}
			var got, want []string
			for _, item := range object.Items {
				got = append(got, hcl.ExprAsKeyword(item.KeyExpr))
			}
			schema := identities.IdentitySchemas[filepath.Base(folder)]
			if schema == nil {
				t.Fatalf("%s has no identity", filepath.Base(folder))
			}
			for _, a := range schema.IdentityAttributes {
				want = append(want, a.Name)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("the identity has %v, the schema %v", got, want)
			}
		})
	}
}

func TestListsAreTheSchemas(t *testing.T) {
	t.Parallel()
	schemas, err := provider.NewServer("test").GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders(t, ".tfquery.hcl") {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			for _, block := range blocks(t, folder, "list-resource.tfquery.hcl") {
				if block.Type != "list" || len(block.Labels) != 2 || block.Labels[0] != filepath.Base(folder) {
					t.Errorf("the block %s %v is no list of %s", block.Type, block.Labels, filepath.Base(folder))
					continue
				}
				schema := schemas.ListResourceSchemas[block.Labels[0]]
				if schema == nil {
					t.Fatalf("%s cannot be listed", block.Labels[0])
				}
				config := hclsyntax.Attributes{}
				for _, inner := range block.Body.Blocks {
					if inner.Type != "config" {
						t.Errorf("a list block has no block %s", inner.Type)
					}
					config = inner.Body.Attributes
				}
				known := map[string]bool{}
				for _, a := range schema.Block.Attributes {
					known[a.Name] = true
					if a.Required && config[a.Name] == nil {
						t.Errorf("%s %v does not set %s, which is required", block.Type, block.Labels, a.Name)
					}
				}
				for name := range config {
					if !known[name] {
						t.Errorf("%s %v sets %s, which there is not", block.Type, block.Labels, name)
					}
				}
			}
		})
	}
}

func blocks(t *testing.T, folder, name string) hclsyntax.Blocks {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(tree, filepath.FromSlash(folder), name))
	if err != nil {
		t.Fatal(err)
	}
	file, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok || len(body.Blocks) == 0 {
		t.Fatalf("%s has no block", name)
	}
	return body.Blocks
}

func only(t *testing.T, folder, name, kind string) *hclsyntax.Block {
	t.Helper()
	found := blocks(t, folder, name)
	if len(found) != 1 || found[0].Type != kind {
		t.Fatalf("%s has not exactly one block, and that an %s block", name, kind)
	}
	return found[0]
}

// needed finds "Needs Terraform 1.16 or OpenTofu 1.12." in an example.
var needed = regexp.MustCompile(`(?m)^# Needs (?:Terraform (1\.\d+))?(?: or )?(?:OpenTofu (1\.\d+))?\.$`)

// needs skips the test of an example that says it is for newer programs.
func (p place) needs(t *testing.T) {
	t.Helper()
	for _, file := range p.files("*.tf") {
		text, err := os.ReadFile(file) //nolint:gosec // a copy of an example
		if err != nil {
			t.Fatal(err)
		}
		if m := needed.FindSubmatch(text); m != nil {
			p.Needs(p.folder, acctest.Since{Terraform: string(m[1]), OpenTofu: string(m[2])})
		}
	}
}

func TestAccIdentityImports(t *testing.T) {
	t.Parallel()
	world(t).Needs("an import by identity", acctest.Since{Terraform: "1.12", OpenTofu: "1.12"})
	for _, folder := range folders(t, "import-by-identity.tf") {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			p, _, _ := forgotten(t, folder)
			p.withoutImports(t) // a resource can have only one import block
			p.importBy(t, "import-by-identity.tf")
			p.svc.ResetAudit()
			done := "1 imported, 0 added, 0 changed, 0 destroyed"
			if p.contains("ignore_users") {
				// Whom to ignore is in the configuration alone.
				done = "1 imported, 0 added, 1 changed, 0 destroyed"
			}
			p.Shows(p.Apply(), done)
			p.Clean()
			p.untouched(t)
		})
	}
}

var importBlock = regexp.MustCompile(`(?ms)^import \{\n.*?^\}\n`)

// withoutImports takes the import blocks out of an example.
func (p place) withoutImports(t *testing.T) {
	t.Helper()
	for _, file := range p.files("*.tf") {
		text, err := os.ReadFile(file) //nolint:gosec // a copy of an example
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, importBlock.ReplaceAll(text, nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// listed is what a query of an example finds: members by their address, and whole
// workspaces by their name.
var listed = map[string]string{
	"roster_blink_workspace_role_binding":  "alice@example.com",
	"roster_blazemeter_workspace_user":     "alice@example.com",
	"roster_blink_workspace_role_bindings": "Payments",
	"roster_blazemeter_workspace_users":    "Checkout Load Tests",
}

func TestAccQueries(t *testing.T) {
	t.Parallel()
	world(t).Needs("a query", acctest.Since{Terraform: "1.14"})
	for _, folder := range folders(t, ".tfquery.hcl") {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			p := set(t, folder)
			want := listed[filepath.Base(folder)]
			if want == "" {
				t.Fatalf("nothing is said of what a query of %s finds", folder)
			}
			r := p.OK("query", "-no-color", "-generate-config-out=generated.tf")
			p.Shows(r, want)
		})
	}
}

// A resource that says destroy = false is forgotten, and the access stays: also
// the last owner's, which the guard has nothing against.
func TestAccDestroyFalse(t *testing.T) {
	t.Parallel()
	p := set(t, "scenarios/keep-access")
	p.Apply()
	p.svc.ResetAudit()
	r := p.Run("destroy", "-auto-approve", "-no-color")
	// OpenTofu ends with an error that says so where something is forgotten.
	if r.Code != 0 && !strings.Contains(r.Text(), "left behind forgotten instances") {
		t.Errorf("destroy failed:\n%s", r.Text())
	}
	p.untouched(t)
	if left := p.State(); len(left) > 0 {
		t.Errorf("the state still has %v", left)
	}
	if got := mockblink.Of(p.svc).Role(mockblink.DefaultWorkspace, "user", "u-alice"); got != "owner" {
		t.Errorf("alice is %q", got)
	}
}

// A resource that is switched off is removed, under the guard.
func TestAccEnabled(t *testing.T) {
	t.Parallel()
	p := set(t, "scenarios/on-call-owner")
	p.Apply()
	p.Shows(p.Apply("-var=on_call=false"), "0 added, 0 changed, 1 destroyed")
	p.Clean("-var=on_call=false")
	if got := mockblink.Of(p.svc).Role(mockblink.DefaultWorkspace, "user", "u-carol"); got != "" {
		t.Errorf("carol is %q", got)
	}
	p.Fails([]string{"plan", "-no-color", "-var=on_call=false", "-var=alice=false", "-var=production=false"}, "Workspace would lose its last owner", "alice@example.com")
}

// Terraform's own protection comes before the guard; without it the guard is left.
func TestAccPreventDestroyFromAVariable(t *testing.T) {
	t.Parallel()
	p := set(t, "scenarios/on-call-owner")
	p.Apply()
	p.Fails([]string{"plan", "-no-color", "-destroy", "-target=roster_blink_workspace_role_binding.alice"}, "prevent_destroy")
	p.Fails([]string{"plan", "-no-color", "-destroy", "-var=production=false"}, "Workspace would lose its last owner")
}

// A module imports what it is told of.
func TestAccImportsInModules(t *testing.T) {
	t.Parallel()
	p := set(t, "scenarios/existing-team")
	p.svc.ResetAudit()
	p.Shows(p.Apply(), "2 imported, 0 added, 0 changed, 0 destroyed")
	p.Clean()
	p.untouched(t)
}

// An owner whose id comes from something else may have a successor whose id does
// so too: then the successor is created before the owner goes. Every binding of
// an example or module that may be an owner's says so.
func TestOwnersAreCreatedFirst(t *testing.T) {
	t.Parallel()
	ids := map[string]string{"roster_blink_workspace_role_binding": "entity_id", "roster_blazemeter_workspace_user": "user_id"}
	seen := 0
	for _, folder := range folders(t, ".tf") {
		files, err := filepath.Glob(filepath.Join(tree, filepath.FromSlash(folder), "*.tf"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, block := range blocks(t, folder, filepath.Base(file)) {
				if block.Type != "resource" || ids[block.Labels[0]] == "" || fixed(block.Body.Attributes[ids[block.Labels[0]]], "") || !mayOwn(block) {
					continue
				}
				seen++
				if !createsFirst(block) {
					t.Errorf("%s/%s: %v has no lifecycle { create_before_destroy = true }", folder, filepath.Base(file), block.Labels)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d bindings of owners were found", seen)
	}
}

// fixed tells if an attribute is a plain text; with a value, if it is that one.
func fixed(a *hclsyntax.Attribute, value string) bool {
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() {
		return false
	}
	return value == "" || strings.EqualFold(v.AsString(), value)
}

func mayOwn(block *hclsyntax.Block) bool {
	role := block.Body.Attributes["role"]
	return !fixed(role, "") || fixed(role, "owner") || fixed(role, "manager")
}

func createsFirst(block *hclsyntax.Block) bool {
	for _, inner := range block.Body.Blocks {
		if a := inner.Body.Attributes["create_before_destroy"]; inner.Type == "lifecycle" && a != nil {
			v, diags := a.Expr.Value(nil)
			return !diags.HasErrors() && v.True()
		}
	}
	return false
}
