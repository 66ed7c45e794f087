package reconcile

import (
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/cache"
)

// visibleWithin bounds how long a write may take to show in listings.
const visibleWithin = 6 * time.Second

// reading is one listing with the moment at which it began.
type reading = cache.Reading[*membership.Listing]

// knowledge is the newest listing, and over it what the service answered to
// this run's own writes.
type knowledge struct {
	reading
	// whole is the newest listing that was complete; nil for none.
	whole   *membership.Listing
	answers map[membership.Principal]*answer
	// seen is the last [knowledge.view]; nil once more is known.
	seen *membership.Listing
}

// answer is what is known from one write of this run.
type answer struct {
	// number orders the answer among readings; at is its time.
	number uint64
	at     time.Time
	// before is what the write found, after what it was to make of it.
	before, after row
	// lost is true where no answer came.
	unanswered bool
}

// learn takes up a reading, unless a newer one is known.
func (k *knowledge) learn(r reading) {
	if k.Value != nil && r.Number <= k.Number {
		return
	}
	k.reading, k.seen = r, nil
	if r.Value.Complete() {
		k.whole = r.Value
	}
	for p, a := range k.answers {
		shown := k.Value.Complete() || k.listed(p).there
		// The answer to a removal is kept for all of visibleWithin: a later listing may come
		// from a replica that still shows the member.
		given := a.after.there && a.after.Enabled
		if shown && (!k.recent(a) || given && a.number < k.Number && k.listed(p).is(a.after)) {
			delete(k.answers, p)
		}
	}
}

// recent tells whether an answer may not be visible yet.
func (k *knowledge) recent(a *answer) bool {
	return a.number > k.Number || k.Began.Sub(a.at) < visibleWithin
}

func (k *knowledge) listed(p membership.Principal) row {
	listed, _ := rowIn(k.Value, p)
	return listed
}

// covers tells whether an answer is newer than what the listing shows: the
// listing began before the answer, or still shows what was there before the
// write, which may take a while to become visible.
func (k *knowledge) covers(a *answer, listed row) bool {
	return a.number > k.Number || listed.is(a.before) && k.recent(a)
}

// lookup tells what is known of a principal.
func (k *knowledge) lookup(p membership.Principal) (row, membership.Presence) {
	listed, presence := rowIn(k.Value, p)
	a := k.answers[p.Fold()]
	switch {
	case a == nil || !k.covers(a, listed):
		return listed, presence
	case a.unanswered:
		return listed, membership.NotKnown
	case a.after.there:
		return a.after, membership.There
	default:
		return a.after, membership.Absent
	}
}

// note takes up what was answered to a write.
func (k *knowledge) note(p membership.Principal, a *answer) {
	if k.answers == nil {
		k.answers = map[membership.Principal]*answer{}
	}
	k.answers[p.Fold()], k.seen = a, nil
}

// correct takes up what a listing shows of a principal to whom was written.
func (k *knowledge) correct(p membership.Principal, now row) {
	if a := k.answers[p.Fold()]; a != nil {
		a.after, a.unanswered, k.seen = now, false, nil
	}
}

// doubt notes that no listing shows what became of a write.
func (k *knowledge) doubt(p membership.Principal) {
	if a := k.answers[p.Fold()]; a != nil {
		a.unanswered, k.seen = true, nil
	}
}

// forget drops an answer that has turned out not to be true.
func (k *knowledge) forget(p membership.Principal) {
	delete(k.answers, p.Fold())
	k.seen = nil
}

// fresh tells whether what is known is new enough to decide about a change that
// came at the time: the listing began at most a second before, or after, and is
// not older than a second, or three readings where those take longer.
func (k *knowledge) fresh(came time.Time) bool {
	return k.Value != nil && k.Began.Sub(came) >= -decisionHolds && time.Since(k.Began) <= max(decisionHolds, 3*k.Took)
}

// decisionHolds is how long a decision may be carried out after it was made.
const decisionHolds = time.Second

// view gives the listing with what the service answered since. It is put together
// once, for all who ask before more is known.
func (k *knowledge) view(t membership.Traits) *membership.Listing {
	switch {
	case len(k.answers) == 0:
		return k.Value
	case k.seen == nil:
		k.seen = k.over(k.Value, t)
	}
	return k.seen
}

// over gives a listing with what is known by now. Who is not known stands as the
// listing says.
func (k *knowledge) over(l *membership.Listing, t membership.Traits) *membership.Listing {
	w := *l.Workspace
	w.Members = make([]membership.Member, 0, len(l.Members)+len(k.answers))
	for _, m := range l.Members {
		now, presence := k.lookup(m.Principal)
		if a := k.answers[m.Principal.Fold()]; presence == membership.NotKnown {
			now = row{Member: m, there: true}
			if a != nil && !a.unanswered { // a listing that shows a part does not say otherwise
				now = a.after
			}
		}
		if now.there {
			w.Members = append(w.Members, now.Member)
		}
	}
	for p, a := range k.answers {
		if now, presence := k.lookup(p); presence == membership.There {
			if _, listed := l.Member(p); !listed {
				now.Principal = a.after.Principal
				w.Members = append(w.Members, now.Member)
			}
		}
	}
	return membership.NewListing(&w, t)
}
