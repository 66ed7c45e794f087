package checks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemetercalls"
	"github.com/tf-roster/terraform-provider-roster/internal/blazemeter/client/blazemeterwire"
	"github.com/tf-roster/terraform-provider-roster/internal/doctor"
)

// The roles that the trial gives.
const (
	lower  = client.RoleViewer
	higher = client.RoleTester
)

// Admit lets in a user of the account who is no manager of the workspace, nobody
// whom the account depends on, and not the key's own.
func (c *checks) Admit(_ context.Context, id, email string) (doctor.Standing, error) {
	p, known := find(c.people, id)
	m, listed := find(c.users, id)
	role := first(m.roles)
	no := func(reason string) (doctor.Standing, error) { return doctor.Standing{}, errors.New(reason) }
	switch {
	case client.CheckID(id) != nil:
		return doctor.Standing{}, fmt.Errorf("-user: %w", client.CheckID(id))
	case len(c.people) == 0:
		return no("the users of the account cannot be read, so it could not be seen whether disabling the user here reaches the whole account")
	case !known:
		return no("-user names nobody in the account of the workspace")
	case !strings.EqualFold(p.email, email):
		return no("-user and -confirm name two people: the user has another e-mail address")
	case c.self == "":
		return no("it is not known whose the API key is, so it may be this user's own")
	case c.self == id:
		return no("this is the API key's own user, who could lose the access that the rest needs")
	case m.manager():
		return no("this user is a manager of the workspace")
	case p.disabled:
		return no("this user is disabled in the account")
	case contains(p.roles, "owner"), contains(p.roles, "admin"):
		return no("this user is an owner or admin of the account, and it is not known whether disabling here reaches the whole account")
	case !listed && !c.complete:
		return no("the list of the workspace's users may be incomplete, and this user a manager")
	case listed && (len(m.roles) != 1 || !blazemeterwire.WorkspaceRole(role).Valid()):
		return no("the list does not show this user with one of the roles tester and viewer, so that could not be restored")
	}
	return doctor.Standing{Present: listed, Role: role, Disabled: listed && m.disabled}, nil
}

func contains(roles []string, role string) bool {
	for _, r := range roles {
		if strings.EqualFold(r, role) {
			return true
		}
	}
	return false
}

func first(roles []string) string {
	if len(roles) == 0 {
		return ""
	}
	return roles[0]
}

// Standing reads how a user stands now, in the workspace and in the account. The
// filter by e-mail address only makes the lists shorter, where it was seen to work.
func (c *checks) Standing(ctx context.Context, id string) (doctor.Standing, error) {
	p, known := find(c.people, id)
	there, err := c.look(ctx, id, p.email, c.accountUsers)
	if err == nil && there == nil && p.email != "" {
		p.email = ""
		there, err = c.look(ctx, id, "", c.accountUsers)
	}
	switch {
	case err != nil:
		return doctor.Standing{}, err
	case there == nil && known:
		return doctor.Standing{}, errors.New("the account does not list the user any more")
	}
	s := doctor.Standing{Blocked: there != nil && there.disabled}
	for _, enabled := range []bool{true, false} {
		m, err := c.look(ctx, id, p.email, func(email string) func(int, int) (*http.Request, error) { return c.workspaceUsers(&enabled, email) })
		if err != nil {
			return doctor.Standing{}, err
		}
		if m != nil {
			m.disabled = !enabled
			if told, tells := m.Bool("enabled"); tells {
				m.disabled = !told
			}
			s.Present, s.Role, s.Disabled = true, joined(m.roles), m.disabled
		}
	}
	return s, nil
}

// look finds a user in a list; nil where the list does not have them.
func (c *checks) look(ctx context.Context, id, email string, of func(email string) func(skip, limit int) (*http.Request, error)) (*person, error) {
	l := c.pages(ctx, of(email))
	if l.failed != nil {
		return nil, l.failed.Unreadable("BlazeMeter")
	}
	for _, r := range l.rows {
		if r.Text("id") == id {
			p := newPerson(r, false)
			return &p, nil
		}
	}
	return nil, nil
}

