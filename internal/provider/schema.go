package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	blazemeterapi "github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	blinkapi "github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/framework"
	"github.com/tf-roster/terraform-provider-roster/internal/roster"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// What holds where the configuration says nothing.
const (
	defaultHandoverWait   = 5 * time.Second
	defaultRequestTimeout = 30 * time.Second
	defaultMaxRetries     = 6
	defaultMaxConcurrent  = 16
)

func (p *rosterProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages who holds which role in which workspace of Blink (BlinkOps) and BlazeMeter. " +
			"A plan that would take the last owner out of a workspace fails, and an apply never passes through a state without one.",
		Attributes: map[string]schema.Attribute{
			"blink": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Access to Blink. Needed by `roster_blink_*` only.",
				Attributes: map[string]schema.Attribute{
					"endpoint": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: fmt.Sprintf("The base URL of the API. Falls back to the environment variable `BLINK_ENDPOINT`, and then to `%s`.", blinkapi.DefaultEndpoint),
						Validators:          []validator.String{validEndpoint},
					},
					"api_key": schema.StringAttribute{
						Optional: true, Sensitive: true,
						MarkdownDescription: "An API key of somebody who is Owner of the workspaces or Admin of the tenant. Falls back to `BLINK_API_KEY`.",
						Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
					},
				},
			},
			"blazemeter": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Access to BlazeMeter. Needed by `roster_blazemeter_*` only.",
				Attributes: map[string]schema.Attribute{
					"endpoint": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: fmt.Sprintf("The base URL of the API. Falls back to `BLAZEMETER_ENDPOINT`, and then to `%s`.", blazemeterapi.DefaultEndpoint),
						Validators:          []validator.String{validEndpoint},
					},
					"api_key_id": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "The id of an API key of an account admin or workspace manager. Falls back to `BLAZEMETER_API_KEY_ID`.",
						Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
					},
					"api_key_secret": schema.StringAttribute{
						Optional: true, Sensitive: true,
						MarkdownDescription: "The secret of the API key. Falls back to `BLAZEMETER_API_KEY_SECRET`.",
						Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
					},
				},
			},
			"last_owner_guard": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "What happens when a change would leave a workspace without an owner (Blink) or an enabled manager (BlazeMeter).",
				Attributes: map[string]schema.Attribute{
					"mode": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "What the guard does about such a change: `enforce` (default) refuses it, `warn` warns and goes on, `off` says nothing and leaves it to the service.",
						Validators:          []validator.String{stringvalidator.OneOf(string(roster.Enforce), string(roster.Warn), string(roster.Off))},
					},
					"minimum_owners": schema.Int64Attribute{
						Optional:            true,
						MarkdownDescription: "How many owners a workspace has to keep; 1 by default. A workspace that has fewer already must not lose any.",
						Validators:          []validator.Int64{int64validator.AtLeast(1)},
					},
					"not_counted": schema.SetAttribute{
						Optional: true, ElementType: types.StringType,
						MarkdownDescription: "Ids or e-mail addresses that never count as owners: the automation's own user, break-glass accounts. Compared without regard to case.",
						Validators:          []validator.Set{setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
					},
					"count_owner_groups": schema.BoolAttribute{
						Optional:            true,
						MarkdownDescription: "Blink: whether a group that has members and the owner role counts as one owner. `false` by default, since the vendor does not say that it does.",
					},
					"exempt_workspace_ids": schema.SetAttribute{
						Optional: true, ElementType: types.StringType,
						MarkdownDescription: "Ids of workspaces that the guard leaves alone, such as those that are being closed.",
						Validators:          []validator.Set{setvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
					},
					"handover_wait": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "How long nothing must have moved in this provider before a removal that waits for its successor is refused; `5s` by default.",
						Validators:          []validator.String{validDuration},
					},
				},
			},
			"http": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "How the services are called.",
				Attributes: map[string]schema.Attribute{
					"request_timeout": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "How long one attempt of one call may take; `30s` by default. At least 1ms.",
						Validators:          []validator.String{validTimeout},
					},
					"max_retries": schema.Int64Attribute{
						Optional:            true,
						MarkdownDescription: "How often a call is repeated that failed for a passing reason (429, 502, 503, 504, connection); 6 by default. From 0 to 100.",
						Validators:          []validator.Int64{int64validator.Between(0, 100)},
					},
					"max_concurrent_requests": schema.Int64Attribute{
						Optional:            true,
						MarkdownDescription: "How many calls are under way at a time; 16 by default. From 1 to 1000.",
						Validators:          []validator.Int64{int64validator.Between(1, 1000)},
					},
				},
			},
		},
	}
}

var (
	validEndpoint = framework.Checked("an endpoint that can be used", transport.CheckEndpoint)
	validDuration = framework.Checked("a duration", func(s string) error { return checkDuration(s, 0) })
	validTimeout  = framework.Checked("a duration", func(s string) error { return checkDuration(s, time.Millisecond) })
)

func checkDuration(s string, least time.Duration) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is not a duration: write a number and a unit, as in \"5s\" or \"1m30s\"", s)
	}
	if d < least {
		return fmt.Errorf("%q is too short: at least %s is needed", s, least)
	}
	return nil
}
