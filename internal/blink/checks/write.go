package checks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client"
	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkcalls"
	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
)

// The roles that the trial gives; neither is more than a member needs.
const (
	lower  = "viewer"
	higher = "contributor"
	// unknown is a role that no tenant has.
	unknown = "roster-doctor-no-such-role"
)

// Admit lets in a user of the tenant who is no owner of the workspace, not the
// key's own, and not a pending invitation.
func (c *checks) Admit(_ context.Context, id, email string) (doctor.Standing, error) {
	p, known := find(c.people, user, id)
	self, _, n := c.selfEntity()
	m, member := c.member(id)
	listing := make([]entity, 0, len(c.rows)+len(c.others))
	listing = append(append(listing, c.rows...), c.others...)
	invitedThere, _ := p.invited()
	switch {
	case client.CheckID(id) != nil:
		return doctor.Standing{}, fmt.Errorf("-user: %w", client.CheckID(id))
	case len(c.people) == 0:
		return doctor.Standing{}, errors.New("the tenant's listing cannot be read, so it is not known who this user is")
	case !known:
		return doctor.Standing{}, errors.New("-user names nobody in the tenant: give the entity_id of a user")
	case !strings.EqualFold(p.email, email):
		return doctor.Standing{}, errors.New("-user and -confirm name two people: the user has another e-mail address")
	case c.self == nil || n != 1:
		return doctor.Standing{}, errors.New("it is not known whose the API key is, so it may be this user's own")
	case self.is(user, id):
		return doctor.Standing{}, errors.New("this is the API key's own user, who could lose the access that the rest needs")
	case m.owner():
		return doctor.Standing{}, errors.New("this user is an owner of the workspace")
	case !anyOwner(listing):
		return doctor.Standing{}, errors.New("the listing shows no owner, so it may be incomplete, and this user an owner")
	case c.state(entity{Row: p.Row, kind: user, id: id}) == "invited" || invitedThere || member && c.state(m) == "invited":
		return doctor.Standing{}, errors.New("this user is a pending invitation, which may not be restored by giving the role again")
	}
	return c.standing(id)
}

func anyOwner(rows []entity) bool {
	for _, e := range rows {
		if e.owner() {
			return true
		}
	}
	return false
}

// standing tells what a user has by the last reading.
func (c *checks) standing(id string) (doctor.Standing, error) {
	m, ok := c.member(id)
	switch {
	case !ok:
		return doctor.Standing{}, nil
	case m.role == "":
		return doctor.Standing{}, errors.New("the listing shows this user without a role, which could not be restored")
	default:
		return doctor.Standing{Present: true, Role: m.role}, nil
	}
}

// Standing reads how a user stands now.
func (c *checks) Standing(ctx context.Context, id string) (doctor.Standing, error) {
	if err := c.readMembers(ctx); err != nil {
		return doctor.Standing{}, err
	}
	m, ok := c.member(id)
	return doctor.Standing{Present: ok, Role: m.role}, nil
}

// Restored compares the roles as the listing spells them.
func (c *checks) Restored(prior, now doctor.Standing) bool { return prior == now }

// Restore gives the calls that bring the user back to the role, or out of the
// workspace.
func (c *checks) Restore(id string, prior doctor.Standing, now *doctor.Standing) []doctor.Call {
	var calls []doctor.Call
	add := func(call doctor.Call, err error) {
		if err == nil {
			calls = append(calls, call)
		}
	}
	if !prior.Present {
		add(c.remove(id))
		return calls
	}
	add(c.assign(id, prior.Role))
	if spelled := strings.ToLower(prior.Role); spelled != prior.Role && now != nil {
		add(c.assign(id, spelled))
	}
	if now == nil || !now.Present {
		add(c.add(id, prior.Role))
	}
	return calls
}

func (c *checks) assign(id, role string) (doctor.Call, error) {
	r, err := blinkcalls.NewAssignRoleRequest(c.server(), c.workspace, blinkwire.EntityTypeUser, id, role)
	return doctor.NewCall("assign the role "+role, r, err)
}

