package engine

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxDepth bounds how deeply JSON may nest here.
const maxDepth = 32

// node is a JSON value that remembers where it stands.
type node struct {
	path string
	line int
	// value is nil, bool, string, json.Number, []*node or []field.
	value any
}

type field struct {
	name string
	node *node
}

// LocatedError says what is wrong with JSON text, where each thing stands.
type LocatedError struct {
	// Lines are the problems, each "line 3, PRODUCT.users[0].email: ...".
	Lines []string
}

// Error gives the problems one a line.
func (e *LocatedError) Error() string { return strings.Join(e.Lines, "\n") }

// object is what stands for a struct whose fields are not known to this
// package: pointers, or objects again, by name.
type object map[string]any

// decodeStrict fills into (a pointer, or an object of them), and then has check
// look for what types cannot say.
func decodeStrict(text []byte, into any, check func() []problem) error {
	root, err := parseTree(text)
	if err != nil {
		return err
	}
	d := decoder{lines: map[string]int{}}
	d.index(root)
	d.into(root, into)
	ps := d.problems
	if len(ps) == 0 {
		ps = check()
	}
	if len(ps) == 0 {
		return nil
	}
	e := &LocatedError{}
	for _, p := range ps {
		e.Lines = append(e.Lines, fmt.Sprintf("line %d, %s: %s", d.lineOf(p.path), p.path, p.text))
	}
	return e
}

// parseTree reads exactly one JSON object.
func parseTree(text []byte) (*node, error) {
	if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
		text = text[3:]
	}
	p := treeParser{text: text, d: json.NewDecoder(bytes.NewReader(text)), line: 1}
	p.d.UseNumber()
	root, err := p.value("", 0)
	if err != nil {
		return nil, p.located(err)
	}
	if _, err := p.d.Token(); !errors.Is(err, io.EOF) {
		return nil, &LocatedError{[]string{fmt.Sprintf("line %d: there is something after the end of the JSON value", p.lineNow())}}
	}
	if _, ok := root.value.([]field); !ok {
		return nil, &LocatedError{[]string{"line 1: an object {...} is needed"}}
	}
	return root, nil
}

type treeParser struct {
	text []byte
	d    *json.Decoder
	seen int64 // up to where lines are counted
	line int
}

func (p *treeParser) lineNow() int {
	at := min(p.d.InputOffset(), int64(len(p.text)))
	if at > p.seen {
		p.line += bytes.Count(p.text[p.seen:at], []byte("\n"))
		p.seen = at
	}
	return p.line
}

func (p *treeParser) located(err error) error {
	line := p.lineNow()
	if s := new(json.SyntaxError); errors.As(err, &s) {
		line = 1 + bytes.Count(p.text[:min(max(s.Offset, 0), int64(len(p.text)))], []byte("\n"))
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the JSON text ends too early")
	}
	return &LocatedError{[]string{fmt.Sprintf("line %d: %v", line, err)}}
}

func (p *treeParser) value(path string, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%s is nested more than %d deep", path, maxDepth)
	}
	t, err := p.d.Token()
	if err != nil {
		return nil, err
	}
	n := &node{path: path, line: p.lineNow(), value: t}
	switch t {
	case json.Delim('{'):
		fields, taken := []field{}, map[string]bool{}
		for p.d.More() {
			t, err := p.d.Token()
			if err != nil {
				return nil, err
			}
			name, ok := t.(string)
			if !ok { // the decoder lets nothing else stand here
				return nil, fmt.Errorf("%v is no name of a field", t)
			}
			at := name
			if path != "" {
				at = path + "." + at
			}
			line := p.lineNow()
			v, err := p.value(at, depth+1)
			if err != nil {
				return nil, err
			}
			if taken[v.path] {
				return nil, fmt.Errorf("%s stands there twice", at)
			}
			taken[v.path] = true
			v.line = line
			fields = append(fields, field{name, v})
		}
		n.value = fields
	case json.Delim('['):
		items := []*node{}
		for p.d.More() {
			v, err := p.value(path+"["+strconv.Itoa(len(items))+"]", depth+1)
			if err != nil {
				return nil, err
			}
			items = append(items, v)
		}
		n.value = items
	default:
		return n, nil
	}
	_, err = p.d.Token() // the closing bracket
	return n, err
}

// decoder puts a tree into Go values and collects everything that does not fit.
type decoder struct {
	lines    map[string]int
	problems []problem
}

