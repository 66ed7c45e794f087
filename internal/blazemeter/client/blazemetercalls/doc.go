// Package blazemetercalls holds the generated calls of BlazeMeter's API v4:
// they build requests and hand back raw answers. What the answers mean is
// decided in client.
package blazemetercalls

//go:generate go tool -modfile=../../../tools/pinned/go.mod oapi-codegen -config oapi-codegen.yaml ../blazemeterwire/openapi.yaml
