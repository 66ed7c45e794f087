package apiclient

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/tf-roster/terraform-provider-roster/internal/transport"
)

// NumericID is an id that is a number on the wire: a JSON integer, or a string of
// its digits. 0 stands for a missing one.
type NumericID int64

// ParseNumericID reads the digits of an integer from 1 to 2^63-1, without leading
// zeros.
func ParseNumericID(id string) (NumericID, error) {
	if id == "" {
		return 0, errors.New("the id is empty: ids are numbers here, such as 352749")
	}
	for _, r := range id {
		if r < '0' || r > '9' {
			return 0, fmt.Errorf("the id %q is not a number: ids are digits only here, such as 352749", id)
		}
	}
	if id[0] == '0' {
		return 0, fmt.Errorf("the id %q begins with a zero: ids are positive numbers without leading zeros here", id)
	}
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the id %q is larger than %d, the largest number that an id can be", id, int64(math.MaxInt64))
	}
	return NumericID(n), nil
}

// UnmarshalJSON takes null for a missing id. Its errors are of type [ValueError].
func (n *NumericID) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	v, err := ParseNumericID(strings.TrimSuffix(strings.TrimPrefix(string(b), `"`), `"`))
	if err != nil {
		return ValueError("an id is " + transport.OneLine(string(b), 40))
	}
	*n = v
	return nil
}

// String gives the digits; "" for a missing id.
func (n NumericID) String() string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(int64(n), 10)
}
