package docs

import (
	"maps"

	"github.com/getkin/kin-openapi/openapi3"
)

// Example returns a value that fits the schema, for JSON: the schema's own example where it has one, else one that is put
// together from its parts.
func Example(ref *openapi3.SchemaRef) any {
	s := ref.Value
	switch {
	case s.Example != nil:
		return s.Example
	case len(s.AllOf) > 0:
		return joined(s.AllOf)
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type.Is(openapi3.TypeObject):
		object := map[string]any{}
		for name, property := range s.Properties {
			object[name] = Example(property)
		}
		return object
	case s.Type.Is(openapi3.TypeArray):
		return []any{Example(s.Items)}
	case s.Type.Is(openapi3.TypeBoolean):
		return true
	case s.Type.Is(openapi3.TypeInteger):
		return 1
	case s.Format == "date-time":
		return "2026-11-22T11:00:00Z"
	default:
		return "…"
	}
}

// joined is an example of all schemas at once: their fields together, or the first of them when it has none.
func joined(all openapi3.SchemaRefs) any {
	object := map[string]any{}
	for _, part := range all {
		fields, ok := Example(part).(map[string]any)
		if !ok {
			return Example(part)
		}
		maps.Copy(object, fields)
	}
	return object
}

// ExampleOf returns an example of a body or an answer: the one that stands beside its schema, or that of the schema.
func ExampleOf(m *openapi3.MediaType) any {
	if m.Example != nil {
		return m.Example
	}
	return Example(m.Schema)
}
