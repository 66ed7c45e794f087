package framework

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/protocol/bulk"
)

// Form is what a text has to be like. White space around it is refused before
// anything else: nobody sees it.
type Form struct {
	// What is its name with an article: "a Blink id".
	What string
	// Check says what is wrong with a text.
	Check func(string) error
}

// Filled is a form that refuses nothing else but an empty text.
func Filled(what string) Form {
	return Form{What: what, Check: func(s string) error {
		if s == "" {
			return errors.New("the text is empty")
		}
		return nil
	}}
}

// Email is an e-mail address to look a user up by.
var Email = Filled("an e-mail address")

// Duration is a duration that is at least so long.
func Duration(least time.Duration) Form {
	return Form{What: "a duration", Check: func(s string) error {
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			return fmt.Errorf("%q is not a duration: write a number and a unit, as in \"5s\" or \"1m30s\"", s)
		case d < least:
			return fmt.Errorf("%q is too short: at least %s is needed", s, least)
		}
		return nil
	}}
}

// orEmail is a form that takes e-mail addresses too.
func orEmail(id Form) Form {
	return Form{What: id.What + " or an e-mail address", Check: func(s string) error {
		if isAddress(s) {
			return nil
		}
		return id.Check(s)
	}}
}

// isAddress tells an e-mail address from an id.
func isAddress(s string) bool { return strings.Contains(s, "@") }

func (f Form) check(text string) error {
	if strings.TrimSpace(text) != text {
		return fmt.Errorf("%q begins or ends with white space: remove it", text)
	}
	return f.Check(text)
}

// Text gives the validator of one text.
func (f Form) Text() validator.String { return checked{what: f.What, check: f.check} }

// Each gives the validator of the texts in a set. Null is refused as well.
func (f Form) Each() validator.Set { return each{checked{what: f.What, check: f.check}} }

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
	text := membership.Capital(err.Error()) + "."
	if len(at.Steps()) > 1 {
		text = fmt.Sprintf("In %s: %s.", named(at), err)
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

type each struct{ checked }

// ValidateSet refuses each entry that the check does.
func (e each) ValidateSet(ctx context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	for _, element := range bulk.Unpack(ctx, req.ConfigValue).Elements() {
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

// Whole is the validator of whole numbers from least to most. The framework's own
// type for them reports a fraction on the block that the attribute is in, as a
// fault of the provider.
func Whole(least, most int64) validator.Number { return whole{least, most} }

type whole struct{ least, most int64 }

func (w whole) Description(context.Context) string {
	return fmt.Sprintf("a whole number from %d to %d", w.least, w.most)
}

func (w whole) MarkdownDescription(ctx context.Context) string { return w.Description(ctx) }

// ValidateNumber refuses fractions, and what is out of bounds.
func (w whole) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	number := req.ConfigValue.ValueBigFloat()
	if n, exactly := number.Int64(); exactly == big.Exact && n >= w.least && n <= w.most {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Not a valid number",
		fmt.Sprintf("%s has to be %s, and it is %s.", req.Path, w.Description(ctx), number.Text('g', 10)))
}
