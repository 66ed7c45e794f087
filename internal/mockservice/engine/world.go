package engine

// World describes the worlds that tests and benchmarks make of a product, as
// large as they need them.
type World struct {
	// Roles are roles of a workspace, the lowest first and the owner's last.
	Roles []string
	// Self is the id of the key's user, who may do everything.
	Self string
	// Person, Group and Workspace give the id of the n-th. Group is nil where the
	// product has no groups.
	Person, Group, Workspace func(n int) string
	// Part makes a product's part of a seed.
	Part func(Population) Part
	// Lenient are the switches, by name and without the product, with which the
	// service lets a workspace lose its last owner, Strict those with which it does not.
	Lenient, Strict map[string]string
	// Partial are switches with which the listing of a workspace does not show its
	// owner, where that is the user with the highest id, and is seen to be a part;
	// empty, not nil, where no listing is.
	Partial map[string]string
	// Open are switches with some of their values: what the vendor leaves open
	// of the calls that the provider relies on.
	Open map[string][]string
}

// Population is who is in a world. All of them have the texts of [EmailOf] and
// [NameOf].
type Population struct {
	// People and Groups are how many the tenant knows, besides the key's user. The
	// person 1 is in every group.
	People, Groups int
	// Members are the users of each workspace, by id, with their roles.
	Members []map[string]string
}

// EmailOf is the e-mail address of a user in a [Population].
func EmailOf(id string) string { return id + "@example.com" }

// NameOf is the name of a user or group in a [Population].
func NameOf(id string) string { return "Person " + id }

// Owner is the owner's role.
func (w World) Owner() string { return w.Roles[len(w.Roles)-1] }

// World gives the description of a product's worlds; false where there is none.
func (t Table) World(product string) (World, bool) {
	p := t.product(product)
	if p == nil || p.World.Part == nil {
		return World{}, false
	}
	return p.World, true
}

// Populate gives a product's part of a seed these people in place of all others.
func (t Table) Populate(seed *Seed, product string, people Population) {
	p := t.product(product)
	seed.partOf(p) // makes room
	seed.parts[product] = p.World.Part(people)
}
