package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/activity"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/cache"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/guard"
)

// Logger takes the few lines that are written here.
type Logger interface {
	Info(ctx context.Context, msg string, fields map[string]any)
	Warn(ctx context.Context, msg string, fields map[string]any)
}

// Config is what a [Reconciler] is made of.
type Config struct {
	// Workspace is the id; Service the product that it belongs to.
	Workspace string
	Service   membership.Service
	Judge     *guard.Judge
	Activity  *activity.Activity
	Locker    Locker
	Logger    Logger
	// Listings are the readings of the workspace, which planning shares.
	Listings *cache.Value[*membership.Listing]
	// Status tells who is inactive in the tenant; it is asked when a loss is judged.
	Status func(ctx context.Context) guard.Status
	// Self tells whose the credentials are; it is asked when something is taken away.
	Self func(ctx context.Context) (membership.Person, error)
	// Ways is what the run has learned about the service's calls.
	Ways *Ways
	// MaxConcurrent bounds the writes that are under way at a time.
	MaxConcurrent int
}

// Reconciler applies the changes of one run to one workspace. Every change is
// in one place at a time: in the queue until it is decided, parked while it
// waits for something, or sent. All fields below the lock are guarded by it;
// while it is held, no other lock is taken and nothing is called that may block.
type Reconciler struct {
	Config
	traits membership.Traits

	mu sync.Mutex
	// later is what is done once the lock has been released.
	later []func()

	know  knowledge
	floor guard.Floor
	// records are what this run did about each principal, open how many changes
	// have no outcome.
	records map[membership.Principal]*record
	open    int
	// slots is how many more writes may be under way.
	slots int

	queue []*item
	// unread wait for a newer listing, unasked until it is known whose the
	// credentials are, blocked for the reading of pages to end.
	unread, unasked, blocked []*item
	// settling wait because others may name the principal yet, ownTurns until
	// nothing else is open.
	untilQuiet, ownTurns []*item
	losses               losses

	pages      pages
	searches   searches
	proofs     proofs
	refresh    *refresh
	watching   bool
	waitsMoved chan struct{}
	self       membership.Person
	selfAsked  bool
	selfAsking bool
	// wrote numbers the last answer to a write of this run.
	wrote uint64
}

// record is what this run knows and did about one principal.
type record struct {
	// holders are the tokens of the instances that hold the principal: one, nearly always.
	holders []string
	// leftToSuccessor is what a destroyed object held whose replacement is still to be
	// created; nil otherwise.
	leftToSuccessor *handOver
	// busy is the change that has been sent and has no outcome; behind are those
	// that wait for it, open how many there are in all.
	busy   *item
	behind []*item
	open   int
	// lost is true once this run has taken (or may have taken) an owner out,
	// whatever a listing that lags still shows; restored once it gave that back.
	ownerTaken, restored bool
	// removed is what this run has removed, and when: a listing that lags may show that
	// for a while, and proves no later addition by it.
	removed   row
	removedAt time.Time
}

// stale tells whether what a listing shows may be from before this run has removed
// the principal.
func (rec *record) stale(shown row, began time.Time) bool {
	return rec.removed.there && shown.is(rec.removed) && began.Sub(rec.removedAt) < visibleWithin
}

// handOver is what a replaced object held, and as what its successor holds the
// principal; "" where that was not known when it was planned.
type handOver struct {
	held membership.Standing
	to   string
}

// successor gives what the object held that a creation replaces; nil for none. Only
// one creation gets it.
func (rec *record) successor(want membership.Standing) *membership.Standing {
	h := rec.leftToSuccessor
	if h == nil || h.to != "" && !strings.EqualFold(h.to, want.String()) {
		return nil
	}
	rec.leftToSuccessor = nil
	return &h.held
}

func (rec *record) heldByOther(token string) bool {
	return slices.ContainsFunc(rec.holders, func(t string) bool { return t != token || t == "" })
}

// request is all changes that one resource asks for at a time.
type request struct {
	ctx   context.Context
	items []*item
	// outcomes are those of the items, in their order.
	outcomes []Outcome
	open     int
	done     chan struct{}
	// waiting is how many of its open changes only wait; idle is true while that
	// is all of them, which the activity then knows.
	waiting int
	idle    bool
	// toTell is true while the activity is about to be told whether it only waits.
	toTell bool
	// stopped is the failure after which nothing more of it is sent.
	stopped error
}

