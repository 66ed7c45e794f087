package blinkwire_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tf-roster/terraform-provider-roster/internal/blink/client/blinkwire"
)

func TestSpecIsValid(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(blinkwire.Spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	operations := 0
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			operations++
			if op.OperationID == "" || op.Description == "" {
				t.Errorf("%s %s: no operationId or no description of its source", method, path)
			}
			if op.Responses.Value("200") == nil || op.Responses.Default() == nil {
				t.Errorf("%s %s: an answer 200 and a default one are both wanted", method, path)
			}
		}
	}
	if operations != 7 {
		t.Errorf("the description has %d operations, not the 7 in use", operations)
	}
}
