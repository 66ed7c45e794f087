package chaos

import (
	"flag"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

// atOnce is how many worlds are played at a time: they mostly wait.
const atOnce = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err) // there is such a flag
	}
	acctest.Main(m)
}
