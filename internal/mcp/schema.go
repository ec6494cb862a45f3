package mcp

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

const (
	// maxParameter is the longest name of a parameter that the Messages API
	// takes.
	maxParameter = 64
	maxRules     = 4 << 10 // bytes of alternatives that a description repeats
	maxNested    = 4       // alternatives within alternatives
	// maxMerged bounds the bytes of alternatives that are looked at: they may
	// refer to each other.
	maxMerged = 4 * maxSchema
)

// parameter is what the Messages API takes for the names of a tool's
// parameters, foreign the characters that it doesn't.
var (
	parameter = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,64}$`)
	foreign   = regexp.MustCompile(`[^a-zA-Z0-9_.-]`)
)

// schema is an input schema in the form that the Messages API takes.
type schema struct {
	encoded json.RawMessage
	rules   string            // for the description: what the form can't say
	renamed map[string]string // see Tool.Renamed
}

// schemaOf makes an input schema one that the Messages API takes: an object
// without alternatives at its top, whose parameters have plain names. It is
// false where that can't be.
func schemaOf(v any) (schema, bool) {
	s, ok := v.(map[string]any)
	if v != nil && !ok || !isObject(s["type"]) || len(encode(s)) > maxSchema {
		return schema{}, false
	}
	out := shape(s, maxMerged)
	if len(out.encoded) > maxSchema {
		out = shape(s, 0)
	}
	var parsed jsonschema.Schema // refuses keywords of the wrong type
	return out, len(out.encoded) <= maxSchema && json.Unmarshal(out.encoded, &parsed) == nil
}

// shape looks at so many bytes of a schema's alternatives.
func shape(s map[string]any, left int) (out schema) {
	f := &flattener{root: s, left: left}
	root := map[string]any{}
	if _, ok := s["$ref"]; ok {
		maps.Copy(root, f.resolve(s))
	}
	maps.Copy(root, s)
	delete(root, "$ref")
	root["type"] = "object"
	out.rules = f.flatten(root, 0)
	out.renamed = plainNames(root)
	out.encoded = json.RawMessage(encode(root))
	return out
}

// isObject tells whether a schema's type is or may be that of an object.
func isObject(v any) bool {
	types, ok := v.([]any)
	return v == nil || v == "object" || ok && slices.Contains(types, any("object"))
}

// flattener puts the parameters of a schema's alternatives among its own.
type flattener struct {
	root map[string]any
	left int // bytes that may still be looked at
}

// flatten takes the alternatives of a schema away. Which of their parameters go
// together is said in words; the server checks it.
func (f *flattener) flatten(s map[string]any, depth int) (rules string) {
	taken := map[string]any{}
	for _, k := range []string{"allOf", "anyOf", "oneOf"} {
		branches, ok := s[k].([]any)
		if !ok {
			continue
		}
		taken[k] = branches
		delete(s, k)
		if depth < maxNested {
			f.merge(s, branches, k == "allOf", depth)
		}
	}
	if len(taken) == 0 {
		return ""
	}
	if text := encode(taken); len(text) <= maxRules {
		return "\n\nThe parameters also have to fit this JSON schema: " + text
	}
	return "\n\nThe parameters have alternatives that are not shown here; the server checks them."
}

// merge adds the parameters of alternatives to a schema. Required are those
// that all of them require, or any if all of them hold.
func (f *flattener) merge(s map[string]any, branches []any, all bool, depth int) {
	forms, count := map[string][]string{}, map[string]int{}
	add := func(properties any) {
		list, _ := properties.(map[string]any)
		for name, p := range list {
			if form := encode(p); !slices.Contains(forms[name], form) {
				forms[name] = append(forms[name], form)
			}
		}
	}
	add(s["properties"])
	for _, b := range branches {
		branch := maps.Clone(f.resolve(b))
		if f.left <= 0 || branch == nil {
			continue
		}
		if f.left -= len(encode(branch)); f.left < 0 {
			continue
		}
		f.flatten(branch, depth+1)
		add(branch["properties"])
		for _, name := range names(branch["required"]) {
			count[name]++
		}
	}
	properties := map[string]any{}
	for name, list := range forms {
		properties[name] = either(list, all)
	}
	if len(properties) > 0 {
		s["properties"] = properties
	}
	required := names(s["required"])
	for name, n := range count {
		if (all || n == len(branches)) && !slices.Contains(required, name) {
			required = append(required, name)
		}
	}
	if len(required) > 0 {
		slices.Sort(required)
		s["required"] = required
	}
}

// resolve is an alternative, or the definition that it refers to.
func (f *flattener) resolve(v any) map[string]any {
	s, _ := v.(map[string]any)
	ref, ok := s["$ref"].(string)
	if !ok {
		return s
	}
	for _, k := range []string{"$defs", "definitions"} {
		if name, ok := strings.CutPrefix(ref, "#/"+k+"/"); ok {
			definitions, _ := f.root[k].(map[string]any)
			s, _ = definitions[name].(map[string]any)
			return s
		}
	}
	return nil
}

// either is the schema of a parameter that alternatives have in several forms.
func either(forms []string, all bool) any {
	list := make([]any, len(forms))
	for i, f := range forms {
		list[i] = json.RawMessage(f)
	}
	switch {
	case len(list) == 1:
		return list[0]
	case all:
		return map[string]any{"allOf": list}
	}
	return map[string]any{"anyOf": list}
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v) // it came as JSON
	}
	return string(text)
}

// names is a list of names; what else is in it is for the check of the whole.
func names(v any) (out []string) {
	switch v := v.(type) {
	case []string:
		return slices.Clone(v)
	case []any:
		for _, n := range v {
			if s, ok := n.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// plainNames gives parameters other names where models don't take theirs. What
// the schema says of the old names elsewhere is left to the server.
func plainNames(s map[string]any) (renamed map[string]string) {
	properties, _ := s["properties"].(map[string]any)
	plain, changed := map[string]any{}, map[string]string{}
	var odd []string
	for name, p := range properties {
		if parameter.MatchString(name) {
			plain[name] = p
		} else {
			odd = append(odd, name)
		}
	}
	if len(odd) == 0 {
		return nil
	}
	slices.Sort(odd)
	renamed = map[string]string{}
	for _, name := range odd {
		sum := sha256.Sum256([]byte(name))
		hash := "_" + hex.EncodeToString(sum[:5])
		other := foreign.ReplaceAllString(name, "_")
		if _, taken := plain[other]; taken || !parameter.MatchString(other) {
			other = other[:min(len(other), maxParameter-len(hash))] + hash
		}
		plain[other], renamed[other], changed[name] = called(properties[name], name), name, other
	}
	s["properties"] = plain
	if list := names(s["required"]); len(list) > 0 {
		for i, name := range list {
			list[i] = cmp.Or(changed[name], name)
		}
		s["required"] = list
	}
	for _, k := range []string{"dependentRequired", "dependentSchemas", "dependencies", "if", "then", "else", "not"} {
		delete(s, k)
	}
	return renamed
}

// called is the schema of a parameter with the server's own name of it.
func called(v any, name string) any {
	var p map[string]any
	if json.Unmarshal([]byte(encode(v)), &p) != nil || p == nil {
		return v
	}
	description, _ := p["description"].(string)
	p["description"] = strings.TrimSpace(fmt.Sprintf("%s (The server calls it %q.)", description, name))
	return p
}

// rename gives parameters the names that renamed has for them.
func rename(given json.RawMessage, renamed map[string]string) json.RawMessage {
	var members map[string]json.RawMessage
	if len(renamed) == 0 || json.Unmarshal(given, &members) != nil {
		return given
	}
	out := make(map[string]json.RawMessage, len(members))
	for name, v := range members {
		if other, ok := renamed[name]; ok {
			name = other
		}
		out[name] = v
	}
	encoded, err := json.Marshal(out)
	if err != nil {
		return given // it came as JSON
	}
	return encoded
}
