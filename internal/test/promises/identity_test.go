package promises

import (
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice"
	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest/protocol"
)

// A resource that goes to another workspace gets another identity, and its plan
// says so. Terraform knows identities from 1.12 on.
func TestAnotherWorkspaceIsAnotherIdentity(t *testing.T) {
	for _, p := range served {
		t.Run(p.Title, func(t *testing.T) {
			var seed mockservice.Seed
			own := map[string]string{p.Self: p.Owner()}
			mockservice.Populate(&seed, p.Name, mockservice.Population{People: people, Members: []map[string]string{own, own}})
			mockservice.StartTest(t, seed).Setenv()
			for typeName, id := range map[string]string{p.Whole.TypeName: p.Workspace(0), p.OfRole.TypeName: p.Workspace(0) + "/" + p.Owner()} {
				provider := protocol.Start(t, nil)
				imported, diags := provider.Import(typeName, id, nil)
				diags.None(t)
				config := provider.Configuration(typeName, imported.State)
				config[p.At()] = p.Workspace(1)
				planned, diags, err := provider.PlanChange(t.Context(), imported.Instance(typeName), config)
				if err != nil || diags.Failed() || !planned.Replace {
					t.Errorf("%s: %v, replaced: %t\n%s", typeName, err, planned.Replace, diags)
				}
			}
		})
	}
}
