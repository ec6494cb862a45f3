package contract

import (
	"encoding/json"
	"slices"
	"strings"
)

// site is a member of a sample and what its schema says of its place.
type site struct {
	owner    string // the schema's name
	parent   map[string]any
	name     string
	required bool
	schema   *schema
	spec     *Description
}

// refuses says that v may not stand in the site.
func (m site) refuses(v any) bool {
	c := &validator{spec: m.spec}
	c.value("", v, m.schema, m.owner)
	return len(c.found) > 0
}

// closed is an object of a sample that takes no other members.
type closed struct {
	owner string
	value map[string]any
}

// sampler makes values that satisfy a schema of a description.
type sampler struct {
	spec     *Description
	pick     int  // which variant of every union
	optional bool // whether optional members are there
	sites    []site
	closed   []closed
	depth    int
}

func (g *sampler) value(s *schema, name string) any {
	g.depth++
	defer func() { g.depth-- }()
	switch {
	case s.Ref != "":
		return g.value(g.spec.deref(s.Ref), refName(s.Ref))
	case len(s.OneOf) > 0:
		return g.value(g.choose(s.OneOf), name)
	case len(s.AnyOf) > 0:
		return g.value(g.choose(withoutNull(s.AnyOf)), name)
	case len(s.AllOf) > 0:
		return g.value(s.AllOf[0], name)
	case s.Const != nil:
		return s.Const
	case len(s.Enum) > 0:
		return s.Enum[g.pick%len(s.Enum)]
	}
	switch s.Type {
	case "object":
		return g.object(s, name)
	case "array":
		if g.depth > 14 {
			return []any{}
		}
		return []any{g.value(s.Items, name)}
	case "string":
		return sampleText(s)
	case "integer", "number":
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 1.0
	case "boolean":
		return true
	}
	return "anything"
}

func (g *sampler) choose(variants []*schema) *schema { return variants[g.pick%len(variants)] }

func (g *sampler) object(s *schema, owner string) any {
	obj := map[string]any{}
	if rest, open := s.additional(); !open {
		g.closed = append(g.closed, closed{owner, obj})
	} else if rest != nil && len(s.Properties) == 0 {
		obj["some_key"] = g.value(rest, owner)
	}
	for _, name := range sortedKeys(s.Properties) {
		p := s.Properties[name]
		required := slices.Contains(s.Required, name)
		isPage := g.depth <= 2 && s.Properties["data"] != nil
		if !required && !isPage && (!g.optional || g.depth > 14) {
			continue
		}
		obj[name] = g.value(p, owner+"."+name)
		g.sites = append(g.sites, site{
			owner: owner, parent: obj, name: name, required: required, schema: p, spec: g.spec,
		})
	}
	return obj
}

func withoutNull(variants []*schema) []*schema {
	return slices.DeleteFunc(slices.Clone(variants), func(s *schema) bool { return s.Type == "null" })
}

func sampleText(s *schema) string {
	switch {
	case s.Format == "date-time":
		return "2026-11-24T09:00:00.123456Z"
	case s.Format == "date":
		return "2026-11-24"
	case s.Pattern != "":
		return map[string]string{
			`^(0|[1-9]\d*)$`:           "2500",
			`^memstore_[a-zA-Z0-9_]+$`: "memstore_01",
			`^[0-9a-fA-F]+$`:           strings.Repeat("0a", 20),
		}[s.Pattern]
	case s.MinLength != nil && *s.MinLength > 20:
		return strings.Repeat("0a", *s.MinLength/2)
	}
	return "2026-11-24T09:00:00Z" // a text that also passes where the SDK knows a time and the schema does not
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
