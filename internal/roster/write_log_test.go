package roster

import (
	"testing"
	"testing/synctest"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// firstWrite makes the first writing call go wrong.
func firstWrite(tr stage.Trouble) func(stage.Call) stage.Trouble {
	return func(c stage.Call) stage.Trouble {
		if c.Writes() && c.N == 1 {
			return tr
		}
		return stage.Trouble{}
	}
}

// Whatever becomes of a write, the log has one line about it: a change that
// nobody confirmed is still a change.
func TestEveryWriteHasOneLineInTheLog(t *testing.T) {
	const changed, shown, open = "INFO Changed an access map", "INFO Changed an access, as a listing shows", "INFO May have changed an access"
	blind := func(c stage.Call) stage.Trouble {
		switch {
		case c.Op == "read" && c.N > 1:
			return stage.Trouble{Err: &membership.Error{Failure: membership.Passing, Op: "read", Status: 503}}
		case c.Writes():
			return stage.Lost(true)
		}
		return stage.Trouble{}
	}
	for name, c := range map[string]struct {
		trouble func(stage.Call) stage.Trouble
		lines   map[string]int
	}{
		"answered":                   {nil, map[string]int{changed: 1}},
		"the answer was lost":        {firstWrite(stage.Lost(true)), map[string]int{shown: 1}},
		"the request was lost":       {firstWrite(stage.Lost(false)), map[string]int{changed: 1}},
		"nobody knows what it did":   {blind, map[string]int{open: 1}},
		"refused: nothing to report": {firstWrite(stage.Denied()), nil},
	} {
		do := map[string]func(x *session){
			"assign": func(x *session) { x.create(bind("w1", "new", "editor"), false) },
			"remove": func(x *session) { x.delete(bind("w1", "bob", "viewer"), Exit{}, Private{}) },
			"set": func(x *session) {
				members := []Entry{{Principal: stage.User("ann"), Role: "owner"}, {Principal: stage.User("bob"), Role: "viewer"}}
				prior := Roles{Workspace: "w1", Kinds: map[membership.Kind]Scope{membership.User: {}}, Entries: members}
				next := prior
				next.Entries = []Entry{members[0], {Principal: stage.User("bob"), Role: "editor"}}
				x.applySet(x.t.Context(), &prior, next)
			},
		}
		for what, act := range do {
			t.Run(name+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := stage.New(stage.BlinkTraits()).Workspace("w1", stage.Person("ann", "owner"), stage.Person("bob", "viewer")).Strangers("new")
					s.Trouble = c.trouble
					x := openSession(t, s, enforce())
					act(x)
					for _, line := range []string{changed, shown, open} {
						if got := x.book.Count(line); got != c.lines[line] {
							t.Errorf("%d lines %q, want %d: %s", got, line, c.lines[line], x.book.Lines)
						}
					}
				})
			})
		}
	}
}

// Where the service gives another role than the call that adds asked for, and
// the answer is lost on top, the call is not sent again: the person is there.
func TestAnAddWhoseAnswerWasLostIsNotRepeatedOnceItShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := town()
		s.ProductTraits.AssignMayAdd, s.AddGives = false, "viewer"
		s.Trouble = once("add", stage.Lost(true))
		m, fs := openSession(t, s, enforce()).create(bind("w1", "new", "editor"), false)
		says(t, fs, "new@example.com in workspace Space w1 goes from viewer to editor") // however they came in
		if m.Role() != "editor" {
			t.Errorf("%+v", m)
		}
		s.WantSent(t, "add w1 user/new editor", "assign w1 user/new editor")
	})
}
