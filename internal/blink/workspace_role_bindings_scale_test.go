package blink_test

import (
	"fmt"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	mockblink "github.com/tf-roster/terraform-provider-roster/internal/mockservice/blink"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// bigSeed is a workspace of n users, and what they are to be: every role changes.
func bigSeed(n int) (mockservice.Seed, object) {
	roles := []string{"viewer", "contributor", "owner"}
	seed := mockblink.Seed{}
	ws := mockblink.Workspace{ID: "w-big", DisplayName: "Big", Users: map[string]string{}}
	after := object{}
	for i := range n {
		id := fmt.Sprintf("p-%05d", i)
		seed.Users = append(seed.Users, mockblink.User{ID: id, Email: id + "@example.com", Role: "Admin"})
		ws.Users[id] = roles[i%3]
		after[id] = roles[(i+1)%3]
	}
	seed.Workspaces = []mockblink.Workspace{ws}
	return seed.Alone(), after
}

// BenchmarkPlanOfAWholeWorkspace imports, refreshes and plans a workspace of
// which every role changes: what the provider alone costs, without Terraform.
func BenchmarkPlanOfAWholeWorkspace(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			seed, after := bigSeed(n)
			svc := mockservice.StartTest(b, seed, mockservice.WithWireCheck(false))
			svc.Setenv()
			for b.Loop() {
				p := protocol.Start(b, nil)
				state, diags := p.Import("roster_blink_workspace_role_bindings", "w-big", nil)
				diags.None(b)
				changed, diags := p.Plan("roster_blink_workspace_role_bindings", state, object{"workspace_id": "w-big", "users": after})
				if diags.Failed() || len(changed) != 1 {
					b.Fatalf("changed: %v\n%s", changed, diags)
				}
			}
		})
	}
}
