package modeltest

import (
	"encoding/json"
	"regexp"
)

var toolName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)

func checkTools(req *Request, _ Limits) error {
	seen := map[string]bool{}
	for i, t := range req.Tools {
		if t.Type != "" && t.Type != "custom" {
			continue // a server tool
		}
		if !toolName.MatchString(t.Name) {
			return invalid("tools.%d.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'", i)
		}
		if seen[t.Name] {
			return invalid("tools: Tool names must be unique.")
		}
		seen[t.Name] = true
		if err := checkSchema(t.InputSchema); err != "" {
			return invalid("tools.%d.custom.input_schema%s", i, err)
		}
	}
	return nil
}

// checkSchema says what is wrong with a tool's input schema, "" if nothing is.
func checkSchema(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ": Field required"
	}
	var top map[string]json.RawMessage
	if json.Unmarshal(raw, &top) != nil || top == nil {
		return ": Input should be a valid dictionary"
	}
	var typ string
	if json.Unmarshal(top["type"], &typ) != nil || typ != "object" {
		return ".type: Input should be 'object'"
	}
	for _, k := range []string{"oneOf", "allOf", "anyOf"} {
		if _, ok := top[k]; ok {
			return ": input_schema does not support oneOf, allOf, or anyOf at the top level"
		}
	}
	return checkSubschema(top, "")
}

var schemaTypes = map[string]bool{
	"object": true, "array": true, "string": true, "number": true, "integer": true, "boolean": true, "null": true,
}

const draft = ": JSON schema is invalid. It must match JSON Schema draft 2020-12"

// checkSubschema follows the parts that people get wrong.
func checkSubschema(s map[string]json.RawMessage, at string) string {
	if raw, ok := s["type"]; ok {
		var one string
		var many []string
		switch {
		case json.Unmarshal(raw, &one) == nil:
			many = []string{one}
		case json.Unmarshal(raw, &many) != nil:
			return at + ".type" + draft
		}
		for _, t := range many {
			if !schemaTypes[t] {
				return at + ".type" + draft
			}
		}
	}
	if raw, ok := s["required"]; ok {
		var names []string
		if json.Unmarshal(raw, &names) != nil {
			return at + ".required" + draft
		}
	}
	if raw, ok := s["properties"]; ok {
		var props map[string]json.RawMessage
		if json.Unmarshal(raw, &props) != nil || props == nil {
			return at + ".properties" + draft
		}
		for name, p := range props {
			if err := checkValue(p, at+".properties."+name); err != "" {
				return err
			}
		}
	}
	if raw, ok := s["items"]; ok {
		return checkValue(raw, at+".items")
	}
	return ""
}

// checkValue checks a subschema: an object, true or false.
func checkValue(raw json.RawMessage, at string) string {
	var b bool
	if json.Unmarshal(raw, &b) == nil && string(raw) != "null" {
		return ""
	}
	var s map[string]json.RawMessage
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return at + draft
	}
	return checkSubschema(s, at)
}
