package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
)

// isNotFound tells whether a failure is a 404 in the documented form. By itself
// it never means that something is gone: it is not documented whether the service
// answers 404 or 403 for what a key cannot see (blazemeter 25).
func isNotFound(err error) bool { return errors.Is(err, apiclient.ErrNotFound) }

// Explain reads the documented form of an error, the envelope
// (https://help.blazemeter.com/apidocs/response_codes.htm).
func Explain(body []byte) apiclient.Said {
	h, err := decodeEnvelope(json.NewDecoder(bytes.NewReader(body)), skipResult)
	if err != nil || h.failure == nil {
		return apiclient.Said{}
	}
	return *h.failure
}

// failureFrom reads the `error` field. Anything but null is a failure. The
// documented form is an object with a code and a message.
func failureFrom(raw json.RawMessage) *apiclient.Said {
	if isNull(raw) {
		return nil
	}
	var o struct {
		Code    json.RawMessage `json:"code"`
		Message json.RawMessage `json:"message"`
	}
	f := &apiclient.Said{}
	if err := json.Unmarshal(raw, &o); err == nil {
		if n, ok := wholeNumber(o.Code); ok && n > 0 && n <= math.MaxInt32 {
			f.Status = int(n)
		}
		f.Message = apiclient.Text(o.Message)
	}
	if f.Message == "" && f.Status == 0 {
		f.Message = apiclient.Text(raw)
	}
	return f
}

// wholeNumber reads an integer, or a string that is one.
func wholeNumber(raw json.RawMessage) (int64, bool) {
	n, err := strconv.ParseInt(apiclient.Text(raw), 10, 64)
	return n, err == nil
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func firstOf(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
