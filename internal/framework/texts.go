package framework

import (
	"cmp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// called is what people call a member: a user by the e-mail address, a group
// by its name. It is empty where the service does not tell.
func called(m membership.Member) string {
	if m.Kind == membership.Group {
		return m.Name
	}
	return m.Email
}

// setTexts fills in what people are called: what known gives, and unknown for
// everybody else.
func (rm *roleMap) setTexts(known func(id string) (string, bool)) {
	switch {
	case rm.roles.IsNull():
		rm.texts = types.MapNull(types.StringType)
	case rm.roles.IsUnknown():
		rm.texts = types.MapUnknown(types.StringType)
	default:
		roles := rm.roles.Elements() // a copy
		texts := make(map[string]attr.Value, len(roles))
		for id := range roles {
			texts[id] = types.StringUnknown()
			if text, ok := known(id); ok {
				texts[id] = types.StringValue(text)
			}
		}
		rm.texts = types.MapValueMust(types.StringType, texts)
	}
	rm.setByText()
}

// setByText fills in the map from what people are called, to roles, or to ids
// where one role is managed.
func (rm *roleMap) setByText() {
	values := rm.roles
	if rm.Texts.Name == "" && !values.IsNull() && !values.IsUnknown() {
		members := values.Elements() // a copy
		ids := make(map[string]attr.Value, len(members))
		for id := range members {
			ids[id] = types.StringValue(id)
		}
		values = types.MapValueMust(types.StringType, ids)
	}
	if rm.partial {
		values = types.MapUnknown(types.StringType)
	}
	rm.byText = rolesByText(values, rm.texts)
}

// rolesByText gives the roles by what people are called. The id takes the place of a
// text that is missing, and comes after one that several have. While one text is
// not known, the map is not.
func rolesByText(roles, texts types.Map) types.Map {
	switch {
	case roles.IsNull():
		return types.MapNull(types.StringType)
	case roles.IsUnknown() || texts.IsUnknown():
		return types.MapUnknown(types.StringType)
	}
	held, known := roles.Elements(), texts.Elements()
	called, count := make(map[string]string, len(held)), make(map[string]int, len(held))
	for id := range held {
		text, _ := known[id].(types.String)
		if text.IsUnknown() {
			return types.MapUnknown(types.StringType)
		}
		called[id] = cmp.Or(text.ValueString(), id)
		count[called[id]]++
	}
	// A group may be called what stands here for another one, so once may not be enough.
	for len(count) < len(called) {
		again := make(map[string]int, len(held))
		for id, text := range called {
			if count[text] > 1 {
				called[id] = text + suffix(id)
			}
			again[called[id]]++
		}
		count = again
	}
	byText := make(map[string]attr.Value, len(held))
	for id, role := range held {
		byText[called[id]] = role
	}
	return types.MapValueMust(types.StringType, byText)
}

// suffix tells those apart who are called the same.
func suffix(id string) string { return " (" + id + ")" }

// textsOf reads what people are called out of a map of that to ids. An id behind a
// text belongs to the text unless several have it.
func textsOf(byText types.Map) types.Map {
	held := byText.Elements()
	ids, count := make(map[string]string, len(held)), make(map[string]int, len(held))
	for text, e := range held {
		if id, ok := e.(types.String); ok && !id.IsUnknown() {
			ids[text] = id.ValueString()
			if short, is := strings.CutSuffix(text, suffix(ids[text])); is {
				count[short]++
			}
		}
	}
	texts := make(map[string]attr.Value, len(ids))
	for text, id := range ids {
		if short, is := strings.CutSuffix(text, suffix(id)); is && count[short] > 1 {
			text = short
		}
		if text == id {
			text = ""
		}
		texts[id] = types.StringValue(text)
	}
	return types.MapValueMust(types.StringType, texts)
}
