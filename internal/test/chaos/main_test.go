package chaos

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
	"github.com/tf-roster/terraform-provider-roster/internal/test/products"
)

// atOnce is how many worlds are played at a time: they mostly wait.
const atOnce = "8"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err) // there is such a flag
	}
	all, err := products.All()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, p := range all {
		played = append(played, product{p})
	}
	acctest.Main(m)
}
