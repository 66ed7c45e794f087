package planning

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPrivateDataComesBackAsItWent(t *testing.T) {
	for _, p := range []Private{
		{},
		{Instance: "T", Holds: MemberKey("W1", user("Ann")), Owners: 2},
		{Instance: "T"},
		{Owners: 1},
		{Instance: "T", Left: true},
		{Instance: "T", Newcomers: []Newcomer{{Principal: user("bob"), Since: time.Unix(1700000000, 0).UTC()}}},
	} {
		if diff := cmp.Diff(p, DecodePrivate(p.Encode())); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	if (Private{}).Encode() != nil {
		t.Error("no private data is nothing")
	}
	for _, raw := range []string{"", "not JSON", "7", "[1]"} {
		if diff := cmp.Diff(Private{}, DecodePrivate([]byte(raw))); diff != "" {
			t.Errorf("%q became\n%s", raw, diff)
		}
	}
}

func TestAKeyIsOneInEveryCase(t *testing.T) {
	if MemberKey("W1", user("Ann")) != MemberKey("w1", user("aNN")) || RolesKey("W1", "Owner") != RolesKey("w1", "owner") {
		t.Error("ids and roles compare without regard to case")
	}
	if MemberKey("w1", user("ann")) == MemberKey("w1", group("ann")) || RolesKey("w1", "") == RolesKey("w1", "owner") {
		t.Error("a user is no group, and a role no workspace")
	}
}

// The two calls of a replacement carry the instance of the state; a creation
// carries none, also where Terraform hands the plan's private data to the apply.
func TestPrivateDataThroughALife(t *testing.T) {
	created := Private{}.Applied()
	if created.Instance == "" || created.Instance == (Private{}).Applied().Instance {
		t.Fatal("each instance has a token of its own")
	}
	key := MemberKey("w1", user("ann"))
	first := created.Planned(key, true)
	second := first.Planned(key, false)
	if !second.secondCall(false) || second.Holds != key || second.Instance != created.Instance {
		t.Errorf("the second call of a replacement: %+v", second)
	}
	if again := (Private{}).Planned(key, false); again.secondCall(false) || again.Planned(key, false).secondCall(false) {
		t.Error("a creation was taken for a replacement's second call")
	}
	if gone := created.Planned("", true); gone.Holds != "" {
		t.Errorf("a removal holds nobody: %+v", gone)
	}
	if old := (Private{}).Planned(key, true); old.Instance == "" {
		t.Error("a state without a token gets one from its next plan")
	}
	first.Left, first.Owners = true, 3
	if done := first.Applied(); !cmp.Equal(done, created) {
		t.Errorf("what only the plan was for went into the state: %+v", done)
	}
	if kept := (Private{Instance: "T", Left: true}).Planned("", true); !kept.Left {
		t.Error("a left-over object goes on to be one")
	}
}
