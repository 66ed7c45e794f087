package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// unknownTotal stands for a total that is missing or no number; a public note
// reports "n/a" on another list of the service.
const unknownTotal = -1

// head is an answer's envelope without its result.
type head struct {
	// failure is the `error` field; nil where it is null or missing.
	failure *wireFailure
	// requestID is the service's id of the request; "" where it gave none.
	requestID string
	// total is the number of rows on all pages, or unknownTotal.
	total int64
	// hidden is the number of rows that the key cannot see, as far as is known.
	hidden int64
}

// wireFailure is the documented error object, as far as it was one.
type wireFailure struct {
	code    int
	message string
}

// errShape marks an answer that is JSON without the documented shape.
var errShape = errors.New("the answer does not have the documented shape")

func shapeError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errShape, fmt.Sprintf(format, args...))
}

// decodeEnvelope reads one envelope from dec, and calls result when it comes to
// the `result` field, which it has to consume. The fields may be in any order.
// A non-null error comes back in the head and hides a result that was not as
// expected, which is usual then.
func decodeEnvelope(dec *json.Decoder, result func(*json.Decoder) error) (head, error) {
	h := head{total: unknownTotal}
	var shape error
	note := func(err error) {
		if shape == nil {
			shape = err
		}
	}
	if tok, err := dec.Token(); err != nil {
		return h, err
	} else if tok != json.Delim('{') {
		return h, shapeError("it is not a JSON object")
	}
	seen := false
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return h, err
		}
		key, _ := tok.(string)
		if key == "result" {
			if seen {
				return h, shapeError("it has two results")
			}
			seen = true
			if err := result(dec); err != nil {
				if !errors.Is(err, errShape) {
					return h, err
				}
				note(err)
			}
			continue
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return h, err
		}
		note(h.set(key, raw))
	}
	if _, err := dec.Token(); err != nil {
		return h, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		note(shapeError("something follows the JSON object"))
	}
	switch {
	case h.failure != nil:
		return h, nil
	case shape != nil:
		return h, shape
	case !seen:
		return h, shapeError("it has no result")
	default:
		return h, nil
	}
}

// set takes over one field of the envelope other than the result.
func (h *head) set(key string, raw json.RawMessage) error {
	switch key {
	case "error":
		// Two error fields: the one that says something counts.
		if f := failureFrom(raw); f != nil {
			h.failure = f
		}
	case "request_id":
		h.requestID = transport.OneLine(textOf(raw), messageRunes)
	case "total":
		n, ok := wholeNumber(raw)
		if !ok {
			return nil
		}
		if n < 0 {
			return shapeError("its total is negative")
		}
		h.total = n
	case "hidden":
		if isNull(raw) {
			return nil
		}
		n, ok := wholeNumber(raw)
		if !ok || n < 0 {
			return shapeError("its number of hidden rows is %s", transport.OneLine(string(raw), 40))
		}
		h.hidden = n
	}
	return nil
}

// failureFrom reads the `error` field. Anything but null is a failure.
func failureFrom(raw json.RawMessage) *wireFailure {
	if isNull(raw) {
		return nil
	}
	var o struct {
		Code    json.RawMessage `json:"code"`
		Message json.RawMessage `json:"message"`
	}
	f := &wireFailure{}
	if err := json.Unmarshal(raw, &o); err == nil {
		if n, ok := wholeNumber(o.Code); ok && n > 0 && n <= math.MaxInt32 {
			f.code = int(n)
		}
		f.message = textOf(o.Message)
	}
	if f.message == "" && f.code == 0 {
		f.message = textOf(raw)
	}
	f.message = transport.OneLine(f.message, messageRunes)
	return f
}

// wholeNumber reads an integer, or a string that is one.
func wholeNumber(raw json.RawMessage) (int64, bool) {
	n, err := strconv.ParseInt(textOf(raw), 10, 64)
	return n, err == nil
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// textOf gives a JSON string's text, another JSON value as it is written, and
// "" for null and what is missing.
func textOf(raw json.RawMessage) string {
	if isNull(raw) {
		return ""
	}
	var s string
	if raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// eachRow reads a list's result, which is an array or an object of rows (a
// public client found the latter for older accounts), row by row.
func eachRow[T row](dec *json.Decoder, take func(T)) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	delim, _ := tok.(json.Delim)
	switch delim {
	case '[', '{':
	default:
		return shapeError("its result is neither an array nor an object of rows")
	}
	var shape error
	for dec.More() {
		if delim == '{' {
			if _, err := dec.Token(); err != nil {
				return err
			}
		}
		var r T
		if err := decodeRow(dec, &r); err != nil {
			if !errors.Is(err, errShape) {
				return err
			}
			// Reading on finds an error that the envelope may still hold.
			if shape == nil {
				shape = err
			}
			continue
		}
		take(r)
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	return shape
}

// oneRow reads a result that is a single row.
func oneRow[T row](into *T) func(*json.Decoder) error {
	return func(dec *json.Decoder) error { return decodeRow(dec, into) }
}

func decodeRow[T row](dec *json.Decoder, into *T) error {
	if err := dec.Decode(into); err != nil {
		if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return shapeError("%s of a row is of the JSON type %s", fieldName(te.Field), te.Value)
		}
		return err
	}
	if (*into).key() <= 0 {
		return shapeError("a row has no id")
	}
	return nil
}

func fieldName(s string) string {
	if s == "" {
		return "a value"
	}
	return "the field " + s
}

// skipResult takes any result, for calls whose result says nothing that is not
// read back anyway.
func skipResult(dec *json.Decoder) error {
	var raw json.RawMessage
	return dec.Decode(&raw)
}
