package contract

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// field is what an SDK struct's tags say of one JSON member.
type field struct {
	name     string
	typ      reflect.Type
	required bool   // api:"required", or a constant
	nullable bool   // api:"nullable"
	constant string // default:"…" on a text: its only value
	format   string // date-time or date
}

// refusesNull says why null may not stand in f's place, or "".
func (f field) refusesNull(t reflect.Type) string {
	switch {
	case f.nullable || f.name == "":
		return ""
	case !f.required:
		return "the SDK marks the field neither required nor nullable"
	case f.constant != "":
		return "the SDK expects the constant " + f.constant
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Map) && !nullableCollection(f.name):
		return "a required collection is empty, never null"
	}
	return ""
}

// fieldsOf lists the members an SDK struct knows. A page of a list has no
// required marks in the SDK; its pager reads every member, so all count.
func fieldsOf(t reflect.Type) []field {
	isPage := strings.Contains(t.Name(), "PageCursor[") || strings.HasPrefix(t.Name(), "Page[")
	var out []field
	for i := range t.NumField() {
		sf := t.Field(i)
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if sf.Anonymous {
			out = append(out, fieldsOf(sf.Type)...)
			continue
		}
		if name == "" || name == "-" || !sf.IsExported() {
			continue
		}
		api := strings.Split(sf.Tag.Get("api"), ",")
		f := field{
			name:     name,
			typ:      sf.Type,
			required: isPage || slices.Contains(api, "required"),
			nullable: slices.Contains(api, "nullable"),
			format:   sf.Tag.Get("format"),
		}
		if def := sf.Tag.Get("default"); def != "" && sf.Type.Kind() == reflect.String {
			f.constant, f.required = def, true
		}
		out = append(out, f)
	}
	return out
}

// takesAnyMember says that a struct is open: the SDK keeps unnamed members of
// it in a typed map, as in a JSON Schema that a caller wrote.
func takesAnyMember(t reflect.Type) bool {
	for i := range t.NumField() {
		if strings.Contains(t.Field(i).Tag.Get("api"), "extrafields") {
			return true
		}
	}
	return false
}

func kindOf(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

func jsonKind(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "a boolean"
	}
	return "a number"
}

// members splits an object that is known to be well formed.
func members(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		panic(err) // the whole body was decoded before
	}
	return m
}

// elements splits an array that is known to be well formed.
func elements(raw json.RawMessage) []json.RawMessage {
	var a []json.RawMessage
	if err := json.Unmarshal(raw, &a); err != nil {
		panic(err) // the whole body was decoded before
	}
	return a
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
