package roster

import (
	"fmt"

	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// writeFailure explains a change that failed.
func (s *space) writeFailure(o reconcile.Outcome, w wish) Finding {
	t, err, what := s.run.traits, o.Err, w.clause(s.run.traits)
	name, where := s.called(w, o), s.knownAt()
	who, was := fmt.Sprintf("%s in %s", name.summary, where.summary), fmt.Sprintf("%s in %s was to be %s", name.detail, where.detail, what)
	if o.Result == reconcile.Unclear {
		return failure(w.at, fmt.Sprintf("The change of %s could not be verified", who),
			fmt.Sprintf("%s: %s. The change may or may not have been made. Plan and apply again: the next run takes what is there, and makes no change twice.", was, planning.Said(err)))
	}
	switch FailureOf(err) {
	case Unauthorized:
		return failure(AtNone, fmt.Sprintf("%s does not accept the %s", t.Product, t.CredentialNoun),
			fmt.Sprintf("%s: %s. Nothing was changed. Check the credentials in the provider block or the environment.", was, planning.Said(err)))
	case Forbidden:
		return failure(w.at, fmt.Sprintf("The %s %s may not change %s", t.Product, t.CredentialNoun, who),
			fmt.Sprintf("%s: %s. Nothing was changed. %s", was, planning.Said(err), t.ChangeRight))
	case Unsupported:
		if w.Want != nil {
			return failure(w.at, fmt.Sprintf("%s has no such call: %s was not changed", t.Product, who),
				fmt.Sprintf("%s: %s. The endpoint does not know the call for this change. Check that the endpoint in the provider's settings is the product's API.", was, planning.Said(err)))
		}
		return failure(w.at, fmt.Sprintf("%s has no such call: %s keeps its role", t.Product, who),
			fmt.Sprintf("%s: %s. The removal call is not available there. Remove the member by hand in %s and plan again, or stop managing it with `%s`.", was, planning.Said(err), t.Product, s.run.naming.Forget))
	case Gone:
		return failure(w.at, fmt.Sprintf("%s was not found in %s", who, t.Product),
			fmt.Sprintf("%s: %s. Nothing was changed. Check the ids of the %s and of the principal.", was, planning.Said(err), t.WorkspaceNoun))
	case Refused:
		return failure(w.at, fmt.Sprintf("%s refused the change of %s", t.Product, who),
			fmt.Sprintf("%s: %s. Nothing was changed. Check the name of the role, and that the principal is in the %s.", was, planning.Said(err), t.TenantNoun))
	default:
		return failure(w.at, fmt.Sprintf("The change of %s failed", who),
			fmt.Sprintf("%s: %s. Nothing was changed. This may pass: apply again.", was, planning.Said(err)))
	}
}
