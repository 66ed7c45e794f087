package planning

import (
	"context"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/activity"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
)

// certainAfter is how long nothing must have moved until a walk in which
// nothing was refreshed and nothing applied is taken to be a plan.
const certainAfter = time.Second

// Walk is what was planned in one walk of Terraform, by all products of one
// configured provider: who would lose the owner's role and who would gain it,
// and which resources manage whom. One request at a time waits in it, for every
// loss that is still open.
type Walk struct {
	activity *activity.Activity
	replaced Replaced
	wait     time.Duration
	warns    bool

	mu      sync.Mutex
	waiting bool
	// planning is true once it is certain that this walk is a plan.
	planning bool
	// quiet is when nothing had moved for certainAfter.
	quiet    time.Time
	changed  chan struct{}
	accounts map[string]*workspacePlan
	// order keeps messages in the order in which workspaces were first seen.
	order []*workspacePlan
	// instances are those that have a token.
	instances map[string]*instance
	// elsewhere counts a product's possible owners in workspaces that are not known yet.
	elsewhere map[*Planner]int
	// reported are the causes of which the walk has told already.
	reported map[string]bool
	// marked says of instances what this walk itself has changed about those replaced.
	marked map[string]replacedMark
	// seq orders what happens in the walk.
	seq int
}

// NewWalk begins a walk. Each configuration of the provider has its own: what
// was planned in one says nothing about the next.
func NewWalk(a *activity.Activity, p guard.Policy, r Replaced) *Walk {
	if r == nil {
		r = nothingReplaced{}
	}
	return &Walk{
		activity: a, replaced: r, wait: p.HandoverWait, warns: p.Mode == guard.Warn, changed: make(chan struct{}),
		accounts: map[string]*workspacePlan{}, instances: map[string]*instance{}, elsewhere: map[*Planner]int{}, reported: map[string]bool{}, marked: map[string]replacedMark{},
	}
}

// Activity gives what Terraform is doing with this process.
func (w *Walk) Activity() *activity.Activity { return w.activity }

// workspacePlan is what the walk plans for one workspace.
type workspacePlan struct {
	planner *Planner
	id      string
	name    string
	listing *membership.Listing
	tally   *guard.Tally
	needs   int
	// open is true while a loss waits for an answer.
	open bool
	// pulls counts the messages of [workspacePlan.pulled].
	pulls int

	claims
}

// planOf gives the plan of a workspace. The caller holds the walk's lock.
func (p *Planner) planOf(workspace string) *workspacePlan {
	w, key := p.walk, p.workspaceKey(workspace)
	a := w.accounts[key]
	if a == nil {
		a = &workspacePlan{planner: p, id: workspace, name: workspace, tally: guard.NewTally(p.judge, nil), claims: newClaims()}
		w.accounts[key] = a
		w.order = append(w.order, a)
	}
	return a
}

// instance is one instance of a resource as this walk has planned it.
type instance struct {
	token string
	// seq is when it was planned.
	seq int
	// gives is the role that it gives its principal, in lower case; "" where that is
	// not known, and for a resource that manages several.
	gives string
	// stays is true where a resource of one principal may keep it, in the same workspace.
	stays bool
	// undo takes back what its plan noted.
	undo []func()
}

// begin begins the plan of an instance. One of a state, which has a token, may be
// planned twice in one walk: the second plan takes the place of the first.
func (w *Walk) begin(private Private, hasState bool) *instance {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq++
	in := &instance{seq: w.seq}
	if !hasState || private.Instance == "" {
		return in
	}
	in.token = private.Instance
	if before := w.instances[in.token]; before != nil {
		before.withdraw()
	}
	w.instances[in.token] = in
	return in
}

func (in *instance) withdraw() {
	for _, undo := range in.undo {
		undo()
	}
	in.undo = nil
}

// gainElsewhere notes a possible owner in a workspace that is not known yet.
func (p *Planner) gainElsewhere(in *instance) {
	w := p.walk
	w.mu.Lock()
	defer w.mu.Unlock()
	w.elsewhere[p]++
	in.undo = append(in.undo, func() { w.elsewhere[p]-- })
	w.signal()
}

// gain notes a user who becomes (or may become) an owner; nil where it is not
// known yet who.
func (p *Planner) gain(in *instance, workspace string, m *membership.Member) {
	w := p.walk
	w.mu.Lock()
	defer w.mu.Unlock()
	t := p.planOf(workspace).tally
	if m == nil {
		t.GainUnknown(1)
		in.undo = append(in.undo, func() { t.GainUnknown(-1) })
	} else {
		t.Gain(*m)
		in.undo = append(in.undo, func() { t.ForgetGain(m.Principal) })
	}
	w.signal()
}

// noteLosses notes losses in one workspace and tells whether they may stand. Noting
// them, testing them and becoming the one request that waits are one step; so is
// ceasing to wait. It returns at once where the owners suffice, or where another
// request waits already and answers for these losses too. The caller holds the lock.
func (w *Walk) noteLosses(ctx context.Context, in *instance, a *workspacePlan, losses []guard.Loss) []membership.Finding {
	for _, l := range losses {
		a.tally.Lose(l)
		in.undo = append(in.undo, func() { a.tally.ForgetLoss(l.Principal) })
	}
	w.signal()
	if w.activity.IsApplying() || w.covered(a) {
		return nil
	}
	a.open = true
	if w.waiting {
		return nil
	}
	w.waiting = true
	defer func() { w.waiting = false }()
	return w.await(ctx, a, losses[0].At)
}

