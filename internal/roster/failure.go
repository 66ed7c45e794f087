package roster

import (
	"fmt"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// writeFailure explains a change that failed: who it was about, and what was to be done
// and was answered, as a sentence.
func (s *space) writeFailure(w plannedChange, o reconcile.Outcome, who, said string) membership.Finding {
	t := s.run.traits
	if o.Result == reconcile.Unclear {
		return membership.ErrorAt(w.at, fmt.Sprintf("The change of %s could not be verified", who),
			said+" The change may or may not have been made. Plan and apply again: the next run takes what is there, and makes no change twice.")
	}
	switch membership.FailureOf(o.Err) {
	case membership.Unauthorized:
		return membership.ErrorAt(membership.AtNone, fmt.Sprintf("%s does not accept the %s", t.Product, t.CredentialNoun),
			said+" Nothing was changed. Check the credentials in the provider block or the environment.")
	case membership.Forbidden:
		return membership.ErrorAt(w.at, fmt.Sprintf("The %s %s may not change %s", t.Product, t.CredentialNoun, who),
			fmt.Sprintf("%s Nothing was changed. %s", said, t.ChangeRight))
	case membership.Unsupported:
		if w.Want != nil {
			return membership.ErrorAt(w.at, fmt.Sprintf("%s has no such call: %s was not changed", t.Product, who),
				said+" The endpoint does not know the call for this change. Check that the endpoint in the provider's settings is the product's API.")
		}
		return membership.ErrorAt(w.at, fmt.Sprintf("%s has no such call: %s keeps its role", t.Product, who),
			fmt.Sprintf("%s The removal call is not available there. Remove the member by hand in %s and plan again, or stop managing it with `%s`.", said, t.Product, s.run.naming.Forget))
	case membership.Gone:
		return membership.ErrorAt(w.at, fmt.Sprintf("%s was not found in %s", who, t.Product),
			fmt.Sprintf("%s Nothing was changed. Check the ids of the %s and of the principal.", said, t.WorkspaceNoun))
	case membership.Refused:
		return membership.ErrorAt(w.at, fmt.Sprintf("%s refused the change of %s", t.Product, who),
			fmt.Sprintf("%s Nothing was changed. Check the name of the role, and that the principal is in the %s.", said, t.TenantNoun))
	default:
		return membership.ErrorAt(w.at, fmt.Sprintf("The change of %s failed", who),
			said+" Nothing was changed. This may pass: apply again.")
	}
}
