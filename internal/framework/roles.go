package framework

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// RoleNames are the roles that a product takes. They are compared without regard to
// case everywhere.
type RoleNames struct {
	// Product is its name for people.
	Product string
	// All are those that there are, as the product spells them; nil where a
	// workspace may have roles of its own.
	All []string
	// CheckName says what is wrong with the name of a role of a workspace's own;
	// not needed where All is given.
	CheckName func(string) error
}

// check says what is wrong with a role that is to be given.
func (r RoleNames) check(role string) error {
	switch {
	case role == "":
		return errors.New("the role is empty")
	case r.All == nil:
		return r.CheckName(role)
	case !slices.ContainsFunc(r.All, func(one string) bool { return strings.EqualFold(one, role) }):
		return fmt.Errorf("%q is none of the roles that %s has: %s", role, r.Product, strings.Join(r.All, ", "))
	}
	return nil
}

// shown checks a role that may be what the service shows of a user: none, or
// several. A plan that would give such a one is refused; see [RoleNames.given].
func (r RoleNames) shown(role string) error {
	if role == "" {
		return nil
	}
	for one := range strings.SplitSeq(role, ",") {
		if err := r.check(one); err != nil {
			return r.check(role)
		}
	}
	return nil
}

// given checks a role that a plan gives, where the state shows was ("" where it
// does not show the principal, or shows none).
func (r RoleNames) given(role, was string, known bool) error {
	if known && strings.EqualFold(role, was) {
		return nil
	}
	return r.check(role)
}

// Spelling gives a role as the product spells it.
func (r RoleNames) Spelling(role string) string {
	for _, one := range r.All {
		if strings.EqualFold(one, role) {
			return one
		}
	}
	return role
}

// Form is a role that can be given.
func (r RoleNames) Form() Form {
	return Form{What: fmt.Sprintf("a %s role", r.Product), Check: r.check}
}

// validator checks a role in a configuration. What the service may show passes.
func (r RoleNames) validator() validator.String {
	return Form{What: r.Form().What, Check: r.shown}.Text()
}
