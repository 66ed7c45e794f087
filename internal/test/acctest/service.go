package acctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
)

// Beside gives terraform in a folder of its own, beside a mock service with the
// default seed and these changes of it.
func Beside(t *testing.T, changes ...func(*mockservice.Seed)) (*CLI, *mockservice.Running) {
	t.Helper()
	Needed(t)
	seed, err := mockservice.DefaultSeed()
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		change(&seed)
	}
	svc := mockservice.StartTest(t, seed)
	return New(t, svc.Env()), svc
}

// NothingDeposed fails the test while the state has an object that was replaced.
func (c *CLI) NothingDeposed() {
	c.t.Helper()
	state, err := os.ReadFile(filepath.Join(c.Dir, "terraform.tfstate"))
	if err != nil {
		c.t.Fatal(err)
	}
	if strings.Contains(string(state), `"deposed"`) {
		c.t.Fatalf("an object is still deposed: %s", state)
	}
}
