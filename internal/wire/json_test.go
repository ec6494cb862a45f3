package wire

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

type inner struct {
	Type string `json:"type"`
	Text string `json:"text"`
}
type union struct{ v any }

func (u *union) UnmarshalJSONFrom(dec *jsontext.Decoder) (err error) {
	u.v, err = DecodeUnion(dec, "`a`", func(t string) any {
		if t == "a" {
			return new(inner)
		}
		return nil
	})
	return err
}

type outer struct {
	Name  string           `json:"name"`
	Title Opt[string]      `json:"title"`
	Items []union          `json:"items"`
	N     Opt[int]         `json:"n"`
	Deep  map[string]inner `json:"deep"`
}

func TestDecodeFaultsNameThePath(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"name":1}`, "name: expected a string"},
		{`{"nam":"x"}`, "nam: unknown field"},
		{`{"name":"x","name":"y"}`, "name: the key appears more than once"},
		{`{"items":[{"type":"a","text":"x"},{"type":"b"}]}`, "items[1].type: `b` is not one of `a`"},
		{`{"items":[{"type":"a","text":2}]}`, "items[0].text: expected a string"},
		{`{"items":[{"type":"a","more":2}]}`, "items[0].more: unknown field"},
		{`{"items":[3]}`, "items[0]: expected an object with a `type` of `a`"},
		{`{"items":[{}]}`, "items[0].type: field required: one of `a`"},
		{`{"items":{}}`, "items: expected an array"},
		{`{"n":1.5}`, "n: expected an integer"},
		{`{"n":"1"}`, "n: expected an integer"},
		{`{"deep":{"k":{"text":1}}}`, "deep.k.text: expected a string"},
		{`[]`, "expected an object"},
		{``, "the request body is empty, expected a JSON object"},
		{`{"name":"x"} x`, "malformed JSON: invalid character 'x' after top-level value"},
	} {
		var v outer
		err := Decode([]byte(c.in), &v)
		if err == nil || err.Error() != c.want {
			t.Errorf("Decode(%s) = %v, want %s", c.in, err, c.want)
		}
	}
}

func TestOptTellsAbsentNullAndValueApart(t *testing.T) {
	var v outer
	if err := Decode([]byte(`{"title":null,"n":3}`), &v); err != nil {
		t.Fatal(err)
	}
	if !v.Title.Set || !v.Title.Null || v.N != Some(3) {
		t.Errorf("got %+v", v)
	}
	var absent outer
	if err := Decode([]byte(`{}`), &absent); err != nil || absent.Title.Set {
		t.Errorf("absent: %+v, %v", absent.Title, err)
	}
}
