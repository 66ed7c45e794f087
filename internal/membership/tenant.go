package membership

import (
	"strings"
	"sync"
)

// Tenant is one reading of everybody that a tenant (an account) knows.
type Tenant struct {
	People []Person

	// Inactive are those who are blocked in the whole tenant, Invited those whose
	// invitation is pending there. Principals are folded.
	Inactive, Invited map[Principal]bool

	index map[Principal]int

	// emails is the index behind ByEmail, made when it is first needed.
	emailsOnce sync.Once
	emails     map[string][]int
}

// NewTenant indexes what a service lists of a tenant.
func NewTenant(people []Person) *Tenant {
	t := &Tenant{People: people, index: make(map[Principal]int, len(people)), Inactive: map[Principal]bool{}, Invited: map[Principal]bool{}}
	for i, p := range people {
		t.index[p.Fold()] = i
		if p.Inactive {
			t.Inactive[p.Fold()] = true
		}
		if p.Invite {
			t.Invited[p.Fold()] = true
		}
	}
	return t
}

// Person finds a user by id.
func (t *Tenant) Person(p Principal) (Person, bool) {
	i, ok := t.index[p.Fold()]
	if !ok {
		return Person{}, false
	}
	return t.People[i], true
}

// ByEmail gives everybody with an e-mail address, whatever its case, in the
// order of the listing.
func (t *Tenant) ByEmail(email string) []Person {
	t.emailsOnce.Do(func() {
		t.emails = make(map[string][]int, len(t.People))
		for i, p := range t.People {
			if p.Email != "" {
				k := strings.ToLower(p.Email)
				t.emails[k] = append(t.emails[k], i)
			}
		}
	})
	places := t.emails[strings.ToLower(email)]
	out := make([]Person, 0, len(places))
	for _, i := range places {
		out = append(out, t.People[i])
	}
	return out
}
