package planning

import "testing"

// meanwhile is asked by a removal just as a creation notes what it may replace.
type meanwhile struct {
	walk         *Walk
	noting, held bool
}

func (m *meanwhile) Add(string)    { m.held = true }
func (m *meanwhile) Remove(string) { m.held = false }

func (m *meanwhile) Has(instance string) bool {
	if !m.noting {
		m.noting = true
		m.walk.noteReplaced(instance)
	}
	return m.held
}

// A removal beside a creation of the same principal, in the same plan, is no left-over
// object of an earlier run, whichever of the two comes first.
func TestARemovalOfThisPlanIsNoLeftOver(t *testing.T) {
	m := &meanwhile{}
	m.walk = &Walk{replaced: m, marked: map[string]replacedMark{}}
	c := BindingChange{Prior: &Binding{Workspace: "w1", Principal: user("ann")}, Private: Private{Instance: "T"}}
	if (&Planner{walk: m.walk}).leftOver(t.Context(), c) {
		t.Error("it was taken for one")
	}
}
