package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

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

// reading is what came of reading a list to its end.
type reading[T row] struct {
	rows []found[T]
	// short says, as a clause about the list, why there may be rows that were not
	// received; it is empty where all were.
	short string
	// accounted is true where the rows that are hidden make up for all that is
	// missing, so that reading again brings nothing new.
	accounted bool
	// hidden names the rows that the service hides, "3 of the enabled users";
	// empty where it hides none.
	hidden string
}

// shifted says that what was read does not belong together. It is no failure of a
// call, and never leaves the package by itself.
type shifted struct{ why string }

// Error gives the reason.
func (e *shifted) Error() string { return e.why }

func shiftedf(format string, args ...any) error {
	return &shifted{why: fmt.Sprintf(format, args...)}
}

// readAll reads a list until it is complete: a total that the different rows add
// up to, nobody in two states, no rows that moved from page to page. What does not
// add up after all passes, or comes to the same twice, is given as it is: such
// rows are there, and there may be others. Rows that do not belong together are an
// error of kind Passing: nothing can be concluded from them.
func readAll[T row](ctx context.Context, c *Client, l listing[T]) (reading[T], error) {
	var last reading[T]
	var err error
	for n := range passes {
		pass := readAtOnce[T]
		if n > 0 {
			pass = readInTurn[T]
			if err := c.pause(ctx, n-1); err != nil {
				return last, &membership.Error{Failure: membership.Passing, Op: l.op, Err: fmt.Errorf("%w while waiting to read the list again: it was not complete", err)}
			}
		}
		before := last.short
		last, err = pass(ctx, c, l)
		if _, moved := errors.AsType[*shifted](err); moved {
			continue
		}
		if err != nil || last.short == "" || last.accounted || last.short == before {
			return last, err
		}
	}
	if err != nil {
		err = notCompleted(l.op, fmt.Sprintf("in %d attempts, %s", passes, err))
	}
	return last, err
}

// readWhole reads a list of which a part is of no use.
func readWhole[T row](ctx context.Context, c *Client, l listing[T]) (reading[T], error) {
	r, err := readAll(ctx, c, l)
	if err == nil && r.short != "" {
		err = notCompleted(l.op, r.short)
	}
	return r, err
}

// notCompleted is a listing of which only a part is known.
func notCompleted(op, why string) *membership.Error {
	return &membership.Error{
		Failure: membership.Passing,
		Op:      op,
		Err:     fmt.Errorf("the listing could not be completed, so nothing is concluded from it: %s", why),
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
func readAtOnce[T row](ctx context.Context, c *Client, l listing[T]) (reading[T], error) {
	if !l.byState {
		return readOne(ctx, newPager(c, l, nil, false))
	}
	var enabled, disabled []T
	on, off := newPager(c, l, new(true), false), newPager(c, l, new(false), false)
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		enabled, err = on.all(gctx)
		return err
	})
	group.Go(func() (err error) {
		disabled, err = off.all(gctx)
		return err
	})
	if err := group.Wait(); err != nil {
		return reading[T]{}, err
	}
	rows, err := mergeStates(l.rows, enabled, disabled)
	return summary(rows, on, off), err
}

// readInTurn reads a list that changes while it is read, for which readAtOnce
// would not find a quiet moment: an apply adds people all the time. Totals may
// move; the links between the pages tell what matters. The list of the disabled
// is read before that of the enabled and looked at again after it, so that
// nobody is overlooked on the way from one to the other.
func readInTurn[T row](ctx context.Context, c *Client, l listing[T]) (reading[T], error) {
	if !l.byState {
		return readOne(ctx, newPager(c, l, nil, true))
	}
	on, off := newPager(c, l, new(true), true), newPager(c, l, new(false), true)
	disabled, err := off.all(ctx)
	if err != nil {
		return reading[T]{}, err
	}
	enabled, err := on.all(ctx)
	if err != nil {
		return reading[T]{}, err
	}
	if err := off.unmoved(ctx, disabled); err != nil {
		return reading[T]{}, err
	}
	rows, err := mergeStates(l.rows, enabled, disabled)
	return summary(rows, on, off), err
}

// readOne reads a list that has one state.
func readOne[T row](ctx context.Context, p *pager[T]) (reading[T], error) {
	rows, err := p.all(ctx)
	return summary(withState(rows, true), p), err
}

// summary says of rows what their pagers found out.
func summary[T row](rows []found[T], pagers ...*pager[T]) reading[T] {
	r := reading[T]{rows: rows, accounted: true}
	var short, hidden []string
	for _, p := range pagers {
		if p.short != "" {
			short = append(short, p.short)
			r.accounted = r.accounted && p.accounted
		}
		if p.hidden > 0 {
			hidden = append(hidden, fmt.Sprintf("%d of the %s", p.hidden, p.what))
		}
	}
	r.short, r.hidden = strings.Join(short, ", and "), strings.Join(hidden, " and ")
	return r
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
			return nil, shiftedf("one of the %s, %d, was shown both as enabled and as disabled", noun, f.row.key())
		case !reflect.DeepEqual(all[i].row, f.row):
			return nil, shiftedf("one of the %s, %d, changed while they were read", noun, f.row.key())
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
