package client

import (
	"fmt"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// CheckID tells whether id can be the id of a user, workspace or account: see
// [apiclient.ParseNumericID]. BlazeMeter's samples show integers everywhere; none
// says how wide they are (blazemeter 31).
func CheckID(id string) error {
	_, err := apiclient.ParseNumericID(id)
	return err
}

// idOf parses an id that is about to be sent; noun says whose it is.
func idOf(op, noun, id string) (int64, error) {
	n, err := apiclient.ParseNumericID(id)
	if err != nil {
		return 0, apiclient.NotSent(op, fmt.Errorf("as the id of the %s: %w", noun, err))
	}
	return int64(n), nil
}

// userID parses the id of a principal, who has to be a user.
func userID(op string, p membership.Principal) (int64, error) {
	if p.Kind != membership.User {
		return 0, apiclient.NotSent(op, fmt.Errorf("%s is not a user: a BlazeMeter workspace has users only", p))
	}
	return idOf(op, "user", p.ID)
}
