package framework

import (
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// Paths says where a schema has what the core's findings are about.
type Paths map[membership.Attribute]path.Path

// Diagnostics turns findings into diagnostics, each on the attribute that it
// is about where the schema has one.
func (p Paths) Diagnostics(findings []membership.Finding) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, f := range findings {
		f.Detail = membership.Wrap(f.Detail)
		at, ok := p[f.At]
		switch {
		case f.Severity == membership.SeverityError && ok:
			diags.AddAttributeError(at, f.Summary, f.Detail)
		case f.Severity == membership.SeverityError:
			diags.AddError(f.Summary, f.Detail)
		case ok:
			diags.AddAttributeWarning(at, f.Summary, f.Detail)
		default:
			diags.AddWarning(f.Summary, f.Detail)
		}
	}
	return diags
}
