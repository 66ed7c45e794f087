package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"golang.org/x/sync/errgroup"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// passes is how often a listing is read until it is complete.
const passes = 4

// listing is one paged list of the service.
type listing[T row] struct {
	// op is the attempt as a phrase, rows what the list consists of.
	op, rows string
	// byState is true for a list that has an `enabled` filter of unknown
	// default, so that both states are asked for.
	byState bool
	// fetch asks for so many rows from skip on. enabled is nil without byState.
	fetch func(ctx context.Context, enabled *bool, skip, limit int) (*http.Response, error)
}

// found is a row and its state: the row's own `enabled`, else the filter that
// found it, else true.
type found[T row] struct {
	row     T
	enabled bool
}

// incomplete says why a pass over a listing was not complete. It is no failure
// of a call, and never leaves the package by itself.
type incomplete struct{ why string }

// Error gives the reason.
func (e *incomplete) Error() string { return e.why }

func incompletef(format string, args ...any) error {
	return &incomplete{why: fmt.Sprintf(format, args...)}
}

// readAll reads a list until a pass over it is complete: nothing hidden, a total
// that the different rows add up to, nobody in two states. When that does not
// come about, the error is of kind Passing: nothing can be concluded from a part.
func readAll[T row](ctx context.Context, c *Client, l listing[T]) ([]found[T], error) {
	var part *incomplete
	for n := range passes {
		pass := readAtOnce[T]
		if n > 0 {
			pass = readInTurn[T]
			if err := c.pause(ctx, n-1); err != nil {
				return nil, &membership.Error{Failure: membership.Passing, Op: l.op, Err: fmt.Errorf("%w while waiting to read the list again, because %s", err, part.why)}
			}
		}
		rows, err := pass(ctx, c, l)
		if err == nil {
			return rows, nil
		}
		if !errors.As(err, &part) {
			return nil, err
		}
	}
	return nil, notCompleted(l.op, part)
}

// notCompleted is a listing of which only a part is known.
func notCompleted(op string, part *incomplete) *membership.Error {
	return &membership.Error{
		Failure: membership.Passing,
		Op:      op,
		Err:     fmt.Errorf("the listing could not be completed in %d attempts, so nothing is concluded from it: %s", passes, part.why),
	}
}

// readAtOnce reads the list in as little time as can be: both states at the same
// time. No total may move.
//
// A row that changes its state while it is read is either in both lists, or it
// moves a total or the rows between two pages, all of which is noticed. Only a
// change that falls between the calls for the two first pages, which go out in
// the same moment, can escape; and one that another change in the same list
// makes up for.
func readAtOnce[T row](ctx context.Context, c *Client, l listing[T]) ([]found[T], error) {
	if !l.byState {
		rows, err := newPager(c, l, nil, false).all(ctx)
		return withState(rows, true), err
	}
	var enabled, disabled []T
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		enabled, err = newPager(c, l, new(true), false).all(gctx)
		return err
	})
	group.Go(func() (err error) {
		disabled, err = newPager(c, l, new(false), false).all(gctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return mergeStates(l.rows, enabled, disabled)
}

// readInTurn reads a list that changes while it is read, for which readAtOnce
// would not find a quiet moment: an apply adds people all the time. Totals may
// move; the links between the pages tell what matters. The list of the disabled
// is read before that of the enabled and looked at again after it, so that
// nobody is overlooked on the way from one to the other.
func readInTurn[T row](ctx context.Context, c *Client, l listing[T]) ([]found[T], error) {
	if !l.byState {
		rows, err := newPager(c, l, nil, true).all(ctx)
		return withState(rows, true), err
	}
	off := newPager(c, l, new(false), true)
	disabled, err := off.all(ctx)
	if err != nil {
		return nil, err
	}
	enabled, err := newPager(c, l, new(true), true).all(ctx)
	if err != nil {
		return nil, err
	}
	if err := off.unmoved(ctx, disabled); err != nil {
		return nil, err
	}
	return mergeStates(l.rows, enabled, disabled)
}

// mergeStates joins what the two filters found. A server that ignores the
// filter shows the same rows twice; then each row's own state counts.
func mergeStates[T row](noun string, enabled, disabled []T) ([]found[T], error) {
	all := withState(enabled, true)
	place := make(map[int64]int, len(all))
	for i, f := range all {
		place[f.row.key()] = i
	}
	for _, f := range withState(disabled, false) {
		i, twice := place[f.row.key()]
		switch {
		case !twice:
			all = append(all, f)
		case all[i].enabled != f.enabled:
			return nil, incompletef("one of the %s, %d, was shown both as enabled and as disabled", noun, f.row.key())
		case !reflect.DeepEqual(all[i].row, f.row):
			return nil, incompletef("one of the %s, %d, changed while they were read", noun, f.row.key())
		}
	}
	return all, nil
}

func withState[T row](rows []T, filter bool) []found[T] {
	all := make([]found[T], 0, len(rows))
	for _, r := range rows {
		enabled := filter
		if own := r.state(); own != nil {
			enabled = *own
		}
		all = append(all, found[T]{row: r, enabled: enabled})
	}
	return all
}

// rowsInto gives a decoder of a list's result.
func rowsInto[T row](to *[]T) func(*json.Decoder) error {
	return func(dec *json.Decoder) error {
		*to = (*to)[:0]
		return eachRow(dec, func(r T) { *to = append(*to, r) })
	}
}
