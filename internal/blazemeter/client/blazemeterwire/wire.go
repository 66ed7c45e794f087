// Package blazemeterwire describes BlazeMeter's API v4 on the wire, as far as
// this provider speaks it: the kept OpenAPI description and the types that are
// generated from it. It holds no client code: the mock service takes the
// description from here and nothing else of the client. A mistake in the
// description is in both.
//
// The description is put together from public sources, which openapi.yaml
// names operation by operation.
package blazemeterwire

import _ "embed"

//go:generate go tool -modfile=../../../tools/pinned/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml

// Spec is the OpenAPI 3.0 description, as YAML.
//
//go:embed openapi.yaml
var Spec []byte
