package roster

import (
	"context"
	"fmt"
	"maps"
)

// ReadSet looks up who is in a workspace when Terraform refreshes a state.
// A workspace that is certainly gone is not found, and the finding says so;
// where nothing certain can be said, the finding is an error.
func (r *Run) ReadSet(ctx context.Context, prior Set) (l *Listing, found bool, out []Finding) {
	s := r.spaces.get(prior.Workspace)
	l, err := s.listings.Get(ctx)
	if err != nil && FailureOf(err) == Gone {
		return nil, false, []Finding{warning(AtNone,
			fmt.Sprintf("Workspace %s is gone", prior.Workspace),
			fmt.Sprintf("%s The workspace leaves the state.", sentence(err)))}
	}
	if err != nil {
		return nil, false, []Finding{r.readFailure(err, prior.Workspace, AtNone)}
	}
	if !l.Complete() {
		return nil, false, []Finding{r.partialSet(l)}
	}
	seats := r.Seated(prior, l)
	r.walk.ledger.noteReadWhole(s, seats)
	return l, true, nil
}

// Seated gives those of a listing whom the set manages, with the set's own
// spelling of ids and roles that differ from the service's in case only.
func (r *Run) Seated(prior Set, l *Listing) []Seat {
	named := prior.index()
	var out []Seat
	for _, m := range l.Members {
		i, ok := named[fold(m.Principal)]
		if !prior.shows(m, ok) {
			continue
		}
		seat := Seat{Principal: m.Principal, Role: m.Role()}
		if ok {
			was := prior.Seats[i]
			seat.Principal = was.Principal
			if m.Holds(was.standing()) {
				seat.Role = was.Role
			}
		}
		out = append(out, seat)
	}
	return out
}

func (r *Run) partialSet(l *Listing) Finding {
	return failure(AtNone, fmt.Sprintf("The listing of workspace %s is not complete", l.ID),
		fmt.Sprintf("It shows no %s at all, which %s says cannot be, so the key sees a part of it. Who is in the workspace cannot be said from a part; nothing was changed, and nothing was dropped from the state. %s",
			r.traits.OwnerNoun, r.traits.Product, r.traits.ChangeRight))
}

// noteReadWhole remembers whom the state of an authoritative resource held
// when it was refreshed: a replacement of it may go on managing them.
func (l *ledger) noteReadWhole(s *space, seats []Seat) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plan()
	a := l.account(s)
	if a.wholeRead == nil {
		a.wholeRead = make(map[Principal]bool, len(seats))
	}
	for _, seat := range seats {
		a.wholeRead[fold(seat.Principal)] = true
	}
}

// wasReadWhole gives the test for those whom an authoritative resource's state
// held in this walk.
func (l *ledger) wasReadWhole(s *space) func(Principal) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	read := maps.Clone(l.account(s).wholeRead) // it grows with each resource that is refreshed
	return func(p Principal) bool { return read[fold(p)] }
}