// item is a change on its way.
type item struct {
	*Change
	req *request
	// came is when it came, number the same for the order of readings.
	came    time.Time
	number  uint64
	decided time.Time
	// after is true where only a listing will do that began after it came; rereads
	// counts those that did not decide it.
	after   bool
	rereads int
	waits   bool
	// tried are the calls that did not help, attempts how often one was answered,
	// said what earlier ones answered.
	tried    map[way]bool
	attempts int
	said     []error
	// sent is how often the present call was sent, over all decisions.
	sent int
	// entered is true once a call of this change brought the principal in.
	entered bool
	// expected is true where the principal stands as the prior state says.
	expected bool
	// self marks the credentials' own user; quiet that nobody else named the principal.
	self, quiet bool
	unknownSelf string
	loss        lossState
	// line is what is to be logged of a write without an answer; nil for none.
	line map[string]any
	// done is true once it has its outcome, at its place among those of the request.
	done  bool
	place int
}

// New makes a reconciler. It makes no call.
func New(c Config) *Reconciler {
	t := c.Service.Traits()
	r := &Reconciler{
		Config: c, traits: t, records: map[membership.Principal]*record{}, slots: max(1, c.MaxConcurrent), waitsMoved: make(chan struct{}),
	}
	r.pages.changed = make(chan struct{})
	r.searches.finder, _ = c.Service.(membership.Finder)
	return r
}

// unlock releases the lock and then does what was left for later.
func (r *Reconciler) unlock() {
	later := r.later
	r.later = nil
	r.mu.Unlock()
	for _, f := range later {
		f()
	}
}

// Apply makes changes and gives the outcome of each, in their order. When the
// context ends, what has not been sent is not sent any more. A slice of changes is
// the reconciler's from then on.
func (r *Reconciler) Apply(ctx context.Context, changes ...Change) []Outcome {
	if len(changes) == 0 {
		return nil
	}
	number := r.Listings.Now()
	latest, known := r.Listings.Peek()
	req := &request{ctx: ctx, items: make([]*item, len(changes)), outcomes: make([]Outcome, len(changes)), open: len(changes), done: make(chan struct{})}
	items := make([]item, len(changes))
	r.mu.Lock()
	if known {
		r.learn(latest)
	}
	for i := range changes {
		c, it := &changes[i], &items[i]
		*it = item{Change: c, req: req, came: time.Now(), number: number, place: i}
		req.items[i] = it
		rec := r.record(c.Principal)
		rec.open++
		if c.Creates {
			it.Held = rec.successor(*c.Want)
		}
	}
	r.open += len(changes)
	r.proofs.concurrent = max(r.proofs.concurrent, r.open)
	r.queue = append(r.queue, req.items...)
	r.dispatch()
	r.unlock()

	select {
	case <-req.done:
	case <-ctx.Done():
		r.mu.Lock()
		r.withdraw(req)
		ending := r.ending()
		r.dispatch()
		r.unlock()
		<-req.done
		for _, ended := range ending { // so that nothing is sent after a stop
			<-ended
		}
	}
	return req.outcomes
}

// HandOver notes that a replaced object leaves a principal to its successor, with
// what, and what the successor gives; "" where that is not known. Nothing is sent.
func (r *Reconciler) HandOver(p membership.Principal, held membership.Standing, to string) {
	r.mu.Lock()
	defer r.unlock()
	r.record(p).leftToSuccessor = &handOver{held: held, to: to}
}

// Listing gives the workspace as a reading shows it that began after this call,
// with what the service answered that it does not show yet.
func (r *Reconciler) Listing(ctx context.Context) (*membership.Listing, error) {
	return r.since(ctx, r.Listings.Now())
}

// since gives the same by a reading that began after the moment.
func (r *Reconciler) since(ctx context.Context, moment uint64) (*membership.Listing, error) {
	if _, err := r.newer(ctx, moment); err != nil {
		return nil, err
	}
	return r.Known(), nil
}

// Hold notes that an instance still holds a principal whom it was to give up.
func (r *Reconciler) Hold(p membership.Principal, token string) {
	r.mu.Lock()
	defer r.unlock()
	r.hold(p, token)
	r.dispatch()
}

