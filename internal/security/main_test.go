// Package security holds what is tested of the provider as a whole: secrets
// that show, ids that leave their place in a path, services that lead astray or
// never end, and the lines in the log that tell who changed what.
package security

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/tf-roster/terraform-provider-roster/internal/acctest"
)

func TestMain(m *testing.M) {
	// Idle connections last as long as the process of a client does.
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) { acctest.Cleanup(); os.Exit(code) }),
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"))
}
