package chaos

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/tf-roster/terraform-provider-roster/internal/acctest"
)

// atOnce is how many worlds are played at a time: they mostly wait.
const atOnce = "8"

// Nothing that was stopped or killed leaves anything running but idle
// connections, which last as long as the process of a client does.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err) // there is such a flag
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) { acctest.Cleanup(); os.Exit(code) }),
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"))
}
