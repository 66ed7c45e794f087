package roster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// said gives an error as the beginning of a sentence that goes on: without a
// full stop of its own, and what several calls said in one line.
func said(err error) string {
	parts := strings.Split(err.Error(), "\n")
	for i, p := range parts {
		parts[i] = strings.TrimRight(strings.TrimSpace(p), ".")
	}
	return strings.Join(parts, "; then ")
}

// readFailure explains a listing that could not be read.
func (r *Run) readFailure(err error, workspace string, at Attribute) Finding {
	t := r.traits
	kept := " Nothing was dropped from the state."
	switch FailureOf(err) {
	case Unauthorized:
		return failure(AtNone, fmt.Sprintf("%s does not accept the API key", t.Product),
			fmt.Sprintf("Workspace %s could not be read: %s.%s Check the credentials in the provider block or the environment: the key may be wrong, revoked or expired.", workspace, said(err), kept))
	case Forbidden:
		return failure(at, fmt.Sprintf("The %s API key may not read workspace %s", t.Product, workspace),
			fmt.Sprintf("%s.%s %s", said(err), kept, t.ChangeRight))
	case Gone:
		return failure(at, fmt.Sprintf("Workspace %s was not found in %s", workspace, t.Product),
			fmt.Sprintf("%s. Check the id, and that the key belongs to the %s that the workspace is in.", said(err), t.TenantNoun))
	case Malformed:
		return failure(at, fmt.Sprintf("%s gave an answer that cannot be read", t.Product),
			fmt.Sprintf("%s.%s Check that the endpoint is the product's API and not, say, a proxy's page.", said(err), kept))
	case Refused, Unsupported:
		return failure(at, fmt.Sprintf("%s refused to list workspace %s", t.Product, workspace),
			fmt.Sprintf("%s.%s Check the workspace's id.", said(err), kept))
	default:
		return failure(at, fmt.Sprintf("Workspace %s could not be read from %s", workspace, t.Product),
			fmt.Sprintf("%s.%s This may pass: run the same command again.", said(err), kept))
	}
}

// planReadFailure is readFailure for a plan outside of a refresh: what may
// pass is a warning there, since the apply checks again.
func (r *Run) planReadFailure(err error, workspace, who string, at Attribute) Finding {
	f := r.readFailure(err, workspace, at)
	if errors.Is(err, context.Canceled) {
		// Going on would plan other values than before, and end with a complaint
		// about the provider.
		return failure(AtNone, "Planning was cancelled", fmt.Sprintf("%s in workspace %s was being looked up when this run was cancelled. Nothing was changed.", who, workspace))
	}
	if FailureOf(err) == Passing {
		f.Severity = SeverityWarning
		f.Summary = fmt.Sprintf("%s in workspace %s could not be checked", who, workspace)
		f.Detail = fmt.Sprintf("%s. The plan goes on without looking at who is there; the apply checks again and decides.", said(err))
	}
	return f
}

// writeFailure explains a change that failed.
func (r *Run) writeFailure(o reconcile.Outcome, workspace string, w wish) Finding {
	t, err, what := r.traits, o.Err, w.clause(r.traits)
	who := fmt.Sprintf("%s in workspace %s", w.Principal, workspace)
	if o.Result == reconcile.Unclear {
		return failure(w.at, fmt.Sprintf("The change of %s could not be verified", who),
			fmt.Sprintf("%s. It may or may not stand. Run plan and apply again: what is there by then is taken as it is, and nothing is done twice.", said(err)))
	}
	switch FailureOf(err) {
	case Unauthorized:
		return failure(AtNone, fmt.Sprintf("%s does not accept the API key", t.Product),
			fmt.Sprintf("%s was to be %s: %s. Nothing was changed. Check the credentials in the provider block or the environment.", who, what, said(err)))
	case Forbidden:
		return failure(w.at, fmt.Sprintf("The %s API key may not change %s", t.Product, who),
			fmt.Sprintf("%s. Nothing was changed. %s", said(err), t.ChangeRight))
	case Unsupported:
		if w.Want != nil {
			return failure(w.at, fmt.Sprintf("%s has no such call: %s was not changed", t.Product, who),
				fmt.Sprintf("%s. %s was to be %s, and this endpoint does not know the call that does it. Check that the endpoint in the provider's settings is the product's API.", said(err), who, what))
		}
		return failure(w.at, fmt.Sprintf("%s has no such call: %s keeps its access", t.Product, who),
			fmt.Sprintf("%s. The removal endpoint is not available there. Remove the access by hand in %s and plan again, or stop managing it with `terraform state rm`.", said(err), t.Product))
	case Gone:
		return failure(w.at, fmt.Sprintf("%s was not found in %s", who, t.Product),
			fmt.Sprintf("%s. Nothing was changed. Check the ids of the workspace and of the principal.", said(err)))
	case Refused:
		return failure(w.at, fmt.Sprintf("%s refused the change of %s", t.Product, who),
			fmt.Sprintf("%s was to be %s: %s. Nothing was changed. Check the role's name, and that the principal is known in the %s.", who, what, said(err), t.TenantNoun))
	default:
		return failure(w.at, fmt.Sprintf("The change of %s failed", who),
			fmt.Sprintf("%s was to be %s: %s. Nothing was changed. This may pass: apply again.", who, what, said(err)))
	}
}
