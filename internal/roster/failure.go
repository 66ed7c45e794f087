package roster

import (
	"fmt"

	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// writeFailure explains a change that failed.
func (r *Run) writeFailure(o reconcile.Outcome, workspace string, w wish) Finding {
	t, err, what := r.traits, o.Err, w.clause(r.traits)
	who := fmt.Sprintf("%s in workspace %s", w.Principal, workspace)
	if o.Result == reconcile.Unclear {
		return failure(w.at, fmt.Sprintf("The change of %s could not be verified", who),
			fmt.Sprintf("%s. It may or may not stand. Run plan and apply again: what is there by then is taken as it is, and nothing is done twice.", planning.Said(err)))
	}
	switch FailureOf(err) {
	case Unauthorized:
		return failure(AtNone, fmt.Sprintf("%s does not accept the API key", t.Product),
			fmt.Sprintf("%s was to be %s: %s. Nothing was changed. Check the credentials in the provider block or the environment.", who, what, planning.Said(err)))
	case Forbidden:
		return failure(w.at, fmt.Sprintf("The %s API key may not change %s", t.Product, who),
			fmt.Sprintf("%s. Nothing was changed. %s", planning.Said(err), t.ChangeRight))
	case Unsupported:
		if w.Want != nil {
			return failure(w.at, fmt.Sprintf("%s has no such call: %s was not changed", t.Product, who),
				fmt.Sprintf("%s. %s was to be %s, and this endpoint does not know the call that does it. Check that the endpoint in the provider's settings is the product's API.", planning.Said(err), who, what))
		}
		return failure(w.at, fmt.Sprintf("%s has no such call: %s keeps its access", t.Product, who),
			fmt.Sprintf("%s. The removal endpoint is not available there. Remove the access by hand in %s and plan again, or stop managing it with `terraform state rm`.", planning.Said(err), t.Product))
	case Gone:
		return failure(w.at, fmt.Sprintf("%s was not found in %s", who, t.Product),
			fmt.Sprintf("%s. Nothing was changed. Check the ids of the workspace and of the principal.", planning.Said(err)))
	case Refused:
		return failure(w.at, fmt.Sprintf("%s refused the change of %s", t.Product, who),
			fmt.Sprintf("%s was to be %s: %s. Nothing was changed. Check the role's name, and that the principal is known in the %s.", who, what, planning.Said(err), t.TenantNoun))
	default:
		return failure(w.at, fmt.Sprintf("The change of %s failed", who),
			fmt.Sprintf("%s was to be %s: %s. Nothing was changed. This may pass: apply again.", who, what, planning.Said(err)))
	}
}
