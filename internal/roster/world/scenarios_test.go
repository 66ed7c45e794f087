package world

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// scene is a world for one story: a workspace w1 with these people, and one
// session.
func scene(t membership.Traits, people ...member) *world {
	w := &world{
		traits: t, policy: policy{mode: "enforce", minimum: 1, handoverWait: 5 * time.Second},
		ids: []string{"w1"}, members: map[string][]member{"w1": people}, latency: 20 * time.Millisecond, reverts: map[string]bool{},
	}
	for u := range poolSize {
		w.strangers = append(w.strangers, fmt.Sprintf("u%d", u+1))
	}
	return w.session("a machine")
}

// session puts another Terraform into the world.
func (w *world) session(machine string, rs ...resource) *world {
	w.sessions = append(w.sessions, startSession{
		machine: machine, endpoint: w.traits.Endpoint, resources: rs,
		options: options{slots: 10, spread: 20 * time.Millisecond, timeout: 20 * time.Minute},
	})
	return w
}

// with gives the (first) session these resources, named r1, r2 and so on.
func (w *world) with(rs ...resource) *world {
	for i := range rs {
		rs[i].addr = fmt.Sprintf("r%d", i+1)
	}
	w.sessions[0].resources = rs
	return w
}

func (w *world) mishap(m mishap) *world {
	w.mishaps = append(w.mishaps, &m)
	return w
}

// binds is an additive resource's object in w1, everybody a set's.
func binds(id, role string) *object {
	return &object{form: additive, workspace: "w1", who: user(id), to: standing{Role: role, Enabled: true}}
}

func everybody(roles map[string]string, ignore ...string) *object {
	o := &object{form: whole, workspace: "w1", kinds: []kind{membership.User}, roles: map[principal]string{}}
	for id, role := range roles {
		o.roles[user(id)] = role
	}
	for _, id := range ignore {
		o.ignore = append(o.ignore, user(id))
	}
	return o
}

// groupsAlone is a set of groups that own w1.
func groupsAlone(ids ...string) *object {
	o := &object{form: whole, workspace: "w1", kinds: []kind{membership.Group}, roles: map[principal]string{}}
	for _, id := range ids {
		o.roles[group(id)] = "owner"
	}
	return o
}

// crowd gives a group with people in it.
func crowd(id, role string) member {
	return member{Principal: group(id), Name: strings.ToUpper(id), Roles: []string{role}, Enabled: true, MemberCount: 2}
}

// but gives a changed copy of an object.
func (o *object) but(change func(*object)) *object {
	p := *o
	p.roles = maps.Clone(o.roles)
	change(&p)
	return &p
}

func adopting(o *object) { o.adopt = true }
func keeping(o *object)  { o.exit.keep = true }

// scenario plays a story. What is wrong with it is a failure.
func scenario(t *testing.T, w *world, story func(*stage)) {
	t.Helper()
	verdict(t, w.act(t, runDriver{}, story))
}

// atAnyTime plays a story again and again, with one resource of the first
// session coming a little later each time.
func atAnyTime(t *testing.T, r int, w func() *world, story func(*stage)) {
	t.Helper()
	var wrong violation
	for ready := time.Duration(0); ready < 300*time.Millisecond && wrong.kind == ""; ready += 5 * time.Millisecond {
		w := w()
		w.sessions[0].resources[r].ready = ready
		wrong = w.act(t, runDriver{}, story)
	}
	verdict(t, wrong)
}

func verdict(t *testing.T, wrong violation) {
	t.Helper()
	if wrong.kind != "" {
		t.Error(wrong.text)
	}
}

// goes plays a plan and an apply, and lets everything calm down.
func goes(x *stage) {
	x.round(0)
	x.quiet()
}

// applyRegardless applies what the plan refuses, as -target and values known after
// apply make it happen.
func (w *world) applyRegardless() *world {
	w.regardless = true
	return w
}

