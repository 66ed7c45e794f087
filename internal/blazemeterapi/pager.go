package blazemeterapi

import (
	"context"
	"net/http"
	"reflect"

	"golang.org/x/sync/errgroup"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

const (
	// pageLimit is how many rows are asked for at a time. The vendor states no
	// maximum; its own client advertises 1 to 50. A server may send fewer.
	pageLimit = 50
	// pagesAtOnce bounds how many pages of one list are asked for at the same
	// time; the transport has a bound of its own for all requests.
	pagesAtOnce = 16
	// mostRows is more than any list has; a total above it is no total.
	mostRows = 1_000_000
)

// pager reads one list in one state. What it gives is complete; otherwise the
// error is an *incomplete, or that of a call.
type pager[T row] struct {
	client  *Client
	listing listing[T]
	enabled *bool
	what    string // "enabled users"

	// total is what was said about the number of rows, or unknownTotal. It is
	// not written while pages are read at the same time.
	total int64
	// mayMove is true where pages may state different totals.
	mayMove bool
}

func newPager[T row](c *Client, l listing[T], enabled *bool) *pager[T] {
	what := l.rows
	if enabled != nil {
		what = statusOf(*enabled) + " " + what
	}
	return &pager[T]{client: c, listing: l, enabled: enabled, what: what, total: unknownTotal}
}

// steady reads a list whose total does not move. The first page tells the total
// and how many rows the server puts on a page; the others are then asked for at
// the same time, in as few calls as there are pages. A server that tells no
// total is asked until a page is empty.
func (p *pager[T]) steady(ctx context.Context) ([]T, error) {
	first, err := p.first(ctx)
	if err != nil {
		return nil, err
	}
	return p.restSteady(ctx, first)
}

func (p *pager[T]) restSteady(ctx context.Context, first []T) ([]T, error) {
	size := int64(len(first))
	switch {
	case p.total == unknownTotal:
		return p.untilEmpty(ctx, first)
	case size == 0 || size >= p.total:
		return p.join(first)
	}
	chunks := make([][]T, (p.total+size-1)/size)
	chunks[0] = first
	err := p.together(ctx, len(chunks), func(ctx context.Context, i int) (err error) {
		from := int64(i) * size
		chunks[i], err = p.span(ctx, from, min(from+size, p.total))
		return err
	})
	if err != nil {
		return nil, err
	}
	return p.join(chunks...)
}

// linked reads a list that may change meanwhile. Each page begins with the last
// row of the page before it. Where they agree, everybody who was in the list all
// the time is on one of the pages, as long as the order of the rows is stable;
// where they do not, the list has shifted.
func (p *pager[T]) linked(ctx context.Context) ([]T, error) {
	first, err := p.first(ctx)
	if err != nil {
		return nil, err
	}
	size := int64(len(first))
	if p.total == unknownTotal || size < 2 || size >= p.total {
		// One page is a view of one moment. Pages of one row cannot overlap.
		return p.restSteady(ctx, first)
	}
	p.mayMove = true
	step := size - 1
	chunks := make([][]T, (p.total-1+step-1)/step)
	chunks[0] = first
	last := len(chunks) - 1
	var end int64
	err = p.together(ctx, len(chunks), func(ctx context.Context, i int) (err error) {
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
		before := chunks[i-1]
		if before[len(before)-1].key() != chunks[i][0].key() {
			return nil, p.shifted()
		}
		chunks[i] = chunks[i][1:]
	}
	p.total = end
	return p.join(chunks...)
}

// unmoved asks for the first page again and compares the totals.
func (p *pager[T]) unmoved(ctx context.Context) error {
	p.mayMove = false
	_, _, err := p.page(ctx, 0)
	return err
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
		return &roster.Error{Failure: roster.Passing, Op: p.listing.op, Err: err}
	}
	return nil
}

// first reads the first page and takes over its total.
func (p *pager[T]) first(ctx context.Context) ([]T, error) {
	rows, h, err := p.page(ctx, 0)
	if err != nil {
		return nil, err
	}
	p.total = h.total
	switch {
	case p.total > mostRows:
		return nil, &roster.Error{Failure: roster.Malformed, Op: p.listing.op, Err: shapeError("it claims to have %d %s", p.total, p.what)}
	case len(rows) == 0 && p.total > 0:
		return nil, incompletef("none of %d %s were received", p.total, p.what)
	}
	return rows, nil
}

// page reads the page that begins at skip, and holds it against what is known.
func (p *pager[T]) page(ctx context.Context, skip int64) ([]T, head, error) {
	rows := make([]T, 0, pageLimit)
	h, err := p.client.read(ctx, p.listing.op,
		func(ctx context.Context) (*http.Response, error) {
			return p.listing.fetch(ctx, p.enabled, int(skip))
		},
		rowsInto(&rows))
	switch {
	case err != nil:
		return nil, h, err
	case h.hidden > 0:
		return nil, h, incompletef("the service hides %d of the %s from this API key", h.hidden, p.what)
	case !p.mayMove && p.total != unknownTotal && h.total != unknownTotal && h.total != p.total:
		return nil, h, incompletef("the number of %s moved from %d to %d while they were read", p.what, p.total, h.total)
	}
	return rows, h, nil
}

// span reads the rows from skip to end, which is one page unless the server
// sends fewer rows than before.
func (p *pager[T]) span(ctx context.Context, skip, end int64) ([]T, error) {
	var rows []T
	for skip < end {
		more, _, err := p.page(ctx, skip)
		if err != nil {
			return nil, err
		}
		if len(more) == 0 {
			return nil, incompletef("of %d %s, none were received from number %d on", p.total, p.what, skip+1)
		}
		skip += int64(len(more))
		if rows == nil {
			rows = more
		} else {
			rows = append(rows, more...)
		}
	}
	return rows, nil
}

// chain reads the rows from skip to until, or to the end of the list where that
// comes first, in pages that overlap by one row. At the end it gives what the
// last page said about the total.
func (p *pager[T]) chain(ctx context.Context, skip, until int64) (rows []T, total int64, err error) {
	rows, h, err := p.page(ctx, skip)
	if err != nil {
		return nil, 0, err
	}
	for {
		reached := skip + int64(len(rows))
		switch {
		case len(rows) == 0:
			return nil, 0, incompletef("none of the %s were received from number %d on", p.what, skip+1)
		case reached >= until:
			return rows[:until-skip], h.total, nil
		case reached == h.total && until == mostRows:
			return rows, h.total, nil
		}
		more, next, err := p.page(ctx, reached-1)
		if err != nil {
			return nil, 0, err
		}
		if len(more) < 2 || more[0].key() != rows[len(rows)-1].key() {
			return nil, 0, p.shifted()
		}
		rows, h = append(rows, more[1:]...), next
	}
}

func (p *pager[T]) shifted() error {
	return incompletef("the %s shifted while they were read", p.what)
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
			return nil, incompletef("the list of %s does not end: after %d of them, the same ones were received again", p.what, len(seen))
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
				return nil, incompletef("one of the %s, %d, changed while they were read", p.what, r.key())
			}
		}
	}
	if p.total != unknownTotal && int64(len(all)) != p.total {
		return nil, incompletef("%d of %d %s were received", len(all), p.total, p.what)
	}
	return all, nil
}
