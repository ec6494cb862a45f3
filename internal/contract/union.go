package contract

import (
	"encoding/json"
	"reflect"
	"strings"
)

// isUnion says that t is one of the SDK's union structs: all members of all
// variants in one struct, and methods that decode it again as one of them.
func isUnion(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	if _, ok := t.MethodByName("AsAny"); ok {
		return true
	}
	return strings.HasSuffix(t.Name(), "Union") && len(variantMethods(t)) > 0
}

// union checks a value against the variant the SDK chooses for it.
func (w *walker) union(path string, raw json.RawMessage, t reflect.Type) {
	v := reflect.New(t)
	if err := json.Unmarshal(raw, v.Interface()); err != nil {
		w.add(path, "the SDK cannot decode this as %s: %v", t.Name(), err)
		return
	}
	if as := v.Elem().MethodByName("AsAny"); as.IsValid() {
		variant := as.Call(nil)[0]
		if variant.IsNil() {
			w.add(path, "%s is no variant of %s", tagOf(raw), t.Name())
			return
		}
		w.value(path, raw, variant.Elem().Type(), field{})
		return
	}
	w.untagged(path, raw, t)
}

// untagged checks a union without a discriminator: the value must satisfy one
// of the variants.
func (w *walker) untagged(path string, raw json.RawMessage, t reflect.Type) {
	var best Violations
	for i, variant := range variantMethods(t) {
		try := &walker{}
		try.value(path, raw, variant, field{})
		if len(try.found) == 0 {
			return
		}
		if i == 0 || len(try.found) < len(best) {
			best = try.found
		}
	}
	w.found = append(w.found, best...)
}

// variantMethods lists the types that a union's As… methods return.
func variantMethods(t reflect.Type) []reflect.Type {
	var out []reflect.Type
	for i := range t.NumMethod() {
		m := t.Method(i)
		if strings.HasPrefix(m.Name, "As") && m.Name != "AsAny" && m.Type.NumIn() == 1 && m.Type.NumOut() == 1 {
			out = append(out, m.Type.Out(0))
		}
	}
	return out
}

// tagOf names the discriminator of an object for a message.
func tagOf(raw json.RawMessage) string {
	if kindOf(raw) != "an object" {
		return kindOf(raw)
	}
	if tag, ok := members(raw)["type"]; ok {
		return "type " + string(tag)
	}
	return "an object without a type"
}
