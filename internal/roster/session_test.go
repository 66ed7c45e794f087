package roster

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/roster/planning"
	"github.com/tf-roster/terraform-provider-roster/internal/roster/reconcile"
)

// session is one provider process, called as Terraform calls it.
type session struct {
	process
	t    *testing.T
	svc  *stage
	book *notebook
}

func openSession(t *testing.T, svc *stage, g Guard) *session {
	t.Helper()
	return openSessionWith(t, svc, g, &memoryLocker{})
}

func openSessionWith(t *testing.T, svc *stage, g Guard, l reconcile.Locker) *session {
	t.Helper()
	book := &notebook{}
	tf := &terraform{svc: svc, guard: g, locker: l, book: book}
	return &session{process: tf.start(), t: t, svc: svc, book: book}
}

func (x *session) read(workspace, id string) []Finding {
	defer x.act.Begin()()
	_, _, fs := x.run.ReadBinding(x.t.Context(), workspace, user(id), "")
	return fs
}

func (x *session) plan(c BindingPlan) BindingPlanned {
	defer x.act.Begin()()
	return x.run.PlanBinding(x.t.Context(), c)
}

func (x *session) create(b *Binding, adopt bool) (Member, []Finding) {
	return x.createWithin(x.t.Context(), b, adopt)
}

func (x *session) createWithin(ctx context.Context, b *Binding, adopt bool) (Member, []Finding) {
	defer x.act.Begin()()
	x.act.Applying()
	done := x.run.CreateBinding(ctx, BindingApply{Next: b, Adopt: adopt, Private: planning.Private{}.Applied()})
	return done.Member, done.Findings
}

func (x *session) update(prior, next *Binding, exit Exit) (Member, bool, []Finding) {
	defer x.act.Begin()()
	x.act.Applying()
	done := x.run.UpdateBinding(x.t.Context(), BindingApply{Prior: prior, Next: next, Exit: exit, Private: planning.Private{}.Applied()})
	return done.Member, done.Kept, done.Findings
}

func (x *session) delete(b *Binding, exit Exit, key string) []Finding {
	return x.deleteWithin(x.t.Context(), b, exit, key)
}

func (x *session) deleteWithin(ctx context.Context, b *Binding, exit Exit, key string) []Finding {
	defer x.act.Begin()()
	x.act.Applying()
	return x.run.DeleteBinding(ctx, BindingApply{Prior: b, Exit: exit, Private: planning.Private{Holds: key}}).Findings
}

// summaries gives the headlines, errors in front marked with "!".
func summaries(fs []Finding) []string {
	var out []string
	for _, f := range fs {
		mark := ""
		if f.Severity == SeverityError {
			mark = "! "
		}
		out = append(out, mark+f.Summary)
	}
	return out
}

// says wants exactly these headlines.
func says(t *testing.T, fs []Finding, want ...string) {
	t.Helper()
	if got := summaries(fs); !slices.Equal(got, want) {
		t.Errorf("said\n  %s\nand not\n  %s\n%s", strings.Join(got, "\n  "), strings.Join(want, "\n  "), details(fs))
	}
	tidy(t, fs)
}

func details(fs []Finding) string {
	var b strings.Builder
	for _, f := range fs {
		b.WriteString("--- " + f.Summary + "\n" + f.Detail + "\n")
	}
	return b.String()
}

// indented is the indentation of a list.
var indented = regexp.MustCompile(`\n +`)

// tidy wants text that reads well.
func tidy(t *testing.T, fs []Finding) {
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

// wantSent wants exactly these calls that change something.
func wantSent(t *testing.T, s *stage, want ...string) {
	t.Helper()
	if got := s.wrote(); !slices.Equal(got, want) {
		t.Errorf("sent\n  %s\nand not\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func wantRole(t *testing.T, s *stage, workspace, id, role string) {
	t.Helper()
	if got := s.role(workspace, id); got != role {
		t.Errorf("%s in %s has the role %q, not %q", id, workspace, got, role)
	}
}