// Restored takes a disabled user for one who was never there: BlazeMeter has no call
// that takes a user off the list.
func (c *checks) Restored(prior, now doctor.Standing) bool {
	if !prior.Present {
		return (!now.Present || now.Disabled) && now.Blocked == prior.Blocked
	}
	return prior == now
}

// Restore gives the calls that bring the user back. Where disabling reaches the
// whole account, access to the account counts more than to be disabled here.
func (c *checks) Restore(id string, prior doctor.Standing, now *doctor.Standing) []doctor.Call {
	var calls []doctor.Call
	add := func(call doctor.Call, err error) {
		if err == nil {
			calls = append(calls, call)
		}
	}
	role := prior.Role
	if role == "" {
		role = lower
		if now != nil && blazemeterwire.WorkspaceRole(now.Role).Valid() {
			role = now.Role
		}
	}
	if now != nil && now.Blocked && !prior.Blocked {
		c.reachesAccount = true
	}
	switch off := !prior.Present || prior.Disabled; {
	case !off:
		add(c.update(id, role, true))
		if now != nil && (now.Disabled || !now.Present) {
			add(c.add(id, role))
		}
	case c.reachesAccount:
		if now != nil && now.Blocked {
			add(c.update(id, role, true))
		}
		call, err := c.update(id, role, false)
		call.ByHand = true
		add(call, err)
		call, err = c.enableInAccount(id)
		call.ByHand = true
		add(call, err)
	default:
		add(c.update(id, role, false))
	}
	return calls
}

func (c *checks) user(id string) int64 {
	n, _ := strconv.ParseInt(id, 10, 64) // Admit has checked it
	return n
}

func (c *checks) update(id, role string, enabled bool) (doctor.Call, error) {
	what := fmt.Sprintf("give the role %s and disable", role)
	if enabled {
		what = fmt.Sprintf("give the role %s and enable", role)
	}
	r, err := blazemetercalls.NewUpdateWorkspaceUserRequest(c.server(), c.workspace, c.user(id),
		blazemeterwire.UpdateWorkspaceUserRequest{Roles: []string{role}, Enabled: enabled})
	return doctor.NewCall(what, r, err)
}

// disableAlone sends enabled without roles.
func (c *checks) disableAlone(id string) (doctor.Call, error) {
	r, err := blazemetercalls.NewUpdateWorkspaceUserRequest(c.server(), c.workspace, c.user(id), blazemeterwire.UpdateWorkspaceUserRequest{})
	return doctor.NewCall("disable with enabled alone", r, err)
}

// roleAlone sends roles without enabled.
func (c *checks) roleAlone(id, role string) (doctor.Call, error) {
	body, err := json.Marshal(map[string]any{"roles": []string{role}})
	if err != nil {
		return doctor.Call{}, err
	}
	r, err := blazemetercalls.NewUpdateWorkspaceUserRequestWithBody(c.server(), c.workspace, c.user(id), "application/json", strings.NewReader(string(body)))
	return doctor.NewCall("give the role "+role+" with roles alone", r, err)
}

func (c *checks) add(id, role string) (doctor.Call, error) {
	r, err := blazemetercalls.NewAddWorkspaceUsersRequest(c.server(), c.workspace,
		blazemeterwire.AddWorkspaceUsersRequest{UsersIDs: []int64{c.user(id)}, Roles: []string{role}})
	return doctor.NewCall("add with the role "+role, r, err)
}

// enableInAccount is the vendor's call that enables a user in the account, which the
// provider does not use (page accounts_update_user.htm).
func (c *checks) enableInAccount(id string) (doctor.Call, error) {
	p, _ := find(c.people, id)
	body, err := json.Marshal(map[string]any{"roles": p.roles, "enabled": true})
	if err != nil {
		return doctor.Call{}, err
	}
	r, err := http.NewRequest(http.MethodPut, fmt.Sprintf("%saccounts/%d/users/%d", c.server(), c.account, c.user(id)), strings.NewReader(string(body))) //nolint:noctx // it is only shown
	return doctor.NewCall("enable in the account", r, err)
}

