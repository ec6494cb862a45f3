package page

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ostlerdev/ostler/internal/fault"
)

func TestCursorsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := Cursor{
			List:  rapid.StringMatching(`[a-z_]{1,20}`).Draw(t, "list"),
			Order: rapid.SampledFrom([]Order{Asc, Desc}).Draw(t, "order"),
			Back:  rapid.Bool().Draw(t, "back"),
			Key:   Key{Sort: rapid.Int64().Draw(t, "sort"), ID: rapid.String().Draw(t, "id")},
		}
		s := c.String()
		if !strings.HasPrefix(s, "page_") || strings.Trim(s[5:], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("%q needs escaping in a query", s)
		}
		got, err := Parse(s, c.List, c.Order)
		if err != nil || got != c {
			t.Fatalf("%+v came back as %+v, %v", c, got, err)
		}
	})
}

func TestParseRefuses(t *testing.T) {
	good := Cursor{List: "agents", Order: Desc, Key: Key{Sort: 1_759_309_200_000_000, ID: "agent_1"}}.String()
	for in, want := range map[string]string{
		"x":                    "page: not a cursor of this list",
		"page_":                "page: not a cursor of this list",
		"page_!":               "page: not a cursor of this list",
		"page_MjAyNS0wNS0xNFQ": "page: not a cursor of this list",
		good[5:]:               "page: not a cursor of this list",
		good + "=":             "page: not a cursor of this list",
		good[:9]:               "page: not a cursor of this list",
		strings.ToUpper(good):  "page: not a cursor of this list",
		Cursor{List: "files", Order: Desc}.String():  "page: not a cursor of this list",
		Cursor{List: "", Order: Desc}.String():       "page: not a cursor of this list",
		Cursor{List: "agents", Order: Asc}.String():  "page: the cursor belongs to the order `asc`, not `desc`",
		Cursor{List: "agents", Order: Desc}.String(): "",
		good: "",
	} {
		_, err := Parse(in, "agents", Desc)
		if got := message(err); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if err != nil && fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: kind %v", in, fault.KindOf(err))
		}
	}
}

func TestWindow(t *testing.T) {
	at := func(n int64) *Cursor { return &Cursor{Key: Key{Sort: n}} }
	for _, c := range []struct {
		w    Window
		c    *Cursor
		good bool
	}{
		{Everything, nil, true},
		{Everything, at(math.MinInt64), true},
		{Window{5, 9}, nil, true},
		{Window{5, 9}, at(4), false},
		{Window{5, 9}, at(5), true},
		{Window{5, 9}, at(9), true},
		{Window{5, 9}, at(10), false},
	} {
		if err := c.w.Check(c.c); (err == nil) != c.good {
			t.Errorf("%v, %+v: %v", c.w, c.c, err)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func FuzzParse(f *testing.F) {
	f.Add("page_")
	f.Add(Cursor{List: "agents", Order: Desc, Key: Key{Sort: -1, ID: "x"}}.String())
	f.Add(Cursor{List: "agents", Order: Desc, Back: true}.String())
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := Parse(s, "agents", Desc); err == nil && c.String() != s {
			t.Errorf("%q and %q are one cursor", s, c.String())
		}
	})
}
