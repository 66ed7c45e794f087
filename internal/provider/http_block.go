package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
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
	MaxRetries            types.Int64  `tfsdk:"max_retries"`
	MaxConcurrentRequests types.Int64  `tfsdk:"max_concurrent_requests"`
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
			"max_retries": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "How often a call is repeated that failed for a passing reason (429, 502, 503, 504, connection); 6 by default. From 0 to 100.",
				Validators:          []validator.Int64{int64validator.Between(0, 100)},
			},
			"max_concurrent_requests": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "How many calls are under way at a time, to all products together; 16 by default. From 1 to 1000.",
				Validators:          []validator.Int64{int64validator.Between(1, 1000)},
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
	c := calls{maxConcurrent: defaultMaxConcurrent}
	c.RequestTimeout, c.MaxRetries = duration(m.RequestTimeout, defaultRequestTimeout), defaultMaxRetries
	if !m.MaxRetries.IsNull() && !m.MaxRetries.IsUnknown() {
		c.MaxRetries = int(m.MaxRetries.ValueInt64())
	}
	if !m.MaxConcurrentRequests.IsNull() && !m.MaxConcurrentRequests.IsUnknown() {
		c.maxConcurrent = int(m.MaxConcurrentRequests.ValueInt64())
	}
	return c
}

// duration gives a validated duration, or the standard one.
func duration(v types.String, standard time.Duration) time.Duration {
	if d, err := time.ParseDuration(v.ValueString()); err == nil {
		return d
	}
	return standard
}
