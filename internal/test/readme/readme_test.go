// Package readme holds the README to what it shows: its picture of a blocked
// plan is what the provider prints, and the commands it gives work.
package readme

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
	"github.com/tf-roster/terraform-provider-roster/internal/tools/terminalsvg"
)

var update = flag.Bool("update", false, "draw the picture again")

func TestMain(m *testing.M) {
	flag.Parse()
	acctest.Main(m)
}

var (
	root    = filepath.Join("..", "..", "..")
	picture = filepath.Join(root, ".github", "blocked-plan.svg")
)

// columns leaves room for Terraform's longest line, the address of the resource.
const columns = 86

// seconds are in the message where a plan waited, and depend on the machine.
var seconds = regexp.MustCompile(`\b[0-9]+(\.[0-9]+)?s\b`)

// The picture is drawn from a real plan: Alice is the only owner of Payments, and
// an edit makes her a viewer.
func TestAccPicture(t *testing.T) {
	t.Parallel()
	config := func(role string) string {
		return acctest.Header + `
provider "roster" {}

resource "roster_blink_workspace_role_binding" "alice" {
  workspace_id = "` + mockblink.DefaultWorkspace + `"
  entity_type  = "user"
  entity_id    = "u-alice"
  role         = "` + role + `"
}
`
	}
	svc := mockservice.StartDefault(t)
	terraform := acctest.New(t, svc.Env())
	terraform.Env = append(terraform.Env, "NO_COLOR=") // the colors are in the picture
	terraform.Write("main.tf", config("owner"))
	terraform.Apply()
	terraform.Write("main.tf", config("viewer"))
	r := terraform.Fails([]string{"plan"}, "Workspace would lose its last owner")

	got, err := terminalsvg.Render("A plan that is blocked by the last-owner guard", "$ terraform plan\n"+r.Stderr, columns)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(picture, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(seconds.ReplaceAll(got, []byte("5s")), seconds.ReplaceAll(want, []byte("5s"))) {
		t.Errorf("%s is not what the provider prints now. Draw it again with \"make picture\", and look at it.", picture)
	}
}
