package engine

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Seed is the world that a [Server] starts with: a part for each product, the
// switches, and what goes wrong. SEED.md describes its JSON form. A copy shares
// the parts and the switches with what it was copied from.
type Seed struct {
	parts     map[string]Part
	behaviour map[string]any
	Faults    Faults
}

// PartOf gives a product's part of a seed, to read and to change.
func PartOf[P Part](s *Seed, p *Product) P {
	part, _ := s.partOf(p).(P) // the product says of which type its parts are
	return part
}

// BehaviourOf gives a product's switches of a seed, to read and to change.
func BehaviourOf[B any](s *Seed, p *Product) *B {
	how, _ := s.behaviourOf(p).(*B) // the product says of which type its switches are
	return how
}

// SeedOf makes a seed that has one part and nothing else.
func SeedOf(p *Product, part Part) Seed { return Seed{parts: map[string]Part{p.Name: part}} }

// ClearBehaviour gives every switch its default again.
func (s *Seed) ClearBehaviour() { s.behaviour = nil }

func (s *Seed) partOf(p *Product) Part {
	if s.parts == nil {
		s.parts = map[string]Part{}
	}
	if s.parts[p.Name] == nil {
		s.parts[p.Name] = p.NewPart()
	}
	return s.parts[p.Name]
}

func (s *Seed) behaviourOf(p *Product) any {
	if s.behaviour == nil {
		s.behaviour = map[string]any{}
	}
	if s.behaviour[p.Name] == nil {
		s.behaviour[p.Name] = p.NewBehaviour()
	}
	return s.behaviour[p.Name]
}

// MarshalJSON gives the form that [Table.ParseSeed] reads; what is empty is left out.
func (s Seed) MarshalJSON() ([]byte, error) {
	object := map[string]any{}
	for name, part := range s.parts {
		if !reflect.ValueOf(part).Elem().IsZero() {
			object[name] = part
		}
	}
	how := map[string]any{}
	for name, switches := range s.behaviour {
		if !reflect.ValueOf(switches).Elem().IsZero() {
			how[name] = switches
		}
	}
	if len(how) > 0 {
		object["behaviour"] = how
	}
	if !reflect.ValueOf(s.Faults).IsZero() {
		object["faults"] = s.Faults
	}
	return json.Marshal(object)
}

// ParseSeed reads a seed in its JSON form (SEED.md) and checks it. Unknown
// fields, wrong types, doubled names and contradictions are errors that name the
// JSON path and the line.
func (t Table) ParseSeed(text []byte) (Seed, error) {
	var s Seed
	fields, how := object{"faults": &s.Faults}, object{}
	for _, p := range t {
		fields[p.Name] = s.partOf(p)
		how[p.Name] = s.behaviourOf(p)
	}
	fields["behaviour"] = how
	err := decodeStrict(text, fields, func() []problem { return t.problems(s) })
	return s, err
}

// DefaultSeedJSON is the seed that is built in: that of each product.
func (t Table) DefaultSeedJSON() []byte {
	parts := make([]string, len(t))
	for i, p := range t {
		parts[i] = fmt.Sprintf("  %q: %s", p.Name, strings.ReplaceAll(strings.TrimSpace(string(p.DefaultSeed)), "\n", "\n  "))
	}
	return []byte("{\n" + strings.Join(parts, ",\n") + "\n}\n")
}

// DefaultSeed is the same, read.
func (t Table) DefaultSeed() (Seed, error) { return t.ParseSeed(t.DefaultSeedJSON()) }

// Validate checks everything that the service relies on; a *[SeedError] names every problem.
func (t Table) Validate(s Seed) error {
	if ps := t.problems(s); len(ps) > 0 {
		return &SeedError{ps}
	}
	return nil
}

func (t Table) problems(s Seed) []problem {
	var ps []problem
	for _, p := range t {
		of := Problems{prefix: p.Name + "."}
		s.partOf(p).Problems(&of)
		ps = append(ps, of.list...)
		ps = append(ps, behaviourProblems(p.Name, s.behaviourOf(p))...)
	}
	return append(ps, t.faultProblems(s.Faults)...)
}

// problem is a fault of a seed at a path such as "PRODUCT.users[2].email".
type problem struct{ path, text string }

// SeedError says everything that is wrong with a seed.
type SeedError struct{ problems []problem }

// Error gives one line a problem, each with its JSON path.
func (e *SeedError) Error() string {
	lines := make([]string, len(e.problems))
	for i, p := range e.problems {
		lines[i] = p.path + ": " + p.text
	}
	return "the seed is not valid:\n  " + strings.Join(lines, "\n  ")
}

// Problems collects what is wrong with a part of a seed.
type Problems struct {
	prefix string
	list   []problem
}

// Addf adds a problem at a path below the part, such as "users[2].email".
func (ps *Problems) Addf(path, format string, args ...any) {
	ps.list = append(ps.list, problem{ps.prefix + path, fmt.Sprintf(format, args...)})
}

// Words adds a problem where a word is not one of those that are allowed.
func (ps *Problems) Words(path, word string, allowed []string) {
	if !slices.Contains(allowed, word) {
		ps.Addf(path, "%q is not one of %s", word, quoted(allowed))
	}
}

// Email adds a problem where a text is no e-mail address, or that of another user.
func (ps *Problems) Email(path, address string, others *Unique[string]) {
	if !strings.Contains(address, "@") {
		ps.Addf(path, "%q is no e-mail address", address)
		return
	}
	others.Add(ps, path, strings.ToLower(address))
}

// ID adds a problem where an id cannot be part of a path, or is that of another.
func (ps *Problems) ID(path, id string, others *Unique[string]) {
	if text := badID(id); text != "" {
		ps.Addf(path, "%s", text)
		return
	}
	others.Add(ps, path, id)
}

// Unique reports values that occur twice, and where they were first.
type Unique[T comparable] struct {
	what string
	seen map[T]string
}

// NewUnique makes a check of values that people call by what.
func NewUnique[T comparable](what string) *Unique[T] { return &Unique[T]{what, map[T]string{}} }

// Add takes a value, and adds a problem where it has been taken before.
func (u *Unique[T]) Add(ps *Problems, path string, v T) {
	if first, twice := u.seen[v]; twice {
		ps.Addf(path, "the %s %v is at %s already", u.what, v, first)
		return
	}
	u.seen[v] = ps.prefix + path
}

// Has tells if a value has been taken.
func (u *Unique[T]) Has(v T) bool {
	_, seen := u.seen[v]
	return seen
}

// badID says what keeps an id from standing in a path; "" for nothing.
func badID(id string) string {
	switch {
	case id == "":
		return "is missing"
	case strings.ContainsAny(id, "/?#%\\") || id == "." || id == "..":
		return fmt.Sprintf("%q cannot stand in a path: no /, ?, #, %%, \\ and not . or ..", id)
	case strings.TrimSpace(id) != id || strings.ContainsFunc(id, unicode.IsControl):
		return fmt.Sprintf("%q has white space around it or control characters in it", id)
	}
	return ""
}

// NameFromEmail makes "Alice Example" of "alice.example@example.com".
func NameFromEmail(email string) string {
	local, _, _ := strings.Cut(email, "@")
	words := strings.FieldsFunc(local, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

func sortedKeys[V any](m map[string]V) []string {
	ks := make([]string, 0, len(m))
	for k := range m {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}
