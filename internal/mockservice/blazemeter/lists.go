package blazemeter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

const defaultPageLimit = 10 // what every unpaged sample of the vendor shows

// list is what a call asks a list for.
type list struct {
	c           *engine.Call
	how         *Behaviour
	limit, skip int
	filter      filter
	hidden      int // rows that are not shown, as the list tells it
	uncounted   int // those of them that its total counts
}

// list reads the parameters of a list, or answers in refusal.
func (s *state) list(c *engine.Call, how *Behaviour, roles []string) (l list, refusal engine.Answer, ok bool) {
	l = list{c: c, how: how, limit: defaultPageLimit}
	bad := func(format string, args ...any) (list, engine.Answer, bool) {
		return l, s.fail(http.StatusBadRequest, fmt.Sprintf(format, args...)), false
	}
	q := c.Request.URL.Query()
	for name, into := range map[string]*int{"limit": &l.limit, "skip": &l.skip} {
		if !q.Has(name) {
			continue
		}
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || n < 0 || name == "limit" && n == 0 {
			return bad("%s %q is not valid", name, q.Get(name))
		}
		*into = n
	}
	if how.MaxPageSize > 0 && l.limit > how.MaxPageSize {
		if how.OverMaxPageSize == "refuse" {
			return bad("limit must not be above %d", how.MaxPageSize)
		}
		l.limit = how.MaxPageSize
	}
	l.filter = filter{roles: q["roles[]"], exclude: q["excludeRoles[]"], text: strings.ToLower(q.Get("textFilter"))}
	if q.Has("enabled") {
		b, err := strconv.ParseBool(q.Get("enabled"))
		if err != nil {
			return bad("enabled %q is not a boolean", q.Get("enabled"))
		}
		l.filter.enabled = &b
	}
	for _, r := range slices.Concat(l.filter.roles, l.filter.exclude) {
		if !slices.Contains(roles, r) {
			return bad("there is no role %q", r)
		}
	}
	return l, engine.Answer{}, true
}

// answer gives the page that was asked for, and makes only the rows of that page.
func answer[T any](s *state, l list, all []T, render func(T) (id string, row any)) engine.Answer {
	total := len(all) + l.uncounted + l.how.TotalOff + l.c.TotalDrift(l.skip)
	e := envelope{Limit: &l.limit, Skip: &l.skip, Hidden: &l.hidden, APIVersion: 4, RequestID: s.RequestID()}
	switch l.how.Total {
	case "number":
		e.Total = total
	case "string":
		e.Total = strconv.Itoa(total)
	case "n/a":
		e.Total = "n/a"
	}
	byID, rows := map[string]any{}, []any{}
	for _, one := range engine.CutPage(l.c, all, l.skip, l.limit) {
		id, row := render(one)
		byID[id] = row
		rows = append(rows, row)
	}
	e.Result = rows
	if l.how.ListResult == "object" {
		e.Result = byID
	}
	a := engine.JSON(http.StatusOK, e)
	a.Undescribed = l.how.RolesShape != "array"
	return a
}

// turned gives the rows in another order for each turn, every row once.
func turned[T any](rows []T, turn int) []T {
	if len(rows) == 0 {
		return rows
	}
	at := turn % len(rows)
	return slices.Concat(rows[at:], rows[:at])
}

// rolesIn gives roles in a shape.
func rolesIn(shape string, roles, known []string) any {
	switch shape {
	case "object": // as PHP writes a list from which the first has been filtered out
		byIndex := map[string]string{}
		for i, r := range roles {
			byIndex[strconv.Itoa(i+1)] = r
		}
		return byIndex
	case "null":
		return json.RawMessage("null")
	case "missing":
		return nil
	case "empty":
		return []string{}
	case "several":
		another := slices.IndexFunc(known, func(r string) bool { return !slices.Contains(roles, r) })
		return append(slices.Clone(roles), known[max(another, 0)])
	}
	return append([]string{}, roles...)
}

// filter is what a list can be narrowed by.
type filter struct {
	enabled        *bool
	roles, exclude []string
	text           string
}

func (f filter) matches(email string, roles []string, enabled bool) bool {
	has := func(list []string) bool {
		return slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(list, r) })
	}
	return (f.enabled == nil || *f.enabled == enabled) &&
		(len(f.roles) == 0 || has(f.roles)) && !has(f.exclude) &&
		(f.text == "" || strings.Contains(strings.ToLower(email), f.text))
}

// key tells filters apart.
func (f filter) key() string {
	enabled := "any"
	if f.enabled != nil {
		enabled = strconv.FormatBool(*f.enabled)
	}
	return fmt.Sprintf("%s %q %q %q", enabled, f.roles, f.exclude, f.text)
}

// pageCache keeps the rows that fit a filter, so that the pages of one listing
// cost one search. It forgets everything when the version changes.
type pageCache[T any] struct {
	version string
	found   map[string][]T
}

func (p *pageCache[T]) get(version, filter string, find func() []T) []T {
	if p.version != version || p.found == nil {
		p.version, p.found = version, map[string][]T{}
	}
	rows, known := p.found[filter]
	if !known {
		rows = find()
		if len(p.found) < 16 {
			p.found[filter] = rows
		}
	}
	return rows
}
