package bulk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Hold keeps the maps and sets of one request. A nil one changes nothing.
type Hold struct {
	layout *Layout

	mu   sync.Mutex
	kept map[string]cargo // by ticket
}

// cargo is a types.Map or a types.Set, and how it is sent.
type cargo struct {
	value   attr.Value
	encoded []byte
}

// Pack gives the ticket for a map or a set that goes into an attribute at the top
// of a schema, or the value itself where it has to go as it is.
func Pack[V types.Map | types.Set](ctx context.Context, attribute string, v V) V {
	h, found := ctx.Value(key{}).(*Hold)
	if !found || !h.layout.carried[attribute] {
		return v
	}
	var ticket attr.Value
	switch v := any(v).(type) {
	case types.Map:
		elements := v.Elements() // a copy
		id, err := h.putMap(elements)
		if err != nil || len(elements) == 0 {
			break
		}
		ticket = types.MapValueMust(types.StringType, map[string]attr.Value{id: types.StringValue("")})
	case types.Set:
		elements := v.Elements()
		id, err := h.putSet(elements)
		if err != nil || len(elements) == 0 {
			break
		}
		ticket = types.SetValueMust(types.StringType, []attr.Value{types.StringValue(id)})
	}
	if packed, ok := ticket.(V); ok {
		return packed
	}
	return v
}

// Unpack gives the map or the set that a ticket stands for, or the value itself
// where it is none.
func Unpack[V types.Map | types.Set](ctx context.Context, v V) V {
	h, found := ctx.Value(key{}).(*Hold)
	if !found {
		return v
	}
	ticket := ""
	switch v := any(v).(type) {
	case types.Map:
		if elements := v.Elements(); len(elements) == 1 {
			for ticket = range elements {
			}
		}
	case types.Set:
		if elements := v.Elements(); len(elements) == 1 {
			text, _ := elements[0].(types.String)
			ticket = text.ValueString()
		}
	}
	c, _ := h.get(ticket)
	if unpacked, ok := c.value.(V); ok {
		return unpacked
	}
	return v
}

// ticketPrefix begins no id of a service's, and no text that Terraform sends.
const ticketPrefix = "\x00roster:"

// putMap keeps a map of texts, and gives its ticket.
func (h *Hold) putMap(elements map[string]attr.Value) (ticket string, err error) {
	encoded, err := encodeMap(elements)
	if err != nil {
		return "", err
	}
	return h.put(encoded, func() attr.Value { return types.MapValueMust(types.StringType, elements) }), nil
}

// putSet keeps a set of texts, and gives its ticket. It puts the elements in
// order and drops what is there twice.
func (h *Hold) putSet(elements []attr.Value) (ticket string, err error) {
	elements = inOrder(elements)
	encoded, err := encodeSet(elements)
	if err != nil {
		return "", err
	}
	return h.put(encoded, func() attr.Value { return types.SetValueMust(types.StringType, elements) }), nil
}

// put keeps a value by a digest of what it holds.
func (h *Hold) put(encoded []byte, value func() attr.Value) (ticket string) {
	digest := sha256.Sum256(encoded)
	ticket = ticketPrefix + hex.EncodeToString(digest[:])
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, kept := h.kept[ticket]; !kept {
		h.kept[ticket] = cargo{value(), encoded}
	}
	return ticket
}

func (h *Hold) get(ticket string) (cargo, bool) {
	if !strings.HasPrefix(ticket, ticketPrefix) {
		return cargo{}, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c, kept := h.kept[ticket]
	return c, kept
}

// Empty lets go of everything that is kept: no ticket of before is good any more. It
// is called when the request is over, because the framework keeps its context, and
// thereby the hold, until the process ends.
func (h *Hold) Empty() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.kept)
}

// inOrder gives texts in one order, so that equal sets are written alike: null
// first, then what is unknown, each of which may turn out to be another text, and
// then the texts, each once.
func inOrder(elements []attr.Value) []attr.Value {
	sorted := slices.Clone(elements)
	rank := func(v attr.Value) int {
		switch {
		case v.IsNull():
			return 0
		case v.IsUnknown():
			return 1
		}
		return 2
	}
	textOf := func(v attr.Value) string {
		text, _ := v.(types.String)
		return text.ValueString()
	}
	slices.SortFunc(sorted, func(a, b attr.Value) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(textOf(a), textOf(b)))
	})
	return slices.CompactFunc(sorted, func(a, b attr.Value) bool {
		return rank(a) == rank(b) && rank(a) != 1 && textOf(a) == textOf(b)
	})
}