func (c *checks) add(id, role string) (doctor.Call, error) {
	r, err := blinkcalls.NewAddEntitiesRequest(c.server(), c.workspace, blinkwire.AddEntities{Entities: []blinkwire.EntityToAdd{
		{EntityID: id, EntityType: blinkwire.EntityTypeUser, Role: role},
	}})
	return doctor.NewCall("add with the role "+role, r, err)
}

func (c *checks) remove(id string) (doctor.Call, error) {
	r, err := blinkcalls.NewRemoveEntityRequest(c.server(), c.workspace, blinkwire.EntityTypeUser, id)
	return doctor.NewCall("remove from the workspace", r, err)
}

func absent(s doctor.Standing) bool  { return !s.Present }
func present(s doctor.Standing) bool { return s.Present }

func has(role string) func(doctor.Standing) bool {
	return func(s doctor.Standing) bool { return strings.EqualFold(s.Role, role) }
}

// trial is the part of an examination that changes a user.
type trial struct {
	*checks
	*doctor.Trial
}

// Try takes the user out and adds them in both ways, and changes the role.
func (c *checks) Try(ctx context.Context, dt *doctor.Trial) error {
	t := trial{c, dt}
	if t.Now.Present {
		if err := t.tryRemove(ctx); err != nil {
			return err
		}
	}
	if t.Now.Present {
		t.Findings.NotTried(3, "the user is a member and could not be removed")
		t.Findings.NotTried(4, "the user is a member and could not be removed")
	} else {
		if err := t.tryAssign(ctx); err != nil {
			return err
		}
		if t.Now.Present {
			if err := t.tryRemove(ctx); err != nil {
				return err
			}
		}
		if t.Now.Present {
			t.Findings.NotTried(4, "the user is a member and could not be removed")
		} else if err := t.tryAdd(ctx); err != nil {
			return err
		}
	}
	if !t.Now.Present {
		return errors.New("the user could not be added")
	}
	for _, step := range []func(context.Context) error{t.tryChange, t.tryAgain, t.tryCase, t.tryUnknown} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if !t.Findings.Decided(5) {
		return t.tryRemove(ctx)
	}
	return nil
}

// made notes that the key's user may change members, or ends the trial.
func (t trial) made(a doctor.Answer) error {
	m, _ := t.member(t.selfID())
	admin := strings.EqualFold(t.self.Text("tenant_role"), "admin")
	who := fmt.Sprintf("the key's user is an owner: %s, an admin: %s", doctor.YesNo(m.owner()), doctor.YesNo(admin))
	return t.Permitted(a, m.owner() || admin, who)
}

func (t trial) selfID() string {
	self, _, _ := t.selfEntity()
	return self.id
}

// spelled gives a role as the listing spells it.
func (t trial) spelled(role string) string {
	for _, e := range t.rows {
		if strings.EqualFold(e.role, role) {
			return e.role
		}
	}
	return role
}

func (t trial) tryRemove(ctx context.Context) error {
	a, err := t.Change(ctx)(t.remove(t.User))
	if err == nil {
		err = t.made(a)
	}
	if err != nil {
		return err
	}
	if !a.OK() {
		t.Findings.DoesNotHold(5, "%s", a)
		return nil
	}
	gone, err := t.Await(ctx, absent)
	switch {
	case err != nil:
		return err
	case !gone:
		return t.NotShown("removal answered with " + a.String())
	}
	t.Findings.Holds(5, "%s, and gone from the listing", a)
	return nil
}

func (t trial) tryAssign(ctx context.Context) error {
	role := t.spelled(lower)
	a, err := t.Change(ctx)(t.assign(t.User, role))
	if err == nil {
		err = t.made(a)
	}
	if err == nil && a.Status == http.StatusBadRequest && role == lower {
		// The service may know its roles only as the pages show them.
		title := strings.ToUpper(role[:1]) + role[1:]
		t.Findings.Seen(13, "%s: %s", role, a)
		a, err = t.Change(ctx)(t.assign(t.User, title))
	}
	if err != nil {
		return err
	}
	if !a.OK() {
		t.Findings.DoesNotHold(3, "%s", a)
		return nil
	}
	shown, err := t.Await(ctx, present)
	if err != nil {
		return err
	}
	t.Findings.Decide(3, shown, "%s, and listed: %s", a, doctor.YesNo(shown))
	return nil
}

