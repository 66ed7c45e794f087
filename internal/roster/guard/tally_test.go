package guard

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// However the notes come, and whenever a listing is looked at, the count is
// what counting from scratch gives.
func TestTheTallyCountsAsIfFromScratch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := []string{"a", "b", "c", "d", "e"}
		roles := rapid.SliceOfN(rapid.SampledFrom([]string{"owner", "viewer", ""}), len(ids), len(ids)).Draw(t, "roles")
		var members []membership.Member
		for i, role := range roles {
			if role != "" {
				members = append(members, person(ids[i], role))
			}
		}
		members = append(members, person("stays", "owner"))
		j := NewJudge(Policy{MinimumOwners: 1, NotCounted: []string{"e"}}, blink(), words())
		l := listing(blink(), members...)
		tally := NewTally(j, nil)
		losing, gaining, unknown := map[string]bool{}, map[string]bool{}, 0
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			id := rapid.SampledFrom(ids).Draw(t, "id")
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				tally.Lose(Loss{Principal: user(id)})
				losing[id] = true
			case 1:
				tally.Gain(person(id, "owner"))
				gaining[id] = true
			case 2:
				tally.ForgetLoss(user(id))
				delete(losing, id)
			case 3:
				tally.ForgetGain(user(id))
				delete(gaining, id)
			case 4:
				tally.GainUnknown(1)
				unknown++
			case 5:
				tally.Recount(j, l)
			}
		}
		tally.Recount(j, l)
		want := unknown
		for _, id := range append(ids, "stays") {
			m, there := l.Member(user(id))
			owner := there && j.Counts(m)
			if owner && losing[id] && !gaining[id] {
				owner = false
			}
			if !owner && gaining[id] && j.WhyNot(person(id, "owner")) == "" {
				owner = true
			}
			if owner {
				want++
			}
		}
		if got := tally.Left(); got != want {
			t.Fatalf("%d owners are left, not %d", got, want)
		}
	})
}
