package client

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// plainText makes one readable line of what the service wrote.
func plainText(s string) string { return transport.Readable(s, 200) }

// wrapperFields are those of the vendor's error wrapper, `api_responses.ErrorWrapper`
// (the vendor's page of the assign call).
var wrapperFields = []string{"data", "details", "identifier", "message", "status", "user_error"}

// Explain reads the vendor's error wrapper. No field of it is certain (blink 2, 28),
// so what has none of the two that only it has, or has others, may be a gateway's:
// many answer {"message": ...}, some frameworks {"status": 404, "error": ...}.
func Explain(body []byte) apiclient.Said {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return apiclient.Said{}
	}
	said := apiclient.Said{
		Message:    apiclient.Text(fields["message"]),
		Details:    apiclient.Text(fields["details"]),
		Identifier: apiclient.Text(fields["identifier"]),
		RequestID:  apiclient.FirstText(fields, apiclient.RequestIDFields...),
	}
	if n, err := strconv.Atoi(apiclient.Text(fields["status"])); err == nil {
		said.Status = n
	}
	said.Own = said.Status != 0 || said.Identifier != ""
	for name := range fields {
		if !slices.Contains(wrapperFields, name) && !slices.Contains(apiclient.RequestIDFields, name) {
			said.Own = false
		}
	}
	var user map[string]json.RawMessage
	if said.Message == "" && json.Unmarshal(fields["user_error"], &user) == nil {
		said.Message = apiclient.FirstText(user, "message", "description", "error")
	}
	return said
}