// A listing that cannot be complete proves who is there and nothing else.
func TestPartialListingIsNotAbsence(t *testing.T) {
	blind := func(w *world) *world {
		return w.mishap(mishap{on: reads, times: 100, what: partial}).mishap(mishap{apply: true, on: reads, times: 100, what: partial}).applyRegardless()
	}
	people := []member{person("u1", "owner"), person("u2", "viewer")}
	t.Run("the last owner created as viewer", func(t *testing.T) {
		scenario(t, blind(scene(blink(), people...).with(resource{config: binds("u1", "viewer")})), goes)
	})
	t.Run("the last owner demoted without a refresh", func(t *testing.T) {
		w := blind(scene(blink(), people...).with(resource{state: binds("u1", "owner"), config: binds("u1", "viewer")}))
		w.sessions[0].options.noRefresh = true
		scenario(t, w, goes)
	})
	t.Run("a removal whose request was lost", func(t *testing.T) {
		w := scene(blink(), people...).with(resource{state: binds("u2", "viewer")}).
			mishap(mishap{apply: true, on: writes, times: 100, what: lostBefore}).
			mishap(mishap{apply: true, on: reads, nth: 1, times: 100, what: blank})
		scenario(t, w, func(x *stage) { x.round(0) })
	})
	t.Run("a removal by a set whose request was lost", func(t *testing.T) {
		w := scene(blink(), people...).with(resource{state: everybody(map[string]string{"u1": "owner", "u2": "viewer"}), config: everybody(map[string]string{"u1": "owner"})}).
			mishap(mishap{apply: true, on: writes, times: 100, what: lostBefore}).
			mishap(mishap{apply: true, on: reads, nth: 1, times: 100, what: blank})
		scenario(t, w, func(x *stage) {
			x.round(0)
			if r := x.sessions[0].resources[0]; len(r.state.roles) != 2 {
				x.errorf("nobody has left, and the state has %s", r.state)
			}
		})
	})
	t.Run("a promotion by a set before a listing without rows", func(t *testing.T) {
		w := scene(blaze(), person("u1", "manager"), person("u3", "tester")).with(resource{
			state: everybody(map[string]string{"u1": "manager", "u3": "tester"}), config: everybody(map[string]string{"u3": "manager"}),
		}).mishap(mishap{apply: true, on: reads, nth: 1, times: 2, what: blank})
		scenario(t, w, func(x *stage) { x.round(0) })
	})
	t.Run("a promotion that a listing has shown before", func(t *testing.T) {
		w := scene(blaze(), person("u1", "viewer"), person("u2", "manager"), person("u3", "manager")).with(resource{
			state:  everybody(map[string]string{"u1": "viewer", "u2": "manager", "u3": "manager"}),
			config: everybody(map[string]string{"u1": "tester", "u3": "manager", "u4": "manager"}),
		}).mishap(mishap{apply: true, on: reads, nth: 2, times: 100, what: blank})
		w.latency = 200 * time.Millisecond
		scenario(t, w, func(x *stage) { x.round(0) })
	})
	t.Run("nobody rests on a write that no listing shows", func(t *testing.T) {
		w := scene(blink(), crowd("g0", "owner")).with(resource{config: binds("u2", "owner")}, resource{config: binds("u2", "owner")}).
			mishap(mishap{apply: true, on: reads, nth: 1, times: 100, what: partial}).applyRegardless()
		w.assign = assignIgnores
		scenario(t, w, func(x *stage) { x.round(0) })
	})
	t.Run("who is left alone is named after a blank listing", func(t *testing.T) {
		w := scene(blink(), person("u1", "contributor"), person("u3", "owner"), person("u5", "owner")).with(resource{
			state: everybody(map[string]string{"u1": "contributor", "u3": "owner", "u5": "owner"}), config: everybody(map[string]string{"u5": "owner"}), ready: 5 * time.Second,
		}).mishap(mishap{apply: true, on: reads, nth: 1, what: blank})
		w.policy.exempt = []string{"w1"}
		w.changes = []timed{{change: outside{"w1", user("u1"), &standing{Role: "owner", Enabled: true}}}}
		scenario(t, w, func(x *stage) { x.round(0) })
	})
}

// A partial listing says nothing about how many owners there were.
func TestPartialListingLeavesTheFloorAlone(t *testing.T) {
	w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).
		with(resource{config: binds("u3", "viewer")}, resource{state: binds("u1", "owner"), config: binds("u1", "viewer"), ready: time.Second}).
		mishap(mishap{apply: true, on: reads, what: partial}).applyRegardless()
	scenario(t, w, goes)
}

