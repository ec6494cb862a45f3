package contract

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Walk holds body against the SDK type that into points to. It decodes body
// into it first, as a client would, and reports what the decoder refuses and
// what it forgives. Null is accepted for a required text, time or object,
// because the SDK's types do not say whether it may be; the schema does.
func Walk(body []byte, into any) Violations {
	w := &walker{}
	if err := json.Unmarshal(body, into); err != nil {
		w.add("", "the SDK cannot decode this: %v", err)
		return w.found
	}
	w.value("", body, reflect.TypeOf(into).Elem(), field{})
	return w.found
}

type walker struct{ found Violations }

func (w *walker) add(path, format string, args ...any) {
	w.found = append(w.found, Violation{Path: path, Text: fmt.Sprintf(format, args...)})
}

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
)

// value checks one JSON value against a type; f says what its place asks.
func (w *walker) value(path string, raw json.RawMessage, t reflect.Type, f field) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	kind := kindOf(raw)
	switch {
	case kind == "null":
		if why := f.refusesNull(t); why != "" {
			w.add(path, "null, but %s", why)
		}
		return
	case t == rawType || t.Kind() == reflect.Interface:
		return
	case t == timeType:
		w.time(path, raw, kind, f)
		return
	case isUnion(t):
		w.union(path, raw, t)
		return
	}
	if want := jsonKind(t); want != kind {
		w.add(path, "%s, but the SDK has %s here", kind, want)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		w.object(path, raw, t)
	case reflect.Map:
		for name, v := range members(raw) {
			w.value(key(path, name), v, t.Elem(), field{})
		}
	case reflect.Slice:
		for i, v := range elements(raw) {
			w.value(index(path, i), v, t.Elem(), field{})
		}
	case reflect.String:
		w.constant(path, raw, f)
	case reflect.Int64:
		if strings.ContainsAny(string(raw), ".eE") {
			w.add(path, "%s is not an integer", raw)
		}
	}
}

// object checks the members of a struct the SDK generated.
func (w *walker) object(path string, raw json.RawMessage, t reflect.Type) {
	got := members(raw)
	known := fieldsOf(t)
	for _, f := range known {
		v, ok := got[f.name]
		switch {
		case ok:
			w.value(key(path, f.name), v, f.typ, f)
		case f.required:
			w.add(key(path, f.name), "missing, but %s requires it", t.Name())
		}
	}
	if takesAnyMember(t) {
		return
	}
	for _, name := range sortedKeys(got) {
		if slices.ContainsFunc(known, func(f field) bool { return f.name == name }) || allowed(t.Name(), name) {
			continue
		}
		w.add(key(path, name), "unknown to %s", t.Name())
	}
}

func (w *walker) constant(path string, raw json.RawMessage, f field) {
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		w.add(path, "%v", err)
		return
	}
	if f.constant != "" && s != f.constant {
		w.add(path, "%q, but the SDK expects the constant %q", s, f.constant)
	}
}

func (w *walker) time(path string, raw json.RawMessage, kind string, f field) {
	layout := time.RFC3339
	if f.format == "date" {
		layout = time.DateOnly
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		w.add(path, "%s, but the SDK has a time here", kind)
		return
	}
	if _, err := time.Parse(layout, s); err != nil {
		w.add(path, "%q is not a time of the form %s", s, layout)
	}
}
