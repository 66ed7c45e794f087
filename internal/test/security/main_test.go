// Package security holds what is tested of the provider as a whole: secrets
// that show, ids that leave their place in a path, services that lead astray or
// never end, and the lines in the log that tell who changed what.
package security

import (
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

func TestMain(m *testing.M) { acctest.Main(m) }