// HeldByOther tells whether an instance of this run holds the principal that
// has another token.
func (r *Reconciler) HeldByOther(p membership.Principal, token string) bool {
	r.mu.Lock()
	defer r.unlock()
	return r.record(p).heldByOther(token)
}

// Current gives the workspace with everything that this run has changed in it so far.
func (r *Reconciler) Current(ctx context.Context) (*membership.Listing, error) {
	r.mu.Lock()
	wrote := r.wrote
	r.unlock()
	if wrote == 0 {
		return r.Listings.Get(ctx)
	}
	return r.since(ctx, wrote)
}

// Known gives the newest listing with what the service answered since, nil
// where there is none; it reads nothing.
func (r *Reconciler) Known() *membership.Listing {
	r.mu.Lock()
	defer r.unlock()
	if r.know.Value == nil {
		return nil
	}
	return r.know.view(r.traits)
}

// Whole gives the newest complete listing with everything that is known by now; nil
// where there is none.
func (r *Reconciler) Whole() *membership.Listing {
	r.mu.Lock()
	defer r.unlock()
	if r.know.whole == nil {
		return nil
	}
	return r.know.over(r.know.whole, r.traits)
}

// Recent gives a listing that is new enough to decide by now.
func (r *Reconciler) Recent(ctx context.Context) (*membership.Listing, error) {
	latest, known := r.Listings.Peek()
	r.mu.Lock()
	if known {
		r.learn(latest)
	}
	fresh := r.know.fresh(time.Now())
	r.unlock()
	if fresh {
		return r.Known(), nil
	}
	return r.Listing(ctx)
}

func (r *Reconciler) record(p membership.Principal) *record {
	k := p.Fold()
	rec := r.records[k]
	if rec == nil {
		rec = &record{}
		r.records[k] = rec
	}
	return rec
}

// others counts the open changes about other principals, without those that wait for
// their turn as this one does.
func (r *Reconciler) others(it *item) int {
	n := r.open - r.record(it.Principal).open
	for _, turn := range r.ownTurns {
		if turn.Principal.Fold() != it.Principal.Fold() {
			n--
		}
	}
	return n
}

// learn takes up a reading. The caller holds the lock.
func (r *Reconciler) learn(got reading) {
	if !r.floor.Known() {
		r.floor = guard.NewFloor(got.Value)
	}
	r.know.learn(got)
}

// dispatch decides about the changes in the queue, in their order, until all are
// parked or sent or no more may be sent. It is called after everything that
// may let one go on. The caller holds the lock.
func (r *Reconciler) dispatch() {
	for len(r.queue) > 0 {
		it := r.queue[0]
		v := r.decide(it)
		if v.step == send && r.slots == 0 {
			break
		}
		r.queue = r.queue[1:]
		switch v.step {
		case finish:
			r.finish(it, v.outcome)
		case behind:
			rec := r.record(it.Principal)
			rec.behind = append(rec.behind, it)
			r.setWaiting(it, true)
		case read:
			it.after = v.after
			r.unread = append(r.unread, it)
		case askSelf:
			r.unasked = append(r.unasked, it)
		case waitQuiet:
			r.untilQuiet = append(r.untilQuiet, it)
			r.setWaiting(it, true)
		case ownTurn:
			r.ownTurns = append(r.ownTurns, it)
			r.setWaiting(it, true)
		case lose:
			if it.loss.waiting() {
				it.loss.wait = noWait
			}
			r.losses.open = append(r.losses.open, it)
		case send:
			r.send(it, v)
		}
	}
	r.pages.endOfTurn(len(r.blocked))
	r.next()
}

// next begins what the parked changes wait for, and ends what none waits for any
// more. The caller holds the lock.
func (r *Reconciler) next() {
	r.ending()
	r.readNewer()
	r.askSelf()
	r.startLossRound()
	r.watchIdle()
}

// requeue puts parked changes back, in front of those that came later.
func (r *Reconciler) requeue(its ...*item) {
	if len(its) == 0 {
		return // and the queue, which may be long, is not copied
	}
	for _, it := range its {
		r.setWaiting(it, false)
	}
	r.queue = append(slices.Clone(its), r.queue...)
}

