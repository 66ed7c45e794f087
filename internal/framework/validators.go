package framework

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Checked makes a validator of a function that says in its error what is wrong
// with a text.
func Checked(what string, check func(string) error) validator.String {
	return checked{what: what, check: check}
}

type checked struct {
	what  string
	check func(string) error
}

func (c checked) Description(context.Context) string         { return c.what }
func (c checked) MarkdownDescription(context.Context) string { return c.what }

// ValidateString refuses what the check does.
func (c checked) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := c.check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.Append(c.refusal(req.Path, err))
	}
}

// refusal says where the text is, in words as well: Terraform shows the line of
// the whole block where a path leads into a nested attribute or a set.
func (c checked) refusal(at path.Path, err error) diag.Diagnostic {
	text := capital(err.Error()) + "."
	if len(at.Steps()) > 1 {
		text = fmt.Sprintf("In %s %s.", named(at), err)
	}
	return diag.NewAttributeErrorDiagnostic(at, "Not "+c.what, text)
}

// named gives a path without the elements of sets, which are their own keys.
func named(at path.Path) path.Path {
	steps := at.Steps()
	if _, element := steps[len(steps)-1].(path.PathStepElementKeyValue); element {
		return at.ParentPath()
	}
	return at
}

// EachOf makes a validator of the texts in a set. Null is refused as well.
func EachOf(what string, check func(string) error) validator.Set {
	return each{checked{what: what, check: check}}
}

type each struct{ checked }

// ValidateSet refuses each entry that the check does.
func (e each) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	for _, element := range req.ConfigValue.Elements() {
		text, ok := element.(types.String)
		if !ok || text.IsUnknown() {
			continue
		}
		at := req.Path.AtSetValue(element)
		err := errors.New("one entry is null: remove it")
		if !text.IsNull() {
			err = e.check(text.ValueString())
		}
		if err != nil {
			resp.Diagnostics.Append(e.refusal(at, err))
		}
	}
}

// NoWhiteSpace refuses texts that are empty, or that have white space around
// them, which nobody sees; noun says what they are, as in "entry".
func NoWhiteSpace(noun string) func(string) error {
	return func(s string) error {
		switch {
		case strings.TrimSpace(s) == "":
			return fmt.Errorf("the %s %q is empty", noun, s)
		case strings.TrimSpace(s) != s:
			return fmt.Errorf("the %s %q begins or ends with white space: remove it", noun, s)
		}
		return nil
	}
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
