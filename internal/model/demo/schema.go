package demo

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
)

// schema is what the generator reads of a JSON Schema.
type schema struct {
	Type       any               `json:"type"` // a name or a list of names
	Enum       []any             `json:"enum"`
	Const      any               `json:"const"`
	Default    any               `json:"default"`
	Examples   []any             `json:"examples"`
	Format     string            `json:"format"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
	AnyOf      []schema          `json:"anyOf"`
	OneOf      []schema          `json:"oneOf"`
	AllOf      []schema          `json:"allOf"`
	MinLength  int               `json:"minLength"`
	MaxLength  *int              `json:"maxLength"`
	MinItems   int               `json:"minItems"`
	Minimum    *float64          `json:"minimum"`
	Maximum    *float64          `json:"maximum"`
	Above      *float64          `json:"exclusiveMinimum"`
	Below      *float64          `json:"exclusiveMaximum"`
	MultipleOf float64           `json:"multipleOf"`
}

// UnmarshalJSON also takes the schemas true and false, and leaves members of
// unexpected types out.
func (s *schema) UnmarshalJSON(raw []byte) error {
	type plain schema
	var unexpected *json.UnmarshalTypeError
	if err := json.Unmarshal(raw, (*plain)(s)); err != nil && !errors.As(err, &unexpected) {
		return err
	}
	return nil
}

// maxDepth bounds nested objects.
const maxDepth = 6

// maxOptional is how many optional members an object without required ones gets.
const maxOptional = 4

// example makes a plausible object for a tool's input schema.
func example(raw json.RawMessage, task string) map[string]any {
	var s schema
	if json.Unmarshal(raw, &s) != nil {
		return map[string]any{}
	}
	return s.object(task, 0)
}

func (s *schema) object(task string, depth int) map[string]any {
	out := map[string]any{}
	names := s.Required
	if len(names) == 0 && depth == 0 {
		for n := range s.Properties {
			names = append(names, n)
		}
		slices.Sort(names)
		names = names[:min(len(names), maxOptional)]
	}
	for _, n := range names {
		p := s.Properties[n]
		out[n] = p.value(n, task, depth+1)
	}
	for i := range s.AllOf {
		for k, v := range s.AllOf[i].object(task, max(depth, 1)) {
			out[k] = v
		}
	}
	return out
}

// value makes a value for the member called name.
func (s *schema) value(name, task string, depth int) any {
	switch {
	case s.Const != nil:
		return s.Const
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Default != nil:
		return s.Default
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.AnyOf) > 0:
		return s.AnyOf[0].value(name, task, depth)
	case len(s.OneOf) > 0:
		return s.OneOf[0].value(name, task, depth)
	}
	switch s.kind() {
	case "object":
		if depth > maxDepth {
			return map[string]any{}
		}
		return s.object(task, depth)
	case "array":
		out := []any{}
		for range min(max(1, s.MinItems), 16) {
			if s.Items == nil || depth > maxDepth {
				out = append(out, text(name, "", task))
				continue
			}
			out = append(out, s.Items.value(strings.TrimSuffix(name, "s"), task, depth+1))
		}
		return out
	case "integer":
		return math.Ceil(s.number())
	case "number":
		return s.number()
	case "boolean":
		return true
	case "null":
		return nil
	}
	return s.fit(text(name, s.Format, task))
}

// kind is the type to make a value of.
func (s *schema) kind() string {
	switch t := s.Type.(type) {
	case string:
		return t
	case []any:
		for _, x := range t {
			if n, ok := x.(string); ok && n != "null" {
				return n
			}
		}
	}
	switch {
	case len(s.Properties) > 0 || len(s.AllOf) > 0:
		return "object"
	case s.Items != nil:
		return "array"
	}
	return "string"
}

// number is a small number within the bounds.
func (s *schema) number() float64 {
	n := 1.0
	if s.Minimum != nil {
		n = max(n, *s.Minimum)
	}
	if s.Above != nil && n <= *s.Above {
		n = math.Floor(*s.Above) + 1
	}
	if s.Maximum != nil {
		n = min(n, *s.Maximum)
	}
	if s.Below != nil && n >= *s.Below {
		n = math.Ceil(*s.Below) - 1
	}
	if s.MultipleOf > 0 {
		n = math.Ceil(n/s.MultipleOf) * s.MultipleOf
	}
	if math.IsInf(n, 0) || math.IsNaN(n) { // of absurd bounds
		return 1
	}
	return n
}

// fit makes a text as long as it must be.
func (s *schema) fit(v string) string {
	r := []rune(v)
	for len(r) < s.MinLength && len(r) < 4096 {
		r = append(r, 'x')
	}
	if s.MaxLength != nil && *s.MaxLength >= 0 && len(r) > *s.MaxLength {
		r = r[:*s.MaxLength]
	}
	return string(r)
}

// formats are sample texts by JSON Schema format.
var formats = map[string]string{
	"date": "2026-11-24", "date-time": "2026-11-24T12:00:00Z", "time": "12:00:00Z", "duration": "PT1H",
	"email": "demo@example.com", "hostname": "example.com", "uri": "https://example.com/", "url": "https://example.com/",
	"ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "uuid": "00000000-0000-4000-8000-000000000000",
}

// samples are sample texts by words in a member's name, tried in order.
var samples = []struct{ word, text string }{
	{"email", "demo@example.com"}, {"url", "https://example.com/"}, {"uri", "https://example.com/"},
	{"date", "2026-11-24"}, {"time", "12:00"}, {"city", "Lisbon"}, {"location", "Lisbon"}, {"country", "PT"},
	{"currency", "EUR"}, {"language", "en"}, {"lang", "en"}, {"locale", "en"}, {"unit", "celsius"}, {"path", "/tmp/demo.txt"}, {"file", "demo.txt"},
	{"color", "orange"}, {"phone", "+15550100"}, {"symbol", "ABC"}, {"ticker", "ABC"}, {"name", "demo"}, {"id", "demo-1"},
}

// text is a sample text: by format, by name, else the task itself.
func text(name, format, task string) string {
	if t, ok := formats[format]; ok {
		return t
	}
	name = strings.ToLower(name)
	for _, s := range samples {
		if s.word == name || strings.HasPrefix(name, s.word+"_") || strings.HasSuffix(name, "_"+s.word) || len(s.word) > 3 && strings.Contains(name, s.word) {
			return s.text
		}
	}
	if t := oneLine(task, 120); t != "" {
		return t
	}
	return "demo"
}
