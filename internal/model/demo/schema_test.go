package demo

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExample(t *testing.T) {
	for _, c := range []struct{ name, schema, want string }{
		{"empty", `{"type":"object"}`, `{}`},
		{"no JSON", `nonsense`, `{}`},
		{"optional ones if none is required", `{"properties":{"b":{"type":"boolean"},"a":{"type":"number"}}}`, `{"a":1,"b":true}`},
		{"only required ones", `{"required":["a"],"properties":{"b":{"type":"boolean"},"a":{"type":"null"}}}`, `{"a":null}`},
		{"required without a schema", `{"required":["query"]}`, `{"query":"the task"}`},
		{"bounds", `{"required":["i","n","m"],"properties":{"i":{"type":"integer","exclusiveMinimum":4},"n":{"type":"number","maximum":0.5},"m":{"type":"integer","minimum":7,"multipleOf":5}}}`, `{"i":5,"n":0.5,"m":10}`},
		{"lengths", `{"required":["q","r"],"properties":{"q":{"type":"string","maxLength":3},"r":{"type":"string","minLength":10}}}`, `{"q":"the","r":"the taskxx"}`},
		{"fixed values", `{"required":["a","b","c","d"],"properties":{"a":{"const":7},"b":{"enum":["x","y"]},"c":{"default":false},"d":{"examples":["e"]}}}`, `{"a":7,"b":"x","c":false,"d":"e"}`},
		{"formats and names", `{"required":["when","email","page_url"],"properties":{"when":{"type":"string","format":"date-time"},"email":{"type":"string"},"page_url":{"type":"string"}}}`, `{"when":"2026-11-24T12:00:00Z","email":"demo@example.com","page_url":"https://example.com/"}`},
		{"lists", `{"required":["tags","pairs"],"properties":{"tags":{"type":"array","items":{"type":"string"},"minItems":2},"pairs":{"type":"array","items":{"type":"object","required":["k"],"properties":{"k":{"type":"integer"}}}}}}`, `{"tags":["the task","the task"],"pairs":[{"k":1}]}`},
		{"unions", `{"required":["a","b"],"properties":{"a":{"anyOf":[{"type":"integer"},{"type":"string"}]},"b":{"type":["null","boolean"]}}}`, `{"a":1,"b":true}`},
		{"all of", `{"required":["a"],"properties":{"a":{"allOf":[{"type":"object","required":["x"],"properties":{"x":{"type":"integer"}}},{"required":["y"]}]}}}`, `{"a":{"x":1,"y":"the task"}}`},
		{"unexpected members", `{"required":["a","b"],"properties":{"a":true,"b":{"type":"string","minLength":"two","maxLength":3}}}`, `{"a":"the task","b":"the"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got, want any
			raw, err := json.Marshal(example(json.RawMessage(c.schema), "the task"))
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(c.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n%s", raw, diff)
			}
		})
	}
}

// A schema that nests for ever ends.
func TestExampleDepth(t *testing.T) {
	s := `{"type":"integer"}`
	for range 40 {
		s = `{"type":"object","required":["a"],"properties":{"a":` + s + `}}`
	}
	raw, err := json.Marshal(example(json.RawMessage(s), "x"))
	if err != nil || strings.Count(string(raw), "{") > maxDepth+2 {
		t.Errorf("%s %v", raw, err)
	}
}

func FuzzExample(f *testing.F) {
	f.Add([]byte(`{"type":"object","required":["a"],"properties":{"a":{"type":"array","minItems":3,"items":{"anyOf":[{"type":"number","multipleOf":0.3}]}}}}`))
	f.Add([]byte(`{"required":["a","b"],"properties":{"a":{"type":"number","multipleOf":5e-324},"b":{"type":"integer","exclusiveMinimum":1.7e308,"multipleOf":1e308}}}`))
	f.Fuzz(func(t *testing.T, schema []byte) {
		if _, err := json.Marshal(example(schema, "task")); err != nil {
			t.Errorf("%s: %v", schema, err)
		}
	})
}
