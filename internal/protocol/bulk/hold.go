package bulk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Attributes are the names of the attributes that are carried, by resource
// type. Each is a map of strings at the top of its schema.
type Attributes map[string][]string

// Open gives a hold for one request about a resource of a type, and a context
// with which [Pack] and [Unpack] find it. The hold is nil where nothing is
// carried for the type.
func (a Attributes) Open(ctx context.Context, typeName string) (context.Context, *Hold) {
	names := a[typeName]
	if len(names) == 0 {
		return ctx, nil
	}
	h := &Hold{names: names, kept: map[string]cargo{}}
	return context.WithValue(ctx, key{}, h), h
}

type key struct{}

// Hold keeps the maps of one request. A nil one changes nothing.
type Hold struct {
	names []string

	mu   sync.Mutex
	kept map[string]cargo // by ticket
}

// cargo is a map, and how it is sent.
type cargo struct {
	elements types.Map
	encoded  []byte
}

// Pack gives the ticket for a map that goes into an attribute which is carried.
// ok is false where the map has to go as it is.
func Pack(ctx context.Context, attribute string, m types.Map) (ticket tftypes.Value, ok bool) {
	h, found := ctx.Value(key{}).(*Hold)
	if !found || !slices.Contains(h.names, attribute) {
		return tftypes.Value{}, false
	}
	elements := m.Elements() // a copy
	if len(elements) == 0 {
		return tftypes.Value{}, false
	}
	id, err := h.put(elements)
	if err != nil {
		return tftypes.Value{}, false
	}
	entry := map[string]tftypes.Value{id: tftypes.NewValue(tftypes.String, "")}
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, entry), true
}

// Unpack gives the map for a ticket. ok is false where the value is none.
func Unpack(ctx context.Context, v tftypes.Value) (m types.Map, ok bool) {
	if _, isMap := v.Type().(tftypes.Map); !isMap {
		return types.Map{}, false // most attributes are none
	}
	h, found := ctx.Value(key{}).(*Hold)
	var entries map[string]tftypes.Value
	if !found || !v.IsKnown() || v.As(&entries) != nil || len(entries) != 1 {
		return types.Map{}, false
	}
	for ticket := range entries {
		c, kept := h.get(ticket)
		m, ok = c.elements, kept
	}
	return m, ok
}

// ticketPrefix begins no id of a service's, and no key that Terraform sends.
const ticketPrefix = "\x00roster:"

// put keeps a map of texts, and gives its ticket: a digest of what it holds.
func (h *Hold) put(elements map[string]attr.Value) (ticket string, err error) {
	encoded, err := encodeMap(elements)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(encoded)
	ticket = ticketPrefix + hex.EncodeToString(digest[:])
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, kept := h.kept[ticket]; !kept {
		h.kept[ticket] = cargo{types.MapValueMust(types.StringType, elements), encoded}
	}
	return ticket, nil
}

func (h *Hold) get(ticket string) (cargo, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, kept := h.kept[ticket]
	return c, kept
}
