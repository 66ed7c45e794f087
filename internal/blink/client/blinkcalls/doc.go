// Package blinkcalls sends the calls of the OpenAPI description in blinkwire.
// It is generated: it builds requests and leaves the answers to its caller.
package blinkcalls

//go:generate go tool -modfile=../../../tools/pinned/go.mod oapi-codegen -config oapi-codegen.yaml ../blinkwire/openapi.yaml
