package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// seeds are answers in and out of the documented shape.
var seeds = []string{
	`{"limit":10,"skip":0,"total":2,"hidden":0,"api_version":4,"error":null,"request_id":"5dc9","result":[{"id":1,"roles":["manager"],"enabled":true},{"id":"2","roles":null}]}`,
	`{"error":null,"total":"1","hidden":null,"result":{"7":{"id":5000000001,"email":"alice@example.com","displayName":"Alice","roles":["a","b"]}}}`,
	`{"error":{"code":401,"message":"Unauthorized"},"api_version":4,"result":null,"request_id":"5dc9"}`,
	`{"error":"text","result":[]}`, `{"result":[{"id":1}`, `{"result":{"id":1}}`, `[]`, `null`, ``, `{"result":[],"result":[]}`,
	`{"total":"n/a","hidden":-1,"result":[]}`, `<html><body><!-- x --><script>1<2</script>Hello &amp; bye</body></html>`, "\x00\xff{", `{"error":{"code":1e400},"result":[[[[]]]]}`,
}

// FuzzListing: no listing panics, none shows anybody without a valid id, and an
// answer with an error is never taken for a listing.
func FuzzListing(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var rows []userRow
		h, err := decodeEnvelope(json.NewDecoder(bytes.NewReader(body)), rowsInto(&rows))
		if err != nil || h.failure != nil {
			return
		}
		for _, r := range rows {
			if checked := CheckID(r.ID.String()); checked != nil {
				t.Errorf("a row with the id %d: %v", r.ID, checked)
			}
		}
		if h.total < unknownTotal || h.hidden < 0 {
			t.Errorf("total %d, hidden %d", h.total, h.hidden)
		}
		// What is taken for a listing holds one result and no error, however it
		// is read.
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			t.Fatalf("taken, but no JSON object: %v", err)
		}
		if e, there := fields["error"]; there && string(e) != "null" {
			t.Errorf("taken with the error %s", e)
		}
		if r := fields["result"]; len(r) == 0 || r[0] != '[' && r[0] != '{' {
			t.Errorf("taken with the result %q", r)
		}
	})
}

// FuzzAnswer: whatever a service answers, a call ends with a result or with an
// error in one readable line of bounded length.
func FuzzAnswer(f *testing.F) {
	for _, s := range seeds {
		for _, status := range []int{200, 204, 302, 400, 404, 429, 500, 503} {
			f.Add(status, []byte(s), false)
			f.Add(status, []byte(s), true)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body []byte, writes bool) {
		if status < 200 || status > 999 {
			return
		}
		send := func(context.Context) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}, nil
		}
		var row userRow
		c := &Client{api: apiclient.API{Product: productName, Mask: transport.NewMask(), Explain: Explain, NotFound: membership.Refused}}
		_, err := c.call(t.Context(), apiclient.Call{Op: "do something", Writes: writes, Send: send}, oneRow(&row))
		if err == nil {
			if status >= 300 {
				t.Errorf("%d is taken for success", status)
			}
			if row.ID <= 0 && (!writes || status != http.StatusNoContent) {
				t.Errorf("taken without a row: %q", body)
			}
			return
		}
		e, ok := errors.AsType[*membership.Error](err)
		if !ok {
			t.Fatalf("%T %v", err, err)
		}
		if e.Failure == membership.Gone {
			t.Error("one answer alone never means that something is gone")
		}
		if e.MaybeApplied && !writes {
			t.Error("a reading was applied")
		}
		text := e.Error()
		if len(text) > 4*(2*1000+500) || strings.ContainsAny(text, "\n\r\x00\x1b") {
			t.Errorf("not one readable line: %q", text)
		}
	})
}

// FuzzFailure: only the documented form is the service's own, and a code is a
// code.
func FuzzFailure(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		said := Explain(body)
		if said.Status < 0 {
			t.Errorf("the code %d", said.Status)
		}
		var fields map[string]json.RawMessage
		if said.Own && (json.Unmarshal(body, &fields) != nil || isNull(fields["error"])) {
			t.Errorf("%q is taken for an error of the service", body)
		}
	})
}

// FuzzCheckID: an id that is taken is sent and read as it is.
func FuzzCheckID(f *testing.F) {
	for _, s := range []string{"", "0", "1", "352749", "9223372036854775807", "9223372036854775808", "1/2", "٣"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		n, err := apiclient.ParseNumericID(id)
		if err == nil && (n <= 0 || n.String() != id) {
			t.Errorf("%q is taken as %d", id, n)
		}
	})
}
