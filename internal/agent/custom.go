package agent

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/ostlerdev/ostler/internal/fault"
	"github.com/ostlerdev/ostler/internal/wire"
)

var (
	toolName     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	propertyName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
)

func resolveCustom(path string, p *wire.CustomToolParam) (*wire.CustomTool, error) {
	switch {
	case p.Name == "":
		return nil, fault.At(path+".name", "field required")
	case !toolName.MatchString(p.Name):
		return nil, fault.At(path+".name", "expected 1 to 128 letters, digits, underscores and hyphens")
	case slices.Contains(Builtins, p.Name):
		return nil, fault.At(path+".name", "`%s` is the name of a built-in tool", p.Name)
	case strings.HasPrefix(p.Name, "mcp__"):
		return nil, fault.At(path+".name", "names that begin with `mcp__` are reserved")
	case strings.TrimSpace(p.Description) == "":
		return nil, fault.At(path+".description", "field required")
	case p.PermissionPolicy.Set:
		return nil, fault.At(path+".permission_policy", "custom tools have no permission policy: the client runs them")
	}
	schema, err := resolveSchema(path+".input_schema", p.InputSchema)
	if err != nil {
		return nil, err
	}
	return &wire.CustomTool{Type: wire.TypeCustomTool, Name: p.Name, Description: p.Description, InputSchema: schema}, nil
}

// resolveSchema checks the rules for schemas of custom tools (Managed Agents
// API: tools, "custom") and answers the schema without blanks. Keys and their
// order, numbers and texts stay as they are.
func resolveSchema(path string, raw jsontext.Value) (jsontext.Value, error) {
	if raw == nil {
		return nil, fault.At(path, "field required")
	}
	if raw.Kind() != '{' {
		return nil, fault.At(path, "expected an object")
	}
	var s struct {
		Type       string                              `json:"type"`
		Properties wire.Opt[map[string]jsontext.Value] `json:"properties"`
		Required   wire.Opt[[]wire.Opt[string]]        `json:"required"`
		OneOf      jsontext.Value                      `json:"oneOf"`
		AnyOf      jsontext.Value                      `json:"anyOf"`
		AllOf      jsontext.Value                      `json:"allOf"`
		Rest       jsontext.Value                      `json:",embed"` // any other keyword
	}
	if err := wire.Decode(raw, &s); err != nil {
		return nil, fault.Under(path, err)
	}
	switch {
	case s.Type != "object":
		return nil, fault.At(path+".type", "expected `object`")
	case s.OneOf != nil:
		return nil, fault.At(path+".oneOf", "not supported at the top of a schema")
	case s.AnyOf != nil:
		return nil, fault.At(path+".anyOf", "not supported at the top of a schema")
	case s.AllOf != nil:
		return nil, fault.At(path+".allOf", "not supported at the top of a schema")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties.Value)) {
		if !propertyName.MatchString(name) {
			return nil, fault.At(path+".properties", "the name %.80q is not made of 1 to 64 letters, digits, `_`, `.` and `-`", name)
		}
		switch s.Properties.Value[name].Kind() {
		case '{', 't', 'f': // a schema is an object or a boolean
		default:
			return nil, fault.At(path+".properties."+name, "expected a schema")
		}
	}
	for i, name := range s.Required.Value {
		if name.Null {
			return nil, fault.At(fmt.Sprintf("%s.required[%d]", path, i), "expected a string")
		}
	}
	if at, ok := findRef(raw); ok {
		return nil, fault.At(fault.Join(path, at), "references are not supported")
	}
	out := slices.Clone(raw)
	if err := out.Compact(); err != nil {
		return nil, fault.At(path, "malformed JSON: %v", err)
	}
	return out, nil
}

// findRef finds a $ref anywhere in a schema and tells its path.
func findRef(raw jsontext.Value) (string, bool) {
	dec := jsontext.NewDecoder(strings.NewReader(string(raw)))
	for {
		tok, err := dec.ReadToken()
		if err != nil { // the end: raw has been decoded before
			return "", false
		}
		if tok.Kind() != '"' || tok.String() != "$ref" {
			continue
		}
		if kind, n := dec.StackIndex(dec.StackDepth()); kind == '{' && n%2 == 1 { // a key, not a value
			return wire.PathOf(string(dec.StackPointer())), true
		}
	}
}