// A listing that is as old as the apply decides about no loss.
func TestOldListingDecidesAboutNoLoss(t *testing.T) {
	w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).
		with(resource{config: binds("u1", "owner")}, resource{state: binds("u2", "viewer"), config: binds("u2", "contributor"), ready: 4 * time.Second})
	w.changes = []timed{
		{after: time.Second, change: outside{"w1", user("u2"), &standing{Role: "owner", Enabled: true}}},
		{after: time.Second, change: outside{"w1", user("u1"), nil}},
	}
	scenario(t, w, goes)
}

// "This instance held them" is never guessed from what others held.
func TestWhatOthersHeldIsNotThisInstances(t *testing.T) {
	t.Run("a set renamed without moved, one person left out", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(
			resource{state: everybody(map[string]string{"u1": "owner", "u2": "viewer"})},
			resource{config: everybody(map[string]string{"u1": "owner"}), ready: 50 * time.Millisecond})
		scenario(t, w, goes)
	})
	t.Run("a set renamed without moved, whose people are known only at apply", func(t *testing.T) {
		less := everybody(map[string]string{"u1": "owner"})
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(
			resource{state: everybody(map[string]string{"u1": "owner", "u2": "viewer"})},
			resource{config: less, known: less.but(func(o *object) { o.hidden.people = true }), ready: 50 * time.Millisecond})
		scenario(t, w, func(x *stage) { x.round(0) })
	})
	t.Run("a set created beside a tainted one of groups", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(
			resource{state: groupsAlone(), config: groupsAlone(), how: isTainted},
			resource{config: everybody(map[string]string{"u1": "owner"}), ready: 50 * time.Millisecond})
		scenario(t, w, goes)
	})
	t.Run("a principal created beside a tainted resource that has it", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(
			resource{state: binds("u2", "viewer"), config: binds("u2", "viewer"), how: isTainted, ready: 50 * time.Millisecond},
			resource{config: binds("u2", "viewer")})
		scenario(t, w, goes)
	})
	t.Run("a creation beside a replacement of the same principal", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "contributor")).with(
			resource{state: binds("u2", "contributor"), config: binds("u2", "contributor"), how: replaced},
			resource{config: binds("u2", "viewer")}).applyRegardless()
		scenario(t, w, func(x *stage) { x.round(0) })
	})
	t.Run("a principal that is kept, beside a creation with another role", func(t *testing.T) {
		w := scene(blink(), person("u0", "owner"), person("u1", "viewer")).with(
			resource{state: binds("u1", "viewer").but(keeping), config: binds("u2", "viewer").but(keeping)},
			resource{config: binds("u1", "contributor"), ready: 50 * time.Millisecond})
		scenario(t, w, goes)
	})
}

// An additive resource and a set that want one owner each do not wait for each other.
func TestNobodyWaitsForEachOther(t *testing.T) {
	adopted := binds("u1", "viewer").but(adopting)
	atAnyTime(t, 0, func() *world {
		return scene(blink(), person("u1", "owner"), person("u2", "owner")).with(
			resource{config: adopted, known: adopted.but(func(o *object) { o.hidden.workspace = true })},
			resource{state: everybody(map[string]string{"u1": "owner", "u2": "owner"}), config: everybody(map[string]string{"u2": "owner"})}).applyRegardless()
	}, func(x *stage) { x.round(0) })
}

// A change that waits behind a reading goes on where that reading is given up.
func TestNobodyWaitsForAReadingThatIsGivenUp(t *testing.T) {
	disabled := person("u4", "manager")
	disabled.Enabled = false
	atAnyTime(t, 3, func() *world {
		w := scene(blaze(), person("u3", "tester"), disabled, person("u5", "manager")).with(
			resource{config: binds("u5", "manager"), ready: 12 * time.Millisecond},
			resource{state: binds("u5", "manager")}, resource{state: binds("u3", "tester"), ready: 5 * time.Millisecond},
			resource{config: binds("u4", "manager")}).applyRegardless()
		w.latency = 10 * time.Millisecond
		return w
	}, func(x *stage) { x.round(0) })
}

// A member whom a set names is not removed by another resource of the run.
func TestStateClaimsWhoIsThere(t *testing.T) {
	set := everybody(map[string]string{"u1": "owner", "u2": "viewer"})
	atAnyTime(t, 0, func() *world {
		return scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(
			resource{config: set, known: set.but(func(o *object) { o.hidden.workspace = true })},
			resource{state: binds("u2", "viewer")})
	}, goes)
}

