package doctor

import (
	"context"
	"net/http"

	"github.com/tf-roster/terraform-provider-roster/internal/apiclient"
)

// Product is one product as the doctor knows it.
type Product struct {
	// Name is the argument that chooses it, as in "blink"; numbers are shown with it.
	Name string
	// Title is its name for people, as in "Blink".
	Title string
	// Settings are those of the provider, from the environment alone.
	Settings []Setting
	// Connect turns the values of the settings, by attribute, into an access.
	Connect func(values map[string]string) Access

	Examination
}

// Examination is what a product's folder says of its assumptions, and how they
// are tried.
type Examination struct {
	// None says why there is nothing to try; "" where there is something.
	None string
	// Assumptions are all that the provider assumes, in ascending order.
	Assumptions []Assumption
	// Right is the number of the assumption on who may change members, and Delay of
	// that on how soon a change shows in the listing.
	Right, Delay int
	// Open gives the checks for a workspace; an error says what is wrong with the id.
	Open func(s *Service, workspace string) (Checks, error)
	// Explain reads the body of a failure.
	Explain func(body []byte) apiclient.Said
	// Curl are the arguments with which curl authenticates by the settings' variables.
	Curl string
	// Leaves says what stays of a user who was not listed before, where no call
	// takes that away; "" where nothing stays.
	Leaves string
}

// Setting is an environment variable. White space around its value is removed.
type Setting struct {
	// Attribute is the setting's name in the provider block.
	Attribute, Variable string
	Required            bool
	// Default is the value where there is none.
	Default string
	// Parse says what is wrong with a value, and gives it as it is used; nil takes
	// every value.
	Parse func(string) (string, error)
}

// Access is how a product is reached.
type Access struct {
	// Endpoint is the base URL.
	Endpoint string
	// Authenticate puts the credentials on a request.
	Authenticate func(*http.Request)
}

// Assumption is something that the vendor's pages leave open.
type Assumption struct {
	// Number is what code and documentation refer to, together with the product.
	Number int
	// Text says what the provider assumes.
	Text string
	// Consequence says what the provider does where that does not hold.
	Consequence string
	// Changes marks what only a change tells.
	Changes bool
	// Untried says why no run tries it; empty for all that are tried.
	Untried string
}

// Checks try the assumptions on one workspace. They are used by one goroutine.
type Checks interface {
	// Read tries what reading tells. It fails where the workspace cannot be read,
	// so that nothing can be tried.
	Read(ctx context.Context, f *Findings) error
	// Admit tells how a user stands, after Read. It fails with the reason why this
	// user must not be changed.
	Admit(ctx context.Context, user, email string) (Standing, error)
	// Try tries what only a change tells, on the user of the trial. An error ends
	// the trial.
	Try(ctx context.Context, t *Trial) error

	Restorer
}

// Restorer gives a user back what they had.
type Restorer interface {
	// Standing reads how a user stands now.
	Standing(ctx context.Context, user string) (Standing, error)
	// Restored tells whether a user who stands as now says has what they had
	// before, as far as any call of the product can give it back.
	Restored(prior, now Standing) bool
	// Restore gives the calls that give a user back what they had before, the best
	// first. Each of them can be repeated. now is nil where it is not known.
	Restore(user string, prior Standing, now *Standing) []Call
}

// Standing is what a user has in the workspace.
type Standing struct {
	// Present is false for a user whom the listing does not show.
	Present bool `json:"present"`
	// Role is the role as the listing spells it; empty for none.
	Role string `json:"role,omitempty"`
	// Disabled is true for a member without access.
	Disabled bool `json:"disabled,omitempty"`
	// Blocked is true for a user whom the tenant or account has disabled.
	Blocked bool `json:"blocked,omitempty"`
}

// String says it in words, as in "a member with the role viewer".
func (s Standing) String() string {
	text := "not a member"
	if s.Present {
		text = "a member"
		if s.Disabled {
			text = "a disabled member"
		}
		if s.Role == "" {
			text += " without a role"
		} else {
			text += " with the role " + s.Role
		}
	}
	if s.Blocked {
		text += ", disabled in the whole account"
	}
	return text
}
