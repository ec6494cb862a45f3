package wire

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/ostlerdev/ostler/internal/fault"
)

func patch(t *testing.T, body string) MetadataPatch {
	t.Helper()
	var p MetadataPatch
	if err := Decode([]byte(body), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMetadataPatch(t *testing.T) {
	old := Metadata{"a": "1", "b": "2"}
	for _, c := range []struct {
		patch        string
		emptyDeletes bool
		want         Metadata
	}{
		{`{}`, false, old},
		{`null`, false, old},
		{`{"a":"x"}`, false, Metadata{"a": "x", "b": "2"}},
		{`{"a":null}`, false, Metadata{"b": "2"}},
		{`{"c":null}`, false, old},
		{`{"a":null,"b":null}`, false, Metadata{}},
		{`{"a":""}`, false, Metadata{"a": "", "b": "2"}},
		{`{"a":""}`, true, Metadata{"b": "2"}},
		{`{"A":"3"}`, false, Metadata{"a": "1", "b": "2", "A": "3"}},
	} {
		got, err := patch(t, c.patch).Apply(old, c.emptyDeletes)
		if err != nil || !maps.Equal(got, c.want) || got == nil {
			t.Errorf("%s (%v): %v, %v, want %v", c.patch, c.emptyDeletes, got, err, c.want)
		}
		if len(old) != 2 || old["a"] != "1" {
			t.Fatalf("%s changed what it was applied to: %v", c.patch, old)
		}
	}
}

func TestMetadataLimits(t *testing.T) {
	pairs := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":"v"`, i)
		}
		return "{" + strings.TrimPrefix(b.String(), ",") + "}"
	}
	e64, e65, e512, e513 := strings.Repeat("é", 64), strings.Repeat("é", 65), strings.Repeat("é", 512), strings.Repeat("é", 513)
	for body, want := range map[string]string{
		pairs(16):                               "",
		pairs(17):                               "metadata: at most 16 pairs, got 17",
		`{"` + e64 + `":"v"}`:                   "",
		`{"` + e65 + `":"v"}`:                   "metadata: a key has 65 characters, at most 64",
		`{"":"v"}`:                              "metadata: a key is empty",
		`{"k":"` + e512 + `"}`:                  "",
		`{"k":"` + e513 + `"}`:                  "metadata.k: at most 512 characters, got 513",
		`{"k":null}`:                            "metadata.k: expected a string",
		`{"a":"` + e513 + `","` + e65 + `":""}`: "metadata.a: at most 512", // the first key in order
	} {
		_, err := NewMetadata(patch(t, body))
		switch {
		case want == "" && err == nil:
			continue
		case err == nil || want == "" || !strings.HasPrefix(err.Error(), want):
			t.Errorf("%.40s: %v, want %s", body, err, want)
			continue
		}
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != "invalid_metadata" || f.Kind != fault.Invalid {
			t.Errorf("%.40s: %#v is no fault with code invalid_metadata", body, err)
		}
	}
	full := Metadata{}
	for i := range 16 {
		full[fmt.Sprint(i)] = "v"
	}
	if _, err := patch(t, `{"0":null,"new":"v"}`).Apply(full, false); err != nil {
		t.Errorf("one out, one in: %v", err)
	}
	if _, err := patch(t, `{"new":"v"}`).Apply(full, false); err == nil {
		t.Error("a 17th pair got in")
	}
}