// finish gives a change its outcome. The caller holds the lock.
func (r *Reconciler) finish(it *item, o Outcome) {
	if it.done {
		return
	}
	r.setWaiting(it, false)
	o.OwnUser, o.UnknownSelf, o.Expected = it.self, it.unknownSelf, it.expected
	if it.entered && o.Result == Done {
		o.Before, o.WasThere = membership.Member{}, false
	}
	it.done, it.req.outcomes[it.place] = true, o
	rec := r.record(it.Principal)
	r.open--
	rec.open--
	switch {
	case o.Bad(), it.Replaces && o.Result == LeftAlone:
	case it.Action == Give:
		r.hold(it.Principal, it.Token)
	case o.Result == Done:
		rec.holders = slices.DeleteFunc(rec.holders, func(t string) bool { return t == it.Token })
	}
	if rec.busy == it {
		rec.busy = nil
		released := rec.behind
		rec.behind = nil
		r.requeue(released...)
	}
	if it.req.open--; it.req.open == 0 {
		r.later = append(r.later, func() { close(it.req.done) }) // after its lines in the log
	}
	if len(r.ownTurns) > 0 && r.others(r.ownTurns[0]) == 0 {
		turns := r.ownTurns
		r.ownTurns = nil
		r.requeue(turns...)
	}
}

// hold notes an instance that holds the principal. A change that waits to take the
// principal out then has nothing to do any more.
func (r *Reconciler) hold(p membership.Principal, token string) {
	if rec := r.record(p); !slices.Contains(rec.holders, token) {
		rec.holders = append(rec.holders, token)
	}
	r.requeue(r.unpark(p)...)
}

// unpark takes those out of the parked changes that would give the principal up.
func (r *Reconciler) unpark(p membership.Principal) []*item {
	if r.record(p).open == 0 {
		return nil
	}
	var out []*item
	for _, parked := range []*[]*item{&r.untilQuiet, &r.ownTurns, &r.losses.open} {
		*parked = slices.DeleteFunc(*parked, func(it *item) bool {
			match := it.Action != Give && it.Principal.Fold() == p.Fold()
			if match {
				out = append(out, it)
			}
			return match
		})
	}
	return out
}

// withdraw ends a request: what has not been sent leaves the queue.
func (r *Reconciler) withdraw(req *request) {
	mine := func(it *item) bool { return it.req == req }
	for _, parked := range []*[]*item{&r.queue, &r.unread, &r.unasked, &r.blocked, &r.untilQuiet, &r.ownTurns, &r.losses.open} {
		*parked = slices.DeleteFunc(*parked, mine)
	}
	for _, it := range req.items {
		rec := r.record(it.Principal)
		if it.done || rec.busy == it {
			continue
		}
		rec.behind = slices.DeleteFunc(rec.behind, mine)
		o := Outcome{Result: Failed, Err: fmt.Errorf("%w: %w", ErrNotSent, context.Cause(req.ctx))}
		if it.loss.short != nil && errors.Is(req.ctx.Err(), context.DeadlineExceeded) {
			o = it.loss.refuse()
			o.Short.TimedOut = true
		}
		r.finish(it, o)
	}
}

// ending ends what nobody needs any more, and gives what is closed when it has ended.
func (r *Reconciler) ending() []<-chan struct{} {
	var out []<-chan struct{}
	if len(r.unread) == 0 && r.refresh != nil {
		r.refresh.cancel()
		out = append(out, r.refresh.ended)
	}
	if len(r.losses.open) == 0 && r.losses.running && !r.losses.judged {
		r.losses.cancel()
		out = append(out, r.losses.ended)
	}
	return out
}

// askSelf asks whose the credentials are, once.
func (r *Reconciler) askSelf() {
	if len(r.unasked) == 0 || r.selfAsking {
		return
	}
	r.selfAsking = true
	ctx := r.unasked[0].req.ctx
	r.later = append(r.later, func() { go r.ask(ctx) })
}

func (r *Reconciler) ask(ctx context.Context) {
	self, err := r.Self(ctx)
	r.mu.Lock()
	defer r.unlock()
	r.selfAsking = false
	// Where the answer is not to be had the order is any.
	r.selfAsked = err == nil || ctx.Err() == nil
	if err == nil {
		r.self = self
	}
	unasked := r.unasked
	r.unasked = nil
	r.requeue(unasked...)
	r.dispatch()
}
