// Package blinkwire holds what goes over the wire to and from Blink: the
// OpenAPI description and the types generated from it. It has no client code:
// the mock service takes the description from here and nothing else of the client.
package blinkwire

import _ "embed"

//go:generate go tool -modfile=../../../tools/pinned/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml

// Spec is the OpenAPI 3.0.3 description (YAML) of the calls in use.
//
//go:embed openapi.yaml
var Spec []byte