// trial is the part of an examination that changes a user.
type trial struct {
	*checks
	*doctor.Trial
}

// Try adds the user where they are not listed, changes the role, and disables and
// enables them in several ways.
func (c *checks) Try(ctx context.Context, dt *doctor.Trial) error {
	t := trial{c, dt}
	steps := []func(context.Context) error{t.tryAdd, t.tryEnable, t.tryRole, t.tryAgain, t.tryAddEnabled, t.tryDisable, t.tryAddDisabled, t.tryRolesAlone, t.tryEnable, t.tryEnabledAlone}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// made notes that the key's user may change members, or ends the trial.
func (t trial) made(a doctor.Answer) error {
	m, _ := find(t.users, t.self)
	p, _ := find(t.people, t.self)
	admin, manager := contains(p.roles, "admin") || contains(p.roles, "owner"), m.manager() && !m.disabled
	who := fmt.Sprintf("the key's user is an account admin: %s, a manager: %s", doctor.YesNo(admin), doctor.YesNo(manager))
	return t.Permitted(a, admin || manager, who)
}

func enabled(s doctor.Standing) bool  { return s.Present && !s.Disabled }
func disabled(s doctor.Standing) bool { return s.Present && s.Disabled }

// change makes a call that is to lead to what is wanted. refused is true where the
// service refused it.
func (t trial) change(ctx context.Context, call doctor.Call, wanted func(doctor.Standing) bool) (a doctor.Answer, err error) {
	a, err = t.Change(ctx)(call, nil)
	if err == nil {
		err = t.made(a)
	}
	if err != nil || !a.OK() {
		return a, err
	}
	shown, err := t.Await(ctx, wanted)
	if err == nil && !shown {
		err = t.NotShown(call.What)
	}
	return a, err
}

func (t trial) tryAdd(ctx context.Context) error {
	if t.Now.Present {
		t.Findings.NotTried(9, "the user is listed already")
		return nil
	}
	a, err := t.Change(ctx)(t.update(t.User, lower, true))
	if err == nil {
		err = t.made(a)
	}
	if err != nil {
		return err
	}
	now, err := t.Settle(ctx, a, t.Now)
	if err != nil {
		return err
	}
	t.Findings.Decide(6, !now.Present, "updating a user who is not listed: %s, listed then: %s", a, doctor.YesNo(now.Present))
	if now.Present {
		t.Findings.NotTried(9, "the update added the user")
		return nil
	}
	call, err := t.add(t.User, higher)
	if err != nil {
		return err
	}
	a, err = t.change(ctx, call, func(s doctor.Standing) bool { return s.Present })
	if err != nil {
		return err
	}
	t.Findings.Decide(9, a.OK() && t.Now.Role == higher && enabled(t.Now), "%s, listed: %s, with the role: %s; one id a call",
		a, doctor.YesNo(t.Now.Present), doctor.YesNo(t.Now.Role == higher))
	if !t.Now.Present {
		return errors.New("the user could not be added")
	}
	return nil
}

// tryEnable enables the user where they are disabled, which all that follows needs.
func (t trial) tryEnable(ctx context.Context) error {
	if !t.Now.Disabled {
		return nil
	}
	call, err := t.update(t.User, lower, true)
	if err != nil {
		return err
	}
	a, err := t.change(ctx, call, enabled)
	if err != nil {
		return err
	}
	t.Findings.Decide(8, a.OK(), "%s, enabled: %s", a, doctor.YesNo(enabled(t.Now)))
	if !a.OK() {
		return errors.New("the user could not be enabled")
	}
	return nil
}

func other(role string) string {
	if role == lower {
		return higher
	}
	return lower
}

func (t trial) tryRole(ctx context.Context) error {
	role := other(t.Now.Role)
	call, err := t.update(t.User, role, true)
	if err != nil {
		return err
	}
	a, err := t.change(ctx, call, func(s doctor.Standing) bool { return s.Role == role })
	if err != nil {
		return err
	}
	if !a.OK() {
		t.Findings.DoesNotHold(30, "%s", a)
		return fmt.Errorf("a role was refused: %s", a)
	}
	return nil
}

// tryAgain repeats the update, and looks whether the role has stayed.
func (t trial) tryAgain(ctx context.Context) error {
	before := t.Now
	a, err := t.Change(ctx)(t.update(t.User, before.Role, true))
	if err != nil {
		return err
	}
	now, err := t.Look(ctx)
	if err != nil {
		return err
	}
	t.Findings.Decide(6, a.OK(), "the same update again: %s", a)
	t.Findings.Decide(30, now == before, "listed with the role that was given, and again a moment later: %s", doctor.YesNo(now == before))
	return nil
}

// tryAddEnabled adds a user who is listed and enabled.
func (t trial) tryAddEnabled(ctx context.Context) error {
	before := t.Now
	a, err := t.Change(ctx)(t.add(t.User, other(before.Role)))
	if err != nil {
		return err
	}
	now, err := t.Settle(ctx, a, before)
	if err == nil {
		t.Findings.Decide(7, now == before, "an enabled user: %s, unchanged: %s", a, doctor.YesNo(now == before))
	}
	return err
}

// tryDisable disables the user as the provider does, and looks at the account.
func (t trial) tryDisable(ctx context.Context) error {
	role := t.Now.Role
	call, err := t.update(t.User, role, false)
	if err != nil {
		return err
	}
	a, err := t.change(ctx, call, disabled)
	if err != nil {
		return err
	}
	if !a.OK() {
		return fmt.Errorf("disabling was refused: %s", a)
	}
	t.Findings.Decide(17, !t.Now.Blocked, "%s; in the account, the user was enabled before, and is enabled now: %s", a, doctor.YesNo(!t.Now.Blocked))
	t.Findings.Decide(4, t.Now.Role == role, "disabled by this run: the role is listed as before: %s", doctor.YesNo(t.Now.Role == role))
	if !t.Now.Blocked {
		return nil
	}
	t.reachesAccount = true
	if call, err = t.update(t.User, role, true); err != nil {
		return err
	}
	if _, err = t.change(ctx, call, func(s doctor.Standing) bool { return !s.Blocked }); err != nil {
		return err
	}
	return errors.New("disabling reaches the whole account, so the user is not disabled again")
}

// tryAddDisabled adds a user who is listed and disabled.
func (t trial) tryAddDisabled(ctx context.Context) error {
	before := t.Now
	a, err := t.Change(ctx)(t.add(t.User, other(before.Role)))
	if err != nil {
		return err
	}
	now, err := t.Settle(ctx, a, before)
	if err != nil {
		return err
	}
	t.Findings.Decide(7, now == before, "a disabled user: %s, unchanged: %s", a, doctor.YesNo(now == before))
	if now.Disabled {
		return nil
	}
	call, err := t.update(t.User, lower, false)
	if err == nil {
		_, err = t.change(ctx, call, disabled)
	}
	return err
}

// tryRolesAlone updates the role of a disabled user with roles alone.
func (t trial) tryRolesAlone(ctx context.Context) error {
	role := other(t.Now.Role)
	a, err := t.Change(ctx)(t.roleAlone(t.User, role))
	if err != nil {
		return err
	}
	if _, err := t.Settle(ctx, a, t.Now); err != nil {
		return err
	}
	t.Findings.Decide(5, a.OK() && t.Now.Disabled, "roles alone, of a disabled user: %s, still disabled: %s", a, doctor.YesNo(t.Now.Disabled))
	return nil
}

// tryEnabledAlone disables the user with enabled alone.
func (t trial) tryEnabledAlone(ctx context.Context) error {
	role := t.Now.Role
	a, err := t.Change(ctx)(t.disableAlone(t.User))
	if err != nil {
		return err
	}
	if a.OK() {
		if _, err := t.Await(ctx, disabled); err != nil {
			return err
		}
	}
	t.Findings.Decide(5, a.OK() && t.Now.Disabled, "enabled alone: %s, disabled: %s, the role as before: %s", a, doctor.YesNo(t.Now.Disabled), doctor.YesNo(t.Now.Role == role))
	return nil
}
