package acctest

import (
	"context"
	"fmt"
	"os"

	"go.uber.org/goleak"

	"github.com/tf-roster/terraform-provider-roster/internal/test/isolation"
)

// Main runs the tests of a package in an environment of their own, removes what
// [Binary] built, and fails when a goroutine is left that nobody waits for. Idle
// connections are none: they last as long as the process of their client does,
// which here is the test's.
func Main(m goleak.TestingM) {
	leave, err := isolation.Enter(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "the tests have no environment of their own:", err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m,
		goleak.Cleanup(func(code int) {
			Cleanup()
			leave()
			os.Exit(code)
		}),
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
	)
}
