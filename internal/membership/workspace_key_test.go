package membership_test

import (
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

func TestWorkspaceKey(t *testing.T) {
	type at struct{ endpoint, id string }
	one := at{"https://app.example.com/api/v1", "ws-1"}
	for _, same := range []at{
		{"HTTPS://App.Example.COM/api/v1", "ws-1"},
		{"https://app.example.com:443/api/v1", "ws-1"},
		{"https://app.example.com:/api/v1", "ws-1"},
		{"https://app.example.com/api/v1/", "ws-1"},
		{" https://app.example.com/api/v1 ", "WS-1"},
	} {
		if membership.WorkspaceKey(same.endpoint, same.id) != membership.WorkspaceKey(one.endpoint, one.id) {
			t.Errorf("%v is another workspace than %v", same, one)
		}
	}
	for _, other := range []at{
		{"http://app.example.com/api/v1", "ws-1"},
		{"https://app.example.com:8443/api/v1", "ws-1"},
		{"https://app.example.com:80/api/v1", "ws-1"},
		{"https://app.example.com/API/v1", "ws-1"},
		{"https://app.example.com/api/v1", "ws-2"},
		{"https://app.example.org/api/v1", "ws-1"},
	} {
		if membership.WorkspaceKey(other.endpoint, other.id) == membership.WorkspaceKey(one.endpoint, one.id) {
			t.Errorf("%v is the same workspace as %v", other, one)
		}
	}
	if membership.WorkspaceKey("http://[::1]:80/", "1") != membership.WorkspaceKey("http://[::1]", "1") {
		t.Error("the default port of an IPv6 host makes a difference")
	}
	if membership.WorkspaceKey("not a url/", "1") != membership.WorkspaceKey("not a url", "1") {
		t.Error("a slash makes a difference")
	}
}
