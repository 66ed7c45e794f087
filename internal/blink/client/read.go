package client

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// send is one generated call.
type send func(ctx context.Context) (*http.Response, error)

// read sends a request that changes nothing and decodes its JSON answer. decode
// may be called again after an answer that broke off.
func (c *Client) read(ctx context.Context, op string, call send, decode func(*json.Decoder) error) error {
	_, err := c.api.Do(ctx, apiclient.Call{
		Op: op, Send: call,
		Decode: func(dec *json.Decoder, _ *apiclient.Answer) error { return decode(dec) },
	})
	return err
}

// write sends a change. Nothing is documented to be in the answer's body.
func (c *Client) write(ctx context.Context, op string, call send) (membership.Receipt, error) {
	answer, err := c.api.Do(ctx, apiclient.Call{Op: op, Writes: true, Send: call})
	return membership.Receipt{RequestID: answer.RequestID}, err
}

// text gives the text that an optional field points to.
func text(s *string) string { return value(s) }

// value gives what an optional field points to.
func value[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}