func (t trial) tryAdd(ctx context.Context) error {
	a, err := t.Change(ctx)(t.add(t.User, t.spelled(higher)))
	if err == nil {
		err = t.made(a)
	}
	if err != nil {
		return err
	}
	if a.OK() {
		if _, err := t.Await(ctx, present); err != nil {
			return err
		}
		t.Findings.Decide(4, has(higher)(t.Now), "%s, listed: %s, with the role: %s", a, doctor.YesNo(t.Now.Present), doctor.YesNo(has(higher)(t.Now)))
		return nil
	}
	t.Findings.DoesNotHold(4, "%s", a)
	if t.Findings.Decided(3) {
		// The rest needs a member; assigning may still make one.
		a, err = t.Change(ctx)(t.assign(t.User, t.spelled(lower)))
		if err == nil && a.OK() {
			_, err = t.Await(ctx, present)
		}
	}
	return err
}

// tryChange gives the lower role, so that what follows begins with one that is known.
func (t trial) tryChange(ctx context.Context) error {
	want := lower
	if has(lower)(t.Now) {
		want = higher
	}
	a, err := t.Change(ctx)(t.assign(t.User, t.spelled(want)))
	if err == nil {
		err = t.made(a)
	}
	if err != nil {
		return err
	}
	if !a.OK() {
		return fmt.Errorf("the role %s was refused: %s", want, a)
	}
	shown, err := t.Await(ctx, has(want))
	if err == nil && !shown {
		err = t.NotShown("assignment answered with " + a.String())
	}
	return err
}

func (t trial) tryAgain(ctx context.Context) error {
	before := t.Now
	a, err := t.Change(ctx)(t.assign(t.User, before.Role))
	if err != nil {
		return err
	}
	after, err := t.same(ctx, a, before)
	if err != nil {
		return err
	}
	t.Findings.Decide(24, a.OK() && after == before, "%s, unchanged: %s", a, doctor.YesNo(after == before))
	return nil
}

// same reads how the user stands after a call that should change nothing.
func (t trial) same(ctx context.Context, a doctor.Answer, before doctor.Standing) (doctor.Standing, error) {
	if a.OK() {
		if _, err := t.Await(ctx, func(s doctor.Standing) bool { return s == before }); err != nil {
			return t.Now, err
		}
		return t.Now, nil
	}
	return t.Look(ctx)
}

func (t trial) tryCase(ctx context.Context) error {
	role := t.Now.Role
	other := strings.ToUpper(role)
	if other == role {
		other = strings.ToLower(role)
	}
	a, err := t.Change(ctx)(t.assign(t.User, other))
	if err != nil {
		return err
	}
	if a.OK() {
		if _, err := t.Await(ctx, has(role)); err != nil {
			return err
		}
	} else if _, err := t.Look(ctx); err != nil {
		return err
	}
	t.Findings.Decide(13, a.OK() && has(role)(t.Now), "%s in place of %s: %s, listed as %s", other, role, a, t.Now.Role)
	return nil
}

func (t trial) tryUnknown(ctx context.Context) error {
	before := t.Now
	a, err := t.Change(ctx)(t.assign(t.User, unknown))
	if err != nil {
		return err
	}
	after, err := t.Look(ctx)
	if err != nil {
		return err
	}
	t.Findings.Decide(14, a.Refused(), "%s, unchanged: %s", a, doctor.YesNo(before == after))
	if a.Refused() {
		t.Findings.Decide(7, ownForm(a, http.StatusBadRequest), "%s, in Blink's own form: %s", a, doctor.YesNo(a.Said().Own))
	} else {
		t.Findings.NotTried(7, "nothing was refused")
	}
	return nil
}
