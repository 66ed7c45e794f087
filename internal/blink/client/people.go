package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

const (
	// pageSize is the largest limit that the vendor's query language allows, and
	// what the vendor's own client asks for (blink 20).
	pageSize = 1000
	// listingAttempts is how often a paged listing that shifts while it is read
	// is begun anew.
	listingAttempts = 3
	// maxPages bounds a listing against a service that never ends it.
	maxPages = 10_000
	// sortField keeps the pages in one order. Which fields can be sorted by is
	// not documented, and the vendor's own client never asks for an order
	// (blink 19).
	sortField = "+entity_id"
)

// People lists the tenant's users and groups, and entities of other types, sorted
// by kind and id. The key decides the tenant; the argument is ignored.
func (c *Client) People(ctx context.Context, _ string) ([]membership.Person, error) {
	const op = "list the tenant's users and groups"
	sorted := !c.unsorted.Load()
	people, err := c.listPeople(ctx, op, sorted)
	if err != nil && sorted && ctx.Err() == nil && mayBeTheSort(err) {
		if people, err = c.listPeople(ctx, op, false); err == nil {
			c.unsorted.Store(true)
		}
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.people = people
	return people, nil
}

// mayBeTheSort tells whether a listing may have failed because an order was asked
// for: nothing says how the service refuses a field that it cannot sort by.
func mayBeTheSort(err error) bool {
	e, ok := errors.AsType[*membership.Error](err)
	switch {
	case !ok, errors.Is(err, errShifted), e.Failure == membership.Unauthorized, e.Failure == membership.Forbidden:
		return false
	default:
		return e.Status != http.StatusTooManyRequests
	}
}

// errShifted is a listing whose pages do not fit together.
var errShifted = errors.New("the listing changed while it was read")

// listPeople reads all pages, again from the first when they do not fit together:
// without an order, and where rows come and go, that is noticed.
func (c *Client) listPeople(ctx context.Context, op string, sorted bool) ([]membership.Person, error) {
	for attempt := 1; ; attempt++ {
		people, err := c.listPeopleOnce(ctx, op, sorted)
		if !errors.Is(err, errShifted) || ctx.Err() != nil || attempt >= listingAttempts {
			return people, err
		}
	}
}

func (c *Client) listPeopleOnce(ctx context.Context, op string, sorted bool) ([]membership.Person, error) {
	l := peopleListing{rows: map[membership.Principal]int{}, total: -1}
	for page := range maxPages {
		answer, err := c.entityPage(ctx, op, l.received, sorted)
		if err != nil {
			return nil, err
		}
		if err := c.sameTenant(op, text(answer.TenantID)); err != nil {
			return nil, err
		}
		for _, row := range value(answer.Results) {
			if err := c.sameTenant(op, text(row.TenantID)); err != nil {
				return nil, err
			}
		}
		done, err := l.take(answer, page)
		if err != nil {
			return nil, c.unfit(op, err)
		}
		if done {
			slices.SortFunc(l.people, func(a, b membership.Person) int {
				return strings.Compare(a.String(), b.String())
			})
			return l.people, nil
		}
	}
	return nil, &membership.Error{Failure: membership.Malformed, Op: op, Err: fmt.Errorf("the listing has no end: gave up after %d pages", maxPages)}
}

// unfit words what [peopleListing.take] found wrong.
func (c *Client) unfit(op string, err error) error {
	e := &membership.Error{Failure: membership.Malformed, Op: op, Err: err}
	if errors.Is(err, errShifted) {
		e.Failure = membership.Passing
	}
	return e
}

// pageQuery asks for the page that begins after offset rows. It filters
// nothing: neither the fields nor their rules on letter case are documented
// (blink 19), so that a filter that finds nobody would say nothing.
func pageQuery(offset int, sorted bool) blinkwire.Query {
	limit := pageSize
	query := blinkwire.Query{Offset: &offset, Limit: &limit}
	if sorted {
		query.Sort = &[]string{sortField}
	}
	return query
}

// entityPage reads the page that begins after offset rows. The documented 404
// "Entity not found" is an empty page (blink 20). A tenant without anybody cannot
// be, so at the beginning it counts only where no order was asked for.
func (c *Client) entityPage(ctx context.Context, op string, offset int, sorted bool) (*blinkwire.TenantEntityPage, error) {
	query := pageQuery(offset, sorted)
	var page *blinkwire.TenantEntityPage
	err := c.read(ctx, op,
		func(ctx context.Context) (*http.Response, error) {
			return c.calls.ListTenantEntities(ctx, &blinkwire.ListTenantEntitiesParams{Q: &query})
		},
		func(dec *json.Decoder) error {
			page = nil
			if err := dec.Decode(&page); err != nil {
				return err
			}
			return checkPage(page)
		})
	if membership.FailureOf(err) == membership.Gone && (offset > 0 || !sorted) {
		return &blinkwire.TenantEntityPage{}, nil
	}
	return page, err
}

// checkPage refuses an answer that is no page. A list of no rows may come as
// null, which is how the vendor's language writes an empty one.
func checkPage(page *blinkwire.TenantEntityPage) error {
	switch {
	case page == nil:
		return errors.New("it is null, not an object")
	case page.Results == nil && page.Total == nil:
		return errors.New("it has neither results nor a total")
	case page.Total != nil && *page.Total < 0:
		return fmt.Errorf("its total is %d", *page.Total)
	default:
		return nil
	}
}

// peopleListing collects pages.
type peopleListing struct {
	people []membership.Person
	// rows maps a row to the page that it came on.
	rows map[membership.Principal]int
	// received counts the rows, and is the next page's offset.
	received int
	// total is the number of rows that the service told; -1 before it did.
	total int
}

// take adds a page and tells whether it was the last one.
func (l *peopleListing) take(page *blinkwire.TenantEntityPage, number int) (done bool, err error) {
	if page.Offset != nil && *page.Offset != l.received {
		return false, fmt.Errorf("%w: asked for the rows from %d, the service gave those from %d", errShifted, l.received, *page.Offset)
	}
	if page.Total != nil {
		if l.total >= 0 && l.total != *page.Total {
			return false, fmt.Errorf("%w: it had %d rows, then %d", errShifted, l.total, *page.Total)
		}
		l.total = *page.Total
	}
	rows := value(page.Results)
	for i := range rows {
		if err := l.add(&rows[i], number); err != nil {
			return false, err
		}
	}
	l.received += len(rows)
	switch {
	case l.total >= 0 && l.received > l.total:
		return false, fmt.Errorf("%w: it has %d rows by its own count, and gave %d", errShifted, l.total, l.received)
	case l.received == l.total:
		return true, nil
	case len(rows) > 0:
		return false, nil
	case l.total > l.received:
		return false, fmt.Errorf("%w: it has %d rows by its own count, and ended after %d", errShifted, l.total, l.received)
	default:
		return true, nil
	}
}

// add converts a row. A row that was on an earlier page already means that rows
// moved between the pages, so that others may have been missed; twice on one
// page is only a repetition.
func (l *peopleListing) add(row *blinkwire.TenantEntity, page int) error {
	entityType, id := text(row.EntityType), text(row.EntityID)
	kind := kindOf(entityType)
	switch {
	case kind == "":
		return fmt.Errorf("the answer does not have the documented shape: the row of %q has no entity_type", plainText(id))
	case kind.Managed() && id == "":
		return fmt.Errorf("the answer does not have the documented shape: a %s has no entity_id", kind)
	case id == "":
		return nil
	}
	key := membership.Principal{Kind: kind, ID: id}
	if before, twice := l.rows[key]; twice {
		if before != page {
			return fmt.Errorf("%w: %s %s came on two pages", errShifted, kind, plainText(id))
		}
		return nil
	}
	l.rows[key] = page
	l.people = append(l.people, personOf(key, row))
	return nil
}

func personOf(p membership.Principal, row *blinkwire.TenantEntity) membership.Person {
	person := membership.Person{
		Principal:   p,
		Email:       text(row.Email),
		Name:        text(row.Name),
		MemberCount: value(row.MemberCount),
		Aliases:     value(row.AuthIds),
	}
	if role := text(row.Role); role != "" {
		person.Roles = []string{role}
	}
	setStatus(&person, text(row.Status))
	person.Invite = person.Invite || value(row.IsInvite)
	return person
}

// setStatus reads a status. The pages name Active, Inactive, Invited and, the
// older ones, Invitation Expired; how the API spells them is not documented
// (blink 9).
func setStatus(p *membership.Person, status string) {
	p.Status = status
	p.Inactive = strings.EqualFold(status, "inactive")
	p.Invite = strings.HasPrefix(strings.ToLower(status), "invit")
}
