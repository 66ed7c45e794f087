package framework

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// texts makes a map of pairs of a key and a text, which may be null or unknown.
func texts(pairs ...any) types.Map {
	m := map[string]attr.Value{}
	for i := 0; i < len(pairs); i += 2 {
		key, _ := pairs[i].(string)
		switch text := pairs[i+1].(type) {
		case string:
			m[key] = types.StringValue(text)
		case attr.Value:
			m[key] = text
		}
	}
	return types.MapValueMust(types.StringType, m)
}

func TestRolesByText(t *testing.T) {
	null, unknown := types.MapNull(types.StringType), types.MapUnknown(types.StringType)
	for name, c := range map[string]struct{ roles, texts, want types.Map }{
		"people":                      {texts("u-1", "owner", "u-2", "Viewer"), texts("u-1", "a@x", "u-2", "b@x"), texts("a@x", "owner", "b@x", "Viewer")},
		"nobody":                      {texts(), texts(), texts()},
		"not managed":                 {null, null, null},
		"not known":                   {unknown, unknown, unknown},
		"one without a text":          {texts("u-1", "owner", "u-2", "viewer", "u-3", "viewer"), texts("u-1", "a@x", "u-2", "", "u-3", types.StringNull()), texts("a@x", "owner", "u-2", "viewer", "u-3", "viewer")},
		"one text of several":         {texts("u-1", "owner", "u-2", "viewer", "u-3", "viewer"), texts("u-1", "a@x", "u-2", "a@x", "u-3", "b@x"), texts("a@x (u-1)", "owner", "a@x (u-2)", "viewer", "b@x", "viewer")},
		"a text that is another's id": {texts("u-1", "owner", "u-2", "viewer"), texts("u-1", "u-2", "u-2", ""), texts("u-2 (u-1)", "owner", "u-2 (u-2)", "viewer")},
		"a text that stands for another": {
			texts("u-1", "owner", "u-2", "viewer", "u-3", "tester"), texts("u-1", "a@x", "u-2", "a@x", "u-3", "a@x (u-1)"),
			texts("a@x (u-1) (u-1)", "owner", "a@x (u-2)", "viewer", "a@x (u-1) (u-3)", "tester"),
		},
		"one text not known":    {texts("u-1", "owner", "u-2", "viewer"), texts("u-1", "a@x", "u-2", types.StringUnknown()), unknown},
		"a role not known":      {texts("u-1", types.StringUnknown()), texts("u-1", "a@x"), texts("a@x", types.StringUnknown())},
		"another member's text": {texts("u-1", "owner"), texts("u-1", "a@x", "u-9", types.StringUnknown()), texts("a@x", "owner")},
	} {
		if got := rolesByText(c.roles, c.texts); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// The texts of a resource of one role are read out of its map of them to ids.
func TestTextsAreReadBack(t *testing.T) {
	for name, want := range map[string]types.Map{
		"people":                   texts("u-1", "a@x", "u-2", "b@x"),
		"one without a text":       texts("u-1", "a@x", "u-2", ""),
		"one text of several":      texts("u-1", "a@x", "u-2", "a@x", "u-3", "b@x"),
		"an id in the name":        texts("g-1", "Platform (g-1)", "g-2", "Platform"),
		"another's id in the name": texts("g-1", "Platform (g-2)", "g-2", "Platform"),
	} {
		ids := map[string]attr.Value{}
		for id := range want.Elements() {
			ids[id] = types.StringValue(id)
		}
		if got := textsOf(rolesByText(types.MapValueMust(types.StringType, ids), want)); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
