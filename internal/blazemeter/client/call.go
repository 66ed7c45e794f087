package client

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
)

// sender sends one request.
type sender func(ctx context.Context) (*http.Response, error)

// read sends a request that changes nothing, and decodes its answer. result may
// be called again after an answer that broke off.
func (c *Client) read(ctx context.Context, op string, send sender, result func(*json.Decoder) error) (head, error) {
	return c.call(ctx, apiclient.Call{Op: op, Send: send}, result)
}

// write sends a request that must not be carried out twice, and decodes its
// answer.
func (c *Client) write(ctx context.Context, op string, send sender, result func(*json.Decoder) error) (head, error) {
	return c.call(ctx, apiclient.Call{Op: op, Writes: true, Send: send}, result)
}

// call sends a request and decodes its answer while it arrives. A non-null
// `error` is a failure at any status (blazemeter 24). Every error is a
// *membership.Error.
func (c *Client) call(ctx context.Context, call apiclient.Call, result func(*json.Decoder) error) (head, error) {
	var h head
	call.Decode = func(dec *json.Decoder, a *apiclient.Answer) (err error) {
		h, err = decodeEnvelope(dec, result)
		a.RequestID, a.Refused = h.requestID, h.failure
		return err
	}
	answer, err := c.api.Do(ctx, call)
	h.requestID = answer.RequestID
	return h, err
}
