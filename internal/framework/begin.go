package framework

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// DefaultTimeout bounds an operation whose timeout is not set.
const DefaultTimeout = 10 * time.Minute

// begin is how every write begins: a product that can be used, and a context that
// ends with the resource's timeout. The run is nil where one of them failed, or
// something had failed before.
func begin(ctx context.Context, conn *Connection, v timeouts.Value, timeout timeoutOf, diags *diag.Diagnostics) (*roster.Run, context.Context, context.CancelFunc) {
	run, ds := conn.Usable()
	diags.Append(ds...)
	if run == nil && !diags.HasError() {
		diags.AddError("The provider's settings are not known",
			"The provider block depends on a value that is not known yet, so nothing can be changed. Apply what it depends on first (-target), and then this.")
	}
	if diags.HasError() {
		return nil, ctx, nil
	}
	ctx, cancel := within(ctx, v, timeout, diags)
	if diags.HasError() {
		cancel()
		return nil, ctx, nil
	}
	return run, ctx, cancel
}

// beginPlan is how every plan begins. ok is false where the request has to end,
// whether or not an error says why. The run is nil where the settings are not known.
func beginPlan(conn *Connection, diags *diag.Diagnostics) (run *roster.Run, ok bool) {
	if conn == nil {
		return nil, false // not configured: nothing can be said about people
	}
	run, ok, ds := conn.UsableInPlan()
	diags.Append(ds...)
	return run, ok
}

// beginRead is how every refresh begins. The run is nil where the state stays as it
// was; where nothing failed, a warning says so.
func beginRead(ctx context.Context, conn *Connection, v timeouts.Value, id string, diags *diag.Diagnostics) (*roster.Run, context.Context, context.CancelFunc) {
	run, ok, ds := conn.UsableInPlan()
	diags.Append(ds...)
	if ok && run == nil {
		diags.AddWarning(id+" was not refreshed",
			"The provider's settings are not known yet, so the plan shows the state as it was. The apply reads what is there.")
	}
	if run == nil || !ok {
		return nil, ctx, nil
	}
	ctx, cancel := within(ctx, v, readTimeout, diags)
	return run, ctx, cancel
}

// beginList is how every list begins. The run is nil where an error says why.
func beginList(conn *Connection, diags *diag.Diagnostics) *roster.Run {
	run, ds := conn.Usable()
	diags.Append(ds...)
	if run == nil && !diags.HasError() {
		diags.AddError("The provider's settings are not known",
			"The provider block depends on a value that is not known, so nothing can be listed.")
	}
	if diags.HasError() {
		return nil
	}
	return run
}

type timeoutOf func(timeouts.Value, context.Context, time.Duration) (time.Duration, diag.Diagnostics)

var (
	createTimeout timeoutOf = timeouts.Value.Create
	readTimeout   timeoutOf = timeouts.Value.Read
	updateTimeout timeoutOf = timeouts.Value.Update
	deleteTimeout timeoutOf = timeouts.Value.Delete
)

func within(ctx context.Context, v timeouts.Value, timeout timeoutOf, diags *diag.Diagnostics) (context.Context, context.CancelFunc) {
	d, ds := timeout(v, ctx, DefaultTimeout)
	diags.Append(ds...)
	return context.WithTimeout(ctx, d)
}