// What is legal and planned goes through, whichever resources share the change.
func TestLegalChangeGoesThrough(t *testing.T) {
	t.Run("a set exchanges an owner while one whom it ignores goes", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer"), person("u3", "owner")).with(
			resource{state: everybody(map[string]string{"u1": "owner", "u2": "viewer"}, "u3"), config: everybody(map[string]string{"u2": "owner"}, "u3")},
			resource{state: binds("u3", "owner")})
		scenario(t, w, goes)
	})
	t.Run("two sets, of users and of groups", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u3", "owner"), crowd("g1", "owner")).with(
			resource{state: everybody(map[string]string{"u1": "owner", "u3": "owner"}), config: everybody(map[string]string{"u1": "viewer", "u2": "owner", "u3": "owner"})},
			resource{state: groupsAlone("g1"), config: groupsAlone()})
		w.policy.countGroups = true
		scenario(t, w, goes)
	})
}

// Two processes of one machine exclude each other however they spell the endpoint.
func TestLockIsOneInEverySpellingOfTheEndpoint(t *testing.T) {
	for name, endpoint := range map[string]string{
		"the host in capitals":              "https://BLINK.example.com/api/v1",
		"the port that goes without saying": "https://blink.example.com:443/api/v1",
		"a slash at the end":                "https://blink.example.com/api/v1/",
	} {
		t.Run(name, func(t *testing.T) {
			w := scene(blink(), person("u1", "owner"), person("u2", "owner")).with(resource{state: binds("u1", "owner")}).
				session("a machine", resource{addr: "r2", state: binds("u2", "owner")})
			w.sessions[1].endpoint = endpoint
			scenario(t, w, func(x *stage) { x.round(0) })
		})
	}
}

// One workspace is one in every letter case of its id.
func TestWorkspaceIsOneInEverySpelling(t *testing.T) {
	capital := func(o *object) { o.workspace = "W1" }
	t.Run("a handover", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner")).with(resource{state: binds("u1", "owner")}, resource{config: binds("u2", "owner").but(capital)})
		scenario(t, w, goes)
	})
	t.Run("two losses", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "owner")).with(resource{state: binds("u1", "owner")}, resource{state: binds("u2", "owner").but(capital)}).applyRegardless()
		scenario(t, w, goes)
	})
	t.Run("an exemption", func(t *testing.T) {
		w := scene(blaze(), person("u1", "manager")).with(resource{state: binds("u1", "manager")})
		w.policy.exempt = []string{"W1"}
		scenario(t, w, goes)
	})
}

// -replace takes nothing from anybody where the provider's settings are known
// only after apply.
func TestReplacementWithSettingsKnownAfterApply(t *testing.T) {
	for _, role := range []string{"viewer", "owner"} {
		t.Run(role, func(t *testing.T) {
			w := scene(blink(), person("u1", "owner"), person("u2", role)).with(resource{state: binds("u2", role), config: binds("u2", role), how: replaced})
			if role == "owner" {
				w.members["w1"] = w.members["w1"][1:]
			}
			w.sessions[0].options.unknown = true
			scenario(t, w, func(x *stage) {
				x.round(0)
				x.wrote(0)
			})
		})
	}
}

// wrote wants so many calls that change something.
func (x *stage) wrote(n int) {
	sent := 0
	for _, k := range x.service.record.calls {
		if k.kind() == writes {
			sent++
		}
	}
	if sent != n {
		x.errorf("%d writes instead of %d", sent, n)
	}
}

// An adoption that the plan could not know of is said at apply.
func TestAdoptionAtApplyIsSaid(t *testing.T) {
	adopted := binds("u2", "contributor").but(adopting)
	for name, h := range map[string]hidden{"workspace": {workspace: true}, "principal": {who: true}, "role": {role: true}} {
		t.Run(name+" known after apply", func(t *testing.T) {
			w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(
				resource{config: adopted, known: adopted.but(func(o *object) { o.hidden = h })})
			scenario(t, w, goes)
		})
	}
	t.Run("joined since the plan", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner")).with(resource{config: adopted})
		w.changes = []timed{{change: outside{"w1", user("u2"), &standing{Role: "viewer", Enabled: true}}}}
		w.sessions[0].resources[0].ready = 5 * time.Second
		scenario(t, w, goes)
	})
}

