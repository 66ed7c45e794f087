package framework

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
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

func (c checked) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := c.check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not "+c.what, capital(err.Error())+".")
	}
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
