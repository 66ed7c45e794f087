package framework

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// Attribute is an attribute whose name or description is the product's own.
type Attribute struct {
	// Name is its name. Where this package names the attribute, it is empty.
	Name string
	// Description says in Markdown what it is.
	Description string
}

// The names that every product uses.
const (
	idAttribute       = "id"
	roleAttribute     = "role"
	enabledAttribute  = "enabled"
	adoptAttribute    = "adopt_existing"
	exitAttribute     = "on_destroy"
	removalAttribute  = "on_removal"
	reassignAttribute = "reassign_role"
	emailAttribute    = "email"
	timeoutsName      = "timeouts"
)

// keyAttribute gives the schema of one part of a key. A changed workspace is
// another resource, a changed principal is not.
func keyAttribute(p KeyPart, replaces bool) schema.StringAttribute {
	a := schema.StringAttribute{
		Required:            true,
		MarkdownDescription: p.Description,
		Validators:          []validator.String{p.Form.Text()},
	}
	if replaces {
		a.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplace()}
	}
	return a
}

// idSchema gives the schema of the id.
func (k Key) idSchema() schema.StringAttribute {
	form := "`" + k.Form() + "`."
	return schema.StringAttribute{Computed: true, MarkdownDescription: form}
}

func computedText(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

// defaulted gives the schema of a switch.
func defaulted(standard bool, description string) schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional:            true,
		Computed:            true,
		Default:             booldefault.StaticBool(standard),
		MarkdownDescription: fmt.Sprintf("%s Defaults to `%t`.", description, standard),
	}
}

// timeoutsAttribute gives the schema of the timeouts. The library's own checks do
// not say which of them they are about, and take a negative one.
func timeoutsAttribute(ctx context.Context) schema.Attribute {
	all := timeouts.AttributesAll(ctx)
	nested, ok := all.(schema.SingleNestedAttribute)
	if !ok {
		return all
	}
	for name, a := range nested.Attributes {
		if text, ok := a.(schema.StringAttribute); ok {
			text.Validators = []validator.String{Duration(time.Millisecond).Text()}
			nested.Attributes[name] = text
		}
	}
	return nested
}

// noTimeouts is what a state has where none are set.
func noTimeouts(ctx context.Context) timeouts.Value {
	none := timeouts.Value{}
	if t, ok := timeoutsAttribute(ctx).GetType().(attr.TypeWithAttributeTypes); ok {
		none.Object = types.ObjectNull(t.AttributeTypes())
	}
	return none
}

// Exit says what becomes of the access of a user whose resource is destroyed, or who is
// not named in one for a whole role.
type Exit struct {
	// Remove is what the default is called: "remove", "disable".
	Remove string
	// Removes says in Markdown what that means; empty where the word says it all.
	Removes string
	// Reassigns is true where another role can be left behind instead.
	Reassigns bool
}

// Ways of leaving that every product has, besides its own removal.
const (
	exitKeep     = "keep"
	exitReassign = "reassign"
)

// add puts on_destroy or on_removal, and what belongs to it, into a schema.
func (e Exit) add(attributes map[string]schema.Attribute, attribute string, roles RoleNames) {
	what, becomes, remains := "What happens to a member with the role who is not named: %s.", "the role changes to", "The role of a removed member"
	standard := "default"
	if e.Removes != "" {
		standard += "; " + e.Removes
	}
	ways, text := []string{e.Remove}, []string{fmt.Sprintf("`%s` (%s)", e.Remove, standard)}
	if attribute == exitAttribute {
		what, becomes, remains = "What happens to the role when the resource is destroyed: %s. "+
			"The value in the state counts, so apply a change of it before you destroy the resource.", "changes to", "The role that remains"
		ways, text = append(ways, exitKeep), append(text, "`keep` (stays as it is)")
	}
	if e.Reassigns {
		ways, text = append(ways, exitReassign), append(text, fmt.Sprintf("`reassign` (%s `reassign_role`)", becomes))
		attributes[reassignAttribute] = schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: fmt.Sprintf("%s with `%s = \"reassign\"`.", remains, attribute),
			Validators:          []validator.String{roles.Form().Text()},
		}
	}
	choice := text[len(text)-1]
	if before := text[:len(text)-1]; len(before) > 0 {
		choice = strings.Join(before, ", ") + " or " + choice
	}
	attributes[attribute] = schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		Default:             stringdefault.StaticString(e.Remove),
		MarkdownDescription: fmt.Sprintf(what, choice),
		Validators:          []validator.String{stringvalidator.OneOf(ways...)},
	}
}

// roleKeyAttribute gives the schema of a role that is part of a key. Another
// role is another resource; another letter case is not.
func roleKeyAttribute(p KeyPart) schema.StringAttribute {
	a := keyAttribute(p, false)
	a.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplaceIf(
		func(_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse) {
			resp.RequiresReplace = !strings.EqualFold(req.StateValue.ValueString(), req.PlanValue.ValueString())
		}, "Another role is another resource.", "Another role is another resource.")}
	return a
}

// of says in the core's words what a state says.
func (e Exit) of(onDestroy, reassign types.String) roster.Exit {
	switch onDestroy.ValueString() {
	case exitKeep:
		return roster.Exit{Keep: true}
	case exitReassign:
		return roster.Exit{Reassign: reassign.ValueString()}
	default:
		return roster.Exit{}
	}
}

// reassignNeedsRole ties reassign_role to on_destroy = "reassign", or to
// on_removal: whatever the attribute is.
type reassignNeedsRole struct{ attribute string }

func (v reassignNeedsRole) Description(context.Context) string {
	return fmt.Sprintf("reassign_role is set if, and only if, %s is \"reassign\"", v.attribute)
}

func (v reassignNeedsRole) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateResource refuses one without the other.
func (v reassignNeedsRole) ValidateResource(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var onDestroy, role types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(v.attribute), &onDestroy)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(reassignAttribute), &role)...)
	if resp.Diagnostics.HasError() || onDestroy.IsUnknown() || role.IsUnknown() {
		return
	}
	reassigns := onDestroy.ValueString() == exitReassign
	switch {
	case reassigns && role.IsNull():
		resp.Diagnostics.AddAttributeError(path.Root(reassignAttribute), "Missing reassign_role",
			fmt.Sprintf("%s = \"reassign\" needs the role that is left: set reassign_role.", v.attribute))
	case !reassigns && !role.IsNull():
		resp.Diagnostics.AddAttributeError(path.Root(reassignAttribute), "reassign_role has no effect",
			fmt.Sprintf("reassign_role is used only with %s = \"reassign\". Set %[1]s, or remove reassign_role.", v.attribute))
	}
}
