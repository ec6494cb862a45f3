// Package wire holds the request and response types of the API, one file a
// resource, and their JSON: requests are decoded strictly (unknown and
// repeated keys, wrong types and trailing text are refused with the JSON path
// of the fault), responses are encoded with every field present, empty
// collections as [] and {}.
//
// Both API versions share one form. The package may import fault and nothing
// else of the program.
package wire

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/ostlerdev/ostler/internal/fault"
)

var decodeOptions = json.JoinOptions(json.RejectUnknownMembers(true))

// Decode decodes a request body into v. Its errors are faults of kind Invalid
// that name the JSON path.
func Decode(data []byte, v any) error {
	if err := json.Unmarshal(data, v, decodeOptions); err != nil {
		return decodeFault(err, data)
	}
	return nil
}

// Encode is the JSON of a response. It panics on a type that has none, which
// is a defect of the program.
func Encode(v any) []byte {
	b, err := json.Marshal(v, json.Deterministic(true)) // maps in key order: equal values are equal bytes
	if err != nil {
		panic(fmt.Sprintf("wire: encode %T: %v", v, err))
	}
	return b
}

// Opt is a request field that tells absent, null and a value apart.
type Opt[T any] struct {
	Set   bool // the key was there
	Null  bool // its value was null
	Value T    // its value otherwise
}

// Some is an Opt that holds v.
func Some[T any](v T) Opt[T] { return Opt[T]{Set: true, Value: v} }

// UnmarshalJSONFrom decodes a value or null.
func (o *Opt[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	o.Set = true
	if dec.PeekKind() == 'n' {
		o.Null = true
		_, err := dec.ReadToken()
		return err
	}
	return json.UnmarshalDecode(dec, &o.Value)
}

// IsZero makes `omitzero` leave an absent field out.
func (o Opt[T]) IsZero() bool { return !o.Set }

// DecodeUnion decodes the next value into the variant that its "type" member
// names. pick returns a pointer to a new variant, or nil for a type that is
// not one of want, which is the text of the refusal.
func DecodeUnion(dec *jsontext.Decoder, want string, pick func(typ string) any) (any, error) {
	raw, err := dec.ReadValue()
	if err != nil {
		return nil, err
	}
	at := PathOf(string(dec.StackPointer()))
	if raw.Kind() != '{' {
		return nil, fault.At(at, "expected an object with a `type` of %s", want)
	}
	var tag struct {
		Type *string `json:"type"`
	}
	if err := json.Unmarshal(raw, &tag); err != nil || tag.Type == nil {
		return nil, fault.At(fault.Join(at, "type"), "field required: one of %s", want)
	}
	v := pick(*tag.Type)
	if v == nil {
		return nil, fault.At(fault.Join(at, "type"), "`%s` is not one of %s", *tag.Type, want)
	}
	if err := Decode(raw, v); err != nil {
		return nil, fault.Under(at, err)
	}
	return v, nil
}

// readStored reads the next value of what the server itself wrote, and the
// type that it names.
func readStored(dec *jsontext.Decoder) (raw jsontext.Value, typ string, err error) {
	if raw, err = dec.ReadValue(); err != nil {
		return nil, "", err
	}
	var tag struct {
		Type string `json:"type"`
	}
	err = json.Unmarshal(raw, &tag)
	return raw, tag.Type, err
}

// decodeFault turns an error of the JSON library into a fault with a path.
func decodeFault(err error, data []byte) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	var syn *jsontext.SyntacticError
	if errors.As(err, &syn) {
		path := PathOf(string(syn.JSONPointer))
		switch {
		case errors.Is(err, jsontext.ErrDuplicateName):
			return fault.At(path, "the key appears more than once")
		case len(strings.TrimSpace(string(data))) == 0:
			return fault.At("", "the request body is empty, expected a JSON object")
		}
		return fault.At(path, "malformed JSON: %v", syn.Err)
	}
	var sem *json.SemanticError
	if errors.As(err, &sem) {
		path := PathOf(string(sem.JSONPointer))
		if errors.Is(err, json.ErrUnknownName) {
			return fault.At(path, "unknown field")
		}
		return fault.At(path, "expected %s", typeWord(sem.GoType, sem))
	}
	return fault.At("", "malformed JSON: %v", err)
}

func typeWord(t reflect.Type, sem *json.SemanticError) string {
	if t == nil {
		return fmt.Sprintf("another value: %v", sem.Err)
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Int32:
		return "an integer"
	case reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "an array"
	}
	return "an object"
}

// PathOf turns a JSON pointer (/events/0/content) into the form of the API's
// messages (events[0].content).
func PathOf(pointer string) string {
	var b strings.Builder
	for tok := range jsontext.Pointer(pointer).Tokens() {
		if tok != "" && strings.Trim(tok, "0123456789") == "" {
			b.WriteString("[" + tok + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(tok)
	}
	return b.String()
}
