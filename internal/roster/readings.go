package roster

import (
	"context"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
)

// planReadings are what a run has read, as a plan asks for it ([planning.Readings]).
type planReadings struct{ *Run }

func (p planReadings) Listing(ctx context.Context, workspace string, since time.Time) (*membership.Listing, error) {
	return p.spaces.get(workspace).listings.Since(ctx, since)
}

func (p planReadings) Tenant(ctx context.Context, workspace string, since time.Time) (*membership.Tenant, error) {
	tenant := ""
	if !p.traits.OneTenant {
		d, err := p.Describe(ctx, workspace)
		if err != nil {
			return nil, err
		}
		tenant = d.Tenant
	}
	return p.people.get(tenant).Since(ctx, since)
}

func (p planReadings) KnownTenant(workspace string) (*membership.Tenant, bool) {
	tenant := ""
	if !p.traits.OneTenant {
		d, ok := p.descr.get(workspace).Peek()
		if !ok {
			return nil, false
		}
		tenant = d.Value.Tenant
	}
	t, ok := p.people.get(tenant).Peek()
	return t.Value, ok
}

func (p planReadings) SwitchedOff(workspace string) bool {
	d, ok := p.descr.get(workspace).Peek()
	return ok && d.Value.Disabled
}

func (p planReadings) Floor(workspace string) guard.Floor {
	s := p.spaces.get(workspace)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.floor
}

func (p planReadings) HeldByOther(workspace string, who membership.Principal, token string) bool {
	return p.spaces.get(workspace).reconciler.HeldByOther(who, token)
}
