package activity

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestActivityIsIdleOnceNothingHasMovedForSoLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New()
		if left, _ := a.UntilIdle(5 * time.Second); left != 5*time.Second {
			t.Fatalf("a process that has just begun is idle in %s", left)
		}
		end := a.Begin()
		time.Sleep(time.Hour)
		if left, _ := a.UntilIdle(5 * time.Second); left != busy {
			t.Fatalf("a process with a request in progress is idle in %s", left)
		}
		a.StartWaiting()
		time.Sleep(2 * time.Second)
		if left, _ := a.UntilIdle(5 * time.Second); left != 3*time.Second {
			t.Fatalf("with a request that only waits, idle in %s, not 3s", left)
		}
		if a.StopWaitingIfIdle(5 * time.Second) {
			t.Fatal("taken for idle too early")
		}
		time.Sleep(3 * time.Second)
		a.StartWaiting() // a second one, which counts as movement
		if a.StopWaitingIfIdle(5 * time.Second) {
			t.Fatal("a request that begins to wait is movement")
		}
		end2 := a.Begin()
		time.Sleep(5 * time.Second)
		if !a.StopWaitingIfIdle(5 * time.Second) {
			t.Fatal("two wait, two run, five quiet seconds: idle")
		}
		if a.StopWaitingIfIdle(5 * time.Second) {
			t.Fatal("of two that wait, two were answered at once")
		}
		end()
		end()
		end2()
		if a.running != 0 {
			t.Fatalf("%d requests run after both ended, one of them twice", a.running)
		}
	})
}

func TestActivityTellsOfMovement(t *testing.T) {
	a := New()
	for name, move := range map[string]func(){
		"begin":    func() { a.Begin() },
		"end":      a.Begin(),
		"applying": a.Applying,
		"wait":     a.StartWaiting,
		"go on":    a.StopWaiting,
	} {
		_, moved := a.UntilIdle(time.Second)
		move()
		select {
		case <-moved:
		default:
			t.Errorf("%s is no movement", name)
		}
	}
	if !a.IsApplying() {
		t.Error("not applying")
	}
	a.Validated()
	if !a.IsShared() {
		t.Error("what was validated and not planned was another walk's")
	}
	a.Planned()
	if a.IsShared() {
		t.Error("what was validated was planned")
	}
	a.Validated()
	a.Resumed()
	if !a.IsResumed() {
		t.Error("not resumed")
	}
	a.Configured(false)
	if a.IsApplying() || a.IsShared() || a.IsResumed() {
		t.Error("a new walk applies already, or knows of another one")
	}
}
