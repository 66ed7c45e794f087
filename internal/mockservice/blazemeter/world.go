package blazemeter

import (
	"maps"
	"slices"
	"strconv"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

const (
	robot, firstPerson       = 1, 100_000
	wholeWorld, firstOfWorld = 77, 901
)

// A service that keeps its last manager is not documented, so no strict one is
// played.
var world = engine.World{
	Roles:     []string{"viewer", "tester", "manager"},
	Self:      idText(robot),
	Person:    func(n int) string { return idText(firstPerson + int64(n)) },
	Workspace: func(n int) string { return idText(firstOfWorld + int64(n)) },
	Part: func(p engine.Population) engine.Part {
		s := &Seed{
			Keys:  []Key{{ID: "world-id", Secret: "world-secret", User: robot}},
			Users: []User{{ID: robot, Email: "robot@example.com", DisplayName: "Robot"}},
		}
		known := []AccountUser{{ID: robot, Roles: []string{"admin"}}}
		for n := range p.People {
			id := firstPerson + int64(n)
			s.Users = append(s.Users, User{ID: id, Email: engine.EmailOf(idText(id)), DisplayName: engine.NameOf(idText(id))})
			known = append(known, AccountUser{ID: id})
		}
		s.Accounts = []Account{{ID: wholeWorld, Name: "World", Users: known}}
		for n, members := range p.Members {
			w := Workspace{ID: firstOfWorld + int64(n), Name: "Load " + strconv.Itoa(n), Account: wholeWorld}
			for _, text := range slices.Sorted(maps.Keys(members)) {
				id, _ := strconv.ParseInt(text, 10, 64) // what is no number fails the seed's validation
				w.Users = append(w.Users, WorkspaceUser{ID: id, Role: members[text]})
			}
			s.Workspaces = append(s.Workspaces, w)
		}
		return s
	},
	Lenient: map[string]string{"update_last_manager": "allow"},
	Partial: map[string]string{"hidden": "1", "hidden_total": "all"},
	Open: map[string][]string{
		"max_page_size": {"50", "3", "1"},
		"add_disabled":  {"refuse", "enable", "ignore"},
		"total":         {"number", "number", "string"},
		"list_result":   {"array", "object"},
	},
}
