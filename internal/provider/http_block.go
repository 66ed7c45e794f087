package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

const (
	defaultRequestTimeout = 30 * time.Second
	defaultMaxRetries     = 6
	defaultMaxConcurrent  = 16
)

type httpModel struct {
	RequestTimeout        types.String `tfsdk:"request_timeout"`
	MaxRetries            types.Number `tfsdk:"max_retries"`
	MaxConcurrentRequests types.Number `tfsdk:"max_concurrent_requests"`
}

func httpSchema() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "How the services are called.",
		Attributes: map[string]schema.Attribute{
			"request_timeout": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "How long one attempt of one call may take; `30s` by default. At least 1ms.",
				Validators:          []validator.String{framework.Duration(time.Millisecond).Text()},
			},
			"max_retries": schema.NumberAttribute{
				Optional:            true,
				MarkdownDescription: "How often a call is repeated that failed for a passing reason (429, 502, 503, 504, connection); 6 by default. From 0 to 100.",
				Validators:          []validator.Number{framework.Whole(0, 100)},
			},
			"max_concurrent_requests": schema.NumberAttribute{
				Optional:            true,
				MarkdownDescription: "How many calls are under way at a time, to all products together; 16 by default. From 1 to 1000.",
				Validators:          []validator.Number{framework.Whole(1, 1000)},
			},
		},
	}
}

// calls is how the services are called.
type calls struct {
	transport.Options
	// maxConcurrent is how many calls are under way at a time.
	maxConcurrent int
}

func callsOf(ctx context.Context, o types.Object, diags *diag.Diagnostics) calls {
	var m httpModel
	as(ctx, o, &m, diags)
	c := calls{maxConcurrent: whole(m.MaxConcurrentRequests, defaultMaxConcurrent)}
	c.RequestTimeout, c.MaxRetries = duration(m.RequestTimeout, defaultRequestTimeout), whole(m.MaxRetries, defaultMaxRetries)
	return c
}

// whole gives a validated whole number, or the standard one.
func whole(v types.Number, standard int) int {
	if v.IsNull() || v.IsUnknown() {
		return standard
	}
	n, _ := v.ValueBigFloat().Int64()
	return int(n)
}

// duration gives a validated duration, or the standard one.
func duration(v types.String, standard time.Duration) time.Duration {
	if d, err := time.ParseDuration(v.ValueString()); err == nil {
		return d
	}
	return standard
}
