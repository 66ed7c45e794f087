package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

const (
	// pageLimit is how many rows are asked for at a time. The vendor states no
	// maximum (blazemeter 20); one client of its own advertises 1 to 50, and another
	// depends on 100. A server may send fewer.
	pageLimit = 50
	// sampleLimit is what every sample of the vendor shows. It is asked for where
	// the service refuses pageLimit.
	sampleLimit = 10
	// pagesAtOnce bounds how many pages of one list are asked for at the same
	// time; the transport has a bound of its own for all requests.
	pagesAtOnce = 16
	// mostRows is more than any list has; a total above it is no total.
	mostRows = 1_000_000
)

// pager reads one list in one state. Where it cannot be complete, short says so;
// an error is a *shifted, or that of a call.
type pager[T row] struct {
	client  *Client
	listing listing[T]
	enabled *bool
	what    string // "enabled users"

	// limit is how many rows are asked for at a time.
	limit int
	// mayMove is true where pages may state different totals.
	mayMove bool
	// total is what was said about the number of rows, or unknownTotal. It is
	// not written while pages are read at the same time.
	total int64

	// short says, as a clause, why there may be rows that were not received;
	// accounted is true where hidden ones make up for all that is missing.
	short     string
	accounted bool

	mu sync.Mutex
	// hidden is the largest number of hidden rows that a page told.
	hidden int64
}

func newPager[T row](c *Client, l listing[T], enabled *bool, mayMove bool) *pager[T] {
	what := l.rows
	if enabled != nil {
		what = statusOf(*enabled) + " " + what
	}
	return &pager[T]{client: c, listing: l, enabled: enabled, what: what, mayMove: mayMove, limit: int(c.limit.Load()), total: unknownTotal}
}

// all reads the whole list. The first page tells the total and how many rows the
// server puts on a page; the others are then asked for at the same time. A
// server that tells no total is asked until a page is empty.
func (p *pager[T]) all(ctx context.Context) ([]T, error) {
	first, h, err := p.first(ctx)
	if err != nil {
		return nil, err
	}
	p.total = h.total
	size := int64(len(first))
	switch {
	case p.total == unknownTotal:
		return p.untilEmpty(ctx, first)
	case size == 0 || size >= p.total:
		// One page shows one moment; whether it adds up is seen below.
		return p.join(first)
	case size == 1:
		return p.oneByOne(ctx, first)
	default:
		return p.linked(ctx, first)
	}
}

// first reads the first page, and finds out whether the service takes the limit.
func (p *pager[T]) first(ctx context.Context) ([]T, head, error) {
	rows, h, err := p.page(ctx, 0)
	e, failed := errors.AsType[*membership.Error](err)
	if !failed || e.Status != http.StatusBadRequest || p.limit <= sampleLimit {
		return rows, h, err
	}
	p.limit = sampleLimit
	rows, h, again := p.page(ctx, 0)
	if e, failed := errors.AsType[*membership.Error](again); failed && e.Status == http.StatusBadRequest {
		// It was not the limit.
		return nil, h, err
	}
	if again == nil {
		p.client.limit.Store(sampleLimit)
	}
	return rows, h, again
}