// A replacement with another role goes through in both orders, with a second
// apply at most, and leaves nothing deposed.
func TestReplacementWithAnotherRole(t *testing.T) {
	goes := func(x *stage) {
		x.round(0)
		x.quietAfter(1)
	}
	for _, h := range []how{replaced, isTainted} {
		for _, cbd := range []bool{true, false} {
			name := string(h) + map[bool]string{true: " created before destroyed", false: ""}[cbd]
			t.Run(name+", additive", func(t *testing.T) {
				w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(
					resource{state: binds("u2", "viewer"), config: binds("u2", "contributor"), how: h, cbd: cbd})
				scenario(t, w, goes)
			})
			t.Run(name+", a set", func(t *testing.T) {
				w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(
					resource{state: everybody(map[string]string{"u1": "owner", "u2": "viewer"}), config: everybody(map[string]string{"u1": "owner", "u2": "contributor"}), how: h, cbd: cbd})
				scenario(t, w, goes)
			})
			t.Run(name+", a set that somebody leaves", func(t *testing.T) {
				w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(
					resource{state: everybody(map[string]string{"u1": "owner", "u2": "viewer"}), config: everybody(map[string]string{"u1": "owner"}), how: h, cbd: cbd})
				scenario(t, w, goes)
			})
		}
	}
}

// A replacement that ends after the old object was put aside, and before the other one was
// created, is finished by the next apply.
func TestReplacementThatEndedHalfWay(t *testing.T) {
	unknown := binds("u2", "viewer").but(func(o *object) { o.hidden.workspace = true })
	for name, r := range map[string]resource{
		"replaced": {how: replaced}, "tainted": {how: isTainted}, "replaced by a workspace that is not known yet": {known: unknown},
	} {
		for _, minimal := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, minimal refresh %v", name, minimal), func(t *testing.T) {
				r.state, r.config, r.cbd = binds("u2", "viewer"), binds("u2", "viewer"), true
				w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(r)
				w.sessions[0].options.minimal = minimal
				w.mishap(mishap{apply: true, on: reads, what: killed})
				scenario(t, w, func(x *stage) {
					x.round(0)
					if len(x.sessions[0].resources[0].deposed) != 1 {
						x.errorf("nothing was put aside")
					}
					x.quietAfter(1)
					x.wrote(0)
				})
			})
		}
	}
}

// What another resource of the apply has just made is found.
func TestWorkspaceMadeByTheRunIsFound(t *testing.T) {
	elsewhere := func(o *object) { o.workspace = "w2" }
	w := scene(blink(), person("u1", "owner")).with(resource{config: binds("u2", "viewer").but(elsewhere)}, resource{config: binds("u3", "viewer").but(elsewhere), ready: 3 * time.Second}).applyRegardless()
	w.mishaps = []*mishap{{apply: true, on: others, nth: 1000}} // not calm
	scenario(t, w, func(x *stage) {
		time.AfterFunc(5*time.Second, func() { // two seconds after the apply begins
			x.service.mu.Lock()
			defer x.service.mu.Unlock()
			x.service.workspace("w2", person("u1", "owner"))
		})
		for _, r := range x.sessions[0].resources {
			known := r.config.but(func(o *object) { o.hidden.workspace = true })
			r.known = known
		}
		x.round(0)
		if r := x.sessions[0].resources[1]; r.state == nil {
			x.errorf("%s was not created in the workspace that had just been made", r)
		}
	})
}

// An instance that is planned twice in one walk is one.
func TestMinimalRefreshPlansTwice(t *testing.T) {
	elsewhere := func(o *object) { o.workspace = "w2" }
	for name, to := range map[string]*object{"a role": binds("u2", "contributor"), "a handover": binds("u3", "viewer"), "a move": binds("u2", "viewer").but(elsewhere)} {
		t.Run(name, func(t *testing.T) {
			w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(resource{state: binds("u2", "viewer"), config: to})
			w.ids, w.members["w2"] = []string{"w1", "w2"}, []member{person("u1", "owner")}
			w.sessions[0].options.minimal = true
			scenario(t, w, goes)
		})
	}
	t.Run("a gain counts once", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "owner"), person("u3", "viewer")).with(
			resource{state: binds("u1", "owner")}, resource{state: binds("u2", "owner")},
			resource{state: binds("u3", "viewer"), config: binds("u4", "owner"), known: binds("u4", "owner").but(func(o *object) { o.hidden.who = true })})
		w.policy.minimum = 2
		w.sessions[0].options.minimal = true
		scenario(t, w, func(x *stage) {
			if p := x.sessions[0].plan(x.t.Context(), x.arm(0)); !failed(p.all()) {
				x.errorf("two owners leave for one who is not known yet, and the plan passes: %v", listed(p.all()))
			}
		})
	})
}

