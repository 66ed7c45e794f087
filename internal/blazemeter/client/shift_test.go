package client

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Two shifts in one reading can make up for each other: as many rows are
// received as the total says, and a user who was there all the time is not
// among them. Only pages that do not meet tell.
func TestShiftsThatMakeUpForEachOther(t *testing.T) {
	f := newFake(t)
	var mu sync.Mutex
	moving := map[string][]int{"0": {1, 2, 3}, "2": {5, 6, 7}, "4": {6, 7, 8}} // 4 falls between the first two
	calm := []int{3, 4, 5, 6, 7, 8, 9}
	f.answer = func(c fakeCall) (int, string, bool) {
		if !strings.HasSuffix(c.path, "/users") {
			return 0, "", false
		}
		if c.query.Get("enabled") == "false" {
			return 200, `{"error":null,"total":0,"hidden":0,"limit":50,"skip":0,"result":[]}`, true
		}
		mu.Lock()
		defer mu.Unlock()
		skip := c.query.Get("skip")
		ids, ok := moving[skip]
		delete(moving, skip)
		if !ok {
			from, err := strconv.Atoi(skip)
			if err != nil {
				return 400, `{}`, true
			}
			ids = calm[min(from, len(calm)):min(from+3, len(calm))]
		}
		rows := make([]string, len(ids))
		for i, id := range ids {
			rows[i] = fmt.Sprintf(`{"id":%d,"email":"person%d@example.com","displayName":"","roles":["tester"],"enabled":true}`, id, id)
		}
		return 200, fmt.Sprintf(`{"error":null,"total":7,"hidden":0,"limit":50,"skip":%s,"result":[%s]}`, skip, strings.Join(rows, ",")), true
	}
	w, err := f.client().ReadWorkspace(t.Context(), "7")
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, m := range w.Members {
		id, err := strconv.Atoi(m.ID)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, id)
	}
	slices.Sort(got)
	if !slices.Equal(got, calm) {
		t.Errorf("members %v, want %v", got, calm)
	}
}
