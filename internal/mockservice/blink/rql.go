package blink

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// rql is a query in the language of https://docs.blinkops.com/docs/api/rql:
// a JSON object with limit, offset, filter, sort and select.
type rql struct {
	limit, offset int
	all           []condition
	sort          []sortKey
	fields        []string
	foldCase      bool
}

type sortKey struct {
	field string
	desc  bool
}

// condition holds for a person; or is an alternative.
type condition struct {
	field, op string
	value     any
	anyOf     [][]condition
}

// The vendor documents the largest limit; what a query without one gets is not documented.
const (
	maxRQLLimit     = 1000
	defaultRQLLimit = 100
)

var personFields = []string{
	"auth_ids", "description", "email", "entity_id", "entity_type", "is_invite", "member_count", "name", "role", "status",
}

func parseRQL(text string) (rql, error) {
	q := rql{limit: defaultRQLLimit}
	if text == "" {
		return q, nil
	}
	var raw struct {
		Limit  *json.Number   `json:"limit"`
		Offset *json.Number   `json:"offset"`
		Filter map[string]any `json:"filter"`
		Sort   []string       `json:"sort"`
		Select []string       `json:"select"`
		CI     bool           `json:"ci"`
	}
	d := json.NewDecoder(bytes.NewBufferString(text))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&raw); err != nil {
		return q, fmt.Errorf("q is no RQL object: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return q, errors.New("q holds more than one JSON value")
	}
	if raw.Limit != nil {
		n, err := raw.Limit.Int64()
		if err != nil || n <= 0 || n > maxRQLLimit {
			return q, fmt.Errorf("limit %s is not in 1..%d", *raw.Limit, maxRQLLimit)
		}
		q.limit = int(n)
	}
	if raw.Offset != nil {
		n, err := raw.Offset.Int64()
		if err != nil || n < 0 || n > 1<<31 {
			return q, fmt.Errorf("offset %s is not an offset", *raw.Offset)
		}
		q.offset = int(n)
	}
	for _, s := range raw.Sort {
		k := sortKey{field: strings.TrimLeft(s, "+-"), desc: strings.HasPrefix(s, "-")}
		if !slices.Contains(personFields, k.field) {
			return q, fmt.Errorf("cannot sort by %q", s)
		}
		q.sort = append(q.sort, k)
	}
	for _, f := range raw.Select {
		if !slices.Contains(personFields, f) {
			return q, fmt.Errorf("cannot select %q", f)
		}
	}
	q.fields, q.foldCase = raw.Select, raw.CI
	var err error
	q.all, err = parseConditions(raw.Filter, 0)
	return q, err
}

func parseConditions(filter map[string]any, depth int) ([]condition, error) {
	if depth > 16 {
		return nil, errors.New("the filter is nested too deeply")
	}
	var all []condition
	for _, field := range slices.Sorted(maps.Keys(filter)) {
		v := filter[field]
		if field == "$or" || field == "$and" {
			list, ok := v.([]any)
			if !ok {
				return nil, fmt.Errorf("%s takes a list of conditions", field)
			}
			branches := [][]condition{}
			for _, one := range list {
				m, ok := one.(map[string]any)
				if !ok {
					return nil, fmt.Errorf("%s takes a list of objects", field)
				}
				branch, err := parseConditions(m, depth+1)
				if err != nil {
					return nil, err
				}
				if field == "$and" {
					all = append(all, branch...)
				}
				branches = append(branches, branch)
			}
			if field == "$or" {
				all = append(all, condition{anyOf: branches})
			}
			continue
		}
		if !slices.Contains(personFields, field) {
			return nil, fmt.Errorf("there is no field %q", field)
		}
		ops, isOps := v.(map[string]any)
		if !isOps {
			ops = map[string]any{"$eq": v}
		}
		for _, op := range slices.Sorted(maps.Keys(ops)) {
			if !slices.Contains([]string{"$eq", "$neq", "$gt", "$lt", "$gte", "$lte", "$like"}, op) {
				return nil, fmt.Errorf("there is no operator %q", op)
			}
			switch ops[op].(type) {
			case string, bool, json.Number:
			default:
				return nil, fmt.Errorf("%s of %s takes a string, a number or a boolean", op, field)
			}
			all = append(all, condition{field: field, op: op, value: ops[op]})
		}
	}
	return all, nil
}

func (q rql) matches(p personBody) bool { return q.allMatch(q.all, p) }

func (q rql) allMatch(cs []condition, p personBody) bool {
	for _, c := range cs {
		if c.anyOf != nil {
			if !slices.ContainsFunc(c.anyOf, func(branch []condition) bool { return q.allMatch(branch, p) }) {
				return false
			}
			continue
		}
		if !q.holds(c, p) {
			return false
		}
	}
	return true
}

func (q rql) holds(c condition, p personBody) bool {
	have, want := p.field(c.field), fmt.Sprint(c.value)
	if q.foldCase {
		have, want = strings.ToLower(have), strings.ToLower(want)
	}
	order := strings.Compare(have, want)
	if n, isNumber := c.value.(json.Number); isNumber && c.field == "member_count" {
		if f, err := n.Float64(); err == nil {
			order = cmp.Compare(float64(p.MemberCount), f)
		}
	}
	switch c.op {
	case "$eq":
		return order == 0
	case "$neq":
		return order != 0
	case "$gt":
		return order > 0
	case "$lt":
		return order < 0
	case "$gte":
		return order >= 0
	case "$lte":
		return order <= 0
	default:
		return like(have, want)
	}
}

// like matches a pattern in which % stands for any text, without backtracking into the exponential.
func like(text, pattern string) bool {
	parts := strings.Split(pattern, "%")
	if len(parts) == 1 {
		return text == pattern
	}
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[last])
}

func (p personBody) field(name string) string {
	switch name {
	case "auth_ids":
		return strings.Join(p.AuthIDs, ",")
	case "description":
		return p.Description
	case "email":
		return p.Email
	case "entity_id":
		return p.EntityID
	case "entity_type":
		return p.EntityType
	case "is_invite":
		return fmt.Sprint(p.IsInvite != nil && *p.IsInvite)
	case "member_count":
		return fmt.Sprint(p.MemberCount)
	case "name":
		return p.Name
	case "role":
		return p.Role
	default:
		return p.Status
	}
}

func (q rql) compare(a, b personBody) int {
	for _, k := range q.sort {
		var order int
		if k.field == "member_count" {
			order = cmp.Compare(a.MemberCount, b.MemberCount)
		} else {
			order = strings.Compare(a.field(k.field), b.field(k.field))
		}
		if k.desc {
			order = -order
		}
		if order != 0 {
			return order
		}
	}
	return 0
}

// project keeps the selected fields.
func (q rql) project(p personBody) any {
	if len(q.fields) == 0 {
		return p
	}
	all := map[string]any{
		"auth_ids": p.AuthIDs, "description": p.Description, "email": p.Email, "entity_id": p.EntityID, "entity_type": p.EntityType,
		"member_count": p.MemberCount, "name": p.Name, "role": p.Role, "status": p.Status,
	}
	if p.IsInvite != nil {
		all["is_invite"] = *p.IsInvite
	}
	kept := map[string]any{}
	for _, f := range q.fields {
		if v, there := all[f]; there {
			kept[f] = v
		}
	}
	return kept
}
