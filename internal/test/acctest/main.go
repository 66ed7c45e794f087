package acctest

import (
	"os"

	"go.uber.org/goleak"
)

// Main runs the tests of a package, removes what [Binary] built, and fails when
// a goroutine is left that nobody waits for. Idle connections are none: they
// last as long as the process of their client does, which here is the test's.
func Main(m goleak.TestingM) {
	goleak.VerifyTestMain(m,
		goleak.Cleanup(func(code int) {
			Cleanup()
			os.Exit(code)
		}),
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
	)
}
