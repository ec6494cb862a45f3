package contract

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// schema is the part of JSON Schema that the description uses for answers.
type schema struct {
	Ref           string             `json:"$ref"`
	Type          string             `json:"type"`
	Const         any                `json:"const"`
	Enum          []any              `json:"enum"`
	Required      []string           `json:"required"`
	Properties    map[string]*schema `json:"properties"`
	Additional    json.RawMessage    `json:"additionalProperties"`
	Items         *schema            `json:"items"`
	AnyOf         []*schema          `json:"anyOf"`
	OneOf         []*schema          `json:"oneOf"`
	AllOf         []*schema          `json:"allOf"`
	Discriminator *discriminator     `json:"discriminator"`
	Format        string             `json:"format"`
	Pattern       string             `json:"pattern"`
	MinLength     *int               `json:"minLength"`
	MaxLength     *int               `json:"maxLength"`
	Minimum       *float64           `json:"minimum"`
	Maximum       *float64           `json:"maximum"`
	MinItems      *int               `json:"minItems"`
	MaxItems      *int               `json:"maxItems"`
}

type discriminator struct {
	PropertyName string            `json:"propertyName"`
	Mapping      map[string]string `json:"mapping"`
}

// validator checks one value; nested unions use one of their own per variant.
type validator struct {
	spec  *Description
	found Violations
}

func (c *validator) add(path, format string, args ...any) {
	c.found = append(c.found, Violation{Path: path, Text: fmt.Sprintf(format, args...)})
}

// value checks v against s, which is known in messages as name.
func (c *validator) value(path string, v any, s *schema, name string) {
	switch {
	case s.Ref != "":
		c.value(path, v, c.spec.deref(s.Ref), refName(s.Ref))
		return
	case len(s.OneOf) > 0:
		c.union(path, v, s, s.OneOf, name)
		return
	case len(s.AnyOf) > 0:
		c.union(path, v, s, s.AnyOf, name)
		return
	}
	for _, part := range s.AllOf {
		c.value(path, v, part, name)
	}
	if s.Const != nil && !reflect.DeepEqual(v, s.Const) {
		c.add(path, "%v, but %s has the constant %v", v, name, s.Const)
		return
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		c.add(path, "%v is not one of %v", v, s.Enum)
		return
	}
	if s.Type != "" && !isType(v, s.Type) {
		c.add(path, "%s, but %s has type %s", typeOf(v), name, s.Type)
		return
	}
	switch v := v.(type) {
	case map[string]any:
		c.object(path, v, s, name)
	case []any:
		c.array(path, v, s, name)
	case string:
		c.text(path, v, s)
	case float64:
		if s.Minimum != nil && v < *s.Minimum || s.Maximum != nil && v > *s.Maximum {
			c.add(path, "%v is out of the range of %s", v, name)
		}
	}
}

func (c *validator) object(path string, v map[string]any, s *schema, name string) {
	for _, req := range s.Required {
		if _, ok := v[req]; !ok {
			c.add(key(path, req), "missing, but %s requires it", name)
		}
	}
	for _, member := range sortedKeys(v) {
		if p, ok := s.Properties[member]; ok {
			c.value(key(path, member), v[member], p, name+"."+member)
			continue
		}
		switch rest, open := s.additional(); {
		case rest != nil:
			c.value(key(path, member), v[member], rest, name)
		case !open && !allowed(name, member):
			c.add(key(path, member), "unknown to %s", name)
		}
	}
}

// additional is the schema of members without a name, and whether any member
// may stand there. An object that names members and says nothing of others is
// held closed: the point is to notice what the description does not know.
func (s *schema) additional() (rest *schema, open bool) {
	switch string(s.Additional) {
	case "":
		return nil, len(s.Properties) == 0
	case "true":
		return nil, true
	case "false":
		return nil, false
	}
	rest = &schema{}
	if err := json.Unmarshal(s.Additional, rest); err != nil {
		panic(err) // the description was parsed before
	}
	return rest, true
}

func (c *validator) array(path string, v []any, s *schema, name string) {
	if s.MinItems != nil && len(v) < *s.MinItems || s.MaxItems != nil && len(v) > *s.MaxItems {
		c.add(path, "%d items are too few or too many for %s", len(v), name)
	}
	if s.Items == nil {
		return
	}
	for i, item := range v {
		c.value(index(path, i), item, s.Items, name+"[]")
	}
}

func (c *validator) text(path, v string, s *schema) {
	n := utf8.RuneCountInString(v)
	if s.MinLength != nil && n < *s.MinLength || s.MaxLength != nil && n > *s.MaxLength {
		c.add(path, "a text of %d characters is too short or too long", n)
	}
	if s.Pattern != "" && !pattern(s.Pattern).MatchString(v) {
		c.add(path, "%q does not match %s", v, s.Pattern)
	}
	layout := map[string]string{"date-time": time.RFC3339, "date": time.DateOnly}[s.Format]
	if layout == "" {
		return
	}
	if _, err := time.Parse(layout, v); err != nil {
		c.add(path, "%q is no %s", v, s.Format)
	}
}

// pattern compiles an ECMA expression as far as the descriptions use them.
func pattern(expr string) *regexp.Regexp {
	return regexp.MustCompile(unicodeEscape.ReplaceAllString(expr, `\x{$1}`))
}

var unicodeEscape = regexp.MustCompile(`\\u([0-9a-fA-F]{4})`)

// union checks v against the variant its discriminator names, or against each
// variant if there is none: one must fit, and the nearest miss is reported.
func (c *validator) union(path string, v any, s *schema, variants []*schema, name string) {
	if obj, ok := v.(map[string]any); ok && s.Discriminator != nil {
		tag, _ := obj[s.Discriminator.PropertyName].(string)
		ref, ok := s.Discriminator.Mapping[tag]
		if !ok {
			c.add(path, "%s %q is no variant of %s", s.Discriminator.PropertyName, tag, name)
			return
		}
		c.value(path, v, c.spec.deref(ref), refName(ref))
		return
	}
	var best Violations
	for _, variant := range variants {
		try := &validator{spec: c.spec}
		try.value(path, v, variant, name)
		if len(try.found) == 0 {
			return
		}
		if best == nil || depth(try.found) > depth(best) {
			best = try.found
		}
	}
	c.found = append(c.found, best...)
}

// depth says how far a failed variant got before it failed.
func depth(vs Violations) int {
	d := 0
	for _, v := range vs {
		d = max(d, strings.Count(v.Path, ".")+strings.Count(v.Path, "["))
	}
	return d
}

func isType(v any, want string) bool {
	got := typeOf(v)
	if want == "integer" {
		f, ok := v.(float64)
		return ok && f == math.Trunc(f)
	}
	return got == want
}

func typeOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

func refName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }
