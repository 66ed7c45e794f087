package client

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// unknownTotal stands for a total that is missing or no number; a public note
// reports "n/a" on another list of the service (blazemeter 21).
const unknownTotal = -1

// head is an answer's envelope without its result.
type head struct {
	// failure is the `error` field; nil where it is null or missing.
	failure *apiclient.Said
	// requestID is the service's id of the request; "" where it gave none.
	requestID string
	// total is the number of rows on all pages, or unknownTotal.
	total int64
	// hidden is the number of rows that the key cannot see, as far as is known
	// (blazemeter 21).
	hidden int64
}

// ends tells an error after which nothing more can be read of an answer from one
// that says of a value only that it is not as expected.
func ends(err error) bool {
	_, value := errors.AsType[apiclient.ValueError](err)
	_, kind := errors.AsType[*json.UnmarshalTypeError](err)
	return err != nil && !value && !kind
}

// decodeEnvelope reads one envelope from dec, and calls result when it comes to
// the `result` field, which it has to consume. The fields may be in any order.
// A non-null error comes back in the head and hides a result that was not as
// expected, which is usual then.
func decodeEnvelope(dec *json.Decoder, result func(*json.Decoder) error) (head, error) {
	h := head{total: unknownTotal}
	if err := apiclient.Open(dec, "it", '{'); err != nil {
		return h, err
	}
	var shape error
	note := func(err error) {
		if shape == nil {
			shape = err
		}
	}
	seen, version := false, false
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return h, err
		}
		key, _ := tok.(string)
		if key == "result" {
			if seen {
				return h, errors.New("it has two results")
			}
			seen = true
			err := result(dec)
			if ends(err) {
				return h, err
			}
			note(err)
			continue
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return h, err
		}
		version = version || key == "api_version"
		note(h.set(key, raw))
	}
	if _, err := dec.Token(); err != nil {
		return h, err
	}
	switch {
	case h.failure != nil:
		// Gateways write an `error` too, and nothing else of the envelope.
		h.failure.Own, h.failure.RequestID = seen || version, h.requestID
		return h, nil
	case shape != nil:
		return h, shape
	case !seen:
		return h, errors.New("it has no result")
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
		h.requestID = apiclient.Text(raw)
	case "total":
		n, ok := wholeNumber(raw)
		if !ok {
			return nil
		}
		if n < 0 {
			return errors.New("its total is negative")
		}
		if n > mostRows {
			return fmt.Errorf("it claims to have %d rows", n)
		}
		h.total = n
	case "hidden":
		if isNull(raw) {
			return nil
		}
		n, ok := wholeNumber(raw)
		if !ok || n < 0 {
			return fmt.Errorf("its number of hidden rows is %s", transport.OneLine(string(raw), 40))
		}
		h.hidden = n
	}
	return nil
}

// eachRow reads a list's result, which is an array or an object of rows (a
// public client found the latter for older accounts: blazemeter 22), row by row.
func eachRow[T row](dec *json.Decoder, take func(T)) error {
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	delim, _ := tok.(json.Delim)
	switch delim {
	case '[', '{':
	default:
		return apiclient.ValueError("its result is neither an array nor an object of rows")
	}
	var shape error
	for dec.More() {
		if delim == '{' {
			if _, err := dec.Token(); err != nil {
				return err
			}
		}
		var r T
		err := decodeRow(dec, &r)
		switch {
		case err == nil:
			take(r)
		case ends(err):
			return err
		case shape == nil:
			// Reading on finds an error that the envelope may still hold.
			shape = err
		}
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
	*into = *new(T)
	if err := dec.Decode(into); err != nil {
		return err
	}
	if (*into).key() <= 0 {
		return apiclient.ValueError("a row has no id")
	}
	return nil
}

// skipResult takes any result, for calls whose result says nothing that is not
// read back anyway.
func skipResult(dec *json.Decoder) error {
	var raw json.RawMessage
	return dec.Decode(&raw)
}
