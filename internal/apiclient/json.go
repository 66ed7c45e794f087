package apiclient

import (
	"encoding/json"
	"fmt"
)

// ValueError is a value that is not as documented. The JSON around it can be read
// on, which may find an error that the service tells there.
type ValueError string

// Error gives the text.
func (e ValueError) Error() string { return string(e) }

// Text gives a JSON string's text, another JSON value as it is written, and ""
// for null and what is missing.
func Text(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	if raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// FirstText gives the text of the first of the fields that has one.
func FirstText(fields map[string]json.RawMessage, names ...string) string {
	for _, name := range names {
		if s := Text(fields[name]); s != "" {
			return s
		}
	}
	return ""
}

// Open consumes the delimiter that an object or a list begins with; what names
// it in the error.
func Open(dec *json.Decoder, what string, want json.Delim) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	if d, ok := tok.(json.Delim); !ok || d != want {
		return fmt.Errorf("%s is not %s", what, map[json.Delim]string{'{': "an object", '[': "a list"}[want])
	}
	return nil
}