func (d *decoder) index(n *node) {
	d.lines[n.path] = n.line
	switch v := n.value.(type) {
	case []field:
		for _, f := range v {
			d.index(f.node)
		}
	case []*node:
		for _, item := range v {
			d.index(item)
		}
	}
}

// lineOf gives the line of a path, or of the nearest thing around it.
func (d *decoder) lineOf(path string) int {
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return max(1, d.lines[""])
}

func (d *decoder) badf(n *node, format string, args ...any) {
	path := n.path
	if path == "" {
		path = "(top)"
		d.lines[path] = n.line
	}
	d.problems = append(d.problems, problem{path, fmt.Sprintf(format, args...)})
}

func (d *decoder) into(n *node, into any) {
	o, ok := into.(object)
	if !ok {
		d.decode(n, reflect.ValueOf(into).Elem())
		return
	}
	d.decodeFields(n, sortedKeys(o), func(name string, n *node) { d.into(n, o[name]) })
}

func (d *decoder) decode(n *node, into reflect.Value) {
	if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](into.Addr()); ok {
		text, isText := n.value.(string)
		if !isText {
			d.badf(n, "a string is needed, not %s", describe(n.value))
			return
		}
		if err := u.UnmarshalText([]byte(text)); err != nil {
			d.badf(n, "%v", err)
		}
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		d.decodeStruct(n, into)
	case reflect.Map:
		d.decodeMap(n, into)
	case reflect.Slice:
		items, ok := n.value.([]*node)
		if !ok {
			d.badf(n, "a list [...] is needed, not %s", describe(n.value))
			return
		}
		list := reflect.MakeSlice(into.Type(), len(items), len(items))
		for i, item := range items {
			d.decode(item, list.Index(i))
		}
		into.Set(list)
	case reflect.String:
		text, ok := n.value.(string)
		if !ok {
			d.badf(n, "a string is needed, not %s", describe(n.value))
			return
		}
		into.SetString(text)
	case reflect.Bool:
		b, ok := n.value.(bool)
		if !ok {
			d.badf(n, "true or false is needed, not %s", describe(n.value))
			return
		}
		into.SetBool(b)
	default:
		d.decodeNumber(n, into)
	}
}

func (d *decoder) decodeNumber(n *node, into reflect.Value) {
	number, ok := n.value.(json.Number)
	if !ok {
		d.badf(n, "a number is needed, not %s", describe(n.value))
		return
	}
	switch {
	case into.CanFloat():
		f, err := number.Float64()
		if err != nil || math.IsInf(f, 0) {
			d.badf(n, "%s is out of range", number)
			return
		}
		into.SetFloat(f)
	case into.CanInt():
		i, err := strconv.ParseInt(number.String(), 10, into.Type().Bits())
		if err != nil {
			d.badf(n, "%s is no whole number in range", number)
			return
		}
		into.SetInt(i)
	default:
		u, err := strconv.ParseUint(number.String(), 10, 64)
		if err != nil {
			d.badf(n, "%s is no whole number in range", number)
			return
		}
		into.SetUint(u)
	}
}

func (d *decoder) decodeStruct(n *node, into reflect.Value) {
	byName := map[string]int{}
	for i := range into.NumField() {
		name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
		byName[name] = i
	}
	d.decodeFields(n, sortedKeys(byName), func(name string, n *node) { d.decode(n, into.Field(byName[name])) })
}

// decodeFields hands the fields of an object on, those that are allowed.
func (d *decoder) decodeFields(n *node, allowed []string, each func(name string, n *node)) {
	fields, ok := n.value.([]field)
	if !ok {
		d.badf(n, "an object {...} is needed, not %s", describe(n.value))
		return
	}
	for _, f := range fields {
		if !slices.Contains(allowed, f.name) {
			d.badf(f.node, "there is no such field; here may stand %s", strings.Join(allowed, ", "))
			continue
		}
		each(f.name, f.node)
	}
}

func (d *decoder) decodeMap(n *node, into reflect.Value) {
	fields, ok := n.value.([]field)
	if !ok {
		d.badf(n, "an object {...} is needed, not %s", describe(n.value))
		return
	}
	m := reflect.MakeMapWithSize(into.Type(), len(fields))
	for _, f := range fields {
		k := reflect.ValueOf(f.name).Convert(into.Type().Key())
		v := reflect.New(into.Type().Elem()).Elem()
		d.decode(f.node, v)
		m.SetMapIndex(k, v)
	}
	into.Set(m)
}

func describe(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case []*node:
		return "a list"
	default:
		return "an object"
	}
}
