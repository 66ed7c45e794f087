package world

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// form is a form of resource.
type form string

const (
	// additive manages one principal in one workspace.
	additive form = "binding"
	// whole manages everybody in one workspace.
	whole form = "set"
	// oneRole manages everybody who holds one role in one workspace.
	oneRole form = "role members"
)

// object is a resource as a configuration, a plan or a state has it. It is
// never changed once it is made.
type object struct {
	form      form
	workspace string

	// who holds what, in the additive form.
	who principal
	to  standing
	// adopt is adopt_existing, exit is on_destroy.
	adopt bool
	exit  exit

	// roles says who holds what in the whole form; of the kinds that are
	// managed, everybody but those in ignore. In the form of one role everybody
	// has the same one; what they get who are not named is exit.
	roles  map[principal]string
	kinds  []kind
	ignore []principal
	role   string

	// hidden is what a plan does not know of it yet.
	hidden hidden
}

// exit is what is left of an access that ends: nothing, all of it, or a role.
type exit struct {
	keep     bool
	reassign string
}

// hidden says which parts of an object are not known yet.
type hidden struct{ workspace, who, role, people bool }

func (o *object) same(p *object) bool {
	if o == nil || p == nil {
		return o == p
	}
	return o.form == p.form && o.workspace == p.workspace && o.who == p.who && o.to == p.to && o.adopt == p.adopt && o.exit == p.exit &&
		maps.Equal(o.roles, p.roles) && slices.Equal(o.kinds, p.kinds) && slices.Equal(o.ignore, p.ignore) && o.role == p.role && o.hidden == p.hidden
}

// moves tells whether the change of an object needs another object.
func (o *object) moves(to *object) bool {
	return !strings.EqualFold(o.workspace, to.workspace) || to.hidden.workspace || !strings.EqualFold(o.role, to.role)
}

// manages tells whether a user in the object's workspace is its business.
func (o *object) manages(who principal) bool {
	if o.form == additive {
		return o.who.Fold() == who.Fold()
	}
	return slices.Contains(o.kinds, who.Kind) && !slices.ContainsFunc(o.ignore, func(p principal) bool { return p.Fold() == who.Fold() })
}

// names gives what the object says a user holds.
func (o *object) names(who principal) (standing, bool) {
	if o.form == additive {
		return o.to, o.who.Fold() == who.Fold()
	}
	for p, role := range o.roles {
		if p.Fold() == who.Fold() {
			return standing{Role: role, Enabled: true}, true
		}
	}
	return standing{}, false
}

// people gives everybody whom the object names, in order.
func (o *object) people() []principal {
	if o.form == additive {
		return []principal{o.who}
	}
	return slices.SortedFunc(maps.Keys(o.roles), func(a, b principal) int { return strings.Compare(a.String(), b.String()) })
}

func (o *object) String() string {
	if o == nil {
		return "nothing"
	}
	var b strings.Builder
	show := func(unknown bool, text string) {
		if unknown {
			text = "(known after apply)"
		}
		b.WriteString(text)
	}
	show(o.hidden.workspace, o.workspace)
	b.WriteString(":")
	if o.form == additive {
		show(o.hidden.who, o.who.ID)
		b.WriteString("=")
		show(o.hidden.role, o.to.String())
	} else {
		for i, p := range o.people() {
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, "%s=%s", p.ID, o.roles[p])
		}
		if o.hidden.people {
			b.WriteString(" and others (known after apply)")
		}
		if len(o.ignore) > 0 {
			b.WriteString(" ignores")
			for _, p := range o.ignore {
				b.WriteString(" " + p.ID)
			}
		}
		if !slices.Contains(o.kinds, membership.Group) {
			b.WriteString(" (users only)")
		}
	}
	if o.role != "" {
		b.WriteString(" as " + o.role)
	}
	if o.adopt {
		b.WriteString(" adopt")
	}
	if o.exit.keep {
		b.WriteString(" keep")
	}
	if o.exit.reassign != "" {
		b.WriteString(" reassign " + o.exit.reassign)
	}
	return b.String()
}

// private is what a resource keeps in Terraform's private data. It is the
// core's own business.
type private string

// policy is the last-owner guard of a provider block.
type policy struct {
	mode         string // enforce, warn, off
	minimum      int
	notCounted   []string
	countGroups  bool
	exempt       []string
	handoverWait time.Duration
}

// setting is what a provider process is configured with.
type setting struct {
	service membership.Service
	policy  policy
	// lock excludes the other processes of a machine. The key is the core's.
	lock func(ctx context.Context, key string) (release func(), err error)
	// replaced is what the processes of a machine remember of replacements.
	replaced *replacedOnes
	// unknown is true where the provider's settings are known only after apply.
	unknown bool
	// plansTwice is true where a resource may be planned twice.
	plansTwice bool
	// created are the creations that an earlier walk of the run has planned.
	created []*object
}

// finding is something that a process says. Its text is its summary and its
// detail; the checks look for ids in it and for nothing else.
type finding struct {
	failed bool
	// guard is true where the last-owner guard speaks.
	guard bool
	text  string
}

func (f finding) String() string {
	severity := "warning"
	if f.failed {
		severity = "ERROR"
	}
	text, _, _ := strings.Cut(f.text, "\n\n")
	return severity + ": " + strings.ReplaceAll(text, "\n", " ")
}

// driver starts provider processes of a core. It is all that a world knows of
// the core that is tested in it.
type driver interface {
	// imported is the private data that an import of the object writes.
	imported(*object) private
	// start gives a process that is configured, for one walk.
	start(setting) process
}

// process is one provider process in one walk. Its methods are Terraform's
// requests, and take and give what Terraform hands over: they may be called at
// the same time.
type process interface {
	// plan judges a change; prior is nil for a creation, next for a removal.
	plan(ctx context.Context, prior, next *object, p private) ([]finding, private)
	// read refreshes a state; nil where the object is gone.
	read(ctx context.Context, state *object, p private) (*object, private, []finding)
	// apply carries out a change, and gives the state that is left of it; nil
	// where there is none.
	apply(ctx context.Context, prior, next *object, planned private) (*object, private, []finding)
	// close ends the walk. Nothing of it may go on.
	close()
}
