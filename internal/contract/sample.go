package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// variants is more than any union of the API has.
const variants = 44

// Sample is a body made from a description, and where in it what may stand.
type Sample struct {
	value  any
	pick   int
	sites  []site
	closed []closed
}

// Body is the sample's JSON.
func (s *Sample) Body() []byte {
	b, err := json.Marshal(s.value)
	if err != nil {
		panic(err) // made of maps, slices and texts
	}
	return b
}

// Answers makes bodies that a route may answer, Requests such that it takes.
// Together they take every variant of every union at least once, with and
// without optional members. Ids in them name nothing.
func (d *Description) Answers(route string) []*Sample  { return d.samples(d.responses[route], route) }
func (d *Description) Requests(route string) []*Sample { return d.samples(d.requests[route], route) }

// RequestRoutes lists the routes that take a JSON body.
func (d *Description) RequestRoutes() []string { return slices.Sorted(maps.Keys(d.requests)) }

func (d *Description) samples(s *schema, route string) []*Sample {
	if s == nil {
		return nil
	}
	var out []*Sample
	seen := map[string]bool{}
	for _, optional := range []bool{false, true} {
		for pick := range variants {
			g := &sampler{spec: d, pick: pick, optional: optional}
			sample := &Sample{value: g.value(s, route), pick: pick, sites: g.sites, closed: g.closed}
			if body := string(sample.Body()); !seen[body] {
				seen[body] = true
				out = append(out, sample)
			}
		}
	}
	return out
}

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

// sampleTexts are tried in turn for a text. The first also passes where an SDK
// knows a time and the description does not.
var sampleTexts = []string{
	"2026-11-24T09:00:00Z", "sample", "2026-11-24", "2500", "US", "SAMPLE", "/sample/path", "memstore_01", "#0a0a0a",
	strings.Repeat("0a", 20), strings.Repeat("0a", 32), "srvtoolu_01", "arn:aws:iam::123456789012:role/sample",
}

// sampleText is a text that satisfies s. It panics if it knows none: a new
// pattern in a description wants a new text above.
func sampleText(s *schema) string {
	if s.Format == "date-time" {
		return "2026-11-24T09:00:00.123456Z" // the server's own precision
	}
	for _, text := range sampleTexts {
		c := &validator{}
		if c.text("", text, s); len(c.found) == 0 {
			return text
		}
	}
	panic(fmt.Sprintf("contract: no sample text of pattern %q, length %v to %v", s.Pattern, s.MinLength, s.MaxLength))
}
