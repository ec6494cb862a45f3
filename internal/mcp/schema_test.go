package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

func TestSchemas(t *testing.T) {
	for name, tt := range map[string]struct {
		schema string
		want   string // "" if the tool can't be offered
		rules  string
	}{
		"plain":         {`{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`, `{"properties":{"a":{"type":"string"}},"required":["a"],"type":"object"}`, ""},
		"none":          {`null`, `{"type":"object"}`, ""},
		"empty":         {`{}`, `{"type":"object"}`, ""},
		"or null":       {`{"type":["object","null"]}`, `{"type":"object"}`, ""},
		"a list":        {`{"type":"array"}`, "", ""},
		"lists":         {`{"type":["array","null"]}`, "", ""},
		"true":          {`true`, "", ""},
		"wrong keyword": {`{"type":"object","required":"a"}`, "", ""},
		"a union": {`{"anyOf":[{"type":"object","properties":{"kind":{"const":"id"},"id":{"type":"integer"}},"required":["kind","id"]},
				{"type":"object","properties":{"kind":{"const":"name"},"name":{"type":"string"}},"required":["kind","name"]}]}`,
			`{"properties":{"id":{"type":"integer"},"kind":{"anyOf":[{"const":"id"},{"const":"name"}]},"name":{"type":"string"}},"required":["kind"],"type":"object"}`,
			`also have to fit this JSON schema: {"anyOf":[{"properties":{"id"`},
		"one of, with own parameters": {`{"type":"object","properties":{"a":{}},"required":["a"],"oneOf":[{"properties":{"a":{},"b":{}}},{"required":["b"]}]}`,
			`{"properties":{"a":{},"b":{}},"required":["a"],"type":"object"}`, `{"oneOf":[{"properties":`},
		"all of definitions": {`{"type":"object","$defs":{"A":{"properties":{"a":{"type":"string"}},"required":["a"]}},"allOf":[{"$ref":"#/$defs/A"},{"properties":{"a":{"minLength":1},"b":{}},"required":["b"]}]}`,
			`{"$defs":{"A":{"properties":{"a":{"type":"string"}},"required":["a"]}},"properties":{"a":{"allOf":[{"type":"string"},{"minLength":1}]},"b":{}},"required":["a","b"],"type":"object"}`,
			`{"allOf":[{"$ref":"#/$defs/A"}`},
		"alternatives of alternatives": {`{"allOf":[{"properties":{"a":{}}},{"anyOf":[{"properties":{"b":{}}},{"properties":{"c":{}}}]}]}`,
			`{"properties":{"a":{},"b":{},"c":{}},"type":"object"}`, `{"allOf":`},
		"odd alternatives": {`{"anyOf":[true,7,{"$ref":"#/elsewhere"},{"$ref":"#/$defs/none"},{"properties":[]}]}`, `{"type":"object"}`, `{"anyOf":[true,7,`},
		"one that refers to itself": {`{"$ref":"#/$defs/A","$defs":{"A":{"anyOf":[{"$ref":"#/$defs/A"},{"properties":{"a":{}}}]}},"anyOf":[{"$ref":"#/$defs/A"}]}`,
			`{"$defs":{"A":{"anyOf":[{"$ref":"#/$defs/A"},{"properties":{"a":{}}}]}},"properties":{"a":{}},"type":"object"}`, `{"anyOf":`},
		"a definition": {`{"$ref":"#/definitions/A","definitions":{"A":{"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":false}}}`,
			`{"additionalProperties":false,"definitions":{"A":{"additionalProperties":false,"properties":{"a":{}},"required":["a"],"type":"object"}},"properties":{"a":{}},"required":["a"],"type":"object"}`, ""},
		"no definition": {`{"$ref":"https://schemas.test/a"}`, `{"type":"object"}`, ""},
		"long alternatives": {`{"anyOf":[{"properties":{"a":{"description":"` + strings.Repeat("x", maxRules) + `"}}}]}`,
			`{"properties":{"a":{"description":"` + strings.Repeat("x", maxRules) + `"}},"type":"object"}`, "have alternatives that are not shown here"},
		"alternatives that make it too large": {`{"anyOf":[{"$ref":"#/$defs/A"}],"$defs":{"A":{"properties":{"a":{"title":"` + strings.Repeat("x", maxSchema*2/3) + `"}}}}}`,
			`{"$defs":{"A":{"properties":{"a":{"title":"` + strings.Repeat("x", maxSchema*2/3) + `"}}}},"type":"object"}`, `{"anyOf":`},
		"odd names": {`{"type":"object","properties":{"filter[name]":{"type":"string","description":"By name."},"filter_name_":{},"ok":{}},"required":["ok","filter[name]"],"dependentRequired":{"ok":["filter[name]"]}}`,
			`{"properties":{"filter_name_":{},"filter_name__259d8078fe":{"description":"By name. (The server calls it \"filter[name]\".)","type":"string"},"ok":{}},"required":["ok","filter_name__259d8078fe"],"type":"object"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var v any
			if err := json.Unmarshal([]byte(tt.schema), &v); err != nil {
				t.Fatal(err)
			}
			out, ok := schemaOf(v)
			if !ok && tt.want == "" {
				return
			}
			if got := string(out.encoded); got != tt.want || !ok {
				t.Errorf("got %.500s", got)
			}
			if !strings.Contains(out.rules, tt.rules) || (tt.rules == "") != (out.rules == "") {
				t.Errorf("rules %s", out.rules)
			}
			if again, _ := schemaOf(v); string(again.encoded) != string(out.encoded) || again.rules != out.rules {
				t.Error("it isn't the same twice")
			}
		})
	}
}

// Alternatives that refer to each other are looked at for so long and not
// longer.
func TestAlternativesWithoutEnd(t *testing.T) {
	self := `{"$ref":"#/$defs/A"}` + strings.Repeat(`,{"$ref":"#/$defs/A"}`, 1000)
	var v any
	if err := json.Unmarshal([]byte(`{"anyOf":[`+self+`],"$defs":{"A":{"properties":{"a":{}},"anyOf":[`+self+`]}}}`), &v); err != nil {
		t.Fatal(err)
	}
	out, ok := schemaOf(v)
	if !ok || !strings.Contains(string(out.encoded), `"properties":{"a":{}}`) {
		t.Errorf("got %.200s", out.encoded)
	}
}

// Whatever parameters are called, a model gets names that it takes, no two the
// same, and the server its own.
func TestNamesOfParameters(t *testing.T) {
	properties := map[string]any{}
	given := map[string]string{}
	all := []string{"", " ", "a b", "a_b", "a-b", "a/b", "ä", "ö", "@type", "$top", strings.Repeat("x", 64), strings.Repeat("x", 65), strings.Repeat("x", 66)}
	for _, name := range all {
		properties[name] = map[string]any{"type": "string"}
	}
	out, ok := schemaOf(map[string]any{"type": "object", "properties": properties})
	if !ok {
		t.Fatal("it can't be offered")
	}
	var schema struct{ Properties map[string]any }
	if err := json.Unmarshal(out.encoded, &schema); err != nil {
		t.Fatal(err)
	}
	for name := range schema.Properties {
		if !regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,64}$`).MatchString(name) {
			t.Errorf("offered %q", name)
		}
		given[name] = name
	}
	input, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(Tool{Renamed: out.renamed}.Input(input), &got); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values(all))
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Errorf("the server gets %q", names)
	}
	for _, odd := range []string{"[]", "7", "", "{"} {
		if same := string(Tool{Renamed: out.renamed}.Input(json.RawMessage(odd))); same != odd {
			t.Errorf("%s becomes %s", odd, same)
		}
	}
}

// A call with the model's names reaches the server with its own.
func TestRenamedParametersAreCalled(t *testing.T) {
	r := newRemote(t, "streamable")
	r.mcp.AddTool(&sdk.Tool{Name: "search", InputSchema: json.RawMessage(`{"type":"object","properties":{"filter[name]":{"type":"string"},"q":{"type":"string"}},"required":["filter[name]"]}`)},
		func(_ context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
			return said(string(req.Params.Arguments)), nil
		})
	p := newPool(t)
	tool := discover(t, p, r.one()).Tools[1]
	text, isError := call(t, p, r.one()[0], tool.Name, fmt.Sprintf("%s", tool.Input(json.RawMessage(`{"filter_name_":"x","q":"y"}`))))
	if isError || !strings.Contains(text, `{\"filter[name]\":\"x\",\"q\":\"y\"}`) {
		t.Errorf("got %s", text)
	}
}
