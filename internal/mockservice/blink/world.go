package blink

import (
	"fmt"

	"github.com/tf-roster/terraform-provider-roster/internal/mockservice/engine"
)

const customRole = "Incident Commander"

var world = engine.World{
	Roles: []string{"viewer", "contributor", customRole, "owner"},
	Self:  "u-robot", Person: personID, Group: groupID, Workspace: workspaceID,
	Part: func(p engine.Population) engine.Part {
		s := &Seed{
			Keys: []Key{{Key: "world-key", User: "u-robot"}}, Roles: []string{customRole},
			Users: []User{{ID: "u-robot", Email: "robot@example.com", Name: "Robot", Role: "Admin"}},
		}
		for n := range p.People {
			id := personID(n)
			s.Users = append(s.Users, User{ID: id, Email: engine.EmailOf(id), Name: engine.NameOf(id)})
		}
		for n := range p.Groups {
			s.Groups = append(s.Groups, Group{ID: groupID(n), Name: engine.NameOf(groupID(n)), Members: []string{personID(1)}})
		}
		for n, members := range p.Members {
			s.Workspaces = append(s.Workspaces, Workspace{ID: workspaceID(n), DisplayName: "Team " + workspaceID(n), Users: members})
		}
		return s
	},
	Lenient: map[string]string{"assign_last_owner": "allow", "remove_last_owner": "allow"},
	Strict:  map[string]string{"assign_last_owner": "refuse", "remove_last_owner": "refuse"},
	Partial: map[string]string{"listing": "no_owners"},
	Open: map[string][]string{
		"assign_non_member": {"add", "add", "refuse", "ignore"},
		"remove_non_member": {"refuse", "404", "ok"},
		"role_case":         {"as_sent", "capitalised"},
		"add_with_role":     {"heed", "ignore"},
	},
}

func personID(n int) string    { return fmt.Sprintf("u-%06d", n) }
func groupID(n int) string     { return fmt.Sprintf("g-%d", n) }
func workspaceID(n int) string { return fmt.Sprintf("w-%d", n) }
