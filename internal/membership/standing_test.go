package membership

import "testing"

func TestHolds(t *testing.T) {
	for _, c := range []struct {
		roles []string
		role  string
		holds bool
	}{
		{[]string{"owner"}, "Owner", true},
		{[]string{"owner"}, "viewer", false},
		{nil, "viewer", false},
		{[]string{"owner", "viewer"}, "owner", false},
		// What is shown of a user is what they hold.
		{nil, "", true},
		{[]string{"owner", "viewer"}, "owner,viewer", true},
		{[]string{"viewer"}, "", false},
	} {
		m := Member{Roles: c.roles, Enabled: true}
		if m.Holds(Standing{Role: c.role, Enabled: true}) != c.holds || m.Holds(Standing{Role: c.role}) {
			t.Errorf("%q with %q", c.roles, c.role)
		}
	}
}

func TestRaises(t *testing.T) {
	traits := Traits{OwnerRole: "owner", RolesAscending: []string{"viewer", "contributor", "owner"}}
	for _, c := range []struct {
		live   []string
		off    bool
		to     string
		raises bool
	}{
		{live: []string{"viewer"}, to: "contributor", raises: true},
		{live: []string{"contributor"}, to: "viewer"},
		{live: []string{"viewer"}, to: "auditor", raises: true},
		{live: []string{"contributor"}, to: "auditor", raises: true},
		{live: []string{"auditor"}, to: "contributor"},
		{live: []string{"auditor"}, to: "other custom role"},
		{live: []string{"auditor"}, to: "OWNER", raises: true},
		{live: []string{"Owner"}, to: "auditor"},
		{live: nil, to: "viewer", raises: true},
		{live: []string{"viewer", "owner"}, to: "owner", raises: true},
		{live: []string{"viewer", "owner"}, to: "contributor"},
		{live: []string{"contributor"}, off: true, to: "viewer", raises: true},
		{live: []string{"owner"}, off: true, to: "viewer"},
	} {
		m := Member{Roles: c.live, Enabled: !c.off}
		if got := traits.Raises(m, Standing{Role: c.to, Enabled: true}); got != c.raises {
			t.Errorf("%v (off: %v) to %s: %v", c.live, c.off, c.to, got)
		}
		if traits.Raises(m, Standing{Role: c.to}) {
			t.Errorf("%v to %s, disabled, is no more", c.live, c.to)
		}
	}
}
