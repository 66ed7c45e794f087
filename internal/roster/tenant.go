package roster

import "sync"

// Tenant is one reading of everybody that a tenant (an account) knows.
type Tenant struct {
	People []Person

	index    map[Principal]int
	inactive map[Principal]bool

	// emails is the index behind ByEmail, made when it is first needed.
	emailsOnce sync.Once
	emails     map[string][]int
}

func newTenant(people []Person) *Tenant {
	t := &Tenant{People: people, index: make(map[Principal]int, len(people)), inactive: map[Principal]bool{}}
	for i, p := range people {
		t.index[fold(p.Principal)] = i
		if p.Inactive {
			t.inactive[fold(p.Principal)] = true
		}
	}
	return t
}

// Person finds somebody by id.
func (t *Tenant) Person(p Principal) (Person, bool) {
	i, ok := t.index[fold(p)]
	if !ok {
		return Person{}, false
	}
	return t.People[i], true
}
