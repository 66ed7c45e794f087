package apiclient

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "nobody-may-see-this"

// petStore is an API whose own errors are {"pet_error": ..., "code": ...}.
func petStore() API {
	return API{
		Product: "Pets", Mask: transport.NewMask(secret), NotFound: membership.Gone,
		Explain: func(body []byte) Said {
			var e struct {
				Error string `json:"pet_error"`
				Code  int    `json:"code"`
			}
			if json.Unmarshal(body, &e) != nil || e.Error == "" {
				return Said{}
			}
			return Said{Own: true, Status: e.Code, Message: e.Error}
		},
	}
}

// service gives fixed answers, the last of them again and again, and counts how
// often it is asked.
type service struct {
	status int
	bodies []string
	asked  int
}

func (s *service) send(context.Context) (*http.Response, error) {
	body := s.bodies[min(s.asked, len(s.bodies)-1)]
	s.asked++
	return &http.Response{StatusCode: s.status, Header: http.Header{"X-Request-Id": {"r-1"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func answering(status int, bodies ...string) *service {
	return &service{status: status, bodies: bodies}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status      int
		body        string
		read, write membership.Failure
		maybe       bool
		says        string
	}{
		"own 404":                {404, `{"pet_error":"no such pet"}`, membership.Gone, membership.Gone, false, "HTTP 404: no such pet (request id r-1)"},
		"own 404, by its code":   {404, `{"pet_error":"no such pet","code":404}`, membership.Gone, membership.Gone, false, "no such pet"},
		"own 403 as 404":         {404, `{"pet_error":"not yours","code":403}`, membership.Forbidden, membership.Forbidden, false, "the error in the answer has the code 403"},
		"own 404 as 400":         {400, `{"pet_error":"no such pet","code":404}`, membership.Gone, membership.Gone, false, "no such pet"},
		"own 404 as 500":         {500, `{"pet_error":"no such pet","code":404}`, membership.Passing, membership.Passing, true, "no such pet"},
		"foreign 404":            {404, "default backend - 404", membership.Malformed, membership.Unsupported, false, "not how Pets itself says that something is not there"},
		"foreign 404, empty":     {404, "", membership.Malformed, membership.Unsupported, false, "check the endpoint"},
		"foreign 404, as JSON":   {404, `{"code":404,"error":{"message":"no route"}}`, membership.Malformed, membership.Unsupported, false, "HTTP 404: no route: "},
		"foreign 400 with a 404": {400, `{"code":404,"message":"no route"}`, membership.Refused, membership.Refused, false, "no route"},
		"a page":                 {502, "<html><h1>Bad gateway</h1></html>", membership.Passing, membership.Passing, true, "a web page answered, not Pets's API: Bad gateway"},
		"the secret":             {400, secret + "!", membership.Refused, membership.Refused, false, "HTTP 400: ***!"},
	} {
		for _, writes := range []bool{false, true} {
			pets := answering(tc.status, tc.body)
			_, err := petStore().Do(t.Context(), Call{Op: "pet", Writes: writes, Send: pets.send})
			e, ok := errors.AsType[*membership.Error](err)
			if !ok || pets.asked != 1 {
				t.Fatalf("%s: %v, asked %d times", name, err, pets.asked)
			}
			want := tc.read
			if writes {
				want = tc.write
			}
			if e.Failure != want || e.MaybeApplied != (tc.maybe && writes) || !strings.Contains(e.Error(), tc.says) {
				t.Errorf("%s, writes %v: failure %d, want %d; maybe applied %v: %v", name, writes, e.Failure, want, e.MaybeApplied, e)
			}
			if errors.Is(err, ErrNotFound) != (want == membership.Gone) {
				t.Errorf("%s: not found is %v", name, errors.Is(err, ErrNotFound))
			}
		}
	}
}

// A reading whose answer breaks off is repeated, a change never.
func TestCutShort(t *testing.T) {
	t.Parallel()
	decode := func(dec *json.Decoder, _ *Answer) error {
		var v struct {
			Name string `json:"name"`
		}
		return dec.Decode(&v)
	}
	pets := answering(200, `{"name":`, `{"na`, `{"name":"Rex"}`)
	answer, err := petStore().Do(t.Context(), Call{Op: "read", Send: pets.send, Decode: decode})
	if err != nil || pets.asked != 3 || answer.RequestID != "r-1" {
		t.Errorf("%v after %d attempts, %+v", err, pets.asked, answer)
	}
	pets = answering(200, `{"name":`)
	_, err = petStore().Do(t.Context(), Call{Op: "read", Send: pets.send, Decode: decode})
	if membership.FailureOf(err) != membership.Passing || pets.asked != readAttempts {
		t.Errorf("%v after %d attempts", err, pets.asked)
	}
	pets = answering(200, `{"name":`)
	_, err = petStore().Do(t.Context(), Call{Op: "write", Writes: true, Send: pets.send, Decode: decode})
	if e, ok := errors.AsType[*membership.Error](err); !ok || !e.MaybeApplied || pets.asked != 1 {
		t.Errorf("%v after %d attempts", err, pets.asked)
	}
}

func TestNothingIsSentAfterTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, writes := range []bool{false, true} {
		pets := answering(200, "{}")
		_, err := petStore().Do(ctx, Call{Op: "pet", Writes: writes, Send: pets.send})
		if e, ok := errors.AsType[*membership.Error](err); !ok || e.MaybeApplied || pets.asked != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("%v after %d attempts", err, pets.asked)
		}
	}
}

func TestNumericID(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{`352749`: "352749", `"352749"`: "352749", `null`: "", `9223372036854775807`: "9223372036854775807"} {
		var id NumericID
		if err := json.Unmarshal([]byte(body), &id); err != nil || id.String() != want {
			t.Errorf("%s: %q, %v", body, id, err)
		}
	}
	for _, body := range []string{`0`, `-1`, `1.5`, `"01"`, `""`, `" 1"`, `{"$oid":"x"}`, `true`, `9223372036854775808`} {
		var id NumericID
		if _, ok := errors.AsType[ValueError](json.Unmarshal([]byte(body), &id)); !ok || id != 0 {
			t.Errorf("%s: %q", body, id)
		}
	}
}
