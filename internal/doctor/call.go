package doctor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Call is a call that changes how a user stands.
type Call struct {
	// What says it without ids, as in "assign the role viewer".
	What string
	// ByHand marks a call that is only shown, never made.
	ByHand bool

	prototype *http.Request
	body      []byte
}

// NewCall makes a call of what a generated builder gave.
func NewCall(what string, r *http.Request, err error) (Call, error) {
	if err != nil {
		return Call{}, fmt.Errorf("%s: %w", what, err)
	}
	c := Call{What: what, prototype: r}
	if r.Body != nil {
		defer r.Body.Close()
		if c.body, err = io.ReadAll(r.Body); err != nil {
			return Call{}, fmt.Errorf("%s: %w", what, err)
		}
	}
	return c, nil
}

// request gives a request of its own for each time the call is made.
func (c Call) request(ctx context.Context) *http.Request {
	r := c.prototype.Clone(ctx)
	r.Body, r.GetBody, r.ContentLength = nil, nil, int64(len(c.body))
	if len(c.body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(c.body))
	}
	return r
}

// curl gives the call as a command for a POSIX shell, with the credentials from
// environment variables.
func (c Call) curl(authentication string) string {
	command := "curl -X " + c.prototype.Method + " " + authentication
	if len(c.body) > 0 {
		command += " -H 'Content-Type: application/json' -d " + quoted(string(c.body))
	}
	return command + " " + quoted(c.prototype.URL.String())
}

// quoted gives a text as one word of a POSIX shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
