// Package spec holds the server stubs that are generated from openapi.yaml: one method per call, one type per schema.
package spec

//go:generate go tool oapi-codegen -config oapi-codegen.yaml ../../openapi.yaml