// linked reads the pages after the first. Each is asked for from the last row of
// the page before it on, which costs one call in fifty. Where the two share a
// row, nobody who was in the list all the time fell between them, as long as
// the order of the list is stable; where they do not, the list has shifted,
// which the total does not always tell: one may have come and another gone.
func (p *pager[T]) linked(ctx context.Context, first []T) ([]T, error) {
	size := int64(len(first))
	step := size - 1
	chunks := make([][]T, (p.total-1+step-1)/step)
	chunks[0] = first
	last := len(chunks) - 1
	var end int64
	err := p.together(ctx, len(chunks), func(ctx context.Context, i int) (err error) {
		from := int64(i) * step
		if i == last {
			chunks[i], end, err = p.chain(ctx, from, mostRows)
		} else {
			chunks[i], _, err = p.chain(ctx, from, from+size)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := 1; i < len(chunks); i++ {
		// A list that is shorter than its total ends with empty pages.
		if len(chunks[i]) > 0 && !share(chunks[i-1], chunks[i]) {
			return nil, p.shifted()
		}
	}
	p.total = end
	return p.join(chunks...)
}

// oneByOne reads the rows after the first from a server that puts one row on a
// page, where pages cannot overlap. The total must not move.
func (p *pager[T]) oneByOne(ctx context.Context, first []T) ([]T, error) {
	p.mayMove = false
	chunks := make([][]T, p.total)
	chunks[0] = first
	err := p.together(ctx, len(chunks), func(ctx context.Context, i int) (err error) {
		chunks[i], _, err = p.page(ctx, int64(i))
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.join(chunks...)
}

// unmoved asks for the first page again and compares it with the rows that were
// read before.
func (p *pager[T]) unmoved(ctx context.Context, before []T) error {
	p.mayMove = false
	again, _, err := p.page(ctx, 0)
	if err != nil {
		return err
	}
	known := make(map[int64]bool, len(before))
	for _, r := range before {
		known[r.key()] = true
	}
	for _, r := range again {
		if !known[r.key()] {
			return p.shifted()
		}
	}
	return nil
}

// together does the work for 1 to n-1 at the same time; 0 is done already.
func (p *pager[T]) together(ctx context.Context, n int, work func(ctx context.Context, i int) error) error {
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(pagesAtOnce)
	for i := 1; i < n && gctx.Err() == nil; i++ {
		group.Go(func() error { return work(gctx, i) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return &membership.Error{Failure: membership.Passing, Op: p.listing.op, Err: err}
	}
	return nil
}

// page reads the page that begins at skip, and holds it against what is known.
func (p *pager[T]) page(ctx context.Context, skip int64) ([]T, head, error) {
	rows := make([]T, 0, p.limit)
	h, err := p.client.read(ctx, p.listing.op,
		func(ctx context.Context) (*http.Response, error) {
			return p.listing.fetch(ctx, p.enabled, int(skip), p.limit)
		},
		rowsInto(&rows))
	p.mu.Lock()
	p.hidden = max(p.hidden, h.hidden)
	p.mu.Unlock()
	switch {
	case err != nil:
		return nil, h, err
	case !p.mayMove && p.total != unknownTotal && h.total != unknownTotal && h.total != p.total:
		return nil, h, shiftedf("the number of %s moved from %d to %d while they were read", p.what, p.total, h.total)
	}
	return rows, h, nil
}

// chain reads the rows from skip to until, or to the end of the list where until
// is mostRows, in pages that overlap by one row: one page, unless the server
// sends fewer rows than before, or the list ends earlier. At the end it gives what
// the last page said about the total.
func (p *pager[T]) chain(ctx context.Context, skip, until int64) (rows []T, total int64, err error) {
	rows, h, err := p.page(ctx, skip)
	if err != nil {
		return nil, 0, err
	}
	page, reached := rows, skip+int64(len(rows))
	for len(page) > 0 && reached < until && reached != h.total {
		if until == mostRows && reached > h.total {
			if h.total == unknownTotal {
				return nil, 0, p.shifted()
			}
			// The list has more rows than it counts, or comes again and again from
			// a server that does not page at all.
			break
		}
		before := page
		if page, h, err = p.page(ctx, reached-1); err != nil {
			return nil, 0, err
		}
		if len(page) == 0 || !share(before, page) {
			return nil, 0, p.shifted()
		}
		if len(page) == 1 {
			break // the one that was there already: the list ends here
		}
		rows = append(rows, page...)
		reached += int64(len(page)) - 1
	}
	return rows, h.total, nil
}

// share tells whether two parts of a list have a row in common: usually the last
// of the one and the first of the other, but the rows of an object may come in
// any order.
func share[T row](before, after []T) bool {
	for _, b := range slices.Backward(before) {
		for _, a := range after {
			if a.key() == b.key() {
				return true
			}
		}
	}
	return false
}

func (p *pager[T]) shifted() error {
	return shiftedf("the %s shifted while they were read", p.what)
}

// untilEmpty reads on, page by page, until there is nothing more. A page without
// anybody new is taken for a server that does not page at all.
func (p *pager[T]) untilEmpty(ctx context.Context, rows []T) ([]T, error) {
	seen := make(map[int64]bool, len(rows))
	for _, r := range rows {
		seen[r.key()] = true
	}
	for skip := int64(len(rows)); skip > 0; {
		more, h, err := p.page(ctx, skip)
		if err != nil {
			return nil, err
		}
		if h.total != unknownTotal {
			p.total = h.total
		}
		if len(more) == 0 {
			break
		}
		before := len(seen)
		for _, r := range more {
			seen[r.key()] = true
		}
		if len(seen) == before || len(seen) > mostRows {
			return nil, shiftedf("the list of %s does not end: after %d of them, the same ones were received again", p.what, len(seen))
		}
		rows = append(rows, more...)
		skip += int64(len(more))
	}
	return p.join(rows)
}

// join puts the pages together, each row once, and checks that they add up.
func (p *pager[T]) join(chunks ...[]T) ([]T, error) {
	n := 0
	for _, chunk := range chunks {
		n += len(chunk)
	}
	all := make([]T, 0, n)
	place := make(map[int64]int, n)
	for _, chunk := range chunks {
		for _, r := range chunk {
			i, twice := place[r.key()]
			if !twice {
				place[r.key()] = len(all)
				all = append(all, r)
				continue
			}
			if !reflect.DeepEqual(all[i], r) {
				return nil, shiftedf("one of the %s, %d, changed while they were read", p.what, r.key())
			}
		}
	}
	received := int64(len(all))
	switch {
	case p.total != unknownTotal && received != p.total:
		p.short = fmt.Sprintf("%d of %d %s were received", received, p.total, p.what)
		p.accounted = p.hidden > 0 && received+p.hidden == p.total
		if p.hidden > 0 {
			p.short += fmt.Sprintf(" and %d are hidden from this API key", p.hidden)
		}
	case p.total == unknownTotal && p.hidden > 0:
		p.short = fmt.Sprintf("%d of the %s are hidden from this API key, and how many there are is not told", p.hidden, p.what)
	}
	return all, nil
}
