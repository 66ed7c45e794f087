package roster

import (
	"context"
	"sync"
)

// overlooks is how many looks in a row may miss somebody who is there before it
// is taken for granted that this service lists new members elsewhere.
const overlooks = 2

// finds looks for those whom this run has added to a workspace, where the
// service can be asked for them without a whole listing. All who were added at
// about the same time are looked for in one look.
type finds struct {
	space *space
	// finder is nil where the service cannot.
	finder Finder

	mu sync.Mutex
	// next is the look that has not begun yet; nil for none.
	next *look
	// missed counts the looks in a row that missed somebody.
	missed int
}

// look is one look for several users.
type look struct {
	ids []string
	// begun is closed when it begins, done when found is there.
	begun, done chan struct{}
	found       map[string]Member
	// waiters are those who want to know; when none is left, the look ends.
	waiters int
	cancel  context.CancelFunc
	// missed is true once it has counted as one that missed somebody, or cannot.
	missed bool
}

// look looks for p, who was not in the workspace before a write that has just
// been made. The look is nil where there was none, since the service cannot or
// p is not new.
func (f *finds) look(ctx context.Context, w sent, p Principal) (_ *look, m Member, found bool) {
	if f.finder == nil || p.Kind != User {
		return nil, Member{}, false
	}
	l, ok := f.space.listings.Peek()
	if !ok {
		return nil, Member{}, false
	}
	if _, there := l.Member(p); there {
		return nil, Member{}, false
	}
	k := f.join(p)
	if k == nil {
		return nil, Member{}, false
	}
	defer f.space.gather(ctx, patienceOf{took: w.took}, func() (bool, <-chan struct{}) {
		select {
		case <-k.begun:
			return true, k.begun
		default:
			return false, k.begun
		}
	})()
	f.begin(ctx, k)
	select {
	case <-k.done:
	case <-ctx.Done():
	}
	f.leave(k)
	select {
	case <-k.done:
		m, found = k.found[p.ID]
	default:
	}
	return k, m, found
}

// join puts the principal among those who are looked for next; nil where
// looking has turned out to be no use.
func (f *finds) join(p Principal) *look {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.missed >= overlooks {
		return nil
	}
	if f.next == nil {
		f.next = &look{begun: make(chan struct{}), done: make(chan struct{})}
	}
	f.next.ids = append(f.next.ids, p.ID)
	f.next.waiters++
	return f.next
}

// begin begins the look, unless it has begun. It belongs to nobody: it goes on
// while anybody waits for it, and logs where the one who began it logs.
func (f *finds) begin(ctx context.Context, k *look) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if k != f.next {
		return
	}
	f.next = nil
	ctx, k.cancel = context.WithCancel(context.WithoutCancel(ctx))
	close(k.begun)
	go f.run(ctx, k)
}

func (f *finds) run(ctx context.Context, k *look) {
	s := f.space
	hint := 0
	if l, ok := s.listings.Peek(); ok {
		// Those who are being added at this moment may be listed already.
		hint = l.Enabled() + s.traffic.inProgress()
	}
	found, err := f.finder.FindMembers(ctx, s.id, k.ids, hint)
	if err == nil && len(found) > 0 {
		rows := make([]Member, 0, len(found))
		for _, id := range k.ids {
			if m, ok := found[id]; ok {
				rows = append(rows, m)
			}
		}
		s.listings.Amend(func(l *Listing) *Listing { return l.With(s.run.traits, rows...) })
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err != nil:
		k.missed = true // it says nothing about where new members are listed
	case len(found) == len(k.ids):
		f.missed = 0
		fallthrough
	default:
		k.found = found
	}
	close(k.done)
}

func (f *finds) leave(k *look) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if k.waiters--; k.waiters == 0 && k.cancel != nil {
		k.cancel()
	}
}

// overlooked notes that somebody is there whom the look did not find.
func (f *finds) overlooked(k *look) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !k.missed {
		k.missed = true
		f.missed++
	}
}
