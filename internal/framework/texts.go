package framework

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tf-roster/terraform-provider-roster/internal/roster"
)

// called is what people call a member: a user by the e-mail address, a group
// by its name. It is empty where the service does not tell.
func called(m roster.Member) string {
	if m.Kind == roster.Group {
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
		texts := make(map[string]attr.Value, len(rm.roles.Elements()))
		for id := range rm.roles.Elements() {
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
		ids := make(map[string]attr.Value, len(values.Elements()))
		for id := range values.Elements() {
			ids[id] = types.StringValue(id)
		}
		values = types.MapValueMust(types.StringType, ids)
	}
	if rm.partial {
		values = types.MapUnknown(types.StringType)
	}
	rm.byText = rolesByText(values, rm.texts)
}

// rolesByText gives the roles by what people are called. The id stands in for a
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
	byText := make(map[string]attr.Value, len(held))
	for id, role := range held {
		text := called[id]
		if count[text] > 1 {
			text = fmt.Sprintf("%s (%s)", text, id)
		}
		byText[text] = role
	}
	return types.MapValueMust(types.StringType, byText)
}

// textsOf reads what people are called out of a map of that to ids.
func textsOf(byText types.Map) types.Map {
	texts := make(map[string]attr.Value, len(byText.Elements()))
	for text, e := range byText.Elements() {
		id, ok := e.(types.String)
		if !ok || id.IsUnknown() {
			continue
		}
		text = strings.TrimSuffix(text, " ("+id.ValueString()+")")
		if text == id.ValueString() {
			text = ""
		}
		texts[id.ValueString()] = types.StringValue(text)
	}
	return types.MapValueMust(types.StringType, texts)
}
