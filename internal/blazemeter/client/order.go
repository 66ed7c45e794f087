package client

import (
	"slices"
	"sync"
)

// orders keeps, for each workspace, what its listings tell about the order of the
// rows, which the vendor does not document (blazemeter 19). It only says where to
// look first: a wrong guess costs a call.
type orders struct {
	mu    sync.Mutex
	known map[int64]*byID
}

// byID is a list of enabled users that came in the order of their ids.
type byID struct {
	ids []int64
	// proved is true once a new user was found among those before, and not at the
	// end: until then the list may as well be in the order of joining.
	proved bool
}

// learn takes up a whole listing.
func (o *orders) learn(workspace int64, rows []found[userRow]) {
	var ids []int64
	for _, f := range rows {
		if f.enabled {
			ids = append(ids, int64(f.row.ID))
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.known[workspace]
	delete(o.known, workspace)
	if !slices.IsSorted(ids) {
		return
	}
	if o.known == nil {
		o.known = map[int64]*byID{}
	}
	o.known[workspace] = &byID{ids: ids, proved: before != nil && before.proved}
}

// byID tells whether it is proved that a workspace's users are listed by their ids.
func (o *orders) byID(workspace int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	k := o.known[workspace]
	return k != nil && k.proved
}

// saw takes up the ids on a page, and those of the new users among them.
func (o *orders) saw(workspace int64, page, fresh []int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	k := o.known[workspace]
	if k == nil {
		return
	}
	if !slices.IsSorted(page) {
		delete(o.known, workspace)
		return
	}
	for _, id := range fresh {
		if i, listed := slices.BinarySearch(k.ids, id); !listed {
			k.proved = k.proved || i < len(k.ids)
			k.ids = slices.Insert(k.ids, i, id)
		}
	}
}

// windows gives the places from which pages have to be read to see these users,
// where the list is in the order of their ids. Some more rows than are known may
// be there: a page begins a little before who is looked for, and has room after.
func (o *orders) windows(workspace int64, wanted []int64, page int) []int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	k := o.known[workspace]
	if k == nil {
		return nil
	}
	slices.Sort(wanted)
	before, after := page/5, page/3
	var starts []int64
	for n, id := range wanted {
		place, _ := slices.BinarySearch(k.ids, id)
		place += n // who is looked for is listed too
		if last := len(starts) - 1; last >= 0 && int64(place) < starts[last]+int64(page-after) {
			continue
		}
		starts = append(starts, int64(max(0, place-before)))
	}
	return starts
}
