package bulk

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Layout says which attributes of an object are carried: maps and sets of
// strings, at the top and in nested objects. A nil one has none.
type Layout struct {
	carried map[string]bool
	nested  map[string]*Layout
}

// LayoutOf gives the layout of an object type; nil where nothing in it is
// carried, or it is no object.
func LayoutOf(t tftypes.Type) *Layout {
	object, ok := t.(tftypes.Object)
	if !ok {
		return nil
	}
	l := &Layout{carried: map[string]bool{}, nested: map[string]*Layout{}}
	for name, typ := range object.AttributeTypes {
		if typ.Equal(mapOfStrings) || typ.Equal(setOfStrings) {
			l.carried[name] = true
		} else if nested := LayoutOf(typ); nested != nil {
			l.nested[name] = nested
		}
	}
	if len(l.carried)+len(l.nested) == 0 {
		return nil
	}
	return l
}

var (
	mapOfStrings = tftypes.Map{ElementType: tftypes.String}
	setOfStrings = tftypes.Set{ElementType: tftypes.String}
)

// Open gives a hold for one request about a value of this layout, and a context
// with which [Pack] and [Unpack] find it. The hold is nil where nothing is
// carried.
func (l *Layout) Open(ctx context.Context) (context.Context, *Hold) {
	if l == nil {
		return ctx, nil
	}
	h := &Hold{layout: l, kept: map[string]cargo{}}
	return context.WithValue(ctx, key{}, h), h
}

type key struct{}
