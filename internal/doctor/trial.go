package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// Timing bounds a run.
type Timing struct {
	// Visible is how long the provider waits for a change to show in the listing.
	Visible time.Duration
	// Timeout is how long the doctor waits for a change to show.
	Timeout time.Duration
	// Checks bounds all checks together.
	Checks time.Duration
	// Restore bounds giving a user back what they had. Neither Ctrl-C nor the end of
	// the time for the checks cuts it short.
	Restore time.Duration
}

// DefaultTiming is that of the command.
var DefaultTiming = Timing{Visible: 6 * time.Second, Timeout: 12 * time.Second, Checks: 10 * time.Minute, Restore: 90 * time.Second}

// Trial changes one user, and gives them back what they had before.
type Trial struct {
	// User is the id of the user.
	User string
	// Prior is what the user had before the first change.
	Prior Standing
	// Now is what the listing showed last.
	Now Standing
	// Findings are where the trial notes what it finds.
	Findings *Findings

	service  *Service
	restorer Restorer
	timing   Timing
	product  Product
	progress io.Writer

	// changed is true once a change was sent.
	changed bool
	// unclear is true while the listing has not shown the latest change, so that
	// what it shows may be older.
	unclear bool
	// changes counts the changes that the listing showed, and slowest is how long
	// the longest of them took.
	changes int
	slowest time.Duration
}

// errNotAnswered ends a trial: nobody knows what became of a change.
var errNotAnswered = errors.New("it is not known what became of a change")

// Change gives a function that makes a call. An answer is one of success or a
// refusal; everything else is an error, which ends the trial.
func (t *Trial) Change(ctx context.Context) func(Call, error) (Answer, error) {
	return func(c Call, err error) (Answer, error) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return Answer{}, err
		}
		t.say("Change: %s.", c.What)
		t.changed, t.unclear = true, true
		a := t.service.send(ctx, c)
		switch {
		case a.OK():
			return a, nil
		case a.Refused():
			t.unclear = false
			return a, nil
		default:
			return a, fmt.Errorf("to %s: %s: %w", c.What, a, errNotAnswered)
		}
	}
}

// Await reads until the user stands as wanted, and tells whether that was seen in
// time.
func (t *Trial) Await(ctx context.Context, wanted func(Standing) bool) (bool, error) {
	return t.await(ctx, t.timing.Timeout, wanted)
}

func (t *Trial) await(ctx context.Context, timeout time.Duration, wanted func(Standing) bool) (bool, error) {
	begun, before := time.Now(), t.Now
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		now, err := t.restorer.Standing(ctx, t.User)
		if err != nil {
			return false, err
		}
		t.Now = now
		took := time.Since(begun)
		if wanted(now) {
			t.unclear = false
			if now != before {
				t.changes++
				t.slowest = max(t.slowest, took)
			}
			return true, nil
		}
		if took >= timeout {
			return false, nil
		}
		if err := transport.Wait(ctx, pause); err != nil {
			return false, err
		}
	}
}

// Settle waits for a change that may or may not come, as long as one may take to
// show, and gives what is there then. After a refusal it reads once.
func (t *Trial) Settle(ctx context.Context, a Answer, before Standing) (Standing, error) {
	if !a.OK() {
		return t.Look(ctx)
	}
	_, err := t.await(ctx, t.timing.Visible, func(s Standing) bool { return s != before })
	return t.Now, err
}

// Look reads once how the user stands.
func (t *Trial) Look(ctx context.Context) (Standing, error) {
	now, err := t.restorer.Standing(ctx, t.User)
	if err == nil {
		t.Now = now
	}
	return now, err
}

// Permitted notes whether the key's user may change members, as the answer to a
// change tells, or ends the trial. member says who the user is, and may whether that
// should be enough.
func (t *Trial) Permitted(a Answer, may bool, member string) error {
	number := t.product.Right
	switch {
	case a.OK():
		t.Findings.Holds(number, "%s; %s", a, member)
		return nil
	case !a.Forbidden():
		return nil
	case may:
		t.Findings.DoesNotHold(number, "%s; %s", a, member)
	default:
		t.Findings.NotTried(number, "%s", member)
	}
	return fmt.Errorf("a change was refused: %s", a)
}