// await waits for successors, and answers for every loss that is open when
// nothing has moved for long enough. The caller holds the lock.
func (w *Walk) await(ctx context.Context, own *workspacePlan, at membership.Attribute) []membership.Finding {
	began := time.Now()
	over := func() bool { return len(w.short()) == 0 || w.activity.IsApplying() }
	if !w.idle(ctx, w.wait, over) {
		if over() {
			return nil
		}
		return []membership.Finding{membership.ErrorAt(membership.AtNone, "Planning was cancelled",
			"The last-owner guard was still waiting for a successor to be planned when this run was cancelled. Nothing was changed.")}
	}
	short := w.short()
	for _, a := range short {
		a.open = false
	}
	return w.refuse(own, at, short, time.Since(began))
}

// idle waits until nothing has moved for so long. It is false where it ended before
// that: because done holds, or with the context. The caller holds the lock, which is
// released only while this request sleeps.
func (w *Walk) idle(ctx context.Context, long time.Duration, done func() bool) bool {
	w.activity.StartWaiting()
	for {
		// What moves from here on wakes this request, also what moves before it
		// has gone to sleep.
		left, moved := w.activity.UntilIdle(long)
		if done() || ctx.Err() != nil {
			w.activity.StopWaiting()
			return false
		}
		if left == 0 && w.activity.StopWaitingIfIdle(long) {
			return true
		}
		changed := w.changed
		w.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(left):
		case <-moved:
		case <-changed:
		}
		w.mu.Lock()
	}
}

// left is how many owners a workspace would have.
func (w *Walk) left(a *workspacePlan) int { return a.tally.Left() + w.elsewhere[a.planner] }

func (w *Walk) covered(a *workspacePlan) bool { return w.left(a) >= a.needs }

// short gives the workspaces with an open loss and too few owners.
func (w *Walk) short() []*workspacePlan {
	var out []*workspacePlan
	for _, a := range w.order {
		if a.open && !w.covered(a) {
			out = append(out, a)
		}
	}
	return out
}

// refuse answers for every workspace that is short: the request's own at its
// attribute, and those of others in messages of their own, one for each product. A
// warning's summary names the people of one workspace, and so has a message to itself.
func (w *Walk) refuse(own *workspacePlan, at membership.Attribute, short []*workspacePlan, waited time.Duration) []membership.Finding {
	severity := membership.SeverityError
	if w.warns {
		severity = membership.SeverityWarning
	}
	var out []membership.Finding
	var others []*guard.Refusal
	of := map[*Planner]*guard.Refusal{}
	for _, a := range short {
		section := a.tally.Section(a.id, a.name, a.needs)
		section.Would = w.left(a)
		r := &guard.Refusal{Judge: a.planner.judge, Severity: severity, Sections: []guard.Section{section}, Waited: waited}
		if a == own {
			r.At = at
			out = append(out, r.Finding())
			continue
		}
		r.Elsewhere = true
		if first := of[a.planner]; first != nil && !w.warns {
			first.Sections = append(first.Sections, section)
			continue
		}
		of[a.planner] = r
		others = append(others, r)
	}
	for _, r := range others {
		out = append(out, r.Finding())
	}
	return out
}

func (w *Walk) signal() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// refreshed notes that a state is refreshed, which only a plan does. The caller
// holds the lock.
func (w *Walk) refreshed() {
	if !w.planning {
		w.planning = true
		w.signal()
	}
}

// plans waits until it is certain what kind of walk this is. The code that
// plans runs in an apply too, where values may have become known that two
// resources share, and there each operation keeps everybody's access by itself.
// What tells the two apart comes later than the first plans: only a plan
// refreshes, only an apply applies, and an apply does so right after its first
// plan. Where tests of newer Terraforms configure one process for all walks of a
// run, each of the apply's first plans may look like another resource's, so that
// no apply comes of any: such a walk is no plan. Nor is one in which nothing is
// refreshed and which plans what an earlier walk of the same run has planned.
func (w *Walk) plans(ctx context.Context) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.plansLocked(ctx)
}

// plansLocked is the same for a caller who holds the lock.
func (w *Walk) plansLocked(ctx context.Context) bool {
	w.until(ctx, func() bool { return w.planning || w.activity.IsResumed() })
	if w.activity.IsApplying() || !w.planning && (w.activity.IsResumed() || w.activity.IsShared()) {
		return false
	}
	w.refreshed()
	return true
}

// inPlan gives findings in a plan, and nothing in an apply, where the operation
// decides for itself.
func (p *Planner) inPlan(ctx context.Context, fs []membership.Finding) []membership.Finding {
	if len(fs) == 0 || !p.walk.plans(ctx) {
		return nil
	}
	return fs
}

// onceQuiet tells whether a condition holds once nothing else is being planned. An
// apply waits for nothing. The caller holds the lock.
func (w *Walk) onceQuiet(ctx context.Context, condition func() bool) bool {
	if w.plansLocked(ctx) {
		w.until(ctx, condition)
	}
	return condition()
}

// until waits until the condition holds, the walk applies, or nothing has moved
// for certainAfter. All who wait at that moment go on together. The caller holds
// the lock, which is released meanwhile.
func (w *Walk) until(ctx context.Context, enough func() bool) {
	began := time.Now()
	done := func() bool { return enough() || w.activity.IsApplying() || w.quiet.After(began) }
	if !done() && w.idle(ctx, certainAfter, done) {
		w.quiet = time.Now()
		w.signal()
	}
}

// once tells whether a cause is new to the walk, and notes it.
func (w *Walk) once(cause string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reported[cause] {
		return false
	}
	w.reported[cause] = true
	return true
}
