// Package promises plays through real Terraform what the provider once did
// wrong, with every product that is served and every form of resource that it has.
package promises

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
	"github.com/tf-roster/terraform-provider-roster/internal/test/products"
)

// served are the products of the tests; see TestMain.
var served []products.Product

// atOnce is how many tests run at a time: they mostly wait.
const atOnce = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err) // there is such a flag
	}
	var err error
	if served, err = products.All(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	acctest.Main(m)
}
