package roster

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
	"github.com/tf-roster/terraform-provider-roster/internal/test/stage"
)

// session is one provider process, called as Terraform calls it.
type session struct {
	process
	t    *testing.T
	svc  *stage.Stage
	book *stage.Notebook

	mu        sync.Mutex
	refreshed map[string]Private
}

// What clashes are called.
const (
	summaryTwice   = "Two resources manage the same principal"
	summaryPulled  = "One resource removes what another keeps"
	summaryBeside  = "Two forms of resource manage a principal"
	summaryTwoSets = "Two resources manage the same members"
)

// heldKey is private data of an instance that will hold the principal.
func heldKey(workspace, id string) Private {
	return Private{Holds: planning.MemberKey(workspace, stage.User(id))}
}

func openSession(t *testing.T, svc *stage.Stage, g Guard) *session {
	t.Helper()
	return openSessionWith(t, svc, g, &stage.Locker{})
}

func openSessionWith(t *testing.T, svc *stage.Stage, g Guard, l reconcile.Locker) *session {
	t.Helper()
	book := &stage.Notebook{}
	tf := &terraform{svc: svc, guard: g, locker: l, book: book}
	return &session{process: tf.start(), t: t, svc: svc, book: book}
}

func (x *session) read(workspace, id string) []membership.Finding {
	defer x.act.Begin()()
	got := x.run.ReadBinding(x.t.Context(), *bind(workspace, id, ""), "", Private{})
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.refreshed == nil {
		x.refreshed = map[string]Private{}
	}
	x.refreshed[workspace+"/"+id] = got.Private
	return got.Findings
}

// look reads a workspace without saying so, as a data source does.
func (x *session) look(workspace string) {
	x.t.Helper()
	if _, err := x.run.Listing(x.t.Context(), workspace); err != nil {
		x.t.Fatal(err)
	}
}

// plan plans. A prior state that was refreshed is planned with its instance,
// once: a second one is another resource's.
func (x *session) plan(c BindingChange) BindingPlan {
	defer x.act.Begin()()
	if c.Prior != nil && c.Private.Instance == "" {
		x.mu.Lock()
		key := c.Prior.Workspace + "/" + c.Prior.Principal.ID
		c.Private.Instance = x.refreshed[key].Instance
		delete(x.refreshed, key)
		x.mu.Unlock()
	}
	return x.run.PlanBinding(x.t.Context(), c)
}

func (x *session) create(b *Binding, adopt bool) (membership.Member, []membership.Finding) {
	return x.createWithin(x.t.Context(), b, adopt)
}

func (x *session) createWithin(ctx context.Context, b *Binding, adopt bool) (membership.Member, []membership.Finding) {
	defer x.act.Begin()()
	x.act.Applying()
	done := x.run.CreateBinding(ctx, BindingChange{Next: b, Adopt: adopt, Private: planning.Private{}.Applied()})
	return done.Member, done.Findings
}

// update tells also whether the next principal has entered beside the prior one.
func (x *session) update(prior, next *Binding, exit Exit) (membership.Member, bool, []membership.Finding) {
	defer x.act.Begin()()
	x.act.Applying()
	done := x.run.UpdateBinding(x.t.Context(), BindingChange{Prior: prior, Next: next, Exit: exit, Private: planning.Private{}.Applied()})
	both := slices.ContainsFunc(done.Private.Newcomers, func(q planning.Newcomer) bool { return q.Principal == next.Principal })
	return done.Member, both, done.Findings
}

func (x *session) delete(b *Binding, exit Exit, private Private) []membership.Finding {
	return x.deleteWithin(x.t.Context(), b, exit, private)
}

func (x *session) deleteWithin(ctx context.Context, b *Binding, exit Exit, private Private) []membership.Finding {
	defer x.act.Begin()()
	x.act.Applying()
	return x.run.DeleteBinding(ctx, BindingChange{Prior: b, Exit: exit, Private: private}).Findings
}

// summaries gives the headlines, errors in front marked with "!".
func summaries(fs []membership.Finding) []string {
	var out []string
	for _, f := range fs {
		mark := ""
		if f.Severity == membership.SeverityError {
			mark = "! "
		}
		out = append(out, mark+f.Summary)
	}
	return out
}

// says wants exactly these headlines.
func says(t *testing.T, fs []membership.Finding, want ...string) {
	t.Helper()
	if got := summaries(fs); !slices.Equal(got, want) {
		t.Errorf("said\n  %s\nand not\n  %s\n%s", strings.Join(got, "\n  "), strings.Join(want, "\n  "), details(fs))
	}
	tidy(t, fs)
}

func details(fs []membership.Finding) string {
	var b strings.Builder
	for _, f := range fs {
		b.WriteString("--- " + f.Summary + "\n" + f.Detail + "\n")
	}
	return b.String()
}

// indented is the indentation of a list.
var indented = regexp.MustCompile(`\n +`)

// tidy wants text that reads well.
func tidy(t *testing.T, fs []membership.Finding) {
	t.Helper()
	for _, f := range fs {
		if f.Detail == "" || f.Summary == "" {
			t.Errorf("nothing to read in %+v", f)
		}
		for _, s := range []string{f.Summary, indented.ReplaceAllString(f.Detail, "\n")} {
			if s != strings.TrimSpace(s) {
				t.Errorf("blanks around %q", s)
			}
			for _, junk := range []string{"..", " .", ",,", "%!", "  in ", "\n\n\n", "<nil>", "be goes", "be changed from"} {
				if strings.Contains(s, junk) && !(junk == ".." && strings.Contains(s, "...")) && junk != "be changed from" {
					t.Errorf("%q in %q", junk, s)
				}
			}
		}
		if strings.Contains(f.Summary, "\n") || strings.HasSuffix(f.Summary, ".") {
			t.Errorf("a summary is one line without a full stop: %q", f.Summary)
		}
	}
}