// A removal that waits for a successor reads no more than it would without
// company: only a new owner wakes it.
func TestOnlyNewOwnersWakeWhoWaits(t *testing.T) {
	reads := map[bool]int{}
	for _, waiting := range []bool{false, true} {
		var rs []resource
		w := scene(blink(), person("u1", "owner"))
		if waiting {
			rs = append(rs, resource{state: binds("u1", "owner")})
		}
		for i := range 80 {
			id := fmt.Sprintf("v%02d", i)
			w.strangers = append(w.strangers, id)
			rs = append(rs, resource{config: binds(id, "viewer")})
		}
		w.with(rs...).applyRegardless()
		w.mishaps = []*mishap{{on: others, nth: 1000}} // the refusal is not the matter
		w.act(t, runDriver{}, func(x *stage) {
			x.round(0)
			for _, k := range x.service.record.calls {
				if k.process.applies && k.kind() == "read" {
					reads[waiting]++
				}
			}
		})
	}
	t.Logf("%d listings with a removal that waits, %d without", reads[true], reads[false])
	if reads[true] > reads[false]*3/2+4 {
		t.Errorf("%d listings with a removal that waits, %d without", reads[true], reads[false])
	}
}

// Who was promoted since the plan is not demoted by an apply whose plan showed
// nothing for them.
func TestPromotedSinceThePlan(t *testing.T) {
	promoted := []timed{{change: outside{"w1", user("u2"), &standing{Role: "owner", Enabled: true}}}}
	t.Run("named by a set as before", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer"), person("u3", "viewer")).with(resource{
			state:  everybody(map[string]string{"u1": "owner", "u2": "viewer", "u3": "viewer"}),
			config: everybody(map[string]string{"u1": "owner", "u2": "viewer", "u3": "contributor"}), ready: 5 * time.Second,
		})
		w.changes = promoted
		scenario(t, w, func(x *stage) { x.round(0) })
	})
	t.Run("left out by a set, and lowered again before it ends", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(resource{
			state: everybody(map[string]string{"u1": "owner", "u2": "viewer"}), config: everybody(map[string]string{"u1": "owner", "u3": "owner"}), ready: 5 * time.Second,
		}).mishap(mishap{apply: true, on: writes, what: fromOutside, change: outside{"w1", user("u2"), &standing{Role: "viewer", Enabled: true}}})
		w.changes = promoted
		scenario(t, w, func(x *stage) { x.round(0) })
	})
	t.Run("left out by a set", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(resource{
			state: everybody(map[string]string{"u1": "owner", "u2": "viewer"}), config: everybody(map[string]string{"u1": "owner"}), ready: 5 * time.Second,
		})
		w.changes = promoted
		scenario(t, w, func(x *stage) { x.round(0) })
	})
	t.Run("left out by a resource for one role", func(t *testing.T) {
		viewers := &object{form: oneRole, workspace: "w1", kinds: []kind{membership.User}, role: "viewer", roles: map[principal]string{user("u2"): "viewer"}}
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(resource{
			state: viewers, config: viewers.but(func(o *object) { delete(o.roles, user("u2")) }), ready: 5 * time.Second,
		})
		w.changes = promoted
		scenario(t, w, func(x *stage) {
			x.round(0)
			if a := x.sessions[0].walks[1]; !told(a.all(), user("u2")) {
				x.errorf("u2 keeps what was to be taken away, and nothing is said")
			}
		})
	})
	t.Run("changed by an additive resource", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(resource{state: binds("u2", "viewer"), config: binds("u2", "contributor"), ready: 5 * time.Second})
		w.changes = promoted
		scenario(t, w, func(x *stage) { x.round(0) })
	})
	t.Run("removed by an additive resource", func(t *testing.T) {
		w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(resource{state: binds("u2", "viewer"), ready: 5 * time.Second})
		w.changes = promoted
		scenario(t, w, func(x *stage) { x.round(0) })
	})
}

