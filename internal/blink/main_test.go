package blink_test

import (
	"testing"

	"github.com/tf-roster/terraform-provider-roster/internal/test/acctest"
)

func TestMain(m *testing.M) { acctest.Main(m) }
