package blazemeter_test

import (
	"os"
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/acctest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	acctest.Cleanup()
	os.Exit(code)
}