// delay notes how long changes took to show in the listing.
func (t *Trial) delay() {
	if t.changes > 0 {
		t.Findings.Decide(t.product.Delay, t.slowest <= t.timing.Visible, "%s, the slowest shown after %s", Count(t.changes, "change"), rounded(t.slowest))
	}
}

// NotShown ends a trial in which an accepted change does not show.
func (t *Trial) NotShown(what string) error {
	t.Findings.DoesNotHold(t.product.Delay, "%s: not shown after %s", what, rounded(t.timing.Timeout))
	return fmt.Errorf("a change did not show in the listing within %s", rounded(t.timing.Timeout))
}

func rounded(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}

func (t *Trial) say(text string, args ...any) {
	_, _ = fmt.Fprintf(t.progress, "roster-doctor: "+text+"\n", args...)
}

// announce says, before anything is changed, what gives the user back what they have.
func (t *Trial) announce() {
	t.say("User %s is %s. If this run is killed, these calls give that back, whatever was changed:", t.User, t.Prior)
	t.show(t.restorer.Restore(t.User, t.Prior, nil))
	if !t.Prior.Present && t.product.Leaves != "" {
		t.say("%s", t.product.Leaves)
	}
}

func (t *Trial) show(calls []Call) {
	for _, line := range t.commands(calls) {
		_, _ = fmt.Fprintf(t.progress, "  %s\n", line)
	}
}

func (t *Trial) commands(calls []Call) []string {
	lines := make([]string, 0, len(calls))
	for _, c := range calls {
		lines = append(lines, c.curl(t.product.Curl))
	}
	return lines
}

// restoreRounds is how often all calls that restore are made.
const restoreRounds = 3

// restore gives the user back what they had, whatever became of the context.
func (t *Trial) restore(ctx context.Context) error {
	if !t.changed {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.timing.Restore)
	defer cancel()
	var err error
	for round := range restoreRounds {
		if round > 0 {
			if transport.Wait(ctx, time.Duration(round)*time.Second) != nil {
				break
			}
		}
		var done bool
		if done, err = t.restoreOnce(ctx); done {
			if t.Now == t.Prior {
				t.say("User %s is %s, as before.", t.User, t.Now)
			} else {
				t.say("User %s is %s. %s", t.User, t.Now, t.product.Leaves)
			}
			return nil
		}
	}
	now, calls := "", t.restorer.Restore(t.User, t.Prior, nil)
	if s, e := t.Look(ctx); e == nil {
		now, calls = fmt.Sprintf(" The user is now %s.", s), t.restorer.Restore(t.User, t.Prior, &s)
	}
	t.say("User %s was %s, AND COULD NOT BE RESTORED.%s Make these calls by hand, and check the listing:", t.User, t.Prior, now)
	t.show(calls)
	if err == nil {
		err = errors.New("the listing does not show what the user had before")
	}
	return err
}

// restoreOnce makes the calls that restore, one after the other, until the listing
// shows what the user had. What it shows counts only once the service has answered
// after the latest change: before that it may be older.
func (t *Trial) restoreOnce(ctx context.Context) (bool, error) {
	current, lastErr := t.Look(ctx)
	known := &current
	if lastErr != nil {
		known = nil
	} else if !t.unclear && t.restorer.Restored(t.Prior, current) {
		return true, nil
	}
	for _, c := range t.restorer.Restore(t.User, t.Prior, known) {
		if c.ByHand {
			continue
		}
		t.say("To restore: %s.", c.What)
		a := t.service.send(ctx, c)
		var shown bool
		var err error
		switch {
		case a.OK():
			shown, err = t.Await(ctx, func(s Standing) bool { return t.restorer.Restored(t.Prior, s) })
		case a.Refused():
			// It may be refused because the user has it already.
			lastErr = fmt.Errorf("to %s: %s", c.What, a)
			var now Standing
			now, err = t.Look(ctx)
			shown = err == nil && t.restorer.Restored(t.Prior, now)
		default:
			t.unclear, err = true, fmt.Errorf("to %s: %s", c.What, a)
		}
		if shown {
			t.unclear = false
			return true, nil
		}
		if err != nil {
			lastErr = err
		}
	}
	return false, lastErr
}

// Forbidden tells an answer that says that the key's user has not the right.
func (a Answer) Forbidden() bool { return a.Err == nil && a.Status == http.StatusForbidden }
