package client

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/tf-roster/terraform-provider-roster/internal/membership"
)

// CheckID tells whether id can be the id of a user, workspace or account: the
// digits of an integer from 1 to 2^63-1 without leading zeros. BlazeMeter's
// samples show integers everywhere; none says how wide they are.
func CheckID(id string) error {
	_, err := parseID(id)
	return err
}

func parseID(id string) (int64, error) {
	if id == "" {
		return 0, errors.New("the id is empty: BlazeMeter's ids are numbers, such as 352749")
	}
	for _, r := range id {
		if r < '0' || r > '9' {
			return 0, fmt.Errorf("the id %q is not a number: BlazeMeter's ids are digits only, such as 352749", id)
		}
	}
	if id[0] == '0' {
		return 0, fmt.Errorf("the id %q begins with a zero: BlazeMeter's ids are positive numbers without leading zeros", id)
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the id %q is larger than %d, the largest number that an id can be", id, int64(math.MaxInt64))
	}
	return n, nil
}

// idOf parses an id that is about to be sent; noun says whose it is.
func idOf(op, noun, id string) (int64, error) {
	n, err := parseID(id)
	if err != nil {
		return 0, refusedHere(op, fmt.Errorf("as the id of the %s: %w", noun, err))
	}
	return n, nil
}

// userID parses the id of a principal, who has to be a user.
func userID(op string, p membership.Principal) (int64, error) {
	if p.Kind != membership.User {
		return 0, refusedHere(op, fmt.Errorf("%s is not a user: a BlazeMeter workspace has users only", p))
	}
	return idOf(op, "user", p.ID)
}

func formatID(n int64) string { return strconv.FormatInt(n, 10) }
