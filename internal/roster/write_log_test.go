package roster

import (
	"testing"
	"testing/synctest"
)

// firstWrite makes the first writing call go wrong.
func firstWrite(tr trouble) func(stageCall) trouble {
	return func(c stageCall) trouble {
		if c.writes() && c.n == 1 {
			return tr
		}
		return trouble{}
	}
}

// Whatever becomes of a write, the log has one line about it: a change that
// nobody confirmed is still a change.
func TestEveryWriteHasOneLineInTheLog(t *testing.T) {
	const changed, shown, open = "INFO Changed an access map", "INFO Changed an access, as a listing shows", "INFO May have changed an access"
	blind := func(c stageCall) trouble {
		switch {
		case c.op == "read" && c.n > 1:
			return trouble{err: &Error{Failure: Passing, Op: "read", Status: 503}}
		case c.writes():
			return lost(true)
		}
		return trouble{}
	}
	for name, c := range map[string]struct {
		trouble func(stageCall) trouble
		lines   map[string]int
	}{
		"answered":                   {nil, map[string]int{changed: 1}},
		"the answer was lost":        {firstWrite(lost(true)), map[string]int{shown: 1}},
		"the request was lost":       {firstWrite(lost(false)), map[string]int{changed: 1}},
		"nobody knows what it did":   {blind, map[string]int{open: 1}},
		"refused: nothing to report": {firstWrite(denied()), nil},
	} {
		do := map[string]func(x *session){
			"assign": func(x *session) { x.create(bind("w1", "new", "editor"), false) },
			"remove": func(x *session) { x.delete(bind("w1", "bob", "viewer"), Exit{}, Private{}) },
			"set": func(x *session) {
				members := []Entry{{Principal: user("ann"), Role: "owner"}, {Principal: user("bob"), Role: "viewer"}}
				prior := Roles{Workspace: "w1", Kinds: map[Kind]Scope{User: {}}, Entries: members}
				next := prior
				next.Entries = []Entry{members[0], {Principal: user("bob"), Role: "editor"}}
				x.applySet(x.t.Context(), &prior, next)
			},
		}
		for what, act := range do {
			t.Run(name+"/"+what, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStage(blinkTraits()).workspace("w1", person("ann", "owner"), person("bob", "viewer")).strangers("new")
					s.trouble = c.trouble
					x := openSession(t, s, enforce())
					act(x)
					for _, line := range []string{changed, shown, open} {
						if got := x.book.count(line); got != c.lines[line] {
							t.Errorf("%d lines %q, want %d: %s", got, line, c.lines[line], x.book.lines)
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
		s.traits.AssignMayAdd, s.addGives = false, "viewer"
		s.trouble = once("add", lost(true))
		m, fs := openSession(t, s, enforce()).create(bind("w1", "new", "editor"), false)
		says(t, fs, "new@example.com in workspace Space w1 goes from viewer to editor") // however they came in
		if m.Role() != "editor" {
			t.Errorf("%+v", m)
		}
		wantSent(t, s, "add w1 user/new editor", "assign w1 user/new editor")
	})
}
