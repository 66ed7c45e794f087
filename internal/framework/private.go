package framework

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// privateName is where a resource's private data stands among Terraform's.
const privateName = "roster"

// privateData is the part of the framework's private data that is used here.
type privateData interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

func getPrivate(ctx context.Context, from privateData, diags *diag.Diagnostics) roster.Private {
	raw, ds := from.GetKey(ctx, privateName)
	diags.Append(ds...)
	return roster.DecodePrivate(raw)
}

func setPrivate(ctx context.Context, to privateData, p roster.Private, diags *diag.Diagnostics) {
	diags.Append(to.SetKey(ctx, privateName, p.Encode())...)
}

// getText reads a text from the private data; "" where there is none.
func getText(ctx context.Context, from privateData, name string, diags *diag.Diagnostics) string {
	raw, ds := from.GetKey(ctx, name)
	diags.Append(ds...)
	var text string
	if len(raw) > 0 && json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// setText writes a text into the private data; "" takes it out.
func setText(ctx context.Context, to privateData, name, text string, diags *diag.Diagnostics) {
	if text == "" {
		diags.Append(to.SetKey(ctx, name, nil)...)
		return
	}
	diags.Append(to.SetKey(ctx, name, []byte(strconv.Quote(text)))...)
}