// The newcomer of a half-failed change of principal is named until that is settled.
func TestNewcomerOfAHalfFailedChangeIsNotForgotten(t *testing.T) {
	for name, m := range map[string]mishap{
		"the second half fails":             {apply: true, on: writes, nth: 1, times: 100, what: unavailable},
		"the first half is not proved":      {apply: true, on: reads, nth: 1, times: 100, what: unavailable},
		"the second half has a lost answer": {apply: true, on: writes, nth: 1, times: 100, what: lostBefore},
	} {
		t.Run(name, func(t *testing.T) {
			w := scene(blink(), person("u1", "owner"), person("u2", "viewer")).with(resource{state: binds("u2", "viewer"), config: binds("u3", "owner")}).mishap(m)
			w.reverts["r1"] = true
			scenario(t, w, func(x *stage) {
				x.round(0)
				x.goBackTo()
				x.round(1)
				x.quiet()
			})
		})
	}
}

// So is one who was there before, disabled.
func TestNewcomerWhoWasThereBeforeIsNotForgotten(t *testing.T) {
	was := person("u3", "viewer")
	was.Enabled = false
	w := scene(blaze(), person("u1", "manager"), person("u2", "tester"), was).with(resource{state: binds("u2", "tester"), config: binds("u3", "manager")}).
		mishap(mishap{apply: true, on: reads, nth: 1, times: 100, what: unavailable})
	w.reverts["r1"] = true
	scenario(t, w, func(x *stage) {
		x.round(0)
		x.goBackTo()
		x.round(1)
		x.quiet()
	})
}

// Two machines share no lock: a removal that turns out to have left too few is
// given back.
func TestTwoMachinesGiveBack(t *testing.T) {
	for _, traits := range []membership.Traits{blink(), blaze()} {
		for name, to := range map[string]*object{"removals": nil, "demotions": binds("", "viewer")} {
			for _, minimum := range []int{1, 2} {
				for _, interrupted := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s, %s, minimum %d, interrupted %v", traits.Product, name, minimum, interrupted), func(t *testing.T) {
						owners := []member{person("u1", traits.OwnerRole), person("u2", traits.OwnerRole)}
						if minimum == 2 {
							owners = append(owners, person("u3", traits.OwnerRole))
						}
						goer := func(id string) resource {
							r := resource{addr: id, state: binds(id, traits.OwnerRole)}
							if to != nil {
								r.config = to.but(func(o *object) { o.who = user(id) })
							}
							return r
						}
						w := scene(traits, owners...).with(goer("u1")).session("another machine", goer("u2"))
						w.policy.minimum = minimum
						if interrupted {
							w.mishap(mishap{apply: true, on: writes, nth: 1, what: stopped})
						}
						scenario(t, w, func(x *stage) { x.round(0) })
					})
				}
			}
		}
	}
}

// What is given back comes back also where assigning a role adds nobody.
func TestWhatIsGivenBackIsAdded(t *testing.T) {
	w := scene(blink(), person("u1", "owner"), person("u2", "owner")).with(resource{state: binds("u1", "owner")}).
		session("another machine", resource{addr: "r2", state: binds("u2", "owner")})
	w.assign = assignIgnores
	scenario(t, w, func(x *stage) { x.round(0) })
}

// What a set records after a failure is what the service answered, also where a
// listing does not show it yet.
func TestFailedSetRecordsWhatWasAnswered(t *testing.T) {
	w := scene(blaze(), person("u1", "manager"), person("u2", "tester")).with(
		resource{config: binds("u3", "viewer")},
		resource{state: everybody(map[string]string{"u1": "manager", "u2": "tester"}, "u3"), config: everybody(map[string]string{"u1": "viewer"}, "u3")}).applyRegardless()
	w.lag = 300 * time.Millisecond
	scenario(t, w, func(x *stage) { x.round(0) })
}

// Who turns out to be there after an addition that did not bring them in is left alone.
func TestWhoJoinedWhileBeingAddedIsLeftAlone(t *testing.T) {
	w := scene(blaze(), person("u1", "manager")).with(resource{config: binds("u3", "tester")}).
		mishap(mishap{apply: true, on: writes, nth: 1, what: lostBefore})
	w.lag = 300 * time.Millisecond
	w.changes = []timed{{change: outside{"w1", user("u3"), &standing{Role: "manager", Enabled: true}}}}
	scenario(t, w, func(x *stage) { x.round(0) })
}
