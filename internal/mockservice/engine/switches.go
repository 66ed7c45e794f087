package engine

import (
	"encoding"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Switch is one thing that a vendor does not document, and which the service
// therefore does in every way that a client has to bear. A product's switches
// are the fields of one struct, with these tags:
//
//	json    the name
//	values  the values of a string or an int, separated by commas, the default first
//	default the default of any other int or [Duration]; min its smallest value
//	help    one sentence on what the values mean
//
// A field that is zero has its default.
type Switch struct {
	// Name is the product's name and the switch's, joined with a dot.
	Name string `json:"name"`
	// Values are all values, the default first; nil for a number or a length of time.
	Values []string `json:"values,omitempty"`
	// Default is the value that holds unless another is set.
	Default string `json:"default"`
	// Min is the smallest value of a number.
	Min int64 `json:"min,omitempty"`
	// Help is one sentence on what the values mean.
	Help string `json:"help"`
}

// values spells out what a switch may be set to.
func (w Switch) values() string {
	if w.Values != nil {
		return strings.Join(w.Values, " | ")
	}
	return w.Default + ", or another"
}

// switches ranges over the switches of a product and the fields that hold them in a struct of its.
func switches(product string, how any) iter.Seq2[Switch, reflect.Value] {
	return func(yield func(Switch, reflect.Value) bool) {
		v := reflect.ValueOf(how).Elem()
		for i := range v.NumField() {
			tag := v.Type().Field(i).Tag
			name, _, _ := strings.Cut(tag.Get("json"), ",")
			w := Switch{Name: product + "." + name, Default: tag.Get("default"), Help: tag.Get("help")}
			if values := tag.Get("values"); values != "" {
				w.Values = strings.Split(values, ",")
				w.Default = w.Values[0]
			}
			if n, err := strconv.ParseInt(tag.Get("min"), 10, 64); err == nil { // none: zero
				w.Min = n
			}
			if !yield(w, v.Field(i)) {
				return
			}
		}
	}
}

// text gives a field as it would be set.
func (w Switch) text(v reflect.Value) string {
	if d, ok := reflect.TypeAssert[Duration](v); ok {
		return time.Duration(d).String()
	}
	return fmt.Sprint(v.Interface())
}

// set puts a text into a field.
func (w Switch) set(v reflect.Value, text string) error {
	if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			return err
		}
	} else if v.CanInt() {
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		v.SetInt(n)
	} else {
		v.SetString(text)
	}
	return w.allow(v)
}

// check says what is wrong with a field. One that is zero has its default.
func (w Switch) check(v reflect.Value) error {
	if v.IsZero() {
		return nil
	}
	return w.allow(v)
}

// allow says what is wrong with the value of a field.
func (w Switch) allow(v reflect.Value) error {
	switch {
	case w.Values != nil:
		if text := w.text(v); !slices.Contains(w.Values, text) {
			return fmt.Errorf("%s is not one of %s", strconv.Quote(text), quoted(w.Values))
		}
	case v.CanInt() && v.Int() < w.Min:
		return fmt.Errorf("%s is below %d", w.text(v), w.Min)
	}
	return nil
}

// withDefaults gives a copy of a struct of switches with each spelled out.
func withDefaults(product string, how any) any {
	full := reflect.New(reflect.TypeOf(how).Elem())
	full.Elem().Set(reflect.ValueOf(how).Elem())
	for w, v := range switches(product, full.Interface()) {
		if v.IsZero() && w.Default != "" {
			_ = w.set(v, w.Default) // a test holds that every default can be set
		}
	}
	return full.Interface()
}

// behaviourProblems names the switches that do not have one of their values.
func behaviourProblems(product string, how any) []problem {
	ps := Problems{prefix: "behaviour."}
	for w, v := range switches(product, how) {
		if err := w.check(v); err != nil {
			ps.Addf(w.Name, "%v", err)
		}
	}
	return ps.list
}

// setSwitch sets one switch by its whole name.
func setSwitch(product string, how any, name, value string) error {
	for w, v := range switches(product, how) {
		if w.Name == name {
			return w.set(v, value)
		}
	}
	return fmt.Errorf("there is no switch %q", name)
}

// Switches lists every switch of every product.
func (t Table) Switches() []Switch {
	var all []Switch
	for _, p := range t {
		for w := range switches(p.Name, p.NewBehaviour()) {
			all = append(all, w)
		}
	}
	return all
}

// BehaviourHelp lists the switches, each with its values (the default first) and
// a sentence on what they mean.
func (t Table) BehaviourHelp() string {
	var text strings.Builder
	for _, w := range t.Switches() {
		_, _ = fmt.Fprintf(&text, "  %-32s %s\n      %s\n", w.Name, w.values(), w.Help)
	}
	return text.String()
}

// SetSwitch sets one switch of a seed by its name, such as "PRODUCT.role_case".
func (t Table) SetSwitch(seed *Seed, name, value string) error {
	product, _, _ := strings.Cut(name, ".")
	p := t.product(product)
	if p == nil {
		return fmt.Errorf("there is no switch %q", name)
	}
	return setSwitch(product, seed.behaviourOf(p), name, value)
}

// SetSwitch sets one switch of a running service by its name, such as "PRODUCT.role_case".
func (s *Server) SetSwitch(name, value string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	product, _, _ := strings.Cut(name, ".")
	site := s.site(product)
	if site == nil {
		return fmt.Errorf("there is no switch %q", name)
	}
	// A call in progress keeps the struct that it has.
	how := withDefaults(product, site.behaviour)
	if err := setSwitch(product, how, name, value); err != nil {
		return err
	}
	site.behaviour = withDefaults(product, how)
	return nil
}

// Behaviour gives the switches by product as they are, all spelled out.
func (s *Server) Behaviour() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behaviour()
}

// noBehaviour gives the switches by product, none of them set.
func (t Table) noBehaviour() map[string]any {
	all := map[string]any{}
	for _, p := range t {
		all[p.Name] = p.NewBehaviour()
	}
	return all
}

func (s *Server) behaviour() map[string]any {
	all := map[string]any{}
	for _, site := range s.sites {
		all[site.product.Name] = withDefaults(site.product.Name, site.behaviour)
	}
	return all
}

// setBehaviour sets the switches of the products that are named.
func (s *Server) setBehaviour(all map[string]any) error {
	var ps []problem
	for _, product := range sortedKeys(all) {
		ps = append(ps, behaviourProblems(product, all[product])...)
	}
	if len(ps) > 0 {
		return &SeedError{ps}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for product, how := range all {
		if site := s.site(product); site != nil {
			site.behaviour = withDefaults(product, how)
		}
	}
	return nil
}

// Behaviour gives a product's switches as they are, all spelled out.
func Behaviour[B any](a Access) B {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	if site := a.s.site(a.product); site != nil {
		if how, ok := site.behaviour.(*B); ok {
			return *how
		}
	}
	var none B
	return none
}

// SetBehaviour sets every switch of a product; what is left out goes to its default.
func SetBehaviour[B any](a Access, how B) error {
	return a.s.setBehaviour(map[string]any{a.product: &how})
}

func quoted(words []string) string {
	q := make([]string, len(words))
	for i, w := range words {
		q[i] = strconv.Quote(w)
	}
	return strings.Join(q, ", ")
}
